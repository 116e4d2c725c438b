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
	if weak == ir.NoMedia && len(n.get("validations").Items()) > 0 {
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
	if rules, beyond := b.mediaRules(n); kind == ir.NoMedia && len(rules)+len(beyond) > 0 {
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

// mediaRules returns the media rules of a property and of what its lists and maps
// hold, however deep. Those in beyond are not checked: what a map holds has no path
// in the table of rules.
func (b *builder) mediaRules(n *node) (rules, beyond []*jsontree.Value) {
	inMap := false
	for range maxLayers { // items may refer to their own list
		items := n.get("items")
		if values := n.get("additionalProperties"); !items.Is(jsontree.Object) && values.Is(jsontree.Object) {
			items, inMap = values, true
		}
		if inMap {
			beyond = append(beyond, n.get("validations").Items()...)
		} else {
			rules = append(rules, n.get("validations").Items()...)
		}
		if !items.Is(jsontree.Object) {
			break
		}
		n = b.resolve.node(items)
	}
	return rules, beyond
}
