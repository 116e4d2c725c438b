package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/dialect"
	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/schema"
)

// linter collects the diagnostics of one document that Compile does not make.
type linter struct {
	doc   *schema.Document
	diags diag.List
	refs  *dialect.References
	demo  []property // with a default that is demo content
}

// property is a property with the place of its default.
type property struct {
	path   string
	offset int
}

func (l *linter) report(rule string, offset int, path, message string) {
	l.problem(&dialect.Problem{Rule: rule, Offset: offset, Message: message}, path)
}

// problem reports what package dialect finds, if it finds something.
func (l *linter) problem(p *dialect.Problem, path string) {
	if p != nil {
		l.diags = append(l.diags, l.doc.Problem(p.At(path)))
	}
}

// role says how a schema is reached, and so which rules it is asked.
type role uint8

const (
	roleRoot     role = iota
	roleProperty      // of an object
	roleItem          // of an array or a map
	rolePart          // of a schema of the same instance, as in anyOf
)

func (l *linter) root() {
	d := l.doc
	l.text(d.Root().Get("title"), "")
	l.text(d.Root().Get("description"), "")
	if props := d.Input.Get("properties"); !combines(d.Input) &&
		(props == nil || props.Is(jsontree.Object) && len(props.Members) == 0) {
		problem := dialect.RootWithoutProperties(d.Input)
		l.problem(&problem, "")
	}
	l.schema(d.Input, "", roleRoot)
	if len(l.demo) > 0 {
		var paths []string
		for _, p := range l.demo {
			paths = append(paths, p.path)
		}
		l.report("default-demo", l.demo[0].offset, paths[0], "demo content as default: "+strings.Join(paths, ", "))
	}
}

// schema reports on one schema and all below it. path is where its instances
// stand.
func (l *linter) schema(v *jsontree.Value, path string, as role) {
	if v.Is(jsontree.Bool) {
		l.report("boolean-schema", v.Offset, path, "the schema is "+v.Text)
	}
	if !v.Is(jsontree.Object) {
		return // Compile reports it
	}
	effective := l.refs.Effective(v)
	l.besideRef(v, effective, path)
	v = effective
	l.keywords(v, path)
	l.text(v.Get("title"), path)
	l.text(v.Get("description"), path)
	l.types(v, path, as)
	l.enum(v, path)
	l.bounds(v, path)
	l.integers(v, path)
	l.defaultValue(v, path)
	l.object(v, path, as)
	l.array(v, path)
	l.composition(v, path)
	l.below(v, path)
}

// besideRef reports the keywords that a draft ignores beside a $ref.
func (l *linter) besideRef(v, effective *jsontree.Value, path string) {
	for _, m := range v.Members {
		if effective.Get(m.Name) == nil {
			l.report("keyword-misplaced", m.Offset, path,
				fmt.Sprintf("%q beside \"$ref\", which stands alone up to draft 7", m.Name))
		}
	}
}

// below walks the schemas inside of v.
func (l *linter) below(v *jsontree.Value, path string) {
	for _, m := range v.Members {
		switch m.Name {
		case "properties":
			for _, p := range m.Value.Members {
				l.schema(p.Value, dialect.JoinPath(path, p.Name), roleProperty)
			}
		case "items", "prefixItems":
			if m.Value.Is(jsontree.Object) {
				l.schema(m.Value, path+"[]", roleItem)
			}
			for _, e := range m.Value.Elems {
				l.schema(e, path+"[]", roleItem)
			}
		case "additionalProperties":
			if m.Value.Is(jsontree.Object) {
				l.schema(m.Value, path+"{}", roleItem)
			}
		case "allOf", "anyOf", "oneOf":
			for _, e := range m.Value.Elems {
				l.schema(e, path, rolePart)
			}
		case "$defs", "definitions":
			for _, p := range m.Value.Members {
				l.schema(p.Value, dialect.JoinPath(m.Name, p.Name), rolePart)
			}
		}
	}
}

// keywords reports the keywords that are unknown, not checked, or without
// effect on the schema's type.
func (l *linter) keywords(v *jsontree.Value, path string) {
	names := dialect.StandardTypes(v.Get("type"))
	for _, m := range v.Members {
		kw, known := dialect.KeywordNamed(m.Name)
		switch {
		case !known:
			l.report("keyword-unknown", m.Offset, path, fmt.Sprintf("the keyword %q is not known", m.Name))
		case !kw.AppliesTo(names...):
			l.report("keyword-misplaced", m.Offset, path,
				fmt.Sprintf("%q on %s", m.Name, withArticle(strings.Join(names, " or "))))
		case kw.Unchecked && !m.Value.Is(jsontree.Null):
			l.report("keyword-unchecked", m.Offset, path,
				fmt.Sprintf("the keyword %q is not checked before sending", m.Name))
		}
	}
	for name, rule := range map[string]string{"deprecated": "deprecated", "readOnly": "read-only",
		"nullable": "nullable"} {
		if flag := v.Get(name); flag.True() {
			l.report(rule, flag.Offset, path, "the schema is marked "+name)
		}
	}
	if format := v.Get("format"); format.Is(jsontree.String) && !dialect.KnownFormat(format.Text) {
		l.report("format-unknown", format.Offset, path, fmt.Sprintf("the format %q is not known", format.Text))
	}
}

func withArticle(noun string) string {
	if strings.IndexByte("aeiou", noun[0]) >= 0 {
		return "an " + noun
	}
	return "a " + noun
}

