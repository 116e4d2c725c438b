package crawl

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/fetch"
	"github.com/genclient/genclient/internal/library"
)

// run is one Run. What is below mu changes while it goes on.
type run struct {
	opts     Options
	workers  int
	client   *fetch.Client
	frontier *frontier
	sink     func(Model) error

	mu      sync.Mutex
	diags   diag.List
	models  []*item             // that brought a model, one for each
	ids     []string            // of these models
	strange map[string][]string // pages that name no model, by their titles
	refused map[string][]string // pages that robots.txt refuses, by its rule
	gone    []library.Page
	unread  []library.Page
	uncache bool // the cache could not be written
}

func newRun(opts Options, sources []*source, sink func(Model) error) *run {
	var named []*url.URL
	for _, s := range sources {
		if s.url != nil {
			named = append(named, s.url)
		}
	}
	opts.Fetch.Local = append(slices.Clone(opts.Fetch.Local), fetch.LocalHosts(named...)...)
	return &run{opts: opts, workers: cmp.Or(max(opts.Workers, 0), DefaultWorkers), client: fetch.New(opts.Fetch),
		frontier: newFrontier(), sink: sink, strange: map[string][]string{}, refused: map[string][]string{}}
}

// start puts what a source names into the frontier.
func (r *run) start(s *source) {
	it := &item{url: s.url, way: Named, named: true, source: s}
	switch {
	case s.url == nil:
		it.url, it.kind = &url.URL{Opaque: s.name}, localFile
	case isRoot(s.url):
		s.whole = true
		it.kind = siteRoot
	default:
		it.kind = namedKind(s.url)
	}
	r.frontier.add(it)
}

// work reads URLs until there is none. The error is the context's or the sink's.
func (r *run) work(ctx context.Context) error {
	for {
		it := r.frontier.next()
		if it == nil {
			return ctx.Err()
		}
		outcome, err := r.read(ctx, it)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return err
		}
		if it.spare != nil && outcome == NotAModel {
			r.frontier.add(it.spare)
		}
		r.frontier.finish(it, outcome)
		r.progress(it)
	}
}

// read reads one URL. The error is the sink's; what is wrong with the URL is
// noted.
func (r *run) read(ctx context.Context, it *item) (Outcome, error) {
	if (it.kind == sitemapFile || it.kind == indexPage) && r.frontier.isFull() {
		return Skipped, nil
	}
	switch it.kind {
	case localFile:
		return r.readFile(it)
	case siteRoot:
		return r.readRoot(ctx, it), nil
	case sitemapFile:
		return r.readSitemap(ctx, it), nil
	case indexPage:
		return r.readIndex(ctx, it), nil
	case catalogAnswer:
		return r.readCatalog(ctx, it)
	}
	return r.readPage(ctx, it)
}

func (r *run) progress(it *item) {
	if r.opts.Progress == nil {
		return
	}
	s := Status{URL: it.name(), Retries: r.client.Stats().Retries}
	if it.kind != localFile {
		s.Pace = r.client.Pace(it.url)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s.Done, s.Total, s.Failed = r.frontier.progress()
	r.opts.Progress(s)
}

// note files diagnostics of a source.
func (r *run) note(s *source, list ...diag.Diagnostic) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.diags = append(r.diags, list...)
	if s != nil && diag.List(list).HasErrors() {
		s.errors = true
	}
}

// emit hands a model to the sink.
func (r *run) emit(it *item, id string, packed []byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	it.source.models++
	r.models, r.ids = append(r.models, it), append(r.ids, id)
	return r.sink(Model{ID: id, Source: it.source.index, Packed: packed})
}

// failure ends a URL that could not be fetched, and says why.
func (r *run) failure(it *item, err error) Outcome {
	var robots *fetch.RobotsError
	named := it.named && it.kind != siteRoot // the root leads to lists that may be there all the same
	switch {
	case isGone(err):
		r.missing(it, err)
		return NotAModel
	case errors.As(err, &robots) && !named:
		derived := r.frontier.isDerived(it)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.refused[robots.Rule] = append(r.refused[robots.Rule], it.name())
		if !derived || it.kind == modelPage {
			r.cannotRead(it)
		}
		return Refused
	}
	d := diag.New("source", it.position(), "", err.Error())
	outcome := Failed
	if errors.As(err, &robots) {
		d.Hint, outcome = "--ignore-robots reads it all the same", Refused
	}
	r.note(it.source, d)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cannotRead(it)
	return outcome
}

