package dialect

import (
	"fmt"
	"testing"

	"github.com/genclient/genclient/internal/jsontree"
)

// TestReferences: what a reference names, by the title of that schema, or the rule of the
// problem. The reference is the one of the property x, or below it the first.
func TestReferences(t *testing.T) {
	const draft7 = `"$schema": "http://json-schema.org/draft-07/schema#", `
	for _, tt := range []struct{ name, schema, want string }{
		{"a pointer", `{"properties": {"x": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"title": "A"}}}`, "A"},
		{"the document", `{"title": "R", "properties": {"x": {"$ref": "#"}}}`, "R"},
		{"a name with escapes", `{"properties": {"x": {"$ref": "#/$defs/My%20Size~1~0x"}}, "$defs": {"My Size/~x": {"title": "A"}}}`, "A"},
		{"a name in percent-encoded UTF-8", `{"properties": {"x": {"$ref": "#/$defs/%E5%B0%BA"}}, "$defs": {"尺": {"title": "A"}}}`, "A"},
		{"a name that is not encoded", `{"properties": {"x": {"$ref": "#/$defs/尺 寸"}}, "$defs": {"尺 寸": {"title": "A"}}}`, "A"},
		{"a place in a list", `{"properties": {"x": {"$ref": "#/$defs/l/anyOf/1"}}, "$defs": {"l": {"anyOf": [{}, {"title": "A"}]}}}`, "A"},
		{"a place with a zero in front", `{"properties": {"x": {"$ref": "#/$defs/l/anyOf/01"}}, "$defs": {"l": {"anyOf": [{}, {"title": "A"}]}}}`, "ref-unresolvable"},
		{"nothing", `{"title": "R", "properties": {"x": {"$ref": ""}}}`, "R"}, // RFC 3986, section 4.4
		{"a number", `{"properties": {"x": {"$ref": 5}}}`, "ref-unresolvable"},
		{"what is not a schema", `{"properties": {"x": {"$ref": "#/title"}}, "title": "R"}`, "ref-unresolvable"},
		{"a file", `{"properties": {"x": {"$ref": "a.json"}}}`, "ref-external"},
		{"not an address", `{"properties": {"x": {"$ref": "http://[::1"}}}`, "ref-unresolvable"},

		{"an anchor", `{"properties": {"x": {"$ref": "#a"}}, "$defs": {"b": {"$anchor": "a", "title": "A"}}}`, "A"},
		{"a dynamic anchor", `{"properties": {"x": {"$ref": "#a"}}, "$defs": {"b": {"$dynamicAnchor": "a", "title": "A"}}}`, "A"},
		{"an anchor of two", `{"properties": {"x": {"$ref": "#a"}}, "$defs": {"b": {"$anchor": "a"}, "c": {"$anchor": "a"}}}`, "ref-unresolvable"},
		{"an anchor in a constant", `{"properties": {"x": {"$ref": "#a"}}, "$defs": {"b": {"const": {"$anchor": "a"}}}}`, "ref-unresolvable"},
		{"an anchor of draft 7", `{` + draft7 + `"properties": {"x": {"$ref": "#a"}}, "definitions": {"b": {"$anchor": "a"}}}`, "ref-unresolvable"},
		{"an id that is an anchor", `{` + draft7 + `"properties": {"x": {"$ref": "#a"}}, "definitions": {"b": {"$id": "#a", "title": "A"}}}`, "A"},
		{"an id that was an anchor", `{"properties": {"x": {"$ref": "#a"}}, "definitions": {"b": {"$id": "#a", "title": "A"}}}`, "ref-unresolvable"},
		{"an anchor of another schema", `{"properties": {"x": {"$ref": "#a"}}, "$defs": {"b": {"$id": "b.json", "$defs": {"c": {"$anchor": "a"}}}}}`, "ref-unresolvable"},
		{"an anchor by address", `{"properties": {"x": {"$ref": "b.json#a"}}, "$defs": {"b": {"$id": "b.json", "$defs": {"c": {"$anchor": "a", "title": "A"}}}}}`, "A"},

		{"the document's own address", `{"$id": "https://x.test/r/s.json", "title": "R", "properties": {"x": {"$ref": "https://x.test/r/s.json#"}}}`, "R"},
		{"that, relative", `{"$id": "https://x.test/r/s.json", "properties": {"x": {"$ref": "s.json#/$defs/a"}}, "$defs": {"a": {"title": "A"}}}`, "A"},
		{"that, with a host in capitals", `{"$id": "https://x.test/r", "title": "R", "properties": {"x": {"$ref": "HTTPS://X.test/r"}}}`, "R"},
		{"a relative address of the document", `{"$id": "s.json", "title": "R", "properties": {"x": {"$ref": "s.json"}}}`, "R"},
		{"a urn", `{"$id": "urn:uuid:1", "properties": {"x": {"$ref": "urn:uuid:1#/$defs/a"}}, "$defs": {"a": {"title": "A"}}}`, "A"},
		{"another document beside it", `{"$id": "https://x.test/r/s.json", "properties": {"x": {"$ref": "t.json"}}}`, "ref-external"},
		{"an address inside", `{"$id": "https://x.test/r/s.json", "properties": {"x": {"$ref": "/t"}}, "$defs": {"a": {"$id": "../t", "title": "A"}}}`, "A"},
		{"an id is a new base", `{"title": "R", "properties": {"x": {"$id": "b.json", "title": "X", "items": {"$ref": "#"}}}}`, "X"},
		{"a pointer from there", `{"$defs": {"a": {"title": "R"}}, "properties": {"x": {"$id": "b.json", "$defs": {"a": {"title": "X"}}, "items": {"$ref": "#/$defs/a"}}}}`, "X"},
		{"no pointer to outside", `{"$defs": {"a": {"title": "R"}}, "properties": {"x": {"$id": "b.json", "items": {"$ref": "#/$defs/a"}}}}`, "ref-unresolvable"},
		{"an id beside the reference", `{"$id": "https://x.test/a/", "properties": {"x": {"$id": "b/", "$ref": "c"}}, "$defs": {"c": {"$id": "b/c", "title": "B"}, "d": {"$id": "c", "title": "A"}}}`, "B"},
		{"an id beside the reference in draft 7", `{` + draft7 + `"$id": "https://x.test/a/", "properties": {"x": {"$id": "b/", "$ref": "c"}}, "definitions": {"c": {"$id": "b/c", "title": "B"}, "d": {"$id": "c", "title": "A"}}}`, "A"},
		{"an address of two", `{"properties": {"x": {"$ref": "b.json"}}, "$defs": {"b": {"$id": "b.json"}, "c": {"$id": "./b.json"}}}`, "ref-unresolvable"},
		{"an id in an enum", `{"properties": {"x": {"$ref": "b.json"}}, "$defs": {"b": {"enum": [{"$id": "b.json"}]}}}`, "ref-external"},
		{"a property of the name", `{"properties": {"x": {"$ref": "b.json"}, "$id": {"title": "A"}}}`, "ref-external"},
		{"an id that is not an address", `{"$defs": {"a": {"title": "R"}}, "properties": {"x": {"$id": "http://[::1", "$defs": {"a": {"title": "X"}}, "items": {"$ref": "#/$defs/a"}}}}`, "X"},
		{"draft 4", `{"$schema": "http://json-schema.org/draft-04/schema#", "properties": {"x": {"$ref": "b.json"}}, "definitions": {"b": {"id": "b.json", "title": "A"}}}`, "A"},
		{"no address after draft 4", `{"properties": {"x": {"$ref": "b.json"}}, "definitions": {"b": {"id": "b.json", "title": "A"}}}`, "ref-external"},
	} {
		root := parse(t, tt.schema)
		refs := ReadReferences(root)
		x := root.Get("properties").Get("x")
		if x.Get("items") != nil {
			x = x.Get("items")
		}
		target, problem := refs.Resolve(x.Get("$ref"))
		got := target.Get("title").Str()
		if problem != nil {
			got = problem.Rule
		}
		if got != tt.want || (target == nil) != (problem != nil) {
			t.Errorf("%s: got %q, want %q (%v)", tt.name, got, tt.want, problem)
		}
	}
}

