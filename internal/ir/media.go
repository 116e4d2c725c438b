package ir

import (
	"path"
	"regexp"
	"strings"

	"github.com/genclient/genclient/internal/schema"
)

// mediaKind tells what media a string property takes. The signs are asked in
// the order of their worth: format, rules, default URL, description, name.
func mediaKind(name, format string, n *node) MediaKind {
	if kind := mediaFormat(format); kind != NoMedia {
		return kind
	}
	weak := defaultKind(n.get("default"))
	if weak == NoMedia && !n.closed && n.get("maxLength") == nil {
		weak = descriptionKind(n.get("description").Str())
	}
	if weak == NoMedia && !n.closed {
		weak = nameKind(name)
	}
	if weak == NoMedia && len(n.get("validations").Items()) > 0 {
		return MediaImage // rules measure media; the site has them on images
	}
	return weak
}

// mediaFormat reads a format such as image_uri, video_uris or
// image_uri_with_mask_image_ideogramv3.
func mediaFormat(format string) MediaKind {
	kind, rest, _ := strings.Cut(format, "_")
	if !strings.HasPrefix(rest, "uri") {
		return NoMedia
	}
	return kindNamed(kind)
}

func kindNamed(word string) MediaKind {
	switch word {
	case "image":
		return MediaImage
	case "video":
		return MediaVideo
	case "audio":
		return MediaAudio
	}
	return NoMedia
}

// mediaExtensions are the endings of sample files on the pages.
var mediaExtensions = map[string]MediaKind{
	".jpg": MediaImage, ".jpeg": MediaImage, ".png": MediaImage, ".webp": MediaImage,
	".gif": MediaImage, ".avif": MediaImage, ".heic": MediaImage, ".bmp": MediaImage,
	".mp4": MediaVideo, ".mov": MediaVideo, ".webm": MediaVideo, ".mkv": MediaVideo,
	".mp3": MediaAudio, ".wav": MediaAudio, ".m4a": MediaAudio, ".flac": MediaAudio, ".ogg": MediaAudio,
}

// defaultKind judges a default that is a URL or a bare file name, or a list
// that starts with one.
func defaultKind(v *schema.Value) MediaKind {
	if items := v.Items(); len(items) > 0 {
		v = items[0]
	}
	s := v.Str()
	if strings.ContainsAny(s, " \n\t") {
		return NoMedia
	}
	s, _, _ = strings.Cut(s, "?")
	return mediaExtensions[strings.ToLower(path.Ext(s))]
}

var (
	locatorWord = regexp.MustCompile(`(?i)\b(urls?|uris?|files?|upload(ed)?)\b`)
	mediaWord   = regexp.MustCompile(`(?i)\b(image|photo|picture|video|audio)s?\b`)
)

// descriptionKind judges a text that speaks of a URL, a file or an upload and
// names a medium: the first one named counts.
func descriptionKind(description string) MediaKind {
	if !locatorWord.MatchString(description) {
		return NoMedia
	}
	switch word := mediaWord.FindStringSubmatch(description); {
	case word == nil:
		return NoMedia
	case strings.EqualFold(word[1], "photo"), strings.EqualFold(word[1], "picture"):
		return MediaImage
	default:
		return kindNamed(strings.ToLower(word[1]))
	}
}

// nameKind judges a name whose last word, numbers and "url" aside, is a medium:
// image_url_1 and first_frame are images, image_prompt and voice_id are not.
func nameKind(name string) MediaKind {
	ws := words(name)
	for len(ws) > 0 {
		last := strings.TrimRight(strings.ToLower(ws[len(ws)-1]), "0123456789")
		switch strings.TrimSuffix(last, "s") {
		case "", "url", "uri", "file", "link":
			ws = ws[:len(ws)-1]
			continue
		case "image", "img", "photo", "picture", "frame", "mask":
			return MediaImage
		case "video", "clip":
			return MediaVideo
		case "audio":
			return MediaAudio
		}
		return NoMedia
	}
	return NoMedia
}

