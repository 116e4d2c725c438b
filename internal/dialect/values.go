package dialect

import (
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/genclient/genclient/internal/jsontree"
)

// isNames reports whether v is a list of strings.
func isNames(v *jsontree.Value) bool {
	return v.Is(jsontree.Array) && !slices.ContainsFunc(v.Elems,
		func(e *jsontree.Value) bool { return e.Kind != jsontree.String })
}

// isCount reports whether a number is an integer from 0.
func isCount(v *jsontree.Value) bool {
	r := Rational(v)
	return r.IsInt() && r.Sign() >= 0
}

// Rational returns a number exactly. The decoder has bounded its size.
func Rational(v *jsontree.Value) *big.Rat {
	r, ok := new(big.Rat).SetString(v.Text)
	if !ok {
		panic("not a number: " + v.Text)
	}
	return r
}

// Equal reports whether two values are equal as JSON Schema has it (draft 2020-12,
// section 4.2.2): numbers by value, so that 1 and 1.0 are, objects whatever the order.
func Equal(a, b *jsontree.Value) bool {
	switch {
	case a == nil || b == nil:
		return a == b
	case a.Kind != b.Kind:
		return false
	case a.Kind == jsontree.Number:
		return a.Text == b.Text || Rational(a).Cmp(Rational(b)) == 0
	case a.Kind == jsontree.Object:
		return len(a.Members) == len(b.Members) && !slices.ContainsFunc(a.Members, func(m jsontree.Member) bool {
			other := b.Get(m.Name)
			return other == nil || !Equal(m.Value, other)
		})
	}
	return a.Text == b.Text && slices.EqualFunc(a.Elems, b.Elems, Equal)
}

// A Set holds values by Equal, so that lists of any length are looked through once.
type Set map[string]bool

// SetOf returns the set of the values.
func SetOf(values ...*jsontree.Value) Set {
	s := Set{}
	for _, v := range values {
		s.Add(v)
	}
	return s
}

// Add adds a value and reports whether it is new.
func (s Set) Add(v *jsontree.Value) bool {
	key := string(appendKey(nil, v))
	if s[key] {
		return false
	}
	s[key] = true
	return true
}

// Has reports whether a value of the set equals v.
func (s Set) Has(v *jsontree.Value) bool { return s[string(appendKey(nil, v))] }

// appendKey appends a text that values have in common just when they are Equal: JSON
// with numbers as fractions and members sorted by name.
func appendKey(b []byte, v *jsontree.Value) []byte {
	switch v.Kind {
	case jsontree.Number:
		return append(b, Rational(v).RatString()...)
	case jsontree.Array:
		b = append(b, '[')
		for _, e := range v.Elems {
			b = append(appendKey(b, e), ',')
		}
		return append(b, ']')
	case jsontree.Object:
		members := slices.SortedFunc(slices.Values(v.Members), func(x, y jsontree.Member) int {
			return strings.Compare(x.Name, y.Name)
		})
		b = append(b, '{')
		for _, m := range members {
			b = append(strconv.AppendQuote(b, m.Name), ':')
			b = append(appendKey(b, m.Value), ',')
		}
		return append(b, '}')
	case jsontree.String:
		return strconv.AppendQuote(b, v.Text)
	}
	return append(b, v.Compact()...)
}

// HasType reports whether the value has one of the types, JSON Schema's names; with
// none, any will do. 1.0 is an integer.
func HasType(v *jsontree.Value, types ...string) bool {
	return len(types) == 0 || slices.Contains(types, v.Kind.String()) ||
		v.Kind == jsontree.Number && slices.Contains(types, "integer") && Rational(v).IsInt()
}
