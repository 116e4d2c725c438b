package synth

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/schema"

	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/library"
	"github.com/genclient/genclient/internal/plan"
)

// ReadTable reads a folder of bare input schemas: models.tsv gives, a line each,
// NAME, a tab and the model id, and NAME.json is the input schema. All models
// get the output of output.schema, the block that the site's models share.
func ReadTable(dir string) ([]*schema.Document, error) {
	table, err := os.ReadFile(filepath.Join(dir, "models.tsv"))
	if err != nil {
		return nil, err
	}
	shared, err := readValue(filepath.Join(dir, "output.schema"))
	if err != nil {
		return nil, err
	}
	output := jsontree.NewObject(jsontree.Member{Name: "output", Value: shared})
	var docs []*schema.Document
	for line := range strings.Lines(string(table)) {
		name, id, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok {
			return nil, fmt.Errorf("%s: no tab in the line %q of models.tsv", dir, line)
		}
		input, err := readValue(filepath.Join(dir, name+".json"))
		if err != nil {
			return nil, err
		}
		docs = append(docs, &schema.Document{ModelID: id, URL: pageURL(id), Input: input, Output: output})
	}
	sortByID(docs)
	return docs, nil
}

func readValue(file string) (*jsontree.Value, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	v, err := jsontree.Parse(text, jsontree.Foreign)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return v, nil
}

// Write makes dir a schemas folder of the documents, with the pinned names that
// scrape would write. The documents are sorted by model id.
func Write(dir string, docs []*schema.Document) error {
	pins, diags := plan.Pin(nil, docs, plan.Pins{})
	for _, d := range diags {
		if d.Severity >= diag.Error {
			return fmt.Errorf("%s: %s", d.Subject, d.Message)
		}
	}
	return library.Write(dir, docs, pins)
}
