package plan

import (
	"path"
	"regexp"
	"strings"

	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/jsontree"

	"github.com/genclient/genclient/internal/dialect"
)

// mediaKind tells what media a string property takes. The signs are asked in
// the order of their worth: format, rules, default URL, description, name.
func mediaKind(name, format string, n *node) ir.MediaKind {
	if kind := dialect.MediaFormat(format); kind != ir.NoMedia {
		return kind
	}
	weak := defaultKind(n.get("default"))
	if weak == ir.NoMedia && !n.closed && n.get("maxLength") == nil {
		weak = descriptionKind(n.get("description").Str())
	}
	if weak == ir.NoMedia && !n.closed {
		weak = nameKind(name)
	}
	if weak == ir.NoMedia && len(n.get("validations").Items()) > 0 {
		return ir.MediaImage // rules measure media; the site has them on images
	}
	return weak
}

// defaultKind judges a default that is a URL or a bare file name, or a list
// that starts with one.
func defaultKind(v *jsontree.Value) ir.MediaKind {
	if items := v.Items(); len(items) > 0 {
		v = items[0]
	}
	s := v.Str()
	if strings.ContainsAny(s, " \n\t") {
		return ir.NoMedia
	}
	s, _, _ = strings.Cut(s, "?")
	return dialect.MediaExtension(strings.ToLower(path.Ext(s)))
}

var (
	locatorWord = regexp.MustCompile(`(?i)\b(urls?|uris?|files?|upload(ed)?)\b`)
	mediaWord   = regexp.MustCompile(`(?i)\b(image|photo|picture|video|audio)s?\b`)
)

// descriptionKind judges a text that speaks of a URL, a file or an upload and
// names a medium: the first one named counts.
func descriptionKind(description string) ir.MediaKind {
	if !locatorWord.MatchString(description) {
		return ir.NoMedia
	}
	switch word := mediaWord.FindStringSubmatch(description); {
	case word == nil:
		return ir.NoMedia
	case strings.EqualFold(word[1], "photo"), strings.EqualFold(word[1], "picture"):
		return ir.MediaImage
	default:
		return dialect.MediaKindNamed(strings.ToLower(word[1]))
	}
}

// nameKind judges a name whose last word, numbers and "url" aside, is a medium:
// image_url_1 and first_frame are images, image_prompt and voice_id are not.
func nameKind(name string) ir.MediaKind {
	ws := dialect.Words(name)
	for len(ws) > 0 {
		last := strings.TrimRight(strings.ToLower(ws[len(ws)-1]), "0123456789")
		switch strings.TrimSuffix(last, "s") {
		case "", "url", "uri", "file", "link":
			ws = ws[:len(ws)-1]
			continue
		case "image", "img", "photo", "picture", "frame", "mask":
			return ir.MediaImage
		case "video", "clip":
			return ir.MediaVideo
		case "audio":
			return ir.MediaAudio
		}
		return ir.NoMedia
	}
	return ir.NoMedia
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
	if kind == ir.NoMedia && len(b.itemRules(n)) > 0 {
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

// measures are the metrics of media rules that are known: a property with a rule
// of them is media.
var measures = map[string]bool{"width_pixels": true, "height_pixels": true, "width/height": true, "file_size_mb": true}

// itemRules returns the media rules that a list has on its items' schema.
func (b *builder) itemRules(list *node) []*jsontree.Value {
	items := list.get("items")
	if !items.Is(jsontree.Object) {
		return nil
	}
	return b.resolve.node(items).get("validations").Items()
}

// mediaRule reads one entry of "validations": a metric with the operator behind
// it. ok is false when the entry is not of that form.
func mediaRule(v *jsontree.Value) (rule ir.MediaRule, ok bool) {
	name := v.Get("validation_rule").Str()
	metric := strings.TrimRight(name, "<>=")
	op := name[len(metric):]
	switch op {
	case ">", "<", ">=", "<=", "==":
	default:
		return ir.MediaRule{}, false
	}
	bound := v.Get("validation_value")
	if !bound.Is(jsontree.Number) || strings.TrimSpace(metric) == "" {
		return ir.MediaRule{}, false
	}
	num, ok := ir.NewNum(bound.Text)
	if _, finite := num.Float64(); !finite {
		return ir.MediaRule{}, false
	}
	return ir.MediaRule{Metric: metric, Op: op, Bound: num, Message: v.Get("validation_error").Str()}, ok
}
