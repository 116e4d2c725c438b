package plan

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/jsontree"

	"github.com/genclient/genclient/internal/dialect"
)

// checked are the keywords that become Go checks or types; any other keyword
// that constrains is left to the server and said so.
var checked = map[string][]string{
	"string":  {"minLength", "maxLength", "pattern"},
	"integer": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
	"number":  {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
	"boolean": {},
	"array":   {"items", "minItems", "maxItems", "uniqueItems"},
	"object":  {"properties", "additionalProperties"},
}

// unchecked lists the keywords of a node that no check stands for, in page
// order, as text for a comment. Of raw JSON nothing is checked.
func unchecked(n *node) []string {
	media := dialect.MediaFormat(n.get("format").Str()) != ir.NoMedia
	known := func(keyword string) bool {
		switch keyword {
		case "allOf", "anyOf", "oneOf", "validations":
			return true
		case "format":
			return media
		case "type", "enum", "const", "$ref":
			return n.raw == ""
		case "additionalProperties":
			if n.properties == nil && n.sealed() {
				return false
			}
		case "items":
			if !typesItems(n.get("items")) {
				return false
			}
		}
		if n.raw != "" {
			return false
		}
		for typ, keywords := range checked {
			// A member of an enum satisfies the keywords of every type.
			if (typ == n.typ || n.closed) && slices.Contains(keywords, keyword) {
				return true
			}
		}
		return false
	}
	var notes []string
	for _, l := range n.layers {
		for _, m := range l.Members {
			// The names that a map requires are no fields to check.
			ofMap := m.Name == "required" && n.properties == nil && len(m.Value.Items()) > 0
			if (annotations[m.Name] || known(m.Name)) && !malformed(m) && !ofMap {
				continue
			}
			if text := constraintText(m.Name, m.Value); !slices.Contains(notes, text) {
				notes = append(notes, text)
			}
		}
	}
	return append(notes, n.open...)
}

// malformed reports whether a keyword that would be checked has a value that
// JSON Schema gives no meaning (draft 2020-12 validation, section 6).
func malformed(m jsontree.Member) bool {
	switch m.Name {
	case "minLength", "maxLength", "minItems", "maxItems":
		if !m.Value.Is(jsontree.Number) {
			return true
		}
		num, ok := ir.NewNum(m.Value.Text)
		return !ok || !num.Rat().IsInt() || num.Rat().Sign() < 0
	case "minimum", "maximum":
		return !m.Value.Is(jsontree.Number)
	case "exclusiveMinimum", "exclusiveMaximum": // true or false in draft 4
		return !m.Value.Is(jsontree.Number) && !m.Value.Is(jsontree.Bool)
	case "pattern":
		return !m.Value.Is(jsontree.String)
	case "uniqueItems":
		return !m.Value.Is(jsontree.Bool)
	case "enum":
		return !m.Value.Is(jsontree.Array)
	}
	return false
}

// typesItems reports whether "items" says all in the Go type of the list: not for
// a list of schemas, nor for false.
func typesItems(items *jsontree.Value) bool {
	return items == nil || items.Is(jsontree.Object) || items.True()
}

// constraintText is a keyword with its value if that is short.
func constraintText(keyword string, v *jsontree.Value) string {
	text := v.Compact()
	if len(text) > 60 {
		return keyword
	}
	return keyword + " " + text
}

// checks builds the checks of a node for its Go type.
func (b *builder) checks(n *node, t ir.Type) (checks []ir.Check, notes []string) {
	switch t := t.(type) {
	case *ir.Enum:
		return []ir.Check{ir.Membership{}}, nil
	case ir.Scalar:
		switch t {
		case ir.String:
			return b.stringChecks(n)
		case ir.Bool:
			if n.closed && len(n.members) == 1 {
				checks = append(checks, ir.Membership{Bool: n.members[0].value.True()})
			}
			return checks, nil
		}
		return b.numberChecks(n, t)
	case *ir.List:
		if c, ok := b.count(n, "minItems", "maxItems"); ok {
			checks = append(checks, c)
		}
		if n.get("uniqueItems").True() {
			switch t.Elem.Type.(type) {
			case ir.Scalar, *ir.Enum:
				if !t.Elem.Pointer {
					return append(checks, ir.UniqueItems{}), notes
				}
			}
			notes = append(notes, "uniqueItems")
		}
	}
	return checks, notes
}

func (b *builder) stringChecks(n *node) (checks []ir.Check, notes []string) {
	if c, ok := b.count(n, "minLength", "maxLength"); ok {
		checks = append(checks, ir.Length(c))
	}
	if p := n.get("pattern"); p.Is(jsontree.String) {
		if _, err := regexp.Compile(p.Text); err != nil {
			b.report(p, diag.Note, "pattern-not-re2", n.path, "the pattern is not a Go (RE2) expression: it is left to the server", "")
			notes = append(notes, constraintText("pattern", p))
		} else {
			checks = append(checks, ir.Pattern{Number: b.pattern(p.Text), Source: p.Text})
		}
	}
	return checks, notes
}

// pattern returns the number of a pattern, from 1.
func (b *builder) pattern(source string) int {
	i := slices.Index(b.model.Patterns, source)
	if i < 0 {
		i = len(b.model.Patterns)
		b.model.Patterns = append(b.model.Patterns, source)
	}
	return i + 1
}

// count reads a pair of keywords for a length or a number of items; bounds that
// always hold are dropped.
func (b *builder) count(n *node, minKeyword, maxKeyword string) (ir.Count, bool) {
	c := ir.Count{Min: 0, Max: -1}
	if least := n.countOf(minKeyword); least != nil {
		c.Min = clampCount(least)
	}
	if most := n.countOf(maxKeyword); most != nil {
		if c.Max = clampCount(most); c.Max == math.MaxInt32 {
			c.Max = -1
		}
	}
	if c.Max >= 0 && c.Min > c.Max {
		b.warn(n, n.get(minKeyword), "unsatisfiable", fmt.Sprintf("%s %d is above %s %d: no value satisfies both", minKeyword, c.Min, maxKeyword, c.Max))
	}
	return c, c.Min > 0 || c.Max >= 0
}

// countOf reads a keyword for a length or a number of items; nil is none that
// means anything.
func (n *node) countOf(keyword string) *big.Int {
	v := n.get(keyword)
	if v == nil || malformed(jsontree.Member{Name: keyword, Value: v}) {
		return nil
	}
	num, _ := number(v)
	return num.Rat().Num()
}

// clampCount brings a count into 0..MaxInt32: no Go value has more.
func clampCount(i *big.Int) int {
	if !i.IsInt64() || i.Int64() > math.MaxInt32 {
		return math.MaxInt32
	}
	return int(i.Int64())
}

// number reads a keyword that should be a number.
func number(v *jsontree.Value) (ir.Num, bool) {
	if !v.Is(jsontree.Number) {
		return ir.Num{}, false
	}
	return ir.NewNum(v.Text)
}

func (b *builder) numberChecks(n *node, t ir.Scalar) (checks []ir.Check, notes []string) {
	r := ir.Range{}
	r.Min, r.ExclusiveMin = n.bound("minimum", "exclusiveMinimum", 1)
	r.Max, r.ExclusiveMax = n.bound("maximum", "exclusiveMaximum", -1)
	if r.Min != nil && r.Max != nil {
		if c := r.Min.Cmp(*r.Max); c > 0 || c == 0 && (r.ExclusiveMin || r.ExclusiveMax) {
			b.warn(n, n.first("minimum", "exclusiveMinimum"), "unsatisfiable", "no number is above the minimum and below the maximum")
		}
	}
	if t == ir.Int {
		r, notes = b.intRange(n, r)
	} else {
		r, notes = b.floatRange(n, r)
	}
	if r.Min != nil || r.Max != nil {
		checks = append(checks, r)
	}
	if v := n.get("multipleOf"); v != nil {
		step, ok := number(v)
		if ok && step.Rat().Sign() > 0 {
			if t == ir.Int {
				// x is a multiple of p/q in lowest terms just when it is one of p.
				step = ir.NumOf(step.Rat().Num())
			}
			if t == ir.Int && step.Rat().Num().IsInt64() || t == ir.Float && decimal(step) {
				if t == ir.Float || step.Rat().Cmp(big.NewRat(1, 1)) != 0 {
					checks = append(checks, ir.MultipleOf{Step: step})
				}
				return checks, notes
			}
		}
		notes = append(notes, constraintText("multipleOf", v))
	}
	return checks, notes
}

func decimal(n ir.Num) bool {
	_, _, ok := n.Decimal()
	return ok
}

// bound reads one end of a range in both forms: draft 4 has a boolean beside
// the bound (JSON Schema draft 4, 5.1), later drafts a number of its own. The
// tighter of two counts; side is 1 for a lower and -1 for an upper bound.
func (n *node) bound(keyword, exclusiveKeyword string, side int) (*ir.Num, bool) {
	plain, ok := number(n.get(keyword))
	exclusive := n.get(exclusiveKeyword)
	other, okOther := number(exclusive)
	switch {
	case ok && okOther:
		if c := other.Cmp(plain) * side; c >= 0 {
			return &other, true
		}
		return &plain, false
	case okOther:
		return &other, true
	case ok:
		return &plain, exclusive.True()
	}
	return nil, false
}

// satisfies reports whether a constant meets the keywords that bound strings and
// numbers.
func (n *node) satisfies(v *jsontree.Value) bool {
	if num, ok := number(v); ok {
		low, open := n.bound("minimum", "exclusiveMinimum", 1)
		if low != nil && (num.Cmp(*low) < 0 || open && num.Cmp(*low) == 0) {
			return false
		}
		high, open := n.bound("maximum", "exclusiveMaximum", -1)
		if high != nil && (num.Cmp(*high) > 0 || open && num.Cmp(*high) == 0) {
			return false
		}
		step, ok := number(n.get("multipleOf"))
		return !ok || step.Rat().Sign() <= 0 || new(big.Rat).Quo(num.Rat(), step.Rat()).IsInt()
	}
	if !v.Is(jsontree.String) {
		return true
	}
	runes := big.NewInt(int64(utf8.RuneCountInString(v.Text)))
	if low := n.countOf("minLength"); low != nil && runes.Cmp(low) < 0 {
		return false
	}
	if high := n.countOf("maxLength"); high != nil && runes.Cmp(high) > 0 {
		return false
	}
	pattern, err := regexp.Compile(n.get("pattern").Str())
	return err != nil || pattern.MatchString(v.Text)
}

// intRange brings the bounds of an integer to inclusive int64 bounds.
func (b *builder) intRange(n *node, r ir.Range) (ir.Range, []string) {
	var out ir.Range
	var notes []string
	if r.Min != nil {
		least := ceil(*r.Min)
		if r.ExclusiveMin && r.Min.Rat().IsInt() {
			least = new(big.Int).Add(least, big.NewInt(1))
		}
		switch {
		case least.IsInt64() && least.Int64() > math.MinInt64:
			num := ir.NumOf(least)
			out.Min = &num
		case least.Sign() > 0:
			b.warn(n, n.first("minimum", "exclusiveMinimum"), "integer-beyond-int64", "no int64 reaches the minimum: it is left to the server")
			notes = append(notes, "minimum "+r.Min.Text)
		}
	}
	if r.Max != nil {
		most := floor(*r.Max)
		if r.ExclusiveMax && r.Max.Rat().IsInt() {
			most = new(big.Int).Sub(most, big.NewInt(1))
		}
		switch {
		case most.IsInt64() && most.Int64() < math.MaxInt64:
			num := ir.NumOf(most)
			out.Max = &num
		case most.Sign() < 0:
			b.warn(n, n.first("maximum", "exclusiveMaximum"), "integer-beyond-int64", "no int64 is below the maximum: it is left to the server")
			notes = append(notes, "maximum "+r.Max.Text)
		}
	}
	return out, notes
}

// floatRange drops bounds beyond float64: they hold for every finite value or
// for none. The others become bounds that a float64 is exactly.
func (b *builder) floatRange(n *node, r ir.Range) (ir.Range, []string) {
	var notes []string
	if r.Min != nil {
		if _, ok := r.Min.Float64(); !ok {
			if r.Min.Rat().Sign() > 0 {
				b.warn(n, n.first("minimum", "exclusiveMinimum"), "unsatisfiable", "no float64 reaches the minimum: it is left to the server")
				notes = append(notes, "minimum "+r.Min.Text)
			}
			r.Min = nil
		} else {
			r.Min, r.ExclusiveMin = inward(*r.Min, r.ExclusiveMin, 1)
		}
	}
	if r.Max != nil {
		if _, ok := r.Max.Float64(); !ok {
			if r.Max.Rat().Sign() < 0 {
				b.warn(n, n.first("maximum", "exclusiveMaximum"), "unsatisfiable", "no float64 is below the maximum: it is left to the server")
				notes = append(notes, "maximum "+r.Max.Text)
			}
			r.Max = nil
		} else {
			r.Max, r.ExclusiveMax = inward(*r.Max, r.ExclusiveMax, -1)
		}
	}
	return r, notes
}
