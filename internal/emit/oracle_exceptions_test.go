package emit_test

import (
	"math/big"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/schema"

	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/validate"
)

// The names of the exceptions that are counted where they occur.
const (
	exceptPattern   = "pattern outside RE2"
	exceptUnchecked = "not checked here"
	exceptUnknown   = "required names no property"
	exceptNoField   = "property without a field"
	exceptFloat     = "float read as number"
	exceptNumber    = "number outside the Go type"
	exceptMedia     = "media not measured"
	exceptDeep      = "media rule out of a path's reach"
	exceptItems     = "list of media without items"
	exceptImplied   = "type read from keywords"
	exceptFetch     = "media value that no server can fetch"
)

// oracleExceptions are the only reasons for which Validate and the judge may
// differ. Those with a test are found among the differences; the others are
// taken out of the judge's schema or of the instances, and counted there.
var oracleExceptions = []struct {
	name, reason string
	covers       func(d difference) bool
}{
	{"empty required string", `JSON Schema takes "" for a string, but to a Go caller it is the field that was forgotten`,
		func(d difference) bool {
			_, enum := d.at.typ.(*ir.Enum)
			return (d.at.typ == ir.String || enum) && d.at.value.Is(jsontree.String) && d.at.value.Text == "" &&
				slices.Equal(d.generated, []string{"required"})
		}},
	{"required nil list", "a nil list or map is sent as null, whose type the judge finds wrong; to a Go caller it is the field that was forgotten",
		func(d difference) bool {
			_, isList := d.at.typ.(*ir.List)
			_, isMap := d.at.typ.(*ir.Map)
			return (isList || isMap) && d.at.value.Is(jsontree.Null) &&
				slices.Equal(d.generated, []string{"required"}) && slices.Equal(d.judged, []string{"type"})
		}},
	{"raw JSON", "a value without a Go type is left to the server, but for its absence",
		func(d difference) bool {
			return d.at.raw && (len(d.generated) == 0 || slices.Equal(d.generated, []string{"required"}) && d.at.value.Is(jsontree.Null))
		}},
	{"text that is not UTF-8", `raw JSON with half of a surrogate pair is refused: each reader makes another text of it`,
		func(d difference) bool {
			text := d.at.value.Compact()
			return d.at.raw && slices.Equal(d.generated, []string{"type"}) && len(d.judged) == 0 &&
				(strings.ContainsRune(text, utf8.RuneError) || strings.Contains(text, `\ud8`))
		}},
	{exceptFetch, "a value of a media field that is no URL, and an empty item of a list of media, are refused; JSON Schema has no keyword for it",
		func(d difference) bool {
			rest := slices.DeleteFunc(slices.Clone(d.generated), func(rule string) bool { return rule == "format" })
			return len(rest) < len(d.generated) && slices.Equal(rest, d.judged) && d.at.typ == ir.String && !isURL(d.at.value.Str())
		}},
	{exceptPattern, "ECMA-262 has expressions that no Go program can match; neither side does", nil},
	{exceptMedia, "Validate needs no network: the rules of media are for EvaluateMedia with what was measured", nil},
	{exceptDeep, "the path of a media rule leads through objects and lists; entries of maps and further levels of a recursive type have none", nil},
	{exceptFloat, `"float" is no type of JSON Schema; the site means a number`, nil},
	{exceptItems, `the site leaves "items" out for lists of media; they are read as strings`, nil},
	{exceptImplied, `a schema with "minimum" or "properties" and no type allows any other type too; it is read as the type that it speaks of`, nil},
	{exceptUnchecked, "the plan lists the keyword as unchecked and the field's comment says so", nil},
	{exceptUnknown, "required may name what is not a property; no field can give it, so that it is ignored", nil},
	{exceptNoField, "encoding/json cannot carry the name, or the schema allows no value: the struct has no field to set", nil},
	{exceptNumber, "an int64 takes no more than 64 bits and a float64 no more than 1.8e308", nil},
}

