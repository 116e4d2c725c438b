package scrape

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// normalize undoes what pages do to code that JSON does not allow: line breaks
// of the mark-up, blanks that are no JSON white space, line numbers. flow are
// the ranges in which white space is laid out anew.
func normalize(t *text, flow []span) *text {
	t = t.edit(foldFlow(t.data, flow))
	t = t.edit(plainBlanks(t))
	return t.edit(lineNumbers(t.data))
}

// edit replaces a range of a text.
type edit struct {
	span
	with string
}

// edit returns the text with the edits made; they are in order and apart.
func (t *text) edit(edits []edit) *text {
	if len(edits) == 0 {
		return t
	}
	out := t.derive()
	at := 0
	for _, e := range edits {
		out.add(t.data[at:e.from], at, verbatim)
		out.add([]byte(e.with), e.from, verbatim)
		at = e.to
	}
	out.add(t.data[at:], at, verbatim)
	delta := 0
	move := func(offset int) int {
		for len(edits) > 0 && edits[0].to <= offset {
			delta += len(edits[0].with) - (edits[0].to - edits[0].from)
			edits = edits[1:]
		}
		return offset + delta
	}
	for _, b := range t.blocks {
		out.blocks = append(out.blocks, span{move(b.from), move(b.to)})
	}
	return out
}

// foldFlow makes one blank of white space with a line break in it: there the
// mark-up was wrapped, not the text.
func foldFlow(data []byte, flow []span) []edit {
	var edits []edit
	for _, f := range flow {
		for at := f.from; at < f.to; {
			n := len(data[at:f.to]) - len(bytes.TrimLeft(data[at:f.to], " \t\r\n\f"))
			if n > 0 && bytes.IndexByte(data[at:at+n], '\n') >= 0 {
				edits = append(edits, edit{span{at, at + n}, " "})
			}
			at += max(n, 1)
		}
	}
	return edits
}

// plainBlanks makes JSON white space of the blanks that pages indent code with,
// and drops invisible ones. Inside a JSON string they belong to the value, but
// not in a code block in which every blank is written that way.
func plainBlanks(t *text) []edit {
	var edits []edit
	inString := false
	blocks := t.blocks
	for at := 0; at < len(t.data); {
		switch c := t.data[at]; {
		case c == '\n':
			inString = false // no JSON string goes over a line's end
		case c == '"':
			inString = !inString
		case c == '\\' && inString:
			at++
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRune(t.data[at:])
			with, is := jsonBlank(r)
			for len(blocks) > 0 && blocks[0].to <= at {
				blocks = blocks[1:]
			}
			if is && (!inString || len(blocks) > 0 && blocks[0].from <= at && blankless(t.data[blocks[0].from:blocks[0].to])) {
				edits = append(edits, edit{span{at, at + size}, with})
			}
			at += size
			continue
		}
		at++
	}
	return edits
}

// jsonBlank returns what stands for a blank that JSON does not know.
func jsonBlank(r rune) (with string, is bool) {
	switch r {
	case '\u00a0', '\u2007', '\u202f':
		return " ", true
	case '\u200b', '\ufeff':
		return "", true
	}
	return "", false
}

// blankless reports whether a code block has no ordinary blank at all.
func blankless(block []byte) bool { return bytes.IndexByte(block, ' ') < 0 }

// minNumbered is how many lines in a row must be numbered.
const minNumbered = 3

// lineNumbers finds the line numbers that a page shows beside code: lines in
// a row, the first of which is code, that begin with consecutive numbers, or
// that each follow a line with a number alone. An array of numbers is not taken
// for it: none of its lines goes on with a brace or a letter.
func lineNumbers(data []byte) []edit {
	lines := lineSpans(data)
	var edits []edit
	for i := 0; i < len(lines); i++ {
		n, rest, ok := leadingNumber(data, lines[i])
		if !ok {
			continue
		}
		stride := 1
		if rest == lines[i].to && i+1 < len(lines) {
			stride, rest = 2, lines[i+1].from
		}
		if !startsCode(data[rest:]) {
			continue
		}
		numbered := numberedLines(data, lines[i:], n, stride)
		if len(numbered) < minNumbered {
			continue
		}
		edits = append(edits, numbered...)
		i += len(numbered)*stride - 1
	}
	return edits
}

// numberedLines returns the numbers n, n+1, ... at the start of every
// stride'th line, as long as they go on.
func numberedLines(data []byte, lines []span, n, stride int) []edit {
	var edits []edit
	for i := 0; i < len(lines); i += stride {
		from := skipBlanks(data, lines[i])
		number := strconv.Itoa(n)
		if !bytes.HasPrefix(data[from:lines[i].to], []byte(number)) ||
			stride == 2 && from+len(number) != lines[i].to {
			break
		}
		edits = append(edits, edit{span{from, from + len(number)}, ""})
		n++
	}
	return edits
}

// leadingNumber returns the number that a line begins with and the offset of
// what follows it.
func leadingNumber(data []byte, line span) (n, rest int, ok bool) {
	from := skipBlanks(data, line)
	end := from
	for end < line.to && data[end] >= '0' && data[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(string(data[from:end]))
	return n, skipBlanks(data, span{end, line.to}), err == nil
}

func startsCode(data []byte) bool {
	return len(data) > 0 && (data[0] == '{' || data[0]|0x20 >= 'a' && data[0]|0x20 <= 'z')
}

func skipBlanks(data []byte, in span) int {
	for in.from < in.to && (data[in.from] == ' ' || data[in.from] == '\t') {
		in.from++
	}
	return in.from
}

// lineSpans returns the lines of a text without their line ends.
func lineSpans(data []byte) []span {
	var lines []span
	for from := 0; from < len(data); {
		end := from + bytes.IndexByte(data[from:], '\n')
		if end < from {
			end = len(data)
		}
		lines = append(lines, span{from, end})
		from = end + 1
	}
	return lines
}
