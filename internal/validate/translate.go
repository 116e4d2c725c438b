package validate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/dialect"
	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/schema"
)

// maxSchemas bounds the schemas of one document. A model of the site has some
// twenty.
const maxSchemas = 4000

// A translator rewrites a schema of the site as one of draft 2020-12 that always
// compiles: older drafts' forms in the newer one, "float" as "number", nullable
// as a type, references resolved. What it does not understand it leaves out and
// reports.
type translator struct {
	doc       *schema.Document
	root      *jsontree.Value
	validator *Validator
	diags     diag.List

	rules    []*siteRules               // by the value of siteKeyword
	defNames map[*jsontree.Value]string // the name below $defs of each target of a $ref
	defs     map[string]any
	looping  map[*jsontree.Value]bool // schemas whose $ref leads back to themselves
	visited  map[*jsontree.Value]visit
}

func (t *translator) report(rule string, offset int, path, message string) {
	t.diags = append(t.diags, t.doc.Diagnostic(rule, offset, path, message))
}

// document translates the root with all that it refers to.
func (t *translator) document() any {
	if names := dialect.StandardTypes(t.root.Get("type")); len(names) > 0 && !slices.Contains(names, "object") {
		t.report("schema-unusable", t.root.Get("type").Offset, "", "the root is not the schema of an object")
		return nil
	}
	t.findLoops(t.root)
	plain := t.schema(t.root, "")
	if object, ok := plain.(map[string]any); ok && len(t.defs) > 0 {
		object["$defs"] = t.defs
	}
	return plain
}

// schema translates one schema. path is where its instances stand.
func (t *translator) schema(v *jsontree.Value, path string) any {
	if len(t.rules) >= maxSchemas {
		if !t.diags.HasErrors() {
			t.report("schema-unusable", v.Offset, path, fmt.Sprintf("there are more than %d schemas", maxSchemas))
		}
		return nil
	}
	if v.Kind != jsontree.Object {
		out, rules := t.newSchema()
		if v.Kind != jsontree.Bool {
			t.report("malformed-keyword", v.Offset, path, "a schema is an object, this is "+v.Kind.WithArticle())
		} else if !v.True() {
			rules.never = "not"
		}
		return out
	}
	out, rules := t.newSchema()
	for _, m := range v.Members {
		kw, known := dialect.KeywordNamed(m.Name)
		if !known {
			continue
		}
		if want := kw.Form.Wanted(m.Value); want != "" {
			t.report("malformed-keyword", m.Value.Offset, path, fmt.Sprintf("%q is not %s but %s", m.Name, want, m.Value.Brief()))
			continue
		}
		t.keyword(out, rules, v, m, path)
	}
	oldBounds(out)
	if v.Get("nullable").True() {
		allowNull(out)
	}
	return out
}

// newSchema returns an empty schema that carries its rules.
func (t *translator) newSchema() (map[string]any, *siteRules) {
	rules := &siteRules{validator: t.validator}
	t.rules = append(t.rules, rules)
	return map[string]any{siteKeyword: len(t.rules) - 1}, rules
}

// keyword adds the translation of m, a well-formed keyword of the schema v, to
// out and rules.
func (t *translator) keyword(out map[string]any, rules *siteRules, v *jsontree.Value, m jsontree.Member, path string) {
	switch m.Name {
	case "type":
		if names := dialect.StandardTypes(m.Value); len(names) > 0 {
			out["type"] = names
		}
		t.unknownTypes(m.Value, path)
	case "required":
		rules.required = slices.Compact(slices.Sorted(slices.Values(m.Value.Strings())))
	case "validations":
		rules.media = t.mediaRules(m.Value, path)
	case "enum":
		if out["enum"] = plain(m.Value); len(m.Value.Elems) == 0 {
			rules.never = "enum" // jsonschema/v5 takes an empty list for no enum
		}
	case "pattern":
		if t.usable(m.Value.Text, m.Value.Offset, path) {
			out["pattern"] = m.Value.Text
		}
	case "$ref":
		if ref, ok := t.reference(m.Value, path); ok {
			out["$ref"] = ref
		}
	case "items":
		if m.Value.Kind != jsontree.Array {
			out["items"] = t.schema(m.Value, path+"[]")
			return
		}
		// Until draft 2019-09: a list of schemas by place, and one for the rest.
		if len(m.Value.Elems) > 0 {
			out["prefixItems"] = t.schemas(m.Value, path+"[]")
		}
		if rest := v.Get("additionalItems"); rest != nil {
			out["items"] = t.schema(rest, path+"[]")
		}
	case "properties", "dependentSchemas", "patternProperties":
		t.schemaMap(out, m, path)
	case "dependentRequired", "dependencies":
		t.dependencies(out, m, path)
	case "additionalProperties", "unevaluatedProperties":
		if m.Value.Is(jsontree.Bool) && !m.Value.True() {
			closed, rules := t.newSchema()
			rules.never = m.Name
			out[m.Name] = closed
			return
		}
		out[m.Name] = t.schema(m.Value, path+"{}")
	case "contains", "unevaluatedItems":
		out[m.Name] = t.schema(m.Value, path+"[]")
	case "not", "if", "then", "else", "propertyNames":
		out[m.Name] = t.schema(m.Value, path)
	case "allOf", "anyOf", "oneOf":
		out[m.Name] = t.schemas(m.Value, path)
	case "prefixItems":
		out[m.Name] = t.schemas(m.Value, path+"[]")
	case "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
		"minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "minContains", "maxContains",
		"minProperties", "maxProperties":
		out[m.Name] = plain(m.Value)
	}
}

