package diag

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxExcerpt is the most runes of a source line that a diagnostic shows.
const maxExcerpt = 100

// Text writes the list for a reader, each diagnostic as
//
//	FILE:LINE:COL: SEVERITY: MESSAGE [RULE]
//	  the source line
//	      ^
//	  hint: HINT
//
// source returns the text of a file for the excerpt, or nil. Whatever comes
// from a page is written with control characters escaped, so that it cannot
// drive a terminal.
func (l List) Text(w io.Writer, source func(file string) []byte) error {
	lines := map[string][]string{}
	var b strings.Builder
	for _, d := range l {
		if _, ok := lines[d.Pos.File]; !ok && source != nil {
			lines[d.Pos.File] = strings.Split(string(source(d.Pos.File)), "\n")
		}
		d.text(&b, lines[d.Pos.File])
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (d Diagnostic) text(b *strings.Builder, lines []string) {
	b.WriteString(d.Pos.String())
	fmt.Fprintf(b, ": %s: ", d.Severity)
	if d.Subject != "" {
		b.WriteString(Printable(d.Subject))
		b.WriteString(": ")
	}
	b.WriteString(Printable(d.Message))
	if d.Rule != "" {
		fmt.Fprintf(b, " [%s]", d.Rule)
	}
	b.WriteByte('\n')
	if d.Pos.Line > 0 && d.Pos.Line <= len(lines) {
		excerpt, caret := excerpt(lines[d.Pos.Line-1], d.Pos.Col)
		fmt.Fprintf(b, "  %s\n", excerpt)
		if caret >= 0 {
			fmt.Fprintf(b, "  %s^\n", strings.Repeat(" ", caret))
		}
	}
	if d.Hint != "" {
		fmt.Fprintf(b, "  hint: %s\n", Printable(d.Hint))
	}
}

// String returns the position as FILE:LINE:COL, as far as it is known.
func (p Position) String() string {
	file := Printable(p.File)
	switch {
	case p.Line == 0:
		return file
	case p.Col == 0:
		return fmt.Sprintf("%s:%d", file, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", file, p.Line, p.Col)
}

// excerpt cuts a window around column col (in runes, from 1) out of a source
// line and returns it with the caret's offset in it, -1 without a column.
// Tabs and control characters become one blank each, so that the caret stays
// under its rune.
func excerpt(line string, col int) (string, int) {
	runes := []rune(strings.TrimRight(line, "\r"))
	for i, r := range runes {
		if !unicode.IsPrint(r) {
			runes[i] = ' '
		}
	}
	if col < 1 || col > len(runes)+1 {
		return string(runes[:min(len(runes), maxExcerpt)]), -1
	}
	from := 0
	if len(runes) > maxExcerpt {
		from = min(max(0, col-1-maxExcerpt/2), len(runes)-maxExcerpt)
	}
	return string(runes[from:min(len(runes), from+maxExcerpt)]), col - 1 - from
}

// Printable returns s with every control character, bidirectional control and
// invalid byte written as an escape, and s itself when there is none.
func Printable(s string) string {
	clean := utf8.ValidString(s)
	for _, r := range s {
		clean = clean && unicode.IsPrint(r)
	}
	if clean {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError:
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				fmt.Fprintf(&b, `\x%02x`, s[i])
				continue
			}
			b.WriteRune(r)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// JSON writes the list as one JSON array, an object per diagnostic with the
// keys pos {file, line, col}, severity, rule, subject, message and hint; absent
// ones are left out.
func (l List) JSON(w io.Writer) error {
	if l == nil {
		l = List{}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(l)
}
