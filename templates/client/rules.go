package client

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
)

// MediaKind is what a media property takes.
type MediaKind uint8

// The kinds of media a property can take.
const (
	MediaKindOther MediaKind = iota
	MediaKindImage
	MediaKindVideo
	MediaKindAudio
)

// A MediaRule is one rule that a model's page sets for the media of a property
// ("validations" in the page's schema), as width_pixels> 300.
type MediaRule struct {
	Path string // of the property, as image_url; image_urls[*] when the rule holds for each item of a list
	Kind MediaKind
	// Metric is what is measured: width_pixels, height_pixels, width/height or
	// file_size_mb; any other is never enforced here. Op compares it with Bound:
	// >, <, >=, <= or ==. A rule without a metric says only that the value is
	// media: every file passes it.
	Metric, Op string
	Bound      float64
	Message    string // the page's own text for a file that breaks the rule
}

// Name returns the rule as the page writes it, as width_pixels>.
func (r MediaRule) Name() string { return r.Metric + r.Op }

// MediaInfo is what is known of a media file. A zero field is not known.
type MediaInfo struct {
	Width, Height int // in pixels: as stored where EXIF holds the turn, else as shown
	Bytes         int64
	Duration      time.Duration
	Format        string // as png, jpeg, gif, webp, avif, heic, mp4
	// Rotated means that the file asks to be turned by a quarter. Programs
	// differ in whether they obey, so the rules may hold either way round.
	Rotated bool
}

func (m MediaInfo) turned() MediaInfo {
	m.Width, m.Height = m.Height, m.Width
	return m
}

// A RuleVerdict is the outcome of one MediaRule on one file.
type RuleVerdict uint8

// The verdicts of MediaRule.Check.
const (
	RuleVerdictUnknown RuleVerdict = iota // the metric, or its value; it blocks nothing by itself
	RuleVerdictPass
	RuleVerdictFail
)

const metricFileSize = "file_size_mb"

// Check compares a measured file with the rule. Comparison is strict:
// width_pixels> 300 refuses 300. The page does not say whether a megabyte is
// 10^6 or 2^20 bytes, so file_size_mb fails only when it fails for both.
func (r MediaRule) Check(m MediaInfo) RuleVerdict {
	verdict, _ := r.check(m)
	return verdict
}

// check is Check that also returns the measured value in the unit of the rule.
func (r MediaRule) check(m MediaInfo) (RuleVerdict, float64) {
	width, height, size := float64(m.Width), float64(m.Height), float64(m.Bytes)
	high := map[string]float64{
		"width_pixels": width, "height_pixels": height, "width/height": width / height, metricFileSize: size / 1e6,
	}[r.Metric]
	low := high
	if r.Metric == metricFileSize {
		low = size / (1 << 20)
	}
	holds, known := map[string]bool{
		">": high > r.Bound, ">=": high >= r.Bound, "<": low < r.Bound, "<=": low <= r.Bound,
		"==": low == r.Bound || high == r.Bound,
	}[r.Op]
	switch {
	case r.Metric == "":
		return RuleVerdictPass, 0
	case !known || !(high > 0 && high <= math.MaxFloat64): // also a ratio without a height
		return RuleVerdictUnknown, 0
	case holds:
		return RuleVerdictPass, high
	}
	return RuleVerdictFail, high
}

// EvaluateMedia applies the media rules of an input's model to files that the
// caller has measured: the JSON path of a value, as image_urls[2], to what is
// known of its file. It returns nil, or every broken rule in one
// *ValidationError, in the order of the page and of the items.
func EvaluateMedia(in Input, measured map[string]MediaInfo) error {
	if in == nil {
		return nilInput()
	}
	var v violations
	v.evaluate(in.MediaRules(), measured, func(MediaRule, string) {})
	return v.err()
}

// evaluate records the rules that files break and calls unknown for those that they
// can neither break nor keep. A rotated file counts the way round, the same for all
// rules, that breaks fewer.
func (v *violations) evaluate(
	rules []MediaRule, measured map[string]MediaInfo, unknown func(r MediaRule, path string),
) {
	broken := func(m MediaInfo, path string) (n int) {
		for _, r := range rules {
			if r.isFor(path) && r.Check(m) == RuleVerdictFail {
				n++
			}
		}
		return n
	}
	paths := slices.SortedFunc(maps.Keys(measured), compareItems)
	for _, r := range rules {
		for _, path := range paths {
			if !r.isFor(path) {
				continue
			}
			m := measured[path]
			if m.Rotated && broken(m.turned(), path) < broken(m, path) {
				m = m.turned()
			}
			switch verdict, got := r.check(m); verdict {
			case RuleVerdictUnknown:
				unknown(r, path)
			case RuleVerdictFail:
				message := cmp.Or(r.Message, fmt.Sprintf("must have %s %v", r.Name(), r.Bound))
				*v = append(*v, Violation{Path: path, Rule: r.Name(), Message: message,
					Measured: got, Bound: r.Bound, got: got})
			}
		}
	}
}

// measurable reports whether the rule's metric is one of media that is known here.
func (r MediaRule) measurable() bool {
	switch r.Metric {
	case "width_pixels", "height_pixels", "width/height", metricFileSize:
		return true
	}
	return false
}

// itemIndex is the index of an item in a path, for which rules write [*].
var itemIndex = regexp.MustCompile(`\[[0-9]+\]`)

// isFor reports whether the rule is about the value at path, as image_urls[2].
func (r MediaRule) isFor(path string) bool {
	return itemIndex.ReplaceAllString(path, "[*]") == r.Path
}

// compareItems compares paths with their indexes as numbers.
func compareItems(a, b string) int {
	padded := func(index string) string { return fmt.Sprintf("%20s", index) }
	return strings.Compare(itemIndex.ReplaceAllStringFunc(a, padded), itemIndex.ReplaceAllStringFunc(b, padded))
}
