package dialect

import "github.com/genclient/genclient/internal/jsontree"

// A Child is a schema inside of a schema.
type Child struct {
	Keyword string // that holds it
	Name    string // of the member, in an object of schemas
	Path    string // where its instances stand
	Schema  *jsontree.Value
}

// Children returns the schemas that stand in v itself, in the order of the source; a
// malformed keyword has none. path is where the instances of v stand: an item's path
// ends in [], a value's of a map in {}, and what is kept below $defs has a path of its
// own, for example $defs.Lora.
func Children(v *jsontree.Value, path string) []Child {
	if v == nil {
		return nil
	}
	var out []Child
	for _, m := range v.Members {
		kw, known := keywords[m.Name]
		if !known || kw.Form.wanted(m.Value) != "" {
			continue
		}
		at := childPath(m.Name, path)
		switch kw.Form {
		case FormSchema, FormItems:
			if m.Value.Kind != jsontree.Array {
				out = append(out, Child{m.Name, "", at, m.Value})
			}
			for _, e := range m.Value.Elems {
				out = append(out, Child{m.Name, "", at, e})
			}
		case FormSchemas:
			for _, e := range m.Value.Elems {
				out = append(out, Child{m.Name, "", at, e})
			}
		case FormSchemaMap, FormNameLists:
			for _, p := range m.Value.Members {
				if kw.Form == FormNameLists && !isSchema(p.Value) {
					continue
				}
				named := at
				switch m.Name {
				case "properties":
					named = JoinPath(path, p.Name)
				case "$defs", "definitions":
					named = JoinPath(m.Name, p.Name)
				}
				out = append(out, Child{m.Name, p.Name, named, p.Value})
			}
		}
	}
	return out
}

// childPath returns where the instances of a keyword's schemas stand, for a schema at
// path.
func childPath(keyword, path string) string {
	switch keyword {
	case "items", "prefixItems", "additionalItems", "contains", "unevaluatedItems":
		return path + "[]"
	case "additionalProperties", "patternProperties", "unevaluatedProperties":
		return path + "{}"
	}
	return path
}

func isSchema(v *jsontree.Value) bool { return v.Is(jsontree.Object) || v.Is(jsontree.Bool) }
