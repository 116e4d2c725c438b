package scrape

import (
	"bytes"

	"github.com/genclient/genclient/internal/jsontree"
)

// skipValue returns where the value that text starts with begins and ends, by
// its brackets and strings alone: it may be deeper or larger than what is
// decoded, or no JSON inside. The size is 0 when it does not end.
func skipValue(text []byte) (from, size int) {
	from = len(text) - len(bytes.TrimLeft(text, " \t\r\n"))
	depth := 0
	for at := from; at < len(text); at++ {
		switch text[at] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return from, at
			}
		case '"':
			end := stringEnd(text, at)
			if end == 0 {
				return from, 0
			}
			at = end - 1
		case ',', '\n', ' ', '\t', '\r':
			if depth == 0 {
				return from, at
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			return from, at + 1
		}
	}
	return from, 0
}

// stringEnd returns the offset after the JSON string at an offset, 0 without
// one.
func stringEnd(text []byte, at int) int {
	for at++; at < len(text); at++ {
		switch text[at] {
		case '"':
			return at + 1
		case '\\':
			at++
		}
	}
	return 0
}

// memberSpan is a member of an object: its name and where its value is.
type memberSpan struct {
	name string
	span
}

// splitMembers returns the members of the one object that a text is, as
// skipValue sees them.
func splitMembers(text []byte) (members []memberSpan, ok bool) {
	at := blanks(text, 0)
	if at == len(text) || text[at] != '{' {
		return nil, false
	}
	for at = blanks(text, at+1); at < len(text) && text[at] != '}'; {
		name, size, err := jsontree.Decode(text[at:], 0)
		if err != nil || !name.Is(jsontree.String) {
			return members, false
		}
		if at = blanks(text, at+size); at == len(text) || text[at] != ':' {
			return members, false
		}
		at = blanks(text, at+1)
		_, size = skipValue(text[at:])
		if size == 0 {
			return members, false
		}
		members = append(members, memberSpan{name.Text, span{at, at + size}})
		if at = blanks(text, at+size); at < len(text) && text[at] == ',' {
			at = blanks(text, at+1)
		}
	}
	return members, at < len(text) && blanks(text, at+1) == len(text)
}

// splitElems returns the elements of the array that is at a span of a text.
func splitElems(text []byte, list span) (elems []span, ok bool) {
	if list.to == 0 {
		return nil, false
	}
	for at := blanks(text, list.from+1); at < list.to-1; {
		_, size := skipValue(text[at:])
		if size == 0 {
			return nil, false
		}
		elems = append(elems, span{at, at + size})
		if at = blanks(text, at+size); text[at] == ',' {
			at = blanks(text, at+1)
		} else if at < list.to-1 {
			return nil, false
		}
	}
	return elems, true
}

// blanks returns the offset of what follows the white space at an offset.
func blanks(text []byte, at int) int {
	return len(text) - len(bytes.TrimLeft(text[at:], " \t\r\n"))
}
