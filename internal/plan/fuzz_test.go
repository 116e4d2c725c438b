package plan

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/schema"
)

// FuzzNames holds for any text: what is named for it is an exported identifier
// and a plain file name, and pins of any content are read without harm.
func FuzzNames(f *testing.F) {
	for _, s := range alphabet {
		f.Add(s)
	}
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "ir", "*names*.txtar"))
	if err != nil || len(files) == 0 {
		f.Fatal("no archives", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, d := range archived(f, txtar.Parse(text), "schemas/") {
			f.Add(d.ModelID)
			for _, m := range d.Input.Get("properties").Members {
				f.Add(m.Name)
			}
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		checkNames(t, s)
		if schema.InvalidModelID(s) != "" {
			return
		}
		doc := &schema.Document{ModelID: s, Input: jsontree.NewObject()}
		pins, diags := Pin(nil, []*schema.Document{doc}, Pins{})
		read, more := ReadPins(&jsontree.Source{Text: pins.Bytes()})
		pkg, last := Build([]*schema.Document{doc}, read, Options{Package: "client"})
		if diags.HasErrors() || more.HasErrors() || last.HasErrors() || pkg.Models[0].Name != pins.names[s] {
			t.Errorf("the pin of %q: %s\n%s%s%s", s, pins.Bytes(), diagText(diags), diagText(more), diagText(last))
		}
	})
}
