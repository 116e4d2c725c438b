package client

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A storedInput has a field of every form that the generator makes.
type storedInput struct {
	Prompt   string            `json:"prompt"`
	Note     *string           `json:"note,omitzero"`
	Seed     *int64            `json:"seed,omitzero"`
	Scale    *float64          `json:"scale,omitzero"`
	Size     storedSize        `json:"size,omitzero"`
	Duration storedDuration    `json:"duration,omitzero"`
	Images   []string          `json:"images,omitzero"`
	Frame    *storedFrame      `json:"frame,omitzero"`
	Frames   []storedFrame     `json:"frames,omitzero"`
	Mask     *string           `json:"mask"`
	Free     map[string]string `json:"free,omitzero"`
	Raw      json.RawMessage   `json:"raw,omitzero"`
}

type (
	storedSize     string
	storedDuration int64
	storedFrame    struct {
		At     int64  `json:"at"`
		Weight *int64 `json:"weight,omitzero"`
	}
)

func (*storedInput) ModelID() string         { return "vendor/stored" }
func (*storedInput) Validate() error         { return nil }
func (*storedInput) MediaRules() []MediaRule { return nil }

// TestDecodeInput: a stored body comes back to its typed input, or is refused with the
// path of what the type would drop, add or alter. Nothing of it stands in the error.
func TestDecodeInput(t *testing.T) {
	const rest = `,"mask":null}`
	for _, test := range []struct {
		name, body string
		want       string // paths and rules of the violations; "" when the body is taken
	}{
		{"least", `{"prompt":"secret"` + rest, ""},
		{"everything", `{"prompt":"secret","note":"","seed":0,"scale":0,"size":"720p","duration":5,"images":[],"frame":{"at":0,"weight":0},
			"frames":[{"at":9223372036854775807}],"free":{"":"a"},"raw":{"b":[null,1.50]},"mask":""}`, ""},
		{"order and spelling", ` {"mask" : null, "scale":1.50e1, "pr\u006fmpt":"\ud83d\ude00 secret" } `, ""},
		{"a backslash before u", `{"prompt":"\\ud800 secret"` + rest, ""},
		{"null of a raw value", `{"prompt":"secret","raw":null` + rest, ""},
		{"large exponent", `{"prompt":"secret","raw":1e999999999` + rest, ""},

		{"empty enum", `{"prompt":"secret","size":""` + rest, "size additionalProperties"},
		{"zero of an enum", `{"prompt":"secret","duration":0` + rest, "duration additionalProperties"},
		{"null of an optional value", `{"prompt":"secret","note":null,"frame":null,"images":null` + rest,
			"frame additionalProperties, images additionalProperties, note additionalProperties"},
		{"null of a required value", `{"prompt":null` + rest, "prompt type"},
		{"null in a list", `{"prompt":"secret","images":["a",null]` + rest, "images[1] type"},
		{"null of an object in a list", `{"prompt":"secret","frames":[null]` + rest, "frames[0] type"},
		{"null in a map", `{"prompt":"secret","free":{"a":null}` + rest, "free.a type"},
		{"required value left out", `{"mask":null}`, "prompt required"},
		{"required null left out", `{"prompt":"secret"}`, "mask required"},
		{"required value of a nested object left out", `{"prompt":"secret","frame":{},"frames":[{"at":1},{}]` + rest,
			"frame.at required, frames[1].at required"},
		{"unknown name", `{"prompt":"secret","frame":{"at":1,"secret":2},"new":1` + rest,
			"frame.secret additionalProperties, new additionalProperties"},
		{"name in another case", `{"Prompt":"secret"` + rest, "Prompt additionalProperties, prompt required"},
		{"beyond int64", `{"prompt":"secret","seed":9223372036854775808` + rest, "seed type"},
		{"integer with a point", `{"prompt":"secret","seed":5.0` + rest, "seed type"},
		{"beyond 2^53", `{"prompt":"secret","scale":9007199254740993` + rest, "scale type"},
		{"more digits than a float64 has", `{"prompt":"secret","scale":0.1000000000000000000001` + rest, "scale type"},
		{"beyond float64", `{"prompt":"secret","scale":1e309` + rest, "scale type"},
		{"too small for float64", `{"prompt":"secret","scale":1e-400` + rest, "scale type"},
		{"other type", `{"prompt":"secret","frame":{"at":"secret"}` + rest, "frame.at type"},
		{"name twice", `{"prompt":"secret","free":{"a":"1","a":"secret"}` + rest, " type"},
		{"half a surrogate pair", `{"prompt":"\ud83d secret"` + rest, " type"},
		{"the other half", `{"prompt":"\uDE00 secret"` + rest, " type"},
		{"two first halves", `{"prompt":"\ud83d\ud83d\ude00"` + rest, " type"},
		{"half at the end", `{"prompt":"secret\ud83d"` + rest, " type"},
		{"not UTF-8", "{\"prompt\":\"secret\xff\"" + rest, " type"},
		{"two values", `{"prompt":"secret","mask":null}{}`, " type"},
		{"cut", `{"prompt":"secret"`, " type"},
		{"no object", `["secret"]`, " type"},
		{"null", `null`, " type"},
		{"nothing", ``, " type"},
		{"deep", `{"raw":` + strings.Repeat("[", 1<<17), " type"},
	} {
		t.Run(test.name, func(t *testing.T) {
			in, err := decodeInput(new(storedInput), []byte(test.body))
			if test.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				body, err := encodeInput(in)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(values(t, test.body), values(t, string(body))); diff != "" {
					t.Errorf("encoded again (-want +got):\n%s", diff)
				}
				return
			}
			if in != nil {
				t.Errorf("input %+v beside an error", in)
			}
			var got []string
			for _, v := range as[*ValidationError](t, err).Violations {
				got = append(got, v.Path+" "+v.Rule)
			}
			if diff := cmp.Diff(test.want, strings.Join(got, ", ")); diff != "" {
				t.Errorf("violations (-want +got):\n%s\n%v", diff, err)
			}
			if strings.Contains(strings.ReplaceAll(err.Error(), "frame.secret", ""), "secret") {
				t.Errorf("the error repeats a value: %v", err)
			}
		})
	}
	if err := unknownModel("vendor/gone"); as[*ConfigError](t, err).Charged() != ChargedNo {
		t.Error(err)
	}
}

// values decodes a JSON text; numbers as float64, which the texts here allow.
func values(t *testing.T, text string) (v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(strings.Replace(text, "1e999999999", `"large"`, 1)), &v); err != nil {
		t.Fatal(err)
	}
	return v
}
