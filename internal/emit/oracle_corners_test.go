package emit_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/genclient/genclient/internal/jsontree"
)

// rational returns a number exactly, nil for what is none.
func rational(v *jsontree.Value) *big.Rat {
	if !v.Is(jsontree.Number) {
		return nil
	}
	r, _ := new(big.Rat).SetString(v.Text)
	return r
}

// numberText writes a number as a JSON number, exactly if it has an end.
func numberText(r *big.Rat) string {
	if digits, exact := r.FloatPrec(); exact {
		return r.FloatString(digits)
	}
	return r.FloatString(20)
}

// texts are strings that are easily miscounted or misread: no runes, blanks,
// runes of several bytes, combining characters, surrogate pairs and halves,
// control characters, what HTML escapes.
var texts = []string{`""`, `" "`, `"a"`, `"0"`, `"\n"`, `"\u0000"`, `"\u00e9"`, "\"\u00e9\"", `"e\u0301"`, `"\ud83d\ude00"`, "\"\U0001f600\"",
	`"\ud800"`, `"\udc00\ud800"`, "\"\ufffd\"", `"<&>\u2028"`, `"\u202eabc"`, `"null"`, `"a\"b\\c"`}

// stringCorners returns strings around the bounds of the length, in runes of one
// to four bytes and as pairs of a letter and a combining mark.
func (s *sampler) stringCorners(v *jsontree.Value) []string {
	out := append([]string{}, texts...)
	for _, text := range plainTexts {
		out = append(out, quote(text))
	}
	if text := s.get(v, "default").Str(); text != "" {
		out = append(out, quote(text))
	}
	for _, keyword := range []string{"minLength", "maxLength"} {
		bound := rational(s.get(v, keyword))
		if bound == nil || bound.Sign() < 0 || bound.Num().BitLen() > 16 {
			continue
		}
		n := int(floor(bound).Int64())
		for _, length := range []int{max(n-1, 0), n, n + 1} {
			for _, r := range []string{"a", "\u00e9", "\u20ac", "\U0001f600"} {
				out = append(out, quote(strings.Repeat(r, length)))
			}
			out = append(out, `"`+strings.Repeat(`\ud83d\ude00`, length)+`"`,
				quote(strings.Repeat("e\u0301", length/2)+strings.Repeat("e", length%2)))
		}
	}
	return out
}

// numbers are spellings and values at the ends of what types hold.
var numbers = []string{"0", "-0", "-0.0", "1", "-1", "2", "3.0", "1e3", "1E+2", "10e-1", "0.5", "2.5", "-0.5", "0.1", "0.2", "0.30000000000000004", "1e-7", "5e-324",
	"2147483648", "4294967295", "4294967296", "9007199254740991", "9007199254740992", "9007199254740993", "-9007199254740993",
	"9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "1e19", "1.7976931348623157e308", "-1.7976931348623157e308", "1e309"}

// numberCorners returns numbers around every bound and multiples with their
// neighbours.
func (s *sampler) numberCorners(v *jsontree.Value) []string {
	out := append([]string{}, numbers...)
	add := func(r *big.Rat) { out = append(out, numberText(r)) }
	around := func(bound *big.Rat) {
		for _, step := range []*big.Rat{big.NewRat(0, 1), big.NewRat(1, 1), big.NewRat(-1, 1), big.NewRat(1, 10), big.NewRat(-1, 10), big.NewRat(1, 1<<20)} {
			add(new(big.Rat).Add(bound, step))
		}
		f, _ := bound.Float64()
		for _, x := range []float64{f, math.Nextafter(f, math.Inf(1)), math.Nextafter(f, math.Inf(-1))} {
			if !math.IsInf(x, 0) {
				out = append(out, strconv.FormatFloat(x, 'g', -1, 64))
			}
		}
	}
	for _, keyword := range []string{"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"} {
		if bound := rational(s.get(v, keyword)); bound != nil {
			around(bound)
		}
	}
	if step := rational(s.get(v, "multipleOf")); step != nil && step.Sign() > 0 {
		around(step)
		for range 20 {
			k := big.NewRat(s.rnd.Int64N(2000)-1000, 1)
			multiple := k.Mul(k, step)
			add(multiple)
			add(new(big.Rat).Add(multiple, new(big.Rat).Quo(step, big.NewRat(2, 1))))
			f, _ := multiple.Float64()
			out = append(out, strconv.FormatFloat(math.Nextafter(f, math.Inf(1)), 'g', -1, 64))
		}
	}
	return out
}

// validNumber returns a number within the bounds, a multiple if asked for.
func (s *sampler) validNumber(v *jsontree.Value) string {
	low, high := big.NewRat(0, 1), (*big.Rat)(nil)
	for _, keyword := range []string{"minimum", "exclusiveMinimum"} {
		if bound := rational(s.get(v, keyword)); bound != nil {
			low = bound
		}
	}
	for _, keyword := range []string{"maximum", "exclusiveMaximum"} {
		if bound := rational(s.get(v, keyword)); bound != nil {
			high = bound
		}
	}
	if high == nil {
		high = new(big.Rat).Add(low, big.NewRat(100, 1))
	} else if low.Cmp(high) > 0 {
		low = new(big.Rat).Sub(high, big.NewRat(100, 1))
	}
	step := rational(s.get(v, "multipleOf"))
	if step == nil || step.Sign() <= 0 {
		step = big.NewRat(1, 1)
		if span := new(big.Rat).Sub(high, low); s.types(v)[0] != "integer" && span.Cmp(big.NewRat(4, 1)) < 0 {
			step = big.NewRat(1, 10)
		}
	}
	// A multiple of the step, strictly between the bounds where there is one.
	first := floor(new(big.Rat).Quo(low, step))
	last := floor(new(big.Rat).Quo(high, step))
	n := new(big.Int).Sub(last, first)
	k := new(big.Int).Add(first, big.NewInt(1))
	if n.Cmp(big.NewInt(2)) > 0 {
		most := big.NewInt(1 << 40)
		if n.Cmp(most) < 0 {
			most = n.Sub(n, big.NewInt(1))
		}
		k.Add(k, big.NewInt(s.rnd.Int64N(most.Int64())))
	}
	return numberText(new(big.Rat).Mul(new(big.Rat).SetInt(k), step))
}

func floor(r *big.Rat) *big.Int { return new(big.Int).Div(r.Num(), r.Denom()) }

// nonMembers returns values that are close to a member of an enum, and the
// member in another spelling.
func nonMembers(constant string) []string {
	text, isString := strings.CutPrefix(constant, `"`)
	if !isString {
		out := []string{`"` + strings.ReplaceAll(constant, `"`, "") + `"`, "-1", "99999"}
		if n, ok := new(big.Rat).SetString(constant); ok && n.IsInt() {
			out = append(out, n.RatString()+".0")
		}
		return out
	}
	text = strings.TrimSuffix(text, `"`)
	out := []string{`"` + text + `x"`, `" ` + text + `"`}
	if text != "" && text[0] < utf8.RuneSelf && text[0] != '\\' {
		out = append(out, fmt.Sprintf(`"\u%04x%s"`, text[0], text[1:]))
	}
	for _, other := range []string{strings.ToUpper(text), strings.ToLower(text)} {
		if !strings.Contains(other, `\`) {
			out = append(out, `"`+other+`"`)
		}
	}
	if json.Valid([]byte(text)) {
		out = append(out, text) // 720 in place of "720"
	}
	return out
}