// TestEffective: what applies beside a reference, by the draft that is declared where.
func TestEffective(t *testing.T) {
	const x = `"properties": {"x": {"$ref": "#/$defs/a", "title": "X", "maximum": 1, "nullable": true}}`
	for schema, want := range map[string]string{
		`{` + x + `}`: `{"$ref":"#/$defs/a","title":"X","maximum":1,"nullable":true}`,
		`{"$schema": "https://json-schema.org/draft/2020-12/schema", ` + x + `}`:                                `{"$ref":"#/$defs/a","title":"X","maximum":1,"nullable":true}`,
		`{"$schema": "https://x.test/mine", ` + x + `}`:                                                         `{"$ref":"#/$defs/a","title":"X","maximum":1,"nullable":true}`,
		`{"$schema": "http://json-schema.org/draft-07/schema#", ` + x + `}`:                                     `{"$ref":"#/$defs/a","title":"X"}`,
		`{"$schema": "https://json-schema.org/draft-06/schema", ` + x + `}`:                                     `{"$ref":"#/$defs/a","title":"X"}`,
		`{"$schema": "http://json-schema.org/draft-04/schema#", ` + x + `}`:                                     `{"$ref":"#/$defs/a","title":"X"}`,
		`{"$schema": "http://json-schema.org/draft-07/schema", "properties": {"x": {"$ref": "#", "$id": "a"}}}`: `{"$ref":"#","$id":"a"}`,
	} {
		root := parse(t, schema)
		refs := ReadReferences(root)
		v := root.Get("properties").Get("x")
		if got := refs.Effective(v); got.Compact() != want || got != refs.Effective(v) {
			t.Errorf("%s: got %s", schema, got.Compact())
		}
	}
}

