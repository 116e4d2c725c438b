package plan

import (
	"testing"

	"github.com/genclient/genclient/internal/dialect"
	"github.com/genclient/genclient/internal/jsontree"
)

// TestNullAmongAlternatives: null is a value where every schema that applies allows it
// (draft 2020-12, sections 6.1.1 and 10.2.1), also beside an alternative of null.
func TestNullAmongAlternatives(t *testing.T) {
	const orNull = `"anyOf": [{"maxLength": 3}, {"type": "null"}]`
	for schema, want := range map[string]bool{
		`{"anyOf": [{"type": "string"}, {"type": "null"}]}`:                                            true,
		`{"oneOf": [{"type": "string"}, {"const": null}]}`:                                             true,
		`{"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}]}`:                             true,
		`{"anyOf": [{"$ref": "#/$defs/s"}, {"enum": [null]}], "$defs": {"s": {"type": "string"}}}`:     true,
		`{"type": ["string", "null"], ` + orNull + `}`:                                                 true,
		`{"type": "string", "nullable": true, ` + orNull + `}`:                                         true,
		`{"type": "string", ` + orNull + `}`:                                                           false,
		`{"type": "string", "oneOf": [{"maxLength": 3}, {"const": null}]}`:                             false,
		`{"type": "integer", "anyOf": [{"minimum": 3}, {"enum": [null]}]}`:                             false,
		`{"type": "array", "items": {"type": "string"}, "anyOf": [{"minItems": 1}, {"type": "null"}]}`: false,
		`{"enum": ["a", "b"], "anyOf": [{"type": "string"}, {"type": "null"}]}`:                        false,
		`{"allOf": [{"type": "string"}, {` + orNull + `}]}`:                                            false,
		`{"allOf": [{"$ref": "#/$defs/s"}], ` + orNull + `, "$defs": {"s": {"type": "string"}}}`:       false,
		`{"oneOf": [{"type": "null"}, {"type": "null"}, {"type": "string"}]}`:                          false,
	} {
		v, err := jsontree.Parse([]byte(schema), jsontree.Foreign)
		if err != nil {
			t.Fatal(err)
		}
		n := resolver{dialect.ReadReferences(v)}.node(v)
		if n.nullable != want || n.raw != "" {
			t.Errorf("%s: nullable %t, raw %q", schema, n.nullable, n.raw)
		}
	}
}