// media returns the media kind of the property at path, and whether its format
// says so.
func (b *builder) media(path string, n *node) (kind MediaKind, sure bool) {
	name := path[strings.LastIndexAny(path, ".]}")+1:]
	format := n.get("format").Str()
	if format == "" && !strings.ContainsAny(path, ".[{") {
		format = b.doc.Catalog.Get("formats").Get(name).Str()
	}
	if format == "" {
		format = b.itemFormat(n)
	}
	kind = mediaKind(name, format, n)
	if kind == NoMedia && len(b.itemRules(n)) > 0 {
		kind = MediaImage
	}
	return kind, mediaFormat(format) != NoMedia
}

// itemFormat returns the format of the items of a list or of a map, also of lists
// of lists.
func (b *builder) itemFormat(n *node) string {
	for range maxLayers { // items may refer to their own list
		items := n.get("items")
		if !items.Is(schema.Object) {
			items = n.get("additionalProperties")
		}
		if !items.Is(schema.Object) {
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
func leafType(t Type) Type {
	for range maxLayers {
		switch of := t.(type) {
		case *List:
			t = of.Elem.Type
		case *Map:
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
func (b *builder) itemRules(list *node) []*schema.Value {
	items := list.get("items")
	if !items.Is(schema.Object) {
		return nil
	}
	return b.resolve.node(items).get("validations").Items()
}

// mediaRule reads one entry of "validations": a metric with the operator behind
// it. ok is false when the entry is not of that form.
func mediaRule(v *schema.Value) (rule MediaRule, ok bool) {
	name := v.Get("validation_rule").Str()
	metric := strings.TrimRight(name, "<>=")
	op := name[len(metric):]
	switch op {
	case ">", "<", ">=", "<=", "==":
	default:
		return MediaRule{}, false
	}
	bound := v.Get("validation_value")
	if !bound.Is(schema.Number) || strings.TrimSpace(metric) == "" {
		return MediaRule{}, false
	}
	num, ok := NewNum(bound.Text)
	if _, finite := num.Float64(); !finite {
		return MediaRule{}, false
	}
	return MediaRule{Metric: metric, Op: op, Bound: num, Message: v.Get("validation_error").Str()}, ok
}

// outputKind tells what a model makes: the last "to-video" or bare medium of
// its categories, then of its id, then the members of its output schema.
func outputKind(d *schema.Document) OutputKind {
	for i := len(d.Categories) - 1; i >= 0; i-- {
		if kind := outputWord(d.Categories[i]); kind != OutputOther {
			return kind
		}
	}
	if _, rest, ok := strings.Cut(d.ModelID, "/"); ok {
		if kind := outputWord(rest); kind != OutputOther {
			return kind
		}
	}
	properties := d.Output.Get("output").Get("properties")
	if properties != nil && len(properties.Members) == 1 {
		return outputWord(properties.Members[0].Name)
	}
	return OutputOther
}

// outputWord reads the last word of s that names a medium; behind "to" it
// counts before any other.
func outputWord(s string) OutputKind {
	ws := words(strings.ToLower(s))
	found := OutputOther
	for i := len(ws) - 1; i >= 0; i-- {
		kind := outputWords[strings.TrimRight(strings.TrimSuffix(ws[i], "s"), "0123456789")]
		if kind == OutputOther {
			continue
		}
		if i > 0 && ws[i-1] == "to" {
			return kind
		}
		if found == OutputOther {
			found = kind
		}
	}
	return found
}

var outputWords = map[string]OutputKind{
	"image": OutputImage, "photo": OutputImage, "picture": OutputImage,
	"video": OutputVideo, "animate": OutputVideo, "lipsync": OutputVideo, "avatar": OutputVideo,
	"frame": OutputVideo, "talk": OutputVideo,
	"audio": OutputAudio, "music": OutputAudio, "speech": OutputAudio, "voice": OutputAudio,
	"song": OutputAudio, "sound": OutputAudio, "tts": OutputAudio,
}
