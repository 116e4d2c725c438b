package jsontree

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/diag"
)

func mustDecode(t testing.TB, text string) *Value {
	t.Helper()
	v, _, err := Decode([]byte(text), 0)
	if err != nil {
		t.Fatalf("Decode(%q): %v", text, err)
	}
	return v
}

func TestDecodeKeepsOrderSpellingAndPlace(t *testing.T) {
	text := "\n" + `{"z": [1e3, -0, 3.0, 0.10, 4294967295, 1E+2], "a" : {"ä": "x\u00e9\"", "": null}, "b":true}`
	v := mustDecode(t, text)
	if got, want := v.Compact(), `{"z":[1e3,-0,3.0,0.10,4294967295,1E+2],"a":{"ä":"xé\"","":null},"b":true}`; got != want {
		t.Errorf("Compact() = %s, want %s", got, want)
	}
	// Every value and every name stands where its offset says.
	var walk func(v *Value)
	check := func(offset int, start string) {
		if !strings.HasPrefix(text[offset:], start) {
			t.Errorf("at offset %d there is %.10q, want %q", offset, text[offset:], start)
		}
	}
	walk = func(v *Value) {
		switch v.Kind {
		case Number, Bool:
			check(v.Offset, v.Text)
		case Null:
			check(v.Offset, "null")
		case String:
			check(v.Offset, `"`)
		case Array:
			check(v.Offset, "[")
		case Object:
			check(v.Offset, "{")
		}
		for _, e := range v.Elems {
			walk(e)
		}
		for _, m := range v.Members {
			check(m.Offset, `"`+m.Name+`"`)
			walk(m.Value)
		}
	}
	walk(v)
}

// TestDecodeStops reads a value out of text that goes on behind it, as the
// pages do: '}Output schema', '}{'.
func TestDecodeStops(t *testing.T) {
	for text, want := range map[string]int{
		`{"a": 1}Output schema`: 8, `{}{}`: 2, ` [1]'2. Auth`: 4, `"a""b"`: 3, `{"a": {}}}`: 9, `null,`: 4,
	} {
		v, end, err := Decode([]byte(text), 100)
		if err != nil || end != want {
			t.Errorf("Decode(%q) ends at %d with %v, want %d", text, end, err, want)
			continue
		}
		if at := strings.IndexAny(text, `{["n`); v.Offset != 100+at {
			t.Errorf("Decode(%q) with base 100 starts at %d, want %d", text, v.Offset, 100+at)
		}
	}
}

