package crawl

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/crawl/testsite"
	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/fetch"
	"github.com/genclient/genclient/internal/library"
	"github.com/genclient/genclient/internal/scrape"
)

// crawled is what one run brought.
type crawled struct {
	Report
	models map[string]scrape.Scraped
	diags  diag.List
}

// crawl runs without a rate limit and fails the test for an error.
func crawl(t testing.TB, opts Options) crawled {
	t.Helper()
	got := crawled{models: map[string]scrape.Scraped{}}
	opts.Fetch.Rate = -1
	var err error
	got.Report, got.diags, err = Run(t.Context(), opts, func(m Model) error {
		s, diags, err := scrape.Unpack(m.Packed)
		if err != nil || len(diags) > 0 || s.ID != m.ID {
			return fmt.Errorf("%s: %v, %v", m.ID, diags, err)
		}
		if old, ok := got.models[m.ID]; !ok || s.Pos.File < old.Pos.File {
			got.models[m.ID] = s
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// wantAll fails unless the run brought every model of the site as it is.
func (c crawled) wantAll(t *testing.T, site *testsite.Site) {
	t.Helper()
	if len(c.models) != len(site.Models) {
		t.Errorf("%d models, want %d", len(c.models), len(site.Models))
	}
	for _, m := range site.Models {
		s, ok := c.models[m.ID]
		if !ok {
			t.Errorf("no %s", m.ID)
			continue
		}
		var names []string
		for _, p := range s.Page.Input.Get("properties").Members {
			names = append(names, p.Name)
		}
		if d := cmp.Diff(m.Properties, names); d != "" {
			t.Errorf("%s: %s", m.ID, d)
		}
	}
}

// rules returns the rules of the diagnostics with their numbers.
func (c crawled) rules() map[string]int {
	rules := map[string]int{}
	for _, d := range c.diags {
		rules[d.Severity.String()+" "+d.Rule]++
	}
	return rules
}

// TestEachWayAloneFindsEveryModel has as many models as GENCLIENT_SITE_MODELS
// says: "make soak" takes a thousand.
func TestEachWayAloneFindsEveryModel(t *testing.T) {
	n := 60
	if more, err := strconv.Atoi(os.Getenv("GENCLIENT_SITE_MODELS")); err == nil {
		n = more
	}
	for name, tt := range map[string]struct {
		opts testsite.Options
		way  Way
	}{
		"sitemap": {testsite.Options{Models: n, Sitemap: true}, BySitemap},
		"links":   {testsite.Options{Models: n, Links: true}, ByLinks},
		"payload": {testsite.Options{Models: n, Payload: true}, ByPayload},
		"all":     {testsite.Options{Models: n, Sitemap: true, Links: true, Payload: true}, BySitemap | ByLinks},
	} {
		t.Run(name, func(t *testing.T) {
			site := testsite.New(tt.opts)
			defer site.Close()
			got := crawl(t, Options{Sources: []string{site.URL + "/"}})
			got.wantAll(t, site)
			if d := cmp.Diff(map[string]int{}, got.rules()); d != "" {
				t.Error(d, got.diags[:min(3, len(got.diags))])
			}
			for _, w := range Ways {
				if want := tt.way&w.Way != 0; (got.Ways[w.Way] == n) != want && w.Way != ByPayload {
					t.Errorf("%s found %d", w.Name, got.Ways[w.Way])
				}
			}
			if c := got.Coverage; !c.Site || !c.SiteListed || c.Catalog || len(c.Unread) > 0 {
				t.Errorf("coverage %+v", c)
			}
			if got.Outcomes[Failed] > 0 || got.Outcomes[Unchanged] > 0 {
				t.Errorf("outcomes %v", got.Outcomes)
			}
			if hits := site.Hits("/it/models/" + site.Models[0].Slug + "/api"); hits > 0 {
				t.Error("a localized page was requested")
			}
		})
	}
}

func TestFaultyPages(t *testing.T) {
	site := testsite.New(testsite.Options{Models: 100, Sitemap: true, Faults: true})
	defer site.Close()
	got := crawl(t, Options{Sources: []string{site.URL}})
	got.wantAll(t, site)
	want := map[string]int{"warning page-gone": 1, "error json-cut-off": 1}
	if d := cmp.Diff(want, got.rules()); d != "" {
		t.Error(d, got.diags)
	}
	if got.Stats.Retries != 10 {
		t.Errorf("%d retries", got.Stats.Retries)
	}
	if got.Outcomes[Failed] != 1 || got.Outcomes[Skipped] != 2 { // another site's sitemap and page
		t.Errorf("outcomes %v", got.Outcomes)
	}
	if d := cmp.Diff([]library.Page{{URL: site.URL + "/models/gone/page/api"}}, got.Coverage.Gone); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]library.Page{{URL: site.URL + "/models/broken/page/api"}}, got.Coverage.Unread); d != "" {
		t.Error(d)
	}
}

// TestEveryURLEndsOnce adds up the outcomes: they are all URLs that were met.
func TestEveryURLEndsOnce(t *testing.T) {
	site := testsite.New(testsite.Options{Models: 60, Sitemap: true, Links: true, Payload: true, Faults: true})
	defer site.Close()
	var last Status
	got := crawl(t, Options{Sources: []string{site.URL}, Progress: func(s Status) { last = s }})
	sum := 0
	for _, n := range got.Outcomes {
		sum += n
	}
	if got.Outcomes[pending] != 0 || last.Done != last.Total || sum != last.Total+got.Outcomes[Skipped] {
		t.Errorf("outcomes %v, last progress %+v", got.Outcomes, last)
	}
	if last.Retries != 6 || last.Failed != 1 || last.Pace != "no limit" {
		t.Errorf("last progress %+v", last)
	}
}

// TestSecondRunIsConditional counts at the site.
func TestSecondRunIsConditional(t *testing.T) {
	site := testsite.New(testsite.Options{Models: 80, Sitemap: true, Links: true, Payload: true})
	defer site.Close()
	cache, err := fetch.OpenCache(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	opts := Options{Sources: []string{site.URL}, Fetch: fetch.Options{Cache: cache}, Reader: "this program"}
	first := crawl(t, opts)
	site.Counts()
	second := crawl(t, opts)
	second.wantAll(t, site)
	counts := site.Counts()
	// Nothing can be kept of pages that do not exist, nor of the root, which lists nothing.
	if missing := second.Outcomes[NotAModel]; counts.Conditional != counts.All-missing || counts.Unchanged != counts.Conditional {
		t.Errorf("%+v with %d that are no models", counts, missing)
	}
	if second.Outcomes[Read] != 0 || second.Outcomes[Unchanged] != first.Outcomes[Read] {
		t.Errorf("outcomes %v, then %v", first.Outcomes, second.Outcomes)
	}
	if d := cmp.Diff(packed(first), packed(second)); d != "" {
		t.Error(d)
	}
	opts.Reader = "another program"
	third := crawl(t, opts)
	third.wantAll(t, site)
	if counts := site.Counts(); counts.Unchanged != counts.Conditional || counts.Conditional == 0 {
		t.Errorf("another program: %+v", counts)
	}
}

// packed returns the models of a run in order, packed.
func packed(c crawled) []string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(c.models)) {
		out = append(out, string(scrape.Pack(c.models[id], nil)))
	}
	return out
}

// TestRobotsAreObeyed: a site that refuses its models yields none, and says why.
func TestRobotsAreObeyed(t *testing.T) {
	site := testsite.New(testsite.Options{Models: 20, Sitemap: true, Robots: "Disallow: /models/kling/\n"})
	defer site.Close()
	got := crawl(t, Options{Sources: []string{site.URL}})
	refused := 0
	for _, m := range site.Models {
		if strings.HasPrefix(m.Slug, "kling/") {
			refused++
			if site.Hits("/models/"+m.Slug+"/api") > 0 {
				t.Errorf("%s was requested", m.Slug)
			}
		}
	}
	if got.Outcomes[Refused] != refused || len(got.Coverage.Unread) != refused || got.rules()["warning robots-refused"] != 1 {
		t.Errorf("%d refused of %d, %v", got.Outcomes[Refused], refused, got.diags)
	}
	ignoring := crawl(t, Options{Sources: []string{site.URL}, Fetch: fetch.Options{IgnoreRobots: true}})
	ignoring.wantAll(t, site)
}

// TestAccidentsOfASite: what a site serves when something went wrong there is
// an error, and covers nothing.
func TestAccidentsOfASite(t *testing.T) {
	login := []byte(`<html><head><title>Log in | RunComfy</title></head><body><form>Password</form></body></html>`)
	for name, tt := range map[string]struct {
		replace func(*testsite.Site, http.ResponseWriter, *http.Request) bool
		want    string
	}{
		"login everywhere": {func(s *testsite.Site, w http.ResponseWriter, r *http.Request) bool {
			s.Answer(w, r, "text/html", login)
			return true
		}, "the source yields no model"},
		"login for pages": {func(s *testsite.Site, w http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, "/api") {
				s.Answer(w, r, "text/html", login)
				return true
			}
			return false
		}, `the page names no model; its title is "Log in | RunComfy"`},
		"empty lists": {func(s *testsite.Site, w http.ResponseWriter, r *http.Request) bool {
			if strings.HasPrefix(r.URL.Path, "/maps/") {
				s.Answer(w, r, "application/xml", []byte("<urlset></urlset>"))
				return true
			}
			return false
		}, "the source yields no model"},
		"down": {func(s *testsite.Site, w http.ResponseWriter, r *http.Request) bool {
			w.WriteHeader(http.StatusNotImplemented)
			return true
		}, "the site must not be crawled now"},
	} {
		t.Run(name, func(t *testing.T) {
			site := testsite.New(testsite.Options{Models: 20, Sitemap: true})
			defer site.Close()
			site.Replace(func(w http.ResponseWriter, r *http.Request) bool { return tt.replace(site, w, r) })
			got := crawl(t, Options{Sources: []string{site.URL}})
			var texts []string
			for _, d := range got.diags {
				texts = append(texts, d.Message)
			}
			if all := strings.Join(texts, "\n"); len(got.models) > 0 || !got.diags.HasErrors() || !strings.Contains(all, tt.want) {
				t.Errorf("%d models, %s", len(got.models), all)
			}
			if got.Coverage.SiteListed {
				t.Error("the list counts as read")
			}
		})
	}
}

