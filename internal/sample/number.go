package sample

import (
	"math/big"

	"github.com/genclient/genclient/internal/dialect"
	"github.com/genclient/genclient/internal/jsontree"
)

// interval is what the bounds of a number leave. A nil end is open to infinity.
type interval struct {
	low, high         *big.Rat
	lowOpen, highOpen bool // the end itself is outside
	step              *big.Rat
	integer           bool
}

// bounds reads the numeric keywords of all layers; the tightest count. Draft 4
// writes an exclusive bound as true beside the bound (JSON Schema draft 4, 5.1).
func (l layers) bounds() interval {
	var in interval
	for _, v := range l {
		for _, name := range dialect.StandardTypes(v.Get("type")) {
			in.integer = in.integer || name == "integer"
		}
		in.raise(v.Get("minimum"), v.Get("exclusiveMinimum").True())
		in.raise(v.Get("exclusiveMinimum"), true)
		in.lower(v.Get("maximum"), v.Get("exclusiveMaximum").True())
		in.lower(v.Get("exclusiveMaximum"), true)
		if step := v.Get("multipleOf"); step.Is(jsontree.Number) && dialect.Rational(step).Sign() > 0 {
			in.step = dialect.Rational(step)
		}
	}
	return in
}

func (in *interval) raise(bound *jsontree.Value, open bool) {
	if !bound.Is(jsontree.Number) {
		return
	}
	r := dialect.Rational(bound)
	if in.low == nil || r.Cmp(in.low) > 0 || r.Cmp(in.low) == 0 && open {
		in.low, in.lowOpen = r, open
	}
}

func (in *interval) lower(bound *jsontree.Value, open bool) {
	if !bound.Is(jsontree.Number) {
		return
	}
	r := dialect.Rational(bound)
	if in.high == nil || r.Cmp(in.high) < 0 || r.Cmp(in.high) == 0 && open {
		in.high, in.highOpen = r, open
	}
}

func (in interval) contain(r *big.Rat) bool {
	if in.low != nil && (r.Cmp(in.low) < 0 || in.lowOpen && r.Cmp(in.low) == 0) {
		return false
	}
	if in.high != nil && (r.Cmp(in.high) > 0 || in.highOpen && r.Cmp(in.high) == 0) {
		return false
	}
	if in.integer && !r.IsInt() {
		return false
	}
	return in.step == nil || new(big.Rat).Quo(r, in.step).IsInt()
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
