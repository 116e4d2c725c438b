package dialect

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/genclient/genclient/internal/jsontree"
)

// MaxSchemas bounds the schemas that Translate takes. A model of the site has some
// twenty.
const MaxSchemas = 4000

// Translate rewrites the schema of an object as one of draft 2020-12, in the order of
// the source and with its annotations: the forms of older drafts and of OpenAPI 3.0 in
// the newer ones, "float" as "number", "nullable" as a type, "example" as "examples".
// Each reference goes to a schema below "$defs", named as it was; other definitions,
// and $id, $anchor and $schema, which would move what references mean, are left out,
// as is what is malformed, not known, or loops. The site's "validations" stay as they
// are; names that begin with "x-" stay too.
//
// Values that need no change are those of the source: the result must not be written
// to. The problems say what was left out; they hold one of the rule schema-unusable
// when there is no result. A pattern that is not RE2 is among them and stays.
func Translate(root *jsontree.Value) (*jsontree.Value, []Problem) {
	t := translator{root: root, refs: ReadReferences(root),
		names: map[*jsontree.Value]string{}, taken: map[string]bool{}}
	if types := StandardTypes(root.Get("type")); len(types) > 0 && !slices.Contains(types, "object") {
		t.report(Problem{Rule: "schema-unusable", Offset: root.Get("type").Offset,
			Message: "the root is not the schema of an object"}, "")
		return nil, t.problems
	}
	t.looping = findLoops(root, t.refs)
	out := t.schema(root, "")
	if t.count > MaxSchemas {
		return nil, t.problems
	}
	if len(t.defs) > 0 && out.Is(jsontree.Object) {
		out.Members = append(out.Members, jsontree.Member{Name: "$defs", Value: jsontree.NewObject(t.defs...)})
	}
	return out, t.problems
}

type translator struct {
	root     *jsontree.Value
	refs     *References
	problems []Problem
	count    int                        // schemas translated; more than MaxSchemas end the work
	names    map[*jsontree.Value]string // below $defs, of each schema that is referred to
	taken    map[string]bool            // those names
	defs     []jsontree.Member
	looping  map[*jsontree.Value]bool
}

func (t *translator) report(p Problem, path string) { t.problems = append(t.problems, p.At(path)) }

// schema translates one schema. path is where its instances stand.
func (t *translator) schema(v *jsontree.Value, path string) *jsontree.Value {
	t.count++
	if t.count > MaxSchemas {
		if t.count == MaxSchemas+1 {
			t.problems = nil
			t.report(Problem{Rule: "schema-unusable", Offset: v.Offset,
				Message: fmt.Sprintf("there are more than %d schemas", MaxSchemas)}, path)
		}
		return jsontree.NewObject()
	}
	if v.Kind == jsontree.Bool {
		return v
	}
	out := &jsontree.Value{Kind: jsontree.Object, Offset: v.Offset}
	if v.Kind != jsontree.Object {
		t.report(Problem{Rule: "malformed-keyword", Offset: v.Offset,
			Message: "a schema is an object, this is " + v.Kind.WithArticle()}, path)
		return out
	}
	v = t.refs.Effective(v)
	for _, m := range v.Members {
		if p := Malformed(m); p != nil {
			t.report(*p, path)
			continue
		}
		t.keyword(out, v, m, path)
	}
	oldBounds(out)
	if v.Get("nullable").True() {
		allowNull(out)
	}
	return out
}

