package dialect

import "github.com/genclient/genclient/internal/jsontree"

// loops finds the references of a schema that lead back to themselves.
type loops struct {
	root    *jsontree.Value
	looping map[*jsontree.Value]bool // the $ref values
	visited map[*jsontree.Value]visit
}

// findLoops returns every $ref below root that comes back to itself through schemas
// of the same instance only, so that it means nothing.
func findLoops(root *jsontree.Value) map[*jsontree.Value]bool {
	l := loops{root: root, looping: map[*jsontree.Value]bool{}, visited: map[*jsontree.Value]visit{}}
	l.find(root)
	return l.looping
}

// visit is the state of a schema in the search for loops.
type visit uint8

const (
	unseen visit = iota
	open
	closed
)

// inPlace are the keywords whose schemas apply to the same instance. A
// reference that comes back to itself through these only has no meaning.
var inPlace = []string{"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "dependencies"}

// find marks every $ref below v that closes such a loop.
func (l *loops) find(v *jsontree.Value) {
	for _, e := range v.Elems {
		l.find(e)
	}
	for _, m := range v.Members {
		l.find(m.Value)
	}
	l.follow(v)
}

func (l *loops) follow(v *jsontree.Value) {
	if !v.Is(jsontree.Object) || l.visited[v] != unseen {
		return
	}
	l.visited[v] = open
	if ref := v.Get("$ref"); ref.Is(jsontree.String) {
		if target, _ := Resolve(l.root, ref); target != nil {
			if l.visited[target] == open {
				l.looping[ref] = true
			} else {
				l.follow(target)
			}
		}
	}
	for _, name := range inPlace {
		switch kw := v.Get(name); {
		case kw.Is(jsontree.Array):
			for _, e := range kw.Elems {
				l.follow(e)
			}
		case kw.Is(jsontree.Object) && keywords[name].Form == FormSchema:
			l.follow(kw)
		case kw.Is(jsontree.Object):
			for _, m := range kw.Members {
				l.follow(m.Value)
			}
		}
	}
	l.visited[v] = closed
}
