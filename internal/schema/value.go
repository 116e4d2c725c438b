package schema

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/genclient/genclient/internal/diag"
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

// Kind is the type of a JSON value.
type Kind uint8

// The kinds of JSON values.
const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
)

// String returns the JSON name of the kind.
func (k Kind) String() string {
	return [...]string{"null", "boolean", "number", "string", "array", "object"}[k]
}

// Value is a JSON value that remembers what encoding/json forgets: the order of
// members, the spelling of numbers and the place in the source. A nil *Value is
// an absent value; all methods take one.
type Value struct {
	Kind    Kind
	Text    string   // the string decoded, the number as written, "true" or "false"
	Elems   []*Value // of an array
	Members []Member // of an object, in source order, names unique
	Offset  int      // bytes from the start of the source
}

// Member is one name and value of an object.
type Member struct {
	Name   string
	Value  *Value
	Offset int // of the name
}

// Get returns the member of an object, or nil.
func (v *Value) Get(name string) *Value {
	if v != nil {
		for i := range v.Members {
			if v.Members[i].Name == name {
				return v.Members[i].Value
			}
		}
	}
	return nil
}

// Is reports whether the value is there and of kind k.
func (v *Value) Is(k Kind) bool { return v != nil && v.Kind == k }

// Str returns the text of a string, or "" for anything else.
func (v *Value) Str() string {
	if v.Is(String) {
		return v.Text
	}
	return ""
}

// True reports whether the value is the literal true.
func (v *Value) True() bool { return v.Is(Bool) && v.Text == "true" }

// Items returns the elements of an array, or nil.
func (v *Value) Items() []*Value {
	if v == nil {
		return nil
	}
	return v.Elems
}

// Strings returns the strings of an array, leaving out what is none.
func (v *Value) Strings() []string {
	if v == nil {
		return nil
	}
	var out []string
	for _, e := range v.Elems {
		if e.Kind == String {
			out = append(out, e.Text)
		}
	}
	return out
}

// Equal reports whether two values have the same kinds, texts, elements and
// members in the same order; offsets do not count.
func (v *Value) Equal(w *Value) bool {
	if v == nil || w == nil {
		return v == w
	}
	return v.Kind == w.Kind && v.Text == w.Text &&
		slices.EqualFunc(v.Elems, w.Elems, (*Value).Equal) &&
		slices.EqualFunc(v.Members, w.Members, func(a, b Member) bool {
			return a.Name == b.Name && a.Value.Equal(b.Value)
		})
}

// A SyntaxError says why JSON could not be read, and where.
type SyntaxError struct {
	Offset  int  // bytes from the start of the source
	CutOff  bool // the text ended inside the value
	TooDeep bool // nested deeper than MaxDepth
	Message string
}

func (e *SyntaxError) Error() string { return e.Message }

// Decode reads the one JSON value that text starts with, after white space, and
// returns it with the offset behind it. base is added to every offset, for text
// that is a part of a larger source. The error is a *SyntaxError; with a
// duplicate name or too much nesting there is no value either.
func Decode(text []byte, base int) (*Value, int, error) {
	d := decoder{dec: json.NewDecoder(bytes.NewReader(text)), text: text, base: base}
	d.dec.UseNumber()
	v, err := d.value(0)
	if err != nil {
		return nil, 0, d.syntaxError(err)
	}
	return v, int(d.dec.InputOffset()), nil
}

type decoder struct {
	dec   *json.Decoder
	text  []byte
	base  int
	start int // of the token read last
}

// token reads the next token and notes where it starts.
func (d *decoder) token() (json.Token, error) {
	d.start = d.tokenStart()
	return d.dec.Token()
}

// tokenStart returns the offset of the token that comes next.
func (d *decoder) tokenStart() int { return d.skip(" \t\r\n,:") }

// skip returns the offset of the next byte that is none of the characters.
func (d *decoder) skip(characters string) int {
	at := int(d.dec.InputOffset())
	for at < len(d.text) && strings.IndexByte(characters, d.text[at]) >= 0 {
		at++
	}
	return at
}

func (d *decoder) value(depth int) (*Value, error) {
	tok, err := d.token()
	if err != nil {
		return nil, err
	}
	v := &Value{Offset: d.base + d.start}
	switch tok := tok.(type) {
	case nil:
		v.Kind = Null
	case bool:
		v.Kind, v.Text = Bool, fmt.Sprint(tok)
	case json.Number:
		v.Kind, v.Text = Number, tok.String()
		if !reasonable(v.Text) {
			return nil, &SyntaxError{Offset: v.Offset, Message: "a number too long or too large to compute with"}
		}
	case string:
		v.Kind, v.Text = String, tok
	case json.Delim:
		if depth == MaxDepth {
			return nil, &SyntaxError{Offset: d.base + d.start, TooDeep: true,
				Message: fmt.Sprintf("nested deeper than %d levels", MaxDepth)}
		}
		if tok == '[' {
			v.Kind = Array
			err = d.elems(v, depth)
		} else {
			v.Kind = Object
			err = d.members(v, depth)
		}
	}
	return v, err
}

func (d *decoder) elems(v *Value, depth int) error {
	for d.dec.More() {
		e, err := d.value(depth + 1)
		if err != nil {
			return err
		}
		v.Elems = append(v.Elems, e)
	}
	_, err := d.token()
	return err
}

func (d *decoder) members(v *Value, depth int) error {
	for d.dec.More() {
		tok, err := d.token()
		if err != nil {
			return err
		}
		m := Member{Name: tok.(string), Offset: d.base + d.start}
		if m.Value, err = d.value(depth + 1); err != nil {
			return err
		}
		v.Members = append(v.Members, m)
		if len(v.Members) > MaxMembers {
			return &SyntaxError{Offset: m.Offset, Message: fmt.Sprintf("an object with more than %d members", MaxMembers)}
		}
	}
	if _, err := d.token(); err != nil {
		return err
	}
	return duplicate(v.Members)
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
	sorted := slices.Clone(members)
	slices.SortFunc(sorted, func(a, b Member) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Offset, b.Offset))
	})
	for i := 1; i < len(sorted); i++ {
		if sorted[i].Name == sorted[i-1].Name {
			return &SyntaxError{Offset: sorted[i].Offset, Message: fmt.Sprintf("the name %q stands twice in one object", sorted[i].Name)}
		}
	}
	return nil
}

func (d *decoder) syntaxError(err error) *SyntaxError {
	var own *SyntaxError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &own):
		return own
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &SyntaxError{Offset: d.base + len(bytes.TrimRight(d.text, " \t\r\n")), CutOff: true, Message: "the JSON value is cut off"}
	case errors.As(err, &syntax):
		// The error's own offset counts from the value in some cases and from
		// the start in others; the start of the offending token serves always.
		// A comma or colon that was wanted is behind the decoder by now.
		return &SyntaxError{Offset: d.base + d.skip(" \t\r\n"), Message: syntax.Error()}
	}
	return &SyntaxError{Offset: d.base + d.start, Message: err.Error()}
}

// Source is a text with the name it is known by in diagnostics.
type Source struct {
	File string
	Text []byte
}

// Position turns an offset into a place: lines and columns from 1, columns in
// runes.
func (s *Source) Position(offset int) diag.Position {
	if s == nil {
		return diag.Position{}
	}
	before := s.Text[:min(max(offset, 0), len(s.Text))]
	line := bytes.LastIndexByte(before, '\n') + 1
	return diag.Position{
		File: s.File,
		Line: bytes.Count(before, []byte("\n")) + 1,
		Col:  utf8.RuneCount(before[line:]) + 1,
	}
}
