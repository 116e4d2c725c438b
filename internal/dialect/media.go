package dialect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/jsontree"
)

// A MediaRule is one entry of the site's keyword "validations". Comparison is strict.
type MediaRule struct {
	Metric  string // for example width_pixels; Measures says which are known
	Op      string // one of > < >= <= ==
	Bound   ir.Num // a finite float64
	Message string // the page's own text; may be empty
}

// metrics are those that files are measured by.
var metrics = []string{"width_pixels", "height_pixels", "width/height", "file_size_mb"}

// operators end a validation_rule. One that begins with another one comes first.
var operators = []string{">=", "<=", "==", ">", "<"}

// Measures reports whether a metric of media rules is known.
func Measures(metric string) bool { return slices.Contains(metrics, metric) }

// ReadMediaRules reads the value of "validations": the rules of a known metric, and a
// problem for each entry that is not one.
func ReadMediaRules(v *jsontree.Value) (rules []MediaRule, problems []Problem) {
	if v.Kind != jsontree.Array {
		return nil, []Problem{{Rule: "malformed-validation", Offset: v.Offset,
			Message: `"validations" is not a list of rules but ` + v.Brief()}}
	}
	for _, e := range v.Elems {
		rule, problem := ReadMediaRule(e)
		if problem != nil {
			problems = append(problems, *problem)
		} else {
			rules = append(rules, rule)
		}
	}
	return rules, problems
}

// ReadMediaRule reads one entry of "validations": a metric with the operator after it
// in validation_rule, for example width_pixels>, and the bound in validation_value. With
// a problem of the rule validation-unknown there may be a rule all the same, of a metric
// that is not known; any other problem leaves the Op empty.
func ReadMediaRule(v *jsontree.Value) (MediaRule, *Problem) {
	rule, value := v.Get("validation_rule"), v.Get("validation_value")
	bound, isNumber := Number(value)
	if !rule.Is(jsontree.String) || !isNumber {
		return MediaRule{}, &Problem{Rule: "malformed-validation", Offset: v.Offset,
			Message: "a rule has a validation_rule that is a string and a validation_value that is a number"}
	}
	if _, finite := bound.Float64(); !finite {
		return MediaRule{}, &Problem{Rule: "malformed-validation", Offset: value.Offset,
			Message: "the bound " + bound.Text + " is beyond float64"}
	}
	out := MediaRule{Bound: bound, Message: v.Get("validation_error").Str()}
	out.Metric, out.Op = splitRule(rule.Text)
	if !Measures(out.Metric) || out.Op == "" {
		return out, &Problem{Rule: "validation-unknown", Offset: rule.Offset,
			Message: fmt.Sprintf("the rule %q is not known", rule.Text)}
	}
	return out, nil
}

// splitRule splits a validation_rule into metric and operator. The operator is empty
// when the rule ends in none that is known, or has no metric before it.
func splitRule(rule string) (metric, operator string) {
	for _, op := range operators {
		metric, ok := strings.CutSuffix(rule, op)
		if ok && strings.TrimRight(metric, "<>=") == metric && strings.TrimSpace(metric) != "" {
			return metric, op
		}
	}
	return rule, ""
}

// formats are the site's media formats, those of JSON Schema 2020-12
// (Validation, section 7.3) and those of OpenAPI. They annotate; nothing checks
// them.
var formats = []string{
	"image_uri", "video_uri", "audio_uri", "image_uris", "video_uris", "audio_uris",
	"date-time", "date", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6",
	"uri", "uri-reference", "iri", "iri-reference", "uuid", "uri-template", "json-pointer", "relative-json-pointer", "regex",
	"int32", "int64", "float", "double", "byte", "binary", "password",
}

// KnownFormat reports whether a format is known. Those that are not media's annotate.
func KnownFormat(format string) bool { return slices.Contains(formats, format) }

// MediaFormat reads a format such as image_uri, video_uris or
// image_uri_with_mask_image_ideogramv3.
func MediaFormat(format string) ir.MediaKind {
	kind, rest, _ := strings.Cut(format, "_")
	if !strings.HasPrefix(rest, "uri") {
		return ir.NoMedia
	}
	return mediaNamed(kind)
}

// mediaNamed returns the kind that a word names.
func mediaNamed(word string) ir.MediaKind {
	switch word {
	case "image":
		return ir.MediaImage
	case "video":
		return ir.MediaVideo
	case "audio":
		return ir.MediaAudio
	}
	return ir.NoMedia
}
