// Package scrape turns documentation pages and catalog answers into schema
// documents: it reads sources, finds the JSON values in them by their shape and
// settles what several sources say of one model. Nothing on a page is trusted,
// and nothing but shapes, the endpoint's URL and curl's own syntax is relied on:
// headings, labels and prose vary, are translated, or are missing.
package scrape

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/fetch"
	"github.com/genclient/genclient/internal/schema"
)

// Options says what to scrape and how.
type Options struct {
	// Sources are page and catalog URLs (http or https), files ending in .html,
	// .htm, .txt, .md or .json, folders of such files, or "-" for Stdin.
	Sources []string
	Stdin   io.Reader
	// Transport makes the requests for URLs; nil is http.DefaultTransport.
	Transport http.RoundTripper
	// Select chooses models by id; nil takes all.
	Select func(modelID string) bool
	// Progress is told after each source how many of all have been read. It is
	// not called concurrently. It may be nil.
	Progress func(done, total int)
}

// Scraped is what the sources of one run say of one model.
type Scraped = schema.Scraped

// Report is the outcome of a run.
type Report struct {
	Scraped []Scraped // sorted by model id, one per id
	Read    int       // files and answers read
}

// maxParallel is how many sources are read at a time. URLs are held back by the
// fetcher's rate besides.
const maxParallel = 4

// Run reads every source and returns what they say, with a diagnostic for each
// page, entry or model that could not be used; the others come through. The
// error is for what no source can be blamed for, or for sources that cannot be
// meant: the context's end, a file that is not there, an unknown ending, an
// empty folder.
func Run(ctx context.Context, opts Options) (Report, diag.List, error) {
	sources, err := expand(opts.Sources)
	if err != nil {
		return Report{}, nil, err
	}
	fetcher := newFetcher(opts.Transport, sources)
	results := make([][]Scraped, len(sources))
	lists := make([]diag.List, len(sources))
	var mu sync.Mutex
	done := 0
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxParallel)
	for i, s := range sources {
		group.Go(func() error {
			in, diags, err := s.load(ctx, fetcher, opts.Stdin)
			if err != nil {
				return err
			}
			if diags == nil {
				results[i], diags = in.scrape()
			}
			lists[i] = diags
			mu.Lock()
			defer mu.Unlock()
			done++
			if opts.Progress != nil {
				opts.Progress(done, len(sources))
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return Report{}, nil, fmt.Errorf("scraping: %w", err)
	}
	all := slices.Concat(results...)
	if opts.Select != nil {
		all = slices.DeleteFunc(all, func(s Scraped) bool { return !opts.Select(s.ID) })
	}
	scraped, diags := combine(all)
	diags = append(slices.Concat(lists...), diags...)
	diags.Sort()
	return Report{Scraped: scraped, Read: len(sources)}, diags, nil
}

// newFetcher returns what reads the URLs among the sources.
func newFetcher(transport http.RoundTripper, sources []source) *fetch.Client {
	var named []*url.URL
	for _, s := range sources {
		if s.url != nil {
			named = append(named, s.url)
		}
	}
	return fetch.New(fetch.Options{Transport: transport, Local: fetch.LocalHosts(named...)})
}

// combine makes one of all that was scraped of each model. Of pages in several
// languages the English one counts. Two schemas of one model that differ, in
// one language or in two catalogs, are an error, and the model is left out.
func combine(all []Scraped) ([]Scraped, diag.List) {
	slices.SortStableFunc(all, func(a, b Scraped) int { return strings.Compare(a.ID, b.ID) })
	var out []Scraped
	var diags diag.List
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].ID == all[0].ID {
			n++
		}
		s, list := combineModel(all[:n])
		if !list.HasErrors() {
			out = append(out, s)
		}
		diags = append(diags, list...)
		all = all[n:]
	}
	return out, diags
}