func (t *translator) unknownTypes(v *jsontree.Value, path string) {
	for _, name := range dialect.TypeNames(v) {
		if dialect.StandardType(name) == "" {
			t.report("type-unknown", v.Offset, path, fmt.Sprintf("%q is no type of JSON Schema", name))
		}
	}
}

func (t *translator) usable(pattern string, offset int, path string) bool {
	_, err := regexp.Compile(pattern)
	if err != nil {
		t.report("pattern-not-re2", offset, path, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return err == nil
}

func (t *translator) schemas(v *jsontree.Value, path string) []any {
	out := make([]any, len(v.Elems))
	for i, e := range v.Elems {
		out[i] = t.schema(e, path)
	}
	return out
}

func (t *translator) schemaMap(out map[string]any, m jsontree.Member, path string) {
	schemas := make(map[string]any, len(m.Value.Members))
	for _, p := range m.Value.Members {
		switch m.Name {
		case "properties":
			schemas[p.Name] = t.schema(p.Value, dialect.JoinPath(path, p.Name))
		case "patternProperties":
			if t.usable(p.Name, p.Offset, path) {
				schemas[p.Name] = t.schema(p.Value, path+"{}")
			}
		default:
			schemas[p.Name] = t.schema(p.Value, path)
		}
	}
	out[m.Name] = schemas
}

// dependencies splits the draft 7 keyword into the two that followed it.
func (t *translator) dependencies(out map[string]any, m jsontree.Member, path string) {
	names, schemas := map[string]any{}, map[string]any{}
	for _, dep := range m.Value.Members {
		switch {
		case dialect.IsNames(dep.Value):
			names[dep.Name] = slices.Compact(slices.Sorted(slices.Values(dep.Value.Strings())))
		case m.Name == "dependencies":
			schemas[dep.Name] = t.schema(dep.Value, path)
		default:
			t.report("malformed-keyword", dep.Value.Offset, path, fmt.Sprintf("%q is not a list of strings but %s", dep.Name, dep.Value.Brief()))
		}
	}
	if len(names) > 0 {
		out["dependentRequired"] = names
	}
	if len(schemas) > 0 {
		out["dependentSchemas"] = schemas
	}
}

// mediaRules reads the site's keyword "validations".
func (t *translator) mediaRules(v *jsontree.Value, path string) []mediaRule {
	if v.Kind != jsontree.Array {
		t.report("malformed-validation", v.Offset, path, `"validations" is not a list of rules but `+v.Brief())
		return nil
	}
	var rules []mediaRule
	for _, e := range v.Elems {
		rule, value := e.Get("validation_rule"), e.Get("validation_value")
		if !rule.Is(jsontree.String) || !value.Is(jsontree.Number) {
			t.report("malformed-validation", e.Offset, path, "a rule has a validation_rule that is a string and a validation_value that is a number")
			continue
		}
		metric, operator := dialect.SplitRule(rule.Text)
		if operator == "" || !slices.Contains(dialect.Metrics, metric) {
			t.report("validation-unknown", rule.Offset, path, fmt.Sprintf("the rule %q is not known", rule.Text))
			continue
		}
		bound, _ := dialect.Rational(value).Float64()
		rules = append(rules, mediaRule{metric, operator, bound, e.Get("validation_error").Str()})
	}
	return rules
}

// oldBounds turns the boolean exclusive bounds of draft 4 into numbers.
func oldBounds(out map[string]any) {
	for bound, exclusive := range map[string]string{"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"} {
		flag, ok := out[exclusive].(bool)
		if !ok {
			continue
		}
		delete(out, exclusive)
		if number, ok := out[bound]; ok && flag {
			out[exclusive] = number
			delete(out, bound)
		}
	}
}

// allowNull extends a schema that is "nullable", which in OpenAPI 3.0 adds null
// to the type alone: an enum has to name it.
func allowNull(out map[string]any) {
	if types, ok := out["type"].([]string); ok && !slices.Contains(types, "null") {
		out["type"] = append(types, "null")
	}
}
