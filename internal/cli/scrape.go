package cli

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/genclient/genclient/internal/crawl"
	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/fetch"
	"github.com/genclient/genclient/internal/library"
)

// scrapeFlags are the flags of scrape.
type scrapeFlags struct {
	library.UpdateOptions
	models       []string
	asJSON       bool
	rate         float64
	workers      int
	cache        string
	noCache      bool
	ignoreRobots bool
}

const scrapeLong = `scrape reads documentation pages and catalog answers and brings a folder of
schema documents up to date with them. A SOURCE is

  https://www.runcomfy.com/    a site: every model that it lists
  a URL of a page, of an index page, of a sitemap
  https://model-api.runcomfy.net/v1/models
                               a catalog, read to its end; the token is that of
                               RUNCOMFY_API_TOKEN or RUNCOMFY_TOKEN
  a file ending in .html, .htm, .txt, .md or .json, a folder of such files
  -                            standard input

A site is read as its robots.txt allows, at a polite rate. Its pages are kept in a
cache; the next run asks only which of them changed. Interrupted, it goes on where
it was.

Each document that could be read whole is written; what could not is reported with
file, line and column, and the exit code is 1. Documents of other models are left
as they are. A model that has vanished from every kind of source its document came
from is marked as removed; --prune deletes the document. When a run misses too
many of the models that it should meet, nothing at all is written. Go names of new
models are pinned in names.json beside the documents.

--json prints one object with the keys read (URLs and files, a count), added,
changed (each with id and changes), unchanged, removed, pruned (model ids), written
(whether the folder was brought up to date), outcomes (URLs and files by outcome),
found (models by the way in which their page was found), requests, retries and
diagnostics (as of lint).`

func (a *app) scrape() *cobra.Command {
	var f scrapeFlags
	cmd := &cobra.Command{
		Use:   "scrape SOURCE...",
		Short: "Read a site, pages or a catalog into schema documents",
		Long:  scrapeLong,
		Example: `  genclient scrape https://www.runcomfy.com/
  genclient scrape https://www.runcomfy.com/ https://model-api.runcomfy.net/v1/models
  genclient scrape https://www.runcomfy.com/models/kling/kling-2-6/pro/api --out schemas
  genclient scrape saved-pages/ --models 'kling/**'`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef(cmd, "scrape needs a SOURCE: a site, a page, a catalog, a file, a folder or -")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.runScrape(cmd, f, args) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.Dir, "out", "schemas", "`DIR` of schema documents to bring up to date")
	flags.StringArrayVar(&f.models, "models", nil, "`GLOB` of model ids, may be repeated (default: all)")
	flags.Float64Var(&f.rate, "rate", fetch.DefaultRate, "`N` requests per second and host; 0 sets no limit")
	flags.IntVar(&f.workers, "workers", crawl.DefaultWorkers, "read `N` sources at a time")
	flags.StringVar(&f.cache, "cache", "", "`DIR` that keeps pages for the next run (default: in the user's cache folder)")
	flags.BoolVar(&f.noCache, "no-cache", false, "keep no pages and use none that were kept")
	flags.BoolVar(&f.ignoreRobots, "ignore-robots", false, "read what robots.txt refuses too")
	flags.IntVar(&f.Min, "min", 0, "write nothing when fewer models than this `N` were read")
	flags.Float64Var(&f.MaxMissing, "max-missing", library.DefaultMaxMissing,
		"write nothing when more than this `SHARE` of the known models is missing, and more than two")
	flags.BoolVar(&f.Prune, "prune", false, "delete the documents of models that were removed")
	flags.BoolVar(&f.asJSON, "json", false, "print the outcome as JSON")
	completeFlags(cmd, map[string]completions{"models": completeGlobs})
	return cmd
}

// check refuses values of flags that cannot be meant.
func (f *scrapeFlags) check(cmd *cobra.Command) error {
	switch {
	case !(f.rate >= 0):
		return usagef(cmd, "--rate is at least 0, not %g", f.rate)
	case f.workers < 1 || f.workers > 64:
		return usagef(cmd, "--workers is from 1 to 64, not %d", f.workers)
	case f.Min < 0:
		return usagef(cmd, "--min is at least 0, not %d", f.Min)
	case !(f.MaxMissing >= 0 && f.MaxMissing <= 1):
		return usagef(cmd, "--max-missing is a share from 0 to 1, not %g", f.MaxMissing)
	case f.noCache && f.cache != "":
		return usagef(cmd, "--cache and --no-cache exclude each other")
	}
	return nil
}

// scraped is the outcome of scrape as --json prints it.
type scraped struct {
	Read        int            `json:"read"`
	Added       []string       `json:"added"`
	Changed     []changed      `json:"changed"`
	Unchanged   []string       `json:"unchanged"`
	Removed     []string       `json:"removed"`
	Pruned      []string       `json:"pruned"`
	Written     bool           `json:"written"`
	Outcomes    map[string]int `json:"outcomes"`
	Found       map[string]int `json:"found"`
	Requests    int            `json:"requests"`
	Retries     int            `json:"retries"`
	Diagnostics diag.List      `json:"diagnostics"`
}

