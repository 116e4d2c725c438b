package cli

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/emit"
	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/output"
)

// generateFlags are the flags of generate.
type generateFlags struct {
	pkg, out, schemas         string
	models                    []string
	check, diff               bool
	strict, keepGoing, asJSON bool
}

func (a *app) generate() *cobra.Command {
	var f generateFlags
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Generate the Go client",
		Long: `generate writes the typed Go client of the chosen models into one folder: a file
per model and the runtime. Under "go generate" it needs no flags.

Nothing is written unless every chosen model succeeded. With --keep-going the
ones that did are written, nothing is deleted, and the exit code stays 1. With
--strict a warning is a failure of its model.

One folder holds one selection: files that an earlier run with another selection
made are deleted. Only files that start with
  ` + output.Banner + `
are ever replaced or deleted.

--check writes nothing, lists each file that is missing, differs or is not
wanted, and exits 1 if there is one. --diff writes nothing and prints the changes
as a unified diff; it exits 0 unless --check is given too.

--json prints one object with the keys package, out, schemas, models (ids),
failed (ids), files (objects with path and action: create, replace, delete),
unchanged (a count), written (whether the files were), diagnostics (as of lint).`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runGenerate(cmd, f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.pkg, "package", "", "`NAME` of the package (default: $GOPACKAGE)")
	flags.StringVar(&f.out, "out", ".", "`DIR` to write to")
	flags.StringVar(&f.schemas, "schemas", "", "`DIR` of schema documents (default: the embedded ones)")
	flags.StringArrayVar(&f.models, "models", nil, "`GLOB` of model ids, may be repeated (default: all)")
	flags.BoolVar(&f.check, "check", false, "write nothing, exit 1 when the files are not up to date")
	flags.BoolVar(&f.diff, "diff", false, "write nothing, print a unified diff")
	flags.BoolVar(&f.strict, "strict", false, "count warnings as findings")
	flags.BoolVar(&f.keepGoing, "keep-going", false, "write the models that succeeded even if others failed")
	flags.BoolVar(&f.asJSON, "json", false, "print the outcome as JSON")
	return cmd
}

// generation is one run of generate.
type generation struct {
	flags   generateFlags
	chosen  globs
	library *library
	pkg     *ir.Package
	diags   diag.List
	failed  []string // ids of chosen models with a finding
	plan    *output.Plan
	written bool
}

func (a *app) runGenerate(cmd *cobra.Command, f generateFlags) error {
	if f.pkg == "" {
		f.pkg = a.env("GOPACKAGE")
	}
	if reason := badPackageName(f.pkg); reason != "" {
		return usagef(cmd, "%s", reason)
	}
	if f.diff && f.asJSON {
		return usagef(cmd, "--diff and --json exclude each other")
	}
	g := &generation{flags: f, chosen: f.models}
	if err := g.chosen.checkSyntax(cmd); err != nil {
		return err
	}
	if err := packageConflict(f.out, f.pkg); err != nil {
		return err
	}
	var err error
	if g.library, err = readLibrary(f.schemas); err != nil {
		return err
	}
	if f.schemas == "" {
		printf(a.stderr, "using the %s embedded in genclient\n", plural(len(g.library.docs), "schema"))
	} else {
		printf(a.stderr, "using the %s in %s\n", plural(len(g.library.docs), "schema"), g.library.dir)
	}
	if len(g.library.docs) == 0 && len(g.library.diags) == 0 {
		return errors.New("there is no schema document; genclient scrape writes some")
	}
	if _, err := g.chosen.choose(cmd, g.library.ids()); err != nil && !g.library.diags.HasErrors() {
		return err
	}
	proceed, err := g.prepare()
	if err != nil {
		return err
	}
	if proceed && !f.check && !f.diff {
		if err := g.plan.Apply(); err != nil {
			return err
		}
		g.written = true
	}
	if err := a.tellGenerated(g, proceed); err != nil {
		return err
	}
	drifted := f.check && g.plan != nil && len(g.plan.Changes) > 0
	if drifted || g.diags.Count(g.limit()) > 0 {
		return errFindings
	}
	return nil
}