func TestReferenceName(t *testing.T) {
	for ref, want := range map[string]string{
		"#": "", "": "", "#/$defs/Size": "Size", "#/$defs/My%20Size~1x": "My Size/x", "#/$defs/%E5%B0%BA": "尺", "#sz": "sz",
		"https://x.test/a/b.json": "b.json", "b.json#/$defs/a": "a", "#/$defs/50%": "50%", "#/a%2Fb": "b",
	} {
		if got := ReferenceName(ref); got != want {
			t.Errorf("%s: got %q, want %q", ref, got, want)
		}
	}
}

// BenchmarkReferences resolves every reference of schemas of two sizes: the cost of one
// does not grow with the schema.
func BenchmarkReferences(b *testing.B) {
	for _, n := range []int{100, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			props, defs := jsontree.NewObject(), jsontree.NewObject()
			for i := range n {
				name := fmt.Sprint("p", i)
				props.Members = append(props.Members, jsontree.Member{Name: name, Value: jsontree.NewObject(
					jsontree.Member{Name: "$ref", Value: jsontree.NewString("#" + name)})})
				defs.Members = append(defs.Members, jsontree.Member{Name: name, Value: jsontree.NewObject(
					jsontree.Member{Name: "$anchor", Value: jsontree.NewString(name)})})
			}
			root := jsontree.NewObject(jsontree.Member{Name: "properties", Value: props}, jsontree.Member{Name: "$defs", Value: defs})
			for b.Loop() {
				refs := ReadReferences(root)
				for _, m := range props.Members {
					refs.Resolve(m.Value.Get("$ref"))
				}
			}
		})
	}
}
