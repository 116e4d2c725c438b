// Package sample makes valid instances of a model's schema, for examples, tests
// and the page in the browser.
package sample

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/genclient/genclient/internal/dialect"
	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/jsontree"
)

// Limits on an instance: schemas are scraped, and one that refers to itself could
// ask for a value without end.
const (
	maxDepth    = 16     // of nesting; optional properties end at optionalDepth
	maxValues   = 10_000 // in all
	maxText     = 10_000 // runes of a string
	maxVariants = 1_000  // tries for one more value unlike the others
	textAsValue = 100    // bytes of a string that count as one more value

	optionalDepth = 3
)

// Of returns an instance of the schema root, always the same: its required
// properties, and with optional the others too, in the schema's order. A value is
// the first member of an enum, the schema's default, or the simplest that its
// bounds allow; media are URLs on example.com.
//
// The instance is valid unless the schema allows none, or asks for what cannot be
// made by looking at its keywords: a pattern that no common text matches, not,
// if, contains and other conditions on parts.
func Of(root *jsontree.Value, optional bool) *jsontree.Value {
	m := maker{refs: dialect.ReadReferences(root), optional: optional}
	return m.value(root, 0, 0)
}

// maker makes one instance.
type maker struct {
	refs     *dialect.References
	optional bool
	made     int // values so far
}

// layers are the schemas that apply to one value: the schema, the target of its
// $ref, the branches of allOf, and of anyOf and oneOf the first that is not null.
type layers []*jsontree.Value

func (m *maker) layers(v *jsontree.Value) layers {
	var out layers
	var add func(v *jsontree.Value)
	add = func(v *jsontree.Value) {
		v = m.refs.Effective(v)
		if v == nil || slices.Contains(out, v) {
			return
		}
		out = append(out, v)
		if ref := v.Get("$ref"); ref.Is(jsontree.String) {
			target, _ := m.refs.Resolve(ref)
			add(target)
		}
		for _, branch := range v.Get("allOf").Items() {
			add(branch)
		}
		for _, keyword := range []string{"anyOf", "oneOf"} {
			branches := v.Get(keyword).Items()
			isValue := func(b *jsontree.Value) bool { return b.Get("type").Str() != "null" }
			if i := slices.IndexFunc(branches, isValue); i >= 0 {
				add(branches[i])
			}
		}
	}
	add(v)
	return out
}

// get returns a keyword's value in the first layer that has it as a value of the
// kind.
func (l layers) get(keyword string, kind jsontree.Kind) *jsontree.Value {
	for _, v := range l {
		if found := v.Get(keyword); found.Is(kind) {
			return found
		}
	}
	return nil
}

// value returns an instance of a schema; variant tells apart those of one list
// whose items have to differ.
func (m *maker) value(v *jsontree.Value, depth, variant int) *jsontree.Value {
	if m.made++; depth > maxDepth || m.made > maxValues {
		return &jsontree.Value{Kind: jsontree.Null}
	}
	l := m.layers(v)
	if given := l.given(); len(given) > 0 {
		return given[variant%len(given)]
	}
	switch l.kind() {
	case "string":
		s := l.text(variant)
		m.made += len(s) / textAsValue
		return text(s)
	case "integer", "number":
		return l.number(variant)
	case "boolean":
		return &jsontree.Value{Kind: jsontree.Bool, Text: strconv.FormatBool(variant%2 == 1)}
	case "array":
		return m.list(l, depth)
	case "object":
		return m.object(l, depth)
	}
	return &jsontree.Value{Kind: jsontree.Null}
}

func text(s string) *jsontree.Value { return &jsontree.Value{Kind: jsontree.String, Text: s} }

