package library

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/output"
	"github.com/genclient/genclient/internal/plan"
	"github.com/genclient/genclient/internal/schema"
)

// Write brings the folder to the documents and pins. A document that was
// read from a file and stays as it is keeps the file's own form.
func Write(dir string, docs []*schema.Document, pins plan.Pins) error {
	ids := make([]string, len(docs))
	for i, d := range docs {
		ids[i] = d.ModelID
	}
	paths := schema.Paths(ids)
	files := []output.File{{Path: schema.NamesFile, Content: pins.Bytes()}}
	for i, d := range docs {
		content := d.Source()
		if content == nil {
			content = d.Bytes()
		}
		files = append(files, output.File{Path: paths[i], Content: content})
	}
	return writeFiles(dir, files)
}

func writeFiles(dir string, files []output.File) error {
	changes, err := output.Compare(dir, files, schemaFolder())
	if err != nil {
		return err
	}
	return changes.Apply()
}

// schemaFolder owns the names and the documents of a schemas folder, those too
// that lie where another model's document belongs now.
func schemaFolder() output.Owner {
	return output.Owner{Ext: ".json", Deep: true, Owns: func(name string, content []byte) bool {
		src := &jsontree.Source{File: name, Text: content}
		if name == schema.NamesFile {
			_, diags := plan.ReadPins(src)
			return !diags.HasErrors()
		}
		doc, _ := schema.Read(name, content)
		return doc != nil
	}}
}

// write carries the steps out: the documents that change, and the pins. With an
// error in the list, or without a document, nothing is written.
func (u *Update) write(steps []step) (diag.List, bool, error) {
	byID := make(map[string]*step, len(steps))
	var ids, all []string
	for i, s := range steps {
		byID[s.id] = &steps[i]
		if s.does == leaves {
			continue
		}
		all = append(all, s.id)
		if s.does != prunes {
			ids = append(ids, s.id)
		}
	}
	if len(all) == 0 {
		return nil, false, nil
	}
	pins, diags, err := plan.PinEach(all, u.pins, func(id string) bool {
		return byID[id].does == adds || byID[id].does == changes
	}, func(id string) (*schema.Document, *schema.Document, error) { return u.versions(byID[id]) })
	if err != nil || diags.HasErrors() {
		return diags, false, err
	}
	files := []output.File{{Path: schema.NamesFile, Content: pins.Bytes()}}
	for i, path := range schema.Paths(ids) {
		files = append(files, u.file(byID[ids[i]], path))
	}
	if err := writeFiles(u.opts.Dir, files); err != nil {
		return diags, false, fmt.Errorf("writing the schemas: %w", err)
	}
	return diags, true, nil
}

// versions returns a model's document before and after.
func (u *Update) versions(s *step) (before, after *schema.Document, err error) {
	if k, ok := u.known[s.id]; ok {
		if before, err = u.read(k); err != nil {
			return nil, nil, err
		}
	}
	switch s.does {
	case stays:
		return before, before, nil
	case prunes:
		return before, nil, nil
	}
	text, err := u.spool.get(s.text)
	if err != nil {
		return nil, nil, err
	}
	after, diags := schema.Read("", text)
	if after == nil {
		return nil, nil, fmt.Errorf("reading the new document of %s: %s", s.id, diags[0].Message)
	}
	return before, after, nil
}

// file is a document's place and content. A document that stays keeps its
// file's own form, also in another place.
func (u *Update) file(s *step, path string) output.File {
	k := u.known[s.id]
	switch {
	case s.does == stays && k.file == path:
		return output.File{Path: path, Keep: true}
	case s.does == stays:
		return output.File{Path: path, Load: func() ([]byte, error) {
			return os.ReadFile(filepath.Join(u.opts.Dir, filepath.FromSlash(k.file)))
		}}
	}
	return output.File{Path: path, Load: func() ([]byte, error) { return u.spool.get(s.text) }}
}
