package scrape

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// apiHost is the host of the API, and endpointPrefix what is written before the
// model id in an endpoint's URL.
const (
	apiHost        = "model-api.runcomfy.net"
	endpointPrefix = "https://" + apiHost + "/v1/models/"
)

// A mention is the URL of a model's endpoint as a page writes it.
type mention struct {
	location
	start   int     // of the URL in the text; the location is that of the id
	end     int     // of the URL in the text
	id      string  // without what may continue it
	longer  string  // with the blanks and words that may belong to it, or ""
	trusted bool    // longer is how the page writes the id, not prose
	command bool    // the operand of curl, or of a command like it
	where   *holder // the JSON objects that it is in; nil for none
}

// Limits on what is read of a page that is made to cost much.
const (
	maxMentions = 2000 // endpoints in one text
	maxLonger   = 300  // bytes of an id with what may continue it
)

// mentions returns the endpoint URLs in a text.
func mentions(t *text) []*mention {
	clean := t.edit(formatRunes(t.data))
	var out []*mention
	for _, m := range endpointURLs(clean.data) {
		_, isJoint := slices.BinarySearch(clean.marks.joints, m.from)
		if !isJoint && !startsURL(clean.data, m.from) {
			continue
		}
		e := readMention(clean, m)
		if e == nil {
			continue
		}
		if clean != t {
			e.text, e.offset = t, clean.parentOffset(e.offset)
			e.start, e.end = clean.parentOffset(e.start), clean.parentOffset(e.end)
		}
		out = append(out, e)
	}
	return out
}

// endpointURLs returns where a text has endpoints' URLs up to their model ids, in
// whatever case. HTTPie takes URLs without a scheme. A page is a long text, which
// a regular expression takes ten times as long for.
func endpointURLs(text []byte) []span {
	const path = apiHost + "/v1/models/"
	lower := make([]byte, len(text))
	for i, c := range text {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		lower[i] = c
	}
	var out []span
	for at := 0; len(out) < maxMentions; {
		i := bytes.Index(lower[at:], []byte(path))
		if i < 0 {
			break
		}
		from, before := at+i, lower[:at+i]
		at = from + len(path)
		switch {
		case bytes.HasSuffix(before, []byte("https://")):
			from -= len("https://")
		case bytes.HasSuffix(before, []byte("http://")):
			from -= len("http://")
		case from > 0 && (isAlnum(before[from-1]) || before[from-1] == '_'):
			continue // the end of another host's name
		}
		out = append(out, span{from, at})
	}
	return out
}

