package jsontree

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

// Limits bound what is read beyond MaxDepth and the size of numbers, so that hostile
// text costs little.
type Limits struct {
	Members int // of one object; 0 is no bound
}

// Foreign are the limits for text of others: pages, answers, documents, requests. Own
// are those for files that only genclient writes, for example names.json, which grow
// with the number of models.
var (
	Foreign = Limits{Members: MaxMembers}
	Own     = Limits{}
)

// A schema of the site has a depth of 6 and some ten kilobytes; the limits leave room.
const (
	MaxDepth   = 64      // nested arrays and objects
	MaxBytes   = 4 << 20 // one document or page; the reader of it asks
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

// Parse reads a text that is one JSON value (RFC 8259) and nothing else; a byte order
// mark in front is ignored. The error is a *SyntaxError.
func Parse(text []byte, limits Limits) (*Value, error) {
	base := len(text) - len(TrimBOM(text))
	v, end, err := decode(text[base:], base, limits)
	if err != nil {
		return nil, err
	}
	end += base
	if rest := bytes.TrimLeft(text[end:], " \t\r\n"); len(rest) > 0 {
		return nil, &SyntaxError{Offset: len(text) - len(rest), Message: "text follows the JSON value"}
	}
	return v, nil
}

// TrimBOM returns a text without the byte order mark of UTF-8 that some editors put in
// front.
func TrimBOM(text []byte) []byte { return bytes.TrimPrefix(text, []byte("\ufeff")) }

// Decode reads the JSON value that text starts with, after white space, and returns it
// with the offset after it; what follows is not looked at. base is added to every
// offset, for text that is a part of a larger source. The limits are those of Foreign. The
// error is a *SyntaxError; with a duplicate name or too much nesting
// there is no value either.
func Decode(text []byte, base int) (*Value, int, error) { return decode(text, base, Foreign) }

// decoder builds a tree from the tokens of jsontext.
type decoder struct {
	tokens *jsontext.Decoder
	text   []byte
	base   int
	limits Limits
}

// decoders are those of jsontext, which hold buffers.
var decoders = sync.Pool{New: func() any { return new(jsontext.Decoder) }}

func decode(text []byte, base int, limits Limits) (*Value, int, error) {
	tokens := decoders.Get().(*jsontext.Decoder)
	defer decoders.Put(tokens)
	// Duplicate names are found below, with their place; invalid UTF-8 becomes U+FFFD, as
	// encoding/json has it.
	tokens.Reset(bytes.NewBuffer(text[:len(text):len(text)]),
		jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	d := decoder{tokens: tokens, text: text, base: base, limits: limits}
	v, err := d.value(0)
	if err != nil {
		return nil, 0, err
	}
	return v, int(tokens.InputOffset()), nil
}

// next returns the offset of the next token: after white space and a separator.
func (d *decoder) next() int {
	at := int(d.tokens.InputOffset())
	for ; at < len(d.text); at++ {
		switch d.text[at] {
		case ' ', '\t', '\r', '\n', ',', ':':
		default:
			return at
		}
	}
	return at
}

func (d *decoder) value(depth int) (*Value, error) {
	at := d.next()
	token, err := d.tokens.ReadToken()
	if err != nil {
		return nil, d.syntaxError(err, "looking for beginning of value")
	}
	v := &Value{Offset: d.base + at}
	switch token.Kind() {
	case '{', '[':
		if depth == MaxDepth {
			return nil, &SyntaxError{Offset: v.Offset, TooDeep: true,
				Message: fmt.Sprintf("nested deeper than %d levels", MaxDepth)}
		}
		if token.Kind() == '{' {
			v.Kind = Object
			v.Members, err = d.members(depth)
		} else {
			v.Kind = Array
			v.Elems, err = d.elems(depth)
		}
	case '"':
		v.Kind, v.Text = String, token.String()
	case '0':
		v.Kind, v.Text = Number, token.String()
		if !reasonable(v.Text) {
			err = &SyntaxError{Offset: v.Offset, Message: "a number too long or too large to compute with"}
		}
	case 't':
		v.Kind, v.Text = Bool, "true"
	case 'f':
		v.Kind, v.Text = Bool, "false"
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

func (d *decoder) elems(depth int) (elems []*Value, err error) {
	for d.tokens.PeekKind() != ']' {
		e, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		elems = append(elems, e)
	}
	if _, err := d.tokens.ReadToken(); err != nil {
		return nil, d.syntaxError(err, "")
	}
	return elems, nil
}

func (d *decoder) members(depth int) (members []Member, err error) {
	for d.tokens.PeekKind() != '}' {
		m := Member{Offset: d.base + d.next()}
		name, err := d.tokens.ReadToken()
		if err != nil {
			return nil, d.syntaxError(err, "looking for beginning of object key string")
		}
		m.Name = name.String()
		if m.Value, err = d.value(depth + 1); err != nil {
			return nil, err
		}
		members = append(members, m)
		if most := d.limits.Members; most > 0 && len(members) > most {
			return nil, &SyntaxError{Offset: m.Offset, Message: fmt.Sprintf("an object with more than %d members", most)}
		}
	}
	if _, err := d.tokens.ReadToken(); err != nil {
		return nil, d.syntaxError(err, "")
	}
	return members, duplicate(members)
}

// syntaxError turns an error of jsontext into one of this package. where is what was
// looked for at the start of a token.
func (d *decoder) syntaxError(err error, where string) error {
	var syntactic *jsontext.SyntacticError
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || !errors.As(err, &syntactic) {
		return &SyntaxError{Offset: d.base + len(bytes.TrimRight(d.text, " \t\r\n")), CutOff: true,
			Message: "the JSON value is cut off"}
	}
	message := syntactic.Err.Error()
	if start, ok := strings.CutSuffix(message, "at start of value"); ok {
		message = start + where
	}
	return &SyntaxError{Offset: d.base + int(syntactic.ByteOffset), Message: message}
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
	seen := make(map[string]bool, len(members))
	for _, m := range members {
		if seen[m.Name] {
			return repeated(m)
		}
		seen[m.Name] = true
	}
	return nil
}

func repeated(m Member) error {
	return &SyntaxError{Offset: m.Offset, Message: fmt.Sprintf("the name %q appears twice in one object", m.Name)}
}
