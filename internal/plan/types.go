package plan

import (
	"slices"
	"strings"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/dialect"
	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/schema"
)

// builder turns one document into a Model whose names are still the pure ones;
// scopes note what has to be kept apart.
type builder struct {
	doc      *schema.Document
	resolve  resolver
	model    *ir.Model
	made     map[*jsontree.Value]ir.Type // types made so far, by their schemas
	building map[*ir.Struct]bool
	distant  []distant
	within   []*jsontree.Value // schemas of the lists, maps and structs being built
	types    []typeWish        // nested types, in order of first use
	scopes   []fieldScope      // one a struct
	wishes   []wish            // everything that was named, the model itself aside
	output   bool              // building the output: no checks, nothing required
	diags    diag.List
}

// place says where in a document a type is used.
type place struct {
	path string // JSON path, as loras[].scale: the key of pins
	name string // pure Go name of the type if one is made here
	root bool   // the input or the output itself
}

// report reports a rule about the property at path, at a value of the document; nil
// stands for the whole of it.
func (b *builder) report(v *jsontree.Value, rule, path, message string) {
	p := dialect.Problem{Rule: rule, Path: path, Message: message}
	if v != nil {
		p.Offset = v.Offset
	}
	b.diags = append(b.diags, b.doc.Problem(p))
}

// problem reports what package dialect finds, if it finds something.
func (b *builder) problem(p *dialect.Problem, path string) {
	if p != nil {
		b.diags = append(b.diags, b.doc.Problem(p.At(path)))
	}
}

// typeOf chooses the Go type of a node.
func (b *builder) typeOf(n *node, p place) ir.Type {
	if t, ok := b.made[n.source]; ok {
		return t
	}
	if n.ref != "" {
		p.name = b.model.Name + refName(n.ref)
	}
	t := b.newType(n, p)
	if n.raw == "" {
		b.made[n.source] = t
	}
	return t
}

// refName is the Go name of what a $ref points to.
func refName(ref string) string {
	if name := dialect.ReferenceName(ref); name != "" {
		return identifier(name)
	}
	return "Root"
}

// raw reports why a schema has no Go type and returns the type for all such.
func (b *builder) raw(n *node, p place, why string) ir.Type {
	b.report(n.at, "raw-json", p.path, "becomes raw JSON: "+why)
	n.typ, n.raw = "", why
	return ir.Raw{}
}

func (b *builder) newType(n *node, p place) ir.Type {
	b.reportExcluded(n, p)
	if n.raw != "" {
		return b.raw(n, p, n.raw)
	}
	if n.closed && n.typ != "boolean" {
		if t, ok := b.enum(n, p); ok {
			return t
		}
		return b.raw(n, p, "its enum has members that are lists or objects")
	}
	if n.typ == "array" || n.typ == "object" {
		if b.open(n) {
			return b.raw(n, p, "it holds itself")
		}
		b.within = append(b.within, n.layers...)
		defer func() { b.within = b.within[:len(b.within)-len(n.layers)] }()
	}
	switch n.typ {
	case "string":
		return ir.String
	case "integer":
		return ir.Int
	case "number":
		return ir.Float
	case "boolean":
		return ir.Bool
	case "array":
		return &ir.List{Elem: b.item(n.get("items"), n, place{path: p.path + "[]", name: p.name + "Item"})}
	case "object":
		if n.properties != nil && (len(n.properties.Members) > 0 || n.sealed()) {
			return b.structOf(n, p)
		}
		return &ir.Map{Elem: b.item(n.get("additionalProperties"), n,
			place{path: p.path + "{}", name: p.name + "Value"})}
	}
	return b.raw(n, p, "the page gives it no type")
}

// reportExcluded reports the members of an enum that are left out, and a pattern beside it
// that leaves none out because it is not checked.
func (b *builder) reportExcluded(n *node, p place) {
	if b.output {
		return
	}
	for _, e := range n.excluded {
		why := " is excluded by the other keywords of its schema"
		if e.rule == "enum-type-mismatch" {
			why = " does not have the type of its schema"
		}
		b.report(e.value, e.rule, p.path, "the member "+e.value.Brief()+why)
	}
	if pattern := n.get("pattern"); n.closed && pattern.Is(jsontree.String) {
		_, problem := dialect.Pattern(pattern.Text, pattern.Offset)
		b.problem(problem, p.path)
	}
}