// combineModel is combine for one model.
func combineModel(all []Scraped) (Scraped, diag.List) {
	var pages, entries []Scraped
	for _, s := range all {
		if s.Page != nil {
			pages = append(pages, s)
		} else {
			entries = append(entries, s)
		}
	}
	pages, diags := oneLocale(pages)
	out := Scraped{ID: all[0].ID, Pos: all[0].Pos}
	for _, s := range pages {
		if out.Page == nil {
			out.Page, out.Locale, out.Pos = s.Page, s.Locale, s.Pos
			continue
		}
		if !sameSchema(out.Page.Input, s.Page.Input) {
			diags = append(diags, conflict(s.ID, out.Pos, s.Pos))
			continue
		}
		out.Page = fillPage(out.Page, s.Page)
	}
	for _, s := range entries {
		switch {
		case out.Catalog == nil || out.Catalog.Input == nil:
			out.Catalog = s.Catalog
			if out.Page == nil {
				out.Pos = s.Pos
			}
		case s.Catalog.Input != nil && !sameSchema(out.Catalog.Input, s.Catalog.Input):
			diags = append(diags, conflict(s.ID, out.Pos, s.Pos))
		}
	}
	if out.Catalog != nil && out.Catalog.Input == nil {
		diags = append(diags, withoutSchema(out))
	}
	return out, append(diags, unreadable(out)...)
}

// unreadable reports a document that could not be read again once written, as
// one that is nested too deep or too large.
func unreadable(s Scraped) diag.List {
	for _, doc := range []*schema.Document{s.Page, s.Catalog} {
		if doc == nil || doc.Input == nil {
			continue
		}
		if _, list := schema.Read("", doc.Bytes()); list.HasErrors() {
			return diag.List{{Pos: s.Pos, Severity: diag.Error, Rule: list[0].Rule, Subject: s.ID,
				Message: "no document can be made of this: " + list[0].Message}}
		}
	}
	return nil
}

// withoutSchema is the diagnostic for a catalog entry that has no schema. Its
// price and categories still count where a document is there to take them.
func withoutSchema(s Scraped) diag.Diagnostic {
	d := diag.Diagnostic{Pos: s.Pos, Severity: diag.Error, Rule: "no-input-schema", Subject: s.ID,
		Message: "the catalog entry has no input schema",
		Hint:    "ask the catalog with include_schema=true, or give the model's page"}
	if s.Page != nil {
		d.Severity, d.Hint = diag.Note, "the schema of the model's page is used"
	}
	return d
}

// oneLocale keeps the English pages of a model, or without one those of the
// first language by name, with a note for each page passed over.
func oneLocale(pages []Scraped) ([]Scraped, diag.List) {
	if len(pages) == 0 {
		return nil, nil
	}
	first := slices.MinFunc(pages, func(a, b Scraped) int { return strings.Compare(a.Locale, b.Locale) })
	var kept []Scraped
	var diags diag.List
	for _, s := range pages {
		if s.Locale == first.Locale {
			kept = append(kept, s)
			continue
		}
		diags = append(diags, diag.Diagnostic{Pos: s.Pos, Severity: diag.Note, Rule: "localized-page", Subject: s.ID,
			Message: "the page in the language " + s.Locale + " is passed over for the one at " + first.Pos.String(),
			Hint:    "localized pages translate descriptions and alter defaults"})
	}
	return kept, diags
}

// fillPage adds to a page's document what another page of the model says
// beyond it. Of two schemas that say the same the one without leaked keys is
// kept.
func fillPage(doc, other *schema.Document) *schema.Document {
	out := *doc
	fill := func(to *string, from string) {
		if *to == "" {
			*to = from
		}
	}
	fill(&out.Title, other.Title)
	fill(&out.Description, other.Description)
	fill(&out.URL, other.URL)
	if leaked(out.Input.Compact()) && !leaked(other.Input.Compact()) {
		out.Input = other.Input
	}
	if out.Output == nil || other.Output != nil && leaked(out.Output.Compact()) && !leaked(other.Output.Compact()) {
		out.Output = other.Output
	}
	if out.Example == nil {
		out.Example = other.Example
	}
	return &out
}
