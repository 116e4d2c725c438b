package ir

import (
	"fmt"
	"strings"

	"github.com/genclient/genclient/internal/schema"
)

// node is one schema with its $ref, allOf and one-branch anyOf or oneOf folded
// in: several JSON objects whose keywords all apply.
type node struct {
	at     *schema.Value   // where the schema stands, for diagnostics
	layers []*schema.Value // outermost first
	ref    string          // the JSON pointer of a $ref that says it all, else ""

	typ      string // string, integer, number, boolean, array, object; "" for none
	nullable bool
	members  []member // what enum, const or a oneOf of constants allow
	closed   bool     // only members are allowed
	open     []string // keywords of alternatives that no Go type tells apart
	raw      string   // why the schema cannot be typed, else ""
	never    bool     // the boolean schema false
}

// member is one allowed constant with the page's text for it.
type member struct {
	value *schema.Value
	doc   string
}

// annotations are keywords that constrain nothing or are read elsewhere; two
// layers may differ in them, the outer one counts.
var annotations = map[string]bool{
	"title": true, "description": true, "default": true, "examples": true, "example": true,
	"deprecated": true, "readOnly": true, "writeOnly": true, "$schema": true, "$id": true,
	"$comment": true, "$anchor": true, "$defs": true, "definitions": true, "nullable": true,
	"required": true,
}

// get returns the outermost value of a keyword, or nil.
func (n *node) get(keyword string) *schema.Value {
	for _, l := range n.layers {
		if v := l.Get(keyword); v != nil {
			return v
		}
	}
	return nil
}

// resolver folds schemas of one document.
type resolver struct{ root *schema.Value }

// node folds the schema v. refs are the pointers that led here, so that a
// $ref to itself ends.
func (r resolver) node(v *schema.Value) *node {
	n := &node{at: v}
	r.fold(n, v, nil)
	n.settleRef()
	if n.raw == "" && !n.never {
		n.settleConflicts()
		n.settleType()
		n.settleMembers()
	}
	return n
}

