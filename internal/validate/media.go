package validate

import (
	"cmp"
	"net/url"
	"strconv"
	"strings"

	"github.com/genclient/genclient/internal/dialect"
	"github.com/santhosh-tekuri/jsonschema/v5"
)

// Media is what is known of a media file. A zero field is not known.
type Media struct {
	Width, Height int   // pixels
	Bytes         int64 // size of the file
}

// violates reports whether the file violates a rule. Comparison is strict. A
// page does not say whether a megabyte is 10^6 or 2^20 bytes: a size is only
// wrong when it is wrong for both. What is not known breaks nothing.
func violates(r dialect.MediaRule, m Media) bool {
	switch r.Metric {
	case "width_pixels":
		return m.Width > 0 && !holds(r, float64(m.Width))
	case "height_pixels":
		return m.Height > 0 && !holds(r, float64(m.Height))
	case "width/height":
		return m.Width > 0 && m.Height > 0 && !holds(r, float64(m.Width)/float64(m.Height))
	case "file_size_mb":
		return m.Bytes > 0 && !holds(r, float64(m.Bytes)/1e6) && !holds(r, float64(m.Bytes)/(1<<20))
	}
	return false
}

func holds(r dialect.MediaRule, measured float64) bool {
	bound, _ := r.Bound.Float64()
	c := cmp.Compare(measured, bound)
	switch r.Op {
	case ">":
		return c > 0
	case "<":
		return c < 0
	case ">=":
		return c >= 0
	case "<=":
		return c <= 0
	case "==":
		return c == 0
	}
	return true
}

// siteKeyword stands in every translated schema. Its value is the index of the
// schema's siteRules.
const siteKeyword = "genclient"

// siteRules is what a schema asks beyond the keywords that jsonschema/v5 is
// left to validator: the media rules, and the required names, which it would report
// all in one message.
type siteRules struct {
	validator *Validator
	never     string // the keyword that allows no value at all: an empty enum, a false schema
	required  []string
	media     []dialect.MediaRule
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
	if s.validator.measure != nil && len(s.media) > 0 {
		broken = s.checkMedia(ctx, broken, v, "")
	}
	if len(broken) == 0 {
		return nil
	}
	return jsonschema.ValidationError{}.Group(ctx.Error("", ""), broken...)
}

// checkMedia applies the media rules to a string, or to each string of an array.
// suffix is the JSON pointer of v below the value that the schema applies to.
func (s *siteRules) checkMedia(ctx jsonschema.ValidationContext, broken []error, v any, suffix string) []error {
	switch v := v.(type) {
	case []any:
		for i, item := range v {
			broken = s.checkMedia(ctx, broken, item, suffix+"/"+strconv.Itoa(i))
		}
	case string:
		media, ok := s.validator.measure(v)
		for _, r := range s.media {
			if !ok || !violates(r, media) {
				continue
			}
			message := r.Message
			if message == "" {
				message = "must have " + r.Metric + r.Op + " " + r.Bound.String()
			}
			e := ctx.Error(escapePointer(r.Metric+r.Op), "%s", message)
			e.InstanceLocation += suffix
			broken = append(broken, e)
		}
	}
	return broken
}

// escapePointer and unescapePointer write a name as a segment of a JSON pointer
// (RFC 6901, section 3) in a URI fragment, as jsonschema/v5 does.
func escapePointer(name string) string {
	return url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(name))
}

func unescapePointer(segment string) string {
	if name, err := url.PathUnescape(segment); err == nil {
		segment = name
	}
	return strings.NewReplacer("~1", "/", "~0", "~").Replace(segment)
}