// limit is the severity from which on a diagnostic is a finding.
func (g *generation) limit() diag.Severity {
	if g.flags.strict {
		return diag.Warning
	}
	return diag.Error
}

// prepare plans the package and its files. It reports whether they may be
// written.
func (g *generation) prepare() (bool, error) {
	pkg, planned := ir.Build(g.library.docs, g.library.pins, ir.Options{Package: g.flags.pkg, Select: g.chosen.match})
	g.pkg, g.diags = pkg, append(slices.Clone(g.library.diags), planned...)
	g.diags.Sort()
	if g.diags.Count(g.limit()) > 0 {
		if !g.flags.keepGoing || g.library.namesBroken || !g.leaveOutFailed() {
			return false, nil
		}
	}
	files, err := emit.Files(g.pkg)
	if err != nil {
		return false, fmt.Errorf("generating: %w", err)
	}
	if g.plan, err = output.Compare(g.flags.out, files, output.GoPackage()); err != nil {
		return false, err
	}
	if g.diags.Count(g.limit()) > 0 {
		// What a failed model has from an earlier run is better than nothing.
		g.plan.Changes = slices.DeleteFunc(g.plan.Changes, func(c output.Change) bool { return c.Action == output.Delete })
		return true, nil
	}
	g.diags = append(g.diags, g.unselected()...)
	return g.flags.keepGoing || g.diags.Count(g.limit()) == 0, nil
}

// leaveOutFailed plans the package again without the models that have a
// finding. It reports whether that leaves a package worth writing.
func (g *generation) leaveOutFailed() bool {
	bad := map[string]bool{}
	for _, d := range g.diags {
		if id, _, _ := strings.Cut(d.Subject, "#"); d.Severity >= g.limit() && id != "" && g.chosen.match(id) {
			bad[id] = true
		}
	}
	for _, m := range g.pkg.Models {
		if bad[m.ID] {
			g.failed = append(g.failed, m.ID)
		}
	}
	pkg, planned := ir.Build(g.library.docs, g.library.pins, ir.Options{Package: g.flags.pkg,
		Select: func(id string) bool { return g.chosen.match(id) && !bad[id] }})
	g.pkg = pkg
	return len(pkg.Models) > 0 && planned.Count(g.limit()) == 0
}

// unselected warns once when files are to be deleted whose models are known but
// not chosen: most likely two selections were sent to one folder.
func (g *generation) unselected() diag.List {
	if len(g.chosen) == 0 || g.plan.Count(output.Delete) == 0 {
		return nil
	}
	all, _ := ir.Build(g.library.docs, g.library.pins, ir.Options{Package: g.flags.pkg})
	owner := map[string]string{}
	for _, m := range all.Models {
		owner[m.File+".gen.go"] = m.ID
	}
	var ids []string
	first := ""
	for _, c := range g.plan.Changes {
		if id, ok := owner[c.Path]; ok && c.Action == output.Delete {
			ids = append(ids, id)
			first = cmp.Or(first, g.shown(c.Path))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	message := "the file is to be deleted: --models does not choose its model"
	if len(ids) > 1 {
		message = fmt.Sprintf("this file and %s are to be deleted: --models does not choose their models", plural(len(ids)-1, "more file"))
	}
	return diag.List{{Pos: diag.Position{File: first}, Severity: diag.Warning, Rule: "unselected-deleted", Subject: ids[0],
		Message: message, Hint: "a folder holds one selection: choose these models too, or give them a folder of their own"}}
}

// shown returns the path of a generated file as the user would write it.
func (g *generation) shown(name string) string {
	return path.Join(filepath.ToSlash(g.flags.out), name)
}
