package dialect

import (
	"slices"

	"github.com/genclient/genclient/internal/jsontree"
)

// types are the type names of JSON Schema and the site's own float, with the
// JSON Schema type that each stands for.
var types = map[string]string{"string": "string", "integer": "integer", "number": "number", "float": "number",
	"boolean": "boolean", "array": "array", "object": "object", "null": "null"}

// StandardTypes returns the JSON Schema types that a type keyword names, each once,
// float as number. Names that are not known are left out.
func StandardTypes(v *jsontree.Value) []string {
	var out []string
	for _, name := range TypeNames(v) {
		if standard := types[name]; standard != "" && !slices.Contains(out, standard) {
			out = append(out, standard)
		}
	}
	return out
}

// TypeNames returns the names in a type keyword, which is a string or a list.
func TypeNames(v *jsontree.Value) []string {
	if v.Is(jsontree.String) {
		return []string{v.Text}
	}
	return v.Strings()
}

// StandardType returns the JSON Schema type that a type name stands for, or "".
func StandardType(name string) string { return types[name] }
