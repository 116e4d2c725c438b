package crawl

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/fetch"
	"github.com/genclient/genclient/internal/scrape"
)

// readRoot starts a whole site: its sitemaps, as robots.txt names them or where
// they usually are, and its index pages, to which the root itself may lead.
func (r *run) readRoot(ctx context.Context, it *item) Outcome {
	robots, err := r.client.Robots(ctx, it.url)
	if err != nil {
		return r.failure(it, err)
	}
	for _, address := range robots.Sitemaps {
		if u, err := it.url.Parse(address); err == nil {
			r.addSitemap(it, u, false)
		}
	}
	for _, at := range []string{"/sitemap.xml", "/sitemap/0.xml"} {
		r.addSitemap(it, &url.URL{Scheme: it.url.Scheme, Host: it.url.Host, Path: at}, true)
	}
	for _, at := range []string{"/models", "/models/all"} {
		r.add(it, &url.URL{Scheme: it.url.Scheme, Host: it.url.Host, Path: at}, ByLinks, true)
	}
	return r.readIndex(ctx, it)
}

// addSitemap puts a sitemap of the site into the frontier.
func (r *run) addSitemap(from *item, u *url.URL, derived bool) {
	u.Fragment = ""
	it := &item{url: u, kind: sitemapFile, way: BySitemap, depth: from.depth + 1, derived: derived, source: from.source}
	if derived {
		it.depth = 1
	}
	if !isSite(u, from.source.url) {
		it.outcome = Skipped
	}
	r.frontier.add(it)
}

// add puts a URL into the frontier if it is a page of models. derived says that
// nothing names it.
func (r *run) add(from *item, u *url.URL, way Way, derived bool) {
	k, at := resolve(u, from.source.url)
	if k == otherPage {
		return
	}
	it := &item{url: at, kind: k, way: way, derived: derived, source: from.source}
	if !isSite(u, from.source.url) {
		it.url, it.outcome = u, Skipped
	}
	r.frontier.add(it)
}

// list is what a sitemap or an index page lists, as it is kept in the cache.
type list struct {
	URLs    []string         `json:"urls,omitzero"`
	Maps    []string         `json:"maps,omitzero"`
	Payload []string         `json:"payload,omitzero"`
	Listed  []scrape.Listing `json:"listed,omitzero"`
}

// readList reads a list by way of the cache. parse returns false for a text
// that is none.
func (r *run) readList(ctx context.Context, it *item, limit int64,
	parse func(*fetch.Response) (list, bool, error)) (list, Outcome) {
	request := fetch.Request{URL: it.url, MaxBytes: limit, Reader: r.opts.Reader}
	if it.kind != sitemapFile {
		request.Types = pageTypes
	}
	response, err := r.client.Get(ctx, request)
	if err != nil {
		return list{}, r.failure(it, err)
	}
	var l list
	if response.Kept != nil && json.Unmarshal(response.Kept, &l) == nil {
		return l, Unchanged
	}
	l, isList, err := parse(response)
	if err != nil {
		return l, r.failure(it, err)
	}
	if !isList {
		return l, NotAModel
	}
	if kept, err := json.Marshal(l); err == nil {
		r.store(response, kept)
	}
	if response.Unchanged {
		return l, Unchanged
	}
	return l, Read
}

// maxNested is how deep sitemaps may lie in sitemaps. The protocol allows one
// level.
const maxNested = 4

// numbered is the path of the sitemaps that Next.js writes when there are many.
var numbered = regexp.MustCompile(`^/sitemap/([0-9]{1,3})\.xml$`)

