package emit_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/emit"
	"github.com/genclient/genclient/internal/output"
	"github.com/genclient/genclient/internal/schema"
	"github.com/genclient/genclient/internal/scrape"

	"github.com/genclient/genclient/internal/lint"
	"github.com/genclient/genclient/internal/plan"

	"github.com/genclient/genclient/internal/library"
)

// corpusDocuments returns a document for every model of the catalog file that
// GENCLIENT_CORPUS names, a path from the module's folder; without it the
// committed documents.
func corpusDocuments(t *testing.T) []*schema.Document {
	t.Helper()
	file := os.Getenv("GENCLIENT_CORPUS")
	if file == "" {
		return committedDocuments(t)
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join("..", "..", file)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	catalog, diags := scrape.Read(scrape.Source{File: file, MediaType: "application/json", Text: text})
	for _, d := range diags {
		if d.Severity == diag.Error {
			t.Errorf("scrape: %s: %s [%s]", d.Pos, d.Message, d.Rule)
		}
	}
	merged, changes := library.Merge(nil, catalog.Models)
	if len(merged) == 0 || len(changes.Added) != len(merged) {
		t.Fatalf("%d documents of %d models in %s", len(changes.Added), len(catalog.Models), file)
	}
	// What is generated from is what scrape writes.
	docs := make([]*schema.Document, len(merged))
	for i, d := range merged {
		doc, diags := schema.Read(d.ModelID, d.Bytes())
		if len(diags) > 0 {
			t.Fatal(diags)
		}
		docs[i] = doc
	}
	return docs
}

// TestCorpus takes every model through scrape, lint, generate, vet and the oracle.
func TestCorpus(t *testing.T) {
	start := time.Now()
	docs := corpusDocuments(t)
	severities := map[diag.Severity]int{}
	for _, d := range docs {
		for _, finding := range lint.Document(d) {
			severities[finding.Severity]++
			if finding.Severity == diag.Error {
				t.Errorf("lint: %s: %s [%s]", finding.Subject, finding.Message, finding.Rule)
			}
		}
	}
	pins, diags := plan.Pin(nil, docs, plan.Pins{})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	files := generateCorpus(t, docs, pins)
	t.Logf("%d models: lint has %d warnings and %d notes, %d files of %d bytes, %v", len(docs), severities[diag.Warning],
		severities[diag.Note], len(files), totalSize(files), time.Since(start).Round(time.Millisecond))
	t.Run("order", func(t *testing.T) { corpusOrder(t, docs, pins, files) })
	t.Run("growth", func(t *testing.T) { corpusGrowth(t, docs, files) })
	t.Run("oracle", func(t *testing.T) { runOracle(t, docs, 250) })
}

func generateCorpus(t *testing.T, docs []*schema.Document, pins plan.Pins) []output.File {
	t.Helper()
	pkg, diags := plan.Build(docs, pins, plan.Options{Package: "corpus"})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	files, err := emit.Files(pkg)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// corpusOrder generates from the documents in other orders and with one
// processor: the bytes are the same.
func corpusOrder(t *testing.T, docs []*schema.Document, pins plan.Pins, want []output.File) {
	rnd := rand.New(rand.NewPCG(1, 2))
	shuffled := slices.Clone(docs)
	for round := range 2 {
		rnd.Shuffle(len(shuffled), func(i, k int) { shuffled[i], shuffled[k] = shuffled[k], shuffled[i] })
		again, _ := plan.Pin(nil, shuffled, plan.Pins{})
		if diff := cmp.Diff(string(pins.Bytes()), string(again.Bytes())); diff != "" {
			t.Errorf("round %d: the pins differ (-sorted +shuffled):\n%s", round, diff)
		}
		before := runtime.GOMAXPROCS(round + 1)
		got := generateCorpus(t, shuffled, pins)
		runtime.GOMAXPROCS(before)
		if len(got) != len(want) {
			t.Fatalf("round %d: %d files, want %d", round, len(got), len(want))
		}
		for i, f := range got {
			if f.Path != want[i].Path || !bytes.Equal(f.Content, want[i].Content) {
				t.Errorf("round %d: %s differs (-sorted +shuffled):\n%s", round, f.Path, cmp.Diff(string(want[i].Content), string(f.Content)))
			}
		}
	}
}

// corpusGrowth generates without each fifth model and then with all: a model
// that is added changes no other model's file and no name that was pinned.
func corpusGrowth(t *testing.T, docs []*schema.Document, want []output.File) {
	var old []*schema.Document
	for i, d := range docs {
		if i%5 != 0 {
			old = append(old, d)
		}
	}
	before, _ := plan.Pin(nil, old, plan.Pins{})
	after, _ := plan.Pin(old, docs, before)
	grown := map[string]string{}
	for _, f := range generateCorpus(t, docs, after) {
		grown[f.Path] = string(f.Content)
	}
	for _, f := range generateCorpus(t, old, before) {
		// The package's comment shows a model, the first that serves, and DecodeInput
		// names all.
		if string(f.Content) != grown[f.Path] && f.Path != "doc"+emit.Suffix && f.Path != "decode"+emit.Suffix {
			t.Errorf("%s differs once there are more models (-before +after):\n%s", f.Path, cmp.Diff(string(f.Content), grown[f.Path]))
		}
	}
	if len(grown) != len(want) {
		t.Errorf("%d files, want %d", len(grown), len(want))
	}
}

func totalSize(files []output.File) int {
	n := 0
	for _, f := range files {
		n += len(f.Content)
	}
	return n
}
