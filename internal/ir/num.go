package ir

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Num is a number with the spelling of the page.
type Num struct {
	Text string // a JSON number
	rat  *big.Rat
}

// NewNum reads a JSON number. The decoder has bounded its length and exponent,
// so exact arithmetic on it is cheap.
func NewNum(text string) (Num, bool) {
	r, ok := new(big.Rat).SetString(text)
	return Num{Text: text, rat: r}, ok
}

func intNum(i *big.Int) Num { return Num{Text: i.String(), rat: new(big.Rat).SetInt(i)} }

// IsZero reports whether the number is 0, however it is written.
func (n Num) IsZero() bool { return n.rat == nil || n.rat.Sign() == 0 }

// Cmp compares two numbers by value.
func (n Num) Cmp(m Num) int { return n.rat.Cmp(m.rat) }

// Int64 returns the number if it is an integer that an int64 holds.
func (n Num) Int64() (int64, bool) {
	if !n.rat.IsInt() || !n.rat.Num().IsInt64() {
		return 0, false
	}
	return n.rat.Num().Int64(), true
}

// Float64 returns the nearest float64, and false when the number is beyond the
// largest.
func (n Num) Float64() (float64, bool) {
	f, _ := n.rat.Float64()
	return f, !math.IsInf(f, 0)
}

// inward returns a bound of a number field as one that a float64 is exactly: n
// itself when its float64 is written as n again, else the next float64 within,
// which is then allowed. side is 1 for a lower and -1 for an upper bound.
//
//	lower bound 9007199254740993 -> 9007199254740994
func (n Num) inward(exclusive bool, side int) (*Num, bool) {
	f, _ := n.rat.Float64()
	for {
		text := strconv.FormatFloat(f, 'g', -1, 64)
		near, _ := NewNum(text)
		switch c := near.Cmp(n) * side; {
		case c == 0:
			return &n, exclusive
		case c > 0:
			return &Num{Text: text, rat: near.rat}, false
		}
		if f = math.Nextafter(f, math.Inf(side)); math.IsInf(f, 0) {
			return &n, exclusive // beyond the last float64 by less than makes it infinite
		}
	}
}

// Decimal returns the number as digits over a power of ten, digits / 10^scale,
// both exact in a float64; false when they are not.
func (n Num) Decimal() (digits, pow10 float64, ok bool) {
	scaled := new(big.Rat).Set(n.rat)
	ten := big.NewRat(10, 1)
	pow10 = 1
	for scale := 0; !scaled.IsInt(); scale++ {
		if scale == 22 { // 10^22 is the largest power of ten that float64 holds exactly
			return 0, 0, false
		}
		scaled.Mul(scaled, ten)
		pow10 *= 10
	}
	if scaled.Num().BitLen() > 53 {
		return 0, 0, false
	}
	digits, _ = scaled.Float64()
	return digits, pow10, true
}

// canonical returns the one JSON text that stands for the number in a mixed
// enum: 3 for 3.0, and 1e+30 for 1E30, as the generated code reads them.
func (n Num) canonical() string {
	if i, ok := n.Int64(); ok {
		return strconv.FormatInt(i, 10)
	}
	if n.isFloat() && strings.ContainsAny(n.Text, ".eE") {
		f, _ := n.Float64()
		return strconv.FormatFloat(f, 'g', -1, 64)
	}
	return n.Text
}

// isFloat reports whether a float64 is written as the same number again.
func (n Num) isFloat() bool {
	f, ok := n.Float64()
	if !ok {
		return false
	}
	near, _ := NewNum(strconv.FormatFloat(f, 'g', -1, 64))
	return near.Cmp(n) == 0
}

// String returns the number as text for a comment or a message: an integer
// without a point or an exponent, anything else as the page wrote it.
func (n Num) String() string {
	if i, ok := n.Int64(); ok {
		return strconv.FormatInt(i, 10)
	}
	return n.Text
}

// ceil returns the smallest integer not below n, floor the largest not above.
func (n Num) ceil() *big.Int {
	i := n.floor()
	if !n.rat.IsInt() {
		i.Add(i, big.NewInt(1))
	}
	return i
}

func (n Num) floor() *big.Int {
	// Div is Euclidean: for a positive denominator it rounds down.
	return new(big.Int).Div(n.rat.Num(), n.rat.Denom())
}
