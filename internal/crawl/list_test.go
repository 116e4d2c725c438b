package crawl

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/fetch"
)

func fetched(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestWhatAURLIs(t *testing.T) {
	site := fetched(t, "https://www.runcomfy.com/")
	for address, want := range map[string]string{
		"https://www.runcomfy.com/models/kling/kling-2-6/pro/api":                "model /models/kling/kling-2-6/pro/api",
		"https://runcomfy.com/models/kling/kling-2-6/pro?x=1#y":                  "model /models/kling/kling-2-6/pro/api",
		"https://www.runcomfy.com/it/models/kling/kling-2-6/pro/api/":            "model /models/kling/kling-2-6/pro/api",
		"https://www.runcomfy.com/zh-CN/playground/minimax/Hailuo%20Video%2001/": "model /playground/minimax/Hailuo%20Video%2001/api",
		"https://www.runcomfy.com/models":                                        "index /models",
		"https://www.runcomfy.com/de/models/all?page=2&utm=x":                    "index /models/all?page=2",
		"https://www.runcomfy.com/models/collections/kling":                      "index /models/collections/kling",
		"https://www.runcomfy.com/models/feature/lip-sync":                       "index /models/feature/lip-sync",
		"https://www.runcomfy.com/models/kling":                                  "index /models/kling",
		"https://www.runcomfy.com/models/kling/cover.webp":                       "",
		"https://www.runcomfy.com/playground":                                    "",
		"https://www.runcomfy.com/pricing":                                       "",
		"https://www.runcomfy.com/modelsx/a/b":                                   "",
		"https://www.runcomfy.com/models/a/../../admin":                          "",
	} {
		k, at := resolve(fetched(t, address), site)
		got := ""
		if k != otherPage {
			got = map[kind]string{modelPage: "model ", indexPage: "index "}[k] + strings.TrimPrefix(at.String(), "https://www.runcomfy.com")
		}
		if got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

func TestSitemaps(t *testing.T) {
	packed := func(text string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		z.Write([]byte(text))
		z.Close()
		return b.String()
	}
	const two = `<?xml version="1.0" encoding="ISO-8859-1"?><s:urlset xmlns:s="x"><s:url><s:loc> https://a/1 </s:loc></s:url><s:url><s:loc>/2?a=1&amp;b=2</s:loc></s:url></s:urlset>`
	for name, tt := range map[string]struct {
		text string
		want sitemap
		err  string
	}{
		"prefixes":      {two, sitemap{URLs: []mapped{{Loc: "https://a/1"}, {Loc: "/2?a=1&b=2"}}, IsMap: true}, ""},
		"packed":        {packed(two), sitemap{URLs: []mapped{{Loc: "https://a/1"}, {Loc: "/2?a=1&b=2"}}, IsMap: true}, ""},
		"text":          {"https://a/1\r\n\nhttp://a/2", sitemap{URLs: []mapped{{Loc: "https://a/1"}, {Loc: "http://a/2"}}, IsMap: true}, ""},
		"index":         {"\ufeff <sitemapindex><sitemap><loc>/a.xml</loc><lastmod>x</lastmod></sitemap></sitemapindex>", sitemap{Maps: []string{"/a.xml"}, IsMap: true}, ""},
		"empty":         {"<urlset/>", sitemap{IsMap: true}, ""},
		"a page":        {"<!DOCTYPE html><html><body>Log in<br></body></html>", sitemap{}, ""},
		"words":         {"User-agent: *", sitemap{}, ""},
		"nothing":       {"", sitemap{}, ""},
		"cut off":       {two[:len(two)-20], sitemap{}, "cut off"},
		"cut in a tag":  {two[:len(two)-3], sitemap{}, "cut off"},
		"own entities":  {`<!DOCTYPE u [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>`, sitemap{}, "entity"},
		"too deep":      {"<urlset>" + strings.Repeat("<a>", 1000), sitemap{}, "deeper than 64"},
		"broken gzip":   {packed(two)[:60], sitemap{}, "unpacking"},
		"a gzip bomb":   {packed(strings.Repeat(" ", maxSitemap+1)), sitemap{}, "larger than 16 MiB"},
		"cdata, broken": {"<urlset><url><loc><![CDATA[https://a/1]]></loc></url></urlset>", sitemap{URLs: []mapped{{Loc: "https://a/1"}}, IsMap: true}, ""},
	} {
		got, err := readSitemap([]byte(tt.text))
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if d := cmp.Diff(tt.want, got); d != "" || err != nil {
			t.Errorf("%s: %s, %v", name, d, err)
		}
	}
}

func TestEnglishAlternate(t *testing.T) {
	base := fetched(t, "https://www.runcomfy.com/sitemap.xml")
	link := func(lang, href string) alternate { return alternate{lang, href} }
	for want, page := range map[string]mapped{
		"https://www.runcomfy.com/models/a":    {Loc: "/models/a", Alternates: []alternate{link("x-default", "/en/models/a")}},
		"https://www.runcomfy.com/models/b":    {Loc: "/it/models/b", Alternates: []alternate{link("es", "/es/models/b"), link("en", "/models/b")}},
		"https://www.runcomfy.com/es/models/c": {Loc: "/it/models/c", Alternates: []alternate{link("x-default", "/es/models/c")}},
		"https://www.runcomfy.com/fr/models/d": {Loc: "/it/models/d", Alternates: []alternate{link("en", "/de/models/d"), link("x-default", "/fr/models/d")}},
		"https://www.runcomfy.com/it/models/e": {Loc: "/it/models/e"},
		"https://www.runcomfy.com/models/f":    {Loc: "/it/models/f", Alternates: []alternate{link("en", "https://evil.example/models/f"), link("", "/models/f")}},
	} {
		got, ok := page.english(base)
		if !ok || got.String() != want {
			t.Errorf("%s: %v", want, got)
		}
	}
}

// hostile is a site whose lists have no end.
func hostile(t *testing.T, serve func(w http.ResponseWriter, r *http.Request)) (*httptest.Server, *atomic.Int64) {
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		serve(w, r)
	}))
	t.Cleanup(server.Close)
	return server, &requests
}

