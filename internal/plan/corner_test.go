package plan

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/schema"
)

// document reads a document of one model.
func document(t testing.TB, id, input string) *schema.Document {
	t.Helper()
	text := append(jsontree.NewObject(jsontree.Member{Name: "model_id", Value: jsontree.NewString(id)},
		jsontree.Member{Name: "input", Value: decode(t, input)}).AppendIndent(nil, ""), '\n')
	doc, diags := schema.Read("test.json", text)
	if doc == nil {
		t.Fatal(diagText(diags))
	}
	return doc
}

func decode(t testing.TB, text string) *jsontree.Value {
	t.Helper()
	v, _, err := jsontree.Decode([]byte(text), 0)
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return v
}

// fields returns the fields that the plan has for an object's properties.
func fields(t *testing.T, properties string) string {
	t.Helper()
	doc := document(t, "acme/x", `{"type": "object", "properties": {`+properties+`}}`)
	pkg, diags := Build([]*schema.Document{doc}, Pins{}, Options{Package: "client"})
	if diags.HasErrors() {
		t.Fatal(diagText(diags))
	}
	_, text, _ := strings.Cut(pkg.Text(), "struct XInput\n")
	return text
}

// TestSchemasNoOneWrites holds what a schema can say that JSON Schema gives no
// good meaning, or that no instance can show.
func TestSchemasNoOneWrites(t *testing.T) {
	for _, test := range []struct{ name, properties, want string }{
		{"enum of several types", `"a": {"type": ["string", "integer"], "enum": ["auto", 5, 7.5, true], "default": 5}`, `
    A "a" optional XA default=5
  enum XA mixed
    XAAuto "\"auto\""
    XA5 "5"
`},
		{"enum of several types and null", `"a": {"type": ["string", "integer", "null"], "enum": ["auto", 5, null]}`, `
    A "a" optional XA
  enum XA mixed
    XAAuto "\"auto\""
    XA5 "5"
`},
		{"enum beyond int64", `"a": {"enum": [1, 9223372036854775808]}`, `
    A "a" optional XA
  enum XA mixed
    XA1 "1"
    XA9223372036854775808 "9223372036854775808"
`},
		{"minimum above maximum", `"a": {"type": "integer", "minimum": 5, "maximum": 1}, "b": {"type": "number", "minimum": 5, "maximum": 1}`, `
    A "a" optional *int64 range=[5,1]
    B "b" optional *float64 range=[5,1]
`},
		{"two numbers of one float64", `"a": {"enum": [0.1, 0.10000000000000000000001]}, "b": {"enum": [9007199254740993, 0.5]}, "c": {"enum": [1e-399, 0.5, 1e309]}`, `
    A "a" optional XA
    B "b" optional XB
    C "c" optional XC
  enum XA mixed
    XA0_1 "0.1"
    XA0_10000000000000000000001 "0.10000000000000000000001"
  enum XB mixed
    XB9007199254740993 "9007199254740993"
    XB0_5 "0.5"
  enum XC mixed
    XC1e399 "1e-399"
    XC0_5 "0.5"
    XC1e309 "1e309"
`},
		{"members that break another keyword", `"a": {"type": "integer", "enum": [1, 5, 10], "maximum": 5, "minimum": 1, "exclusiveMinimum": true}, "b": {"enum": ["a", "bb", "ccc", "d1"], "minLength": 2, "maxLength": 2, "pattern": "^[a-z]+$"}, "c": {"type": "number", "enum": [0.5, 0.75, 1], "multipleOf": 0.5}`, `
    A "a" optional XA
    B "b" optional XB
    C "c" optional XC
  enum XA int64
    XA5 5
  enum XB string
    XBBb "bb"
  enum XC float64
    XC0_5 0.5
    XC1 1
`},
		{"one constant twice", `"a": {"oneOf": [{"const": "a"}, {"const": "a"}]}`, `
    A "a" optional XA
  enum XA string
    XAA "a"
`},
		{"rule beyond float64", `"image": {"type": "string", "validations": [{"validation_rule": "width_pixels>", "validation_value": 1e309}]}`, `
    Image "image" optional *string image
      unchecked "validation width_pixels> 1e309"
`},
		{"rule in a map", `"a": {"type": "object", "additionalProperties": {"type": "object", "properties": {"image": {"type": "string", "validations": [{"validation_rule": "width_pixels>", "validation_value": 1}]}}}}`, `
    A "a" optional map[string]XAValue
  struct XAValue
    Image "image" optional *string image
      unchecked "validation width_pixels> 1"
`},
		{"an object that needs itself", `"a": {"type": "object", "required": ["b"], "properties": {"b": {"$ref": "#/properties/a"}}}`, `
    A "a" optional *XA
  struct XA
    B "b" required *XA
`},
		{"a list of itself", `"a": {"type": "array", "items": {"$ref": "#/properties/a"}}`, `
    A "a" optional []json
      item unchecked "$ref \"#/properties/a\""
      item unchecked "type \"array\""
      item unchecked "items {\"$ref\":\"#/properties/a\"}"
`},
		{"a map of itself", `"a": {"type": "object", "additionalProperties": {"$ref": "#/properties/a"}}`, `
    A "a" optional map[string]json
      item unchecked "$ref \"#/properties/a\""
      item unchecked "type \"object\""
      item unchecked "additionalProperties {\"$ref\":\"#/properties/a\"}"
`},
		{"references in a circle", `"a": {"$ref": "#/properties/b"}, "b": {"allOf": [{"$ref": "#/properties/a"}]}`, `
    A "a" optional json
      unchecked "$ref \"#/properties/b\""
      unchecked "$ref \"#/properties/a\""
    B "b" optional json
      unchecked "$ref \"#/properties/a\""
      unchecked "$ref \"#/properties/b\""
`},
		{"the root in itself", `"a": {"$ref": "#"}`, `
    A "a" optional *XRoot
  struct XRoot
    A "a" optional *XRoot
`},
		{"a keyword beside the reference to itself", `"a": {"type": "object", "properties": {"b": {"$ref": "#/properties/a", "minProperties": 1}}}`, `
    A "a" optional *XA
  struct XA
    B "b" optional json
      unchecked "$ref \"#/properties/a\""
      unchecked "minProperties 1"
      unchecked "type \"object\""
      unchecked "properties {\"b\":{\"$ref\":\"#/properties/a\",\"minProperties\":1}}"
`},
		{"property of two schemas", `"a": {"allOf": [{"type": "object", "properties": {"b": {"type": "string"}}}, {"properties": {"b": {"type": "integer"}}}]}`, `
    A "a" optional json
      unchecked "type \"object\""
      unchecked "properties {\"b\":{\"type\":\"string\"}}"
      unchecked "properties {\"b\":{\"type\":\"integer\"}}"
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if d := cmp.Diff(test.want, "\n"+fields(t, test.properties)); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
}

// TestDoublingSchemas gives definitions that refer to the next one twice: what
// is made of them is bounded: each is one Go type, and few fold into one schema.
func TestDoublingSchemas(t *testing.T) {
	for _, test := range []struct{ name, step, last string }{
		{"properties", `{"type": "object", "properties": {"l": {"$ref": "#/$defs/D%[2]d", "minProperties": 1}, "r": {"$ref": "#/$defs/D%[2]d", "minProperties": 2}}}`, ""},
		{"layers", `{"type": "object", "allOf": [{"$ref": "#/$defs/D%[2]d"}, {"$ref": "#/$defs/D%[2]d"}]}`, "too many schemas apply"},
		{"branches", `{"anyOf": [{"anyOf": [{"$ref": "#/$defs/D%[2]d"}]}], "oneOf": [{"$ref": "#/$defs/D%[2]d"}]}`, "too many schemas apply"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var defs strings.Builder
			for i := range 40 {
				fmt.Fprintf(&defs, `"D%[1]d": `+test.step+", ", i, i+1)
			}
			doc := document(t, "acme/x", `{"type": "object", "properties": {"a": {"$ref": "#/$defs/D0"}}, "$defs": {`+
				defs.String()+`"D40": {"type": "string"}}}`)
			start := time.Now()
			pkg, diags := Build([]*schema.Document{doc}, Pins{}, Options{Package: "client"})
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
			if n := len(pkg.Models[0].Structs); n > 100 {
				t.Errorf("%d structs of 41 definitions", n)
			}
			if !strings.Contains(diagText(diags), test.last) {
				t.Errorf("no diagnostic says %q", test.last)
			}
		})
	}
}

// TestRootThatIsNoObject needs no properties to be planned.
func TestRootThatIsNoObject(t *testing.T) {
	for _, input := range []string{`{"type": "array", "items": {"type": "string"}}`, `{"type": "string"}`, `{"type": ["object", "string"], "properties": {"a": {}}}`} {
		pkg, diags := Build([]*schema.Document{document(t, "acme/x", input)}, Pins{}, Options{Package: "client"})
		if n := len(pkg.Models[0].Input.Fields); n != 0 || len(diags) != 1 || diags[0].Rule != "root-without-properties" {
			t.Errorf("%s has %d fields and\n%s", input, n, diagText(diags))
		}
	}
}
