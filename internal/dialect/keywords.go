package dialect

import (
	"fmt"
	"slices"

	"github.com/genclient/genclient/internal/jsontree"
)

// A Form is the shape of a keyword's value.
type Form uint8

const (
	FormText      Form = iota // a string
	FormAny                   // anything
	FormFlag                  // true or false
	FormFlags                 // a number, or true or false as in draft 4
	FormNumber                // a number
	FormPositive              // a number above 0
	FormCount                 // an integer from 0
	FormType                  // a type name or a list of them
	FormValues                // a list of anything
	FormNames                 // a list of strings; others in it are ignored
	FormNameLists             // an object of lists of strings, in draft 7 also of schemas
	FormSchema                // a schema
	FormItems                 // a schema, up to draft 2019-09 also a list of schemas
	FormSchemas               // a list of schemas, not empty
	FormSchemaMap             // an object of schemas
)

// A Keyword describes one keyword of a schema.
type Keyword struct {
	Form Form
	// Applies is the type that the keyword constrains; empty for every type and
	// for keywords that constrain nothing.
	Applies string
	// Unchecked is set when the generated code leaves the keyword to the server.
	Unchecked bool
	// Annotation is set when the keyword constrains nothing by itself. Two schemas
	// that apply to one value may differ in it; the outer one counts.
	Annotation bool
}

// keywords are the keywords of the site, of JSON Schema from draft 4 to 2020-12
// and of OpenAPI 3.0 that genclient knows.
var keywords = map[string]Keyword{
	"title": annotation(FormText), "description": annotation(FormText), "$comment": annotation(FormText),
	"default": annotation(FormAny), "example": annotation(FormAny), "examples": annotation(FormAny),
	"deprecated": annotation(FormFlag), "readOnly": annotation(FormFlag), "writeOnly": annotation(FormFlag),
	"nullable": annotation(FormFlag), "format": {Form: FormText}, "validations": {Form: FormAny},
	"$schema": annotation(FormText), "$id": annotation(FormText), "id": annotation(FormText),
	"$anchor": annotation(FormText), "$ref": {Form: FormText},
	"$dynamicAnchor": annotation(FormText), "$dynamicRef": {Form: FormText, Unchecked: true},
	"$defs": annotation(FormSchemaMap), "definitions": annotation(FormSchemaMap),

	"type": {Form: FormType}, "enum": {Form: FormValues}, "const": {Form: FormAny},

	"minimum": {Form: FormNumber, Applies: "number"}, "maximum": {Form: FormNumber, Applies: "number"},
	"exclusiveMinimum": {Form: FormFlags, Applies: "number"}, "exclusiveMaximum": {Form: FormFlags, Applies: "number"},
	"multipleOf": {Form: FormPositive, Applies: "number"},

	"minLength": {Form: FormCount, Applies: "string"}, "maxLength": {Form: FormCount, Applies: "string"},
	"pattern":          {Form: FormText, Applies: "string"},
	"contentEncoding":  {Form: FormText, Applies: "string", Unchecked: true},
	"contentMediaType": {Form: FormText, Applies: "string", Unchecked: true},
	"contentSchema":    {Form: FormAny, Applies: "string", Unchecked: true},

	"items":    {Form: FormItems, Applies: "array"},
	"minItems": {Form: FormCount, Applies: "array"}, "maxItems": {Form: FormCount, Applies: "array"},
	"uniqueItems":      {Form: FormFlag, Applies: "array"},
	"prefixItems":      {Form: FormSchemas, Applies: "array", Unchecked: true},
	"additionalItems":  {Form: FormSchema, Applies: "array", Unchecked: true},
	"unevaluatedItems": {Form: FormSchema, Applies: "array", Unchecked: true},
	"contains":         {Form: FormSchema, Applies: "array", Unchecked: true},
	"minContains":      {Form: FormCount, Applies: "array", Unchecked: true},
	"maxContains":      {Form: FormCount, Applies: "array", Unchecked: true},

	"properties": {Form: FormSchemaMap, Applies: "object"}, "required": {Form: FormNames, Applies: "object"},
	"additionalProperties":  {Form: FormSchema, Applies: "object"},
	"patternProperties":     {Form: FormSchemaMap, Applies: "object", Unchecked: true},
	"propertyNames":         {Form: FormSchema, Applies: "object", Unchecked: true},
	"unevaluatedProperties": {Form: FormSchema, Applies: "object", Unchecked: true},
	"minProperties":         {Form: FormCount, Applies: "object", Unchecked: true},
	"maxProperties":         {Form: FormCount, Applies: "object", Unchecked: true},
	"dependentRequired":     {Form: FormNameLists, Applies: "object", Unchecked: true},
	"dependentSchemas":      {Form: FormSchemaMap, Applies: "object", Unchecked: true},
	"dependencies":          {Form: FormNameLists, Applies: "object", Unchecked: true},

	"allOf": {Form: FormSchemas}, "anyOf": {Form: FormSchemas}, "oneOf": {Form: FormSchemas},
	"not": {Form: FormSchema, Unchecked: true}, "if": {Form: FormSchema, Unchecked: true},
	"then": {Form: FormSchema, Unchecked: true}, "else": {Form: FormSchema, Unchecked: true},
}

