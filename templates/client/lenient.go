package client

import (
	"bytes"
	"context"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A lenient reads JSON as servers send it, not only as RFC 8259 has it: NaN, raw
// control characters, a quote or a comma too many or too few damage the value
// in which they occur and no other. It goes over the text once, allocates
// nothing, and stops when its context ends.
//
// Everything moves forward: what begins at pos is read by value, str, object,
// array or skip, which leave pos after it.
type lenient struct {
	text  []byte
	pos   int
	ctx   context.Context // nil: it never ends
	asked int             // the place at which ctx was last asked whether it has ended
	cut   bool            // the text ended inside of an object, a list or a string, or ctx ended
}

// maxDepth is how many levels of an answer are looked into; deeper ones stay raw.
const maxDepth = 48

// patience is how many bytes are read before ctx is asked again: few enough for the
// forms that take longest.
const patience = 1 << 16

var byteOrderMark = []byte("\xef\xbb\xbf")

// blank moves over white space and control characters.
func (l *lenient) blank() { l.pos = l.after(l.pos) }

// after returns the place of the first byte from i on that is not blank.
func (l *lenient) after(i int) int {
	for n := 1; i < len(l.text); n++ {
		switch c := l.text[i]; {
		case n%patience == 0 && l.ended():
			return len(l.text)
		case c <= ' ' || c == 0x7f:
			i++
		case c == byteOrderMark[0] && bytes.HasPrefix(l.text[i:], byteOrderMark):
			i += len(byteOrderMark)
		default:
			return i
		}
	}
	return i
}

// next returns the next byte that is not blank without moving over it, 0 at the end.
func (l *lenient) next() byte {
	l.blank()
	l.endedAt(l.pos)
	return l.at(l.pos)
}

// endedAt is ended, if there are patience bytes from the last place asked at to i.
func (l *lenient) endedAt(i int) bool {
	if i-l.asked < patience {
		return false
	}
	l.asked = i
	return l.ended()
}

// ended reports whether ctx has ended; if so, nothing is left to be read.
func (l *lenient) ended() bool {
	ended := l.ctx != nil && l.ctx.Err() != nil
	if ended {
		l.pos, l.cut = len(l.text), true
	}
	return ended
}

func (l *lenient) at(i int) byte {
	if i < len(l.text) {
		return l.text[i]
	}
	return 0
}

// object reads the object that begins here and calls each with the name of every
// member, quotes included; each reads the value, or leaves it to be skipped.
func (l *lenient) object(each func(name []byte)) {
	l.pos++
	for {
		switch c := l.next(); {
		case c == 0:
			l.cut = true
			return
		case c == '}' || c == ']':
			l.pos++
			return
		case c == '{' || c == '[':
			l.skip()
		case c != '"':
			l.pos++
		default:
			name := l.name()
			if name == nil {
				continue
			}
			l.next()
			start := l.pos
			if each(name); l.pos == start {
				l.skip()
			}
		}
	}
}

// name reads the quoted name of a member and its colon. It returns nil, after
// some progress, when what begins here is not a name.
func (l *lenient) name() []byte {
	start := l.pos
	end := l.quote(start + 1)
	if end < 0 {
		l.pos, l.cut = len(l.text), true
		return nil
	}
	switch i := l.after(end + 1); l.at(i) {
	case ':':
		l.pos = i + 1
		return l.text[start : end+1]
	case ',', '}', ']', 0:
		l.pos = end + 1
	default: // a quote too many: this one may begin the name
		l.pos = end
	}
	return nil
}

// array reads the list that begins here and calls each for every item, which
// each reads, or leaves to be skipped. When each returns false, the rest is skipped.
func (l *lenient) array(each func() bool) {
	l.pos++
	for going := true; ; {
		switch c := l.next(); {
		case c == 0:
			l.cut = true
			return
		case c == '}' || c == ']':
			l.pos++
			return
		case c == ',' || c == ':':
			l.pos++
		case c == '"' && l.named(l.pos): // the list was never closed
			return
		default:
			start := l.pos
			if going {
				going = each()
			}
			if l.pos == start {
				l.skip()
			}
		}
	}
}

// value reads one value and returns its bytes.
func (l *lenient) value() []byte {
	l.next()
	start := l.pos
	l.skip()
	return l.text[start:l.pos]
}

// skip moves over one value; over nothing when none begins here.
func (l *lenient) skip() {
	depth, lists := 0, uint64(0) // lists has a bit for each open level: 1 for a list
	for {
		switch c := l.next(); c {
		case 0:
			l.cut = l.cut || depth > 0
			return
		case '"':
			if depth > 0 && lists&1 == 1 && l.named(l.pos) { // the list was never closed
				depth, lists = depth-1, lists>>1
			} else {
				l.str()
			}
		case '{':
			depth, lists, l.pos = depth+1, lists<<1, l.pos+1
		case '[':
			depth, lists, l.pos = depth+1, lists<<1|1, l.pos+1
		case '}', ']':
			if depth == 0 {
				return
			}
			depth, lists, l.pos = depth-1, lists>>1, l.pos+1
		case ',', ':':
			if depth == 0 {
				return
			}
			l.pos++
		default:
			l.word()
		}
		if depth == 0 {
			return
		}
	}
}

// word moves over a number, a literal, or what stands in its place.
func (l *lenient) word() {
	for l.pos < len(l.text) {
		switch l.text[l.pos] {
		case ' ', '\t', '\n', '\r', 0, ',', ':', '"', '{', '}', '[', ']':
			return
		}
		if l.pos++; l.endedAt(l.pos) {
			return
		}
	}
}

// quote returns the place of the first quote from i on that no backslash
// escapes, -1 if there is none or ctx has ended.
func (l *lenient) quote(i int) int {
	for from := i; ; {
		n := bytes.IndexByte(l.text[i:], '"')
		if n < 0 {
			return -1
		}
		i += n
		escapes := 0
		for i-escapes > from && l.text[i-escapes-1] == '\\' {
			if escapes++; escapes%(8*patience) == 0 && l.ended() {
				return -1
			}
		}
		if escapes%2 == 0 {
			return i
		}
		if l.endedAt(i) {
			return -1
		}
		i++
		from = i
	}
}

// str reads the string that begins here and returns it with its quotes. A quote
// that is followed by none of the bytes that may follow a string belongs to it.
func (l *lenient) str() []byte {
	start, last := l.pos, -1 // last follows the last quote that did not end the string
	for i := start + 1; ; {
		end := l.quote(i)
		if end < 0 || l.endedAt(end) {
			l.pos, l.cut = len(l.text), true
			return l.text[start:]
		}
		follows := l.after(end + 1)
		switch c := l.at(follows); {
		case c == ',' || c == '}' || c == ']' || c == ':' && last < 0 || follows == len(l.text) || l.named(follows):
			l.pos = end + 1
			return l.text[start:l.pos]
		case c == ':' || l.named(end): // the name of the next member: this string was never closed
			if l.pos = end; last > 0 {
				l.pos = last
			}
			return l.text[start:l.pos]
		}
		last, i = end+1, end+1
	}
}

// named reports whether the name of a member and its colon begin at i.
func (l *lenient) named(i int) bool {
	if l.at(i) != '"' {
		return false
	}
	first := i + 1
	for i = first; isWord(l.at(i)) && i-first < 64; i++ {
	}
	return l.at(i) == '"' && l.at(l.after(i+1)) == ':'
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.'
}

// unquote returns the text of a string as lenient finds it. Escapes that JSON
// does not know stay as they are; bytes that are not UTF-8 become U+FFFD.
func unquote(raw []byte) string {
	raw = bytes.TrimPrefix(raw, []byte{'"'})
	if n := len(raw) - 1; n >= 0 && raw[n] == '"' {
		raw = raw[:n]
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return strings.ToValidUTF8(string(raw), "\ufffd")
	}
	var out strings.Builder
	out.Grow(len(raw))
	for i := 0; i < len(raw); {
		decoded, size := unescape(raw[i:])
		if size == 0 {
			out.WriteByte(raw[i])
			i++
			continue
		}
		out.WriteRune(decoded)
		i += size
	}
	return strings.ToValidUTF8(out.String(), "\ufffd")
}

// unescape reads the escape that s begins with, of two code units if they are
// a surrogate pair, and returns its length, 0 if there is none.
func unescape(s []byte) (rune, int) {
	if len(s) < 2 || s[0] != '\\' {
		return 0, 0
	}
	if i := strings.IndexByte(`"\/bfnrt`, s[1]); i >= 0 {
		return rune("\"\\/\b\f\n\r\t"[i]), 2
	}
	r, ok := codeUnit(s)
	if !ok {
		return 0, 0
	}
	if utf16.IsSurrogate(r) {
		second, _ := codeUnit(s[6:])
		if pair := utf16.DecodeRune(r, second); pair != utf8.RuneError {
			return pair, 12
		}
		return utf8.RuneError, 6
	}
	return r, 6
}

// codeUnit reads the escape \uXXXX.
func codeUnit(s []byte) (r rune, ok bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(s[2:6]), 16, 16)
	return rune(n), err == nil
}
