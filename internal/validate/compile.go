package validate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/genclient/genclient/internal/dialect"
	"github.com/genclient/genclient/internal/jsontree"
)

// A compiler hands a translated schema to jsonschema/v5, each schema of it with its
// siteRules.
type compiler struct {
	validator *Validator
	rules     []*siteRules // by the value of siteKeyword
}

// resource is the address that a schema is compiled under. No other address is
// ever loaded.
const resource = "genclient:///schema.json"

func (c *compiler) compile(translated *jsontree.Value) (*jsonschema.Schema, error) {
	text, err := json.Marshal(c.schema(translated))
	if err != nil {
		return nil, err
	}
	library := jsonschema.NewCompiler()
	library.Draft = jsonschema.Draft2020
	library.LoadURL = func(url string) (io.ReadCloser, error) {
		return nil, fmt.Errorf("%s: a schema refers to nothing outside of itself", url)
	}
	library.RegisterExtension(siteKeyword, nil, c)
	if err := library.AddResource(resource, bytes.NewReader(text)); err != nil {
		return nil, err
	}
	return library.Compile(resource)
}

// schema returns a translated schema as encoding/json has it, without annotations.
func (c *compiler) schema(v *jsontree.Value) map[string]any {
	rules := &siteRules{validator: c.validator}
	c.rules = append(c.rules, rules)
	out := map[string]any{siteKeyword: len(c.rules) - 1}
	if v.Is(jsontree.Bool) && !v.True() {
		rules.never = "not"
	}
	for _, m := range v.Members {
		switch m.Name {
		case "required":
			rules.required = slices.Compact(slices.Sorted(slices.Values(m.Value.Strings())))
		case "enum":
			if out["enum"] = plain(m.Value); len(m.Value.Elems) == 0 {
				rules.never = "enum" // jsonschema/v5 takes an empty list for no enum
			}
		case "pattern":
			if re2, problem := dialect.Pattern(m.Value.Text, 0); problem == nil {
				out["pattern"] = re2.String()
			}
		case "additionalProperties", "unevaluatedProperties":
			closed := c.schema(m.Value)
			if m.Value.Is(jsontree.Bool) && !m.Value.True() {
				c.rules[closed[siteKeyword].(int)].never = m.Name
			}
			out[m.Name] = closed
		case "type", "$ref", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
			"uniqueItems", "dependentRequired":
			out[m.Name] = plain(m.Value)
		case "minLength", "maxLength", "minItems", "maxItems", "minContains", "maxContains",
			"minProperties", "maxProperties":
			out[m.Name] = count(m.Value)
		default:
			c.schemas(out, m)
		}
	}
	return out
}

// count returns a bound of a length or a number of items as jsonschema/v5 takes it, an
// int: nothing has more than the largest.
func count(v *jsontree.Value) int64 {
	if n := dialect.Rational(v).Num(); n.IsInt64() && n.Int64() < math.MaxInt32 {
		return n.Int64()
	}
	return math.MaxInt32
}

// schemas adds a keyword that holds schemas; other keywords annotate.
func (c *compiler) schemas(out map[string]any, m jsontree.Member) {
	switch dialect.FormOf(m.Name) {
	case dialect.FormSchema, dialect.FormItems:
		out[m.Name] = c.schema(m.Value)
	case dialect.FormSchemas:
		list := make([]any, len(m.Value.Elems))
		for i, e := range m.Value.Elems {
			list[i] = c.schema(e)
		}
		out[m.Name] = list
	case dialect.FormSchemaMap:
		named := make(map[string]any, len(m.Value.Members))
		for _, p := range m.Value.Members {
			name, schema := p.Name, c.schema(p.Value)
			if m.Name == "patternProperties" {
				re2, problem := dialect.Pattern(p.Name, 0)
				if problem != nil {
					continue
				}
				name = re2.String()
			}
			if same, taken := named[name]; taken { // two patterns of one meaning
				schema = map[string]any{"allOf": []any{same, schema}}
			}
			named[name] = schema
		}
		out[m.Name] = named
	}
}

// Compile implements jsonschema.ExtCompiler.
func (c *compiler) Compile(_ jsonschema.CompilerContext, schema map[string]any) (jsonschema.ExtSchema, error) {
	number, ok := schema[siteKeyword].(interface{ Int64() (int64, error) })
	if !ok {
		return nil, nil
	}
	i, err := number.Int64()
	if err != nil {
		return nil, err
	}
	return c.rules[i], nil
}