// isURL reports whether a text is a URL of the web, of a host, or a data URI of a
// media type.
func isURL(s string) bool {
	u, err := url.Parse(s)
	if err != nil {
		return false
	}
	typed, _, _ := strings.Cut(u.Opaque, ",")
	return (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" || u.Scheme == "data" && strings.Contains(typed, "/")
}

// exception returns the name of the exception that covers the difference, or "".
func (d difference) exception() string {
	for _, e := range oracleExceptions {
		if e.covers != nil && e.covers(d) {
			return e.name
		}
	}
	return ""
}

// outsideGoType reports whether the answer refuses a number for what it is:
// beyond the type, or an integer that is spelled as no Go integer is.
func outsideGoType(a oracleAnswer) bool {
	n, ok := new(big.Rat).SetString(a.Number)
	if !ok {
		return false
	}
	f, _ := n.Float64()
	switch a.Type {
	case "int64":
		return n.IsInt() && !n.Num().IsInt64()
	case "float64":
		return f-f != 0
	}
	return false
}

// judgeUnchecked compiles the judge of a document without the keywords that the
// plan lists as unchecked, and without requirements that no field can meet.
func judgeUnchecked(t *testing.T, doc *schema.Document, plan *ir.Model, figures *oracleFigures) *validate.Validator {
	t.Helper()
	root, _, err := jsontree.Decode([]byte(doc.Input.Compact()), 0)
	if err != nil {
		t.Fatal(err)
	}
	s := stripper{root: root, figures: figures, seen: map[*ir.Struct]bool{}}
	s.leaveOut(layers(root, root), plan.Input.Unchecked, true)
	s.object(root, plan.Input)
	judge, diags := validate.Compile(&schema.Document{ModelID: doc.ModelID, Input: root})
	if judge == nil {
		t.Fatalf("%s: %v", doc.ModelID, diags)
	}
	return judge
}

// stripper takes out of a schema what the plan of it leaves unchecked.
type stripper struct {
	root    *jsontree.Value
	figures *oracleFigures
	seen    map[*ir.Struct]bool
}

func (s *stripper) object(v *jsontree.Value, in *ir.Struct) {
	if s.seen[in] {
		return
	}
	s.seen[in] = true
	for _, l := range layers(s.root, v) {
		properties := l.Get("properties")
		if required := l.Get("required"); required != nil {
			required.Elems = slices.DeleteFunc(required.Elems, func(name *jsontree.Value) bool {
				if slices.ContainsFunc(in.Fields, func(f ir.Field) bool { return f.JSON == name.Str() }) {
					return false
				}
				if s.property(v, name.Str()) {
					s.figures.except(exceptNoField, 1)
				} else {
					s.figures.except(exceptUnknown, 1)
				}
				return true
			})
		}
		for _, f := range in.Fields {
			if p := properties.Get(f.JSON); p != nil {
				s.value(p, f.Type, f.Unchecked, len(f.MediaRules) == 0)
			}
		}
	}
}

// property reports whether any schema that applies to v has the property.
func (s *stripper) property(v *jsontree.Value, name string) bool {
	return slices.ContainsFunc(layers(s.root, v), func(l *jsontree.Value) bool { return l.Get("properties").Get(name) != nil })
}

func (s *stripper) value(v *jsontree.Value, t ir.Type, unchecked []string, noRules bool) {
	all := layers(s.root, v)
	for _, l := range all {
		if typ := l.Get("type"); typ.Str() == "float" || slices.Contains(typ.Strings(), "float") {
			s.figures.except(exceptFloat, 1)
		}
	}
	if name := typeName(t); name != "" && !slices.ContainsFunc(all, func(l *jsontree.Value) bool { return l.Get("type") != nil }) {
		v.Members = append(v.Members, jsontree.Member{Name: "type", Value: jsontree.NewString(name)})
		s.figures.except(exceptImplied, 1)
	}
	s.leaveOut(all, unchecked, noRules)
	switch t := t.(type) {
	case *ir.Struct:
		s.object(v, t)
	case *ir.List:
		if t.Elem.Type == ir.String && !slices.ContainsFunc(all, func(l *jsontree.Value) bool { return l.Get("items") != nil }) {
			strings := jsontree.NewObject(jsontree.Member{Name: "type", Value: jsontree.NewString("string")})
			v.Members = append(v.Members, jsontree.Member{Name: "items", Value: strings})
			s.figures.except(exceptItems, 1)
		}
		s.item(all, "items", t.Elem)
	case *ir.Map:
		s.item(all, "additionalProperties", t.Elem)
	}
}

// leaveOut removes the keywords that notes of the plan begin with.
func (s *stripper) leaveOut(all []*jsontree.Value, unchecked []string, noRules bool) {
	for _, note := range unchecked {
		keyword, _, _ := strings.Cut(note, " ")
		if keyword == "validation" && noRules {
			keyword = "validations"
		}
		for _, l := range all {
			before := len(l.Members)
			l.Members = slices.DeleteFunc(l.Members, func(m jsontree.Member) bool { return m.Name == keyword })
			s.figures.except(exceptUnchecked, before-len(l.Members))
		}
	}
}

func (s *stripper) item(all []*jsontree.Value, keyword string, it ir.Item) {
	for _, l := range all {
		if items := l.Get(keyword); items.Is(jsontree.Object) {
			s.value(items, it.Type, it.Unchecked, true)
		}
	}
}

// typeName returns the JSON type of a Go type that the plan may have chosen
// without a type keyword; members of an enum speak for themselves.
func typeName(t ir.Type) string {
	switch t := t.(type) {
	case ir.Scalar:
		return [...]string{ir.String: "string", ir.Bool: "boolean", ir.Int: "integer", ir.Float: "number"}[t]
	case *ir.List:
		return "array"
	case *ir.Map, *ir.Struct:
		return "object"
	}
	return ""
}