func (r resolver) fold(n *node, v *schema.Value, refs []string) {
	switch {
	case v.Is(schema.Bool) && v.True():
		n.raw = "any value is allowed"
		return
	case v.Is(schema.Bool):
		n.never = true
		return
	case !v.Is(schema.Object):
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

func (r resolver) foldRef(n *node, ref *schema.Value, refs []string) {
	target := r.lookup(ref.Str())
	if target == nil {
		n.raw = fmt.Sprintf("$ref %q leads nowhere in this schema", ref.Str())
		return
	}
	for _, seen := range refs {
		if seen == ref.Str() {
			n.raw = "$ref leads to itself"
			return
		}
	}
	r.fold(n, target, append(refs, ref.Str()))
}

// lookup finds a local JSON pointer (RFC 6901, in the fragment of a $ref).
func (r resolver) lookup(ref string) *schema.Value {
	pointer, ok := strings.CutPrefix(ref, "#")
	if !ok {
		return nil
	}
	v := r.root
	for part := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		if pointer == "" {
			break
		}
		v = v.Get(strings.NewReplacer("~1", "/", "~0", "~").Replace(part))
	}
	return v
}

// foldBranches folds an anyOf or oneOf: branches for null make the schema
// nullable, one other branch counts as if it stood in place, several constants
// are an enum; the rest has no Go type.
func (r resolver) foldBranches(n *node, keyword string, branches []*schema.Value, refs []string) {
	var rest []*schema.Value
	for _, b := range branches {
		if isNull(b) {
			n.nullable = true
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

func isNull(b *schema.Value) bool {
	enum := b.Get("enum").Items()
	return b.Get("type").Str() == "null" || b.Get("const").Is(schema.Null) ||
		len(enum) == 1 && enum[0].Is(schema.Null)
}

func onlyConstant(b *schema.Value) bool {
	for _, m := range b.Members {
		if m.Name != "const" && m.Name != "type" && !annotations[m.Name] {
			return false
		}
	}
	return true
}

// settleRef notes the $ref of a schema that adds nothing but annotations to it,
// so that all its users share one Go type.
func (n *node) settleRef() {
	if len(n.layers) < 2 {
		return
	}
	outer := n.layers[0]
	for _, m := range outer.Members {
		if m.Name != "$ref" && !annotations[m.Name] && !(nullBranch(m) || m.Name == "allOf" && len(m.Value.Elems) == 1) {
			return
		}
	}
	for _, l := range n.layers[:2] {
		if ref := l.Get("$ref"); ref != nil {
			n.ref = ref.Str()
			return
		}
	}
}

// nullBranch reports whether m is an anyOf or oneOf of one schema and null.
func nullBranch(m schema.Member) bool {
	if m.Name != "anyOf" && m.Name != "oneOf" {
		return false
	}
	others := 0
	for _, b := range m.Value.Elems {
		if !isNull(b) {
			others++
		}
	}
	return others == 1
}

// settleConflicts gives up on a schema whose layers set one keyword to
// different values: both apply, and no single Go check says so.
func (n *node) settleConflicts() {
	for i, outer := range n.layers {
		for _, m := range outer.Members {
			if annotations[m.Name] || m.Name == "$ref" || m.Name == "allOf" {
				continue
			}
			for _, inner := range n.layers[i+1:] {
				if v := inner.Get(m.Name); v != nil && !v.Equal(m.Value) {
					n.raw = fmt.Sprintf("%q stands in two of the schemas that apply", m.Name)
				}
			}
		}
	}
}

// settleType reads "type", a list of types and "nullable".
func (n *node) settleType() {
	n.nullable = n.nullable || n.get("nullable").True()
	v := n.get("type")
	var names []string
	switch {
	case v == nil:
		n.typ = n.impliedType()
		if n.typ == "" && len(n.open) > 0 && !n.closed {
			n.raw = n.open[0] + " of several schemas"
		}
		return
	case v.Is(schema.String):
		names = []string{v.Text}
	default:
		names = v.Strings()
	}
	var types []string
	for _, t := range names {
		switch t {
		case "null":
			n.nullable = true
		case "float":
			types = append(types, "number") // nonstandard, on some pages
		default:
			types = append(types, t)
		}
	}
	if len(types) == 2 && (types[0] == "number" && types[1] == "integer" || types[0] == "integer" && types[1] == "number") {
		types = []string{"number"}
	}
	if len(types) != 1 {
		n.raw = "its type is " + v.Compact()
		return
	}
	switch n.typ = types[0]; n.typ {
	case "string", "integer", "number", "boolean", "array", "object":
	default:
		n.raw = fmt.Sprintf("its type %q is none of JSON Schema", n.typ)
	}
}

// impliedType guesses the type of a schema without one by the keywords that
// mean something for one type alone.
func (n *node) impliedType() string {
	for _, implied := range []struct{ keyword, typ string }{
		{"properties", "object"}, {"additionalProperties", "object"},
		{"items", "array"}, {"minItems", "array"}, {"maxItems", "array"}, {"uniqueItems", "array"},
		{"validations", "string"}, {"pattern", "string"}, {"minLength", "string"}, {"maxLength", "string"},
		{"minimum", "number"}, {"maximum", "number"}, {"exclusiveMinimum", "number"},
		{"exclusiveMaximum", "number"}, {"multipleOf", "number"},
	} {
		if n.get(implied.keyword) != nil {
			return implied.typ
		}
	}
	if format := n.get("format").Str(); mediaFormat(format) != NoMedia {
		if strings.Contains(format, "_uris") {
			return "array"
		}
		return "string"
	}
	return ""
}

// settleMembers reads "enum" and "const", drops what the type does not allow,
// and null.
func (n *node) settleMembers() {
	if enum := n.get("enum"); enum.Is(schema.Array) {
		n.restrict(enum.Items())
	}
	if c := n.get("const"); c != nil {
		n.restrict([]*schema.Value{c})
	}
	if !n.closed {
		return
	}
	typed := n.get("type") != nil
	var kept []member
	null := false
	for _, m := range n.members {
		switch {
		case m.value.Is(schema.Null):
			null = true
		case n.admits(m.value) && !contains(kept, m.value):
			kept = append(kept, m)
		}
	}
	n.nullable = null && (n.nullable || !typed)
	n.members = kept
	if len(kept) == 0 {
		n.raw = "no value satisfies its enum and its type"
	}
}

// restrict narrows the members to those that stand in values too.
func (n *node) restrict(values []*schema.Value) {
	var next []member
	for _, v := range values {
		m := member{value: v}
		if n.closed && !contains(n.members, v) {
			continue
		}
		next = append(next, m)
	}
	n.members, n.closed = next, true
}

func contains(members []member, v *schema.Value) bool {
	for _, m := range members {
		if sameConstant(m.value, v) {
			return true
		}
	}
	return false
}

// sameConstant compares as JSON Schema does: numbers by value.
func sameConstant(a, b *schema.Value) bool {
	if a.Is(schema.Number) && b.Is(schema.Number) {
		x, okX := NewNum(a.Text)
		y, okY := NewNum(b.Text)
		return okX && okY && x.Cmp(y) == 0
	}
	return a.Equal(b)
}

// admits reports whether a constant is of the schema's type.
func (n *node) admits(v *schema.Value) bool {
	switch n.typ {
	case "":
		return true
	case "integer":
		num, ok := NewNum(v.Text)
		return v.Is(schema.Number) && ok && num.rat.IsInt()
	case "number":
		return v.Is(schema.Number)
	}
	return v.Kind.String() == n.typ
}
