package plan

import (
	"math"
	"math/big"
	"slices"
	"unicode/utf8"

	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/jsontree"

	"github.com/genclient/genclient/internal/dialect"
)

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
		if keyword == "pattern" && n.closed {
			_, problem := dialect.Pattern(n.get(keyword).Str(), 0)
			return problem == nil || !slices.ContainsFunc(n.members, isText)
		}
		kw, known := dialect.KeywordNamed(keyword)
		// A member of an enum satisfies the keywords of every type.
		return known && kw.Applies != "" && !kw.Unchecked && (n.closed || n.typ != "" && kw.AppliesTo(n.typ))
	}
	var notes []string
	for _, l := range n.layers {
		for _, m := range l.Members {
			// The names that a map requires are no fields to check.
			ofMap := m.Name == "required" && n.properties == nil && len(m.Value.Items()) > 0
			if (annotates(m.Name) || known(m.Name) && dialect.Malformed(m) == nil) && !ofMap {
				continue
			}
			if text := constraintText(m.Name, m.Value); !slices.Contains(notes, text) {
				notes = append(notes, text)
			}
		}
	}
	return append(notes, n.open...)
}

func isText(m member) bool { return m.value.Is(jsontree.String) }

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
		if compiled, problem := dialect.Pattern(p.Text, p.Offset); problem != nil {
			b.problem(problem, n.path)
			notes = append(notes, constraintText("pattern", p))
		} else {
			checks = append(checks, ir.Pattern{Number: b.pattern(compiled.String()), Source: p.Text})
		}
	}
	return checks, notes
}

// pattern returns the number of an RE2 expression, from 1.
func (b *builder) pattern(re2 string) int {
	i := slices.Index(b.model.Patterns, re2)
	if i < 0 {
		i = len(b.model.Patterns)
		b.model.Patterns = append(b.model.Patterns, re2)
	}
	return i + 1
}

// count reads a pair of keywords for a length or a number of items; bounds that
// always hold are dropped.
func (b *builder) count(n *node, minKeyword, maxKeyword string) (ir.Count, bool) {
	read := dialect.ReadCount(n.get, minKeyword, maxKeyword)
	b.problem(read.Empty(), n.path)
	c := ir.Count{Min: 0, Max: -1}
	if read.Min != nil {
		c.Min = clampCount(read.Min)
	}
	if read.Max != nil {
		if c.Max = clampCount(read.Max); c.Max == math.MaxInt32 {
			c.Max = -1
		}
	}
	return c, c.Min > 0 || c.Max >= 0
}

// clampCount brings a count into 0..MaxInt32: no Go value has more.
func clampCount(i *big.Int) int {
	if !i.IsInt64() || i.Int64() > math.MaxInt32 {
		return math.MaxInt32
	}
	return int(i.Int64())
}

func (b *builder) numberChecks(n *node, t ir.Scalar) (checks []ir.Check, notes []string) {
	bounds := dialect.ReadRange(n.get)
	b.problem(bounds.Empty(t == ir.Int), n.path)
	var r ir.Range
	if t == ir.Int {
		r, notes = b.intRange(n, bounds)
	} else {
		r, notes = b.floatRange(n, bounds)
	}
	if r.Min != nil || r.Max != nil {
		checks = append(checks, r)
	}
	v := n.get("multipleOf")
	if v == nil || dialect.Malformed(jsontree.Member{Name: "multipleOf", Value: v}) != nil {
		return checks, notes
	}
	step, _ := dialect.Number(v)
	if t == ir.Int {
		// x is a multiple of p/q in lowest terms just when it is one of p.
		step = ir.NumOf(step.Rat().Num())
	}
	switch {
	case t == ir.Int && !step.Rat().Num().IsInt64(), t == ir.Float && !decimal(step):
		notes = append(notes, constraintText("multipleOf", v))
	case t == ir.Float || step.Rat().Cmp(big.NewRat(1, 1)) != 0:
		checks = append(checks, ir.MultipleOf{Step: step})
	}
	return checks, notes
}

func decimal(n ir.Num) bool {
	_, _, ok := n.Decimal()
	return ok
}

// satisfier returns what reports whether a constant meets the keywords that bound
// strings and numbers.
func (n *node) satisfier() func(*jsontree.Value) bool {
	numbers, lengths := dialect.ReadRange(n.get), dialect.ReadCount(n.get, "minLength", "maxLength")
	step, hasStep := dialect.Number(n.get("multipleOf"))
	hasStep = hasStep && step.Rat().Sign() > 0
	pattern, _ := dialect.Pattern(n.get("pattern").Str(), 0)
	return func(v *jsontree.Value) bool {
		if num, ok := dialect.Number(v); ok {
			return numbers.Holds(num) && (!hasStep || new(big.Rat).Quo(num.Rat(), step.Rat()).IsInt())
		}
		return !v.Is(jsontree.String) ||
			lengths.Holds(utf8.RuneCountInString(v.Text)) && (pattern == nil || pattern.MatchString(v.Text))
	}
}

// intRange brings the bounds of an integer to inclusive int64 bounds.
func (b *builder) intRange(n *node, bounds dialect.Range) (out ir.Range, notes []string) {
	least, most := bounds.Integers()
	if least != nil {
		switch {
		case least.IsInt64() && least.Int64() > math.MinInt64:
			num := ir.NumOf(least)
			out.Min = &num
		case least.Sign() > 0:
			b.problem(bounds.Min.BeyondInt64(), n.path)
			notes = append(notes, "minimum "+bounds.Min.Text)
		}
	}
	if most != nil {
		switch {
		case most.IsInt64() && most.Int64() < math.MaxInt64:
			num := ir.NumOf(most)
			out.Max = &num
		case most.Sign() < 0:
			b.problem(bounds.Max.BeyondInt64(), n.path)
			notes = append(notes, "maximum "+bounds.Max.Text)
		}
	}
	return out, notes
}

// floatRange drops bounds beyond float64: they hold for every finite value or
// for none. The others become bounds that a float64 is exactly.
func (b *builder) floatRange(n *node, bounds dialect.Range) (r ir.Range, notes []string) {
	for _, p := range bounds.BeyondFloat64() {
		b.problem(&p, n.path)
	}
	if bound := bounds.Min; bound != nil {
		if _, ok := bound.Float64(); ok {
			r.Min, r.ExclusiveMin = inward(bound.Num, bound.Exclusive, 1)
		} else if bound.Rat().Sign() > 0 {
			notes = append(notes, "minimum "+bound.Text)
		}
	}
	if bound := bounds.Max; bound != nil {
		if _, ok := bound.Float64(); ok {
			r.Max, r.ExclusiveMax = inward(bound.Num, bound.Exclusive, -1)
		} else if bound.Rat().Sign() < 0 {
			notes = append(notes, "maximum "+bound.Text)
		}
	}
	return r, notes
}
