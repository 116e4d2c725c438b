package ir

import (
	"math"
	"math/big"
	"strconv"
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

// NumOf returns an integer as a number.
func NumOf(i *big.Int) Num { return Num{Text: i.String(), rat: new(big.Rat).SetInt(i)} }

// Rat returns the number exactly; it must not be changed.
func (n Num) Rat() *big.Rat { return n.rat }

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

// IsFloat reports whether a float64 is written as the same number again.
func (n Num) IsFloat() bool {
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
