package emit_test

import (
	"encoding/json"
	"math/big"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"

	"github.com/genclient/genclient/internal/jsontree"
)

// sampler makes instances of a schema, as JSON texts. It reads the schema by
// itself: what the plan makes of it is what is to be proven.
type sampler struct {
	root *jsontree.Value
	rnd  *rand.Rand
	// items is how many items a list has unless its bounds say otherwise.
	items int
}

const (
	// sampleDepth is how deep objects and lists nest; a recursive schema goes
	// on for ever.
	sampleDepth = 4
	// sampleLong is the length in bytes above which a text is no part of random
	// instances.
	sampleLong = 600
	// sampleNested bounds the corners of one nested object.
	sampleNested = 60
)

// layers returns the schema with those that apply in the same place: the target
// of its $ref, the branches of allOf, and of anyOf and oneOf those that are not
// null.
func layers(root, v *jsontree.Value) []*jsontree.Value {
	var out []*jsontree.Value
	var add func(v *jsontree.Value)
	add = func(v *jsontree.Value) {
		if v == nil || slices.Contains(out, v) {
			return
		}
		out = append(out, v)
		if ref := v.Get("$ref").Str(); strings.HasPrefix(ref, "#") {
			add(pointer(root, ref))
		}
		for _, keyword := range []string{"allOf", "anyOf", "oneOf"} {
			for _, branch := range v.Get(keyword).Items() {
				if branch.Get("type").Str() != "null" {
					add(branch)
				}
			}
		}
	}
	add(v)
	return out
}

// pointer follows a $ref within the document.
func pointer(root *jsontree.Value, ref string) *jsontree.Value {
	v := root
	for _, name := range strings.Split(ref, "/")[1:] {
		v = v.Get(strings.NewReplacer("~1", "/", "~0", "~").Replace(name))
	}
	return v
}

// get returns a keyword's value in the schema or in one that applies with it.
func (s *sampler) get(v *jsontree.Value, keyword string) *jsontree.Value {
	for _, l := range layers(s.root, v) {
		if found := l.Get(keyword); found != nil {
			return found
		}
	}
	return nil
}

// constants returns the values that an enum, a const or branches with a const
// allow.
func (s *sampler) constants(v *jsontree.Value) []string {
	var out []string
	for _, l := range layers(s.root, v) {
		for _, e := range l.Get("enum").Items() {
			out = append(out, e.Compact())
		}
		if c := l.Get("const"); c != nil {
			out = append(out, c.Compact())
		}
	}
	return out
}

// types returns the schema's types; without any, those that its keywords hint at.
func (s *sampler) types(v *jsontree.Value) []string {
	typ := s.get(v, "type")
	names := typ.Strings()
	if typ.Is(jsontree.String) {
		names = []string{typ.Text}
	}
	if len(names) > 0 {
		return names
	}
	for _, hint := range [][2]string{{"properties", "object"}, {"additionalProperties", "object"}, {"items", "array"}, {"maxItems", "array"},
		{"minimum", "number"}, {"maximum", "number"}, {"multipleOf", "number"}} {
		if s.get(v, hint[0]) != nil {
			return []string{hint[1]}
		}
	}
	return []string{"string"}
}

// valid returns an instance that the schema should allow.
func (s *sampler) valid(v *jsontree.Value, depth int) string {
	if constants := s.constants(v); len(constants) > 0 {
		return constants[s.rnd.IntN(len(constants))]
	}
	switch s.types(v)[0] {
	case "string":
		return s.validString(v)
	case "integer", "number", "float":
		return s.validNumber(v)
	case "boolean":
		return []string{"true", "false"}[s.rnd.IntN(2)]
	case "array":
		return list(s.validItems(v, s.count(v, "minItems", "maxItems", s.items), depth))
	case "object":
		return object(s.validMembers(v, depth))
	}
	return "null"
}