// TestHostileSitesStayWithinTheCaps of requests, and of memory.
func TestHostileSitesStayWithinTheCaps(t *testing.T) {
	for name, tt := range map[string]struct {
		serve       func(w http.ResponseWriter, r *http.Request)
		mostRequest int64
		want        string
	}{
		"sitemaps in sitemaps without end": {func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, ".xml") {
				fmt.Fprintf(w, "<sitemapindex><sitemap><loc>%sx.xml</loc></sitemap><sitemap><loc>%sy.xml</loc></sitemap></sitemapindex>", r.URL.Path, r.URL.Path)
				return
			}
			http.NotFound(w, r)
		}, 1100, "nested too deep"},
		"a circle": {func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/sitemap.xml" {
				fmt.Fprint(w, "<sitemapindex><sitemap><loc>/sitemap.xml</loc></sitemap></sitemapindex>")
				return
			}
			http.NotFound(w, r)
		}, 8, "no model"},
		"a gzip bomb": {func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/sitemap.xml" {
				z := gzip.NewWriter(w)
				z.Write(bytes.Repeat([]byte("<urlset>        "), 2<<20))
				z.Close()
				return
			}
			http.NotFound(w, r)
		}, 8, "larger than 16 MiB"},
		"other hosts and private ones": {func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/sitemap.xml" {
				fmt.Fprint(w, "<urlset><url><loc>http://169.254.169.254/models/a/b/api</loc></url><url><loc>http://localhost:1/models/a/b/api</loc></url>"+
					"<url><loc>https://evil.example/models/a/b/api</loc></url><url><loc>file:///models/a/b/api</loc></url></urlset>")
				return
			}
			if r.URL.Path == "/models/all" {
				http.Redirect(w, r, "http://169.254.169.254/models/all", http.StatusFound)
				return
			}
			http.NotFound(w, r)
		}, 8, "another site"},
		"index pages without end": {func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/models/collections/") || r.URL.Path == "/models" {
				fmt.Fprintf(w, `<a href="/models/collections/a%[1]d"></a><a href="/models/collections/b%[1]d"></a>`, len(r.URL.Path)*31+int(r.URL.Path[len(r.URL.Path)-1]))
				fmt.Fprintf(w, `<a href="%sx"></a><a href="%sy"></a>`, "/models/collections/"+r.URL.Path[1:], "/models/collections/"+r.URL.Path[1:])
				return
			}
			http.NotFound(w, r)
		}, maxLists + 10, "no model"},
	} {
		t.Run(name, func(t *testing.T) {
			server, requests := hostile(t, tt.serve)
			got := crawl(t, Options{Sources: []string{server.URL}})
			if n := requests.Load(); n > tt.mostRequest {
				t.Errorf("%d requests", n)
			}
			if len(got.models) > 0 || !got.diags.HasErrors() || !strings.Contains(fmt.Sprint(got.diags), tt.want) {
				t.Errorf("%.1000v", got.diags)
			}
		})
	}
}

// TestAMillionURLs are cut, said so, and cost bounded memory.
func TestAMillionURLs(t *testing.T) {
	server, requests := hostile(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/maps/"):
			w.Write([]byte("<urlset>"))
			for i := range 60_000 {
				fmt.Fprintf(w, "<url><loc>/models%s/%d/api</loc></url>", r.URL.Path, i)
			}
			w.Write([]byte("</urlset>"))
		case r.URL.Path == "/sitemap.xml":
			w.Write([]byte("<sitemapindex>"))
			for i := range 17 {
				fmt.Fprintf(w, "<sitemap><loc>/maps/%d</loc></sitemap>", i)
			}
			w.Write([]byte("</sitemapindex>"))
		case strings.HasPrefix(r.URL.Path, "/models/maps/"):
			w.WriteHeader(http.StatusNotImplemented)
		default:
			http.NotFound(w, r)
		}
	})
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r := newRun(Options{Fetch: fetch.Options{Rate: -1, Local: fetch.LocalHosts(fetched(t, server.URL))}}, nil, func(Model) error { return nil })
	s := &source{name: server.URL, url: fetched(t, server.URL)}
	r.start(s)
	for { // lists only: their pages would each cost a request
		it := r.frontier.next()
		if it.kind == modelPage {
			break
		}
		outcome, err := r.read(t.Context(), it)
		if err != nil {
			t.Fatal(err)
		}
		r.frontier.finish(it, outcome)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if used := int64(after.HeapAlloc) - int64(before.HeapAlloc); used > 64<<20 {
		t.Errorf("%d MiB", used>>20)
	}
	if !r.frontier.full || len(r.frontier.pages) > maxPages || requests.Load() > 30 {
		t.Errorf("full: %v, %d pages, %d requests", r.frontier.full, len(r.frontier.pages), requests.Load())
	}
	if report, diags := r.report([]*source{s}); report.Coverage.SiteListed || !strings.Contains(fmt.Sprint(diags), "the rest was not read") {
		t.Errorf("%+v, %v", report.Coverage, diags)
	}
}
