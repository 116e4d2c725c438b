package cli

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/schema"
	"github.com/genclient/genclient/schemas"
)

// embedded is the name of the schemas in the binary, where a folder is named.
const embedded = "embedded"

// library is a folder of schema documents as a verb works on it.
type library struct {
	fsys  fs.FS
	dir   string // its name in diagnostics
	docs  []*schema.Document
	pins  ir.Pins
	diags diag.List // what reading found
	// namesBroken says that the pinned names could not be read. Nothing must be
	// generated then: without its pin a model may get another name.
	namesBroken bool
}

// readLibrary reads the schemas folder dir, or the embedded schemas for "".
func readLibrary(dir string) (*library, error) {
	l := &library{fsys: schemas.FS, dir: embedded}
	if dir != "" {
		l.fsys, l.dir = os.DirFS(dir), path.Clean(filepath.ToSlash(dir))
	}
	set, diags, err := schema.Load(l.fsys, l.dir)
	if err != nil {
		return nil, fmt.Errorf("--schemas %s: %w", l.dir, err)
	}
	pins, more := ir.ReadPins(set.Names)
	l.docs, l.pins, l.diags, l.namesBroken = set.Documents, pins, append(diags, more...), more.HasErrors()
	return l, nil
}

// ids returns the model ids in order.
func (l *library) ids() []string {
	ids := make([]string, len(l.docs))
	for i, d := range l.docs {
		ids[i] = d.ModelID
	}
	return ids
}

// source returns the text of a file that a diagnostic names, for its excerpt.
func (l *library) source(file string) []byte {
	if l.dir != "." {
		file = strings.TrimPrefix(file, l.dir+"/")
	}
	text, err := fs.ReadFile(l.fsys, file)
	if err != nil {
		return nil // the diagnostic then stands without an excerpt
	}
	return text
}