// count returns n brought between two keywords.
func (s *sampler) count(v *jsontree.Value, minKeyword, maxKeyword string, n int) int {
	if most := rational(s.get(v, maxKeyword)); most != nil && most.Cmp(big.NewRat(int64(n), 1)) < 0 {
		n = int(floor(most).Int64())
	}
	if least := rational(s.get(v, minKeyword)); least != nil && least.Cmp(big.NewRat(int64(n), 1)) > 0 {
		n = int(min(floor(least).Int64(), 10_000))
	}
	return max(n, 0)
}

func (s *sampler) validString(v *jsontree.Value) string {
	if p := s.get(v, "pattern").Str(); p != "" {
		if re, err := regexp.Compile(p); err == nil {
			for _, text := range append(plainTexts, s.get(v, "default").Str()) {
				if re.MatchString(text) {
					return quote(text)
				}
			}
		}
	}
	if n := s.count(v, "minLength", "maxLength", len(sampleURL)); n >= len(sampleURL) && (strings.Contains(s.get(v, "format").Str(), "_uri") || s.get(v, "validations") != nil) {
		return quote(sampleURL + strings.Repeat("a", n-len(sampleURL)))
	}
	return quote(strings.Repeat("a", s.count(v, "minLength", "maxLength", 3)))
}

// sampleURL is a value of what is surely media.
const sampleURL = "https://a.example/b"

// plainTexts are strings that patterns are likely to ask for.
var plainTexts = []string{"abc", "ABC", "abc-def_1", "a1", "123", "12:34", "#ff00ff", "2024-01-31", "a@b.example", "https://a.example/b.png",
	"en-US", "x.y.z", "00000000-0000-4000-8000-000000000000"}

func (s *sampler) validItems(v *jsontree.Value, n, depth int) []string {
	items := make([]string, n)
	for i := range items {
		item := s.get(v, "items")
		items[i] = s.valid(item, depth+1)
		// Unless the items are few constants, chance makes them differ.
		for try := 0; try < 20 && slices.Contains(items[:i], items[i]) && s.get(v, "uniqueItems").True(); try++ {
			corners := s.corners(item, sampleDepth)
			items[i] = corners[s.rnd.IntN(len(corners))]
		}
	}
	return items
}

// member is a name of an object with the JSON text of its value.
type member struct{ name, value string }

func (s *sampler) validMembers(v *jsontree.Value, depth int) []member {
	required := s.get(v, "required").Strings()
	var out []member
	for _, p := range s.properties(v) {
		if depth < sampleDepth || slices.Contains(required, p.Name) {
			out = append(out, member{p.Name, s.valid(p.Value, depth+1)})
		}
		if depth > 4*sampleDepth {
			return nil // required without end: no instance satisfies it
		}
	}
	if len(out) == 0 && s.get(v, "additionalProperties").Is(jsontree.Object) && depth < sampleDepth {
		out = append(out, member{"key", s.valid(s.get(v, "additionalProperties"), depth+1)})
	}
	return out
}

func (s *sampler) properties(v *jsontree.Value) []jsontree.Member {
	if properties := s.get(v, "properties"); properties.Is(jsontree.Object) {
		return properties.Members
	}
	return nil
}

// wrongTypes are values of every type; all but one are wrong for a property.
var wrongTypes = []string{"null", "true", "false", `"text"`, "7", "1.5", "[]", "{}", `[1]`, `["a"]`, `{"a": 1}`}

// corners returns the instances at and just beyond every bound of the schema.
func (s *sampler) corners(v *jsontree.Value, depth int) []string {
	out := append([]string{s.valid(v, depth)}, s.constants(v)...)
	out = append(out, wrongTypes...)
	for _, c := range s.constants(v) {
		out = append(out, nonMembers(c)...)
	}
	for _, typ := range s.types(v) {
		switch typ {
		case "string":
			out = append(out, s.stringCorners(v)...)
		case "integer", "number", "float":
			out = append(out, s.numberCorners(v)...)
		case "array":
			out = append(out, s.listCorners(v, depth)...)
		case "object":
			out = append(out, s.objectCorners(v, depth)...)
		}
	}
	return out
}

