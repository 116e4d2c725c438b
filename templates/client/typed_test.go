package client

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The types of a generated output, by hand.
type (
	duration int64
	ownPart  struct {
		N     int64            `json:"n"`
		Sizes []int64          `json:"sizes"`
		By    map[string]int64 `json:"by"`
	}
	ownOutput struct {
		_     [0]func()
		Text  *string            `json:"text"`
		Seed  *int64             `json:"seed"`
		Score *float64           `json:"score"`
		Safe  *bool              `json:"safe"`
		D     *duration          `json:"duration"`
		List  []duration         `json:"list"`
		Part  *ownPart           `json:"part"`
		Parts []ownPart          `json:"parts"`
		Named map[string]ownPart `json:"named"`
		Raw   json.RawMessage    `json:"raw"`
	}
)

func (x *ownPart) UnmarshalJSON(b []byte) error   { return unmarshalStruct(b, x) }
func (x *ownOutput) UnmarshalJSON(b []byte) error { return unmarshalStruct(b, x) }

// TestIntegers: whatever is an integer by its value is one, and nothing else.
func TestIntegers(t *testing.T) {
	for text, want := range map[string]string{
		"42": "42", "42.0": "42", "42.000": "42", "4.2e1": "42", "1e2": "100", "1E+2": "100", "100e-2": "1", "-0.0": "0", "0e999999999": "0", "0.0e-5": "0",
		"9223372036854775807": "9223372036854775807", "9223372036854775807.0": "9223372036854775807", "-9223372036854775808e0": "-9223372036854775808",
		"9007199254740993.0": "9007199254740993", "922337203685477580.7e1": "9223372036854775807",
		"42.5": "", "1e-1": "", "1e-999999999": "", "0.99999999999999999999": "", "9223372036854775808": "", "9223372036854775807.5": "", "1e19": "",
		"1e999999999": "", "1e400": "", "NaN": "", "0x10": "", "+1": "", "01": "", "1_0": "", ".5": "", "": "",
	} {
		got := ""
		if n, ok := integer(text); ok {
			got = fmt.Sprint(n)
		}
		if got != want {
			t.Errorf("%s is %q, want %q", text, got, want)
		}
	}
}

