package jsontree

import (
	"bytes"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/genclient/genclient/internal/diag"
)

// TestPositionIsThatOfTheTextBefore compares with counting from the start, for texts of
// long and short lines and of runes of every length.
func TestPositionIsThatOfTheTextBefore(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	words := []string{"a", "ä", "€", "\U0001f600", "\n", "\r\n", "\n\n", strings.Repeat("x", 3000), strings.Repeat("é", 700)}
	for range 50 {
		var b strings.Builder
		for range r.IntN(300) {
			b.WriteString(words[r.IntN(len(words))])
		}
		text := []byte(b.String())
		s := &Source{File: "f", Text: text}
		for range 200 {
			offset := r.IntN(len(text) + 1)
			for offset < len(text) && !utf8.RuneStart(text[offset]) {
				offset++
			}
			before := text[:offset]
			want := diag.Position{File: "f", Line: bytes.Count(before, []byte("\n")) + 1,
				Col: utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1}
			if got := s.Position(offset); got != want {
				t.Fatalf("offset %d of %d: %v, want %v", offset, len(text), got, want)
			}
		}
	}
}

// TestPositionOfWhatIsNotUTF8 ends, and stays within the text.
func TestPositionOfWhatIsNotUTF8(t *testing.T) {
	s := &Source{Text: bytes.Repeat([]byte{0x80}, 5000)}
	if got := s.Position(5000); got.Line != 1 || got.Col < 2 || got.Col > 5001 {
		t.Errorf("%v", got)
	}
}

// TestALookupDoesNotReadTheTextBefore: in one line of a megabyte, a lookup at its end
// counts no more bytes than one at its start.
func TestALookupDoesNotReadTheTextBefore(t *testing.T) {
	s := &Source{Text: bytes.Repeat([]byte("x"), 1<<20)}
	s.Position(0)
	for i := 1; i < len(s.marks); i++ {
		if n := s.marks[i].offset - s.marks[i-1].offset; n > markEvery || n <= 0 {
			t.Fatalf("%d bytes between two marks", n)
		}
	}
	if got := s.Position(1<<20 - 1); got.Col != 1<<20 {
		t.Errorf("%v", got)
	}
	if n := testing.AllocsPerRun(10, func() { s.Position(1 << 19) }); n > 0 {
		t.Errorf("a lookup allocates %v times", n)
	}
}

func TestParseReadsAWholeText(t *testing.T) {
	for text, want := range map[string]string{
		`{"a": 1}`:              "",
		" [1]\n\t":              "",
		"\ufeff{}":              "",
		`{} {}`:                 "text follows the JSON value",
		"{}\n}":                 "text follows the JSON value",
		`{"a": 1} // a comment`: "text follows the JSON value",
		"{}\ufeff":              "text follows the JSON value",
		"\ufeff\ufeff{}":        "invalid character",
		"":                      "cut off",
	} {
		v, err := Parse([]byte(text), Foreign)
		if want == "" && (err != nil || v == nil) || want != "" && (err == nil || v != nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("Parse(%q) = %v, %v, want %q", text, v, err, want)
		}
	}
	_, err := Parse([]byte("\ufeff{}  x"), Foreign)
	if got := err.(*SyntaxError).Offset; got != 7 {
		t.Errorf("the text after is at %d, want 7", got)
	}
	if v, _ := Parse([]byte("\ufeff {}"), Foreign); v.Offset != 4 {
		t.Errorf("after a byte order mark the value is at %d, want 4", v.Offset)
	}
}

// TestOwnFilesGrow: what genclient writes itself has no bound on members.
func TestOwnFilesGrow(t *testing.T) {
	object := NewObject()
	for n := range 100_000 {
		object.Members = append(object.Members, Member{Name: "vendor/model-" + strconv.Itoa(n), Value: NewString("N")})
	}
	text := object.AppendIndent(nil, "")
	if _, err := Parse(text, Foreign); err == nil {
		t.Error("the limits for text of others allow it")
	}
	v, err := Parse(text, Own)
	if err != nil || !v.Equal(object) {
		t.Errorf("%v", err)
	}
}
