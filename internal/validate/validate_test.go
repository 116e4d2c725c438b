package validate

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/genclient/genclient/internal/schema"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// document reads a document with the input schema, and more members behind it.
func document(t testing.TB, input string, more ...string) *schema.Document {
	t.Helper()
	text := `{"model_id": "acme/m1/text-to-image", "input": ` + input
	for _, m := range more {
		text += ", " + m
	}
	d, diags := schema.Read("m1.json", []byte(text+"}"))
	if len(diags) > 0 {
		t.Fatalf("reading %s: %v", text, diags)
	}
	return d
}

func judgeOf(t testing.TB, input string) *Validator {
	t.Helper()
	j, diags := Compile(document(t, input))
	if len(diags) > 0 {
		t.Fatalf("compiling %s: %v", input, diags)
	}
	return j
}

// brokenBy lists the findings as "path keyword".
func brokenBy(j *Validator, body string) string {
	var b []string
	for _, f := range j.Validate([]byte(body)) {
		b = append(b, strings.TrimSpace(f.Path+" "+f.Keyword))
	}
	return strings.Join(b, ", ")
}

func TestValidator(t *testing.T) {
	props := func(s string) string { return `{"type": "object", "properties": {` + s + `}}` }
	for _, tt := range []struct{ name, schema, body, want string }{
		{"valid", props(`"n": {"type": "integer", "minimum": 1}`), `{"n": 1}`, ""},
		{"not json", props(``), `{"n": `, "json"},
		{"text after it", props(``), `{} {}`, "json"},
		{"duplicate name", props(``), `{"a": 1, "a": 2}`, "json"},
		{"not an object", props(``), `[]`, "type"},
		{"every keyword, not the first", props(`"a": {"type": "string", "minLength": 3, "pattern": "^x", "enum": ["xxx"]}, "b": {"type": "boolean"}`),
			`{"a": "y", "b": 1}`, "a enum, a minLength, a pattern, b type"},
		{"each missing name", `{"type": "object", "required": ["b", "it's", "a"], "properties": {}}`, `{}`, "a required, b required, it's required"},
		{"missing in an item", props(`"loras": {"type": "array", "items": {"type": "object", "required": ["path"], "properties": {"path": {"type": "string"}, "scale": {"type": "float", "maximum": 4}}}}`),
			`{"loras": [{"path": "a"}, {"scale": 5}, {"path": 1}]}`, "loras[1].path required, loras[1].scale maximum, loras[2].path type"},
		{"items in order of index", props(`"a": {"type": "array", "items": {"type": "integer"}}`),
			`{"a": ["0",1,"2",3,4,5,6,7,8,9,"10"]}`, "a[0] type, a[2] type, a[10] type"},
		{"float is number", props(`"f": {"type": "float", "maximum": 1}`), `{"f": 1.5}`, "f maximum"},
		{"float takes no string", props(`"f": {"type": "float"}`), `{"f": "1.5"}`, "f type"},
		{"integer written as 3.0", props(`"i": {"type": "integer"}`), `{"i": 3.0}`, ""},
		{"integer written as 1e3", props(`"i": {"type": "integer", "enum": [1000]}`), `{"i": 1e3}`, ""},
		{"no integer", props(`"i": {"type": "integer"}`), `{"i": 3.5}`, "i type"},
		{"seed of 2^32-1", props(`"i": {"type": "integer", "maximum": 4294967295}`), `{"i": 4294967296}`, "i maximum"},
		{"bound beyond 2^53 is exact", props(`"i": {"type": "integer", "maximum": 9007199254740993}`), `{"i": 9007199254740994}`, "i maximum"},
		{"draft 4 exclusive minimum", props(`"n": {"type": "number", "minimum": 0, "exclusiveMinimum": true}`), `{"n": 0}`, "n exclusiveMinimum"},
		{"draft 4 inclusive maximum", props(`"n": {"type": "number", "maximum": 1, "exclusiveMaximum": false}`), `{"n": 1}`, ""},
		{"draft 4 flag without a bound", props(`"n": {"type": "number", "exclusiveMaximum": true}`), `{"n": 1}`, ""},
		{"draft 6 exclusive maximum", props(`"n": {"type": "number", "exclusiveMaximum": 1}`), `{"n": 1}`, "n exclusiveMaximum"},
		{"multipleOf is decimal", props(`"n": {"multipleOf": 0.1}`), `{"n": 0.3}`, ""},
		{"multipleOf", props(`"n": {"multipleOf": 0.1}`), `{"n": 0.35}`, "n multipleOf"},
		{"length in runes", props(`"s": {"type": "string", "maxLength": 2}`), `{"s": "äöü"}`, "s maxLength"},
		{"nullable", props(`"s": {"type": "string", "nullable": true}`), `{"s": null}`, ""},
		{"nullable twice", props(`"s": {"type": ["string", "null", "string"], "enum": ["a", null], "nullable": true}`), `{"s": null}`, ""},
		{"nullable enum names null", props(`"s": {"type": "string", "enum": ["a", null], "nullable": true}`), `{"s": null}`, ""},
		{"nullable enum without null", props(`"s": {"type": "string", "enum": ["a"], "nullable": true}`), `{"s": null}`, "s enum"},
		{"not nullable", props(`"s": {"type": "string", "nullable": false}`), `{"s": null}`, "s type"},
		{"type list", props(`"s": {"type": ["string", "null"]}`), `{"s": 1}`, "s type"},
		{"format is no constraint", props(`"u": {"type": "string", "format": "uri"}`), `{"u": "no uri"}`, ""},
		{"content is no constraint", props(`"u": {"type": "string", "contentEncoding": "base64"}`), `{"u": "*"}`, ""},
		{"const", props(`"c": {"const": 5}`), `{"c": 6}`, "c const"},
		{"empty enum takes nothing", `{"properties": {"e": {"enum": []}}}`, `{"e": null}`, "e enum"},
		{"boolean schemas", props(`"yes": true, "no": false`), `{"yes": 1, "no": 1}`, "no not"},
		{"closed object", `{"properties": {"a": {}}, "additionalProperties": false}`, `{"a": 1, "c": 1, "b": 1}`, "b additionalProperties, c additionalProperties"},
		{"map", props(`"m": {"type": "object", "additionalProperties": {"type": "integer"}}`), `{"m": {"x": "1"}}`, "m.x type"},
		{"pattern properties", `{"patternProperties": {"^n_": {"type": "integer"}}}`, `{"n_1": "1", "x": "1"}`, "n_1 type"},
		{"property names", `{"propertyNames": {"maxLength": 2}}`, `{"abc": 1}`, "abc maxLength"},
		{"dependent names", `{"dependentRequired": {"a": ["b"]}}`, `{"a": 1}`, "dependentRequired"},
		{"draft 7 dependencies", `{"dependencies": {"a": ["b"], "c": {"required": ["d"]}}}`, `{"a": 1, "c": 1}`, "dependentRequired, d required"},
		{"draft 7 items by place", props(`"a": {"items": [{"type": "string"}], "additionalItems": {"type": "integer"}}`), `{"a": [1, "x"]}`, "a[0] type, a[1] type"},
		{"draft 7 items of any number", props(`"a": {"items": [], "additionalItems": {"type": "integer"}}`), `{"a": ["x"]}`, "a[0] type"},
		{"additionalItems beside a schema has no effect", props(`"a": {"items": {"type": "string"}, "additionalItems": false}`), `{"a": ["x"]}`, ""},
		{"unique items", props(`"a": {"uniqueItems": true}`), `{"a": [1, 1.0]}`, "a uniqueItems"},
		{"contains", props(`"a": {"contains": {"type": "string"}}`), `{"a": [1, 2]}`, "a minContains"},
		{"if", `{"if": {"required": ["a"]}, "then": {"required": ["b"]}, "else": {"required": ["c"]}}`, `{}`, "c required"},
		{"anyOf at the property", props(`"x": {"anyOf": [{"type": "string", "maxLength": 1}, {"type": "string", "pattern": "z"}]}`), `{"x": "ab"}`, "x anyOf"},
		{"anyOf with null reports the rest", props(`"x": {"anyOf": [{"type": "object", "properties": {"n": {"maximum": 1}, "m": {"maximum": 1}}}, {"type": "null"}]}`),
			`{"x": {"n": 2, "m": 2}}`, "x.m maximum, x.n maximum"},
		{"anyOf of one", props(`"x": {"anyOf": [{"maximum": 1}]}`), `{"x": 2}`, "x maximum"},
		{"anyOf of one with another type", props(`"x": {"anyOf": [{"type": "string"}]}`), `{"x": 2}`, "x type"},
		{"anyOf without a fitting type", props(`"x": {"anyOf": [{"type": "string"}, {"type": "null"}]}`), `{"x": 2}`, "x anyOf"},
		{"oneOf constants", props(`"x": {"oneOf": [{"const": 1}, {"const": 2}]}`), `{"x": 3}`, "x oneOf"},
		{"oneOf twice", props(`"x": {"oneOf": [{"type": "integer"}, {"minimum": 0}]}`), `{"x": 3}`, "x oneOf"},
		{"allOf", props(`"x": {"allOf": [{"minimum": 5}, {"multipleOf": 2}]}`), `{"x": 3}`, "x minimum, x multipleOf"},
		{"allOf of the same", props(`"x": {"allOf": [{"minimum": 5}, {"minimum": 5}]}`), `{"x": 3}`, "x minimum"},
		{"not", props(`"x": {"not": {"const": 1}}`), `{"x": 1}`, "x not"},
		{"$defs", `{"properties": {"x": {"$ref": "#/$defs/n"}}, "$defs": {"n": {"maximum": 1}}}`, `{"x": 2}`, "x maximum"},
		{"definitions with a sibling", `{"properties": {"x": {"$ref": "#/definitions/n", "minimum": 3}}, "definitions": {"n": {"maximum": 1}}}`, `{"x": 2}`, "x maximum, x minimum"},
		{"ref to an odd place", `{"properties": {"x": {"$ref": "#/x-shared/a~1b"}}, "x-shared": {"a/b": {"maximum": 1}}}`, `{"x": 2}`, "x maximum"},
		{"ref with an escape of URLs", `{"properties": {"x": {"$ref": "#/$defs/a%20b"}}, "$defs": {"a b": {"maximum": 1}}}`, `{"x": 2}`, "x maximum"},
		{"ref into a list", `{"properties": {"x": {"$ref": "#/allOf/0/properties/y"}}, "allOf": [{"properties": {"y": {"maximum": 1}}}]}`, `{"x": 2}`, "x maximum"},
		{"recursive", `{"properties": {"name": {"type": "string"}, "next": {"$ref": "#"}}}`, `{"next": {"next": {"name": 1}}}`, "next.next.name type"},
		{"recursive by $defs", `{"properties": {"tree": {"$ref": "#/$defs/node"}}, "$defs": {"node": {"properties": {"kids": {"items": {"$ref": "#/$defs/node"}}, "n": {"type": "integer"}}}}}`,
			`{"tree": {"kids": [{"n": 1}, {"kids": [{"n": "1"}]}]}}`, "tree.kids[1].kids[0].n type"},
		{"$id moves nothing", `{"$id": "https://example.com/a", "$schema": "http://json-schema.org/draft-04/schema#", "properties": {"x": {"$id": "b", "$ref": "#/$defs/n"}}, "$defs": {"n": {"maximum": 1}}}`, `{"x": 2}`, "x maximum"},
		{"odd names", props(`"a/b~c%d": {"type": "integer"}, "": {"type": "integer"}, "x.y": {"properties": {"[0]": {"type": "integer"}}}, "ключ": {"type": "integer"}`),
			`{"a/b~c%d": "", "x.y": {"[0]": ""}, "ключ": ""}`, "a/b~c%d type, x.y.[0] type, ключ type"},
		{"keyword as the name of a property that breaks two", props(`"anyOf": {"maximum": 1, "multipleOf": 5}, "minContains": {"maximum": 1, "multipleOf": 5}`),
			`{"anyOf": 2, "minContains": 2}`, "anyOf maximum, anyOf multipleOf, minContains maximum, minContains multipleOf"},
		{"names that look like keywords before a keyword", props(`"fooProperties": {"not": {}}, "additionalProperties": {"not": {}}, "dependentRequired": {"items": {"maximum": 1}}`),
			`{"fooProperties": 1, "additionalProperties": 1, "dependentRequired": [2]}`, "additionalProperties not, dependentRequired[0] maximum, fooProperties not"},
		{"keywords as names", props(`"properties": {"properties": {"not": {"maximum": 1}}}, "anyOf": {"properties": {"0": {"maximum": 1}}}`),
			`{"properties": {"not": 2}, "anyOf": {"0": 2}}`, "anyOf.0 maximum, properties.not maximum"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, brokenBy(judgeOf(t, tt.schema), tt.body)); diff != "" {
				t.Errorf("judging %s by %s (-want +got):\n%s", tt.body, tt.schema, diff)
			}
		})
	}
}

