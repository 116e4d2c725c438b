package crawl

import (
	"net/url"
	"sync"

	"github.com/genclient/genclient/internal/diag"
)

// Outcome is how a URL ended. Each ends in exactly one.
type Outcome uint8

// The outcomes.
const (
	pending   Outcome = iota
	Read              // a model, a list or a catalog was read out of it
	Unchanged         // as Read, and it is as it was when last read
	NotAModel         // it answered, and is neither a model nor a list, or is gone
	Refused           // by robots.txt
	Failed            // it could not be read
	Skipped           // it was not requested, as it is not of the site, not in English, or beyond a limit
	outcomes
)

// String returns the outcome in the words of a summary.
func (o Outcome) String() string {
	return [...]string{"pending", "read", "unchanged", "not a model", "refused by robots", "failed", "skipped"}[o]
}

// MarshalText writes an outcome as its name.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// Way is a way in which a URL was found.
type Way uint8

// The ways; a URL may be found by several.
const (
	Named Way = 1 << iota // by the user
	BySitemap
	ByLinks
	ByPayload // of a list in a script
	ByCatalog
)

// Ways are all ways in the order of a summary, with their names.
var Ways = []struct {
	Way  Way
	Name string
}{{Named, "named"}, {BySitemap, "sitemap"}, {ByLinks, "links"}, {ByPayload, "script payload"}, {ByCatalog, "catalog"}}

// item is one URL of a frontier, which owns way, derived and outcome.
type item struct {
	url     *url.URL
	kind    kind
	way     Way
	depth   int  // of a sitemap in sitemaps
	named   bool // by the user, as it is
	derived bool // nothing names it; it may well not exist
	source  *source
	spare   *item // read when this one turns out to be no model
	outcome Outcome
}

// name is the URL or file as diagnostics show it.
func (it *item) name() string {
	if it.url.Opaque != "" {
		return it.url.Opaque
	}
	return it.url.String()
}

func (it *item) position() diag.Position { return diag.Position{File: it.name()} }

// The limits of a frontier.
const (
	maxLists = 1000   // sitemaps and index pages
	maxPages = 50_000 // pages of models
	maxSkips = 50_000 // URLs remembered only to be counted
)

// frontier hands the URLs of a run to its workers, lists before pages, and
// knows how each ended. A URL is taken once, whoever finds it.
type frontier struct {
	mu    sync.Mutex
	wake  sync.Cond
	known map[string]*item
	lists []*item // waiting
	pages []*item // waiting

	taken, done int
	active      int
	full        bool // a limit was met and something left out
	listCount   int
	stopped     bool
	counts      [outcomes]int
}

func newFrontier() *frontier {
	f := &frontier{known: map[string]*item{}}
	f.wake.L = &f.mu
	return f
}

// add puts a URL in, unless it is known: then only the way is new.
func (f *frontier) add(it *item) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := it.url.String()
	if old := f.known[key]; old != nil {
		old.way |= it.way
		old.derived = old.derived && it.derived
		return
	}
	if it.outcome == Skipped {
		if len(f.known) < maxPages+maxLists+maxSkips {
			f.known[key] = it
		}
		f.counts[Skipped]++
		return
	}
	isList := it.kind == indexPage || it.kind == sitemapFile
	if isList && f.listCount >= maxLists || !isList && f.taken-f.listCount >= maxPages {
		f.full = true
		f.counts[Skipped]++
		return
	}
	f.known[key] = it
	f.taken++
	if isList {
		f.listCount++
		f.lists = append(f.lists, it)
	} else {
		f.pages = append(f.pages, it)
	}
	f.wake.Signal()
}

// next returns a URL to read, or nil when there is none any more. finish is
// called for each.
func (f *frontier) next() *item {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		queue := &f.lists
		if len(f.lists) == 0 {
			queue = &f.pages
		}
		switch {
		case f.stopped, len(*queue) == 0 && f.active == 0:
			f.wake.Broadcast()
			return nil
		case len(*queue) > 0:
			it := (*queue)[0]
			*queue = (*queue)[1:]
			f.active++
			return it
		}
		f.wake.Wait()
	}
}

// finish ends a URL that next returned.
func (f *frontier) finish(it *item, o Outcome) {
	f.mu.Lock()
	defer f.mu.Unlock()
	it.outcome = o
	f.counts[o]++
	f.active--
	f.done++
	f.wake.Broadcast()
}

// isFull reports whether a limit was met: further lists are of no use.
func (f *frontier) isFull() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.full
}

// stop ends the run: next returns nil.
func (f *frontier) stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopped = true
	f.wake.Broadcast()
}

// isDerived reports whether nothing names a URL, as far as is known.
func (f *frontier) isDerived(it *item) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return it.derived
}

// progress returns how many URLs are done, and known so far.
func (f *frontier) progress() (done, total, failed int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.done, f.taken, f.counts[Failed]
}
