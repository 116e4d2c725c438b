package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/crawl/testsite"
	"github.com/genclient/genclient/internal/schema"
)

// scrapeSite runs scrape on a site without a rate limit.
func scrapeSite(t *testing.T, site *testsite.Site, dir string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	args = append([]string{"scrape", site.URL + "/", "--rate", "0", "--out", filepath.Join(dir, "schemas"),
		"--cache", filepath.Join(dir, "cache")}, args...)
	code = Run(t.Context(), args, strings.NewReader(""), &out, &errs, noEnv)
	return code, out.String(), errs.String()
}

// files returns the files of a folder with their times.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		all[path] = info.ModTime().String() + "\n" + string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestScrapeOfASite reads every model, and again: then no byte and no time of a
// file changes.
func TestScrapeOfASite(t *testing.T) {
	site := testsite.New(testsite.Options{Models: 40, Sitemap: true, Links: true, Payload: true})
	defer site.Close()
	dir := t.TempDir()
	code, stdout, stderr := scrapeSite(t, site, dir)
	if code != exitFine || !strings.Contains(stdout, ": 40 added, 0 changed, 0 unchanged\n") ||
		!strings.Contains(stderr, "models found by sitemap: 40, links: 40, script payload: 40\n") {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	before := files(t, filepath.Join(dir, "schemas"))
	site.Counts()
	code, stdout, stderr = scrapeSite(t, site, dir)
	if code != exitFine || !strings.Contains(stdout, ": 0 added, 0 changed, 40 unchanged\n") || strings.Count(stdout, "\n") != 1 {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	if d := cmp.Diff(before, files(t, filepath.Join(dir, "schemas"))); d != "" {
		t.Error(d)
	}
	if c := site.Counts(); c.Unchanged < 40 || c.Unchanged != c.Conditional {
		t.Errorf("%+v", c)
	}
}

// TestAccidentsChangeNothing: exit code 1, what was seen, and not a byte.
func TestAccidentsChangeNothing(t *testing.T) {
	for name, tt := range map[string]struct {
		replace func(s *testsite.Site, w http.ResponseWriter, r *http.Request) bool
		want    string
	}{
		"a login page everywhere": {func(s *testsite.Site, w http.ResponseWriter, r *http.Request) bool {
			s.Answer(w, r, "text/html", []byte("<html><title>Log in</title></html>"))
			return true
		}, "40 of 40 models were not met"},
		"a login page for the models": {func(s *testsite.Site, w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, "/api") {
				return false
			}
			s.Answer(w, r, "text/html", []byte("<html><title>Log in</title></html>"))
			return true
		}, `its title is "Log in"`},
		"an empty list": {func(s *testsite.Site, w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasPrefix(r.URL.Path, "/maps/") {
				return false
			}
			s.Answer(w, r, "application/xml", []byte("<urlset></urlset>"))
			return true
		}, "the source yields no model"},
		"half of the models": {func(s *testsite.Site, w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/maps/1.xml.gz" {
				return false
			}
			s.Answer(w, r, "application/xml", []byte("<urlset></urlset>"))
			return true
		}, "20 of 40 models were not met, more than --max-missing 0.1: "},
		"another mark-up": {func(s *testsite.Site, w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, "/api") {
				return false
			}
			s.Answer(w, r, "text/html", []byte(`<html><title>Model</title><pre>curl --url https://model-api.runcomfy.net/v1/models/a/b</pre><table><td>prompt</table></html>`))
			return true
		}, "the page has no input schema"},
		"an error page with status 200": {func(s *testsite.Site, w http.ResponseWriter, r *http.Request) bool {
			s.Answer(w, r, "text/html", []byte("<html><title>500: Internal Server Error</title></html>"))
			return true
		}, "40 of 40 models were not met"},
		"nothing exists": {func(s *testsite.Site, w http.ResponseWriter, r *http.Request) bool {
			http.NotFound(w, r)
			return true
		}, "40 of 40 models were not met"},
	} {
		t.Run(name, func(t *testing.T) {
			site := testsite.New(testsite.Options{Models: 40, Sitemap: true})
			defer site.Close()
			dir := t.TempDir()
			if code, stdout, stderr := scrapeSite(t, site, dir); code != exitFine {
				t.Fatal(stdout, stderr)
			}
			before := files(t, filepath.Join(dir, "schemas"))
			site.Replace(func(w http.ResponseWriter, r *http.Request) bool { return tt.replace(site, w, r) })
			code, stdout, stderr := scrapeSite(t, site, dir, "--prune")
			if code != exitFindings || !strings.Contains(stderr, tt.want) || !strings.Contains(stderr, "nothing was written") || stdout != "" {
				t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
			}
			if d := cmp.Diff(before, files(t, filepath.Join(dir, "schemas"))); d != "" {
				t.Error(d)
			}
			// What the cache holds is not harmed: the site is well again.
			site.Replace(nil)
			site.Counts()
			if code, stdout, stderr := scrapeSite(t, site, dir); code != exitFine || !strings.Contains(stdout, "40 unchanged") {
				t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
			}
			if c := site.Counts(); c.Unchanged < 40 {
				t.Errorf("%+v", c)
			}
		})
	}
}

