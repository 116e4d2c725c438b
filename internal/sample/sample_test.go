package sample_test

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/sample"
	"github.com/genclient/genclient/internal/schema"
	"github.com/genclient/genclient/internal/validate"
)

// TestOf: the instance that each schema gets, as text.
func TestOf(t *testing.T) {
	for name, tt := range map[string]struct{ schema, required, all string }{
		"required only": {`{"type":"object","required":["b"],"properties":{"a":{"type":"string"},"b":{"type":"integer"}}}`,
			`{"b":0}`, `{"a":"text","b":0}`},
		"enum within bounds": {`{"type":"integer","enum":[1,2,5],"exclusiveMinimum":2}`, `5`, `5`},
		"default":            {`{"type":"number","default":0.70,"maximum":1}`, `0.70`, `0.70`},
		"bad default":        {`{"type":"number","default":7,"maximum":1}`, `0`, `0`},
		"empty default":      {`{"type":"string","default":""}`, `"text"`, `"text"`},
		"const":              {`{"const":{"a":[1]}}`, `{"a":[1]}`, `{"a":[1]}`},
		"open bounds":        {`{"type":"number","exclusiveMinimum":0,"exclusiveMaximum":1}`, `0.5`, `0.5`},
		"draft 4 bounds":     {`{"type":"integer","minimum":3,"exclusiveMinimum":true}`, `4`, `4`},
		"multiples":          {`{"type":"integer","minimum":65,"multipleOf":64}`, `128`, `128`},
		"float":              {`{"type":"float","minimum":1.5}`, `2`, `2`},
		"below zero":         {`{"type":"integer","maximum":-5}`, `-1005`, `-1005`},
		"length":             {`{"type":"string","minLength":6,"maxLength":6}`, `"textaa"`, `"textaa"`},
		"short":              {`{"type":"string","maxLength":2}`, `"te"`, `"te"`},
		"pattern":            {`{"type":"string","pattern":"^#[0-9a-f]{6}$"}`, `"#ff00ff"`, `"#ff00ff"`},
		"media":              {`{"type":"string","format":"video_uri"}`, `"https://example.com/video.mp4"`, `"https://example.com/video.mp4"`},
		"list":               {`{"type":"array","items":{"type":"boolean"}}`, `[false]`, `[false]`},
		"unique":             {`{"type":"array","minItems":3,"uniqueItems":true,"items":{"type":"string"}}`, `["text","text1","text2"]`, `["text","text1","text2"]`},
		"reference": {`{"type":"object","required":["a"],"properties":{"a":{"$ref":"#/$defs/x"}},"$defs":{"x":{"type":"integer","minimum":2}}}`,
			`{"a":2}`, `{"a":2}`},
		"or null":      {`{"anyOf":[{"type":"null"},{"type":"integer"}]}`, `0`, `0`},
		"all of":       {`{"allOf":[{"type":"integer","minimum":2},{"minimum":5}]}`, `5`, `5`},
		"never there":  {`{"type":"object","properties":{"a":false,"b":{"type":"null"}}}`, `{}`, `{"b":null}`},
		"without type": {`{"maxItems":2}`, `["text"]`, `["text"]`},
	} {
		root := decode(t, tt.schema)
		if got := sample.Of(root, false).Compact(); got != tt.required {
			t.Errorf("%s: required only: %s, want %s", name, got, tt.required)
		}
		if got := sample.Of(root, true).Compact(); got != tt.all {
			t.Errorf("%s: all: %s, want %s", name, got, tt.all)
		}
	}
}

// TestOfEndsOnHostileSchemas: a schema that asks for a value without end, or for
// more than fits, gets some value.
func TestOfEndsOnHostileSchemas(t *testing.T) {
	for _, text := range []string{
		`{"type":"object","required":["a"],"properties":{"a":{"$ref":"#"}}}`,
		`{"$ref":"#"}`,
		`{"type":"array","minItems":9007199254740992,"items":{"type":"array","minItems":1000,"items":{"type":"string","minLength":9007199254740992}}}`,
		`{"type":"array","minItems":5,"uniqueItems":true,"items":{"const":1}}`,
		`{"type":"integer","minimum":1e400,"multipleOf":1e-400}`,
		`{"type":"integer","minimum":0.2,"maximum":0.8}`,
	} {
		if got := sample.Of(decode(t, text), true); len(got.Compact()) > 2_000_000 {
			t.Errorf("%s: %d bytes", text, len(got.Compact()))
		}
	}
}

