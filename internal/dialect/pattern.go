package dialect

import (
	"regexp"
	"strings"
)

// Pattern compiles a "pattern", or a name in "patternProperties", with the meaning that
// it has in ECMA-262, with the flag "u" as JSON Schema recommends (draft 2020-12 core,
// section 6.4). The expression's String is RE2 for that meaning. The problem says what
// RE2 cannot say or ECMA-262 does not know: such a pattern is left to the server.
func Pattern(source string, offset int) (*regexp.Regexp, *Problem) {
	p := ecma{rest: source}
	p.disjunction(0)
	why := p.problem
	if why == "" {
		compiled, err := regexp.Compile(p.out.String())
		if err == nil {
			return compiled, nil
		}
		why = strings.TrimPrefix(err.Error(), "error parsing regexp: ")
	}
	return nil, &Problem{Rule: "pattern-not-re2", Offset: offset, Message: why}
}
