package jsontree

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits on what is read. A schema of the site has a depth of 6 and some ten
// kilobytes; the limits leave room and keep hostile input from costing much.
const (
	MaxDepth   = 64      // nested arrays and objects
	MaxBytes   = 4 << 20 // one document or page
	MaxMembers = 2000    // members of one object
	maxNumber  = 100     // bytes of a number
	maxExp     = 400     // magnitude of a number's exponent: float64 ends at 308
)

// A SyntaxError says why JSON could not be read, and where.
type SyntaxError struct {
	Offset  int  // bytes from the start of the source
	CutOff  bool // the text ended inside the value
	TooDeep bool // nested deeper than MaxDepth
	Message string
}

func (e *SyntaxError) Error() string { return e.Message }

// Decode reads the one JSON value (RFC 8259) that text starts with, after white
// space, and returns it with the offset behind it. base is added to every offset,
// for text that is a part of a larger source. The error is a *SyntaxError; with a
// duplicate name or too much nesting there is no value either.
//
// It is its own parser because encoding/json keeps no offsets of values, and its
// token stream, from which they can be had, takes three times as long.
func Decode(text []byte, base int) (*Value, int, error) {
	d := decoder{text: text, base: base}
	v, err := d.value(0)
	if err != nil {
		return nil, 0, err
	}
	return v, d.at, nil
}

type decoder struct {
	text []byte
	base int
	at   int
}

