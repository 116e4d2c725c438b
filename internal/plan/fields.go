package plan

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/genclient/genclient/internal/diag"
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
	s := &ir.Struct{Name: p.name, Doc: plainText(doc.Str()), Output: b.output}
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

	required := map[string]bool{}
	for _, l := range n.layers {
		for _, r := range l.Get("required").Items() {
			if b.output {
				continue
			}
			if properties.Get(r.Str()) == nil || !r.Is(jsontree.String) {
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
		field := place{path: dialect.JoinPath(p.path, m.Name), name: prefix + identifier(m.Name)}
		if f, ok := b.field(m, field, required[m.Name]); ok {
			s.Fields = append(s.Fields, f)
			fields.paths = append(fields.paths, field.path)
			fields.at = append(fields.at, m.Value)
		}
	}
	b.scopes = append(b.scopes, fields)
	if extra := n.get("additionalProperties"); extra.Is(jsontree.Object) {
		b.report(extra, diag.Warning, "additional-properties", p.path,
			"further properties are allowed but the struct has no place for them", "send them with SubmitRaw")
	}
	return s
}

// field builds one property; ok is false when the struct cannot have it.
func (b *builder) field(m jsontree.Member, p place, required bool) (f ir.Field, ok bool) {
	if !taggable(m.Name) {
		b.report(&jsontree.Value{Offset: m.Offset}, diag.Warning, "property-name", p.path,
			"encoding/json cannot carry the name in a struct tag: the property is left out", "send it with SubmitRaw")
		return ir.Field{}, false
	}
	n := b.resolve.node(m.Value)
	n.path = p.path
	if n.never {
		b.report(m.Value, diag.Note, "property-forbidden", p.path, "the schema forbids the property: it is left out", "")
		return ir.Field{}, false
	}
	f = ir.Field{
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
	if v := n.get("validations"); v != nil && !v.Is(jsontree.Array) {
		f.Unchecked = append(f.Unchecked, constraintText("validations", v))
	}
	rules := n.get("validations").Items()
	if isList {
		rules = slices.Concat(rules, b.itemRules(n))
	}
	for _, v := range rules {
		rule, ok := mediaRule(v)
		if !ok || f.Media == ir.NoMedia || strings.Contains(p.path, "{}") {
			f.Unchecked = append(f.Unchecked, ruleText(v))
			continue
		}
		rule.PerItem = isList
		rule.Message = plainText(rule.Message)
		f.MediaRules = append(f.MediaRules, rule)
		f.MediaSure = f.MediaSure || measures[rule.Metric]
	}
}

// ruleText is an entry of "validations" that is not checked.
func ruleText(v *jsontree.Value) string {
	if rule, value := v.Get("validation_rule"), v.Get("validation_value"); rule.Is(jsontree.String) && value != nil {
		return constraintText("validation "+plainText(rule.Text), value)
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

// leakedKey is one of the site's translation keys; where a page shows one, its
// translation is missing and the key says nothing.
var leakedKey = regexp.MustCompile(`\bmodelApiDoc_\w*\s*`)

// plainText returns a text of the page without leaked translation keys.
func plainText(s string) string {
	if !strings.Contains(s, "modelApiDoc_") {
		return s
	}
	return strings.TrimSpace(leakedKey.ReplaceAllString(s, ""))
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
