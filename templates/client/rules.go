package client

import (
	"slices"
	"strconv"
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

// String returns "image", "video", "audio" or "media".
func (k MediaKind) String() string {
	switch k {
	case MediaKindImage:
		return "image"
	case MediaKindVideo:
		return "video"
	case MediaKindAudio:
		return "audio"
	}
	return "media"
}

// A MediaRule is one rule that a model's page sets for the media of a property
// ("validations" in the page's schema), as width_pixels> 300.
type MediaRule struct {
	// Path is the property, as image_url; image_urls[*] when the rule holds for
	// each item of a list.
	Path string
	Kind MediaKind
	// Metric is what is measured: width_pixels, height_pixels, width/height,
	// file_size_mb; any other metric is never enforced here.
	Metric string
	// Op compares the measured value with Bound: >, <, >=, <= or ==.
	Op    string
	Bound float64
	// Message is the page's own text for a file that breaks the rule.
	Message string
}

// Name returns the rule as the page writes it, as width_pixels>.
func (r MediaRule) Name() string { return r.Metric + r.Op }

// MediaInfo is what is known of a media file. A zero field is not known.
type MediaInfo struct {
	// Width and Height are in pixels: as stored where EXIF holds the turn, as
	// shown where the container does (AVIF, HEIC, MP4, MOV).
	Width, Height int
	Bytes         int64         // size of the file
	Duration      time.Duration // of a video or an audio file
	Format        string        // as png, jpeg, gif, webp, avif, heic, mp4
	// Rotated means that the file asks to be turned by a quarter. Programs
	// differ in whether they obey, so the rules may hold either way round.
	Rotated bool
}

// turned returns m with width and height swapped.
func (m MediaInfo) turned() MediaInfo {
	m.Width, m.Height = m.Height, m.Width
	return m
}

// A RuleVerdict is the outcome of one MediaRule on one file.
type RuleVerdict uint8

// metricFileSize is the one metric known here that needs no look into the file.
const metricFileSize = "file_size_mb"

// The verdicts of MediaRule.Check.
const (
	// RuleVerdictUnknown means that the metric is not one this client knows or
	// that the file was not measured for it. It never blocks a submit by itself.
	RuleVerdictUnknown RuleVerdict = iota
	RuleVerdictPass
	RuleVerdictFail
)

// String returns "pass", "fail" or "unknown".
func (v RuleVerdict) String() string {
	switch v {
	case RuleVerdictPass:
		return "pass"
	case RuleVerdictFail:
		return "fail"
	}
	return "unknown"
}

// Check compares a measured file with the rule. Comparison is strict:
// width_pixels> 300 refuses 300. The page does not say whether a megabyte is
// 10^6 or 2^20 bytes, so file_size_mb fails only when it fails for both.
func (r MediaRule) Check(m MediaInfo) RuleVerdict {
	verdict, _ := r.check(m)
	return verdict
}

// check is Check that also returns the measured value in the rule's unit.
func (r MediaRule) check(m MediaInfo) (RuleVerdict, float64) {
	switch r.Metric {
	case "width_pixels":
		return r.compare(float64(m.Width), m.Width > 0)
	case "height_pixels":
		return r.compare(float64(m.Height), m.Height > 0)
	case "width/height":
		return r.compare(float64(m.Width)/float64(m.Height), m.Width > 0 && m.Height > 0)
	case metricFileSize:
		verdict, measured := r.compare(float64(m.Bytes)/1e6, m.Bytes > 0)
		if binary, _ := r.compare(float64(m.Bytes)/(1<<20), m.Bytes > 0); verdict == RuleVerdictFail {
			verdict = binary
		}
		return verdict, measured
	}
	return RuleVerdictUnknown, 0
}

func (r MediaRule) compare(measured float64, known bool) (RuleVerdict, float64) {
	if !known {
		return RuleVerdictUnknown, 0
	}
	var holds bool
	switch r.Op {
	case ">":
		holds = measured > r.Bound
	case "<":
		holds = measured < r.Bound
	case ">=":
		holds = measured >= r.Bound
	case "<=":
		holds = measured <= r.Bound
	case "==":
		holds = measured == r.Bound
	default:
		return RuleVerdictUnknown, measured
	}
	if holds {
		return RuleVerdictPass, measured
	}
	return RuleVerdictFail, measured
}

// EvaluateMedia applies the media rules of an input's model to files that the
// caller has measured, without any network. measured maps the JSON path of a
// media value, as image_url or image_urls[2], to what is known of its file. It
// returns nil, or every broken rule in one *ValidationError, in the order of
// the page and of the items.
func EvaluateMedia(in Input, measured map[string]MediaInfo) error {
	if in == nil {
		return nilInput()
	}
	var v violations
	v.evaluate(in.MediaRules(), measured, func(MediaRule, string) {})
	return v.err()
}

// evaluate records every rule that a measured file breaks and calls unknown for
// every one that it can neither break nor keep. A rotated file counts the way
// round that breaks fewer rules, the same way for all of them: a width of one
// way never stands beside a height of the other.
func (v *violations) evaluate(rules []MediaRule, measured map[string]MediaInfo, unknown func(r MediaRule, path string)) {
	turns := map[string]int{} // by path: rules broken as measured, less those broken when turned
	for _, r := range rules {
		for _, path := range matchingPaths(r.Path, measured) {
			m := measured[path]
			if !m.Rotated {
				continue
			}
			if r.Check(m) == RuleVerdictFail {
				turns[path]++
			}
			if r.Check(m.turned()) == RuleVerdictFail {
				turns[path]--
			}
		}
	}
	for _, r := range rules {
		for _, path := range matchingPaths(r.Path, measured) {
			m := measured[path]
			if turns[path] > 0 {
				m = m.turned()
			}
			switch verdict, got := r.check(m); verdict {
			case RuleVerdictFail:
				v.media(r, path, got)
			case RuleVerdictUnknown:
				unknown(r, path)
			}
		}
	}
}

// media records that the file at path breaks a rule with what was measured.
func (v *violations) media(r MediaRule, path string, got float64) {
	message := r.Message
	if message == "" {
		message = "must have " + r.Name() + " " + strconv.FormatFloat(r.Bound, 'g', -1, 64)
	}
	*v = append(*v, Violation{Path: path, Rule: r.Name(), Message: message,
		Measured: got, Bound: r.Bound, kind: gotFloat})
}

// matchingPaths returns the measured paths that a rule's path stands for:
// itself, or with [*] every index that was measured, in order.
func matchingPaths(pattern string, measured map[string]MediaInfo) []string {
	before, after, list := strings.Cut(pattern, "[*]")
	if !list {
		if _, ok := measured[pattern]; ok {
			return []string{pattern}
		}
		return nil
	}
	var indexes []int
	seen := map[int]bool{}
	for path := range measured {
		rest, ok := strings.CutPrefix(path, before+"[")
		if !ok {
			continue
		}
		digits, _, ok := strings.Cut(rest, "]")
		n, err := strconv.Atoi(digits)
		if ok && err == nil && !seen[n] {
			seen[n] = true
			indexes = append(indexes, n)
		}
	}
	slices.Sort(indexes)
	var paths []string
	for _, n := range indexes {
		paths = append(paths, matchingPaths(before+"["+strconv.Itoa(n)+"]"+after, measured)...)
	}
	return paths
}
