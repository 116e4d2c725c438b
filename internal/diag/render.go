package diag

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
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
	return l.text(w, source, false)
}

// ColourText is Text for a terminal: severities and carets are coloured by ANSI
// escapes, the only ones that it writes.
func (l List) ColourText(w io.Writer, source func(file string) []byte) error {
	return l.text(w, source, true)
}

func (l List) text(w io.Writer, source func(file string) []byte, colours bool) error {
	r := renderer{source: source, lines: map[string][]string{}, colours: colours}
	for _, d := range l {
		r.diagnostic(d)
	}
	_, err := io.WriteString(w, r.String())
	return err
}

// A renderer writes diagnostics. It splits each file once, and each line once for those
// that follow each other on it: a page may be one line of megabytes.
type renderer struct {
	strings.Builder
	source  func(file string) []byte
	lines   map[string][]string // by file
	colours bool

	last  Position // of the line below, without its column
	runes []rune
}

func (r *renderer) diagnostic(d Diagnostic) {
	r.WriteString(d.Pos.String())
	fmt.Fprintf(r, ": %s: ", r.coloured(d.Severity.String(), d.Severity))
	if d.Subject != "" {
		r.WriteString(Printable(d.Subject))
		r.WriteString(": ")
	}
	r.WriteString(Printable(d.Message))
	if d.Rule != "" {
		fmt.Fprintf(r, " [%s]", d.Rule)
	}
	r.WriteByte('\n')
	if line, ok := r.line(d.Pos); ok {
		excerpt, caret := excerpt(line, d.Pos.Col)
		fmt.Fprintf(r, "  %s\n", excerpt)
		if caret >= 0 {
			fmt.Fprintf(r, "  %s%s\n", strings.Repeat(" ", caret), r.coloured("^", d.Severity))
		}
	}
	if d.Hint != "" {
		fmt.Fprintf(r, "  hint: %s\n", Printable(d.Hint))
	}
}

// coloured returns text in the colour of a severity, if colours are on: bold red,
// yellow or cyan.
func (r *renderer) coloured(text string, s Severity) string {
	if !r.colours {
		return text
	}
	return fmt.Sprintf("\x1b[1;%dm%s\x1b[0m", map[Severity]int{Error: 31, Warning: 33, Note: 36}[s], text)
}

// line returns the source line of a position, if there is one.
func (r *renderer) line(pos Position) ([]rune, bool) {
	lines, known := r.lines[pos.File]
	if !known && r.source != nil {
		lines = strings.Split(string(r.source(pos.File)), "\n")
		r.lines[pos.File] = lines
	}
	if pos.Line < 1 || pos.Line > len(lines) {
		return nil, false
	}
	if at := (Position{File: pos.File, Line: pos.Line}); at != r.last {
		r.last, r.runes = at, []rune(strings.TrimRight(lines[pos.Line-1], "\r"))
	}
	return r.runes, true
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
func excerpt(line []rune, col int) (string, int) {
	from, caret := 0, -1
	if col >= 1 && col <= len(line)+1 {
		if len(line) > maxExcerpt {
			from = min(max(0, col-1-maxExcerpt/2), len(line)-maxExcerpt)
		}
		caret = col - 1 - from
	}
	window := slices.Clone(line[from:min(len(line), from+maxExcerpt)])
	for i, r := range window {
		if !unicode.IsPrint(r) {
			window[i] = ' '
		}
	}
	return string(window), caret
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