// open reports whether a node is part of a list, map or struct that is being
// made. A struct may hold itself; it is found among the types made before this
// is asked.
func (b *builder) open(n *node) bool {
	return slices.ContainsFunc(n.layers, func(l *jsontree.Value) bool { return slices.Contains(b.within, l) })
}

// item chooses the element of a list or a map. The site leaves "items" out for
// lists of media: their elements are strings.
func (b *builder) item(v *jsontree.Value, list *node, p place) ir.Item {
	if v == nil && list.typ == "array" {
		if kind, _ := b.media(p.path[:len(p.path)-2], list); kind != ir.NoMedia {
			return ir.Item{Type: ir.String}
		}
	}
	if v == nil || v.Is(jsontree.Array) || v.Is(jsontree.Bool) {
		if list.typ == "array" {
			b.report(list.at, "raw-json", p.path, "items become raw JSON: the page gives them no type")
		}
		return ir.Item{Type: ir.Raw{}}
	}
	n := b.resolve.node(v)
	n.path = p.path
	t := b.typeOf(n, p)
	it := ir.Item{Type: t}
	if !b.output {
		it.Checks, it.Unchecked = b.checks(n, t)
		it.Unchecked = append(it.Unchecked, unchecked(n)...)
	}
	it.Pointer = n.nullable && !nilable(t)
	it.NotNull = !b.output && !n.nullable && nilable(t) && t != ir.Raw{}
	return it
}

// nilable reports whether the Go type has a nil of its own.
func nilable(t ir.Type) bool {
	switch t.(type) {
	case *ir.List, *ir.Map, ir.Raw:
		return true
	}
	return false
}

// enum makes an enum type of the node's members.
func (b *builder) enum(n *node, p place) (*ir.Enum, bool) {
	e := &ir.Enum{Path: strings.TrimPrefix(p.path, outputRoot+"."), Base: enumBase(n.members), Output: b.output}
	t := b.typeWish(n.at, p, &e.Name)
	t.enum = e
	for _, m := range n.members {
		if m.value.Is(jsontree.Array) || m.value.Is(jsontree.Object) {
			return nil, false
		}
		em := ir.EnumMember{Doc: dialect.PlainText(m.doc)}
		text := m.value.Text
		key := text
		switch e.Base {
		case ir.EnumString:
			em.Value.String = text
		case ir.EnumMixed:
			em.Value.String = m.value.Compact()
			if m.value.Is(jsontree.Number) {
				num, _ := ir.NewNum(text)
				em.Value.String = canonical(num)
				text = num.String()
			}
			key = em.Value.String // tells "5" from 5
		default:
			em.Value.Num, _ = ir.NewNum(text)
			text = em.Value.Num.String()
			key = text
		}
		e.Members = append(e.Members, em)
		t.members = append(t.members, memberWish{key: key, text: text, at: m.value})
	}
	b.types = append(b.types, t)
	b.model.Enums = append(b.model.Enums, e)
	return e, true
}

// typeWish is the wish of a type made at p, without its values.
func (b *builder) typeWish(at *jsontree.Value, p place, name *string) typeWish {
	return typeWish{path: p.path, rest: p.name[len(b.model.Name):], name: name, at: at}
}

// enumBase is the Go type that holds every member exactly.
func enumBase(members []member) ir.EnumBase {
	base, exact := ir.EnumString, true
	for i, m := range members {
		kind, float := memberBase(m.value)
		exact = exact && float
		switch {
		case kind == ir.EnumMixed:
			return ir.EnumMixed
		case i == 0 || base == kind:
			base = kind
		case base == ir.EnumString || kind == ir.EnumString:
			return ir.EnumMixed
		default:
			base = ir.EnumFloat
		}
	}
	if base == ir.EnumFloat && !exact {
		return ir.EnumMixed
	}
	return base
}

// memberBase is the base that one constant asks for, and whether a float64 is
// written as the same number again.
func memberBase(v *jsontree.Value) (base ir.EnumBase, float bool) {
	switch v.Kind {
	case jsontree.String:
		return ir.EnumString, false
	case jsontree.Number:
		num, _ := ir.NewNum(v.Text)
		if _, ok := num.Int64(); ok {
			return ir.EnumInt, num.IsFloat()
		}
		return ir.EnumFloat, num.IsFloat()
	}
	return ir.EnumMixed, false
}
