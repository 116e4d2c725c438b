package fetch

import (
	"bytes"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func openCache(t testing.TB) *Cache {
	t.Helper()
	c, err := OpenCache(filepath.Join(t.TempDir(), "cache"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// cacheFiles returns the files of a cache.
func cacheFiles(t testing.TB, c *Cache) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(c.dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// site is a page that changes when told to, with validators.
type site struct {
	*httptest.Server
	body, etag, modified string
	header               map[string]string
	moved                string
	got                  []*http.Request
}

func newSite(t *testing.T) *site {
	s := &site{body: "one", etag: `"1"`}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			http.NotFound(w, r)
			return
		}
		s.got = append(s.got, r)
		if s.moved != "" && r.URL.Path == "/" {
			http.Redirect(w, r, s.moved, http.StatusFound)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		for k, v := range s.header {
			w.Header().Set(k, v)
		}
		if s.etag != "" {
			w.Header().Set("ETag", s.etag)
		}
		if s.modified != "" {
			w.Header().Set("Last-Modified", s.modified)
		}
		if s.etag != "" && r.Header.Get("If-None-Match") == s.etag || s.modified != "" && r.Header.Get("If-Modified-Since") == s.modified {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Write([]byte(s.body))
	}))
	t.Cleanup(s.Close)
	return s
}

// run reads the site as one run of the program does, with a reader's digest.
func (s *site) run(t *testing.T, cache *Cache, reader string) *Response {
	t.Helper()
	r := request(s.URL + "/")
	r.Reader = reader
	response, err := New(Options{Rate: -1, Cache: cache, Local: LocalHosts(r.URL)}).Get(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

// keep stores the response as a reader that kept "made of <body>" does.
func keep(t *testing.T, r *Response) {
	t.Helper()
	if err := r.Store(append([]byte("made of "), r.Body...)); err != nil {
		t.Fatal(err)
	}
}

func TestSecondRunIsConditional(t *testing.T) {
	for name, set := range map[string]func(*site){
		"ETag":          func(*site) {},
		"Last-Modified": func(s *site) { s.etag, s.modified = "", "Mon, 02 Jan 2006 15:04:05 GMT" },
		"both":          func(s *site) { s.modified = "Mon, 02 Jan 2006 15:04:05 GMT" },
	} {
		t.Run(name, func(t *testing.T) {
			s, cache := newSite(t), openCache(t)
			set(s)
			first := s.run(t, cache, "reader")
			if first.Unchanged || string(first.Body) != "one" {
				t.Errorf("first: %+v", first)
			}
			keep(t, first)
			second := s.run(t, cache, "reader")
			if !second.Unchanged || string(second.Kept) != "made of one" || second.Body != nil || second.MediaType != "text/html" {
				t.Errorf("second: %+v", second)
			}
			other := s.run(t, cache, "another reader")
			if !other.Unchanged || string(other.Body) != "one" || other.Kept != nil {
				t.Errorf("another reader: %+v", other)
			}
			keep(t, other)
			if got := s.run(t, cache, "another reader"); string(got.Kept) != "made of one" {
				t.Errorf("another reader, again: %+v", got)
			}
			s.body, s.etag, s.modified = "two", `"2"`, ""
			changed := s.run(t, cache, "another reader")
			if changed.Unchanged || string(changed.Body) != "two" || changed.Kept != nil {
				t.Errorf("changed: %+v", changed)
			}
		})
	}
}

// TestOnlyWhatIsStoredIsKept: a page that fails the caller's check does not
// take the place of one that passed.
func TestOnlyWhatIsStoredIsKept(t *testing.T) {
	s, cache := newSite(t), openCache(t)
	keep(t, s.run(t, cache, "reader"))
	s.body, s.etag = "please log in", `"login"`
	s.run(t, cache, "reader")
	s.body, s.etag = "one", `"1"`
	if got := s.run(t, cache, "reader"); !got.Unchanged || string(got.Kept) != "made of one" {
		t.Errorf("%+v", got)
	}
}

func TestWhatIsNotStored(t *testing.T) {
	for name, set := range map[string]func(*site){
		"no-store":       func(s *site) { s.header = map[string]string{"Cache-Control": "private, No-Store"} },
		"no validators":  func(s *site) { s.etag = "" },
		"endless header": func(s *site) { s.etag = `"` + strings.Repeat("x", maxHeader) + `"` },
	} {
		s, cache := newSite(t), openCache(t)
		set(s)
		keep(t, s.run(t, cache, "reader"))
		if files := cacheFiles(t, cache); len(files) > 0 {
			t.Errorf("%s: stored", name)
		}
	}
}

func TestValidatorsAreRefreshed(t *testing.T) {
	s, cache := newSite(t), openCache(t)
	s.modified = "Mon, 02 Jan 2006 15:04:05 GMT"
	keep(t, s.run(t, cache, "reader"))
	s.etag = `"same page, other name"` // matched by its date
	s.run(t, cache, "reader")
	s.modified = ""
	got := s.run(t, cache, "reader")
	if r := s.got[len(s.got)-1]; r.Header.Get("If-None-Match") != s.etag || !got.Unchanged || string(got.Kept) != "made of one" {
		t.Errorf("asked with %v, got %+v", r.Header, got)
	}
	if got := s.run(t, cache, "another reader"); string(got.Body) != "one" {
		t.Errorf("body %q", got.Body)
	}
}

// TestAnUnchangedPageIsNotWritten: the mtime of its file stays.
func TestAnUnchangedPageIsNotWritten(t *testing.T) {
	s, cache := newSite(t), openCache(t)
	keep(t, s.run(t, cache, "reader"))
	file := cacheFiles(t, cache)[0]
	old := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	if err := os.Chtimes(file, old, old); err != nil {
		t.Fatal(err)
	}
	s.run(t, cache, "reader")
	info, err := os.Stat(file)
	if err != nil || !info.ModTime().Equal(old) {
		t.Errorf("%v, %v", info, err)
	}
}

// TestAnotherRedirectIsReadAgain: a validator of one page means nothing for
// another.
func TestAnotherRedirectIsReadAgain(t *testing.T) {
	s, cache := newSite(t), openCache(t)
	s.moved = "/a"
	keep(t, s.run(t, cache, "reader"))
	if got := s.run(t, cache, "reader"); !got.Unchanged || got.URL.Path != "/a" {
		t.Errorf("%+v", got)
	}
	s.moved = "/b" // which happens to have the same ETag
	if got := s.run(t, cache, "reader"); got.Unchanged || got.URL.Path != "/b" || string(got.Body) != "one" {
		t.Errorf("%+v", got)
	}
}

// TestDamagedEntriesCountAsNone cuts and changes the file at every place.
func TestDamagedEntriesCountAsNone(t *testing.T) {
	s, cache := newSite(t), openCache(t)
	keep(t, s.run(t, cache, "reader"))
	file := cacheFiles(t, cache)[0]
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	u := request(s.URL + "/").URL
	readable := func(content []byte, reader string) bool {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		e := cache.load(u, reader)
		if e == nil {
			return false
		}
		body, err := cache.body(e)
		return err == nil && string(body) == "one" && (reader != "reader" || string(e.kept) == "made of one")
	}
	if !readable(whole, "reader") || !readable(whole, "another") {
		t.Fatal("the whole entry cannot be read")
	}
	for n := range whole {
		if readable(whole[:n], "reader") {
			t.Errorf("cut at %d: taken", n)
		}
	}
	start := bytes.IndexByte(whole, '\n') + 1
	for n := start; n < len(whole); n++ {
		damaged := bytes.Clone(whole)
		damaged[n] = 0
		if readable(damaged, "reader") {
			t.Errorf("zero at %d: taken", n)
		}
	}
	// The next run replaces what is damaged.
	if err := os.WriteFile(file, whole[:20], 0o600); err != nil {
		t.Fatal(err)
	}
	keep(t, s.run(t, cache, "reader"))
	if content, err := os.ReadFile(file); err != nil || string(content) != string(whole) {
		t.Errorf("the damaged entry is still there: %v", err)
	}
	if got := s.run(t, cache, "reader"); got.Unchanged && string(got.Kept) != "made of one" || !got.Unchanged && string(got.Body) != "one" {
		t.Errorf("%+v", got)
	}
}

func TestSweepTakesOldTemporaryFiles(t *testing.T) {
	cache := openCache(t)
	dir := cache.dir
	for name, age := range map[string]time.Duration{"old" + tempEnding: 2 * tempAge, "new" + tempEnding: 0, "entry": 2 * tempAge} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(-age)
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := OpenCache(cache.dir); err != nil {
		t.Fatal(err)
	}
	if files := cacheFiles(t, cache); len(files) != 2 {
		t.Errorf("%v", files)
	}
}
