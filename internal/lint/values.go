package lint

import (
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
		if enum.Is(jsontree.Array) && !dialect.SetOf(enum.Elems...).Has(constant) {
			l.report("const-conflict", constant.Offset, path,
				"the constant "+constant.Brief()+" is not a member of the enum")
		} else if !dialect.HasType(constant, names...) {
			l.report("const-conflict", constant.Offset, path,
				"the constant "+constant.Brief()+" does not have the schema's type")
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
	seen := dialect.Set{}
	for _, e := range enum.Elems {
		if e.Kind != jsontree.Null {
			kinds[e.Kind] = true
		}
		if !seen.Add(e) {
			l.report("enum-duplicate", e.Offset, path, "the member "+e.Brief()+" appears twice")
			continue
		}
		if !dialect.HasType(e, names...) {
			l.report("enum-type-mismatch", e.Offset, path,
				"the member "+e.Brief()+" is not of type "+strings.Join(names, " or "))
		}
		if e.Is(jsontree.String) && e.Text == "" || e.Is(jsontree.Number) && dialect.Rational(e).Sign() == 0 {
			l.report("enum-zero-member", e.Offset, path, "the member "+e.Brief()+" is Go's zero value")
		}
	}
	if len(kinds) > 1 {
		l.report("enum-mixed-types", enum.Offset, path, "the members have different types")
	}
}

// bounds reports bounds that no value satisfies.
func (l *linter) bounds(v *jsontree.Value, path string) {
	numbers := dialect.ReadRange(v.Get)
	types := dialect.StandardTypes(v.Get("type"))
	l.problem(numbers.Empty(slices.Equal(types, []string{"integer"})), path)
	if slices.Contains(types, "number") {
		for _, p := range numbers.BeyondFloat64() {
			l.problem(&p, path)
		}
	}
	for _, pair := range [][2]string{{"minLength", "maxLength"}, {"minItems", "maxItems"},
		{"minProperties", "maxProperties"}, {"minContains", "maxContains"}} {
		l.problem(dialect.ReadCount(v.Get, pair[0], pair[1]).Empty(), path)
	}
}

// integers reports integers that int64 or float64 does not hold.
func (l *linter) integers(v *jsontree.Value, path string) {
	if !slices.Contains(dialect.StandardTypes(v.Get("type")), "integer") {
		return
	}
	values := []*jsontree.Value{v.Get("minimum"), v.Get("maximum"), v.Get("exclusiveMinimum"),
		v.Get("exclusiveMaximum"), v.Get("const")}
	if enum := v.Get("enum"); enum != nil {
		values = append(values, enum.Elems...)
	}
	for _, n := range values {
		l.problem(dialect.BeyondInteger(n), path)
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
			return // a choice: the default says what the server does
		}
	}
	if names := dialect.StandardTypes(v.Get("type")); !dialect.HasType(value, names...) {
		return
	}
	texts := value.Strings()
	if value.Is(jsontree.String) && value.Text != "" {
		texts = []string{value.Text}
	}
	switch {
	case len(texts) == 0:
	case slices.ContainsFunc(texts, dialect.BareFile):
		l.report("default-bare-file", value.Offset, path,
			"the default "+value.Brief()+" is a file name without an address")
	default:
		l.demo = append(l.demo, property{path, value.Offset})
	}
}

// defaults checks all defaults of the input at once: those of an object's
// properties make an instance of it.
func (l *linter) defaults(validator *validate.Validator) {
	defaults := map[string]bool{}
	instance := defaultInstance(l.doc.Input, "", defaults)
	if instance == nil {
		return
	}
	for _, f := range validator.ValidateTree(instance) {
		for end := range len(f.Path) + 1 {
			if (end == len(f.Path) || f.Path[end] == '.' || f.Path[end] == '[') && defaults[f.Path[:end]] {
				l.report("default-invalid", f.Value.Offset, f.Path,
					"the default "+f.Value.Brief()+" violates "+f.Keyword+": "+f.Message)
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
