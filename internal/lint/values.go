package lint

import (
	"fmt"
	"math/big"
	"path"
	"slices"
	"strings"

	"github.com/genclient/genclient/internal/dialect"
	"github.com/genclient/genclient/internal/jsontree"

	"github.com/genclient/genclient/internal/validate"
)

// enum reports on the members of an enum and on a constant beside it.
func (l *linter) enum(v *jsontree.Value, path string) {
	enum, constant := v.Get("enum"), v.Get("const")
	var names []string
	if names = dialect.StandardTypes(v.Get("type")); v.Get("nullable").True() {
		names = append(slices.Clone(names), "null")
	}
	if constant != nil {
		if enum.Is(jsontree.Array) && !slices.ContainsFunc(enum.Elems, func(e *jsontree.Value) bool { return sameValue(e, constant) }) {
			l.report("const-conflict", constant.Offset, path, "the constant "+constant.Brief()+" is no member of the enum")
		} else if !hasType(constant, names) {
			l.report("const-conflict", constant.Offset, path, "the constant "+constant.Brief()+" has not the schema's type")
		}
	}
	if !enum.Is(jsontree.Array) {
		return
	}
	if len(enum.Elems) == 0 {
		l.report("enum-empty", enum.Offset, path, "the enum has no members: no value is allowed")
		return
	}
	kinds := map[jsontree.Kind]bool{}
	for i, e := range enum.Elems {
		if e.Kind != jsontree.Null {
			kinds[e.Kind] = true
		}
		if slices.ContainsFunc(enum.Elems[:i], func(f *jsontree.Value) bool { return sameValue(e, f) }) {
			l.report("enum-duplicate", e.Offset, path, "the member "+e.Brief()+" stands twice")
			continue
		}
		if !hasType(e, names) {
			l.report("enum-type-mismatch", e.Offset, path, "the member "+e.Brief()+" is not of type "+strings.Join(names, " or "))
		}
		if e.Is(jsontree.String) && e.Text == "" || e.Is(jsontree.Number) && dialect.Rational(e).Sign() == 0 {
			l.report("enum-zero-member", e.Offset, path, "the member "+e.Brief()+" is Go's zero value")
		}
	}
	if len(kinds) > 1 {
		l.report("enum-mixed-types", enum.Offset, path, "the members have different types")
	}
}

// sameValue reports whether two values are equal as JSON Schema has it: 1 and
// 1.0 are.
func sameValue(a, b *jsontree.Value) bool {
	switch {
	case a.Kind != b.Kind:
		return false
	case a.Kind == jsontree.Number:
		return dialect.Rational(a).Cmp(dialect.Rational(b)) == 0
	case a.Kind == jsontree.Object:
		return len(a.Members) == len(b.Members) && !slices.ContainsFunc(a.Members, func(m jsontree.Member) bool {
			other := b.Get(m.Name)
			return other == nil || !sameValue(m.Value, other)
		})
	}
	return a.Text == b.Text && slices.EqualFunc(a.Elems, b.Elems, sameValue)
}

// hasType reports whether the value has one of the types; with none, any will do.
func hasType(v *jsontree.Value, names []string) bool {
	return len(names) == 0 || slices.Contains(names, v.Kind.String()) ||
		v.Kind == jsontree.Number && slices.Contains(names, "integer") && dialect.Rational(v).IsInt()
}

// bounds reports bounds that no value can keep.
func (l *linter) bounds(v *jsontree.Value, path string) {
	least, exclusiveLeast := bound(v, "minimum", "exclusiveMinimum", 1)
	most, exclusiveMost := bound(v, "maximum", "exclusiveMaximum", -1)
	if least != nil && most != nil {
		low, high := dialect.Rational(least), dialect.Rational(most)
		empty := low.Cmp(high) > 0 || low.Cmp(high) == 0 && (exclusiveLeast || exclusiveMost)
		if slices.Equal(dialect.StandardTypes(v.Get("type")), []string{"integer"}) {
			empty = empty || firstInteger(low, exclusiveLeast).Cmp(new(big.Int).Neg(firstInteger(new(big.Rat).Neg(high), exclusiveMost))) > 0
		}
		if empty {
			l.report("unsatisfiable", least.Offset, path, fmt.Sprintf("no number is from %s to %s", least.Text, most.Text))
		}
	}
	for _, pair := range [][2]string{{"minLength", "maxLength"}, {"minItems", "maxItems"}, {"minProperties", "maxProperties"}, {"minContains", "maxContains"}} {
		least, most := v.Get(pair[0]), v.Get(pair[1])
		if least.Is(jsontree.Number) && most.Is(jsontree.Number) && dialect.IsCount(least) && dialect.IsCount(most) && dialect.Rational(least).Cmp(dialect.Rational(most)) > 0 {
			l.report("unsatisfiable", least.Offset, path, fmt.Sprintf("%s %s is above %s %s", pair[0], least.Text, pair[1], most.Text))
		}
	}
}

