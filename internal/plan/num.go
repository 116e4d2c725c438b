package plan

import (
	"math"
	"strconv"
	"strings"

	"github.com/genclient/genclient/internal/ir"
)

// inward returns a bound of a number field as one that a float64 is exactly: n
// itself when its float64 is written as n again, else the next float64 within,
// which is then allowed. side is 1 for a lower and -1 for an upper bound.
//
//	lower bound 9007199254740993 -> 9007199254740994
func inward(n ir.Num, exclusive bool, side int) (*ir.Num, bool) {
	f, _ := n.Rat().Float64()
	for {
		text := strconv.FormatFloat(f, 'g', -1, 64)
		near, _ := ir.NewNum(text)
		switch c := near.Cmp(n) * side; {
		case c == 0:
			return &n, exclusive
		case c > 0:
			return &near, false
		}
		if f = math.Nextafter(f, math.Inf(side)); math.IsInf(f, 0) {
			return &n, exclusive // beyond the last float64 by less than makes it infinite
		}
	}
}

// canonical returns the one JSON text that stands for the number in a mixed
// enum: 3 for 3.0, and 1e+30 for 1E30, as the generated code reads them.
func canonical(n ir.Num) string {
	if i, ok := n.Int64(); ok {
		return strconv.FormatInt(i, 10)
	}
	if n.IsFloat() && strings.ContainsAny(n.Text, ".eE") {
		f, _ := n.Float64()
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return n.Text
}