// TestVanishedModelsAreMarkedAndPruned by one model that leaves the list.
func TestVanishedModelsAreMarkedAndPruned(t *testing.T) {
	site := testsite.New(testsite.Options{Models: 12, Links: true})
	defer site.Close()
	dir := t.TempDir()
	scrapeSite(t, site, dir)
	gone := site.Models[0]
	site.Replace(func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasPrefix(r.URL.Path, "/models/"+gone.Slug) {
			http.NotFound(w, r)
			return true
		}
		return false
	})
	code, stdout, stderr := scrapeSite(t, site, dir)
	if code != exitFine || !strings.Contains(stdout, "removed: "+gone.ID+"\n") || !strings.Contains(stderr, "page-gone") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	var listed bytes.Buffer
	Run(t.Context(), []string{"list", "--schemas", filepath.Join(dir, "schemas")}, strings.NewReader(""), &listed, &listed, noEnv)
	if strings.Count(listed.String(), "\n") < 12 {
		t.Errorf("the document is gone: %s", listed.String())
	}
	code, stdout, stderr = scrapeSite(t, site, dir, "--prune", "--json")
	var out scraped
	if err := json.Unmarshal([]byte(stdout), &out); err != nil || code != exitFine {
		t.Fatalf("exit code %d, %v\n%s%s", code, err, stdout, stderr)
	}
	if d := cmp.Diff([]string{gone.ID}, out.Pruned); d != "" || len(out.Unchanged) != 11 {
		t.Error(d, out)
	}
}

// TestKilledScrapes kills scrape at random points. No document is ever half
// written, and a run after it fetches no page twice that an earlier one kept.
func TestKilledScrapes(t *testing.T) {
	program, err := exec.LookPath("genclient")
	if err != nil {
		t.Skip("needs the command of TestMain")
	}
	site := testsite.New(testsite.Options{Models: 150, Sitemap: true})
	defer site.Close()
	dir := t.TempDir()
	args := []string{"scrape", site.URL + "/", "--rate", "0", "--out", filepath.Join(dir, "schemas"), "--cache", filepath.Join(dir, "cache")}
	const pages, lists, perRun = 165, 4, 10 // perRun: what cannot be kept, and what a kill meets
	full := func() int { c := site.Counts(); return c.All - c.Unchanged }
	fetched, killed := 0, 0
	for i := range 20 {
		ctx, kill := context.WithCancel(t.Context())
		var requests atomic.Int64
		last := rand.Int64N(pages)
		if i%4 == 3 {
			last = pages // while the documents are written
		}
		site.Replace(func(http.ResponseWriter, *http.Request) bool {
			if requests.Add(1) == last {
				time.AfterFunc(time.Duration(rand.IntN(50))*time.Millisecond, kill)
			}
			return false
		})
		if exec.CommandContext(ctx, program, args...).Run() != nil {
			killed++
		}
		kill()
		fetched += full()
		checkDocuments(t, filepath.Join(dir, "schemas"))
	}
	site.Replace(nil)
	if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	fetched += full()
	if limit := pages + lists + 21*perRun; fetched > limit || killed < 5 {
		t.Errorf("%d whole answers in all, want at most %d; %d runs were killed", fetched, limit, killed)
	}
	checkDocuments(t, filepath.Join(dir, "schemas"))
	if n := len(files(t, filepath.Join(dir, "schemas"))); n != 151 { // the names too; nothing of a killed run is left
		t.Errorf("%d files", n)
	}
}

// checkDocuments fails unless every document can be read, and nothing of a
// killed run is taken for one.
func checkDocuments(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path == dir {
			return nil
		}
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".json" || entry.Name() == schema.NamesFile {
			return err
		}
		text, err := os.ReadFile(path)
		if doc, diags := schema.Read(path, text); doc == nil {
			t.Errorf("%v", diags)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestScrapeFlags(t *testing.T) {
	page := filepath.Join(t.TempDir(), "a.txt")
	for want, args := range map[string][]string{
		"--rate is at least 0":          {"--rate", "-1"},
		"--rate is at least 0, not NaN": {"--rate", "NaN"},
		"--workers is from 1 to 64":     {"--workers", "0"},
		"--min is at least 0":           {"--min", "-2"},
		"--max-missing is a share":      {"--max-missing", "50"},
		"exclude each other":            {"--cache", "x", "--no-cache"},
	} {
		var stderr bytes.Buffer
		if code := Run(t.Context(), append([]string{"scrape", page}, args...), nil, &stderr, &stderr, noEnv); code != exitFailure || !strings.Contains(stderr.String(), want) {
			t.Errorf("%v: exit code %d, %s", args, code, stderr.String())
		}
	}
}
