// Package lint reports every irregularity of schema documents.
package lint

import (
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/dialect"
	"github.com/genclient/genclient/internal/schema"
	"github.com/genclient/genclient/internal/validate"
)

// Documents reports every irregularity of the documents: what the site has as a
// convention as notes, what could surprise a caller as warnings. planned is what
// planning them reports, plan.Build; it is part of the list. The caller sorts and merges.
func Documents(docs []*schema.Document, planned diag.List) diag.List {
	lists := make([]diag.List, len(docs))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, d := range docs {
		group.Go(func() error {
			lists[i] = Document(d)
			return nil
		})
	}
	_ = group.Wait() // no function returns an error
	var diags diag.List
	for _, l := range lists {
		diags = append(diags, l...)
	}
	return union(diags, planned)
}

// union returns what planning reports and, of what the rules report, what planning does
// not report at the same place. Both ask package dialect; a schema that several
// properties refer to is reported under the paths of these.
func union(diags, planned diag.List) diag.List {
	type place struct {
		pos  diag.Position
		rule string
	}
	known := map[place]bool{}
	for _, d := range planned {
		known[place{d.Pos, d.Rule}] = true
	}
	out := slices.Clone(planned)
	for _, d := range diags {
		if !known[place{d.Pos, d.Rule}] {
			out = append(out, d)
		}
	}
	return out
}

// Document reports what the rules of docs/lint.md find in one document, each place of
// its own, in the order of the file.
func Document(d *schema.Document) diag.List {
	l := linter{doc: d, refs: dialect.ReadReferences(d.Input)}
	validator, diags := validate.Compile(d)
	l.diags = diags
	l.root()
	if validator != nil {
		l.example(validator)
		l.defaults(validator)
	}
	l.output()
	l.diags.Sort()
	return l.diags
}