func TestALocalizedAnswerIsSkipped(t *testing.T) {
	site := testsite.New(testsite.Options{Models: 4, Sitemap: true})
	defer site.Close()
	first := site.Models[0]
	site.Replace(func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/models/"+first.Slug+"/api" {
			return false
		}
		page := strings.Replace(first.Page(0), `lang="en"`, `lang="it"`, 1)
		page = strings.Replace(page, "https://www.runcomfy.com/models", "https://www.runcomfy.com/it/models", 1)
		site.Answer(w, r, "text/html", []byte(page))
		return true
	})
	got := crawl(t, Options{Sources: []string{site.URL}})
	if len(got.models) != 3 || got.Outcomes[Skipped] != 2 || got.rules()["note localized-page"] != 1 {
		t.Errorf("%d models, %v, %v", len(got.models), got.Outcomes, got.diags)
	}
}

// TestNamedURLs are read as what they are.
func TestNamedURLs(t *testing.T) {
	site := testsite.New(testsite.Options{Models: 30, Sitemap: true, Links: true, Payload: true})
	defer site.Close()
	m := site.Models[4]
	for at, want := range map[string]int{
		"/models/" + m.Slug + "/api": 1,
		"/models/" + m.Slug:          1, // its API page is found
		"/sitemap_index.xml":         30,
		"/maps/1.xml.gz":             15,
		"/models/collections/recent": 15,
	} {
		got := crawl(t, Options{Sources: []string{site.URL + at}})
		if len(got.models) != want || len(got.diags) > 0 || got.Coverage.Site {
			t.Errorf("%s: %d models, %v", at, len(got.models), got.diags)
		}
	}
	for at, want := range map[string]string{"/models/no/such/api": "404", "/pricing": "404"} {
		got := crawl(t, Options{Sources: []string{site.URL + at}})
		if len(got.models) > 0 || len(got.diags) == 0 || !strings.Contains(got.diags[0].Message, want) {
			t.Errorf("%s: %v", at, got.diags)
		}
	}
}

func TestCanceledRunIsAnError(t *testing.T) {
	site := testsite.New(testsite.Options{Models: 30, Sitemap: true})
	defer site.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	n := 0
	_, _, err := Run(ctx, Options{Sources: []string{site.URL}, Fetch: fetch.Options{Rate: -1}}, func(Model) error {
		if n++; n == 3 {
			cancel(cause)
		}
		return nil
	})
	if !errors.Is(err, cause) {
		t.Errorf("error %v", err)
	}
	failing := errors.New("disk full")
	if _, _, err := Run(t.Context(), Options{Sources: []string{site.URL}, Fetch: fetch.Options{Rate: -1}}, func(Model) error { return failing }); !errors.Is(err, failing) {
		t.Errorf("error %v", err)
	}
}
