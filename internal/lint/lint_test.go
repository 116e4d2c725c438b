package lint

import (
	"slices"
	"strings"
	"testing"

	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/schema"
	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/diag"
)

// lintCases trigger every rule. An input that is not a JSON object names the
// properties of one. Each want is RULE SUBJECT @ the text that the position
// points at.
var lintCases = []struct {
	name, input string
	more        []string
	want        []string
}{
	{name: "clean", input: `"prompt": {"type": "string", "title": "Prompt", "maxLength": 100, "default": ""},
		"n": {"type": "integer", "minimum": 1, "maximum": 4, "default": 1}, "e": {"type": "string", "enum": ["720p", "1080p"], "default": "720p"}`},
	{name: "root of another type", input: `{"type": "string"}`, want: []string{`root-without-properties @ {"type": "str`, `schema-unusable @ "string"`}},
	{name: "root without properties", input: `{"type": "object"}`, want: []string{`root-without-properties @ {"type": "object"}`}},
	{name: "float", input: `"f": {"type": "float"}`, want: []string{`type-nonstandard #f @ "float"`}},
	{name: "unknown type", input: `"f": {"type": "file"}`, want: []string{`type-unknown #f @ "file"`}},
	{name: "type of the wrong shape", input: `"f": {"type": 5}`, want: []string{`malformed-keyword #f @ 5`}},
	{name: "unknown keyword", input: `"f": {"type": "string", "x-order": 3}`, want: []string{`keyword-unknown #f @ "x-order"`}},
	{name: "pattern of names", input: `"o": {"type": "object", "patternProperties": {"(?!a)": {"type": "string"}}}`, want: []string{`keyword-unchecked #o @ "patternProp`, `pattern-not-re2 #o @ "(?!a)"`}},
	{name: "malformed dependency", input: `{"properties": {"a": {"type": "string"}}, "dependentRequired": {"a": "b"}}`, want: []string{`keyword-unchecked @ "dependentR`, `malformed-keyword @ "b"`}},
	{name: "keyword left to the server", input: `"o": {"type": "object", "properties": {"a": {"type": "string"}}, "minProperties": 1}`, want: []string{`keyword-unchecked #o @ "minProperties"`}},
	{name: "keyword without effect", input: `"s": {"type": "string", "maximum": 3}`, want: []string{`keyword-misplaced #s @ "maximum"`}},
	{name: "length of a nullable string", input: `"s": {"type": ["string", "null"], "maxLength": 3}`, want: []string{`nullable #s @ ["string", "null"]`}},
	{name: "malformed bound", input: `"n": {"type": "number", "minimum": "3"}`, want: []string{`malformed-keyword #n @ "3"`}},
	{name: "malformed count", input: `"s": {"type": "string", "maxLength": -1, "minLength": 1.5}, "t": {"type": "string", "maxLength": 1e30, "minLength": 2.0}`,
		want: []string{`malformed-keyword #s @ -1`, `malformed-keyword #s @ 1.5`}},
	{name: "required that is not a name", input: `{"required": ["a", 5], "properties": {"a": {"type": "string"}}}`, want: []string{`malformed-keyword @ 5]`}},
	{name: "bound beyond float64", input: `"n": {"type": "number", "minimum": 1e309, "maximum": 1e310}`, want: []string{`unsatisfiable #n @ 1e309`}},
	{name: "media bound beyond float64", input: `"i": {"type": "string", "validations": [{"validation_rule": "width_pixels>", "validation_value": 1e309}]}`,
		want: []string{`malformed-validation #i @ 1e309`}},
	{name: "malformed multipleOf", input: `"n": {"type": "number", "multipleOf": 0}`, want: []string{`malformed-keyword #n @ 0`}},
	{name: "property that is not a schema", input: `"n": 5`, want: []string{`malformed-keyword #n @ 5`}},
	{name: "unknown format", input: `"i": {"type": "string", "format": "image_uri_with_mask_image_ideogramv3"}`, want: []string{`format-unknown #i @ "image_uri_with`}},
	{name: "unknown metric", input: `"i": {"type": "string", "validations": [{"validation_rule": "frames<", "validation_value": 3}]}`, want: []string{`validation-unknown #i @ "frames<"`}},
	{name: "unknown operator", input: `"i": {"type": "string", "validations": [{"validation_rule": "width_pixels~", "validation_value": 3}]}`, want: []string{`validation-unknown #i @ "width_pixels~"`}},
	{name: "malformed rules", input: `"i": {"type": "string", "validations": {}}`, want: []string{`malformed-validation #i @ {}`}},
	{name: "malformed rule", input: `"i": {"type": "string", "validations": [{"validation_rule": "width_pixels>", "validation_value": "3"}]}`, want: []string{`malformed-validation #i @ {"validation_rule`}},
	{name: "demo defaults, told once", input: `"p": {"type": "string", "default": "A cat"}, "i": {"type": "string", "default": "https://x.test/a.png"}, "e": {"type": "string", "enum": ["a"], "default": "a"}`,
		want: []string{`default-demo #p @ "A cat"`}},
	{name: "bare file as default", input: `"i": {"type": "string", "default": "Input-1.PNG"}`, want: []string{`default-bare-file #i @ "Input-1.PNG"`}},
	{name: "default outside the enum", input: `"e": {"type": "string", "enum": ["a", "b"], "default": "c"}`, want: []string{`default-invalid #e @ "c"`}},
	{name: "default outside the bounds", input: `"n": {"type": "integer", "minimum": -1, "default": -2}`, want: []string{`default-invalid #n @ -2`}},
	{name: "default of the wrong type", input: `"n": {"type": "integer", "default": "5"}`, want: []string{`default-invalid #n @ "5"`}},
	{name: "default below", input: `"o": {"type": "object", "properties": {"n": {"type": "integer", "default": 1.5}}}`, want: []string{`default-invalid #o.n @ 1.5`}},
	{name: "default item", input: `"l": {"type": "array", "items": {"type": "integer"}, "default": [1, true]}`, want: []string{`default-invalid #l[1] @ true`}},
	{name: "default of a choice", input: `"c": {"anyOf": [{"type": "string", "enum": ["a", "b"]}, {"type": "null"}], "default": "c"}`,
		want: []string{`nullable #c @ {"type": "null"}`, `default-invalid #c @ "c"}`}},
	{name: "null default", input: `"n": {"type": "integer", "default": null}`},
	{name: "array without items", input: `"a": {"type": "array"}, "i": {"type": "array", "format": "image_uris"}`, want: []string{`array-without-items #a @ "array"`}},
	{name: "array that the catalog knows", input: `"a": {"type": "array"}`, more: []string{`"catalog": {"formats": {"a": "video_uris"}}`}},
	{name: "items without a type", input: `"a": {"type": "array", "items": {"title": "Item"}}`, want: []string{`items-without-type #a[] @ {"title"`}},
	{name: "duplicate members", input: `"e": {"type": "integer", "enum": [1, 2, 1.0]}`, want: []string{`enum-duplicate #e @ 1.0`}},
	{name: "members that are lists and objects", input: `"e": {"enum": [[1, "a"], {"x": 1, "y": 2}, [1.0, "b"], {"y": 2, "x": 1.0}, {"x": 1}]}`, want: []string{`enum-mixed-types #e @ [[1`, `enum-duplicate #e @ {"y": 2`}},
	{name: "mixed members", input: `"e": {"enum": ["a", 1, null]}`, want: []string{`enum-mixed-types #e @ ["a"`}},
	{name: "zero members", input: `"e": {"type": "string", "enum": ["", "a"]}, "i": {"type": "integer", "enum": [0, 1]}`, want: []string{`enum-zero-member #e @ ""`, `enum-zero-member #i @ 0, 1`}},
	{name: "member of another type", input: `"e": {"type": "string", "enum": ["5", 10]}`, want: []string{`enum-mixed-types #e @ ["5"`, `enum-type-mismatch #e @ 10`}},
	{name: "member null of a nullable enum", input: `"e": {"type": "string", "enum": ["5", null], "nullable": true}`, want: []string{`nullable #e @ true`}},
	{name: "empty enum", input: `"e": {"type": "string", "enum": []}`, want: []string{`enum-empty #e @ []`}},
	{name: "minimum above maximum", input: `"n": {"type": "number", "minimum": 3, "maximum": 2}`, want: []string{`unsatisfiable #n @ 3`}},
	{name: "no integer between", input: `"n": {"type": "integer", "exclusiveMinimum": 1, "maximum": 1.9}`, want: []string{`unsatisfiable #n @ 1`}},
	{name: "draft 4 bounds that meet", input: `"n": {"type": "number", "minimum": 3, "maximum": 3, "exclusiveMaximum": true}`, want: []string{`unsatisfiable #n @ 3`}},
	{name: "sharper exclusive bound", input: `"n": {"type": "number", "minimum": 1, "exclusiveMinimum": 5, "maximum": 5}`, want: []string{`unsatisfiable #n @ 5`}},
	{name: "bounds that meet", input: `"n": {"type": "integer", "minimum": 3, "maximum": 3}`},
	{name: "lengths and counts", input: `"s": {"type": "string", "minLength": 3, "maxLength": 2}, "a": {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 1}`,
		want: []string{`unsatisfiable #s @ 3`, `unsatisfiable #a @ 2`}},
	{name: "constant outside the enum", input: `"c": {"enum": ["a", "b"], "const": "c"}`, want: []string{`const-conflict #c @ "c"}`}},
	{name: "constant of another type", input: `"c": {"type": "integer", "const": "c"}`, want: []string{`const-conflict #c @ "c"}`}},
	{name: "pattern with a look-ahead", input: `"s": {"type": "string", "pattern": "^(?=a)"}`, want: []string{`pattern-not-re2 #s @ "^(?=a)"`}},
	{name: "beside a reference in draft 7", input: `{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"n": {"$ref": "#/definitions/a", "maximum": 3, "title": "N"}}, "definitions": {"a": {"type": "integer"}}}`, want: []string{`keyword-misplaced #n @ "maximum"`}},
	{name: "title alone", input: `"s": {"title": "S"}`, want: []string{`untyped-property #s @ {"title"`}},
	{name: "free-form object", input: `"o": {"type": "object"}`, want: []string{`free-form-object #o @ {"type": "object"}`}},
	{name: "open object", input: `"o": {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": {"type": "string"}}`, want: []string{`additional-properties #o @ {"type": "string"}}`}},
	{name: "closed object and map", input: `"o": {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false}, "m": {"type": "object", "additionalProperties": {"type": "string"}}`},
	{name: "below a map and an item by place", input: `"m": {"type": "object", "additionalProperties": {"type": "float"}}, "p": {"type": "array", "items": [{"type": "float"}]}`,
		want: []string{`type-nonstandard #m{} @ "float"`, `type-nonstandard #p[] @ "float"`}},
	{name: "keyword on an array", input: `"a": {"type": "array", "items": {"type": "string"}, "maxLength": 3}`, want: []string{`keyword-misplaced #a @ "maxLength"`}},
	{name: "anyOf of two", input: `"x": {"anyOf": [{"type": "string"}, {"type": "integer"}]}`, want: []string{`composition #x @ [{"type": "string"}`}},
	{name: "type of two", input: `"x": {"type": ["string", "integer"]}`, want: []string{`composition #x @ ["string"`}},
	{name: "simple forms", input: `"a": {"allOf": [{"type": "string"}, {"maxLength": 3}]}, "b": {"oneOf": [{"const": 1}, {"const": 2, "title": "Two"}]}`},
	{name: "anyOf with null", input: `"x": {"anyOf": [{"type": "string"}, {"type": "null"}]}`, want: []string{`nullable #x @ {"type": "null"}`}},
	{name: "reference to a file", input: `"x": {"$ref": "other.json#/a"}`, want: []string{`ref-external #x @ "other.json`}},
	{name: "reference to nothing", input: `"x": {"$ref": "#/$defs/none"}`, want: []string{`ref-unresolvable #x @ "#/$defs`}},
	{name: "reference to an anchor", input: `"x": {"$ref": "#none"}`, want: []string{`ref-unresolvable #x @ "#none`}},
	{name: "reference to itself", input: `{"properties": {"x": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}, {"type": "null"}]}}}`,
		want: []string{`ref-unresolvable #x @ "#/$defs/a"}, {"type"`, `nullable #$defs.a @ {"type": "null"}`}},
	{name: "recursive", input: `{"properties": {"x": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"type": "object", "properties": {"next": {"$ref": "#/$defs/a"}}}}}`,
		want: []string{`ref-recursive #$defs.a.next @ "#/$defs/a"}}}`}},
	{name: "beyond 2^53", input: `"i": {"type": "integer", "minimum": -9007199254740992, "maximum": 9007199254740993}`, want: []string{`integer-beyond-2-53 #i @ 9007199254740993`}},
	{name: "beyond int64", input: `"i": {"type": "integer", "maximum": 18446744073709551615}`, want: []string{`integer-beyond-int64 #i @ 18446744073709551615`}},
	{name: "boolean schema", input: `"b": true`, want: []string{`boolean-schema #b @ true`}},
	{name: "leaked key", input: `"s": {"type": "string", "description": "modelApiDoc_navInputSchema"}`, want: []string{`leaked-i18n-key #s @ "modelApiDoc`}},
	{name: "direction mark", input: `"s": {"type": "string", "title": "a\u202eb"}, "t": {"type": "string", "title": "\ufffd"}, "u": {"type": "string", "title": "line\nend \u200d"}`,
		want: []string{`control-characters #s @ "a`, `control-characters #t @ "\ufffd`}},
	{name: "html", input: `"s": {"type": "string", "description": "see <a href='x'>here</a>"}, "t": {"type": "string", "description": "use <image1> as @image1, 3 < 4"}`, want: []string{`html-in-text #s @ "see`}},
	{name: "html in the title of the page", input: `"s": {"type": "string"}`, more: []string{`"title": "A &amp; B"`}, want: []string{`html-in-text @ "A &amp;`}},
	{name: "required unknown", input: `{"required": ["image_urls", "images"], "properties": {"images": {"type": "array", "items": {"type": "string"}}}}`, want: []string{`required-unknown #image_urls @ "image_urls"`}},
	{name: "required twice", input: `{"required": ["a", "a"], "properties": {"a": {"type": "string"}}}`, want: []string{`required-repeated @ "a"], "prop`}},
	{name: "required in a branch", input: `{"properties": {"a": {"type": "string"}}, "anyOf": [{"required": ["a"]}]}`},
	{name: "names alike", input: `"promptImage": {"type": "string"}, "prompt_image": {"type": "string"}, "110_image": {"type": "string"}, "112_image": {"type": "string"}`, want: []string{`names-alike #prompt_image @ "prompt_image"`}},
	{name: "unsendable names", input: `"a,b": {"type": "string"}, "": {"type": "string"}, "ok-name.2 (x)": {"type": "string"}`, want: []string{`property-name #a,b @ "a,b"`, `property-name @ ""`}},
	{name: "flags", input: `"d": {"type": "string", "deprecated": true}, "r": {"type": "string", "readOnly": true}, "f": {"type": "string", "readOnly": false}`,
		want: []string{`deprecated #d @ true`, `read-only #r @ true}, "f`}},
	{name: "example that fits", input: `{"required": ["p"], "properties": {"p": {"type": "string"}}}`, more: []string{`"example": {"p": "x"}`}},
	{name: "example with holes", input: `{"required": ["p", "l", "q"], "properties": {"p": {"type": "string", "minLength": 1}, "l": {"type": "array", "items": {"type": "string"}}, "q": {"type": "integer"}}}`,
		more: []string{`"example": {"p": "", "l": []}`}, want: []string{`example-incomplete #q @ {"p": ""`, `example-incomplete #p @ ""`, `example-incomplete #l @ []}`}},
	{name: "example of another schema", input: `"n": {"type": "integer", "maximum": 4}`, more: []string{`"example": {"n": 5, "m": 1}`},
		want: []string{`example-mismatch #n @ 5, "m"`, `example-unknown-property #m @ "m"`}},
	{name: "example in words", input: `"n": {"type": "integer"}`, more: []string{`"example": "none"`}, want: []string{`example-mismatch @ "none"`}},
	{name: "shared output", input: `"s": {"type": "string"}`, more: []string{`"output": {"output": {"type": "object", "properties": {"image": {"type": "string"}, "videos": {"type": "array", "items": {"type": "string"}}}}}`}},
	{name: "output lists without items", input: `"s": {"type": "string"}`, more: []string{`"output": {"output": {"type": "object", "properties": {"images": {"type": "array"}}}}`},
		want: []string{`output-differs #->.images @ "images"`}},
	{name: "output of its own", input: `"s": {"type": "string"}`, more: []string{`"output": {"output": {"type": "object", "properties": {"image": {"type": "object"}, "text": {"type": "string"}}}}`},
		want: []string{`output-differs #->.image @ "image"`, `output-differs #->.text @ "text"`}},
	{name: "output in words", input: `"s": {"type": "string"}`, more: []string{`"output": "a text"`}, want: []string{`output-differs #-> @ "a text"`}},
}

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

