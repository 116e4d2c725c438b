package validate

import (
	"strconv"

	"github.com/genclient/genclient/internal/jsontree"

	"github.com/genclient/genclient/internal/dialect"
)

// reference translates a $ref into one to the $defs of the translation.
func (t *translator) reference(ref *jsontree.Value, path string) (string, bool) {
	target, problem, rule := dialect.Resolve(t.root, ref.Text)
	if target == nil {
		t.report(rule, ref.Offset, path, ref.Brief()+" "+problem)
		return "", false
	}
	if t.looping[ref] {
		t.report("ref-unresolvable", ref.Offset, path, ref.Brief()+" leads back to itself")
		return "", false
	}
	if target == t.root {
		return "#", true
	}
	name, seen := t.defNames[target]
	if !seen {
		name = strconv.Itoa(len(t.defNames))
		t.defNames[target] = name
		t.defs[name] = t.schema(target, path)
	}
	return "#/$defs/" + name, true
}

// visit is the state of a schema in the search for loops.
type visit uint8

const (
	unseen visit = iota
	open
	closed
)

// inPlace are the keywords whose schemas apply to the same instance. A
// reference that comes back to itself through these alone has no meaning.
var inPlace = []string{"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "dependencies"}

// findLoops marks every $ref below v that closes such a loop.
func (t *translator) findLoops(v *jsontree.Value) {
	for _, e := range v.Elems {
		t.findLoops(e)
	}
	for _, m := range v.Members {
		t.findLoops(m.Value)
	}
	t.followInPlace(v)
}

func (t *translator) followInPlace(v *jsontree.Value) {
	if !v.Is(jsontree.Object) || t.visited[v] != unseen {
		return
	}
	t.visited[v] = open
	if ref := v.Get("$ref"); ref.Is(jsontree.String) {
		if target, _, _ := dialect.Resolve(t.root, ref.Text); target != nil {
			if t.visited[target] == open {
				t.looping[ref] = true
			} else {
				t.followInPlace(target)
			}
		}
	}
	for _, name := range inPlace {
		switch kw := v.Get(name); {
		case kw.Is(jsontree.Array):
			for _, e := range kw.Elems {
				t.followInPlace(e)
			}
		case kw.Is(jsontree.Object) && dialect.FormOf(name) == dialect.FormSchema:
			t.followInPlace(kw)
		case kw.Is(jsontree.Object):
			for _, m := range kw.Members {
				t.followInPlace(m.Value)
			}
		}
	}
	t.visited[v] = closed
}
