package cli

import (
	"slices"
	"strings"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/emit"
	"github.com/genclient/genclient/internal/output"
)

// generated is the outcome of generate as --json prints it.
type generated struct {
	Package     string          `json:"package"`
	Out         string          `json:"out"`
	Schemas     string          `json:"schemas"`
	Models      []string        `json:"models"`
	Failed      []string        `json:"failed"`
	Files       []generatedFile `json:"files"`
	Unchanged   int             `json:"unchanged"`
	Written     bool            `json:"written"`
	Diagnostics diag.List       `json:"diagnostics"`
}

type generatedFile struct {
	Path   string        `json:"path"`
	Action output.Action `json:"action"`
}

// printGenerated prints the outcome of generate.
func (a *app) printGenerated(g *generation) error {
	if g.flags.asJSON {
		return writeJSON(a.stdout, g.json())
	}
	a.report(g.Diags, g.library)
	if !g.Proceed {
		printf(a.stderr, "nothing was written: %s\n", tally(g.Diags))
		return nil
	}
	if len(g.Failed) > 0 {
		printf(a.stderr, "left out: %s\n", diag.Printable(strings.Join(g.Failed, ", ")))
	}
	if g.flags.diff {
		printf(a.stdout, "%s", g.Files.Diff())
	}
	if g.flags.check {
		a.printDrift(g)
	}
	if g.written {
		p := g.Files
		printf(a.stdout, "package %s: %s, %s created, %d replaced, %d deleted, %d unchanged\n", g.flags.pkg,
			plural(len(g.Package.Models), "model"), plural(p.Count(output.Create), "file"), p.Count(output.Replace),
			p.Count(output.Delete), p.Unchanged)
		if n := p.Placeholders(); n > 0 {
			printf(a.stdout, "placeholders left for go generate, which the next run deletes: %d\n", n)
		}
		a.printNeeds(g)
	}
	return nil
}

// printNeeds prints what the module needs for an adapter that has just been
// written or changed.
func (a *app) printNeeds(g *generation) {
	folder := emit.RiverPackage(g.flags.pkg)
	changed := slices.ContainsFunc(g.Files.Changes, func(c output.Change) bool {
		return strings.HasPrefix(c.Path, folder+"/")
	})
	if !changed {
		return
	}
	modules, goVersion := emit.RiverNeeds()
	printf(a.stderr, "%s needs Go %s or later and, in your module:\n  go get %s\n", g.shown(folder), goVersion,
		strings.Join(modules, " "))
}

// printDrift lists each file that is not as generated and what updates it. With --diff
// the list goes to standard error, so that the diff can be piped.
func (a *app) printDrift(g *generation) {
	p := g.Files
	if g.LineEnds > 0 {
		printf(a.stderr, "%s with CRLF line ends; to keep LF, write to .gitattributes:\n  *.gen.go text eol=lf\n",
			plural(g.LineEnds, "file"))
	}
	if len(p.Changes) == 0 {
		printf(a.stderr, "%s up to date\n", plural(p.Unchanged, "file"))
		return
	}
	for _, c := range p.Changes {
		if g.flags.diff {
			printf(a.stderr, "%s: %s\n", c.Action.Drift(), g.shown(c.Path))
		} else {
			printf(a.stdout, "%s: %s\n", c.Action.Drift(), g.shown(c.Path))
		}
	}
	fix := "Run go generate where a directive runs genclient; elsewhere, in the way that ran this:\n  " + g.command()
	if file := a.env("GOFILE"); file != "" { // go generate set it: the directive is the command
		fix = "Run the directive in " + file + " without --check."
	}
	are := "are"
	if len(p.Changes) == 1 {
		are = "is"
	}
	printf(a.stderr, "%s %s out of date. %s\n", plural(len(p.Changes), "file"), are, fix)
}

// command returns the command line that writes what this run has planned.
func (g *generation) command() string {
	f := g.flags
	words := []string{"genclient", "generate", "--package", f.pkg}
	add := func(flag, value string) { words = append(words, flag, shellQuote(value)) }
	if f.out != "." {
		add("--out", f.out)
	}
	if f.schemas != "" {
		add("--schemas", f.schemas)
	}
	for _, glob := range f.models {
		add("--models", glob)
	}
	for _, name := range f.with {
		add("--with", name)
	}
	if f.keepGoing {
		words = append(words, "--keep-going")
	}
	return strings.Join(words, " ")
}

// shellQuote quotes s for a POSIX shell where that is needed.
func shellQuote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' ||
			strings.ContainsRune("/._-+:@%,", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func (g *generation) json() generated {
	out := generated{Package: g.flags.pkg, Out: g.flags.out, Schemas: g.library.Dir, Models: []string{},
		Failed: append([]string{}, g.Failed...), Files: []generatedFile{}, Written: g.written,
		Diagnostics: append(diag.List{}, g.Diags...)}
	for _, m := range g.Package.Models {
		out.Models = append(out.Models, m.ID)
	}
	if g.Files != nil {
		out.Unchanged = g.Files.Unchanged
		for _, c := range g.Files.Changes {
			out.Files = append(out.Files, generatedFile{c.Path, c.Action})
		}
	}
	return out
}