// bound returns the sharper of a schema's inclusive and exclusive bound, and
// whether it is exclusive, in draft 4's form too. sign is 1 for a lower bound.
func bound(v *jsontree.Value, inclusive, exclusive string, sign int) (*jsontree.Value, bool) {
	in, ex := v.Get(inclusive), v.Get(exclusive)
	switch {
	case !in.Is(jsontree.Number) && !ex.Is(jsontree.Number):
		return nil, false
	case !in.Is(jsontree.Number):
		return ex, true
	case ex.Is(jsontree.Number) && dialect.Rational(ex).Cmp(dialect.Rational(in)) != -sign:
		return ex, true
	}
	return in, ex.True()
}

// firstInteger returns the smallest integer not below x, or above it.
func firstInteger(x *big.Rat, above bool) *big.Int {
	// Div rounds down for a positive divisor, so -floor(-x) is the ceiling.
	negated := new(big.Int).Neg(x.Num())
	i := negated.Neg(negated.Div(negated, x.Denom()))
	if above && x.IsInt() {
		i.Add(i, big.NewInt(1))
	}
	return i
}

// integers reports integers that int64 or float64 does not hold.
func (l *linter) integers(v *jsontree.Value, path string) {
	if !slices.Contains(dialect.StandardTypes(v.Get("type")), "integer") {
		return
	}
	values := []*jsontree.Value{v.Get("minimum"), v.Get("maximum"), v.Get("exclusiveMinimum"), v.Get("exclusiveMaximum"), v.Get("const")}
	if enum := v.Get("enum"); enum != nil {
		values = append(values, enum.Elems...)
	}
	for _, n := range values {
		if !n.Is(jsontree.Number) || !dialect.Rational(n).IsInt() {
			continue
		}
		switch i := dialect.Rational(n).Num(); {
		case !i.IsInt64():
			l.report("integer-beyond-int64", n.Offset, path, n.Text+" is beyond int64")
		case new(big.Int).Abs(i).Cmp(big.NewInt(1<<53)) > 0:
			l.report("integer-beyond-2-53", n.Offset, path, n.Text+" is beyond 2^53")
		}
	}
}

// defaultValue notes defaults that are demo content: of free text and of media.
func (l *linter) defaultValue(v *jsontree.Value, path string) {
	value := v.Get("default")
	if value == nil {
		return
	}
	for _, name := range []string{"enum", "const", "$ref", "allOf", "anyOf", "oneOf"} {
		if v.Get(name) != nil {
			return // a choice: the default tells what the server does
		}
	}
	if names := dialect.StandardTypes(v.Get("type")); !hasType(value, names) {
		return
	}
	texts := value.Strings()
	if value.Is(jsontree.String) && value.Text != "" {
		texts = []string{value.Text}
	}
	switch {
	case len(texts) == 0:
	case slices.ContainsFunc(texts, bareFile):
		l.report("default-bare-file", value.Offset, path, "the default "+value.Brief()+" is a file name without an address")
	default:
		l.demo = append(l.demo, property{path, value.Offset})
	}
}

// bareFile reports whether s is the name of a media file and no more.
func bareFile(s string) bool {
	return !strings.ContainsAny(s, "/\\: \n") && slices.Contains(mediaEndings, strings.ToLower(path.Ext(s)))
}

var mediaEndings = []string{".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif", ".heic", ".bmp", ".svg",
	".mp4", ".mov", ".webm", ".mkv", ".avi", ".mp3", ".wav", ".flac", ".m4a", ".ogg", ".aac"}

// defaults judges all defaults of the input at once: those of an object's
// properties make an instance of it.
func (l *linter) defaults(judge *validate.Validator) {
	defaults := map[string]bool{}
	instance := defaultInstance(l.doc.Input, "", defaults)
	if instance == nil {
		return
	}
	for _, f := range judge.ValidateTree(instance, nil) {
		for end := range len(f.Path) + 1 {
			if (end == len(f.Path) || f.Path[end] == '.' || f.Path[end] == '[') && defaults[f.Path[:end]] {
				l.report("default-invalid", f.Value.Offset, f.Path, "the default "+f.Value.Brief()+" breaks "+f.Keyword+": "+f.Message)
				break
			}
		}
	}
}

// defaultInstance returns the object of the defaults of an object schema's
// properties, or nil without any, and notes their paths. A null default says
// nothing.
func defaultInstance(v *jsontree.Value, path string, defaults map[string]bool) *jsontree.Value {
	object := &jsontree.Value{Kind: jsontree.Object, Offset: v.Offset}
	props := v.Get("properties")
	if !props.Is(jsontree.Object) {
		return nil
	}
	for _, p := range props.Members {
		at := dialect.JoinPath(path, p.Name)
		value := p.Value.Get("default")
		switch {
		case value != nil && value.Kind != jsontree.Null:
			defaults[at] = true
		case value == nil:
			value = defaultInstance(p.Value, at, defaults)
		default:
			value = nil
		}
		if value != nil {
			object.Members = append(object.Members, jsontree.Member{Name: p.Name, Value: value})
		}
	}
	if len(object.Members) == 0 {
		return nil
	}
	return object
}
