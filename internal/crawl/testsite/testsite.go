// Package testsite serves a site of model pages on loopback for tests and
// measurements: synthetic models in the site's own mark-up, its lists in
// whichever ways a test wants, and the faults of a real one.
package testsite

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options say what the site has.
type Options struct {
	Models int
	// Sitemap, Links and Payload are the ways in which it lists its models: an
	// index of sitemaps named in robots.txt, links on index pages, and data in
	// the script of one.
	Sitemap, Links, Payload bool
	// Faults makes pages slow, fail once, redirect, break off once, and adds
	// pages that are listed and of no use.
	Faults bool
	// Chrome is how many menu entries surround a page's content.
	Chrome int
	// Robots is the text of robots.txt, beside its Sitemap line.
	Robots string
}

// Site is a site of models. Its methods and fields are for the test that made
// it.
type Site struct {
	*httptest.Server
	Models []Model

	opts   Options
	byPath map[string]Model

	mu      sync.Mutex
	counts  Counts
	hits    map[string]int
	replace func(http.ResponseWriter, *http.Request) bool
}

// Counts are the requests that a site got.
type Counts struct {
	All         int
	Conditional int // with a validator
	Unchanged   int // answered 304
}

// New starts a site.
func New(opts Options) *Site {
	s := &Site{opts: opts, byPath: map[string]Model{}, hits: map[string]int{}}
	for i := range opts.Models {
		m := newModel(i)
		s.Models = append(s.Models, m)
		s.byPath["/models/"+m.Slug+"/api"] = m
		s.byPath["/models/"+m.Slug+"/api/"] = m // where a redirect leads
		if m.Twin {
			s.byPath["/playground/"+m.Slug+"/api"] = m
		}
	}
	s.Server = httptest.NewServer(s)
	return s
}

// Counts returns the requests since the last call of it.
func (s *Site) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.counts
	s.counts = Counts{}
	return c
}

// Hits returns how often a path was requested, over all runs.
func (s *Site) Hits(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hits[path]
}

func (s *Site) count(r *http.Request) (hits int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts.All++
	if r.Header.Get("If-None-Match") != "" {
		s.counts.Conditional++
	}
	s.hits[r.URL.Path]++
	return s.hits[r.URL.Path]
}

// Replace lets serve answer requests in place of the site, those for which it returns
// true; nil ends that. It may be called while the site serves.
func (s *Site) Replace(serve func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replace = serve
}

// ServeHTTP serves the site.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	hits := s.count(r)
	s.mu.Lock()
	replace := s.replace
	s.mu.Unlock()
	if replace != nil && replace(w, r) {
		return
	}
	if m, ok := s.byPath[r.URL.Path]; ok {
		if !s.opts.Faults || !s.fault(w, r, m, hits) {
			s.Answer(w, r, "text/html; charset=utf-8", []byte(m.Page(s.opts.Chrome)))
		}
		return
	}
	if body, mediaType := s.list(r.URL.Path); body != nil {
		s.Answer(w, r, mediaType, body)
		return
	}
	if s.opts.Faults && r.URL.Path == "/models/broken/page/api" {
		s.Answer(w, r, "text/html", []byte(`<html><title>Broken</title><pre>curl --url https://model-api.runcomfy.net/v1/models/broken/page \
  --data '{}'</pre><pre>{"type": "object", "properties": {"prompt": {"ty</pre></html>`))
		return
	}
	http.NotFound(w, r)
}

