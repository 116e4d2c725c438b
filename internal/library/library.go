// Package library holds the schemas folder: it loads the documents and the pinned
// names, selects models by glob, merges what was scraped, and writes. Nothing else
// reads or writes such a folder.
package library

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/plan"
	"github.com/genclient/genclient/internal/schema"
	"github.com/genclient/genclient/schemas"
)

// Embedded is the Dir of the schemas in the binary.
const Embedded = "embedded"

// Library is a folder of schema documents as a verb works on it.
type Library struct {
	Dir       string             // its name in diagnostics
	Documents []*schema.Document // sorted by model id, one per id
	Pins      plan.Pins
	Diags     diag.List // what reading found; a file that cannot be used is left out
	// NamesBroken says that the pinned names could not be read. Nothing must be
	// generated then: without its pin a model may get another name.
	NamesBroken bool

	fsys fs.FS
}

// Open reads the schemas folder dir, or the embedded schemas for "". The error is
// one of the file system; what is wrong with a file is in Diags.
func Open(dir string) (*Library, error) {
	if dir == "" {
		return Read(schemas.FS, Embedded)
	}
	return Read(os.DirFS(dir), path.Clean(filepath.ToSlash(dir)))
}

// OpenOrNew is Open for a folder that need not exist.
func OpenOrNew(dir string) (*Library, error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return &Library{Dir: dir}, nil
	}
	return Open(dir)
}

// Read is Open for any file system; dir is the folder's name in diagnostics.
func Read(fsys fs.FS, dir string) (*Library, error) {
	read, diags, err := load(fsys, dir)
	if err != nil {
		return nil, err
	}
	pins, more := plan.ReadPins(read.names)
	return &Library{Dir: dir, Documents: read.documents, Pins: pins, Diags: append(diags, more...),
		NamesBroken: more.HasErrors(), fsys: fsys}, nil
}

// IDs returns the model ids in order.
func (l *Library) IDs() []string {
	ids := make([]string, len(l.Documents))
	for i, d := range l.Documents {
		ids[i] = d.ModelID
	}
	return ids
}

// Document returns the document of a model, or nil.
func (l *Library) Document(id string) *schema.Document {
	i, ok := slices.BinarySearchFunc(l.Documents, id, func(d *schema.Document, id string) int {
		return strings.Compare(d.ModelID, id)
	})
	if !ok {
		return nil
	}
	return l.Documents[i]
}

// Select returns the documents of the models that the globs select.
func (l *Library) Select(globs Globs) []*schema.Document {
	return slices.DeleteFunc(slices.Clone(l.Documents),
		func(d *schema.Document) bool { return !globs.Match(d.ModelID) })
}

// Plan plans a package of the models that opts select, under their pinned names.
func (l *Library) Plan(opts plan.Options) (*ir.Package, diag.List) {
	return plan.Build(l.Documents, l.Pins, opts)
}

// Source returns the text of a file that a diagnostic names, for its excerpt.
func (l *Library) Source(file string) []byte {
	if l.fsys == nil {
		return nil
	}
	if l.Dir != "." {
		file = strings.TrimPrefix(file, l.Dir+"/")
	}
	text, err := fs.ReadFile(l.fsys, file)
	if err != nil {
		return nil // the diagnostic then stands without an excerpt
	}
	return text
}
