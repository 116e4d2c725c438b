package scrape

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// normalize undoes what pages do to code that JSON does not allow: line breaks
// of the mark-up, blanks that are no JSON white space, line numbers. flow are
// the ranges in which white space is laid out anew.
func normalize(t *text, flow []span) *text {
	t = normalizeBlanks(t.edit(foldFlow(t.data, flow)))
	return t.edit(lineNumbers(t.data))
}

// normalizeBlanks is normalize for text without lines of its own.
func normalizeBlanks(t *text) *text { return t.edit(plainBlanks(t)) }

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
	out.marks = t.marks.moved(edits)
	return out
}

// moved returns the marks at the offsets that they have after the edits.
func (m marks) moved(edits []edit) marks {
	move := mover(edits)
	var out marks
	for _, b := range m.blocks {
		out.blocks = append(out.blocks, move.span(b))
	}
	for _, j := range m.joints {
		out.joints = append(out.joints, move.offset(j))
	}
	for _, h := range m.heads {
		out.heads = append(out.heads, head{move.span(h.span), h.label})
	}
	for _, f := range m.folds {
		out.folds = append(out.folds, fold{move.offset(f.at), f.hidden})
	}
	for _, s := range m.scopes {
		out.scopes = append(out.scopes, scope{move.span(s.span), s.claims, s.label})
	}
	return out
}

// offsets says by how much the offsets behind each edit move.
type offsets struct {
	ends   []int // of the edits
	deltas []int // in sum, from there on
}

func mover(edits []edit) offsets {
	var o offsets
	delta := 0
	for _, e := range edits {
		delta += len(e.with) - (e.to - e.from)
		o.ends, o.deltas = append(o.ends, e.to), append(o.deltas, delta)
	}
	return o
}

func (o offsets) offset(at int) int {
	if i, _ := slices.BinarySearch(o.ends, at+1); i > 0 {
		return at + o.deltas[i-1]
	}
	return at
}

func (o offsets) span(s span) span { return span{o.offset(s.from), o.offset(s.to)} }

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
// and drops invisible characters. Inside a JSON string they belong to the
// value, but not in a code block in which every blank is written that way.
func plainBlanks(t *text) []edit {
	var edits []edit
	inString, block := false, 0
	var written string // the blanks of the block when none is ordinary
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
			for block < len(t.marks.blocks) && t.marks.blocks[block].to <= at {
				block++
				written = ""
			}
			if b := t.marks.blocks; written == "" && block < len(b) && b[block].from <= at {
				written = "\x00" + blanksOutside(t.data[b[block].from:b[block].to])
			}
			with, is := jsonBlank(r)
			if isOverride(r) && at > 0 && isWordByte(t.data[at-1]) &&
				at+size < len(t.data) && isWordByte(t.data[at+size]) {
				is = false // in a word, where it is not invisible
			}
			if is && (!inString || strings.ContainsRune(written, r)) {
				edits = append(edits, edit{span{at, at + size}, with})
			}
			at += size
			continue
		}
		at++
	}
	return edits
}

// jsonBlank returns what is written for a character that a reader takes for a
// blank or does not see, and that JSON does not know between its tokens.
func jsonBlank(r rune) (with string, is bool) {
	switch {
	case r == '\u2028' || r == '\u2029':
		return "\n", true
	case unicode.Is(unicode.Zs, r):
		return " ", true
	case unicode.Is(unicode.Cf, r):
		return "", true
	}
	return "", false
}

// blanksOutside returns the special blanks outside the JSON strings of a code
// block, or "" when it has ordinary blanks too.
func blanksOutside(block []byte) string {
	if bytes.IndexByte(block, ' ') >= 0 {
		return ""
	}
	var blanks []rune
	inString := false
	for at := 0; at < len(block); {
		r, size := utf8.DecodeRune(block[at:])
		switch {
		case r == '"':
			inString = !inString
		case r == '\\' && inString:
			at++
		case !inString && r >= utf8.RuneSelf:
			if _, is := jsonBlank(r); is && !slices.Contains(blanks, r) {
				blanks = append(blanks, r)
			}
		}
		at += size
	}
	return string(blanks)
}

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
