package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"

	"golang.org/x/term"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/library"
)

// tell prints diagnostics to standard error, whose own failure cannot be reported.
func (a *app) tell(l diag.List, source func(file string) []byte) {
	_ = a.printDiags(a.stderr, l, source)
}

// printDiags prints diagnostics for a reader, in colours on a terminal that shows them.
func (a *app) printDiags(w io.Writer, l diag.List, source func(file string) []byte) error {
	if colours(isTerminal(w), a.env) {
		return l.ColourText(w, source)
	}
	return l.Text(w, source)
}

// colours reports whether output is coloured: on a terminal, unless NO_COLOR is set
// (https://no-color.org) or the terminal is one that knows no colours.
func colours(terminal bool, env func(string) string) bool {
	knows := env("TERM") != "dumb" && (runtime.GOOS != "windows" || env("WT_SESSION") != "")
	return terminal && env("NO_COLOR") == "" && knows
}

// isTerminal reports whether a stream of the process is a terminal.
func isTerminal(stream any) bool {
	if r, ok := stream.(*results); ok {
		stream = r.w
	}
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// report prints the errors and warnings, and how to see the notes.
func (a *app) report(diags diag.List, l *library.Library) {
	shown := atLeast(diags, diag.Warning)
	a.tell(shown, l.Source)
	if notes := len(diags) - len(shown); notes > 0 {
		from := ""
		if l.Dir != library.Embedded {
			from = " --schemas " + shellQuote(l.Dir)
		}
		printf(a.stderr, "%s; to see them run: genclient lint%s\n", plural(notes, "note"), from)
	}
}

// atLeast returns the diagnostics of severity s or worse.
func atLeast(l diag.List, s diag.Severity) diag.List {
	var out diag.List
	for _, d := range l {
		if d.Severity >= s {
			out = append(out, d)
		}
	}
	return out
}

// tally returns the number of diagnostics by severity, as
// "1 error, 2 warnings, 3 notes".
func tally(l diag.List) string {
	errors, warnings := l.Count(diag.Error), l.Count(diag.Warning)
	return fmt.Sprintf("%s, %s, %s", plural(errors, "error"), plural(warnings-errors, "warning"),
		plural(len(l)-warnings, "note"))
}

// plural returns "1 model" or "2 models".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// findings returns errFindings when the list holds an error, or with strict a
// warning.
func findings(l diag.List, strict bool) error {
	limit := diag.Error
	if strict {
		limit = diag.Warning
	}
	if l.Count(limit) > 0 {
		return errFindings
	}
	return nil
}

// printf writes to w; results remembers the error, and without standard error
// there is no place to report one.
func printf(w io.Writer, format string, args ...any) { fmt.Fprintf(w, format, args...) }

// writeJSON writes v indented, as every --json does.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
