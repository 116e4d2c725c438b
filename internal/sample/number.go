package sample

import (
	"math/big"
	"slices"

	"github.com/genclient/genclient/internal/dialect"
	"github.com/genclient/genclient/internal/jsontree"
)

// interval is what the numeric keywords of all layers leave.
type interval struct {
	ranges    []dialect.Range
	low, high *big.Rat // the tightest bounds, nil without one
	step      *big.Rat // nil without one
	integer   bool
}

func (l layers) bounds() interval {
	var in interval
	for _, v := range l {
		in.integer = in.integer || slices.Contains(dialect.StandardTypes(v.Get("type")), "integer")
		r := dialect.ReadRange(v.Get)
		in.ranges = append(in.ranges, r)
		if r.Min != nil && (in.low == nil || r.Min.Rat().Cmp(in.low) > 0) {
			in.low = r.Min.Rat()
		}
		if r.Max != nil && (in.high == nil || r.Max.Rat().Cmp(in.high) < 0) {
			in.high = r.Max.Rat()
		}
		if step, ok := dialect.Number(v.Get("multipleOf")); ok && step.Rat().Sign() > 0 {
			in.step = step.Rat()
		}
	}
	return in
}

func (in interval) contain(r *big.Rat) bool {
	n, ok := dialect.Number(number(r))
	return ok && !slices.ContainsFunc(in.ranges, func(r dialect.Range) bool { return !r.Holds(n) }) &&
		(!in.integer || r.IsInt()) && (in.step == nil || new(big.Rat).Quo(r, in.step).IsInt())
}

// number returns the number of the schema that is nearest to its lower bound, or
// to 0 without one, on the grid of its step, or of integers where they fit.
func (l layers) number(variant int) *jsontree.Value {
	in := l.bounds()
	step := in.step
	if step == nil {
		step = big.NewRat(1, 1)
	}
	start := new(big.Rat)
	switch {
	case in.low != nil:
		start = in.low
	case in.high != nil && in.high.Sign() <= 0:
		start = new(big.Rat).Sub(in.high, new(big.Rat).Mul(step, big.NewRat(maxVariants, 1)))
	}
	quotient := new(big.Rat).Quo(start, step)
	k := new(big.Int).Div(quotient.Num(), quotient.Denom()) // rounds down
	for range 2 * maxVariants {
		r := new(big.Rat).Mul(new(big.Rat).SetInt(k), step)
		if in.contain(r) {
			if variant == 0 {
				return number(r)
			}
			variant--
		}
		k.Add(k, big.NewInt(1))
	}
	if in.low != nil && in.high != nil { // no multiple of the grid: a part of the way between
		part := big.NewRat(1, int64(variant)+2)
		return number(new(big.Rat).Add(in.low, part.Mul(part, new(big.Rat).Sub(in.high, in.low))))
	}
	return number(start)
}

// number returns a number as JSON writes it.
func number(r *big.Rat) *jsontree.Value {
	const most = 20 // decimals of a number that has no end
	digits, exact := r.FloatPrec()
	if !exact {
		digits = most
	}
	return &jsontree.Value{Kind: jsontree.Number, Text: r.FloatString(digits)}
}
