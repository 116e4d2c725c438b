// Package lint reports every irregularity of a schema document.
package lint

import (
	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/schema"

	"github.com/genclient/genclient/internal/validate"
)

// Lint reports every oddity of a document: the site's habits as notes, what
// could bite a caller as warnings, what cannot be used as errors. The rules are
// those of docs/lint.md; the diagnostics come in the order of the file.
func Lint(d *schema.Document) diag.List {
	l := linter{doc: d}
	judge, diags := validate.Compile(d)
	l.diags = diags
	l.root()
	if judge != nil {
		l.example(judge)
		l.defaults(judge)
	}
	l.output()
	l.diags.Sort()
	return l.diags
}
