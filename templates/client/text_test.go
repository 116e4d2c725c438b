package client

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// textInput has texts in every place that an input can have them.
type textInput struct {
	input
	List []string                       `json:"list,omitzero"`
	Map  map[string]string              `json:"map,omitzero"`
	Ptr  *string                        `json:"ptr,omitzero"`
	Raw  json.RawMessage                `json:"raw,omitzero"`
	Deep []map[string][]json.RawMessage `json:"deep,omitzero"`
	Any  any                            `json:"any,omitzero"`
}

// TestTextIsSentAsItIs: what JSON would alter on its way is a violation at its path, with
// Validate or without; nothing is sent.
func TestTextIsSentAsItIs(t *testing.T) {
	bad := "a\xffb"
	for name, test := range map[string]struct {
		in   Input
		path []string
	}{
		"string":     {&textInput{input: input{Prompt: bad}}, []string{"prompt"}},
		"list":       {&textInput{List: []string{"ok", bad}}, []string{"list[1]"}},
		"value":      {&textInput{Map: map[string]string{"k": bad}}, []string{"map.k"}},
		"key":        {&textInput{Map: map[string]string{bad: "v"}}, []string{"map.a\ufffdb"}},
		"pointer":    {&textInput{Ptr: &bad}, []string{"ptr"}},
		"raw":        {&textInput{Raw: json.RawMessage(`{"x":["` + bad + `"]}`)}, []string{"raw.x[0]"}},
		"surrogate":  {&textInput{Raw: json.RawMessage(`{"x":"\ud800"}`)}, []string{"raw.x"}},
		"no JSON":    {&textInput{Raw: json.RawMessage(`{`)}, []string{""}},
		"empty JSON": {&textInput{Raw: json.RawMessage{}}, []string{""}},
		"any":        {&textInput{Any: []any{map[string]any{"k": bad}}}, []string{"any[0].k"}},
		"fine": {&textInput{input: input{Prompt: "\ufffd"}, Raw: json.RawMessage(`"\ufffd\ud83d\ude00\\ud800"`),
			Deep: []map[string][]json.RawMessage{{"k": {json.RawMessage(`"é"`)}}}}, nil},
	} {
		c, f := answering(t, jobAPI(nil, nil), WithoutValidation())
		_, err := c.Submit(t.Context(), test.in)
		var got []string
		var invalid *ValidationError
		if errors.As(err, &invalid) {
			for _, v := range invalid.Violations {
				got = append(got, v.Path)
			}
		}
		if d := cmp.Diff(test.path, got); d != "" || (f.posts() == 0) != (test.path != nil) {
			t.Errorf("%s: %d submits, %v (-want +got):\n%s", name, f.posts(), err, d)
		}
	}
}

func TestRawBodyIsSentAsItIs(t *testing.T) {
	for body, path := range map[string]string{
		`{"a":{"b":["x","` + "\xc3" + `"]}}`: "a.b[1]", `{"` + "\xff" + `":1}`: "\ufffd", `{"a":"\udc00\ud800"}`: "a", `{"\ud800":1}`: "\ufffd",
		`null`: "", `[]`: "", `{} {}`: "", ``: "",
	} {
		c, f := answering(t, jobAPI(nil, nil))
		_, err := c.SubmitRaw(t.Context(), "a/b", json.RawMessage(body))
		if got := as[*ValidationError](t, err).Violations; len(got) != 1 || got[0].Path != path || f.posts() != 0 {
			t.Errorf("%q: %v, %d submits", body, got, f.posts())
		}
	}
}

// TestUnescapeAll: escapes go, however often they were escaped, in linear time.
func TestUnescapeAll(t *testing.T) {
	for s, want := range map[string]string{
		`a\nb`: "a\nb", `a\\nb`: "a\nb", `a\\\\nb`: "a\nb", `\u0041`: "A", `\\u0041`: "A", `\u005cu0041`: "A", `\u005c\u005cu0041`: "A",
		`\ud83d\ude00`: "😀", `\\ud83d\\ude00`: "😀", `\u00e`: `\u00e`, `\x`: `\x`, `\`: `\`, `\"`: `"`, `\ude00x`: "\ufffdx", "plain": "plain",
	} {
		if got := unescapeAll(s); got != want {
			t.Errorf("%s is %q, want %q", s, got, want)
		}
	}
	if got := unescapeAll(strings.Repeat(`\u005c`, 1<<20) + "n"); got != "\n" {
		t.Errorf("%d bytes are left", len(got))
	}
}
