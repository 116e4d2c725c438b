// Package crawl decides what to read of a site and reads it: it follows
// robots.txt to the sitemaps, the index pages to the pages of models, and a
// catalog through its pages. Every way of finding models works without the
// others. Each URL ends in exactly one outcome, and what was read of a model
// goes to a sink at once, so that a run needs no more memory for more models.
package crawl

import (
	"context"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/fetch"
	"github.com/genclient/genclient/internal/library"
)

// Options say what to read and how.
type Options struct {
	// Sources are sites (the URL of their root), URLs of pages, index pages,
	// sitemaps and catalogs, files ending in .html, .htm, .txt, .md or .json,
	// folders of such files, or "-" for Stdin.
	Sources []string
	Stdin   io.Reader
	// Fetch says how URLs are read. Local addresses that the sources name are
	// added.
	Fetch fetch.Options
	// Workers is how many sources are read at a time; 0 is DefaultWorkers.
	Workers int
	// Token is the API token for catalogs, sent to the API's own origin, to
	// TokenOrigin where it is not "", and to loopback addresses that are sources.
	Token       string
	TokenOrigin string
	// Reader is a digest of this program: what an earlier run of it read out of
	// a page that did not change is taken as it was.
	Reader string
	// Progress is called after each URL or file, not concurrently. It may be nil.
	Progress func(Status)
}

// DefaultWorkers is how many sources are read at a time.
const DefaultWorkers = 4

// Status is how far a run is.
type Status struct {
	Done, Total     int // URLs and files; the total grows while lists are read
	Failed, Retries int
	URL             string // done last
	Pace            string // of its host, and why; "" for a file
}

// Model is what one source says of one model, packed.
type Model struct {
	ID     string
	Source int    // its place among the sources, folders taken apart: the first counts most
	Packed []byte // for scrape.Unpack
}

// Report is the outcome of a run.
type Report struct {
	Outcomes [outcomes]int // URLs and files by Outcome
	Ways     map[Way]int   // models by each way in which their page was found
	Stats    fetch.Stats
	Coverage library.Coverage
}

// Tried returns how many URLs and files were tried, whatever came of it.
func (r Report) Tried() int {
	n := 0
	for o, count := range r.Outcomes {
		if Outcome(o) != Skipped {
			n += count
		}
	}
	return n
}

// Run reads all sources and hands each model to the sink, which is not called
// concurrently and may keep what it gets. Diagnostics say what could not be
// used. The error is for what no source can be blamed for, for the sink's, or
// for sources that cannot be meant: the context's end, a file that does not
// exist, an unknown ending, an empty folder.
func Run(ctx context.Context, opts Options, sink func(Model) error) (Report, diag.List, error) {
	sources, err := expand(opts.Sources)
	if err != nil {
		return Report{}, nil, err
	}
	r := newRun(opts, sources, sink)
	group, inner := errgroup.WithContext(ctx)
	defer context.AfterFunc(inner, r.frontier.stop)()
	for _, s := range sources {
		r.start(s)
	}
	for range r.workers {
		group.Go(func() error { return r.work(inner) })
	}
	err = group.Wait()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return Report{}, nil, fmt.Errorf("scraping: %w", err)
	}
	report, diags := r.report(sources)
	return report, diags, nil
}
