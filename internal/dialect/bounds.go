package dialect

import (
	"fmt"
	"math/big"

	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/jsontree"
)

// A Bound is one end of a range of numbers.
type Bound struct {
	ir.Num
	Exclusive bool
	Value     *jsontree.Value // of the keyword
}

// A Range is what a schema's bounds allow; a nil bound is none.
type Range struct{ Min, Max *Bound }

// ReadRange reads the bounds of numbers. get returns the value of a keyword of the
// schema, or nil. Both forms are known: draft 4 has a boolean beside the bound (JSON
// Schema draft 4, validation 5.1), later drafts a number of its own. The tighter of
// two counts; malformed ones do not.
func ReadRange(get func(keyword string) *jsontree.Value) Range {
	return Range{readBound(get("minimum"), get("exclusiveMinimum"), 1),
		readBound(get("maximum"), get("exclusiveMaximum"), -1)}
}

// readBound reads one end; side is 1 for a lower and -1 for an upper bound.
func readBound(inclusive, exclusive *jsontree.Value, side int) *Bound {
	in, isIn := Number(inclusive)
	ex, isEx := Number(exclusive)
	switch {
	case isEx && (!isIn || ex.Cmp(in)*side >= 0):
		return &Bound{ex, true, exclusive}
	case isIn:
		return &Bound{in, exclusive.True(), inclusive}
	}
	return nil
}

// Number reads a value that should be a number.
func Number(v *jsontree.Value) (ir.Num, bool) {
	if !v.Is(jsontree.Number) {
		return ir.Num{}, false
	}
	return ir.NewNum(v.Text)
}

// Holds reports whether a number is in the range.
func (r Range) Holds(n ir.Num) bool {
	if r.Min != nil {
		if c := n.Cmp(r.Min.Num); c < 0 || c == 0 && r.Min.Exclusive {
			return false
		}
	}
	if r.Max != nil {
		if c := n.Cmp(r.Max.Num); c > 0 || c == 0 && r.Max.Exclusive {
			return false
		}
	}
	return true
}

// Integers returns the smallest and the largest integer of the range, nil without a
// bound.
func (r Range) Integers() (least, most *big.Int) {
	if r.Min != nil {
		least = firstInteger(r.Min.Rat(), r.Min.Exclusive)
	}
	if r.Max != nil {
		negated := firstInteger(new(big.Rat).Neg(r.Max.Rat()), r.Max.Exclusive)
		most = negated.Neg(negated)
	}
	return least, most
}

// firstInteger returns the smallest integer not below x, or above it.
func firstInteger(x *big.Rat, above bool) *big.Int {
	// Div rounds down for a positive divisor, so -floor(-x) is the ceiling.
	negated := new(big.Int).Neg(x.Num())
	i := negated.Neg(negated.Div(negated, x.Denom()))
	if above && x.IsInt() {
		i.Add(i, big.NewInt(1))
	}
	return i
}

// Empty returns a problem when no number is in the range, or for integers no integer.
func (r Range) Empty(integers bool) *Problem {
	if r.Min == nil || r.Max == nil {
		return nil
	}
	noun, c := "number", r.Min.Cmp(r.Max.Num)
	empty := c > 0 || c == 0 && (r.Min.Exclusive || r.Max.Exclusive)
	if integers && !empty {
		least, most := r.Integers()
		noun, empty = "integer", least.Cmp(most) > 0
	}
	if !empty {
		return nil
	}
	return &Problem{Rule: "unsatisfiable", Offset: r.Min.Value.Offset,
		Message: fmt.Sprintf("no %s is %s and %s", noun, r.Min.text("at least", "above"),
			r.Max.text("at most", "below"))}
}

// BeyondInt64 is the problem of a bound that no int64 satisfies.
func (b *Bound) BeyondInt64() *Problem {
	return &Problem{Rule: "integer-beyond-int64", Offset: b.Value.Offset, Message: b.Text + " is beyond int64"}
}

func (b *Bound) text(inclusive, exclusive string) string {
	if b.Exclusive {
		inclusive = exclusive
	}
	return inclusive + " " + b.Text
}

// BeyondFloat64 returns a problem for each bound that no float64 satisfies.
func (r Range) BeyondFloat64() (problems []Problem) {
	for _, b := range []*Bound{r.Min, r.Max} {
		if b == nil {
			continue
		}
		if _, ok := b.Float64(); !ok && (b == r.Min) == (b.Rat().Sign() > 0) {
			problems = append(problems, Problem{Rule: "unsatisfiable", Offset: b.Value.Offset,
				Message: "no float64 satisfies the bound " + b.Text})
		}
	}
	return problems
}

// BeyondInteger returns a problem when an integer value of a schema is one that an
// int64 does not hold, or that a float64, as JavaScript has it, may round.
func BeyondInteger(v *jsontree.Value) *Problem {
	n, ok := Number(v)
	if !ok || !n.Rat().IsInt() {
		return nil
	}
	switch i := n.Rat().Num(); {
	case !i.IsInt64():
		return &Problem{Rule: "integer-beyond-int64", Offset: v.Offset, Message: n.Text + " is beyond int64"}
	case i.BitLen() > 54 || new(big.Int).Abs(i).Cmp(big.NewInt(1<<53)) > 0:
		return &Problem{Rule: "integer-beyond-2-53", Offset: v.Offset, Message: n.Text + " is beyond 2^53"}
	}
	return nil
}

// A Count is what a pair of keywords allows for a length or a number of items. A nil
// bound is none.
type Count struct {
	Min, Max *big.Int

	least, most string // the keywords
	at          *jsontree.Value
}

// ReadCount reads a pair such as minLength and maxLength; malformed ones do not count.
func ReadCount(get func(keyword string) *jsontree.Value, least, most string) Count {
	c := Count{least: least, most: most, at: get(least)}
	if v := get(least); v.Is(jsontree.Number) && isCount(v) {
		c.Min = Rational(v).Num()
	}
	if v := get(most); v.Is(jsontree.Number) && isCount(v) {
		c.Max = Rational(v).Num()
	}
	return c
}

// Holds reports whether n is allowed.
func (c Count) Holds(n int) bool {
	i := big.NewInt(int64(n))
	return (c.Min == nil || i.Cmp(c.Min) >= 0) && (c.Max == nil || i.Cmp(c.Max) <= 0)
}

// Empty returns a problem when no number of items satisfies both bounds.
func (c Count) Empty() *Problem {
	if c.Min == nil || c.Max == nil || c.Min.Cmp(c.Max) <= 0 {
		return nil
	}
	return &Problem{Rule: "unsatisfiable", Offset: c.at.Offset,
		Message: fmt.Sprintf("%s %s is above %s %s", c.least, c.Min, c.most, c.Max)}
}
