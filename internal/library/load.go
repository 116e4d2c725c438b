package library

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"

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

// load reads every document of a schemas folder. dir is the name of the folder
// in diagnostics. A file that cannot be used is reported and left out; the set
// is complete only when the list holds no error. The error is one of the file
// system.
func load(fsys fs.FS, dir string) (set, diag.List, error) {
	var out set
	var mu sync.Mutex
	names, diags, err := walk(fsys, dir, func(_ string, doc *schema.Document) {
		mu.Lock()
		defer mu.Unlock()
		out.documents = append(out.documents, doc)
	})
	if err != nil {
		return set{}, nil, err
	}
	out.names = names
	slices.SortFunc(out.documents, func(a, b *schema.Document) int {
		return cmp.Or(strings.Compare(a.ModelID, b.ModelID), strings.Compare(a.File(), b.File()))
	})
	out.documents, diags = dropRepeated(out.documents, diags)
	return out, diags, nil
}

// walk reads every document of a schemas folder, in parallel, hands each with
// its file below the folder to take, which is called concurrently, and returns
// the pinned names.
func walk(fsys fs.FS, dir string, take func(file string, doc *schema.Document)) (*jsontree.Source, diag.List, error) {
	var names *jsontree.Source
	var diags diag.List
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	err := fs.WalkDir(fsys, ".", func(p string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(p) != ".json" {
			return err
		}
		group.Go(func() error {
			text, err := fs.ReadFile(fsys, p)
			if err != nil {
				return fmt.Errorf("reading a schema: %w", err)
			}
			name := path.Join(dir, p)
			if p == schema.NamesFile {
				names = &jsontree.Source{File: name, Text: text}
				return nil
			}
			doc, list := schema.Read(name, text)
			if doc != nil {
				take(p, doc)
			}
			mu.Lock()
			defer mu.Unlock()
			diags = append(diags, list...)
			return nil
		})
		return nil
	})
	if err != nil {
		err = fmt.Errorf("reading the schemas folder: %w", err)
	}
	if err := cmp.Or(group.Wait(), err); err != nil {
		return nil, nil, err
	}
	diags.Sort()
	return names, diags, nil
}

// dropRepeated reports documents of one model id and keeps the first by file.
func dropRepeated(docs []*schema.Document, diags diag.List) ([]*schema.Document, diag.List) {
	var kept []*schema.Document
	for _, d := range docs {
		if n := len(kept); n > 0 && kept[n-1].ModelID == d.ModelID {
			diags = append(diags, sameModel(d.ModelID, d.File(), kept[n-1].File()))
			continue
		}
		kept = append(kept, d)
	}
	return kept, diags
}

// sameModel is the diagnostic for a file whose model has another one.
func sameModel(id, file, first string) diag.Diagnostic {
	return diag.New("model-id-repeated", diag.Position{File: file}, id, "the model has a document already: "+first)
}
