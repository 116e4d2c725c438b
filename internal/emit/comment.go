package emit

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dave/jennifer/jen"
)

// commentWidth is where comment lines wrap, in runes without the slashes.
const commentWidth = 92

// comment is a doc comment in the making: paragraphs of text, some of it from a
// page. It is the only way for a page's text into a comment.
type comment []string

// para appends a paragraph made of the sentences that are not empty. The first
// one has to be our own, so that no scraped text starts a paragraph.
func (c *comment) para(sentences ...string) {
	var kept []string
	for _, s := range sentences {
		if s = strings.TrimSpace(s); s != "" {
			kept = append(kept, s)
		}
	}
	*c = append(*c, strings.Join(kept, " "))
}

// lines returns the comment as Go source lines, each starting with "// ", so
// that none is a directive, with an empty "//" between paragraphs. Whatever the
// text holds, the lines hold no control character, no line break and nothing
// that gofmt takes for a heading, a list or a link definition.
func (c comment) lines() []string {
	var out []string
	for i, p := range c {
		if i > 0 {
			out = append(out, "//")
		}
		var line strings.Builder
		width := 0
		for _, word := range strings.Fields(clean(p)) {
			n := utf8.RuneCountInString(word)
			if width > 0 && width+1+n > commentWidth && startsLine(word) {
				out = append(out, "// "+line.String())
				line.Reset()
				width = 0
			}
			if width > 0 {
				line.WriteByte(' ')
				width++
			}
			line.WriteString(word)
			width += n
		}
		out = append(out, "// "+line.String())
	}
	return out
}

// clean replaces what does not print by a blank: control characters, line and
// paragraph separators, and the format characters (Unicode Cf) that reorder or
// hide text. Doubled quotes become the typographic ones that gofmt makes of them,
// and longer runs of backticks, of which it makes something else each time, one.
func clean(s string) string {
	s = quoteRuns.Replace(backtickRuns.ReplaceAllLiteralString(s, "`"))
	if !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
		return s // as most texts are
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

var (
	backtickRuns = regexp.MustCompile("`{3,}")
	quoteRuns    = strings.NewReplacer("``", "\u201c", "''", "\u201d")
)

// startsLine reports whether a comment line may begin with the word: not with
// punctuation or a number, which the doc comment syntax of Go 1.19 gives a
// meaning (go.dev/doc/comment), nor with a marker as "Deprecated:" or "BUG(x)".
func startsLine(word string) bool {
	first, _ := utf8.DecodeRuneInString(word)
	return unicode.IsLetter(first) && !strings.HasSuffix(word, ":") && !strings.Contains(word, "(")
}

// jen appends the comment to a group.
//
//	// Prompt is required. What the video shows.
func (c comment) jen(g *jen.Group) {
	for _, l := range c.lines() {
		g.Comment(l)
	}
}

// file appends the comment at the top level of a file, above what comes next.
func (c comment) file(f *jen.File) {
	for _, l := range c.lines() {
		f.Comment(l)
	}
}

// sentence returns s with a full stop at its end if it has no end of its own.
func sentence(s string) string {
	s = strings.TrimSpace(clean(s))
	bare := strings.TrimRight(s, "\"')]”’」』）")
	if last, _ := utf8.DecodeLastRuneInString(bare); bare == "" || strings.ContainsRune(".!?:…。！？：", last) {
		return s
	}
	return s + "."
}
