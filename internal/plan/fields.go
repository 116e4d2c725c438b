package plan

import (
	"slices"
	"strings"

	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/jsontree"

	"github.com/genclient/genclient/internal/dialect"
)

// structOf makes a struct of an object's properties.
func (b *builder) structOf(n *node, p place) *ir.Struct {
	properties := n.properties
	doc := n.get("description")
	if n.ref != "" {
		doc = n.source.Get("description") // another use says other things
	}
	s := &ir.Struct{Name: p.name, Doc: dialect.PlainText(doc.Str()), Output: b.output}
	prefix := p.name
	if p.root && !b.output {
		prefix = b.model.Name // KlingDuration, not KlingInputDuration
	}
	if !p.root {
		b.types = append(b.types, b.typeWish(n.at, p, &s.Name))
		b.model.Structs = append(b.model.Structs, s)
		b.made[n.source] = s // before its fields, which may hold it
	}
	b.building[s] = true
	defer delete(b.building, s)

	known := make(map[string]bool, len(properties.Members))
	for _, m := range properties.Members {
		known[m.Name] = true
	}
	required := map[string]bool{}
	for _, l := range n.layers {
		for _, name := range dialect.Required(l) {
			switch {
			case b.output:
			case !known[name.Text]:
				problem := dialect.RequiredUnknown(name, p.path)
				b.problem(&problem, problem.Path)
			default:
				required[name.Text] = true
			}
		}
	}
	fields := fieldScope{input: p.root && !b.output, of: s}
	for _, m := range properties.Members {
		field := place{path: dialect.JoinPath(p.path, m.Name), name: prefix + identifier(m.Name)}
		if f, ok := b.field(m, field, required[m.Name]); ok {
			s.Fields = append(s.Fields, f)
			fields.paths = append(fields.paths, field.path)
			fields.at = append(fields.at, m.Value)
		}
	}
	b.noteUnreached(fields)
	b.scopes = append(b.scopes, fields)
	b.problem(dialect.AdditionalProperties(properties, n.get("additionalProperties")), p.path)
	return s
}

// field builds one property; ok is false when the struct cannot have it.
func (b *builder) field(m jsontree.Member, p place, required bool) (f ir.Field, ok bool) {
	if problem := dialect.PropertyName(m); problem != nil {
		b.problem(problem, p.path)
		return ir.Field{}, false
	}
	n := b.resolve.node(m.Value)
	n.path = p.path
	if n.never {
		b.report(m.Value, "property-forbidden", p.path, "the schema forbids the property: it is left out")
		return ir.Field{}, false
	}
	f = ir.Field{
		JSON:        m.Name,
		Name:        identifier(m.Name),
		Title:       dialect.PlainText(n.get("title").Str()),
		Description: dialect.PlainText(n.get("description").Str()),
		Deprecated:  n.get("deprecated").True(),
	}
	f.Type = b.typeOf(n, p)
	if !b.output {
		b.constrain(&f, n, p)
	}
	if required {
		f.Presence = ir.Required
		if n.nullable {
			f.Presence = ir.Nullable
		}
	}
	f.Pointer = b.pointer(f)
	return f, true
}

// constrain adds what the page asks of the value.
func (b *builder) constrain(f *ir.Field, n *node, p place) {
	var notes []string
	f.Checks, notes = b.checks(n, f.Type)
	f.Unchecked = append(f.Unchecked, notes...)
	f.Unchecked = append(f.Unchecked, unchecked(n)...)
	if n.get("readOnly").True() {
		f.Unchecked = append(f.Unchecked, "readOnly")
	}
	f.Default = defaultText(n, f.Type)
	_, isList := f.Type.(*ir.List)
	if leafType(f.Type) == ir.String {
		f.Media, f.MediaSure = b.media(p.path, n)
	}
	rules, beyond, malformed := b.mediaRules(n)
	if strings.Contains(p.path, "{}") {
		rules, beyond = nil, slices.Concat(rules, beyond)
	}
	f.Unchecked = append(f.Unchecked, malformed...)
	for _, v := range beyond {
		f.Unchecked = append(f.Unchecked, b.ruleUnchecked(v, p.path, true))
	}
	for _, v := range rules {
		rule, _ := dialect.ReadMediaRule(v)
		if rule.Op == "" || f.Media == ir.NoMedia {
			f.Unchecked = append(f.Unchecked, b.ruleUnchecked(v, p.path, false))
			continue
		}
		f.MediaRules = append(f.MediaRules, ir.MediaRule{Metric: rule.Metric, Op: rule.Op, Bound: rule.Bound,
			Message: dialect.PlainText(rule.Message), PerItem: isList})
		f.MediaSure = f.MediaSure || dialect.Measures(rule.Metric)
	}
}

// ruleText is an entry of "validations" that is not checked.
func ruleText(v *jsontree.Value) string {
	if rule, value := v.Get("validation_rule"), v.Get("validation_value"); rule.Is(jsontree.String) && value != nil {
		return constraintText("validation "+dialect.PlainText(rule.Text), value)
	}
	return constraintText("validation", v)
}

// pointer says whether a field's Go type is a pointer.
func (b *builder) pointer(f ir.Field) bool {
	switch t := f.Type.(type) {
	case *ir.List, *ir.Map, ir.Raw:
		return false // nil is unset already
	case *ir.Struct:
		if b.building[t] {
			return true // a struct cannot hold itself
		}
	case *ir.Enum:
		if f.Presence == ir.Optional && !t.ZeroIsMember() {
			return false
		}
	}
	return f.Presence != ir.Required
}

// defaultText is what the server takes for an absent value: the defaults of
// enums, numbers and booleans say so; strings and media have demo content.
func defaultText(n *node, t ir.Type) string {
	v := n.get("default")
	if v == nil {
		return ""
	}
	switch t := t.(type) {
	case *ir.Enum:
		if contains(n.members, v) {
			return enumText(t, v)
		}
	case ir.Scalar:
		if t != ir.String && n.admits(v) {
			return v.Text
		}
	}
	return ""
}

// enumText writes a member for a comment.
func enumText(e *ir.Enum, v *jsontree.Value) string {
	if e.Base == ir.EnumString && v.Text != "" {
		return v.Text
	}
	return v.Compact()
}
