package emit

import (
	"flag"
	"go/format"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/schema"

	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/plan"
)

var update = flag.Bool("update", false, "rewrite the expectations in testdata/generate")

// TestGoldens prints the models of every archive in testdata/generate. An
// archive has documents, schemas/<id>.json in canonical form, and the file of
// each model in full.
func TestGoldens(t *testing.T) {
	for _, file := range archives(t, "generate") {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			docs := archived(t, archive)
			got := &txtar.Archive{Comment: archive.Comment}
			for _, d := range docs {
				got.Files = append(got.Files, txtar.File{Name: d.File(), Data: d.Bytes()})
			}
			pkg := planned(t, docs)
			for i := range pkg.Models {
				f := rendered(t, pkg, i)
				got.Files = append(got.Files, txtar.File{Name: f.Path, Data: f.Content})
			}
			f, err := render("decode", decodeFile(pkg))
			if err != nil {
				t.Fatal(err)
			}
			got.Files = append(got.Files, txtar.File{Name: f.Path, Data: f.Content})
			if *update {
				if err := os.WriteFile(file, txtar.Format(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := cmp.Diff(string(txtar.Format(archive)), string(txtar.Format(got))); d != "" {
				t.Errorf("-want +got; go test -run TestGoldens ./internal/emit -update accepts it\n%s", d)
			}
		})
	}
}

// file is a generated file.
type file struct {
	Path    string
	Content []byte
}

// rendered prints model i of a package, which gofmt does not change.
func rendered(t testing.TB, pkg *ir.Package, i int) file {
	t.Helper()
	f, err := render(pkg.Models[i].File, ModelFile(pkg.Name, &pkg.Models[i]))
	if err != nil {
		t.Fatalf("%s: %v", pkg.Models[i].ID, err)
	}
	formatted, err := format.Source(f.Content)
	if err != nil {
		t.Fatalf("%s: %v", f.Path, err)
	}
	if d := cmp.Diff(string(f.Content), string(formatted)); d != "" {
		t.Errorf("gofmt changes %s\n%s", f.Path, d)
	}
	return file{f.Path, f.Content}
}

// archives lists the txtar files of a folder of testdata.
func archives(t testing.TB, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", folder, "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no archives in testdata/%s: %v", folder, err)
	}
	return files
}

// archived reads the schema documents of an archive, sorted by id, in canonical
// form however they are written.
func archived(t testing.TB, archive *txtar.Archive) []*schema.Document {
	t.Helper()
	texts := map[string][]byte{}
	for _, f := range archive.Files {
		if strings.HasPrefix(f.Name, "schemas/") {
			v, _, err := jsontree.Decode(f.Data, 0)
			if err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
			texts[v.Get("model_id").Str()] = append(v.AppendIndent(nil, ""), '\n')
		}
	}
	ids := slices.Sorted(maps.Keys(texts))
	var docs []*schema.Document
	for i, p := range schema.Paths(ids) {
		doc, diags := schema.Read("schemas/"+p, texts[ids[i]])
		if doc == nil {
			t.Fatal(diags)
		}
		docs = append(docs, doc)
	}
	return docs
}

// planned plans documents that can be generated.
func planned(t testing.TB, docs []*schema.Document) *ir.Package {
	t.Helper()
	pkg, diags := plan.Build(docs, plan.Pins{}, plan.Options{Package: "client"})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return pkg
}