// keyword adds the translation of m, a well-formed keyword of the schema v, to out.
func (t *translator) keyword(out, v *jsontree.Value, m jsontree.Member, path string) {
	at := childPath(m.Name, path)
	switch m.Name {
	case "type":
		t.types(out, m, path)
	case "nullable", "$schema", "$id", "id", "$anchor", "$dynamicAnchor", "$defs", "definitions", "additionalItems":
		// said otherwise, or with "items"
	case "example":
		set(out, "examples", jsontree.NewArray(slices.Concat([]*jsontree.Value{m.Value},
			out.Get("examples").Items())...))
	case "examples":
		if m.Value.Is(jsontree.Array) {
			set(out, "examples", jsontree.NewArray(slices.Concat(out.Get("examples").Items(), m.Value.Elems)...))
		}
	case "required":
		t.required(out, v, m, path)
	case "validations":
		_, problems := ReadMediaRules(m.Value)
		for _, p := range problems {
			t.report(p, path)
		}
		set(out, m.Name, m.Value)
	case "pattern":
		if _, p := Pattern(m.Value.Text, m.Value.Offset); p != nil {
			t.report(*p, path)
		}
		set(out, m.Name, m.Value)
	case "$ref":
		if ref := t.reference(m.Value, path); ref != "" {
			set(out, m.Name, &jsontree.Value{Kind: jsontree.String, Text: ref, Offset: m.Value.Offset})
		}
	case "items":
		t.items(out, v, m, at)
	case "properties", "dependentSchemas", "patternProperties":
		t.schemaMap(out, m, path)
	case "dependentRequired", "dependencies":
		t.dependencies(out, m, path)
	default:
		t.other(out, m, at)
	}
}

// other adds a keyword that has its form in draft 2020-12.
func (t *translator) other(out *jsontree.Value, m jsontree.Member, at string) {
	kw, known := keywords[m.Name]
	switch {
	case !known:
		if strings.HasPrefix(m.Name, "x-") {
			out.Members = append(out.Members, m)
		}
	case kw.Form == FormSchema:
		set(out, m.Name, t.schema(m.Value, at))
	case kw.Form == FormSchemas:
		set(out, m.Name, t.schemas(m.Value, at))
	default:
		set(out, m.Name, m.Value)
	}
}

// set appends a member, or replaces the one of its name.
func set(out *jsontree.Value, name string, value *jsontree.Value) {
	for i := range out.Members {
		if out.Members[i].Name == name {
			out.Members[i].Value = value
			return
		}
	}
	out.Members = append(out.Members, jsontree.Member{Name: name, Value: value, Offset: value.Offset})
}

func (t *translator) types(out *jsontree.Value, m jsontree.Member, path string) {
	for _, name := range TypeNames(m.Value) {
		if types[name] == "" {
			t.report(Problem{Rule: "type-unknown", Offset: m.Value.Offset,
				Message: fmt.Sprintf("%q is not a type of JSON Schema", name)}, path)
		}
	}
	if names := StandardTypes(m.Value); len(names) > 0 {
		set(out, "type", typesValue(names, m.Value.Offset))
	}
}

// typesValue writes types as the keyword has them: one as a string.
func typesValue(names []string, offset int) *jsontree.Value {
	if len(names) == 1 {
		return &jsontree.Value{Kind: jsontree.String, Text: names[0], Offset: offset}
	}
	out := &jsontree.Value{Kind: jsontree.Array, Offset: offset}
	for _, name := range names {
		out.Elems = append(out.Elems, jsontree.NewString(name))
	}
	return out
}

// required keeps the names of the list.
func (t *translator) required(out, v *jsontree.Value, m jsontree.Member, path string) {
	for _, e := range m.Value.Elems {
		if e.Kind != jsontree.String {
			t.report(Problem{Rule: "malformed-keyword", Offset: e.Offset,
				Message: `"required" holds ` + e.Brief() + ", which is not a name"}, path)
		}
	}
	set(out, m.Name, &jsontree.Value{Kind: jsontree.Array, Elems: Required(v), Offset: m.Value.Offset})
}

// items translates "items", until draft 2019-09 also a list of schemas by place with
// "additionalItems" for the rest.
func (t *translator) items(out, v *jsontree.Value, m jsontree.Member, at string) {
	if m.Value.Kind != jsontree.Array {
		set(out, "items", t.schema(m.Value, at))
		return
	}
	if len(m.Value.Elems) > 0 {
		set(out, "prefixItems", t.schemas(m.Value, at))
	}
	if rest := WellFormed(v, "additionalItems"); rest != nil {
		set(out, "items", t.schema(rest, at))
	}
}

func (t *translator) schemas(v *jsontree.Value, at string) *jsontree.Value {
	out := &jsontree.Value{Kind: jsontree.Array, Offset: v.Offset}
	for _, e := range v.Elems {
		out.Elems = append(out.Elems, t.schema(e, at))
	}
	return out
}