// TestValidatorBillionLaughs judges a schema that doubles at every level.
func TestValidatorBillionLaughs(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"$ref": "#/$defs/a0", "$defs": {`)
	for i := range 60 {
		fmt.Fprintf(&b, `"a%d": {"allOf": [{"$ref": "#/$defs/a%d"}, {"$ref": "#/$defs/a%[2]d"}]}, `, i, i+1)
	}
	b.WriteString(`"a60": {}}}`)
	got := judgeOf(t, b.String()).Validate([]byte(`{}`))
	want := []Violation{{Keyword: "json", Message: "the value takes too long to judge"}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Violation{}, "Value")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestValidatorLoadsNothing refers to schemas on disk and elsewhere that no value
// satisfies.
func TestValidatorLoadsNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "never.json")
	if err := os.WriteFile(file, []byte("false"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, ref := range []string{"file://" + file, file, "never.json", "https://example.com/never.json", "urn:x", "genclient:///schema.json#/not"} {
		quoted, err := json.Marshal(ref)
		if err != nil {
			t.Fatal(err)
		}
		j, diags := Compile(document(t, `{"$schema": `+string(quoted)+`, "properties": {"a": {"$ref": `+string(quoted)+`}}, "not": {"required": ["b"]}}`))
		if len(diags) != 1 || diags[0].Rule != "ref-external" {
			t.Errorf("%s: %v", ref, diags)
		}
		if got := brokenBy(j, `{"a": 1}`); got != "" {
			t.Errorf("%s was loaded: %s", ref, got)
		}
	}
}

// TestValidatorTogether validates from several goroutines, each with its own body.
func TestValidatorTogether(t *testing.T) {
	j := judgeOf(t, `{"properties": {"i": {"minimum": 51}}}`)
	var group sync.WaitGroup
	for i := 1; i <= 100; i++ {
		group.Go(func() {
			want := ""
			if i <= 50 {
				want = "i minimum"
			}
			if got := brokenBy(j, fmt.Sprintf(`{"i": %d}`, i)); got != want {
				t.Errorf("%d: %q, want %q", i, got, want)
			}
		})
	}
	group.Wait()
}

// TestViolationSteps: a name that looks like a path is one step.
func TestViolationSteps(t *testing.T) {
	j := judgeOf(t, `{"properties": {"a.b": {"items": {"properties": {"c[0]": {"type": "string"}}, "required": ["d.e"]}}}}`)
	got := j.Validate([]byte(`{"a.b": [{"d.e": 1}, {"c[0]": 2}]}`))
	want := []Violation{
		{Path: "a.b[1].c[0]", Steps: []any{"a.b", 1, "c[0]"}, Offset: 30, Keyword: "type", Message: "expected string, but got number"},
		{Path: "a.b[1].d.e", Steps: []any{"a.b", 1, "d.e"}, Offset: 21, Keyword: "required", Message: "is required"},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Violation{}, "Value")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestViolationMessages(t *testing.T) {
	j := judgeOf(t, `{"required": ["p"], "properties": {"p": {"type": "string"}, "s": {"type": "string", "maxLength": 3, "pattern": "^x"}, "n": {"maximum": 4}}, "additionalProperties": false}`)
	got := j.Validate([]byte(`{"s": "secret", "n": 5, "m": 1}`))
	want := []Violation{
		{Path: "m", Steps: []any{"m"}, Offset: 29, Keyword: "additionalProperties", Message: "is not a property of the schema"},
		{Path: "n", Steps: []any{"n"}, Offset: 21, Keyword: "maximum", Message: "must be <= 4 but found 5"},
		{Path: "p", Steps: []any{"p"}, Offset: 0, Keyword: "required", Message: "is required"},
		{Path: "s", Steps: []any{"s"}, Offset: 6, Keyword: "maxLength", Message: "length must be <= 3, but got 6"},
		{Path: "s", Steps: []any{"s"}, Offset: 6, Keyword: "pattern", Message: "does not match pattern '^x'"},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Violation{}, "Value")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
