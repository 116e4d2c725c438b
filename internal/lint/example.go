package lint

import (
	"fmt"

	"github.com/genclient/genclient/internal/dialect"
	"github.com/genclient/genclient/internal/jsontree"

	"github.com/genclient/genclient/internal/validate"
)

// example checks the page's request body. A page shows the required properties
// with their defaults, or "" or [] without one: such placeholders are a note.
func (l *linter) example(validator *validate.Validator) {
	example := l.doc.Example
	if example == nil {
		return
	}
	placeholders := map[string]bool{}
	if example.Is(jsontree.Object) {
		for _, name := range l.doc.Input.Get("required").Strings() {
			if v := example.Get(name); isPlaceholder(v) {
				placeholders[name] = true
				l.report("example-incomplete", v.Offset, name, fmt.Sprintf("the example has %s for the required %q", v.Compact(), name))
			}
		}
		props := l.doc.Input.Get("properties")
		for _, m := range example.Members {
			if props.Is(jsontree.Object) && props.Get(m.Name) == nil {
				l.report("example-unknown-property", m.Offset, m.Name, fmt.Sprintf("the example uses %q, which is not a property", m.Name))
			}
		}
	}
	for _, f := range validator.ValidateTree(example) {
		switch {
		case placeholders[f.Path]:
		case isPlaceholder(f.Value) || f.Keyword == "required":
			l.report("example-incomplete", f.Value.Offset, f.Path, "the example violates "+f.Keyword+": "+f.Message)
		default:
			l.report("example-mismatch", f.Value.Offset, f.Path, "the example violates "+f.Keyword+": "+f.Message)
		}
	}
}

// isPlaceholder reports whether the page had nothing to show for the value.
func isPlaceholder(v *jsontree.Value) bool {
	return v.Is(jsontree.String) && v.Text == "" || v.Is(jsontree.Array) && len(v.Elems) == 0
}

// output notes an output schema that is not the one block that all models share.
func (l *linter) output() {
	if out := l.doc.OutputSchema(); out != nil {
		for _, p := range dialect.OutputDiffers(out, "->") {
			l.problem(&p, p.Path)
		}
	}
}
