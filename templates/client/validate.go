package client

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// A ValidationError lists every rule that an input breaks, in field order. It
// is returned as *ValidationError before anything is sent.
type ValidationError struct {
	Violations []Violation `json:"violations"`
}

// A Violation is one broken rule of an input.
type Violation struct {
	// Path is the place of the value in the JSON body, for example image_urls[2] or
	// loras[0].path; it is empty for the whole input.
	Path string `json:"path"`
	// Rule is the broken JSON Schema keyword, for example maximum, or the page's
	// media rule, for example width_pixels>.
	Rule string `json:"rule"`
	// Message says what is wanted; for a media rule it is the page's own text.
	Message string `json:"message"`
	// Measured is the number that broke the rule: a value, a length in runes, a
	// number of items, or what was measured of a media file. Bound is what a
	// media rule compared it with. In JSON they are left out where they mean nothing.
	Measured float64 `json:"measured"`
	Bound    float64 `json:"bound"`

	got any // what Error shows of it: nil, or Measured as a float64 or, with all its digits, an int64
}

// MarshalJSON leaves out the numbers that were not measured.
func (v Violation) MarshalJSON() ([]byte, error) {
	type shown struct {
		Path     string   `json:"path"`
		Rule     string   `json:"rule"`
		Message  string   `json:"message"`
		Measured *float64 `json:"measured,omitempty"`
		Bound    *float64 `json:"bound,omitempty"`
	}
	s := shown{Path: v.Path, Rule: v.Rule, Message: v.Message}
	if (v.got != nil || v.Measured != 0) && finite(v.Measured) {
		s.Measured = &v.Measured
	}
	if v.Bound != 0 && finite(v.Bound) {
		s.Bound = &v.Bound
	}
	return encodeJSON(s)
}

// Error returns the violation as one line: path, what is wanted, the number
// found. The text of a string field never appears in it.
func (v Violation) Error() string {
	text := v.Message
	if v.Path != "" {
		text = v.Path + ": " + text
	}
	if v.got != nil {
		text += fmt.Sprint(", got ", v.got)
	}
	return text
}

// Error returns all violations, separated by semicolons.
func (e *ValidationError) Error() string {
	texts := make([]string, len(e.Violations))
	for i, v := range e.Violations {
		texts[i] = v.Error()
	}
	return "runcomfy: invalid input: " + strings.Join(texts, "; ")
}

// violations collects what a generated Validate finds. Its methods stay out of line:
// a valid input runs past them without a call, and a thousand models compile faster.
type violations []Violation

// push appends a violation. One is often not the last: the first makes room for four.
func (v *violations) push(x Violation) {
	if *v == nil {
		*v = make(violations, 0, 4)
	}
	*v = append(*v, x)
}

//go:noinline
func (v *violations) add(path, rule, message string) {
	v.push(Violation{Path: path, Rule: rule, Message: message})
}

//go:noinline
func (v *violations) required(path string) {
	v.push(Violation{Path: path, Rule: "required", Message: "is required"})
}

//go:noinline
func (v *violations) int(path, rule, message string, got int64) {
	v.push(Violation{Path: path, Rule: rule, Message: message, Measured: float64(got), got: got})
}

// float records a violation by a number; a NaN or an infinity, which JSON
// cannot carry, breaks the rule "type" whatever else is asked of it.
//
//go:noinline
func (v *violations) float(path, rule, message string, got float64) {
	if !finite(got) {
		rule, message = "type", "must be a finite number"
	}
	v.push(Violation{Path: path, Rule: rule, Message: message, Measured: got, got: got})
}

// finite reports whether JSON can carry x.
func finite(x float64) bool { return x-x == 0 }

//go:noinline
func (v *violations) length(path, rule, message, got string) {
	v.int(path, rule, message, int64(utf8.RuneCountInString(got)))
}

// intRange records an integer outside a range that starts at least.
//
//go:noinline
func (v *violations) intRange(path, message string, got, least int64) {
	rule := "maximum"
	if got < least {
		rule = "minimum"
	}
	v.int(path, rule, message, got)
}

//go:noinline
func (v *violations) floatRange(path, message string, got, least float64) {
	rule := "maximum"
	if got < least {
		rule = "minimum"
	}
	v.float(path, rule, message, got)
}