func isAlnum(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

// formatRunes drops the invisible characters that a page breaks long URLs with,
// in strings too. Those that turn the direction of what follows are left: an id
// that holds one is refused.
func formatRunes(text []byte) []edit {
	var edits []edit
	for at := 0; at < len(text); {
		r, size := rune(text[at]), 1
		if r >= utf8.RuneSelf {
			if r, size = utf8.DecodeRune(text[at:]); isFormat(r) {
				edits = append(edits, edit{span{at, at + size}, ""})
			}
		}
		at += size
	}
	return edits
}

func isFormat(r rune) bool { return unicode.Is(unicode.Cf, r) && !isOverride(r) }

// isOverride reports whether a character turns the direction of the text after
// it: between the characters of an id it shows another one.
func isOverride(r rune) bool { return r >= '\u202a' && r <= '\u202e' }

// startsURL reports whether the URL at an offset is not a part of another.
func startsURL(text []byte, at int) bool {
	r, _ := utf8.DecodeLastRune(text[:at])
	return at == 0 || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("/.-_@%", r) ||
		r >= utf8.RuneSelf
}

// quotes are the characters that a URL is written between, with what closes
// them.
var quotes = map[rune]string{'"': `"`, '\'': "'", '`': "`", '“': "”", '‘': "’", '«': "»", '<': ">"}

// readMention reads the id that follows an endpoint's prefix. It is nil where
// no model is named: one segment is another resource of the API ("categories"),
// and braces are a template.
func readMention(t *text, prefix span) *mention {
	line := t.data[prefix.to:]
	if i := bytes.IndexAny(line, "\r\n\t"); i >= 0 {
		line = line[:i]
	}
	m := &mention{location: location{t, prefix.to}, start: prefix.from, command: isOperand(t.data[:prefix.from])}
	quote, _ := utf8.DecodeLastRune(t.data[:prefix.from])
	closing, quoted := quotes[quote]
	if t.isString && prefix.from == 0 {
		quoted = true // the string is the URL
	} else if quoted {
		if i := bytes.IndexAny(line, closing); i >= 0 {
			line = line[:i]
		}
	}
	size, glued := idLength(t, prefix.to, line, quoted || isURLOption(t.data[:prefix.from]))
	m.id, m.end = cleanID(string(line[:size])), prefix.to+size
	if size == 0 || !strings.Contains(unescape(m.id), "/") || isTemplate(m.id) || goesOnAsTemplate(line, size) {
		return nil
	}
	if glued > size {
		m.longer = cleanID(string(line[:glued]))
	} else if len(m.id) == size { // and no punctuation that ends it
		m.readLonger(line, size, quoted)
	}
	return m
}

// isTemplate reports whether a segment is the name of a parameter.
func isTemplate(id string) bool {
	return strings.HasPrefix(id, ":") || strings.Contains(id, "/:") || strings.ContainsAny(id, "{}")
}

// goesOnAsTemplate reports whether the rest of the id is a parameter.
func goesOnAsTemplate(line []byte, size int) bool {
	rest := line[size:]
	return bytes.HasPrefix(rest, []byte("{")) || bytes.HasPrefix(rest, []byte("$")) ||
		line[size-1] == '/' && (bytes.HasPrefix(rest, []byte("<")) || bytes.HasPrefix(rest, []byte("[")))
}

// idLength returns how long the id at the start of a line is when it holds no
// blank: up to what no unquoted URL holds, or to the end of the element where
// what follows is a word of its own, such as the label of a button.
// Only in quotes and behind --url an id may hold letters beyond ASCII: in prose
// they start the next word.
// glued is how long it is with that word.
func idLength(t *text, from int, line []byte, bounded bool) (size, glued int) {
	var last rune
	size = bytes.IndexFunc(line, func(r rune) bool {
		isPart := isIDRune(r) || bounded && isWord(r) && !(last < utf8.RuneSelf && isWord(last))
		last = r
		return !isPart
	})
	if size < 0 {
		size = len(line)
	}
	if r, _ := utf8.DecodeRune(line[size:]); size > 0 && line[size-1] == '/' && r >= utf8.RuneSelf && isWord(r) {
		return 0, 0
	}
	i, _ := slices.BinarySearch(t.marks.joints, from+1)
	for ; i < len(t.marks.joints) && t.marks.joints[i] < from+size; i++ {
		at := t.marks.joints[i] - from
		if isWordByte(line[at-1]) && isWordByte(line[at]) {
			return at, size
		}
	}
	return size, size
}

// isIDRune reports whether an unquoted URL's path may hold a character:
// RFC 3986, section 3.3, without what prose and shells write after a URL. The
// marks that turn the direction of text are for schema.InvalidModelID to
// refuse, and so are control characters.
func isIDRune(r rune) bool {
	return r < utf8.RuneSelf && (isWordByte(byte(r)) || strings.ContainsRune("/._~%+:@=-", r)) ||
		unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func isWordByte(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= utf8.RuneSelf
}

// cleanID takes off what a sentence or a URL writes after an id.
func cleanID(id string) string { return strings.TrimRight(id, " /.,:;!=-_\\") }

// longerEnd is what ends an id with blanks: the rest of a shell command, or of
// an HTTP request line. Blanks before it do not count.
var longerEnd = regexp.MustCompile("[\\\\^|;<>&?()\\[\\]{}*,\"'`#!]|" +
	`\s[-–—]|\s[012]>|\sHTTP/|[\w-]+[:=]|\.(?:\s|$)|\s(?:Copy|Copied|GET|POST|PUT|PATCH|DELETE)\b`)

// readLonger reads the words after an id that may belong to it.
func (m *mention) readLonger(line []byte, size int, quoted bool) {
	rest := line[size:min(len(line), max(size, maxLonger))]
	if len(rest) == 0 || rest[0] != ' ' {
		return
	}
	toEnd := true
	if i := longerEnd.FindIndex(rest); i != nil {
		toEnd = rest[i[0]] == '\\' || rest[i[0]] == '^' || bytes.HasPrefix(rest[i[0]:], []byte(" -"))
		rest = rest[:i[0]]
	}
	words := strings.Fields(string(rest))
	if len(words) == 0 {
		return
	}
	m.longer = cleanID(string(line[:size]) + string(rest))
	switch {
	case slices.ContainsFunc(words, isProse):
	case isURLOption(m.text.data[:m.start]):
		m.trusted = true
	default:
		isOther := func(w string) bool { return !isNameWord(w) }
		m.trusted = (quoted || m.command) && toEnd && !slices.ContainsFunc(words, isOther)
	}
}

// isProse reports whether a word is one of a sentence around a URL. English
// only: in other languages a second mention decides.
func isProse(word string) bool {
	switch strings.Trim(word, ".,:;") {
	case "a", "an", "and", "are", "as", "at", "by", "for", "from", "has", "if", "in", "is", "it", "of", "on", "or",
		"that", "the", "then", "this", "to", "using", "via", "when", "where", "which", "will", "with", "you", "your",
		"endpoint", "request", "body":
		return true
	}
	return false
}

// isNameWord reports whether a word can be one of a model's name, as in
// "Hailuo Video 01 Live".
func isNameWord(word string) bool {
	return word[0] >= '0' && word[0] <= '9' || word[0] >= 'A' && word[0] <= 'Z'
}
