package plan

import (
	"strings"

	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/jsontree"

	"github.com/genclient/genclient/internal/dialect"
)

// mediaKind returns what media a string property takes. The signs are asked in
// the order of their worth: format, rules, default URL, description, name.
func mediaKind(name, format string, n *node) ir.MediaKind {
	if kind := dialect.MediaFormat(format); kind != ir.NoMedia {
		return kind
	}
	weak := dialect.MediaDefault(n.get("default"))
	if weak == ir.NoMedia && !n.closed && n.get("maxLength") == nil {
		weak = dialect.MediaDescription(n.get("description").Str())
	}
	if weak == ir.NoMedia && !n.closed {
		weak = dialect.MediaName(name)
	}
	if rules, _ := n.rules(); weak == ir.NoMedia && len(rules) > 0 {
		return ir.MediaImage // rules measure media; the site has them on images
	}
	return weak
}

// media returns the media kind of the property at path, and whether its format
// says so.
func (b *builder) media(path string, n *node) (kind ir.MediaKind, sure bool) {
	name := path[strings.LastIndexAny(path, ".]}")+1:]
	format := n.get("format").Str()
	if format == "" && !strings.ContainsAny(path, ".[{") {
		format = b.doc.Catalog.Get("formats").Get(name).Str()
	}
	if format == "" {
		format = b.itemFormat(n)
	}
	kind = mediaKind(name, format, n)
	if rules, beyond, _ := b.mediaRules(n); kind == ir.NoMedia && len(rules)+len(beyond) > 0 {
		kind = ir.MediaImage
	}
	return kind, dialect.MediaFormat(format) != ir.NoMedia
}

// itemFormat returns the format of the items of a list or of a map, also of lists
// of lists.
func (b *builder) itemFormat(n *node) string {
	for range maxLayers { // items may refer to their own list
		items := n.get("items")
		if !items.Is(jsontree.Object) {
			items = n.get("additionalProperties")
		}
		if !items.Is(jsontree.Object) {
			return ""
		}
		n = b.resolve.node(items)
		if format := n.get("format").Str(); format != "" {
			return format
		}
	}
	return ""
}

// leafType returns the type of what a list or a map holds in the end, or t.
func leafType(t ir.Type) ir.Type {
	for range maxLayers {
		switch of := t.(type) {
		case *ir.List:
			t = of.Elem.Type
		case *ir.Map:
			t = of.Elem.Type
		default:
			return t
		}
	}
	return t
}

// rules returns the entries of "validations" of all layers, each once, and as text for a
// comment each value of it that is not a list.
func (n *node) rules() (rules []*jsontree.Value, malformed []string) {
	seen := dialect.Set{}
	for _, l := range n.layers {
		v := l.Get("validations")
		if v != nil && !v.Is(jsontree.Array) {
			malformed = append(malformed, constraintText("validations", v))
		}
		for _, e := range v.Items() {
			if seen.Add(e) {
				rules = append(rules, e)
			}
		}
	}
	return rules, malformed
}

// mediaRules returns the media rules of a property and of what its lists and maps
// hold, however deep, and as text those that are malformed. Those in beyond are not
// checked: what a map holds has no path in the table of rules.
func (b *builder) mediaRules(n *node) (rules, beyond []*jsontree.Value, malformed []string) {
	inMap := false
	for range maxLayers { // items may refer to their own list
		items := n.get("items")
		if values := n.get("additionalProperties"); !items.Is(jsontree.Object) && values.Is(jsontree.Object) {
			items, inMap = values, true
		}
		own, bad := n.rules()
		malformed = append(malformed, bad...)
		if inMap {
			beyond = append(beyond, own...)
		} else {
			rules = append(rules, own...)
		}
		if !items.Is(jsontree.Object) {
			break
		}
		n = b.resolve.node(items)
	}
	return rules, beyond, malformed
}

// inLists returns what is in the innermost list of a type, or the type.
func inLists(t ir.Type) ir.Type {
	for range maxLayers {
		list, ok := t.(*ir.List)
		if !ok {
			break
		}
		t = list.Elem.Type
	}
	return t
}

// ruleUnchecked reports a rule that the table of rules has no place for, and returns it as
// text for a comment. What is wrong with a malformed one is lint's to report.
func (b *builder) ruleUnchecked(v *jsontree.Value, path string, inMap bool) string {
	message := "the rule is not checked: the value is not the address of a file"
	if inMap {
		message = "the rule is not checked: the value is in a map"
	}
	if rule, _ := dialect.ReadMediaRule(v); rule.Op != "" {
		b.report(v, "validation-unchecked", path, message)
	}
	return ruleText(v)
}

// distant is a field whose objects the table of rules does not reach: they are in a map,
// or hold themselves.
type distant struct {
	in    fieldScope
	field int
	of    *ir.Struct
}

// noteUnreached notes the fields of a struct that lead to objects which the table of
// rules does not reach. Their own rules are known once all structs are.
func (b *builder) noteUnreached(in fieldScope) {
	if b.output {
		return
	}
	for i, f := range in.of.Fields {
		of, ok := leafType(f.Type).(*ir.Struct)
		if _, listed := inLists(f.Type).(*ir.Struct); ok && (!listed || b.building[of]) {
			b.distant = append(b.distant, distant{in, i, of})
		}
	}
}

// settleDistant says of the noted fields that what they hold has rules.
func (b *builder) settleDistant() {
	for _, d := range b.distant {
		if hasRules(d.of, map[*ir.Struct]bool{}) {
			f := &d.in.of.Fields[d.field]
			b.report(d.in.at[d.field], "validation-unchecked", d.in.paths[d.field],
				"the rules of the objects in it are not checked: they are in a map, or in each other")
			f.Unchecked = append(f.Unchecked, "validations of the objects in it")
		}
	}
}

// hasRules reports whether a struct or one in it has media rules.
func hasRules(s *ir.Struct, seen map[*ir.Struct]bool) bool {
	if seen[s] {
		return false
	}
	seen[s] = true
	for _, f := range s.Fields {
		if len(f.MediaRules) > 0 {
			return true
		}
		if of, ok := leafType(f.Type).(*ir.Struct); ok && hasRules(of, seen) {
			return true
		}
	}
	return false
}
