package dialect

import (
	"regexp"
	"strings"
)

// Pattern compiles a "pattern", or a name in "patternProperties". The problem says
// why Go's RE2 cannot: such a pattern is left to the server.
func Pattern(source string, offset int) (*regexp.Regexp, *Problem) {
	compiled, err := regexp.Compile(source)
	if err != nil {
		return nil, &Problem{Rule: "pattern-not-re2", Offset: offset,
			Message: strings.TrimPrefix(err.Error(), "error parsing regexp: ")}
	}
	return compiled, nil
}