func annotation(form Form) Keyword { return Keyword{Form: form, Annotation: true} }

// KeywordNamed returns what is known of a keyword.
func KeywordNamed(name string) (kw Keyword, known bool) {
	kw, known = keywords[name]
	return kw, known
}

// FormOf returns the form of a keyword's value; FormAny for one that is not known.
func FormOf(name string) Form {
	if kw, known := keywords[name]; known {
		return kw.Form
	}
	return FormAny
}

// AppliesTo reports whether the keyword means something for values of one of the
// types, JSON Schema's names; without any type it does.
func (k Keyword) AppliesTo(types ...string) bool {
	return k.Applies == "" || len(types) == 0 || slices.Contains(types, k.Applies) ||
		k.Applies == "number" && slices.Contains(types, "integer")
}

// Malformed returns what is wrong with the value of a known keyword, or nil: such a
// keyword is ignored. Nil for a keyword that is not known.
func Malformed(m jsontree.Member) *Problem {
	kw, known := keywords[m.Name]
	if !known {
		return nil
	}
	want := kw.Form.wanted(m.Value)
	if want == "" {
		return nil
	}
	return &Problem{Rule: "malformed-keyword", Offset: m.Value.Offset,
		Message: fmt.Sprintf("%q is not %s but %s", m.Name, want, m.Value.Brief())}
}

// WellFormed returns the value of a keyword of the schema v, or nil without one or
// with one that is malformed.
func WellFormed(v *jsontree.Value, keyword string) *jsontree.Value {
	value := v.Get(keyword)
	if value == nil || keywords[keyword].Form.wanted(value) != "" {
		return nil
	}
	return value
}

// wanted returns what a value of the form is, or "" when v is one.
func (f Form) wanted(v *jsontree.Value) string {
	ok, want := true, ""
	switch f {
	case FormText:
		ok, want = v.Is(jsontree.String), "a string"
	case FormFlag:
		ok, want = v.Is(jsontree.Bool), "true or false"
	case FormFlags:
		ok, want = v.Is(jsontree.Bool) || v.Is(jsontree.Number), "a number"
	case FormNumber:
		ok, want = v.Is(jsontree.Number), "a number"
	case FormPositive:
		ok, want = v.Is(jsontree.Number) && Rational(v).Sign() > 0, "a number above 0"
	case FormCount:
		ok, want = v.Is(jsontree.Number) && isCount(v), "an integer from 0"
	case FormType:
		ok, want = v.Is(jsontree.String) || isNames(v) && len(v.Elems) > 0, "a type or a list of types"
	case FormValues, FormNames:
		ok, want = v.Is(jsontree.Array), "a list"
	case FormNameLists, FormSchemaMap:
		ok, want = v.Is(jsontree.Object), "an object"
	case FormSchema:
		ok, want = v.Is(jsontree.Object) || v.Is(jsontree.Bool), "a schema"
	case FormItems:
		ok, want = v.Is(jsontree.Object) || v.Is(jsontree.Bool) || v.Is(jsontree.Array), "a schema"
	case FormSchemas:
		ok, want = v.Is(jsontree.Array) && len(v.Elems) > 0, "a list of schemas"
	}
	if ok {
		return ""
	}
	return want
}