// readSitemap reads a sitemap or an index of them.
func (r *run) readSitemap(ctx context.Context, it *item) Outcome {
	l, outcome := r.readList(ctx, it, maxSitemap, func(response *fetch.Response) (list, bool, error) {
		m, err := readSitemap(response.Body)
		if err == nil && m.Cut {
			r.note(it.source, diag.New("too-many-pages", it.position(), "", "the sitemap lists more than 50,000 URLs; the rest was not read"))
			r.brokenList(it)
		}
		var l list
		for _, u := range m.URLs {
			if !strings.Contains(u.Loc, "models") && !strings.Contains(u.Loc, "playground") {
				continue // most of a site's pages: not worth the parsing
			}
			if at, ok := u.english(response.URL); ok {
				if k, _ := resolve(at, it.source.url); k != otherPage {
					l.URLs = append(l.URLs, at.String())
				}
			}
		}
		for _, address := range m.Maps {
			if u, err := response.URL.Parse(address); err == nil {
				l.Maps = append(l.Maps, u.String())
			}
		}
		return l, m.IsMap, err
	})
	if outcome == NotAModel && !it.derived {
		r.note(it.source, diag.New("no-sitemap", it.position(), "", "it is named as a sitemap and is not one"))
	}
	if n := numbered.FindStringSubmatch(it.url.Path); n != nil && r.frontier.isDerived(it) && outcome != NotAModel {
		next, _ := strconv.Atoi(n[1])
		at := fmt.Sprintf("/sitemap/%d.xml", next+1)
		r.addSitemap(it, &url.URL{Scheme: it.url.Scheme, Host: it.url.Host, Path: at}, true)
	}
	for _, address := range l.URLs {
		if u, err := url.Parse(address); err == nil {
			r.add(it, u, BySitemap, false)
		}
	}
	if len(l.Maps) > 0 && it.depth >= maxNested {
		r.note(it.source, diag.New("sitemap-depth", it.position(), "", "the sitemaps are nested too deep; those it names were not read"))
		r.brokenList(it)
		return outcome
	}
	for _, address := range l.Maps {
		if u, err := url.Parse(address); err == nil {
			r.addSitemap(it, u, false)
		}
	}
	return outcome
}

// brokenList says that a list could not be read whole.
func (r *run) brokenList(it *item) {
	r.mu.Lock()
	defer r.mu.Unlock()
	it.source.broken = true
}

// readIndex reads an index page: its links, and what its scripts list.
func (r *run) readIndex(ctx context.Context, it *item) Outcome {
	l, outcome := r.readList(ctx, it, scrape.MaxCatalog, func(response *fetch.Response) (list, bool, error) {
		index := scrape.ReadIndex(response.Body, response.URL.String())
		l := list{Listed: index.Listed}
		for _, addresses := range []struct {
			from []string
			to   *[]string
		}{{index.Links, &l.URLs}, {index.Payload, &l.Payload}} {
			for _, address := range addresses.from {
				u, err := response.URL.Parse(address)
				if err != nil {
					continue
				}
				if k, _ := resolve(u, it.source.url); k != otherPage {
					*addresses.to = append(*addresses.to, u.String())
				}
			}
		}
		return l, len(l.URLs)+len(l.Payload)+len(l.Listed) > 0 || it.kind == siteRoot, nil
	})
	for way, addresses := range map[Way][]string{ByLinks: l.URLs, ByPayload: l.Payload} {
		for _, address := range addresses {
			if u, err := url.Parse(address); err == nil {
				r.add(it, u, way, false)
			}
		}
	}
	r.addListed(it, l.Listed)
	return outcome
}

// addListed adds the pages that a listing may have. The payload has only the
// head of their paths, so its own API page is tried, then that of its task,
// then the page itself for its links.
func (r *run) addListed(from *item, listed []scrape.Listing) {
	heads := map[string]int{}
	head := func(l scrape.Listing) string { return "/models/" + escape(l.Author) + "/" + escape(l.Object) }
	for _, l := range listed {
		heads[head(l)]++
	}
	for _, l := range listed {
		at := func(path string, k kind) *item {
			u, err := from.source.url.Parse(path)
			if err != nil {
				return nil
			}
			return &item{url: u, kind: k, way: ByPayload, derived: true, source: from.source}
		}
		links := at(head(l), indexPage)
		page, task := at(head(l)+"/api", modelPage), links
		if l.Task != "" {
			if task = at(head(l)+"/"+escape(l.Task)+"/api", modelPage); task != nil {
				task.spare = links
			}
		}
		if page == nil || task == nil {
			continue
		}
		page.spare = task
		r.frontier.add(page)
		if heads[head(l)] > 1 {
			r.frontier.add(task) // the page is of one of them at the most
		}
	}
}

// escape makes one segment of a path. A listing's author or object may hold
// several.
func escape(s string) string {
	segments := strings.Split(strings.Trim(s, "/"), "/")
	for i, segment := range segments {
		segments[i] = url.PathEscape(segment)
	}
	return strings.Join(segments, "/")
}