// TestOutputsFillWhatFits: a value that does not fit costs itself alone, in whatever type
// it lies, and the error beside the value names its path.
func TestOutputsFillWhatFits(t *testing.T) {
	text, seed, score, safe, d := "x", int64(42), 0.5, true, duration(10)
	whole := func(change func(*ownOutput)) *ownOutput {
		o := &ownOutput{Text: &text, Seed: &seed, Score: &score, Safe: &safe, D: &d, List: []duration{5, 10},
			Part: &ownPart{N: 7, Sizes: []int64{1, 2}, By: map[string]int64{"a": 3}}, Parts: []ownPart{{N: 1}, {N: 2}},
			Named: map[string]ownPart{"k": {N: 3}}, Raw: json.RawMessage(`{"z":1.0}`)}
		change(o)
		return o
	}
	const good = `{"text":"x","seed":42,"score":0.5,"safe":true,"duration":10,"list":[5,10],"part":{"n":7,"sizes":[1,2],"by":{"a":3}},` +
		`"parts":[{"n":1},{"n":2}],"named":{"k":{"n":3}},"raw":{"z":1.0}}`
	for _, test := range []struct {
		old, new string
		want     func(*ownOutput)
		problem  string // "" for none
	}{
		{"", "", func(*ownOutput) {}, ""},
		{`"seed":42`, `"seed":42.0`, func(*ownOutput) {}, ""},
		{`"seed":42`, `"seed":4.2e1`, func(*ownOutput) {}, ""},
		{`"duration":10`, `"duration":1e1`, func(*ownOutput) {}, ""},
		{`[5,10]`, `[5.0,1.0E1]`, func(*ownOutput) {}, ""},
		{`"n":7`, `"n":7.0`, func(*ownOutput) {}, ""},
		{`[1,2]`, `[1.0,2e0]`, func(*ownOutput) {}, ""},
		{`{"a":3}`, `{"a":3.0}`, func(*ownOutput) {}, ""},
		{`{"n":2}`, `{"n":2.0}`, func(*ownOutput) {}, ""},
		{`{"n":3}`, `{"n":3.0}`, func(*ownOutput) {}, ""},
		{`"seed":42`, `"SEED":42`, func(*ownOutput) {}, ""},
		{`"seed":42`, `"seed":42,"more":[{}]`, func(*ownOutput) {}, ""},
		{`"seed":42`, `"seed":null`, func(o *ownOutput) { o.Seed = nil }, ""},
		{`"seed":42`, `"seed":"42"`, func(o *ownOutput) { o.Seed = nil }, "seed"},
		{`"seed":42`, `"seed":42.5`, func(o *ownOutput) { o.Seed = nil }, "seed"},
		{`"seed":42`, `"seed":NaN`, func(o *ownOutput) { o.Seed = nil }, "seed"},
		{`"seed":42`, `"seed":{"a":1}`, func(o *ownOutput) { o.Seed = nil }, "seed"},
		{`"score":0.5`, `"score":Infinity`, func(o *ownOutput) { o.Score = nil }, "score"},
		{`"score":0.5`, `"score":1e999`, func(o *ownOutput) { o.Score = nil }, "score"},
		{`"safe":true`, `"safe":"true"`, func(o *ownOutput) { o.Safe = nil }, "safe"},
		{`"text":"x"`, `"text":7`, func(o *ownOutput) { o.Text = nil }, "text"},
		{`"text":"x"`, "\"text\":\"x\ty\"", func(o *ownOutput) { s := "x\ty"; o.Text = &s }, ""},
		{`"list":[5,10]`, `"list":5`, func(o *ownOutput) { o.List = nil }, "list"},
		{`[5,10]`, `[5,"10"]`, func(o *ownOutput) { o.List = []duration{5, 0} }, "list[1]"},
		{`"n":7`, `"n":"7"`, func(o *ownOutput) { o.Part.N = 0 }, "part.n"},
		{`"part":{`, `"part":"y","more":{`, func(o *ownOutput) { o.Part = nil }, "part"},
		{`{"n":2}`, `2`, func(o *ownOutput) { o.Parts[1] = ownPart{} }, "parts[1]"},
		{`{"n":3}`, `{"n":true}`, func(o *ownOutput) { o.Named["k"] = ownPart{} }, "named.k.n"},
		{`{"z":1.0}`, `{"z":NaN}`, func(o *ownOutput) { o.Raw = nil }, "raw"},
	} {
		body := strings.Replace(good, test.old, test.new, 1)
		got, err := decodeOutput[ownOutput](&Result{RequestID: "job-1", Raw: []byte(`{"status":"completed","output":` + body + `,"x":NaN}`)})
		if d := cmp.Diff(whole(test.want), got); d != "" {
			t.Errorf("%s (-want +got):\n%s", test.new, d)
		}
		if test.problem == "" && err != nil || test.problem != "" && (err == nil || !strings.Contains(err.Error(), "."+test.problem+" ")) {
			t.Errorf("%s: error %v, want one about %q", test.new, err, test.problem)
		}
		if !json.Valid([]byte(body)) {
			continue
		}
		var again ownOutput // encoding/json comes to the same
		if plain := json.Unmarshal([]byte(body), &again); (plain == nil) != (err == nil) || cmp.Diff(got, &again) != "" {
			t.Errorf("%s: json.Unmarshal: %v %s", test.new, plain, cmp.Diff(got, &again))
		}
	}
}

// TestOutputsOfAnyForm: there is always a value, and an error where it is not the answer's.
func TestOutputsOfAnyForm(t *testing.T) {
	for raw, fails := range map[string]bool{
		``: false, `null`: false, `{}`: false, `{"output":null}`: false, `{"output":{}}`: false,
		`{"output":"https://a/b"}`: true, `{"output":[1]}`: true, `{"output":7}`: true,
		`{"output":{"part":` + strings.Repeat(`[`, 9000) + strings.Repeat(`]`, 9000) + `}}`: true,
	} {
		if o, err := decodeOutput[ownOutput](&Result{Raw: []byte(raw)}); o == nil || (err != nil) != fails {
			t.Errorf("%s: %v, %v", cut(raw, 100), o, err)
		}
	}
	if o, err := decodeOutput[ownOutput](nil); o == nil || err == nil {
		t.Errorf("%v, %v", o, err)
	}
}

// TestOutputsBounded: a short answer does not become a long list of large structs.
func TestOutputsBounded(t *testing.T) {
	o, err := decodeOutput[ownOutput](&Result{Raw: []byte(`{"output":{"parts":[` + strings.Repeat(`{},`, 1<<20) + `{}],"seed":1}}`)})
	if err == nil || len(o.Parts) > 200_000 || o.Seed == nil {
		t.Errorf("%d parts, seed %v: %v", len(o.Parts), o.Seed, err)
	}
}
