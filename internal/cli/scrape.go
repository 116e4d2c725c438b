package cli

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/scrape"

	"github.com/genclient/genclient/internal/library"
	"github.com/genclient/genclient/internal/plan"
)

// scrapeFlags are the flags of scrape.
type scrapeFlags struct {
	out    string
	models []string
	asJSON bool
}

func (a *app) scrape() *cobra.Command {
	var f scrapeFlags
	cmd := &cobra.Command{
		Use:   "scrape SOURCE...",
		Short: "Read model pages into schema documents",
		Long: `scrape reads documentation pages and catalog answers and brings a folder of
schema documents up to date with them. A SOURCE is the URL of a page or of the
catalog, a file ending in .html, .htm, .txt, .md or .json, a folder of such files,
or - for standard input.

Each document that could be read whole is written; what could not is told with
file, line and column, and the exit code is 1. Documents of other models are left
as they are. Go names of new models are pinned in names.json beside them. A
document that is up to date is not touched.

--json prints one object with the keys read (sources read, a count), added,
changed, unchanged (model ids), written (whether the folder was brought up to
date), diagnostics (as of lint).`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef(cmd, "scrape needs a SOURCE: a page, a catalog, a file, a folder or -")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.runScrape(cmd, f, args) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.out, "out", "schemas", "`DIR` of schema documents to bring up to date")
	flags.StringArrayVar(&f.models, "models", nil, "`GLOB` of model ids, may be repeated (default: all)")
	flags.BoolVar(&f.asJSON, "json", false, "print the outcome as JSON")
	return cmd
}

// scraped is the outcome of scrape as --json prints it.
type scraped struct {
	Read        int       `json:"read"`
	Added       []string  `json:"added"`
	Changed     []string  `json:"changed"`
	Unchanged   []string  `json:"unchanged"`
	Written     bool      `json:"written"`
	Diagnostics diag.List `json:"diagnostics"`
}

func (a *app) runScrape(cmd *cobra.Command, f scrapeFlags, sources []string) error {
	chosen := library.Globs(f.models)
	if err := checkGlobs(cmd, chosen); err != nil {
		return err
	}
	l, err := library.OpenOrNew(f.out)
	if err != nil {
		return err
	}
	if l.Diags.HasErrors() {
		// Without every document and pin, files and names could move.
		return a.tellScraped(f, scraped{Diagnostics: l.Diags})
	}
	progress, finish := a.progress("reading")
	var seen []string
	report, diags, err := scrape.Run(cmd.Context(), scrape.Options{
		Sources: sources,
		Stdin:   a.stdin,
		Select: func(id string) bool {
			seen = append(seen, id)
			return chosen.Match(id)
		},
		Progress: progress,
	})
	finish()
	if err != nil {
		return err
	}
	out := scraped{Read: report.Read, Diagnostics: diags}
	if !diags.HasErrors() {
		if _, err := choose(cmd, chosen, seen); err != nil {
			return err
		}
	}
	docs, changes := library.Merge(l.Documents, report.Scraped)
	pins, more := plan.Pin(l.Documents, docs, l.Pins)
	out.Diagnostics = append(out.Diagnostics, more...)
	out.Diagnostics.Sort()
	if len(docs) > 0 && !more.HasErrors() {
		if err := library.Write(f.out, docs, pins); err != nil {
			return err
		}
		out.Written = true
		out.Added, out.Changed, out.Unchanged = changes.Added, changes.Changed, changes.Unchanged
	}
	return a.tellScraped(f, out)
}

// tellScraped prints the outcome of scrape.
func (a *app) tellScraped(f scrapeFlags, out scraped) error {
	if f.asJSON {
		for _, list := range []*[]string{&out.Added, &out.Changed, &out.Unchanged} {
			*list = append([]string{}, *list...)
		}
		out.Diagnostics = append(diag.List{}, out.Diagnostics...)
		if err := writeJSON(a.stdout, out); err != nil {
			return err
		}
		return findings(out.Diagnostics, false)
	}
	a.tell(out.Diagnostics, sourceFile)
	if !out.Written {
		printf(a.stderr, "nothing was written: %s\n", tally(out.Diagnostics))
		return findings(out.Diagnostics, false)
	}
	for _, kind := range []struct {
		name string
		ids  []string
	}{{"added", out.Added}, {"changed", out.Changed}, {"unchanged", out.Unchanged}} {
		for _, id := range kind.ids {
			printf(a.stdout, "%s: %s\n", kind.name, diag.Printable(id))
		}
	}
	printf(a.stdout, "%s read into %s: %d added, %d changed, %d unchanged\n", plural(out.Read, "source"), f.out,
		len(out.Added), len(out.Changed), len(out.Unchanged))
	if n := len(out.Diagnostics); n > 0 {
		printf(a.stderr, "%s\n", tally(out.Diagnostics))
	}
	return findings(out.Diagnostics, false)
}

// sourceFile returns the text of a local source for a diagnostic's excerpt.
func sourceFile(file string) []byte {
	text, err := os.ReadFile(filepath.FromSlash(file))
	if err != nil {
		return nil // a URL or standard input: the diagnostic stands without an excerpt
	}
	return text
}
