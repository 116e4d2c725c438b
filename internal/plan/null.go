package plan

import (
	"slices"

	"github.com/genclient/genclient/internal/dialect"
	"github.com/genclient/genclient/internal/jsontree"
)

// admitsNull reports whether null satisfies the type, the members and the alternatives of
// the schema v: null as an alternative is none where the type beside it excludes it. known
// are the answers so far; a schema that leads to itself asks nothing more.
func (r resolver) admitsNull(v *jsontree.Value, known map[*jsontree.Value]bool) bool {
	v = r.refs.Effective(v)
	if v.Is(jsontree.Bool) {
		return v.True()
	}
	if answer, ok := known[v]; ok {
		return answer
	}
	known[v] = true
	known[v] = typeAdmitsNull(v) && r.alternativesAdmitNull(v, known)
	return known[v]
}

// typeAdmitsNull asks the keywords of the schema v itself.
func typeAdmitsNull(v *jsontree.Value) bool {
	types := dialect.TypeNames(v.Get("type"))
	if len(types) > 0 && !slices.Contains(types, "null") && !v.Get("nullable").True() {
		return false
	}
	isNull := func(e *jsontree.Value) bool { return e.Is(jsontree.Null) }
	if enum := v.Get("enum"); enum.Is(jsontree.Array) && !slices.ContainsFunc(enum.Elems, isNull) {
		return false
	}
	c := v.Get("const")
	return c == nil || isNull(c)
}

// alternativesAdmitNull asks the schemas that apply with v.
func (r resolver) alternativesAdmitNull(v *jsontree.Value, known map[*jsontree.Value]bool) bool {
	if ref := v.Get("$ref"); ref != nil {
		if target, _ := r.refs.Resolve(ref); target != nil && !r.admitsNull(target, known) {
			return false
		}
	}
	admitting := func(keyword string) (n, of int) {
		branches := v.Get(keyword).Items()
		for _, b := range branches {
			if r.admitsNull(b, known) {
				n++
			}
		}
		return n, len(branches)
	}
	if n, of := admitting("allOf"); n < of {
		return false
	}
	if n, of := admitting("anyOf"); of > 0 && n == 0 {
		return false
	}
	n, of := admitting("oneOf")
	return of == 0 || n == 1
}
