package ir

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/schema"
)

// builder turns one document into a Model whose names are still the pure ones;
// scopes note what has to be kept apart.
type builder struct {
	doc      *schema.Document
	resolve  resolver
	model    *Model
	refs     map[string]Type // types of the $refs met so far
	building map[*Struct]bool
	types    []typeWish   // nested types, in order of first use
	scopes   []fieldScope // one a struct
	wishes   []wish       // everything that was named, the model itself aside
	output   bool         // building the output: no checks, nothing required
	diags    diag.List
}

// place says where in a document a type is used.
type place struct {
	path string // JSON path, as loras[].scale: the key of pins
	name string // pure Go name of the type if one is made here
	root bool   // the input or the output itself
}

func (b *builder) report(v *schema.Value, s diag.Severity, rule, subject, message, hint string) {
	d := diag.Diagnostic{Pos: diag.Position{File: b.doc.File()}, Severity: s, Rule: rule,
		Subject: b.model.ID, Message: message, Hint: hint}
	if v != nil {
		d.Pos = b.doc.Position(v.Offset)
	}
	if subject != "" {
		d.Subject += "#" + subject
	}
	b.diags = append(b.diags, d)
}

func (b *builder) note(v *schema.Value, rule, message string) {
	b.report(v, diag.Note, rule, "", message, "")
}

func (b *builder) warn(v *schema.Value, rule, message string) {
	b.report(v, diag.Warning, rule, "", message, "")
}

// typeOf chooses the Go type of a node.
func (b *builder) typeOf(n *node, p place) Type {
	if n.ref != "" {
		if t, ok := b.refs[n.ref]; ok {
			return t
		}
		p.name = b.model.Name + identifier(n.ref[strings.LastIndexByte(n.ref, '/')+1:])
	}
	t := b.newType(n, p)
	if n.ref != "" {
		b.refs[n.ref] = t
	}
	return t
}

func (b *builder) newType(n *node, p place) Type {
	if n.raw != "" {
		b.report(n.at, diag.Note, "raw-json", p.path, "becomes raw JSON: "+n.raw, "")
		return Raw{}
	}
	if n.closed && n.typ != "boolean" {
		if t, ok := b.enum(n, p); ok {
			return t
		}
		b.report(n.at, diag.Note, "raw-json", p.path, "becomes raw JSON: its enum has members that are lists or objects", "")
		return Raw{}
	}
	switch n.typ {
	case "string":
		return String
	case "integer":
		return Int
	case "number":
		return Float
	case "boolean":
		return Bool
	case "array":
		return &List{b.item(n.get("items"), n, place{path: p.path + "[]", name: p.name + "Item"})}
	case "object":
		if properties := n.get("properties"); properties.Is(schema.Object) {
			return b.structOf(n, properties, p)
		}
		return &Map{b.item(n.get("additionalProperties"), n, place{path: p.path + "{}", name: p.name + "Value"})}
	}
	b.report(n.at, diag.Note, "raw-json", p.path, "becomes raw JSON: the page gives it no type", "")
	return Raw{}
}

// item chooses the element of a list or a map. The site leaves "items" out for
// lists of media: their elements are strings.
func (b *builder) item(v *schema.Value, list *node, p place) Item {
	if v == nil && list.typ == "array" && b.media(p.path[:len(p.path)-2], list) != NoMedia {
		return Item{Type: String}
	}
	if v == nil || v.Is(schema.Array) || v.Is(schema.Bool) {
		if list.typ == "array" {
			b.report(list.at, diag.Note, "raw-json", p.path, "items become raw JSON: the page gives them no type", "")
		}
		return Item{Type: Raw{}}
	}
	n := b.resolve.node(v)
	t := b.typeOf(n, p)
	it := Item{Type: t}
	if !b.output {
		it.Checks, it.Unchecked = b.checks(n, t)
		if n.raw == "" {
			it.Unchecked = append(it.Unchecked, unchecked(n)...)
		}
		if inner := p.path[:len(p.path)-2]; list.typ == "object" || strings.HasSuffix(inner, "]") || strings.HasSuffix(inner, "}") {
			// The path of a media rule leads to a value or to the items of a list.
			for _, rule := range n.get("validations").Items() {
				it.Unchecked = append(it.Unchecked, constraintText("validation", rule))
			}
		}
	}
	it.Pointer = n.nullable && !nilable(t)
	it.NotNull = !b.output && !n.nullable && nilable(t) && t != Raw{}
	return it
}

