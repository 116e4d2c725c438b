package schema

import (
	"github.com/genclient/genclient/internal/diag"
)

// Lint reports every oddity of a document: the site's habits as notes, what
// could bite a caller as warnings, what cannot be used as errors. The rules are
// those of docs/lint.md; the diagnostics come in the order of the file.
func Lint(d *Document) diag.List {
	l := linter{doc: d}
	judge, diags := Compile(d)
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

// A rule is one kind of oddity that Lint and Compile know.
type rule struct {
	name     string // stable, in kebab case
	severity diag.Severity
	hint     string // what genclient does about it
}

// diagnostic builds a diagnostic of a rule at an offset of the document's file.
// path is the property that it is about.
func (d *Document) diagnostic(name string, offset int, path, message string) diag.Diagnostic {
	subject := d.ModelID
	if path != "" {
		subject += "#" + path
	}
	r := ruleNamed(name)
	return diag.Diagnostic{Pos: d.Position(offset), Severity: r.severity, Rule: name,
		Subject: subject, Message: message, Hint: r.hint}
}

func ruleNamed(name string) rule {
	for _, r := range lintRules {
		if r.name == name {
			return r
		}
	}
	panic("no lint rule is named " + name)
}
