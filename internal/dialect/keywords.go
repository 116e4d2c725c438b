// Package dialect decides what the JSON Schema of the site means: its keywords
// and the shape of their values, types, and references.
package dialect

import (
	"math/big"
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
	FormNames                 // a list of strings
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
}

// keywords are the keywords of the site, of JSON Schema from draft 4 to 2020-12
// and of OpenAPI 3.0 that genclient knows.
var keywords = map[string]Keyword{
	"title": {Form: FormText}, "description": {Form: FormText}, "default": {Form: FormAny},
	"example": {Form: FormAny}, "examples": {Form: FormAny}, "format": {Form: FormText},
	"deprecated": {Form: FormFlag}, "readOnly": {Form: FormFlag}, "writeOnly": {Form: FormFlag},
	"nullable": {Form: FormFlag}, "validations": {Form: FormAny},
	"$schema": {Form: FormText}, "$id": {Form: FormText}, "id": {Form: FormText}, "$comment": {Form: FormText},
	"$anchor": {Form: FormText}, "$ref": {Form: FormText},
	"$defs": {Form: FormSchemaMap}, "definitions": {Form: FormSchemaMap},

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

// KeywordNamed returns what is known of a keyword.
func KeywordNamed(name string) (kw Keyword, known bool) {
	kw, known = keywords[name]
	return kw, known
}

// FormOf returns the form of a known keyword's value.
func FormOf(name string) Form { return keywords[name].Form }

// types are the type names of JSON Schema and the site's own float, with the
// JSON Schema type that each stands for.
var types = map[string]string{"string": "string", "integer": "integer", "number": "number", "float": "number",
	"boolean": "boolean", "array": "array", "object": "object", "null": "null"}

// Wanted says what a value of the form is, or returns "" when v is one.
func (f Form) Wanted(v *jsontree.Value) string {
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
		ok, want = v.Is(jsontree.Number) && IsCount(v), "an integer from 0 to 2^53"
	case FormType:
		ok, want = v.Is(jsontree.String) || IsNames(v) && len(v.Elems) > 0, "a type or a list of types"
	case FormValues:
		ok, want = v.Is(jsontree.Array), "a list"
	case FormNames:
		ok, want = IsNames(v), "a list of strings"
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

// IsNames reports whether v is a list of strings.
func IsNames(v *jsontree.Value) bool {
	return v.Is(jsontree.Array) && !slices.ContainsFunc(v.Elems, func(e *jsontree.Value) bool { return e.Kind != jsontree.String })
}

// IsCount reports whether a number is an integer from 0 to 2^53.
func IsCount(v *jsontree.Value) bool {
	r := Rational(v)
	return r.IsInt() && r.Sign() >= 0 && r.Num().BitLen() <= 53
}

// Rational returns a number exactly. The decoder has bounded its size.
func Rational(v *jsontree.Value) *big.Rat {
	r, ok := new(big.Rat).SetString(v.Text)
	if !ok {
		panic("not a number: " + v.Text)
	}
	return r
}

// StandardTypes returns the JSON Schema types that a type keyword names, each once.
func StandardTypes(v *jsontree.Value) []string {
	var out []string
	for _, name := range TypeNames(v) {
		if standard := types[name]; standard != "" && !slices.Contains(out, standard) {
			out = append(out, standard)
		}
	}
	return out
}

// TypeNames returns the names in a type keyword, which is a string or a list.
func TypeNames(v *jsontree.Value) []string {
	if v.Is(jsontree.String) {
		return []string{v.Text}
	}
	return v.Strings()
}

// StandardType returns the JSON Schema type that a type name stands for, or "".
func StandardType(name string) string { return types[name] }
