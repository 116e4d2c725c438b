package client

import (
	"encoding/json"
	"math"
	"testing"
)

// TestMultipleOf asks for multiples by the numbers as JSON writes them: in
// steps that no float64 is, and beyond the integers that float64 holds.
func TestMultipleOf(t *testing.T) {
	for _, tt := range []struct {
		x, digits, pow10 float64
		want             bool
	}{
		{0.3, 1, 10, true},
		{0.30000000000000004, 1, 10, false},
		{-0.3, 1, 10, true},
		{0, 1, 10, true},
		{0.35, 1, 10, false},
		{19.99, 1, 100, true},
		{7.5, 25, 10, true},
		{7, 25, 10, false},
		{5e-324, 1, 10, false},
		{math.MaxFloat64, 25, 100, true}, // 17976...e292, and 10^292 is a multiple of 0.25
		{-math.MaxFloat64, 1, 10, true},
		{math.MaxFloat64, 3, 1, false}, // the digits sum up to 85
		{3e300, 3, 10, true},
		{1 << 63, 25, 10, true}, // written as 9223372036854775808 it were none, but JSON has 9223372036854776000
		{9007199254740994, 3, 1, false},
		{9007199254740996, 3, 1, true},
		{90071992547409.95, 7, 100, true},
		{90071992547409.98, 7, 100, false},
		{900719925474100.2, 7, 10, true},
		{90071992547409.931, 7, 10, false}, // a digit behind the point is left
		{900719925474099.9, 7, 10, false},
		{2e22, 20, 1, true},
		{math.Inf(1), 1, 10, false},
		{math.NaN(), 1, 10, false},
	} {
		if got := multipleOf(tt.x, tt.digits, tt.pow10); got != tt.want {
			t.Errorf("%v a multiple of %v/%v: %v, want %v", tt.x, tt.digits, tt.pow10, got, tt.want)
		}
	}
}

// TestMixedEnum reads members of an enum of several types in every spelling
// that JSON has for them and writes them back.
func TestMixedEnum(t *testing.T) {
	for _, tt := range []struct{ in, text, out string }{
		{`"auto"`, `"auto"`, `"auto"`},
		{`"\u0061uto"`, `"auto"`, `"auto"`},
		{`"\u003c\u00e9"`, `"<é"`, `"<é"`},
		{`5`, `5`, `5`},
		{`5.0`, `5`, `5`},
		{`5e0`, `5`, `5`},
		{`0.5`, `0.5`, `0.5`},
		{`0.50`, `0.5`, `0.5`},
		{`1E30`, `1e+30`, `1e+30`},
		{`9007199254740993`, `9007199254740993`, `9007199254740993`},
		{`true`, `true`, `true`},
		{`[1]`, `[1]`, `[1]`},
		{`null`, ``, `null`},
	} {
		text := unmarshalMixed([]byte(tt.in))
		out, err := marshalMixed(text)
		if text != tt.text || string(out) != tt.out || err != nil || !json.Valid(out) {
			t.Errorf("%s is kept as %s and written as %s, %v; want %s and %s", tt.in, text, out, err, tt.text, tt.out)
		}
	}
}