// given returns the values that the schema itself names: of a const or an enum
// those that satisfy its other keywords, else the default if that does.
func (l layers) given() []*jsontree.Value {
	var out []*jsontree.Value
	for _, v := range l {
		if c := v.Get("const"); c != nil {
			return []*jsontree.Value{c}
		}
	}
	for _, v := range l {
		if len(out) == 0 {
			members := slices.Clone(v.Get("enum").Items())
			out = slices.DeleteFunc(members, func(e *jsontree.Value) bool { return !l.allows(e) })
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, v := range l {
		d := v.Get("default")
		if d != nil && d.Text != "" && l.allows(d) { // a scalar that says something
			return []*jsontree.Value{d}
		}
	}
	return nil
}

// allows reports whether a scalar has a type of the schema and is within its
// bounds; other values it takes to be.
func (l layers) allows(v *jsontree.Value) bool {
	for _, s := range l {
		types := dialect.StandardTypes(s.Get("type"))
		if len(types) > 0 && !slices.ContainsFunc(types, func(name string) bool { return is(v, name) }) {
			return false
		}
		if e := s.Get("enum"); e.Is(jsontree.Array) && !slices.ContainsFunc(e.Elems, v.Equal) {
			return false
		}
	}
	switch v.Kind {
	case jsontree.String:
		low, high := l.lengths("minLength", "maxLength")
		n := utf8.RuneCountInString(v.Text)
		return n >= low && n <= high && l.matches(v.Text)
	case jsontree.Number:
		return l.bounds().contain(dialect.Rational(v))
	}
	return true
}

// is reports whether a value has a JSON Schema type.
func is(v *jsontree.Value, name string) bool {
	if v.Kind == jsontree.Number {
		return name == "number" || name == "integer" && dialect.Rational(v).IsInt()
	}
	return v.Kind.String() == name
}

// kind returns the first type that every layer allows and that is not null;
// without any, the type that the keywords are about.
func (l layers) kind() string {
	for _, v := range l {
		for _, name := range dialect.StandardTypes(v.Get("type")) {
			refuses := func(v *jsontree.Value) bool { return !allowsType(v, name) }
			if name != "null" && !slices.ContainsFunc(l, refuses) {
				return name
			}
		}
	}
	for _, v := range l {
		if v.Is(jsontree.Object) {
			for _, member := range v.Members {
				if kw, _ := dialect.KeywordNamed(member.Name); kw.Applies != "" {
					return kw.Applies
				}
			}
		}
	}
	for _, v := range l {
		if v.Get("type") != nil {
			return "null"
		}
	}
	return "string"
}

// allowsType reports whether a schema's type keyword, if any, allows a type.
func allowsType(v *jsontree.Value, name string) bool {
	types := dialect.StandardTypes(v.Get("type"))
	return len(types) == 0 || slices.Contains(types, name) || name == "integer" && slices.Contains(types, "number")
}

// lengths returns the bounds that two keywords set to a count.
func (l layers) lengths(minKeyword, maxKeyword string) (low, high int) {
	high = maxText
	for _, v := range l {
		c := dialect.ReadCount(v.Get, minKeyword, maxKeyword)
		if c.Min != nil {
			low = max(low, int(min(c.Min.Int64(), maxText)))
		}
		if c.Max != nil {
			high = min(high, int(min(c.Max.Int64(), maxText)))
		}
	}
	return low, high
}

// matches reports whether a text matches the schema's patterns, as far as RE2
// can read them.
func (l layers) matches(s string) bool {
	for _, v := range l {
		pattern := v.Get("pattern")
		if !pattern.Is(jsontree.String) {
			continue
		}
		if re, _ := dialect.Pattern(pattern.Text, pattern.Offset); re != nil && !re.MatchString(s) {
			return false
		}
	}
	return true
}

// common are texts that patterns are likely to ask for.
var common = []string{"text", "TEXT", "a1", "1", "12:34", "16:9", "1024x1024", "#ff00ff", "2024-01-31", "2024-01-31T12:00:00Z",
	"name@example.com", "https://example.com/file.png", "en", "en-US", "a-b_c", "a.b.c", "00000000-0000-4000-8000-000000000000"}

// text returns a string for the schema.
func (l layers) text(variant int) string {
	low, high := l.lengths("minLength", "maxLength")
	fit := func(s string) string {
		if variant > 0 {
			s += strconv.Itoa(variant)
		}
		if n := utf8.RuneCountInString(s); n < low {
			s += strings.Repeat("a", low-n)
		}
		return s[:min(len(s), max(high, 0))]
	}
	candidates := common
	if url := l.mediaURL(); url != "" {
		candidates = append([]string{url}, common...)
	}
	for _, c := range candidates {
		if s := fit(c); l.matches(s) {
			return s
		}
		if n := utf8.RuneCountInString(c); n >= low && n <= high && l.matches(c) {
			return c
		}
	}
	return fit(candidates[0])
}

// mediaURL returns the URL of a file where the schema wants one, else "".
func (l layers) mediaURL() string {
	names := map[ir.MediaKind]string{
		ir.MediaImage: "image.png", ir.MediaVideo: "video.mp4", ir.MediaAudio: "audio.mp3",
	}
	format := l.get("format", jsontree.String).Str()
	if name := names[dialect.MediaFormat(format)]; name != "" {
		return "https://example.com/" + name
	}
	isURL := format == "uri" || format == "url" || strings.Contains(format, "_uri")
	if isURL || l.get("validations", jsontree.Array) != nil {
		return "https://example.com/file.png"
	}
	return ""
}

// list returns the fewest items that the schema allows, but one rather than none.
func (m *maker) list(l layers, depth int) *jsontree.Value {
	out := &jsontree.Value{Kind: jsontree.Array}
	low, high := l.lengths("minItems", "maxItems")
	if isFalse(l.get("items", jsontree.Bool)) {
		return out
	}
	items, unique := l.get("items", jsontree.Object), l.get("uniqueItems", jsontree.Bool).True()
	wanted := min(max(low, 1), high)
	for variant := 0; len(out.Elems) < wanted && variant < maxVariants && m.made < maxValues; variant++ {
		v := m.value(items, depth+1, variant)
		if !unique || !slices.ContainsFunc(out.Elems, v.Equal) {
			out.Elems = append(out.Elems, v)
		}
	}
	return out
}

// object returns the required properties, and the optional ones where asked for.
func (m *maker) object(l layers, depth int) *jsontree.Value {
	out := &jsontree.Value{Kind: jsontree.Object}
	var required []string
	for _, v := range l {
		required = append(required, v.Get("required").Strings()...)
	}
	for _, v := range l {
		properties := v.Get("properties")
		if !properties.Is(jsontree.Object) {
			continue
		}
		for _, p := range properties.Members {
			wanted := slices.Contains(required, p.Name) || m.optional && depth < optionalDepth
			if wanted && out.Get(p.Name) == nil && !isFalse(p.Value) {
				out.Members = append(out.Members, jsontree.Member{Name: p.Name, Value: m.value(p.Value, depth+1, 0)})
			}
		}
	}
	// A map has as many entries as it must have.
	entry := l.get("additionalProperties", jsontree.Object)
	least, _ := l.lengths("minProperties", "maxProperties")
	for n := len(out.Members); entry != nil && n < least && m.made < maxValues; n++ {
		name := "key" + strconv.Itoa(n)
		out.Members = append(out.Members, jsontree.Member{Name: name, Value: m.value(entry, depth+1, n)})
	}
	return out
}

// isFalse reports whether a schema is false: the property must not be there.
func isFalse(v *jsontree.Value) bool { return v.Is(jsontree.Bool) && !v.True() }
