package scrape

import (
	"bytes"
	"cmp"
	"slices"
	"unicode/utf8"

	"golang.org/x/net/html"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/jsontree"
)

// A text is a piece of a source as the reader sees it: a page without its
// mark-up, a joined script payload, the content of a JSON string. It knows
// where each of its bytes stands in the text it was taken from, and so, step by
// step, in the source.
type text struct {
	data     []byte
	pieces   []piece          // by at; empty for the source itself
	marks    marks            // what the mark-up says of the text
	origin   origin           // where on the page the text is
	isString bool             // it is the whole content of a JSON string
	up       *text            // what the text was taken from; nil for the source itself
	src      *jsontree.Source // of the outermost text
}

// origin is where on a page a text is. A reader looks at them in this order:
// what is shown counts first, what is hidden last.
type origin uint8

const (
	shown   origin = iota
	payload        // the data in scripts and attributes
	hidden         // tabs that are not open, templates
	origins        // how many there are
)

// marks are the parts of a page's text that its mark-up sets apart, each list
// in text order.
type marks struct {
	blocks []span  // the code blocks
	joints []int   // where an element starts or ends
	heads  []head  // the headings
	folds  []fold  // where the mark-up holds text that is not shown
	scopes []scope // the elements that name a model, or what they hold
}

// head is a heading of a page.
type head struct {
	span
	label string
}

// fold is text that the mark-up has at an offset, but does not show.
type fold struct {
	at     int
	hidden string
}

// scope is an element whose attributes name a model.
type scope struct {
	span
	claims []claim
	label  string // the role that the element's attributes or caption give
}

// span is a range of a text's bytes.
type span struct{ from, to int }

// piece says that data[at:], up to the next run, is written at up.data[up:] in
// the given encoding.
type piece struct {
	at, up int
	enc    encoding
}

// encoding is how a text is spelled where it was taken from.
type encoding uint8

const (
	verbatim   encoding = iota
	rawText             // HTML raw text: CR and CRLF stand for a newline
	markup              // HTML text: entities as well
	jsonString          // inside a JSON string: backslash escapes
	jsString            // inside a JavaScript string: its escapes
	opaque              // spelled in a way that keeps no offsets, such as base64
)

func sourceText(src *jsontree.Source) *text { return &text{data: src.Text, src: src} }

// derive returns an empty text to be filled from t.
func (t *text) derive() *text { return &text{up: t, src: t.src, origin: t.origin} }

// add appends bytes that stand at offset up of the parent.
func (t *text) add(data []byte, up int, enc encoding) {
	if len(data) > 0 {
		t.pieces = append(t.pieces, piece{len(t.data), up, enc})
		t.data = append(t.data, data...)
	}
}

// position turns an offset of the text into a place in the source. It is exact
// but for text that the HTML parser moved, where it is near.
func (t *text) position(offset int) diag.Position {
	for ; t.up != nil; t = t.up {
		offset = t.parentOffset(offset)
	}
	return t.src.Position(offset)
}

func (t *text) parentOffset(offset int) int {
	i, found := slices.BinarySearchFunc(t.pieces, offset, func(p piece, o int) int { return cmp.Compare(p.at, o) })
	if !found {
		i--
	}
	if i < 0 {
		return 0
	}
	p := t.pieces[i]
	switch p.enc {
	case verbatim:
		return p.up + offset - p.at
	case opaque:
		return p.up
	}
	return p.up + rawLen(t.up.data[min(p.up, len(t.up.data)):], offset-p.at, p.enc)
}

// rawLen returns how many bytes of raw spell the first n bytes of the text
// that starts there.
func rawLen(raw []byte, n int, enc encoding) int {
	at := 0
	for n > 0 && at < len(raw) {
		size, stands := unit(raw[at:], enc)
		at += size
		n -= stands
	}
	return at
}

// unit returns the size of the first unit of raw and the number of bytes that
// it stands for: an entity, an escape, a line end or a single byte.
func unit(raw []byte, enc encoding) (size, stands int) {
	switch {
	case enc == jsonString && raw[0] == '\\':
		return escapeUnit(raw)
	case enc == jsString && raw[0] == '\\':
		size, plain := jsEscape(raw)
		return size, len(plain)
	case enc == jsonString, enc == jsString:
		return 1, 1
	case bytes.HasPrefix(raw, []byte("\r\n")):
		return 2, 1
	case enc == markup && raw[0] == '&':
		// The longest entity has 33 bytes; one without ";" is rare in code and
		// only moves the column.
		if end := bytes.IndexByte(raw[:min(len(raw), 40)], ';'); end > 0 {
			if plain := html.UnescapeString(string(raw[:end+1])); len(plain) <= end {
				return end + 1, len(plain)
			}
		}
	}
	return 1, 1
}

// escapeUnit is unit for a JSON escape (RFC 8259, section 7).
func escapeUnit(raw []byte) (size, stands int) {
	if len(raw) < 6 || raw[1] != 'u' {
		return min(2, len(raw)), 1
	}
	r := hexRune(raw[2:6])
	if r >= 0xD800 && r < 0xDC00 && len(raw) >= 12 && raw[6] == '\\' && raw[7] == 'u' {
		if low := hexRune(raw[8:12]); low >= 0xDC00 && low < 0xE000 {
			return 12, 4
		}
	}
	if !utf8.ValidRune(r) {
		r = utf8.RuneError
	}
	return 6, utf8.RuneLen(r)
}

func hexRune(digits []byte) rune {
	var r rune
	for _, c := range digits {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		}
		r = r<<4 | rune(c&15)
	}
	return r
}