func TestLint(t *testing.T) {
	triggered := map[string]bool{}
	for _, tt := range lintCases {
		t.Run(tt.name, func(t *testing.T) {
			input := tt.input
			if input[0] != '{' {
				input = `{"type": "object", "properties": {` + input + `}}`
			}
			d := document(t, input, tt.more...)
			var got []string
			for _, f := range Document(d) {
				triggered[f.Rule] = true
				if want := diag.RuleNamed(f.Rule); f.Severity != want.Severity || f.Hint != want.Hint || f.Message == "" {
					t.Errorf("severity, hint or message of %v", f)
				}
				got = append(got, strings.TrimSpace(f.Rule+" "+strings.TrimPrefix(f.Subject, d.ModelID))+" @ "+at(d, f.Pos.Line, f.Pos.Col))
			}
			// Positions hold for the text that was asked for.
			for i, want := range tt.want {
				if i < len(got) && strings.HasPrefix(got[i], want) {
					got[i] = want
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	for _, r := range diag.Rules() {
		ofPlanning := slices.Contains([]string{"raw-json", "property-forbidden", "enum-excluded", "validation-unchecked"}, r.Name)
		if r.Group == diag.Schemas && !triggered[r.Name] && !ofPlanning {
			t.Errorf("no case triggers the rule %s", r.Name)
		}
	}
}

// TestLintOfADocumentThatWasNotRead: what was scraped and not yet written.
func TestLintOfADocumentThatWasNotRead(t *testing.T) {
	d := &schema.Document{ModelID: "a/b", Input: jsontree.NewObject(jsontree.Member{Name: "type", Value: jsontree.NewString("string")})}
	if got := Document(d); len(got) != 2 || got[1].Rule != "schema-unusable" {
		t.Errorf("Lint: %v", got)
	}
}

// at returns the text of the document from a place on.
func at(d *schema.Document, line, col int) string {
	text := strings.Split(string(d.Source()), "\n")[line-1:]
	return string([]rune(strings.Join(text, "\n"))[col-1:])
}
