package emit_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/genclient/genclient/internal/schema"
)

// sampleSchemas is how many models with random schemas the oracle gets.
const sampleSchemas = 12

// randomDocuments returns documents with schemas that nobody wrote: keywords in
// combinations that no page has yet.
func randomDocuments(t testing.TB) []*schema.Document {
	t.Helper()
	var docs []*schema.Document
	for i := range sampleSchemas {
		w := schemaWriter{rand.New(rand.NewPCG(uint64(i), 7))}
		var properties, required []string
		for k := range 4 + w.rnd.IntN(5) {
			name := fmt.Sprintf("p%d", k)
			properties = append(properties, quote(name)+": "+w.schema(0))
			if w.rnd.IntN(3) == 0 {
				required = append(required, quote(name))
			}
		}
		text := fmt.Sprintf(`{"model_id": "oracle-random-%d/model", "input": {"type": "object", "required": [%s], "properties": {%s}, "$defs": {"d": %s}}}`,
			i, strings.Join(required, ", "), strings.Join(properties, ", "), w.object(2))
		doc, diags := schema.Read("random.json", []byte(text))
		if diags.HasErrors() {
			t.Fatal(diags, text)
		}
		docs = append(docs, doc)
	}
	return docs
}

// schemaWriter writes random schemas.
type schemaWriter struct{ rnd *rand.Rand }

func (w schemaWriter) one(of ...string) string { return of[w.rnd.IntN(len(of))] }

// join writes an object of the keywords that chance keeps, two of three.
func (w schemaWriter) join(typ string, keywords ...string) string {
	kept := []string{typ}
	for _, k := range keywords {
		if w.rnd.IntN(3) > 0 {
			kept = append(kept, k)
		}
	}
	return "{" + strings.Join(kept, ", ") + "}"
}

// typed writes a type keyword, now and then with null in one of its forms.
func (w schemaWriter) typed(name string) string {
	switch w.rnd.IntN(8) {
	case 0:
		return `"type": ["` + name + `", "null"]`
	case 1:
		return `"nullable": true, "type": "` + name + `"`
	}
	return `"type": "` + name + `"`
}

func (w schemaWriter) schema(depth int) string {
	switch n := w.rnd.IntN(16); {
	case n < 3:
		return w.join(w.typed("string"), fmt.Sprintf(`"minLength": %d`, w.rnd.IntN(3)), fmt.Sprintf(`"maxLength": %d`, w.rnd.IntN(6)),
			`"pattern": `+w.one(`"^a"`, `"[0-9]+"`, `"(?i)B"`, `"^(?!x)"`))
	case n < 5:
		return w.join(w.typed("integer"), w.bound("minimum", "exclusiveMinimum", -3), w.bound("maximum", "exclusiveMaximum", 5),
			`"multipleOf": `+w.one("1", "2", "0.5", "1.5", "3e0"))
	case n < 7:
		return w.join(w.typed(w.one("number", "float")), w.bound("minimum", "exclusiveMinimum", -3), w.bound("maximum", "exclusiveMaximum", 5),
			`"multipleOf": `+w.one("0.1", "0.01", "2.5", "1", "3"))
	case n < 8:
		return "{" + w.typed("boolean") + "}"
	case n < 10:
		return `{"enum": ` + w.one(`["a", "b"]`, `["", "a"]`, `[1, 2, 3.0]`, `[0, -1]`, `[0.5, 1]`, `["a", 1, true]`, `["a", null]`, `[null, 2]`, `[true]`, `[[1], "a"]`) + `}`
	case n < 11:
		return w.one(`{"const": "a"}`, `{"const": 0}`, `{"const": 1.5}`, `{"oneOf": [{"const": 1}, {"const": 2}]}`, `{"anyOf": [{"const": "x"}, {"type": "null"}]}`,
			`{}`, `true`, `{"title": "T"}`, `{"type": ["string", "number"]}`, `{"$ref": "#/$defs/d"}`, `{"anyOf": [{"$ref": "#/$defs/d"}, {"type": "null"}]}`)
	case n < 14 && depth < 3:
		return w.join(w.typed("array"), `"items": `+w.schema(depth+1), fmt.Sprintf(`"minItems": %d`, w.rnd.IntN(3)),
			fmt.Sprintf(`"maxItems": %d`, 1+w.rnd.IntN(3)), `"uniqueItems": true`)
	case n < 15 && depth < 3:
		return w.join(w.typed("object"), `"additionalProperties": `+w.schema(depth+1), `"minProperties": 1`)
	case depth < 3:
		return w.object(depth)
	}
	return w.join(w.typed("string"))
}

// bound writes one end of a range in one of its forms.
func (w schemaWriter) bound(keyword, exclusive string, around int) string {
	number := fmt.Sprintf("%d", around+w.rnd.IntN(4))
	if w.rnd.IntN(2) == 0 {
		number += w.one(".5", ".0", ".25", "e0")
	}
	switch w.rnd.IntN(4) {
	case 0:
		return quote(exclusive) + ": " + number
	case 1:
		return quote(keyword) + ": " + number + ", " + quote(exclusive) + ": " + w.one("true", "false")
	}
	return quote(keyword) + ": " + number
}

func (w schemaWriter) object(depth int) string {
	return w.join(w.typed("object"), `"properties": {"x": `+w.schema(depth+1)+`, "y": `+w.schema(depth+1)+`, "z": `+w.schema(depth+1)+`}`,
		`"required": [`+w.one(`"x"`, `"y", "z"`, ``)+`]`, `"additionalProperties": `+w.one("false", "true", `{"type": "string"}`))
}
