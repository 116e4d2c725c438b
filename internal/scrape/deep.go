package scrape

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/genclient/genclient/internal/jsontree"
)

// maxPageDepth is how deep the data of a page is read: elements of the page
// hold each other there, far deeper than any schema.
const maxPageDepth = 1000

// syntaxError returns the error of jsontree.Decode as what it is.
func syntaxError(err error) *jsontree.SyntaxError {
	var syntax *jsontree.SyntaxError
	if !errors.As(err, &syntax) {
		panic("decoding returns syntax errors only: " + err.Error())
	}
	return syntax
}

// decodeDeep is jsontree.Decode for values that are nested deeper than a schema
// may be, as the elements of a page in its own data.
func decodeDeep(text []byte, base int) (*jsontree.Value, int, error) {
	d := deepDecoder{text: text, base: base}
	v, err := d.value(0)
	return v, d.at, err
}

type deepDecoder struct {
	text []byte
	base int
	at   int
}

// next skips white space and returns the byte there, 0 at the end.
func (d *deepDecoder) next() byte {
	d.at = len(d.text) - len(bytes.TrimLeft(d.text[d.at:], " \t\r\n"))
	if d.at == len(d.text) {
		return 0
	}
	return d.text[d.at]
}

func (d *deepDecoder) errorHere() error {
	if d.at >= len(d.text) {
		return &jsontree.SyntaxError{Offset: d.base + d.at, CutOff: true, Message: "the JSON value is cut off"}
	}
	return &jsontree.SyntaxError{Offset: d.base + d.at, Message: fmt.Sprintf("invalid character %q", d.text[d.at])}
}

// value decodes what jsontree.Decode can, and takes apart what is too deep for it.
func (d *deepDecoder) value(depth int) (*jsontree.Value, error) {
	v, size, err := jsontree.Decode(d.text[d.at:], d.base+d.at)
	if err == nil {
		d.at += size
		return v, nil
	}
	if !syntaxError(err).TooDeep || depth == maxPageDepth {
		return nil, err
	}
	open := d.next()
	v = &jsontree.Value{Kind: jsontree.Array, Offset: d.base + d.at}
	if open == '{' {
		v.Kind = jsontree.Object
	}
	d.at++
	for {
		c := d.next()
		if c == open+2 { // "}" follows "{", and "]" "[", at this distance
			d.at++
			return v, nil
		}
		var m jsontree.Member
		if open == '{' {
			name, size, err := jsontree.Decode(d.text[d.at:], d.base+d.at)
			if err != nil {
				return nil, err
			}
			if name.Kind != jsontree.String {
				return nil, d.errorHere()
			}
			m.Name, m.Offset = name.Text, name.Offset
			if d.at += size; d.next() != ':' {
				return nil, d.errorHere()
			}
			d.at++
			d.next()
		}
		if m.Value, err = d.value(depth + 1); err != nil {
			return nil, err
		}
		if open == '{' {
			v.Members = append(v.Members, m)
		} else {
			v.Elems = append(v.Elems, m.Value)
		}
		switch d.next() {
		case ',':
			d.at++
		case open + 2:
		default:
			return nil, d.errorHere()
		}
	}
}
