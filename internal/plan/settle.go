package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/jsontree"

	"github.com/genclient/genclient/internal/dialect"
)

// settleSource finds the schema that says it all: the layers around it add only
// annotations and the step to the next one. All uses of it share one Go type.
func (n *node) settleSource() {
	n.source = n.at
	for i, l := range n.layers {
		n.source = l
		if i == len(n.layers)-1 || !wraps(l) {
			return
		}
		if ref := l.Get("$ref"); ref != nil {
			n.ref = ref.Str()
		}
	}
}

// wraps reports whether a schema is another one with annotations around it.
func wraps(l *jsontree.Value) bool {
	for _, m := range l.Members {
		if m.Name != "$ref" && !annotates(m.Name) && !nullBranch(m) && !(m.Name == "allOf" && len(m.Value.Elems) == 1) {
			return false
		}
	}
	return true
}

// nullBranch reports whether m is an anyOf or oneOf of one schema and null.
func nullBranch(m jsontree.Member) bool {
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

// merged are the keywords that several layers may set to different values: the
// reader of each takes all of them.
var merged = map[string]bool{"$ref": true, "allOf": true, "enum": true, "const": true, "properties": true,
	"validations": true}

// settleConflicts gives up on a schema whose layers set one keyword to
// different values: both apply, and no single Go check says so.
func (n *node) settleConflicts() {
	for i, outer := range n.layers {
		for _, m := range outer.Members {
			if annotates(m.Name) || merged[m.Name] {
				continue
			}
			for _, inner := range n.layers[i+1:] {
				if v := inner.Get(m.Name); v != nil && !v.Equal(m.Value) {
					n.raw = fmt.Sprintf("%q stands in two of the schemas that apply", m.Name)
				}
			}
		}
	}
	n.mergeProperties()
}

// mergeProperties collects the properties of all layers. One that two of them
// give different schemas makes the whole raw JSON.
func (n *node) mergeProperties() {
	for _, l := range n.layers {
		p := l.Get("properties")
		if !p.Is(jsontree.Object) {
			continue
		}
		if n.properties == nil {
			n.properties = p
			continue
		}
		all := &jsontree.Value{Kind: jsontree.Object, Offset: n.properties.Offset,
			Members: slices.Clone(n.properties.Members)}
		for _, m := range p.Members {
			switch v := all.Get(m.Name); {
			case v == nil:
				all.Members = append(all.Members, m)
			case !v.Equal(m.Value):
				n.raw = fmt.Sprintf("the property %q stands in two of the schemas that apply", m.Name)
			}
		}
		n.properties = all
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
	case v.Is(jsontree.String):
		names = []string{v.Text}
	default:
		names = v.Strings()
	}
	var types []string
	for _, name := range names {
		switch standard := dialect.StandardType(name); {
		case standard == "null":
			n.nullable = true
		case standard == "":
			types = append(types, name)
		case !slices.Contains(types, standard):
			types = append(types, standard)
		}
	}
	if len(types) == 2 && slices.Contains(types, "number") && slices.Contains(types, "integer") {
		types = []string{"number"}
	}
	if len(types) > 1 && (n.closed || n.get("enum") != nil || n.get("const") != nil) {
		n.union = types
		return
	}
	if len(types) != 1 {
		n.raw = "its type is " + v.Compact()
		return
	}
	if n.typ = types[0]; dialect.StandardType(n.typ) == "" {
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
	if format := n.get("format").Str(); dialect.MediaFormat(format) != ir.NoMedia {
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
	for _, l := range n.layers {
		if enum := l.Get("enum"); enum.Is(jsontree.Array) {
			n.restrict(enum.Items())
		}
		if c := l.Get("const"); c != nil {
			n.restrict([]*jsontree.Value{c})
		}
	}
	if !n.closed {
		return
	}
	typed := n.get("type") != nil
	var kept []member
	seen, satisfies, null := dialect.Set{}, n.satisfier(), false
	for _, m := range n.members {
		switch {
		case m.value.Is(jsontree.Null):
			null = true
		case !n.admits(m.value):
			n.excluded = append(n.excluded, exclusion{m.value, "enum-type-mismatch"})
		case !satisfies(m.value):
			n.excluded = append(n.excluded, exclusion{m.value, "enum-excluded"})
		case seen.Add(m.value):
			kept = append(kept, m)
		}
	}
	n.nullable = null && (n.nullable || !typed)
	n.members = kept
	switch {
	case len(kept) == 0 && n.nullable:
		n.raw = "only null is allowed"
	case len(kept) == 0:
		n.raw = "no value satisfies its enum and its other keywords"
	}
	notBool := func(m member) bool { return !m.value.Is(jsontree.Bool) }
	if n.raw == "" && n.typ == "" && !slices.ContainsFunc(kept, notBool) {
		n.typ = "boolean"
	}
}

// restrict narrows the members to those that stand in values too.
func (n *node) restrict(values []*jsontree.Value) {
	known := dialect.Set{}
	for _, m := range n.members {
		known.Add(m.value)
	}
	var next []member
	for _, v := range values {
		if !n.closed || known.Has(v) {
			next = append(next, member{value: v})
		}
	}
	n.members, n.closed = next, true
}

func contains(members []member, v *jsontree.Value) bool {
	return slices.ContainsFunc(members, func(m member) bool { return dialect.Equal(m.value, v) })
}

// admits reports whether a constant is of the schema's type.
func (n *node) admits(v *jsontree.Value) bool {
	if n.typ != "" {
		return dialect.HasType(v, n.typ)
	}
	return dialect.HasType(v, n.union...)
}

// sealed reports whether an object may have no properties but those named.
func (n *node) sealed() bool {
	extra := n.get("additionalProperties")
	return extra.Is(jsontree.Bool) && !extra.True()
}
