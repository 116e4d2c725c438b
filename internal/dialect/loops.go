package dialect

import "github.com/genclient/genclient/internal/jsontree"

// findLoops returns every $ref below root that comes back to itself through schemas of
// the same instance only, so that it means nothing.
func findLoops(root *jsontree.Value, refs *References) map[*jsontree.Value]bool {
	l := loops{refs: refs, nodes: map[*jsontree.Value]*loopNode{}}
	l.visitAll(root)
	looping := map[*jsontree.Value]bool{}
	for v, n := range l.nodes {
		if n.target != nil && l.nodes[n.target] != nil && l.nodes[n.target].component == n.component {
			looping[v.Get("$ref")] = true
		}
	}
	return looping
}

// loops finds the strongly connected components of the graph of schemas that apply to
// one instance (Tarjan 1972): a reference within a component is on a loop, whichever
// schema the search begins with.
type loops struct {
	refs       *References
	nodes      map[*jsontree.Value]*loopNode
	stack      []*loopNode
	components int
}

type loopNode struct {
	index, low int             // from 1, in the order of the search
	component  int             // from 1; 0 while the node is on the stack
	target     *jsontree.Value // of its $ref
}

// visitAll searches from every object in v.
func (l *loops) visitAll(v *jsontree.Value) {
	l.visit(v)
	for _, e := range v.Elems {
		l.visitAll(e)
	}
	for _, m := range v.Members {
		l.visitAll(m.Value)
	}
}

// visit returns the node of a schema, nil for what is not an object.
func (l *loops) visit(v *jsontree.Value) *loopNode {
	if !v.Is(jsontree.Object) {
		return nil
	}
	if n, seen := l.nodes[v]; seen {
		return n
	}
	n := &loopNode{index: len(l.nodes) + 1, low: len(l.nodes) + 1}
	l.nodes[v] = n
	l.stack = append(l.stack, n)
	if ref := v.Get("$ref"); ref.Is(jsontree.String) {
		n.target, _ = l.refs.Resolve(ref)
		l.edge(n, n.target)
	}
	for _, c := range inPlace(l.refs.Effective(v)) {
		l.edge(n, c)
	}
	if n.low < n.index {
		return n
	}
	l.components++
	for last := (*loopNode)(nil); last != n; {
		last = l.stack[len(l.stack)-1]
		l.stack = l.stack[:len(l.stack)-1]
		last.component = l.components
	}
	return n
}

func (l *loops) edge(from *loopNode, to *jsontree.Value) {
	if n := l.visit(to); n != nil && n.component == 0 {
		from.low = min(from.low, n.low)
	}
}

// inPlace returns the schemas in v that apply to the same instance.
func inPlace(v *jsontree.Value) (out []*jsontree.Value) {
	for _, m := range v.Members {
		switch m.Name {
		case "allOf", "anyOf", "oneOf":
			out = append(out, m.Value.Elems...)
		case "not", "if", "then", "else":
			out = append(out, m.Value)
		case "dependentSchemas", "dependencies":
			for _, dep := range m.Value.Members {
				out = append(out, dep.Value)
			}
		}
	}
	return out
}