// len returns how many violations there are so far.
func (v *violations) len() int { return len(*v) }

// within completes the paths of the violations from index from on: nested objects
// and items record paths relative to themselves.
func (v *violations) within(from int, name string) {
	if len(*v) > from {
		v.prefix(from, name)
	}
}

// item is within for element i of the list name; a list in a list has no name.
func (v *violations) item(from int, name string, i int) {
	if len(*v) > from {
		v.prefixItem(from, name, i)
	}
}

// entries is within for all values of the map name, and brings their violations
// in order: that of a map changes from run to run.
//
//go:noinline
func (v *violations) entries(from int, name string) {
	v.prefix(from, name)
	slices.SortStableFunc((*v)[from:], func(a, b Violation) int { return strings.Compare(a.Path, b.Path) })
}

//go:noinline
func (v *violations) prefix(from int, name string) {
	name = strings.ToValidUTF8(name, "\ufffd") // a key may be anything
	for i := from; i < len(*v); i++ {
		(*v)[i].Path = joinPath(name, (*v)[i].Path)
	}
}

//go:noinline
func (v *violations) prefixItem(from int, name string, i int) {
	v.prefix(from, name+"["+strconv.Itoa(i)+"]")
}

func joinPath(name, path string) string {
	if name == "" || path == "" || path[0] == '[' {
		return name + path
	}
	return name + "." + path
}

// err returns nil, or all violations as a *ValidationError.
func (v violations) err() error {
	if v == nil {
		return nil
	}
	return v.all()
}

//go:noinline
func (v violations) all() error { return &ValidationError{Violations: v} }

//go:noinline
func nilInput() error {
	return violations{{Rule: "required", Message: "the input is nil"}}.err()
}

// shorter and longer compare a string's length in runes with n. A string has at
// most as many runes as bytes, so most need no counting.
func shorter(s string, n int) bool { return len(s) < n || utf8.RuneCountInString(s) < n }
func longer(s string, n int) bool  { return len(s) > n && utf8.RuneCountInString(s) > n }

// multipleOf reports whether x, as JSON writes it, is a multiple of
// digits/pow10: 0.3 is one of 0.1 although no float64 is. As long as float64
// holds all its digits it is one just when the nearest multiple, rounded, gives x back.
func multipleOf(x, digits, pow10 float64) bool {
	n := math.Round(x*pow10/digits) * digits
	if n < 1e15 && n > -1e15 {
		return n/pow10 == x
	}
	return multipleOfLarge(x, digits, pow10)
}

//go:noinline
func multipleOfLarge(x, digits, pow10 float64) bool {
	exact, ok := new(big.Rat).SetString(strconv.FormatFloat(x, 'e', -1, 64))
	if !ok { // NaN or an infinity
		return false
	}
	exact.Mul(exact, new(big.Rat).SetFloat64(pow10))
	return exact.Quo(exact, new(big.Rat).SetFloat64(digits)).IsInt()
}

// unique reports whether no two items are equal. Lists are short: no map is needed.
func unique[T comparable](items []T) bool {
	for i, x := range items {
		if slices.Contains(items[:i], x) {
			return false
		}
	}
	return true
}

// lazyPattern is a regular expression that is compiled when first used.
type lazyPattern struct {
	source string
	once   sync.Once
	re     *regexp.Regexp
}

// match reports whether the pattern matches somewhere in s, as JSON Schema has it.
func (p *lazyPattern) match(s string) bool {
	p.once.Do(func() { p.re = regexp.MustCompile(p.source) })
	return p.re.MatchString(s)
}

// unmarshalMixed is the text that a mixed enum keeps of a JSON value: "" for
// null, a string without needless escapes, a number in its shortest form.
func unmarshalMixed(b []byte) string {
	var v any
	if json.Unmarshal(b, &v) != nil { // a number beyond float64
		return string(b)
	}
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		text, _ := encodeJSON(v) // a string always can be
		return string(text)
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return strconv.FormatInt(int64(v), 10)
		}
		if bytes.ContainsAny(b, ".eE") {
			return strconv.FormatFloat(v, 'g', -1, 64)
		}
	}
	return string(b)
}

// marshalMixed is the JSON of an enum value that holds its own JSON text.
func marshalMixed(text string) ([]byte, error) {
	return []byte(cmp.Or(text, "null")), nil
}
