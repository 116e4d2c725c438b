package schema

import (
	"github.com/genclient/genclient/internal/diag"
)

// Lint reports every oddity of a document: the site's habits as notes, what
// could bite a caller as warnings, what cannot be used as errors. The rules are
// those of Rules; the diagnostics come in the order of the file.
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

// Rules returns the rules of Lint, sorted by name.
func Rules() []Rule { return append([]Rule(nil), rules...) }

// A Rule is one kind of oddity that Lint knows.
type Rule struct {
	Name     string // stable, in kebab case
	Severity diag.Severity
	Hint     string // what genclient does about it
}

// diagnostic builds a diagnostic of a rule at an offset of the document's file.
// path is the property that it is about.
func (d *Document) diagnostic(rule string, offset int, path, message string) diag.Diagnostic {
	subject := d.ModelID
	if path != "" {
		subject += "#" + path
	}
	r := ruleNamed(rule)
	return diag.Diagnostic{Pos: d.Position(offset), Severity: r.Severity, Rule: rule,
		Subject: subject, Message: message, Hint: r.Hint}
}

func ruleNamed(name string) Rule {
	for _, r := range rules {
		if r.Name == name {
			return r
		}
	}
	panic("no lint rule is named " + name)
}