// nilable reports whether the Go type has a nil of its own.
func nilable(t Type) bool {
	switch t.(type) {
	case *List, *Map, Raw:
		return true
	}
	return false
}

// enum makes an enum type of the node's members.
func (b *builder) enum(n *node, p place) (*Enum, bool) {
	e := &Enum{Base: enumBase(n.members)}
	t := b.typeWish(p, &e.Name)
	t.enum = e
	for _, m := range n.members {
		if m.value.Is(schema.Array) || m.value.Is(schema.Object) {
			return nil, false
		}
		em := EnumMember{Doc: m.doc}
		text := m.value.Text
		switch e.Base {
		case EnumString:
			em.Value.String = text
		case EnumMixed:
			em.Value.String = m.value.Compact()
			if m.value.Is(schema.Number) {
				num, _ := NewNum(text)
				em.Value.String = num.canonical()
			}
		default:
			em.Value.Num, _ = NewNum(text)
			text = em.Value.Num.String()
		}
		e.Members = append(e.Members, em)
		t.members = append(t.members, text)
	}
	b.types = append(b.types, t)
	b.model.Enums = append(b.model.Enums, e)
	return e, true
}

// typeWish is the wish of a type made at p, without its values.
func (b *builder) typeWish(p place, name *string) typeWish {
	return typeWish{path: p.path, rest: p.name[len(b.model.Name):], name: name}
}

// enumBase is the Go type that holds all members.
func enumBase(members []member) EnumBase {
	base := EnumMixed
	for i, m := range members {
		var kind EnumBase
		switch m.value.Kind {
		case schema.String:
			kind = EnumString
		case schema.Number:
			num, _ := NewNum(m.value.Text)
			if _, ok := num.Int64(); ok {
				kind = EnumInt
			} else if _, ok := num.Float64(); ok && !num.rat.IsInt() {
				kind = EnumFloat
			} else {
				return EnumMixed
			}
		default:
			return EnumMixed
		}
		switch {
		case i == 0 || base == kind:
			base = kind
		case base == EnumInt && kind == EnumFloat || base == EnumFloat && kind == EnumInt:
			base = EnumFloat
		default:
			return EnumMixed
		}
	}
	return base
}

// structOf makes a struct of an object's properties.
func (b *builder) structOf(n *node, properties *schema.Value, p place) *Struct {
	s := &Struct{Name: p.name, Doc: n.get("description").Str()}
	prefix := p.name
	if p.root && !b.output {
		prefix = b.model.Name // KlingDuration, not KlingInputDuration
	}
	if !p.root {
		b.types = append(b.types, b.typeWish(p, &s.Name))
		b.model.Structs = append(b.model.Structs, s)
	}
	if n.ref != "" {
		b.refs[n.ref] = s
	}
	b.building[s] = true
	defer delete(b.building, s)

	required := map[string]bool{}
	for _, l := range n.layers {
		for _, r := range l.Get("required").Items() {
			if properties.Get(r.Str()) == nil || !r.Is(schema.String) {
				b.report(r, diag.Warning, "required-unknown", p.path,
					fmt.Sprintf("required names %s, which is no property: ignored", r.Compact()),
					"lint shows the rule; the server may mean another property")
				continue
			}
			required[r.Text] = true
		}
	}
	fields := fieldScope{input: p.root && !b.output, of: s}
	for _, m := range properties.Members {
		field := place{path: memberPath(p.path, m.Name), name: prefix + identifier(m.Name)}
		if f, ok := b.field(m, field, required[m.Name] && !b.output); ok {
			s.Fields = append(s.Fields, f)
			fields.paths = append(fields.paths, field.path)
		}
	}
	b.scopes = append(b.scopes, fields)
	if extra := n.get("additionalProperties"); extra.Is(schema.Object) {
		b.report(extra, diag.Warning, "additional-properties", p.path,
			"further properties are allowed but the struct has no place for them", "send them with SubmitRaw")
	}
	return s
}

