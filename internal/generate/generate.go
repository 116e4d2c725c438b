// Package generate is the engine behind generate, its --check and its --diff:
// options in, a plan of the files and diagnostics out. It writes nothing itself.
package generate

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/emit"
	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/library"
	"github.com/genclient/genclient/internal/lint"
	"github.com/genclient/genclient/internal/output"
	"github.com/genclient/genclient/internal/plan"
)

// Options say what to generate.
type Options struct {
	Package   string // name of the Go package
	Out       string // folder of the package
	Library   *library.Library
	Models    library.Globs // none select all
	Strict    bool          // what lint reports counts too, and a warning is a failure of its model
	KeepGoing bool          // leave out models that failed
	Check     bool          // the files are compared only: placeholders are up to date
	Directive Directive     // the go:generate directive that runs genclient, if any
	With      []string      // adapters to write below the package's folder, see Adapters
}

// Limit is the severity from which on a diagnostic is a finding.
func (o Options) Limit() diag.Severity {
	if o.Strict {
		return diag.Warning
	}
	return diag.Error
}

// Result is what a run has come to.
type Result struct {
	Package *ir.Package
	Files   *output.Plan // nil when the package could not be planned
	Diags   diag.List
	Failed  []string // ids of selected models that were left out
	// LineEnds is how many files --check takes for up to date although a checkout
	// gave them CRLF line ends.
	LineEnds int
	// Proceed says that the files may be written. Otherwise Diags holds findings.
	Proceed bool
}

// Run plans the package and its files. The error is one of the file system or a
// defect of the generator; problems of schemas are in Diags.
func Run(opts Options) (*Result, error) {
	if len(opts.Library.Documents) == 0 && len(opts.Library.Diags) == 0 {
		return nil, errors.New("there is no schema document; genclient scrape writes some")
	}
	g := &run{Options: opts}
	proceed, err := g.prepare()
	if err != nil {
		return nil, err
	}
	return &Result{Package: g.pkg, Files: g.files, Diags: g.diags, Failed: g.failed,
		LineEnds: g.lineEnds, Proceed: proceed}, nil
}

// Diagnose returns what reading, the rules of lint, and planning report on the selected
// models, sorted: what Run with Strict has before it looks at files.
func Diagnose(l *library.Library, models library.Globs) diag.List {
	_, diags := diagnose(l, models, "", true)
	return diags
}

// diagnose plans a package and returns what is reported on it, with the rules of lint or
// without.
func diagnose(l *library.Library, models library.Globs, pkg string, rules bool) (*ir.Package, diag.List) {
	planned, diags := l.Plan(plan.Options{Package: pkg, Select: models.Match})
	if rules {
		diags = lint.Documents(l.Select(models), diags)
	}
	diags = append(slices.Clone(l.Diags), diags.Merge()...)
	diags.Sort()
	return planned, diags
}

// run is one run in progress.
type run struct {
	Options
	pkg    *ir.Package
	files  *output.Plan
	diags  diag.List
	failed []string

	lineEnds int
}

// prepare plans the package and its files. It reports whether they may be
// written.
func (g *run) prepare() (bool, error) {
	g.pkg, g.diags = diagnose(g.Library, g.Models, g.Package, g.Strict)
	if g.diags.Count(g.Limit()) > 0 {
		if !g.KeepGoing || g.Library.NamesBroken || !g.leaveOutFailed() {
			return false, nil
		}
	}
	files, err := emit.Files(g.pkg)
	if err != nil {
		return false, fmt.Errorf("generating: %w", err)
	}
	adapters, err := g.adapters()
	if err != nil {
		return false, err
	}
	if g.files, err = output.Compare(g.Out, append(files, adapters...), g.owner()); err != nil {
		return false, err
	}
	if g.Check {
		g.lineEnds = g.files.IgnoreLineEnds()
	}
	if g.diags.Count(g.Limit()) > 0 {
		// What a failed model has from an earlier run is better than nothing.
		g.files.Changes = slices.DeleteFunc(g.files.Changes,
			func(c output.Change) bool { return c.Action == output.Delete })
		return true, nil
	}
	g.diags = append(g.diags, g.unselected()...)
	return g.KeepGoing || g.diags.Count(g.Limit()) == 0, nil
}

// leaveOutFailed plans the package again without the models that have a
// finding. It reports whether that leaves a package worth writing.
func (g *run) leaveOutFailed() bool {
	bad := map[string]bool{}
	for _, d := range g.diags {
		if id, _, _ := strings.Cut(d.Subject, "#"); d.Severity >= g.Limit() && id != "" && g.Models.Match(id) {
			bad[id] = true
		}
	}
	for _, m := range g.pkg.Models {
		if bad[m.ID] {
			g.failed = append(g.failed, m.ID)
		}
	}
	pkg, planned := g.Library.Plan(plan.Options{Package: g.Package,
		Select: func(id string) bool { return g.Models.Match(id) && !bad[id] }})
	g.pkg = pkg
	return len(pkg.Models) > 0 && planned.Count(g.Limit()) == 0
}

// unselected warns once when files are to be deleted whose models are known but
// not chosen: most likely two selections were sent to one folder.
func (g *run) unselected() diag.List {
	if len(g.Models) == 0 || g.files.Count(output.Delete) == 0 {
		return nil
	}
	all, _ := g.Library.Plan(plan.Options{Package: g.Package})
	owner := map[string]string{}
	for _, m := range all.Models {
		owner[m.File+".gen.go"] = m.ID
	}
	var ids []string
	first := ""
	for _, c := range g.files.Changes {
		if id, ok := owner[c.Path]; ok && c.Action == output.Delete && emptiedBy(c.Old) == "" {
			ids = append(ids, id)
			first = cmp.Or(first, g.shown(c.Path))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	message := "the file is to be deleted: --models does not choose its model"
	if len(ids) > 1 {
		more := "1 more file"
		if len(ids) > 2 {
			more = fmt.Sprintf("%d more files", len(ids)-1)
		}
		message = fmt.Sprintf("this file and %s are to be deleted: --models does not choose their models", more)
	}
	return diag.List{diag.New("unselected-deleted", diag.Position{File: first}, ids[0], message)}
}

// shown returns the path of a generated file as the user would write it.
func (g *run) shown(name string) string {
	return path.Join(filepath.ToSlash(g.Out), name)
}