func (s *sampler) listCorners(v *jsontree.Value, depth int) []string {
	if depth >= sampleDepth {
		return []string{"[]"}
	}
	var out []string
	counts := []int{0, 1, 2, 3}
	for _, keyword := range []string{"minItems", "maxItems"} {
		if bound := rational(s.get(v, keyword)); bound != nil && bound.Num().BitLen() < 10 {
			n := int(floor(bound).Int64())
			counts = append(counts, max(n-1, 0), max(n, 0), max(n+1, 0))
		}
	}
	for _, n := range counts {
		out = append(out, list(s.validItems(v, n, depth)))
	}
	item := s.valid(s.get(v, "items"), depth+1)
	for i, c := range s.corners(s.get(v, "items"), depth+1) {
		out = append(out, list([][]string{{c}, {item, c}, {c, item, c}}[i%3]))
	}
	return out
}

func (s *sampler) objectCorners(v *jsontree.Value, depth int) []string {
	if depth >= sampleDepth {
		return []string{"{}"}
	}
	base := s.validMembers(v, depth)
	out := []string{"{}", object(base), object(append(slices.Clone(base), member{"further", "1"}))}
	for i, m := range base {
		out = append(out, object(slices.Delete(slices.Clone(base), i, i+1)), object([]member{m}))
		sub := s.get(v, "properties").Get(m.name)
		if sub == nil {
			sub = s.get(v, "additionalProperties")
		}
		for _, c := range s.corners(sub, depth+1) {
			changed := slices.Clone(base)
			changed[i].value = c
			out = append(out, object(changed))
		}
	}
	if s.get(v, "properties") == nil {
		value := s.valid(s.get(v, "additionalProperties"), depth+1)
		for _, key := range []string{"a.b", "\u00e9", "a b", `"q"`, "a/b~c", "1"} {
			out = append(out, object([]member{{key, value}}), object([]member{{key, "true"}, {"z", "[[]]"}, {"key", value}}))
		}
	}
	if len(out) > sampleNested && depth > 0 {
		s.rnd.Shuffle(len(out), func(i, k int) { out[i], out[k] = out[k], out[i] })
		out = out[:sampleNested]
	}
	return out
}

// instances returns the corner instances of the root, as the members of their
// object: one property at a corner beside the required ones, and for each
// property so many random ones.
func (s *sampler) instances(random int) [][]member {
	base := s.validMembers(s.root, 0)
	required := s.get(s.root, "required").Strings()
	least := slices.DeleteFunc(slices.Clone(base), func(m member) bool { return !slices.Contains(required, m.name) })
	out := [][]member{nil, base, least, append(slices.Clone(least), member{"no such property", "[1]"})}
	pools := make([][]string, len(base))
	for i, m := range base {
		out = append(out, slices.Delete(slices.Clone(base), i, i+1))
		others := slices.DeleteFunc(slices.Clone(least), func(l member) bool { return l.name == m.name })
		for _, c := range s.corners(s.get(s.root, "properties").Get(m.name), 1) {
			out = append(out, append(slices.Clone(others), member{m.name, c}))
			// A value of a wrong type says nothing of the other properties.
			if len(c) < sampleLong && !slices.Contains(wrongTypes, c) {
				pools[i] = append(pools[i], c)
			}
		}
	}
	for range random * len(base) {
		var members []member
		for i, m := range base {
			switch n := s.rnd.IntN(20); {
			case n < 3: // absent
			case n < 9 && len(pools[i]) > 0:
				members = append(members, member{m.name, pools[i][s.rnd.IntN(len(pools[i]))]})
			case n < 10:
				members = append(members, member{m.name, "null"})
			default:
				members = append(members, member{m.name, s.valid(s.get(s.root, "properties").Get(m.name), 1)})
			}
		}
		out = append(out, members)
	}
	return out
}

func object(members []member) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, m := range members {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quote(m.name) + ":" + m.value)
	}
	b.WriteByte('}')
	return b.String()
}

func list(items []string) string { return "[" + strings.Join(items, ",") + "]" }

func quote(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always has a JSON form
	}
	return string(text)
}
