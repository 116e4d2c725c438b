package plan

import (
	"fmt"
	"slices"

	"github.com/genclient/genclient/internal/dialect"
	"github.com/genclient/genclient/internal/jsontree"
)

// node is one schema with its $ref, allOf and one-branch anyOf or oneOf folded
// in: several JSON objects whose keywords all apply.
type node struct {
	at     *jsontree.Value   // where the schema stands, for diagnostics
	path   string            // JSON path of the value it is for, for diagnostics
	layers []*jsontree.Value // outermost first
	source *jsontree.Value   // the one layer that says it all, outer ones aside
	ref    string            // the JSON pointer of the $ref that leads to source, else ""

	typ      string   // string, integer, number, boolean, array, object; "" for none
	union    []string // the types allowed where only members are, if they are several
	nullable bool
	orNull   bool     // null is an alternative, whatever the other one says
	members  []member // what enum, const or a oneOf of constants allow
	closed   bool     // only members are allowed
	excluded []exclusion
	open     []string // keywords of alternatives that no Go type tells apart
	raw      string   // why the schema cannot be typed, else ""
	never    bool     // the boolean schema false

	properties *jsontree.Value // of an object, of all layers
}

// member is one allowed constant with the page's text for it.
type member struct {
	value *jsontree.Value
	doc   string
}

// exclusion is a member that the schema's other keywords do not allow, and the rule that
// it is reported under.
type exclusion struct {
	value *jsontree.Value
	rule  string
}

// annotates reports whether a keyword constrains nothing, or is read of every layer by
// itself: two layers may differ in it, the outer one counts.
func annotates(keyword string) bool {
	kw, _ := dialect.KeywordNamed(keyword)
	return kw.Annotation || keyword == "required"
}

// get returns the outermost value of a keyword, or nil.
func (n *node) get(keyword string) *jsontree.Value {
	for _, l := range n.layers {
		if v := l.Get(keyword); v != nil {
			return v
		}
	}
	return nil
}

// resolver folds schemas of one document.
type resolver struct{ refs *dialect.References }

// node folds the schema v.
func (r resolver) node(v *jsontree.Value) *node {
	v = r.refs.Effective(v)
	n := &node{at: v}
	r.fold(n, v, nil)
	n.settleSource()
	if n.raw == "" && !n.never {
		n.settleConflicts()
		n.settleType()
		n.settleMembers()
	}
	n.nullable = n.nullable || n.orNull && r.admitsNull(v, map[*jsontree.Value]bool{})
	return n
}

// maxLayers bounds what folds into one schema: branches that refer to each other
// twice would double with every step.
const maxLayers = 100

// fold adds the schema v. refs are the schemas that references on the way here led to,
// so that a $ref to itself ends.
func (r resolver) fold(n *node, v *jsontree.Value, refs []*jsontree.Value) {
	v = r.refs.Effective(v)
	if len(n.layers) >= maxLayers {
		n.raw = "too many schemas apply"
		return
	}
	switch {
	case v.Is(jsontree.Bool) && v.True():
		if v == n.at {
			n.raw = "any value is allowed"
		}
		return // among others it adds nothing
	case v.Is(jsontree.Bool):
		n.never = true
		return
	case !v.Is(jsontree.Object):
		n.raw = "the schema is not an object"
		return
	}
	n.layers = append(n.layers, v)
	if ref := v.Get("$ref"); ref != nil {
		r.foldRef(n, ref, refs)
	}
	for _, branch := range v.Get("allOf").Items() {
		r.fold(n, branch, refs)
	}
	for _, keyword := range []string{"anyOf", "oneOf"} {
		if branches := v.Get(keyword); branches != nil {
			r.foldBranches(n, keyword, branches.Items(), refs)
		}
	}
}

func (r resolver) foldRef(n *node, ref *jsontree.Value, refs []*jsontree.Value) {
	target, _ := r.refs.Resolve(ref)
	if target == nil {
		n.raw = fmt.Sprintf("$ref %q leads nowhere in this schema", ref.Str())
		return
	}
	if slices.Contains(refs, target) {
		n.raw = "$ref leads to itself"
		return
	}
	r.fold(n, target, append(slices.Clip(refs), target))
}

// foldBranches folds an anyOf or oneOf: branches for null make the schema
// nullable, one other branch counts as if it stood in place, several constants
// are an enum; the rest has no Go type.
func (r resolver) foldBranches(n *node, keyword string, branches, refs []*jsontree.Value) {
	var rest []*jsontree.Value
	for _, b := range branches {
		if isNull(b) {
			n.orNull = true
		} else {
			rest = append(rest, b)
		}
	}
	if len(rest) == 1 {
		r.fold(n, rest[0], refs)
		return
	}
	var members []member
	for _, b := range rest {
		c := b.Get("const")
		if c == nil || !onlyConstant(b) {
			n.open = append(n.open, keyword)
			return
		}
		doc := b.Get("description").Str()
		if doc == "" {
			doc = b.Get("title").Str()
		}
		members = append(members, member{c, doc})
	}
	if n.closed || len(members) == 0 {
		n.open = append(n.open, keyword)
		return
	}
	n.members, n.closed = members, true
}

func isNull(b *jsontree.Value) bool {
	enum := b.Get("enum").Items()
	return b.Get("type").Str() == "null" || b.Get("const").Is(jsontree.Null) ||
		len(enum) == 1 && enum[0].Is(jsontree.Null)
}

func onlyConstant(b *jsontree.Value) bool {
	for _, m := range b.Members {
		if m.Name != "const" && m.Name != "type" && !annotates(m.Name) {
			return false
		}
	}
	return true
}
