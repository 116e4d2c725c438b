package validate

import (
	"net/url"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// siteKeyword stands in every translated schema. Its value is the index of the
// schema's siteRules.
const siteKeyword = "genclient"

// siteRules is what a schema asks beyond the keywords that jsonschema/v5 is
// left to validate: what allows no value at all, and the required names, which it
// would report all in one message.
type siteRules struct {
	validator *Validator
	never     string // the keyword that allows no value at all: an empty enum, a false schema
	required  []string
}

// Validate implements jsonschema.ExtSchema.
func (s *siteRules) Validate(ctx jsonschema.ValidationContext, v any) error {
	if s.validator.steps++; s.validator.steps > maxSteps {
		panic(jsonschema.InfiniteLoopError("too many steps")) // jsonschema/v5 returns it as an error
	}
	var broken []error
	if s.never != "" {
		broken = append(broken, ctx.Error(s.never, "no value is allowed"))
	}
	if members, ok := v.(map[string]any); ok {
		for _, name := range s.required {
			if _, ok := members[name]; !ok {
				broken = append(broken, ctx.Error("required", "%s", name))
			}
		}
	}
	if len(broken) == 0 {
		return nil
	}
	return jsonschema.ValidationError{}.Group(ctx.Error("", ""), broken...)
}

// unescapePointer reads a name from a segment of a JSON pointer (RFC 6901, section 3)
// in a URI fragment, as jsonschema/v5 writes it.
func unescapePointer(segment string) string {
	if name, err := url.PathUnescape(segment); err == nil {
		segment = name
	}
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(segment)
}
