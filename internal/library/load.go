package library

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/genclient/genclient/internal/diag"

	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/schema"
)

// set is a schemas folder as read.
type set struct {
	documents []*schema.Document // sorted by model id, one per id
	names     *jsontree.Source   // names.json, or nil
}

// load reads every document of a schemas folder, in parallel. dir is the name
// of the folder in diagnostics. A file that cannot be used is reported and left
// out; the set is complete only when the list holds no error. The error is one
// of the file system.
func load(fsys fs.FS, dir string) (set, diag.List, error) {
	type loaded struct {
		doc   *schema.Document
		diags diag.List
	}
	var out set
	var files []*loaded // in the order of the walk, which goes on while they are read
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	err := fs.WalkDir(fsys, ".", func(p string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(p) != ".json" {
			return err
		}
		file := &loaded{}
		files = append(files, file)
		group.Go(func() error {
			text, err := fs.ReadFile(fsys, p)
			if err != nil {
				return fmt.Errorf("reading a schema: %w", err)
			}
			name := path.Join(dir, p)
			if p == schema.NamesFile {
				out.names = &jsontree.Source{File: name, Text: text}
				return nil
			}
			file.doc, file.diags = schema.Read(name, text)
			return nil
		})
		return nil
	})
	if err != nil {
		err = fmt.Errorf("reading the schemas folder: %w", err)
	}
	if err := cmp.Or(group.Wait(), err); err != nil {
		return set{}, nil, err
	}
	var diags diag.List
	for _, f := range files {
		diags = append(diags, f.diags...)
		if f.doc != nil {
			out.documents = append(out.documents, f.doc)
		}
	}
	slices.SortStableFunc(out.documents,
		func(a, b *schema.Document) int { return strings.Compare(a.ModelID, b.ModelID) })
	out.documents, diags = dropRepeated(out.documents, diags)
	return out, diags, nil
}

// dropRepeated reports documents of one model id and keeps the first by file.
func dropRepeated(docs []*schema.Document, diags diag.List) ([]*schema.Document, diag.List) {
	var kept []*schema.Document
	for _, d := range docs {
		if n := len(kept); n > 0 && kept[n-1].ModelID == d.ModelID {
			diags = append(diags, diag.New("model-id-repeated", diag.Position{File: d.File()}, d.ModelID,
				"the model has a document already: "+kept[n-1].File()))
			continue
		}
		kept = append(kept, d)
	}
	return kept, diags
}
