package plan

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/schema"
)

var update = flag.Bool("update", false, "rewrite the expectations in testdata")

// TestGoldens plans the documents of every archive in testdata/ir and compares
// the plan and its diagnostics with what stands beside them. An archive has
//
//	schemas/<id>.json   documents, in canonical form
//	names.json          pins, if there are any
//	old/<id>.json       the documents as they were before, if Pin is tested
//	want.names.json     what Pin makes of all that; Build is then given these pins
//	want.ir             Package.Text
//	want.diag           the diagnostics
//
// A file is named for the one trap in it.
func TestGoldens(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "ir", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatal("no archives", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := plan(t, archive)
			if *update {
				if err := os.WriteFile(file, txtar.Format(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := cmp.Diff(string(txtar.Format(archive)), string(txtar.Format(got))); d != "" {
				t.Errorf("-want +got; go test -run TestGoldens ./internal/plan -update accepts it\n%s", d)
			}
		})
	}
}

// plan returns the archive as it has to be: documents in canonical form under
// their own names, expectations fulfilled.
func plan(t *testing.T, archive *txtar.Archive) *txtar.Archive {
	t.Helper()
	docs, old := archived(t, archive, "schemas/"), archived(t, archive, "old/")
	out := &txtar.Archive{Comment: archive.Comment}
	add := func(name string, data []byte) {
		out.Files = append(out.Files, txtar.File{Name: name, Data: data})
	}
	for _, d := range slices.Concat(docs, old) {
		add(d.File(), d.Bytes())
	}
	var diags diag.List
	var pins Pins
	if names := section(archive, "names.json"); names != nil {
		pins, diags = ReadPins(&jsontree.Source{File: "names.json", Text: names})
		add("names.json", names)
	}
	if section(archive, "want.names.json") != nil || len(old) > 0 {
		var more diag.List
		pins, more = Pin(old, docs, pins)
		diags = append(diags, more...)
		add("want.names.json", pins.Bytes())
	}
	pkg, more := Build(docs, pins, Options{Package: "client"})
	diags = append(diags, more...)
	add("want.ir", []byte(pkg.Text()))
	add("want.diag", []byte(diagText(diags)))
	return out
}

// diagText writes diagnostics as lines, without the excerpts of their sources.
func diagText(diags diag.List) string {
	var b strings.Builder
	for _, d := range diags {
		fmt.Fprintf(&b, "%s: %s: [%s]", d.Pos, d.Severity, d.Rule)
		if d.Subject != "" {
			fmt.Fprintf(&b, " %s:", diag.Printable(d.Subject))
		}
		fmt.Fprintf(&b, " %s", diag.Printable(d.Message))
		if d.Hint != "" {
			fmt.Fprintf(&b, " (%s)", diag.Printable(d.Hint))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// archived reads the schema documents of an archive below a folder, sorted by
// id. Their files and positions are those of the canonical form, however they
// are written.
func archived(t testing.TB, archive *txtar.Archive, prefix string) []*schema.Document {
	t.Helper()
	texts := map[string][]byte{}
	for _, f := range archive.Files {
		if strings.HasPrefix(f.Name, prefix) {
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
		doc, diags := schema.Read(prefix+p, texts[ids[i]])
		if doc == nil {
			t.Fatalf("documents of the archive:\n%s", diagText(diags))
		}
		docs = append(docs, doc)
	}
	return docs
}

func section(archive *txtar.Archive, name string) []byte {
	for _, f := range archive.Files {
		if f.Name == name {
			return bytes.Clone(f.Data)
		}
	}
	return nil
}