// unmade are the violations of values in goldens for which the schema allows
// nothing, requires a property of a part that is not there, or has a keyword that
// Of does not follow.
var unmade = []string{
	"acme/allof/draw types type",
	"acme/big/draw  json",
	"acme/booleans/draw none not",
	"acme/booleans/draw required_nothing required",
	"acme/bools/draw none enum",
	"acme/bounds/draw crossed_between type",
	"acme/bounds/draw empty_open exclusiveMaximum",
	"acme/const/draw neither enum",
	"acme/const/draw wrong type",
	"acme/counts/draw contains minContains",
	"acme/counts/draw crossed minItems",
	"acme/double/draw a.l.l minProperties",
	"acme/double/draw a.l.r minProperties",
	"acme/double/draw a.r.l minProperties",
	"acme/double/draw a.r.r minProperties",
	"acme/free/draw required.a required",
	"acme/mixed/draw empty enum",
	"acme/mixed/draw nothing enum",
	"acme/nested/draw counted dependentRequired",
	"acme/oneof/draw not_constants oneOf",
	"acme/quote \" back \\ tick ` dollar $ pattern pattern",
	"acme/required/draw camera.pan required",
	"acme/required/draw loras[0].url required",
	"acme/text/draw crossed minLength",
	"acme/text/draw list[0] pattern",
	"acme/text/draw quotes pattern",
}

// TestSamplesAreValid: jsonschema accepts the instances of every schema of the
// repository, with and without the optional properties.
func TestSamplesAreValid(t *testing.T) {
	count, seen := 0, map[string]bool{}
	for _, d := range documents(t) {
		v, diags := validate.Compile(d)
		if v == nil {
			continue // no valid schema
		}
		for _, optional := range []bool{false, true} {
			body := sample.Of(d.Input, optional).Compact()
			for _, p := range v.Validate([]byte(body)) {
				if p.Keyword == "required" && len(p.Steps) == 1 && d.Input.Get("properties").Get(p.Path) == nil {
					continue // required may name what is not a property
				}
				violation := d.ModelID + " " + p.Path + " " + p.Keyword
				seen[violation] = true
				if !slices.Contains(unmade, violation) {
					t.Errorf("%s, optional %t: %s %s: %s\n\t%v", d.ModelID, optional, p.Path, p.Message, body, diags)
				}
			}
			count++
		}
	}
	for _, violation := range unmade {
		if !seen[violation] {
			t.Errorf("%q is not met any more", violation)
		}
	}
	if count < 100 {
		t.Errorf("only %d instances", count)
	}
}

func decode(t *testing.T, text string) *jsontree.Value {
	t.Helper()
	v, _, err := jsontree.Decode([]byte(text), 0)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// documents returns the schema documents of schemas/, of the goldens that can be
// read, and of the catalog that GENCLIENT_CORPUS names or the committed sample.
func documents(t *testing.T) []*schema.Document {
	t.Helper()
	var out []*schema.Document
	catalog := cmp.Or(os.Getenv("GENCLIENT_CORPUS"), filepath.Join("..", "lint", "testdata", "catalog.json"))
	text, err := os.ReadFile(catalog)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range decode(t, string(text)).Get("models").Items() {
		out = append(out, &schema.Document{ModelID: m.Get("model_id").Str(), Input: m.Get("input_schema")})
	}
	root := filepath.Join("..", "..")
	for _, pattern := range []string{"testdata/ir/*.txtar", "testdata/generate/*.txtar", "schemas/*/*/*.json", "schemas/*/*/*/*.json"} {
		names, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files := []txtar.File{{Name: name, Data: text}}
			if filepath.Ext(name) == ".txtar" {
				files = txtar.Parse(text).Files
			}
			for _, f := range files {
				if filepath.Ext(f.Name) != ".json" || strings.HasSuffix(f.Name, "names.json") {
					continue
				}
				if d, diags := schema.Read(f.Name, f.Data); d != nil && !diags.HasErrors() {
					out = append(out, d)
				}
			}
		}
	}
	return out
}
