package schema

import (
	"math/big"
	"slices"
)

// form is the shape of a keyword's value.
type form uint8

const (
	formText      form = iota // a string
	formAny                   // anything
	formFlag                  // true or false
	formFlags                 // a number, or true or false as in draft 4
	formNumber                // a number
	formPositive              // a number above 0
	formCount                 // an integer from 0
	formType                  // a type name or a list of them
	formValues                // a list of anything
	formNames                 // a list of strings
	formNameLists             // an object of lists of strings, in draft 7 also of schemas
	formSchema                // a schema
	formItems                 // a schema, up to draft 2019-09 also a list of schemas
	formSchemas               // a list of schemas, not empty
	formSchemaMap             // an object of schemas
)

// keyword describes one keyword of a schema.
type keyword struct {
	form form
	// applies is the type that the keyword constrains; empty for every type and
	// for keywords that constrain nothing.
	applies string
	// unchecked is set when the generated code leaves the keyword to the server.
	unchecked bool
}

// keywords are the keywords of the site, of JSON Schema from draft 4 to 2020-12
// and of OpenAPI 3.0 that genclient knows.
var keywords = map[string]keyword{
	"title": {form: formText}, "description": {form: formText}, "default": {form: formAny},
	"example": {form: formAny}, "examples": {form: formAny}, "format": {form: formText},
	"deprecated": {form: formFlag}, "readOnly": {form: formFlag}, "writeOnly": {form: formFlag},
	"nullable": {form: formFlag}, "validations": {form: formAny},
	"$schema": {form: formText}, "$id": {form: formText}, "id": {form: formText}, "$comment": {form: formText},
	"$anchor": {form: formText}, "$ref": {form: formText},
	"$defs": {form: formSchemaMap}, "definitions": {form: formSchemaMap},

	"type": {form: formType}, "enum": {form: formValues}, "const": {form: formAny},

	"minimum": {form: formNumber, applies: "number"}, "maximum": {form: formNumber, applies: "number"},
	"exclusiveMinimum": {form: formFlags, applies: "number"}, "exclusiveMaximum": {form: formFlags, applies: "number"},
	"multipleOf": {form: formPositive, applies: "number"},

	"minLength": {form: formCount, applies: "string"}, "maxLength": {form: formCount, applies: "string"},
	"pattern":          {form: formText, applies: "string"},
	"contentEncoding":  {form: formText, applies: "string", unchecked: true},
	"contentMediaType": {form: formText, applies: "string", unchecked: true},
	"contentSchema":    {form: formAny, applies: "string", unchecked: true},

	"items":    {form: formItems, applies: "array"},
	"minItems": {form: formCount, applies: "array"}, "maxItems": {form: formCount, applies: "array"},
	"uniqueItems":      {form: formFlag, applies: "array"},
	"prefixItems":      {form: formSchemas, applies: "array", unchecked: true},
	"additionalItems":  {form: formSchema, applies: "array", unchecked: true},
	"unevaluatedItems": {form: formSchema, applies: "array", unchecked: true},
	"contains":         {form: formSchema, applies: "array", unchecked: true},
	"minContains":      {form: formCount, applies: "array", unchecked: true},
	"maxContains":      {form: formCount, applies: "array", unchecked: true},

	"properties": {form: formSchemaMap, applies: "object"}, "required": {form: formNames, applies: "object"},
	"additionalProperties":  {form: formSchema, applies: "object"},
	"patternProperties":     {form: formSchemaMap, applies: "object", unchecked: true},
	"propertyNames":         {form: formSchema, applies: "object", unchecked: true},
	"unevaluatedProperties": {form: formSchema, applies: "object", unchecked: true},
	"minProperties":         {form: formCount, applies: "object", unchecked: true},
	"maxProperties":         {form: formCount, applies: "object", unchecked: true},
	"dependentRequired":     {form: formNameLists, applies: "object", unchecked: true},
	"dependentSchemas":      {form: formSchemaMap, applies: "object", unchecked: true},
	"dependencies":          {form: formNameLists, applies: "object", unchecked: true},

	"allOf": {form: formSchemas}, "anyOf": {form: formSchemas}, "oneOf": {form: formSchemas},
	"not": {form: formSchema, unchecked: true}, "if": {form: formSchema, unchecked: true},
	"then": {form: formSchema, unchecked: true}, "else": {form: formSchema, unchecked: true},
}

// types are the type names of JSON Schema and the site's own float, with the
// JSON Schema type that each stands for.
var types = map[string]string{"string": "string", "integer": "integer", "number": "number", "float": "number",
	"boolean": "boolean", "array": "array", "object": "object", "null": "null"}

// wanted says what a value of the form is, or returns "" when v is one.
func (f form) wanted(v *Value) string {
	ok, want := true, ""
	switch f {
	case formText:
		ok, want = v.Is(String), "a string"
	case formFlag:
		ok, want = v.Is(Bool), "true or false"
	case formFlags:
		ok, want = v.Is(Bool) || v.Is(Number), "a number"
	case formNumber:
		ok, want = v.Is(Number), "a number"
	case formPositive:
		ok, want = v.Is(Number) && rational(v).Sign() > 0, "a number above 0"
	case formCount:
		ok, want = v.Is(Number) && isCount(v), "an integer from 0 to 2^53"
	case formType:
		ok, want = v.Is(String) || isNames(v) && len(v.Elems) > 0, "a type or a list of types"
	case formValues:
		ok, want = v.Is(Array), "a list"
	case formNames:
		ok, want = isNames(v), "a list of strings"
	case formNameLists, formSchemaMap:
		ok, want = v.Is(Object), "an object"
	case formSchema:
		ok, want = v.Is(Object) || v.Is(Bool), "a schema"
	case formItems:
		ok, want = v.Is(Object) || v.Is(Bool) || v.Is(Array), "a schema"
	case formSchemas:
		ok, want = v.Is(Array) && len(v.Elems) > 0, "a list of schemas"
	}
	if ok {
		return ""
	}
	return want
}

func isNames(v *Value) bool {
	return v.Is(Array) && !slices.ContainsFunc(v.Elems, func(e *Value) bool { return e.Kind != String })
}

func isCount(v *Value) bool {
	r := rational(v)
	return r.IsInt() && r.Sign() >= 0 && r.Num().BitLen() <= 53
}

// rational returns a number exactly. The decoder has bounded its size.
func rational(v *Value) *big.Rat {
	r, ok := new(big.Rat).SetString(v.Text)
	if !ok {
		panic("not a number: " + v.Text)
	}
	return r
}
