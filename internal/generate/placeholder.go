package generate

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/genclient/genclient/internal/emit"
	"github.com/genclient/genclient/internal/output"
)

// A Directive is the go:generate directive that runs genclient, by the values of
// $GOFILE and $GOLINE. The zero value is none: genclient runs by itself.
type Directive struct{ File, Line string }

// The text of a placeholder, around the directive and the package. No build takes
// the file, nor does the go command run a directive in it.
const (
	placeholderStart  = emit.Banner + "\n\n//go:build ignore\n\n// Emptied by the go:generate directive at "
	placeholderMiddle = ", whose next run deletes this file.\n\npackage "
)

// owner is GoPackage with what is left of the files that are not wanted.
//
// The go command lists the files of all packages before it runs the first
// directive, and ends with an error at a file that has vanished when its turn
// comes, without running the directives that follow. Under go generate an unwanted
// file is therefore left as a placeholder. The next go generate does not list it,
// for its build constraint, so it may go then; but not by another directive of
// the same go generate, so that the placeholder names the one that made it.
func (o Options) owner() output.Owner {
	owner, here := GoPackage(), o.directive()
	owner.Folders = o.folders()
	owner.Placeholder = func(name string, content []byte) []byte {
		by := emptiedBy(content)
		switch {
		case o.Check && by != "":
			return content
		case here == "":
			return nil
		case by == "":
			return []byte(placeholderStart + here + placeholderMiddle + o.packageAt(name) + "\n")
		case by != here && o.mayRun(by):
			return content
		}
		return nil
	}
	return owner
}

// directive returns the place of the directive as a placeholder names it: the
// file, relative to the package's folder, and the line, quoted; "" without one.
func (o Options) directive() string {
	if o.Directive.File == "" {
		return ""
	}
	name := o.Directive.File
	out, err := filepath.Abs(o.Out)
	if file, fileErr := filepath.Abs(name); err == nil && fileErr == nil {
		if relative, err := filepath.Rel(out, file); err == nil {
			name = relative
		}
	}
	return strconv.Quote(filepath.ToSlash(name) + ":" + o.Directive.Line)
}

// emptiedBy returns the directive that a placeholder names, "" for any other file.
func emptiedBy(content []byte) string {
	rest, ok := strings.CutPrefix(strings.ReplaceAll(string(content), "\r\n", "\n"), placeholderStart)
	directive, _, ends := strings.Cut(rest, placeholderMiddle)
	if !ok || !ends {
		return ""
	}
	return directive
}

// mayRun reports whether a directive that a placeholder names may be one that this
// go generate runs, unless its line is known to be something else by now.
func (o Options) mayRun(directive string) bool {
	place, err := strconv.Unquote(directive)
	at := strings.LastIndexByte(place, ':')
	if err != nil || at < 0 {
		return true
	}
	line, err := strconv.Atoi(place[at+1:])
	if err != nil {
		return true
	}
	text, err := os.ReadFile(filepath.Join(o.Out, filepath.FromSlash(place[:at])))
	if err != nil {
		return true
	}
	lines := strings.Split(string(text), "\n")
	return line >= 1 && line <= len(lines) && strings.HasPrefix(lines[line-1], "//go:generate")
}