// types reports types that are not JSON Schema's, and properties without one.
func (l *linter) types(v *jsontree.Value, path string, as role) {
	keyword := v.Get("type")
	names := dialect.TypeNames(keyword)
	if slices.Contains(names, "float") {
		l.report("type-nonstandard", keyword.Offset, path, `"float" is not a type of JSON Schema`)
	}
	if keyword.Is(jsontree.Array) {
		switch rest := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "null" }); {
		case len(rest) > 1:
			l.report("composition", keyword.Offset, path, "the type is one of "+strings.Join(rest, ", "))
		case len(rest) < len(names):
			l.report("nullable", keyword.Offset, path, "the value may be null")
		}
	}
	if !givesType(v) {
		switch as {
		case roleProperty:
			l.report("untyped-property", v.Offset, path, "the property has no type")
		case roleItem:
			l.report("items-without-type", v.Offset, path, "the items have no type")
		}
	}
}

// combines reports whether other schemas apply to the instances of v too: planning,
// which puts them together, knows more of its properties then.
func combines(v *jsontree.Value) bool {
	return slices.ContainsFunc([]string{"$ref", "allOf", "anyOf", "oneOf"},
		func(name string) bool { return v.Get(name) != nil })
}

// givesType reports whether a keyword of the schema says what its values are.
func givesType(v *jsontree.Value) bool {
	for _, name := range []string{"type", "enum", "const", "$ref", "allOf", "anyOf", "oneOf", "properties", "items"} {
		if v.Get(name) != nil {
			return true
		}
	}
	return false
}

// object reports on the property names of an object schema.
func (l *linter) object(v *jsontree.Value, path string, as role) {
	props, additional := v.Get("properties"), v.Get("additionalProperties")
	if props.Is(jsontree.Object) {
		l.names(props, path)
	}
	seen, known := map[string]bool{}, map[string]bool{}
	if props.Is(jsontree.Object) {
		for _, p := range props.Members {
			known[p.Name] = true
		}
	}
	for _, e := range dialect.Required(v) {
		switch name := e.Text; {
		case seen[name]:
			l.report("required-repeated", e.Offset, path, fmt.Sprintf("%q is required twice", name))
		case as != rolePart && !known[name] && !combines(v):
			problem := dialect.RequiredUnknown(e, path)
			l.problem(&problem, problem.Path)
		}
		seen[e.Text] = true
	}
	l.problem(dialect.AdditionalProperties(props, additional), path)
	if as != roleRoot && as != rolePart && slices.Equal(dialect.StandardTypes(v.Get("type")), []string{"object"}) &&
		(props == nil || len(props.Members) == 0) && !additional.Is(jsontree.Object) &&
		v.Get("patternProperties") == nil {
		l.report("free-form-object", v.Offset, path, "the object names no properties")
	}
}

// array reports an array whose items are not known. The site's media formats
// say enough: the items of image_uris are strings.
func (l *linter) array(v *jsontree.Value, path string) {
	if slices.Contains(dialect.StandardTypes(v.Get("type")), "array") && v.Get("items") == nil &&
		v.Get("prefixItems") == nil &&
		!strings.HasSuffix(v.Get("format").Str(), "_uris") &&
		!strings.HasSuffix(l.doc.Catalog.Get("formats").Get(path).Str(), "_uris") {
		l.report("array-without-items", v.Get("type").Offset, path, "the array does not say what its items are")
	}
}

// composition reports anyOf and oneOf that no Go type expresses, and
// recursive references.
func (l *linter) composition(v *jsontree.Value, path string) {
	for _, name := range []string{"anyOf", "oneOf"} {
		kw := v.Get(name)
		constants, others := 0, 0
		for _, e := range kw.Items() {
			switch {
			case slices.Equal(dialect.TypeNames(e.Get("type")), []string{"null"}):
				l.report("nullable", e.Offset, path, "the value may be null")
			case e.Get("const") != nil:
				constants++
			default:
				others++
			}
		}
		if others > 1 || others == 1 && constants > 0 {
			l.report("composition", kw.Offset, path, fmt.Sprintf("%d schemas in %q", len(kw.Elems), name))
		}
	}
	if ref := v.Get("$ref"); ref.Is(jsontree.String) && !l.reported("ref-unresolvable", ref.Offset) {
		target, _ := l.refs.Resolve(ref)
		if target != nil && l.reaches(target, ref, map[*jsontree.Value]bool{}) {
			l.report("ref-recursive", ref.Offset, path, ref.Brief()+" refers to a schema that holds this reference")
		}
	}
}

// reported reports whether a rule has been broken at the offset already.
func (l *linter) reported(rule string, offset int) bool {
	pos := l.doc.Position(offset)
	return slices.ContainsFunc(l.diags, func(d diag.Diagnostic) bool { return d.Rule == rule && d.Pos == pos })
}

// reaches reports whether goal stands in v or in what v refers to.
func (l *linter) reaches(v, goal *jsontree.Value, seen map[*jsontree.Value]bool) bool {
	if v == goal {
		return true
	}
	if v == nil || seen[v] {
		return false
	}
	seen[v] = true
	if ref := v.Get("$ref"); ref.Is(jsontree.String) && ref != goal {
		if target, _ := l.refs.Resolve(ref); target != nil && l.reaches(target, goal, seen) {
			return true
		}
	}
	return slices.ContainsFunc(v.Elems, func(e *jsontree.Value) bool { return l.reaches(e, goal, seen) }) ||
		slices.ContainsFunc(v.Members, func(m jsontree.Member) bool { return l.reaches(m.Value, goal, seen) })
}
