package library

import (
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