// next skips white space and returns the byte there, 0 at the end.
func (d *decoder) next() byte {
	for ; d.at < len(d.text); d.at++ {
		switch c := d.text[d.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

func (d *decoder) errorAt(at int, format string, args ...any) error {
	return &SyntaxError{Offset: d.base + at, Message: fmt.Sprintf(format, args...)}
}

// unexpected is the error of the byte at d.at, or of the text's end there.
func (d *decoder) unexpected(where string) error {
	if d.at >= len(d.text) {
		return &SyntaxError{Offset: d.base + len(bytes.TrimRight(d.text, " \t\r\n")), CutOff: true,
			Message: "the JSON value is cut off"}
	}
	r, _ := utf8.DecodeRune(d.text[d.at:])
	return d.errorAt(d.at, "invalid character %q %s", r, where)
}

func (d *decoder) value(depth int) (*Value, error) {
	c := d.next()
	v := &Value{Offset: d.base + d.at}
	var err error
	switch {
	case c == '{' || c == '[':
		if depth == MaxDepth {
			return nil, &SyntaxError{Offset: v.Offset, TooDeep: true,
				Message: fmt.Sprintf("nested deeper than %d levels", MaxDepth)}
		}
		d.at++
		if c == '{' {
			v.Kind = Object
			v.Members, err = d.members(depth)
		} else {
			v.Kind = Array
			v.Elems, err = d.elems(depth)
		}
	case c == '"':
		v.Kind = String
		v.Text, err = d.str()
	case c == '-' || c >= '0' && c <= '9':
		v.Kind = Number
		v.Text, err = d.number()
	case c == 't':
		v.Kind, v.Text, err = Bool, "true", d.literal("true")
	case c == 'f':
		v.Kind, v.Text, err = Bool, "false", d.literal("false")
	case c == 'n':
		v.Kind, err = Null, d.literal("null")
	default:
		err = d.unexpected("looking for beginning of value")
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// literal reads a word; an error stands at its first byte.
func (d *decoder) literal(word string) error {
	for i := range len(word) {
		if d.at+i >= len(d.text) {
			d.at = len(d.text)
			return d.unexpected("")
		}
		if c := d.text[d.at+i]; c != word[i] {
			return d.errorAt(d.at, "invalid character %q in literal %s", c, word)
		}
	}
	d.at += len(word)
	return nil
}

func (d *decoder) elems(depth int) ([]*Value, error) {
	var elems []*Value
	if d.next() == ']' {
		d.at++
		return nil, nil
	}
	for {
		e, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		elems = append(elems, e)
		switch d.next() {
		case ',':
			d.at++
		case ']':
			d.at++
			return elems, nil
		default:
			return nil, d.unexpected("after array element")
		}
	}
}

func (d *decoder) members(depth int) ([]Member, error) {
	var members []Member
	if d.next() == '}' {
		d.at++
		return nil, nil
	}
	for {
		if d.next() != '"' {
			return nil, d.unexpected("looking for beginning of object key string")
		}
		m := Member{Offset: d.base + d.at}
		var err error
		if m.Name, err = d.str(); err != nil {
			return nil, err
		}
		if d.next() != ':' {
			return nil, d.unexpected("after object key")
		}
		d.at++
		if m.Value, err = d.value(depth + 1); err != nil {
			return nil, err
		}
		if members = append(members, m); len(members) > MaxMembers {
			return nil, &SyntaxError{Offset: m.Offset, Message: fmt.Sprintf("an object with more than %d members", MaxMembers)}
		}
		switch d.next() {
		case ',':
			d.at++
		case '}':
			d.at++
			return members, duplicate(members)
		default:
			return nil, d.unexpected("after object key:value pair")
		}
	}
}

// str reads a string. Escapes and invalid UTF-8 are left to encoding/json, which
// also knows what becomes of half a surrogate pair.
func (d *decoder) str() (string, error) {
	start, escaped := d.at, false
	for d.at++; d.at < len(d.text); d.at++ {
		switch c := d.text[d.at]; {
		case c == '"':
			d.at++
			literal := d.text[start:d.at]
			if !escaped && utf8.Valid(literal) {
				return string(literal[1 : len(literal)-1]), nil
			}
			var s string
			if err := json.Unmarshal(literal, &s); err != nil {
				return "", d.errorAt(start, "%v", err)
			}
			return s, nil
		case c == '\\':
			escaped = true
			d.at++ // the byte behind it ends no string
		case c < ' ':
			return "", d.errorAt(start, "invalid character %q in string literal", c)
		}
	}
	d.at = len(d.text)
	return "", d.unexpected("")
}

// number reads a number as it is written.
func (d *decoder) number() (string, error) {
	start := d.at
	if d.text[d.at] == '-' {
		d.at++
	}
	if d.at < len(d.text) && d.text[d.at] == '0' {
		d.at++
	} else if err := d.digits(); err != nil {
		return "", err
	}
	if d.at < len(d.text) && d.text[d.at] == '.' {
		d.at++
		if err := d.digits(); err != nil {
			return "", err
		}
	}
	if d.at < len(d.text) && (d.text[d.at] == 'e' || d.text[d.at] == 'E') {
		d.at++
		if d.at < len(d.text) && (d.text[d.at] == '+' || d.text[d.at] == '-') {
			d.at++
		}
		if err := d.digits(); err != nil {
			return "", err
		}
	}
	text := string(d.text[start:d.at])
	if !reasonable(text) {
		return "", d.errorAt(start, "a number too long or too large to compute with")
	}
	return text, nil
}

// digits reads one digit or more.
func (d *decoder) digits() error {
	start := d.at
	for d.at < len(d.text) && d.text[d.at] >= '0' && d.text[d.at] <= '9' {
		d.at++
	}
	if d.at == start {
		return d.unexpected("in numeric literal")
	}
	return nil
}

// reasonable reports whether exact arithmetic on the number is cheap: 1e999999999
// is ten bytes of JSON and gigabytes of digits.
func reasonable(number string) bool {
	if i := strings.IndexAny(number, "eE"); i >= 0 {
		exp, err := strconv.Atoi(number[i+1:])
		if err != nil || exp > maxExp || exp < -maxExp {
			return false
		}
	}
	return len(number) <= maxNumber
}

// duplicate returns an error for the second of two members of one name: JSON
// leaves open which counts (RFC 8259, section 4), so neither is taken.
func duplicate(members []Member) error {
	if len(members) < 16 {
		for i := range members {
			for j := range i {
				if members[i].Name == members[j].Name {
					return repeated(members[i])
				}
			}
		}
		return nil
	}
	sorted := slices.Clone(members)
	slices.SortFunc(sorted, func(a, b Member) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Offset, b.Offset))
	})
	for i := 1; i < len(sorted); i++ {
		if sorted[i].Name == sorted[i-1].Name {
			return repeated(sorted[i])
		}
	}
	return nil
}

func repeated(m Member) error {
	return &SyntaxError{Offset: m.Offset, Message: fmt.Sprintf("the name %q stands twice in one object", m.Name)}
}