// isGone reports an answer that says that a URL does not exist.
func isGone(err error) bool {
	var status *fetch.StatusError
	return errors.As(err, &status) && (status.Code == http.StatusNotFound || status.Code == http.StatusGone)
}

// missing notes a URL that does not exist.
func (r *run) missing(it *item, err error) {
	d := diag.New("page-gone", it.position(), "", fmt.Sprintf("it is listed, and %v", err))
	switch {
	case it.kind == siteRoot || r.frontier.isDerived(it):
	case it.named:
		d.Message = err.Error()
		r.note(nil, d)
	default:
		r.note(nil, d)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if it.kind == modelPage {
		r.gone = append(r.gone, it.page())
		it.source.gone = true
	}
}

// cannotRead remembers that a URL is there and its content is not known. r.mu
// is held.
func (r *run) cannotRead(it *item) {
	if it.kind == modelPage {
		r.unread = append(r.unread, it.page())
	} else {
		it.source.broken = true
	}
}

func (it *item) page() library.Page { return library.Page{URL: it.url.String(), Named: it.named} }

func sortedPages(pages []library.Page) []library.Page {
	slices.SortFunc(pages, func(a, b library.Page) int { return strings.Compare(a.URL, b.URL) })
	return pages
}

// report settles the outcome of the run.
func (r *run) report(sources []*source) (Report, diag.List) {
	out := Report{Outcomes: r.frontier.counts, Ways: map[Way]int{}, Stats: r.client.Stats()}
	ways := map[string]Way{}
	for i, it := range r.models {
		ways[r.ids[i]] |= it.way
	}
	for _, way := range ways {
		for _, w := range Ways {
			if way&w.Way != 0 {
				out.Ways[w.Way]++
			}
		}
	}
	out.Coverage = library.Coverage{Gone: sortedPages(r.gone), Unread: sortedPages(r.unread)}
	c := &out.Coverage
	for _, s := range sources {
		switch {
		case s.whole:
			c.SiteListed = (c.SiteListed || !c.Site) && !s.broken && s.models > 0 && !r.frontier.full
			c.Site = true
		case s.catalog:
			c.CatalogListed = (c.CatalogListed || !c.Catalog) && !s.broken && s.models > 0
			c.Catalog = true
		}
		if s.models == 0 && !s.errors && (!s.gone || s.whole) {
			r.diags = append(r.diags, diag.New("no-models", diag.Position{File: s.name}, "", "the source yields no model"))
		}
	}
	r.summarize()
	r.diags.Sort()
	return out, r.diags
}

// summarize makes one diagnostic of what many URLs share.
func (r *run) summarize() {
	add := func(rule, message string, urls []string) {
		slices.Sort(urls)
		r.diags = append(r.diags, diag.New(rule, diag.Position{File: urls[0]}, "", message+others(urls)))
	}
	for _, rule := range slices.Sorted(maps.Keys(r.refused)) {
		add("robots-refused", "robots.txt refuses it: Disallow: "+rule, r.refused[rule])
	}
	for _, title := range slices.Sorted(maps.Keys(r.strange)) {
		message := "the page names no model"
		if title != "" {
			message += fmt.Sprintf("; its title is %q", title)
		}
		add("page-without-model", message, r.strange[title])
	}
	if r.frontier.full {
		r.diags = append(r.diags, diag.New("too-many-pages", diag.Position{}, "",
			fmt.Sprintf("the site lists more than %d pages and %d lists; the rest was not read", maxPages, maxLists)))
	}
	if r.uncache {
		r.diags = append(r.diags, diag.New("cache", diag.Position{}, "", "the cache cannot be written"))
	}
}

// others says which further URLs a diagnostic stands for.
func others(urls []string) string {
	const shown = 3
	switch n := len(urls) - 1; {
	case n == 0:
		return ""
	case n < shown:
		return "; the same holds for " + strings.Join(urls[1:], ", ")
	default:
		return fmt.Sprintf("; the same holds for %d others, for example %s", n, strings.Join(urls[1:shown], ", "))
	}
}