func (t *translator) schemaMap(out *jsontree.Value, m jsontree.Member, path string) {
	schemas := &jsontree.Value{Kind: jsontree.Object, Offset: m.Value.Offset}
	for _, p := range m.Value.Members {
		at := childPath(m.Name, path)
		switch m.Name {
		case "properties":
			at = JoinPath(path, p.Name)
		case "patternProperties":
			if _, problem := Pattern(p.Name, p.Offset); problem != nil {
				t.report(*problem, path)
			}
		}
		schemas.Members = append(schemas.Members,
			jsontree.Member{Name: p.Name, Value: t.schema(p.Value, at), Offset: p.Offset})
	}
	set(out, m.Name, schemas)
}

// dependencies splits the draft 7 keyword into the two that followed it.
func (t *translator) dependencies(out *jsontree.Value, m jsontree.Member, path string) {
	names, schemas := jsontree.NewObject(), jsontree.NewObject()
	for _, dep := range m.Value.Members {
		switch {
		case isNames(dep.Value):
			names.Members = append(names.Members, dep)
		case m.Name == "dependencies" && isSchema(dep.Value):
			dep.Value = t.schema(dep.Value, path)
			schemas.Members = append(schemas.Members, dep)
		default:
			t.report(Problem{Rule: "malformed-keyword", Offset: dep.Value.Offset,
				Message: fmt.Sprintf("%q is not a list of strings but %s", dep.Name, dep.Value.Brief())}, path)
		}
	}
	merge(out, "dependentRequired", names)
	merge(out, "dependentSchemas", schemas)
}

// merge adds members to the object that a keyword has; on one name the keyword's own
// member stays.
func merge(out *jsontree.Value, keyword string, more *jsontree.Value) {
	if len(more.Members) == 0 {
		return
	}
	if known := out.Get(keyword); known != nil {
		more.Members = slices.Concat(known.Members, slices.DeleteFunc(more.Members, func(m jsontree.Member) bool {
			return known.Get(m.Name) != nil
		}))
	}
	set(out, keyword, more)
}

// reference translates a $ref into one to the $defs of the translation; "" is none.
func (t *translator) reference(ref *jsontree.Value, path string) string {
	target, problem := t.refs.Resolve(ref)
	if problem == nil && t.looping[ref] {
		problem = &Problem{Rule: "ref-unresolvable", Offset: ref.Offset, Message: ref.Brief() + " leads back to itself"}
	}
	if problem != nil {
		t.report(*problem, path)
		return ""
	}
	if target == t.root {
		return "#"
	}
	name, seen := t.names[target]
	if !seen {
		name = t.defName(ref.Text)
		t.names[target] = name
		i := len(t.defs)
		t.defs = append(t.defs, jsontree.Member{Name: name, Value: jsontree.NewObject()})
		t.defs[i].Value = t.schema(target, path)
	}
	return "#/$defs/" + url.PathEscape(escapeStep(name))
}

// defName returns a free name for what a reference leads to: its last step, or that
// with _2, _3.
func (t *translator) defName(ref string) string {
	last := ReferenceName(ref)
	name := last
	for n := 2; t.taken[name]; n++ {
		name = last + "_" + strconv.Itoa(n)
	}
	t.taken[name] = true
	return name
}

// oldBounds turns the boolean exclusive bounds of draft 4 into numbers.
func oldBounds(out *jsontree.Value) {
	for _, pair := range [][2]string{{"minimum", "exclusiveMinimum"}, {"maximum", "exclusiveMaximum"}} {
		flag := out.Get(pair[1])
		if !flag.Is(jsontree.Bool) {
			continue
		}
		out.Members = slices.DeleteFunc(out.Members, func(m jsontree.Member) bool { return m.Name == pair[1] })
		for i := range out.Members {
			if flag.True() && out.Members[i].Name == pair[0] {
				out.Members[i].Name = pair[1]
			}
		}
	}
}

// allowNull extends a schema that is "nullable", which in OpenAPI 3.0 adds null
// to the type only: an enum has to name it.
func allowNull(out *jsontree.Value) {
	if names := TypeNames(out.Get("type")); len(names) > 0 && !slices.Contains(names, "null") {
		set(out, "type", typesValue(append(names, "null"), out.Get("type").Offset))
	}
}
