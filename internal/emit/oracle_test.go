package emit_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/schema"
	"github.com/genclient/genclient/schemas"

	"github.com/genclient/genclient/internal/library"
	"github.com/genclient/genclient/internal/plan"
	"github.com/genclient/genclient/internal/validate"
)

// oracleModel is one model with its plan and the judge of its instances.
type oracleModel struct {
	doc   *schema.Document
	plan  *ir.Model
	judge *validate.Validator // leaves out what the plan leaves unchecked
}

// oracleFigures are what a run of the oracle has done.
type oracleFigures struct {
	instances, refused, valid, decoded, fields, media atomic.Int64

	mu         sync.Mutex
	exceptions map[string]int // by name, how often each was needed
}

func (f *oracleFigures) except(name string, times int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.exceptions[name] += times
}

// TestOracle compiles and runs the generated code of every schema and asks both
// its Validate and the judge, which is jsonschema/v5, about thousands of
// instances. They agree on each field; oracleExceptions says where they do not
// have to, and each of these has to occur.
func TestOracle(t *testing.T) {
	docs := slices.Concat(committedDocuments(t), archivedDocuments(t, "oracle", "ir", "generate"), randomDocuments(t))
	figures := runOracle(t, docs, 20)
	for _, e := range oracleExceptions {
		if figures.exceptions[e.name] == 0 {
			t.Errorf("the exception %q never occurs", e.name)
		}
	}
}

// runOracle puts the documents to the oracle, one subtest a model, each with
// so many random instances a property beside those of its corners.
func runOracle(t *testing.T, docs []*schema.Document, random int) *oracleFigures {
	start := time.Now()
	figures := &oracleFigures{exceptions: map[string]int{}}
	pkg, models := planOracle(t, docs, figures)
	program := buildOracle(t, pkg)
	built := time.Since(start)
	t.Run("models", func(t *testing.T) {
		for _, m := range models {
			t.Run(m.plan.ID, func(t *testing.T) {
				t.Parallel()
				program.compare(t, m, random, figures)
				program.compareMedia(t, m, figures)
			})
		}
	})
	t.Logf("%d models: %d instances (%d valid, %d no Go value, %d decoded), %d fields compared, %d measurements; generated and built in %v, all in %v",
		len(models), figures.instances.Load(), figures.valid.Load(), figures.refused.Load(), figures.decoded.Load(), figures.fields.Load(),
		figures.media.Load(), built.Round(time.Millisecond), time.Since(start).Round(time.Millisecond))
	t.Logf("exceptions used: %v", figures.exceptions)
	if figures.decoded.Load() == 0 || figures.decoded.Load() == figures.instances.Load() {
		t.Error("DecodeInput has to take instances and to refuse some")
	}
	if figures.valid.Load() == 0 || figures.valid.Load() == figures.instances.Load() {
		t.Error("instances have to be valid and invalid ones")
	}
	return figures
}

// planOracle plans one package of all documents that can be generated.
func planOracle(t *testing.T, docs []*schema.Document, figures *oracleFigures) (*ir.Package, []oracleModel) {
	slices.SortFunc(docs, func(a, b *schema.Document) int { return strings.Compare(a.ModelID, b.ModelID) })
	docs = slices.DeleteFunc(docs, func(d *schema.Document) bool {
		_, diags := plan.Build([]*schema.Document{d}, plan.Pins{}, plan.Options{Package: "gen"})
		return diags.HasErrors()
	})
	pkg, diags := plan.Build(docs, plan.Pins{}, plan.Options{Package: "gen"})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	for _, d := range diags {
		if d.Rule == "pattern-not-re2" {
			figures.except(exceptPattern, 1)
		}
	}
	models := make([]oracleModel, len(docs))
	for i, doc := range docs {
		plan := &pkg.Models[i]
		if plan.ID != doc.ModelID {
			t.Fatalf("model %d is %s, its document %s", i, plan.ID, doc.ModelID)
		}
		models[i] = oracleModel{doc, plan, judgeUnchecked(t, doc, plan, figures)}
	}
	return pkg, models
}

// committedDocuments returns the documents under schemas/.
func committedDocuments(t testing.TB) []*schema.Document {
	t.Helper()
	l, err := library.Read(schemas.FS, "schemas")
	if err != nil || l.Diags.HasErrors() {
		t.Fatal(err, l)
	}
	return l.Documents
}

// archivedDocuments returns the usable schema documents in the txtar files of
// folders of testdata/. Their ids get the archive's name in front, because many
// of these describe a model of the same id.
func archivedDocuments(t testing.TB, folders ...string) []*schema.Document {
	t.Helper()
	var docs []*schema.Document
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join("..", "..", "testdata", folder, "*.txtar"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for i, f := range txtar.Parse(text).Files {
				if filepath.Ext(f.Name) != ".json" {
					continue
				}
				doc, diags := schema.Read(f.Name, f.Data)
				if diags.HasErrors() {
					continue // names.json, or a document that is there to be refused
				}
				stem := strings.TrimSuffix(filepath.Base(file), ".txtar")
				doc.ModelID = fmt.Sprintf("%s-%s-%d/%s", folder, stem, i, doc.ModelID)
				docs = append(docs, doc)
			}
		}
	}
	return docs
}
