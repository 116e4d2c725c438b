// Package plan turns schema documents into the typed plan of package ir: types,
// fields, checks, media rules, and Go names with their pins.
package plan

import (
	"crypto/sha256"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/schema"

	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/jsontree"

	"github.com/genclient/genclient/internal/dialect"
)

// Options choose what Build plans.
type Options struct {
	Package string
	// Select says which models the package has; nil selects all. Names do not
	// depend on it: they are settled over all documents.
	Select func(modelID string) bool
}

// Build plans a package from documents, one a model. The diagnostics tell
// what was decided where a page left a choice; with an error among them the
// package must not be used.
func Build(docs []*schema.Document, pins Pins, opts Options) (*ir.Package, diag.List) {
	builders := buildAll(docs)
	diags := settleNames(builders, pins)
	pkg := &ir.Package{Name: opts.Package}
	digest := sha256.New()
	for _, b := range builders {
		if opts.Select == nil || opts.Select(b.model.ID) {
			// A hash takes anything.
			_, _ = fmt.Fprintf(digest, "%q\n%s\n%s\n", b.doc.ModelID, b.doc.Input.Compact(), compact(b.doc.Output))
			b.model.File = fileName(b.model.Name)
			pkg.Models = append(pkg.Models, *b.model)
			diags = append(diags, b.diags...)
		}
	}
	pkg.Digest = fmt.Sprintf("%x", digest.Sum(nil))
	diags.Sort()
	return pkg, diags
}

// compact returns the JSON of a schema, "" of none.
func compact(v *jsontree.Value) string {
	if v == nil {
		return ""
	}
	return v.Compact()
}

// buildAll builds every document by itself, in parallel, and returns the models
// in the order of their ids, which names depend on.
func buildAll(docs []*schema.Document) []*builder {
	docs = slices.Clone(docs)
	slices.SortFunc(docs, func(a, b *schema.Document) int { return strings.Compare(a.ModelID, b.ModelID) })
	builders := make([]*builder, len(docs))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, d := range docs {
		group.Go(func() error {
			builders[i] = build(d)
			return nil
		})
	}
	group.Wait() // no build returns an error
	return builders
}

// build plans one model under its pure names.
func build(d *schema.Document) *builder {
	b := &builder{
		doc:      d,
		resolve:  resolver{dialect.ReadReferences(d.Input)},
		made:     map[*jsontree.Value]ir.Type{},
		building: map[*ir.Struct]bool{},
		model: &ir.Model{
			ID:          d.ModelID,
			Name:        modelName(d.ModelID),
			Title:       dialect.PlainText(d.Title),
			Description: dialect.PlainText(d.Description),
			URL:         d.URL,
			Removed:     d.Removed,
			OutputKind:  dialect.OutputKind(d.ModelID, d.Categories, d.Output),
		},
	}
	b.model.Input = b.root(d.Input, place{name: b.model.Name + "Input", root: true})
	if own := ownOutput(d); own != nil {
		b.output = true
		b.resolve = resolver{dialect.ReadReferences(d.Output)}
		b.made = map[*jsontree.Value]ir.Type{}
		b.model.Output = b.root(own, place{path: outputRoot, name: b.model.Name + "Output", root: true})
	}
	return b
}

// outputRoot is the path of the output in the keys of pins, which keeps its
// properties apart from the input's.
const outputRoot = "->"

// root builds the input or output struct. A root that is not an object with
// properties has no fields; lint says why, and SubmitRaw still reaches it.
func (b *builder) root(v *jsontree.Value, p place) *ir.Struct {
	n := b.resolve.node(v)
	if n.raw != "" || n.never || n.typ != "object" || n.properties == nil {
		problem := dialect.RootWithoutProperties(v)
		b.problem(&problem, p.path)
		return &ir.Struct{Name: p.name}
	}
	s := b.structOf(n, p)
	if !b.output {
		rules, malformed := n.rules()
		s.Unchecked = append(unchecked(n), malformed...)
		for _, v := range rules {
			s.Unchecked = append(s.Unchecked, b.ruleUnchecked(v, p.path, false))
		}
		b.settleDistant()
	}
	return s
}

// ownOutput returns a model's output schema if it names properties and is not the
// shared one.
func ownOutput(d *schema.Document) *jsontree.Value {
	v := d.OutputSchema()
	properties := v.Get("properties")
	if !properties.Is(jsontree.Object) || len(properties.Members) == 0 || len(dialect.OutputDiffers(v, "")) == 0 {
		return nil
	}
	return v
}