func TestDecodeErrors(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	wide := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"%d":0`, i)
		}
		return "{" + b.String()[1:] + "}"
	}
	for _, tt := range []struct {
		name, text string
		want       SyntaxError // Message is a part of the message
	}{
		{"nothing", "  ", SyntaxError{Offset: 0, CutOff: true, Message: "cut off"}},
		{"cut before a line end", "{\"a\": 1,\n", SyntaxError{Offset: 8, CutOff: true, Message: "cut off"}},
		{"cut in an object", `{"a": 1,`, SyntaxError{Offset: 8, CutOff: true, Message: "cut off"}},
		{"cut behind a name", `{"a"`, SyntaxError{Offset: 4, CutOff: true, Message: "cut off"}},
		{"cut in an array", `[1, 2`, SyntaxError{Offset: 5, CutOff: true, Message: "cut off"}},
		{"cut in a string", `{"a": "b`, SyntaxError{Offset: 8, CutOff: true, Message: "cut off"}},
		{"cut in a literal", `[tru`, SyntaxError{Offset: 4, CutOff: true, Message: "cut off"}},
		{"a template's braces", `{request_id}`, SyntaxError{Offset: 1, Message: "invalid character 'r'"}},
		{"trailing comma in an array", `[1,]`, SyntaxError{Offset: 2, Message: "invalid character ','"}},
		{"trailing comma in an object", `{"a":1,}`, SyntaxError{Offset: 6, Message: "invalid character ','"}},
		{"two commas", `[1,,2]`, SyntaxError{Offset: 3, Message: "invalid character ','"}},
		{"colon without a value", `{"a":,}`, SyntaxError{Offset: 5, Message: "invalid character ','"}},
		{"missing comma", `[1 2]`, SyntaxError{Offset: 3, Message: "invalid character '2'"}},
		{"missing colon", `{"a" 1}`, SyntaxError{Offset: 5, Message: "invalid character '1'"}},
		{"wrong bracket", `[1}`, SyntaxError{Offset: 2, Message: "invalid character '}'"}},
		{"name that is not a string", `{1: 2}`, SyntaxError{Offset: 1, Message: "must be a string"}},
		{"control character in a string", "[\"a\nb\"]", SyntaxError{Offset: 3, Message: "in string"}},
		{"bad literal", `[nul]`, SyntaxError{Offset: 4, Message: "invalid character ']'"}},
		{"bad number", `[01]`, SyntaxError{Offset: 2, Message: "invalid character '1'"}},
		{"byte order mark", "\ufeff{}", SyntaxError{Offset: 0, Message: "invalid character"}},
		{"name twice", `{"a": 1, "b": 2, "a": 3}`, SyntaxError{Offset: 17, Message: `the name "a" appears twice`}},
		{"name twice by escape", `{"a": 1, "\u0061": 3}`, SyntaxError{Offset: 9, Message: `the name "a" appears twice`}},
		{"too deep", deep(MaxDepth + 1), SyntaxError{Offset: MaxDepth, TooDeep: true, Message: "deeper than 64 levels"}},
		{"too deep and cut off", strings.Repeat(`{"a":`, 10_000), SyntaxError{Offset: 5 * MaxDepth, TooDeep: true, Message: "deeper than 64 levels"}},
		{"too many members", wide(MaxMembers + 1), SyntaxError{Offset: len(wide(MaxMembers)), Message: "more than 2000 members"}},
		{"huge exponent", `[1e999999999]`, SyntaxError{Offset: 1, Message: "a number too"}},
		{"tiny exponent", `[1e-401]`, SyntaxError{Offset: 1, Message: "a number too"}},
		{"exponent beyond int", `[1e99999999999999999999]`, SyntaxError{Offset: 1, Message: "a number too"}},
		{"long number", `[` + strings.Repeat("1", maxNumber+1) + `]`, SyntaxError{Offset: 1, Message: "a number too"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, _, err := Decode([]byte(tt.text), 0)
			var got *SyntaxError
			if !errors.As(err, &got) || v != nil {
				t.Fatalf("Decode = %v, %v, want a *SyntaxError", v, err)
			}
			if !strings.Contains(got.Message, tt.want.Message) {
				t.Errorf("message %q, want %q in it", got.Message, tt.want.Message)
			}
			tt.want.Message = got.Message
			if diff := cmp.Diff(tt.want, *got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			_, _, err = Decode([]byte(tt.text), 1000)
			if errors.As(err, &got); got.Offset != 1000+tt.want.Offset {
				t.Errorf("with base 1000 the error is at %d, want %d", got.Offset, 1000+tt.want.Offset)
			}
		})
	}
	for _, text := range []string{deep(MaxDepth), wide(MaxMembers), `1e400`, strings.Repeat("1", maxNumber)} {
		if _, _, err := Decode([]byte(text), 0); err != nil {
			t.Errorf("at the limit, Decode(%.20q...): %v", text, err)
		}
	}
}

func TestNilValue(t *testing.T) {
	var v *Value
	if v.Get("a") != nil || v.Is(Null) || v.Str() != "" || v.True() || v.Strings() != nil || !v.Equal(nil) || v.Equal(&Value{}) || (&Value{}).Equal(v) {
		t.Error("a nil value is not an absent one")
	}
}

func TestValueEqual(t *testing.T) {
	same := [][2]string{{`{"a": [1, "x", null]}`, ` {"a":[1,"x",null]}`}}
	different := [][2]string{{`1`, `1.0`}, {`{"a":1,"b":2}`, `{"b":2,"a":1}`}, {`[]`, `{}`}, {`"1"`, `1`}, {`[1]`, `[1,2]`}, {`{"a":1}`, `{"b":1}`}, {`"true"`, `true`}}
	for _, p := range same {
		if !mustDecode(t, p[0]).Equal(mustDecode(t, p[1])) {
			t.Errorf("%s and %s are not equal", p[0], p[1])
		}
	}
	for _, p := range different {
		if mustDecode(t, p[0]).Equal(mustDecode(t, p[1])) {
			t.Errorf("%s and %s are equal", p[0], p[1])
		}
	}
}

func TestPosition(t *testing.T) {
	src := &Source{File: "a.json", Text: []byte("äb\r\n{\n  \"ключ\": 1}")}
	for offset, want := range map[int]diag.Position{
		0: {File: "a.json", Line: 1, Col: 1}, 2: {File: "a.json", Line: 1, Col: 2}, 5: {File: "a.json", Line: 2, Col: 1},
		9: {File: "a.json", Line: 3, Col: 3}, 21: {File: "a.json", Line: 3, Col: 11},
		-1: {File: "a.json", Line: 1, Col: 1}, 1000: {File: "a.json", Line: 3, Col: 13},
	} {
		if diff := cmp.Diff(want, src.Position(offset)); diff != "" {
			t.Errorf("Position(%d) (-want +got):\n%s", offset, diff)
		}
	}
	if got := (*Source)(nil).Position(5); got != (diag.Position{}) {
		t.Errorf("a nil source has the position %v", got)
	}
}

// FuzzDecode holds the decoder and the writer to encoding/json: what is decoded
// has its values, and decodes again from the canonical form to the same.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"type": "object", "title": "Input", "required": ["prompt"], "properties": {"prompt": {"type": "string", "default": "It's a <b>` + "`" + `"}}}`,
		`[1e3, 3.0, 0.10, 4294967295, -1, -0.0, 1E+2, true, false, null, "\ud83d\ude00 \u2028 \ufffd \u0000"]`,
		`{"a": 1, "a": 2}`, `{request_id}`, `{}{}`, "\"\xff\"", `{"": {"": []}}`, `"\ud800"`,
	} {
		f.Add([]byte(seed))
	}
	files, err := filepath.Glob("../../schemas/*/*/*/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal("no schemas", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, end, err := Decode(text, 0)
		if err != nil {
			var own *SyntaxError
			if !errors.As(err, &own) || own.Offset < 0 || own.Offset > len(text) {
				t.Fatalf("the error %#v", err)
			}
			return
		}
		dec := json.NewDecoder(strings.NewReader(string(text[:end])))
		dec.UseNumber()
		var want any
		if err := dec.Decode(&want); err != nil {
			t.Fatalf("encoding/json refuses it: %v", err)
		}
		if got := plain(v); !reflect.DeepEqual(got, want) {
			t.Fatalf("decoded %#v, encoding/json %#v", got, want)
		}
		for _, form := range []string{string(v.AppendIndent(nil, "")), v.Compact()} {
			again, _, err := Decode([]byte(form), 0)
			if err != nil || !again.Equal(v) {
				t.Fatalf("%q decodes to %v, %v", form, again, err)
			}
			if got := string(again.AppendIndent(nil, "")); form != got && form != again.Compact() {
				t.Fatalf("the canonical form %q is not stable: %q", form, got)
			}
		}
	})
}

// plain returns a value as encoding/json with UseNumber decodes it.
func plain(v *Value) any {
	switch v.Kind {
	case Bool:
		return v.True()
	case Number:
		return json.Number(v.Text)
	case String:
		return v.Text
	case Array:
		elems := make([]any, len(v.Elems))
		for i, e := range v.Elems {
			elems[i] = plain(e)
		}
		return elems
	case Object:
		members := make(map[string]any, len(v.Members))
		for _, m := range v.Members {
			members[m.Name] = plain(m.Value)
		}
		return members
	}
	return nil
}