// changed is a document that differs from before.
type changed struct {
	ID      string   `json:"id"`
	Changes []string `json:"changes"`
}

// scrapeMemory returns how many bytes a scrape may take before the collector works
// harder: a site's pages come one after the other, and few of them are needed at a
// time. A file is read as a whole, and its tree takes several times its size: with less,
// a large catalog would be collected over and over.
func scrapeMemory(sources []string) int64 {
	const pages, perByte = 96 << 20, 16
	var largest int64
	for _, source := range sources {
		_ = filepath.WalkDir(source, func(_ string, entry fs.DirEntry, err error) error { // a URL is no file
			if err != nil || !entry.Type().IsRegular() {
				return nil
			}
			if info, err := entry.Info(); err == nil {
				largest = max(largest, info.Size())
			}
			return nil
		})
	}
	return pages + perByte*largest
}

func (a *app) runScrape(cmd *cobra.Command, f scrapeFlags, sources []string) error {
	f.Select = library.Globs(f.models)
	if err := cmp.Or(checkGlobs(cmd, f.Select), f.check(cmd), checkFolder(cmd, "out", f.Dir),
		checkSources(cmd, sources)); err != nil {
		return err
	}
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(scrapeMemory(sources)))
	opts, warnings, err := a.crawlOptions(f, sources)
	if err != nil {
		return err
	}
	update, diags, err := library.NewUpdate(f.UpdateOptions)
	if err != nil {
		return err
	}
	if update == nil {
		return a.printScraped(f, scraped{Diagnostics: diags})
	}
	defer update.Close()
	show, finish := a.progress("reading")
	if show != nil {
		opts.Progress = func(s crawl.Status) { show(s.Done, s.Total, statusText(s)) }
	}
	report, list, err := crawl.Run(cmd.Context(), opts, func(m crawl.Model) error {
		return update.Add(m.ID, m.Source, m.Packed)
	})
	finish()
	if err != nil {
		return err
	}
	diags = append(append(diags, warnings...), list...)
	if !diags.HasErrors() {
		if _, err := choose(cmd, f.Select, update.SeenIDs()); err != nil {
			return err
		}
	}
	updated, list, err := update.Finish(report.Coverage)
	if err != nil {
		return err
	}
	diags = append(diags, list...)
	diags.Sort()
	return a.printScraped(f, outcome(report, updated, diags))
}

// outcome puts together what a run and its update say.
func outcome(report crawl.Report, u library.Updated, diags diag.List) scraped {
	out := scraped{Read: report.Tried(), Written: u.Written, Diagnostics: diags, Outcomes: map[string]int{},
		Found: map[string]int{}, Requests: report.Stats.Requests, Retries: report.Stats.Retries}
	if u.Written {
		out.Added, out.Unchanged, out.Removed, out.Pruned = u.Added, u.Unchanged, u.Removed, u.Pruned
		for _, c := range u.Changed {
			out.Changed = append(out.Changed, changed{c.ID, c.Lines})
		}
	}
	for o, n := range report.Outcomes {
		if n > 0 {
			out.Outcomes[crawl.Outcome(o).String()] = n
		}
	}
	for _, w := range crawl.Ways {
		if n := report.Ways[w.Way]; n > 0 {
			out.Found[w.Name] = n
		}
	}
	return out
}

// crawlOptions returns how the sources are read. A cache that cannot be opened
// is an error when it was asked for.
func (a *app) crawlOptions(f scrapeFlags, sources []string) (crawl.Options, diag.List, error) {
	opts := crawl.Options{
		Sources: sources, Stdin: a.stdin, Workers: f.workers,
		Token:       cmp.Or(strings.TrimSpace(a.env("RUNCOMFY_API_TOKEN")), strings.TrimSpace(a.env("RUNCOMFY_TOKEN"))),
		TokenOrigin: a.env("RUNCOMFY_BASE_URL"),
		Fetch:       fetch.Options{Version: moduleVersion(), Rate: f.rate, IgnoreRobots: f.ignoreRobots},
	}
	if f.rate == 0 {
		opts.Fetch.Rate = -1
	}
	online := false
	for _, s := range sources {
		online = online || strings.Contains(s, "://")
	}
	if f.noCache || !online {
		return opts, nil, nil
	}
	dir, err := f.cache, error(nil)
	if dir == "" {
		if dir, err = os.UserCacheDir(); err == nil {
			dir = filepath.Join(dir, "genclient", "pages")
		}
	}
	if err == nil {
		opts.Fetch.Cache, err = fetch.OpenCache(dir)
	}
	if err != nil && f.cache != "" {
		return opts, nil, err
	}
	if err != nil {
		return opts, diag.List{diag.New("cache", diag.Position{}, "", err.Error())}, nil
	}
	opts.Reader = programDigest()
	return opts, nil, nil
}

// programDigest returns a digest of this program, "" when it cannot be read.
func programDigest() string {
	name, err := os.Executable()
	if err != nil {
		return ""
	}
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}

// sourceFile returns the text of a local source for a diagnostic's excerpt.
func sourceFile(file string) []byte {
	text, err := os.ReadFile(filepath.FromSlash(file))
	if err != nil {
		return nil // a URL or standard input: the diagnostic stands without an excerpt
	}
	return text
}
