package cli

import (
	"os"
	"path"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/genclient/genclient/internal/emit"
	"github.com/genclient/genclient/internal/generate"
	"github.com/genclient/genclient/internal/library"
)

// generateFlags are the flags of generate.
type generateFlags struct {
	pkg, out, schemas         string
	models, with              []string
	check, diff               bool
	strict, keepGoing, asJSON bool
}

func (a *app) generate() *cobra.Command {
	var f generateFlags
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Generate the Go client",
		Long: `generate writes the typed Go client of the chosen models into one folder: a file
per model and the runtime. Under "go generate" it needs no flags. Without --package
the name is that of the package in --out, else $GOPACKAGE, else that of the folder.

Nothing is written unless every chosen model succeeded. With --keep-going the
ones that did are written, nothing is deleted, and the exit code stays 1. With
--strict a warning is a failure of its model, also one of lint.

One folder holds one selection: files that an earlier run with another selection
made are deleted. Only files that start with
  ` + emit.Banner + `
are ever replaced or deleted.

The go command fails when a file that it has listed vanishes. Under "go generate"
a file that is not wanted any more is therefore left as a placeholder, which no
build takes; the next run deletes it, and --check takes it as up to date.

--with river writes one more package, NAMEriver in the folder of that name below
the client's: it runs the client's requests as jobs of River, on SQLite or
Postgres. It needs a go.mod above --out, and the modules that the run prints.

--check writes nothing, lists each file that is missing, differs or is not
wanted, and exits 1 if there is one. --diff writes nothing and prints the changes
as a unified diff; it exits 0 unless --check is given too.

--json prints one object with the keys package, out, schemas, models (ids),
failed (ids), files (objects with path and action: create, replace, delete),
unchanged (a count), written (whether the files were), diagnostics (as of lint).`,
		Example: `  genclient generate --package runcomfy --out runcomfy
  genclient generate --out runcomfy --models 'kling/**' --models '!kling/kling-1-6/**'
  genclient generate --out runcomfy --models 'kling/**' --models '!kling/kling-1-6/**' --check`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runGenerate(cmd, f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.pkg, "package", "", "`NAME` of the package (default: that of the package in --out)")
	flags.StringVar(&f.out, "out", ".", "`DIR` to write to")
	flags.StringVar(&f.schemas, "schemas", "", "`DIR` of schema documents (default: the embedded ones)")
	flags.StringArrayVar(&f.models, "models", nil, "`GLOB` of model ids, may be repeated (default: all)")
	flags.StringArrayVar(&f.with, "with", nil, "`ADAPTER` to write beside the client, may be repeated: river")
	flags.BoolVar(&f.check, "check", false, "write nothing, exit 1 when the files are not up to date")
	flags.BoolVar(&f.diff, "diff", false, "write nothing, print a unified diff")
	flags.BoolVar(&f.strict, "strict", false, "count warnings as findings")
	flags.BoolVar(&f.keepGoing, "keep-going", false, "write the models that succeeded even if others failed")
	flags.BoolVar(&f.asJSON, "json", false, "print the outcome as JSON")
	completeFlags(cmd, map[string]completions{"models": completeGlobs, "with": completeAmong("river")})
	return cmd
}

// generation is one run of generate.
type generation struct {
	*generate.Result
	flags   generateFlags
	library *library.Library
	written bool
}

func (a *app) runGenerate(cmd *cobra.Command, f generateFlags) error {
	if err := checkFolder(cmd, "out", f.out); err != nil {
		return err
	}
	if f.pkg == "" {
		var err error
		if f.pkg, err = generate.DefaultPackage(f.out, a.env("GOPACKAGE")); err != nil {
			return err
		}
	}
	if reason := generate.BadPackageName(f.pkg); reason != "" {
		return usagef(cmd, "%s", reason)
	}
	if f.diff && f.asJSON {
		return usagef(cmd, "--diff and --json exclude each other")
	}
	opts := generate.Options{Package: f.pkg, Out: f.out, Models: f.models, Strict: f.strict, KeepGoing: f.keepGoing,
		Check: f.check, Directive: generate.Directive{File: a.env("GOFILE"), Line: a.env("GOLINE")}, With: f.with}
	for _, name := range f.with {
		if reason := generate.BadAdapter(name); reason != "" {
			return usagef(cmd, "%s", reason)
		}
	}
	if err := checkGlobs(cmd, opts.Models); err != nil {
		return err
	}
	if err := generate.PackageConflict(f.out, f.pkg); err != nil {
		return err
	}
	var err error
	if opts.Library, err = openLibrary(f.schemas); err != nil {
		return err
	}
	g := &generation{flags: f, library: opts.Library}
	a.printSchemas(g.library)
	if len(g.library.Documents) > 0 && !g.library.Diags.HasErrors() {
		if _, err := choose(cmd, opts.Models, g.library.IDs()); err != nil {
			return err
		}
	}
	if g.Result, err = generate.Run(opts); err != nil {
		return err
	}
	if g.Proceed && !f.check && !f.diff {
		if err := g.Files.Apply(); err != nil {
			return err
		}
		g.written = true
	}
	if err := a.printGenerated(g); err != nil {
		return err
	}
	drifted := f.check && g.Files != nil && len(g.Files.Changes) > 0
	if drifted || g.Diags.Count(opts.Limit()) > 0 {
		return errFindings
	}
	return nil
}

// printSchemas prints which schemas are used, because those embedded may be taken for
// others.
func (a *app) printSchemas(l *library.Library) {
	schemas := plural(len(l.Documents), "schema")
	if l.Dir != library.Embedded {
		printf(a.stderr, "using the %s in %s\n", schemas, l.Dir)
		return
	}
	printf(a.stderr, "using the %s embedded in genclient\n", schemas)
	if info, err := os.Stat("schemas"); err == nil && info.IsDir() {
		printf(a.stderr, "warning: the folder ./schemas is not used; to generate from it add --schemas schemas\n")
	}
}

// shown returns the path of a generated file as the user would write it.
func (g *generation) shown(name string) string {
	return path.Join(filepath.ToSlash(g.flags.out), name)
}
