package client

import (
	"math"
	"strconv"
	"strings"
)

// A ValidationError lists every rule that an input breaks, in field order. It
// is returned as *ValidationError before anything is sent.
type ValidationError struct{ Violations []Violation }

// A Violation is one broken rule of an input.
type Violation struct {
	// Path is where the value stands in the JSON body, as image_urls[2] or
	// loras[0].path; empty for the input as a whole.
	Path string
	// Rule is the broken JSON Schema keyword, as maximum, or the page's own
	// media rule, as width_pixels>.
	Rule string
	// Message says what is wanted; for a media rule it is the page's own text.
	Message string
	// Measured is the number that broke the rule: a value, a length in runes, a
	// number of items, or what was measured of a media file. Bound is what a
	// media rule compared it with.
	Measured, Bound float64

	kind    gotKind
	integer int64 // the number itself when kind is gotInteger: float64 holds 53 bits
}

// gotKind says what Violation.Error prints behind the message.
type gotKind uint8

const (
	gotNothing gotKind = iota
	gotInteger
	gotFloat
)

// Error returns the violation as one line: path, what is wanted, the number
// found. The text of a string field never appears in it.
func (v Violation) Error() string {
	var b strings.Builder
	if v.Path != "" {
		b.WriteString(v.Path)
		b.WriteString(": ")
	}
	b.WriteString(v.Message)
	switch v.kind {
	case gotInteger:
		b.WriteString(", got ")
		b.WriteString(strconv.FormatInt(v.integer, 10))
	case gotFloat:
		b.WriteString(", got ")
		b.WriteString(strconv.FormatFloat(v.Measured, 'g', -1, 64))
	}
	return b.String()
}

// Error returns all violations, separated by semicolons.
func (e *ValidationError) Error() string {
	var b strings.Builder
	b.WriteString("runcomfy: invalid input: ")
	for i, v := range e.Violations {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(v.Error())
	}
	return b.String()
}

// violations collects what a generated Validate finds. Its methods stay out of
// line: a valid input then runs past them without a call or an allocation, and
// a thousand models compile in a fraction of the time.
type violations []Violation

// add records a violation that has no number to show.
//
//go:noinline
func (v *violations) add(path, rule, message string) {
	*v = append(*v, Violation{Path: path, Rule: rule, Message: message})
}

// required records an absent required value.
//
//go:noinline
func (v *violations) required(path string) {
	*v = append(*v, Violation{Path: path, Rule: "required", Message: "is required"})
}

// int records a violation by an integer: a value, a length or a count.
//
//go:noinline
func (v *violations) int(path, rule, message string, got int64) {
	*v = append(*v, Violation{Path: path, Rule: rule, Message: message,
		Measured: float64(got), kind: gotInteger, integer: got})
}

// float records a violation by a number; a NaN or an infinity, which JSON
// cannot carry, breaks the rule "type" whatever else is asked of it.
//
//go:noinline
func (v *violations) float(path, rule, message string, got float64) {
	if !finite(got) {
		rule, message = "type", "must be a finite number"
	}
	*v = append(*v, Violation{Path: path, Rule: rule, Message: message, Measured: got, kind: gotFloat})
}

// finite reports whether JSON can carry x.
func finite(x float64) bool { return x-x == 0 }

// within prefixes the paths of the violations from index from on: a nested
// object or an item records paths relative to itself, and its parent puts its
// own path in front only when there is something to report.
//
//go:noinline
func (v violations) within(from int, name string) {
	for i := from; i < len(v); i++ {
		v[i].Path = joinPath(name, v[i].Path)
	}
}

// item is within for element i of the list name.
//
//go:noinline
func (v violations) item(from int, name string, i int) {
	v.within(from, name+"["+strconv.Itoa(i)+"]")
}

func joinPath(name, path string) string {
	if path == "" || path[0] == '[' {
		return name + path
	}
	return name + "." + path
}

// err returns nil, or all violations as a *ValidationError.
func (v violations) err() error {
	if v == nil {
		return nil
	}
	return &ValidationError{Violations: v}
}

// nilInput is what Validate returns for a nil input.
func nilInput() error {
	return violations{{Rule: "required", Message: "the input is nil"}}.err()
}

// multipleOf reports whether x is a multiple of step, as JSON Schema's
// multipleOf has it: the quotient is an integer. Decimal steps such as 0.1 are
// not exact in binary, so a quotient within a few units in the last place of
// an integer counts as one.
func multipleOf(x, step float64) bool {
	q := x / step
	return math.Abs(q-math.Round(q)) <= 1e-9*math.Max(1, math.Abs(q))
}