// Answer writes a body with its ETag, or 304.
func (s *Site) Answer(w http.ResponseWriter, r *http.Request, mediaType string, body []byte) {
	sum := sha256.Sum256(body)
	etag := `W/"` + hex.EncodeToString(sum[:8]) + `"`
	w.Header().Set("ETag", etag)
	w.Header().Set("Content-Type", mediaType)
	if r.Header.Get("If-None-Match") == etag {
		s.mu.Lock()
		s.counts.Unchanged++
		s.mu.Unlock()
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Write(body)
}

// fault serves a page in one of the ways in which real ones fail at first.
func (s *Site) fault(w http.ResponseWriter, r *http.Request, m Model, hits int) bool {
	i, err := strconv.Atoi(strings.TrimPrefix(m.Object, "family-"))
	if err != nil || hits > 1 {
		return false
	}
	switch i % 20 {
	case 4:
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(http.StatusServiceUnavailable)
	case 7: // reset within the body
		page := m.Page(s.opts.Chrome)
		w.Header().Set("Content-Length", strconv.Itoa(len(page)))
		w.Write([]byte(page[:len(page)/2]))
		panic(http.ErrAbortHandler)
	case 11:
		http.Redirect(w, r, r.URL.Path+"/?from=elsewhere", http.StatusFound)
	case 14:
		time.Sleep(20 * time.Millisecond)
		return false
	default:
		return false
	}
	return true
}

// list returns robots.txt, a sitemap or an index page.
func (s *Site) list(path string) (body []byte, mediaType string) {
	const htmlType, xmlType = "text/html; charset=utf-8", "application/xml"
	switch path {
	case "/robots.txt":
		text := "User-agent: *\nDisallow: /admin\n" + s.opts.Robots
		if s.opts.Sitemap {
			text += "\nSitemap: " + s.URL + "/sitemap_index.xml\n"
		}
		return []byte(text), "text/plain"
	case "/":
		return []byte(`<html><title>Home</title><a href="/pricing">Pricing</a></html>`), htmlType
	}
	if s.opts.Sitemap {
		switch path {
		case "/sitemap_index.xml":
			return []byte(`<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">` +
				`<sitemap><loc>/maps/nested.xml</loc></sitemap><sitemap><loc>` + s.URL + `/maps/1.xml.gz</loc></sitemap>` +
				`<sitemap><loc>https://other.example/sitemap.xml</loc></sitemap></sitemapindex>`), xmlType
		case "/maps/nested.xml":
			return []byte(`<sitemapindex><sitemap><loc>/maps/0.xml</loc></sitemap><sitemap><loc>/sitemap_index.xml</loc></sitemap></sitemapindex>`), xmlType
		case "/maps/0.xml":
			return s.sitemap(s.Models[:len(s.Models)/2]), xmlType
		case "/maps/1.xml.gz":
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			z.Write(s.sitemap(s.Models[len(s.Models)/2:]))
			z.Close()
			return b.Bytes(), "application/gzip"
		}
	}
	if s.opts.Links {
		switch path {
		case "/models":
			return []byte(`<html><a href="/models/collections/recent">Recent</a><a href='models/all'>All</a></html>`), htmlType
		case "/models/all":
			return links(s.Models[:len(s.Models)/2]), htmlType
		case "/models/collections/recent":
			return links(s.Models[len(s.Models)/2:]), htmlType
		}
	}
	if s.opts.Payload && path == "/models/all" {
		return payloadList(s.Models), htmlType
	}
	return nil, ""
}

var locales = []string{"it", "es", "zh-CN"}

// sitemap lists models with their languages; some stand in it by a localized
// address.
func (s *Site) sitemap(models []Model) []byte {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">`)
	entry := func(loc, path string) {
		b.WriteString("\n<url><loc>" + loc + "</loc>")
		for _, l := range locales {
			fmt.Fprintf(&b, `<xhtml:link rel="alternate" hreflang="%s" href="%s/%s%s"/>`, l, s.URL, l, path)
		}
		fmt.Fprintf(&b, `<xhtml:link rel="alternate" hreflang="x-default" href="%s%s"/><lastmod>2026-01-02</lastmod></url>`, s.URL, path)
	}
	entry(s.URL+"/pricing", "/pricing")
	for i, m := range models {
		path := "/models/" + m.Slug + "/api"
		switch i % 4 {
		case 0:
			entry(s.URL+path, path)
		case 1:
			entry(s.URL+"/it"+path, path)
		case 2:
			entry(path, path)
		case 3:
			entry(s.URL+"/models/"+m.Slug, "/models/"+m.Slug)
		}
		if m.Twin {
			entry(s.URL+"/playground/"+m.Slug+"/api", "/playground/"+m.Slug+"/api")
		}
	}
	if s.opts.Faults {
		entry(s.URL+"/models/gone/page/api", "/models/gone/page/api")
		entry(s.URL+"/models/broken/page/api", "/models/broken/page/api")
		b.WriteString("<url><loc>https://other.example/models/x/y/api</loc></url>")
	}
	b.WriteString("\n</urlset>\n")
	return []byte(b.String())
}

func links(models []Model) []byte {
	var b strings.Builder
	b.WriteString(`<html><head><base href="/models/"></head>`)
	for _, m := range models {
		fmt.Fprintf(&b, `<a class="card" href="%s?ref=list#top">%s</a><a href="/it/models/%s">it</a>`, m.Slug, html.EscapeString(m.ID), m.Slug)
	}
	return []byte(b.String())
}

// payloadList lists models in the page's script as the site does.
func payloadList(models []Model) []byte {
	var stream, b strings.Builder
	stream.WriteString("1:\"$Sreact.fragment\"\n5:[\"$\",\"div\",null,{\"items\":[")
	for i, m := range models {
		if i > 0 {
			stream.WriteString(",")
		}
		fmt.Fprintf(&stream, `{"author":%q,"object":%q,"task":%q,"playground_type":"model"}`, m.Author, m.Object, m.Task)
	}
	stream.WriteString(`,{"author":"x","object":"workflow","task":"","playground_type":"workflow"}]}]` + "\n")
	b.WriteString(`<html><title>All</title><div id="root"></div>`)
	push(&b, stream.String())
	return []byte(b.String())
}
