package dialect

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/jsontree"
)

func parse(t testing.TB, text string) *jsontree.Value {
	t.Helper()
	v, err := jsontree.Parse([]byte(text), jsontree.Foreign)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// TestTranslate: every form that draft 2020-12 has otherwise, in the source's order and
// with its annotations. Each problem is RULE PATH @ the text at its offset.
func TestTranslate(t *testing.T) {
	for _, tt := range []struct {
		name, schema, want string
		problems           []string
	}{
		{name: "order, annotations and spelling stay", schema: `{"title": "T", "required": ["b", "a"], "type": "object", "properties": {"b": {"default": 1.0, "maximum": 1e2, "description": "D", "deprecated": true, "x-y": [1], "format": "image_uri"}, "a": true}, "$comment": "c"}`,
			want: `{"title":"T","required":["b","a"],"type":"object","properties":{"b":{"default":1.0,"maximum":1e2,"description":"D","deprecated":true,"x-y":[1],"format":"image_uri"},"a":true},"$comment":"c"}`},
		{name: "float and nullable", schema: `{"properties": {"f": {"type": "float"}, "n": {"nullable": true, "type": "string", "enum": ["a"]}, "u": {"nullable": true}, "l": {"type": ["float", "number", "null"]}}}`,
			want: `{"properties":{"f":{"type":"number"},"n":{"type":["string","null"],"enum":["a"]},"u":{},"l":{"type":["number","null"]}}}`},
		{name: "bounds of draft 4", schema: `{"properties": {"a": {"minimum": 1, "exclusiveMinimum": true, "maximum": 2, "exclusiveMaximum": false}, "b": {"exclusiveMaximum": true}}}`,
			want: `{"properties":{"a":{"exclusiveMinimum":1,"maximum":2},"b":{}}}`},
		{name: "items by place", schema: `{"properties": {"a": {"items": [{"type": "string"}, false], "additionalItems": {"type": "float"}}, "b": {"items": [], "additionalItems": false}, "c": {"additionalItems": false}}}`,
			want: `{"properties":{"a":{"prefixItems":[{"type":"string"},false],"items":{"type":"number"}},"b":{"items":false},"c":{}}}`},
		{name: "dependencies", schema: `{"dependencies": {"a": ["b"], "c": {"required": ["d"]}, "e": true}, "dependentRequired": {"f": ["g"]}}`,
			want: `{"dependentRequired":{"a":["b"],"f":["g"]},"dependentSchemas":{"c":{"required":["d"]},"e":true}}`},
		{name: "examples", schema: `{"properties": {"a": {"example": 1}, "b": {"examples": [1, 2], "example": 3}, "c": {"example": 3, "examples": [1]}, "d": {"examples": {"x": 1}}}}`,
			want: `{"properties":{"a":{"examples":[1]},"b":{"examples":[3,1,2]},"c":{"examples":[3,1]},"d":{}}}`},
		{name: "references go to $defs under their names", schema: `{"definitions": {"a b/c": {"type": "float"}, "unused": {}}, "properties": {"x": {"$ref": "#/definitions/a%20b~1c", "description": "mine"}, "y": {"$ref": "#/properties/x"}, "z": {"$ref": "#"}, "w": {"$ref": "#/definitions/a%20b~1c"}}}`,
			want: `{"properties":{"x":{"$ref":"#/$defs/a%20b~1c","description":"mine"},"y":{"$ref":"#/$defs/x"},"z":{"$ref":"#"},"w":{"$ref":"#/$defs/a%20b~1c"}},"$defs":{"a b/c":{"type":"number"},"x":{"$ref":"#/$defs/a%20b~1c","description":"mine"}}}`},
		{name: "two definitions of one name", schema: `{"$defs": {"a": {"minimum": 1}, "b": {"$defs": {"a": {"minimum": 2}}}}, "properties": {"x": {"$ref": "#/$defs/a"}, "y": {"$ref": "#/$defs/b/$defs/a"}}}`,
			want: `{"properties":{"x":{"$ref":"#/$defs/a"},"y":{"$ref":"#/$defs/a_2"}},"$defs":{"a":{"minimum":1},"a_2":{"minimum":2}}}`},
		{name: "recursive", schema: `{"$defs": {"n": {"properties": {"next": {"$ref": "#/$defs/n"}}}}, "properties": {"x": {"$ref": "#/$defs/n"}}}`,
			want: `{"properties":{"x":{"$ref":"#/$defs/n"}},"$defs":{"n":{"properties":{"next":{"$ref":"#/$defs/n"}}}}}`},
		{name: "references that lead nowhere or back", schema: `{"$defs": {"l": {"allOf": [{"$ref": "#/$defs/l"}]}}, "properties": {"x": {"$ref": "#/$defs/l"}, "y": {"$ref": "other.json"}, "z": {"$ref": "#/$defs/no"}}}`,
			want:     `{"properties":{"x":{"$ref":"#/$defs/l"},"y":{},"z":{}},"$defs":{"l":{"allOf":[{}]}}}`,
			problems: []string{`ref-unresolvable x @ "#/$defs/l"}]`, `ref-external y @ "other.json`, `ref-unresolvable z @ "#/$defs/no`}},
		{name: "a loop that the search meets from within", schema: `{"properties": {"x": {"$ref": "#/$defs/u/anyOf/0"}}, "$defs": {"u": {"anyOf": [{"allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}]}]}, "a": {"$ref": "#/$defs/u"}, "b": {"not": {"$ref": "#/$defs/u"}}}}`,
			want:     `{"properties":{"x":{"$ref":"#/$defs/0"}},"$defs":{"0":{"allOf":[{},{}]}}}`,
			problems: []string{`ref-unresolvable x @ "#/$defs/a"`, `ref-unresolvable x @ "#/$defs/b"`}},
		{name: "what is malformed or not known is left out", schema: `{"properties": {"a": {"type": 5, "minimum": "3", "order": 1, "maxLength": 1}, "b": 5}, "required": ["a", 7]}`,
			want:     `{"properties":{"a":{"maxLength":1},"b":{}},"required":["a"]}`,
			problems: []string{`malformed-keyword a @ 5, "mini`, `malformed-keyword a @ "3"`, `malformed-keyword b @ 5}, "req`, `malformed-keyword  @ 7]`}},
		{name: "unknown types", schema: `{"properties": {"a": {"type": ["string", "file"]}, "b": {"type": "file"}}}`,
			want: `{"properties":{"a":{"type":"string"},"b":{}}}`, problems: []string{`type-unknown a @ ["string"`, `type-unknown b @ "file"}}}`}},
		{name: "a pattern that is not RE2 stays", schema: `{"properties": {"a": {"pattern": "(?=x)"}}, "patternProperties": {"(?!y)": {"type": "float"}}}`,
			want:     `{"properties":{"a":{"pattern":"(?=x)"}},"patternProperties":{"(?!y)":{"type":"number"}}}`,
			problems: []string{`pattern-not-re2 a @ "(?=x)"`, `pattern-not-re2  @ "(?!y)"`}},
		{name: "media rules stay", schema: `{"properties": {"a": {"validations": [{"validation_rule": "width_pixels>", "validation_value": 300}]}}}`,
			want: `{"properties":{"a":{"validations":[{"validation_rule":"width_pixels>","validation_value":300}]}}}`},
		{name: "addresses are left out", schema: `{"$schema": "http://json-schema.org/draft-04/schema#", "id": "x", "$id": "y", "$anchor": "z", "type": "object"}`,
			want: `{"type":"object"}`},
		{name: "a root of another type", schema: `{"type": "string"}`, problems: []string{`schema-unusable  @ "string"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			source := parse(t, tt.schema)
			before := source.Compact()
			got, problems := Translate(source)
			if text := compact(got); text != tt.want {
				t.Errorf("%s\nwant %s", text, tt.want)
			}
			var found []string
			for i, p := range problems {
				text := tt.schema[p.Offset:]
				if i < len(tt.problems) {
					_, want, _ := strings.Cut(tt.problems[i], " @ ")
					text = text[:min(len(text), len(want))]
				}
				found = append(found, fmt.Sprintf("%s %s @ %s", p.Rule, p.Path, text))
				if p.Message == "" {
					t.Errorf("%s without a message", p.Rule)
				}
			}
			if d := cmp.Diff(tt.problems, found); d != "" {
				t.Errorf("problems (-want +got):\n%s", d)
			}
			if source.Compact() != before {
				t.Error("the source was written to")
			}
			if got == nil {
				return
			}
			again, _ := Translate(got)
			if d := cmp.Diff(compact(got), compact(again)); d != "" {
				t.Errorf("a second translation differs:\n%s", d)
			}
		})
	}
}

func compact(v *jsontree.Value) string {
	if v == nil {
		return ""
	}
	return v.Compact()
}

func TestTranslateBoundsItsWork(t *testing.T) {
	closed := `{"additionalProperties": false},`
	for _, branches := range []string{strings.Repeat(`{"type": "string"},`, MaxSchemas), strings.Repeat(`true,`, MaxSchemas),
		strings.Repeat(closed, MaxSchemas/2), strings.Repeat(`5,`, MaxSchemas)} {
		got, problems := Translate(parse(t, `{"properties": {"a": {"anyOf": [`+branches+`{}]}}}`))
		if got != nil || len(problems) != 1 || problems[0].Rule != "schema-unusable" {
			t.Errorf("%.30s...: got %v, %v", branches, got, problems)
		}
	}
}