// memberPath appends a name to a JSON path.
func memberPath(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// field builds one property; ok is false when the struct cannot have it.
func (b *builder) field(m schema.Member, p place, required bool) (f Field, ok bool) {
	if !taggable(m.Name) {
		b.report(&schema.Value{Offset: m.Offset}, diag.Warning, "property-name", p.path,
			"encoding/json cannot carry the name in a struct tag: the property is left out", "send it with SubmitRaw")
		return Field{}, false
	}
	n := b.resolve.node(m.Value)
	if n.never {
		b.report(m.Value, diag.Note, "property-forbidden", p.path, "the schema forbids the property: it is left out", "")
		return Field{}, false
	}
	f = Field{
		JSON:        m.Name,
		Name:        identifier(m.Name),
		Title:       plainText(n.get("title").Str()),
		Description: plainText(n.get("description").Str()),
		Deprecated:  n.get("deprecated").True(),
	}
	f.Type = b.typeOf(n, p)
	if !b.output {
		b.constrain(&f, n, p)
	}
	if required {
		f.Presence = Required
		if n.nullable {
			f.Presence = Nullable
		}
	}
	f.Pointer = b.pointer(f)
	return f, true
}

// constrain adds what the page asks of the value.
func (b *builder) constrain(f *Field, n *node, p place) {
	var notes []string
	f.Checks, notes = b.checks(n, f.Type)
	f.Unchecked = append(f.Unchecked, notes...)
	if n.raw == "" {
		f.Unchecked = append(f.Unchecked, unchecked(n)...)
	}
	if n.get("readOnly").True() {
		f.Unchecked = append(f.Unchecked, "readOnly")
	}
	f.Default = defaultText(n, f.Type)
	list, isList := f.Type.(*List)
	if f.Type == String || isList && list.Elem.Type == String {
		f.Media = b.media(p.path, n)
	}
	rules := n.get("validations").Items()
	if isList {
		rules = slices.Concat(rules, b.itemRules(n))
	}
	for _, v := range rules {
		rule, ok := mediaRule(v)
		if !ok || f.Media == NoMedia {
			f.Unchecked = append(f.Unchecked, constraintText("validation", v))
			continue
		}
		rule.PerItem = isList
		rule.Message = plainText(rule.Message)
		f.MediaRules = append(f.MediaRules, rule)
	}
}

// pointer says whether a field's Go type is a pointer.
func (b *builder) pointer(f Field) bool {
	switch t := f.Type.(type) {
	case *List, *Map, Raw:
		return false // nil is unset already
	case *Struct:
		if b.building[t] {
			return true // a struct cannot hold itself
		}
	case *Enum:
		if f.Presence == Optional && !t.ZeroIsMember() {
			return false
		}
	}
	return f.Presence != Required
}

// defaultText is what the server takes for an absent value: the defaults of
// enums, numbers and booleans say so; strings and media have demo content.
func defaultText(n *node, t Type) string {
	v := n.get("default")
	if v == nil {
		return ""
	}
	switch t := t.(type) {
	case *Enum:
		if contains(n.members, v) {
			return enumText(t, v)
		}
	case Scalar:
		if t != String && n.admits(v) {
			return v.Text
		}
	}
	return ""
}

// enumText writes a member for a comment.
func enumText(e *Enum, v *schema.Value) string {
	if e.Base == EnumString && v.Text != "" {
		return v.Text
	}
	return v.Compact()
}

// leakedKey is the prefix of the site's translation keys; where a page shows
// one, its translation is missing and the text says nothing.
const leakedKey = "modelApiDoc_"

// plainText returns a text of the page, or "" for a leaked translation key.
func plainText(s string) string {
	if strings.HasPrefix(strings.TrimSpace(s), leakedKey) {
		return ""
	}
	return s
}

// taggable reports whether encoding/json takes a name from a struct tag: its
// isValidTag allows letters, digits and the listed punctuation.
func taggable(name string) bool {
	if name == "" {
		return false
	}
	for _, r := range name {
		if !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return false
		}
	}
	return true
}
