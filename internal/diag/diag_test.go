package diag

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTextShowsPlaceCaretAndHint(t *testing.T) {
	l := List{{
		Pos: Position{File: "a.json", Line: 2, Col: 4}, Severity: Warning, Rule: "some-rule",
		Subject: "v/m#prompt", Message: "odd\x1b[31m thing", Hint: "do this",
	}, {
		Pos: Position{File: "b.json"}, Severity: Error, Rule: "r", Message: "no place",
	}}
	var b strings.Builder
	if err := l.Text(&b, func(string) []byte { return []byte("{\n\t\"a\": 1\n}") }); err != nil {
		t.Fatal(err)
	}
	want := `a.json:2:4: warning: v/m#prompt: odd\u001b[31m thing [some-rule]
   "a": 1
     ^
  hint: do this
b.json: error: no place [r]
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
}

func TestExcerptKeepsTheCaretUnderItsRune(t *testing.T) {
	line := strings.Repeat("x", 300) + "!" + strings.Repeat("y", 300)
	text, caret := excerpt([]rune(line), 301)
	if len(text) != maxExcerpt || text[caret] != '!' {
		t.Errorf("caret %d under %q in %q", caret, text[caret], text)
	}
	if _, caret := excerpt([]rune("short"), 99); caret != -1 {
		t.Errorf("a column behind the line has caret %d", caret)
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain – ünïcode":   "plain – ünïcode",
		"a\nb\tc":           `a\nb\tc`,
		"\u202eevil":        `\u202eevil`,
		"bad\xffbyte":       `bad\xffbyte`,
		"kept \ufffd as is": "kept \ufffd as is",
	} {
		if got := Printable(in); got != want {
			t.Errorf("Printable(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestSortDoesNotDependOnTheOrderOfWork(t *testing.T) {
	a := Diagnostic{Pos: Position{File: "a", Line: 2}, Rule: "x"}
	b := Diagnostic{Pos: Position{File: "a", Line: 10}, Rule: "x"}
	c := Diagnostic{Pos: Position{File: "b"}, Rule: "x"}
	l := List{c, b, a}
	l.Sort()
	if d := cmp.Diff(List{a, b, c}, l); d != "" {
		t.Error(d)
	}
}

func TestJSONOfAnEmptyListIsAnArray(t *testing.T) {
	var b strings.Builder
	if err := List(nil).JSON(&b); err != nil || b.String() != "[]\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
}

// TestColourTextDiffersInEscapesOnly: without its own escapes it is Text, and a page
// cannot add one.
func TestColourTextDiffersInEscapesOnly(t *testing.T) {
	l := List{
		{Pos: Position{File: "a", Line: 1, Col: 2}, Severity: Error, Message: "x\x1b[31m", Rule: "r"},
		{Pos: Position{File: "a"}, Severity: Warning, Message: "y"},
		{Pos: Position{File: "a"}, Severity: Note, Message: "z"},
	}
	source := func(string) []byte { return []byte("a\x1b[0mb") }
	var plain, coloured strings.Builder
	if err := errors.Join(l.Text(&plain, source), l.ColourText(&coloured, source)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"\x1b[1;31merror\x1b[0m", "\x1b[1;33mwarning\x1b[0m", "\x1b[1;36mnote\x1b[0m",
		" \x1b[1;31m^\x1b[0m\n"} {
		if !strings.Contains(coloured.String(), want) {
			t.Errorf("%q is not in %q", want, coloured.String())
		}
	}
	stripped := regexp.MustCompile(`\x1b\[[0-9;]+m`).ReplaceAllString(coloured.String(), "")
	if stripped != plain.String() || strings.Count(coloured.String(), "\x1b") != 8 {
		t.Errorf("%q, plain %q", coloured.String(), plain.String())
	}
}
