package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// fakeHost answers the requests of a downloader in a bubble of synctest, for the
// API and for the media.
type fakeHost func(r *http.Request) (status int, header http.Header, body string)

func (f fakeHost) RoundTrip(r *http.Request) (*http.Response, error) {
	status, header, body := f(r)
	w := httptest.NewRecorder()
	for name, values := range header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(status)
	w.WriteString(body)
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

// TestDownloadLag holds for how long a file is waited for that is not there yet or
// that the server puts off.
func TestDownloadLag(t *testing.T) {
	png := pngSignature + strings.Repeat("x", 100)
	after := func(n string) http.Header { return http.Header{"Retry-After": {n}} }
	for name, test := range map[string]struct {
		status   int
		header   http.Header
		until    time.Duration // when the file is there
		arrives  bool
		within   time.Duration
		requests int // at most
	}{
		"404 for a while":           {404, nil, 10 * time.Second, true, 19 * time.Second, 20},
		"404 for good":              {404, nil, time.Hour, false, 24 * time.Second, 20},
		"403 for good":              {403, nil, time.Hour, false, time.Second, 2},
		"410 for good":              {410, nil, time.Hour, false, time.Second, 2},
		"503 with Retry-After":      {503, after("2"), time.Minute, true, 75 * time.Second, 40},
		"503 with a long one":       {503, after("3600"), 50 * time.Second, true, 61 * time.Second, 3},
		"429 with Retry-After":      {429, after("5"), 2 * time.Minute, true, 135 * time.Second, 30},
		"503 for good":              {503, after("30"), 24 * time.Hour, false, 12 * time.Minute, 30},
		"503 without Retry-After":   {503, nil, 24 * time.Hour, false, time.Minute, 5},
		"a refusal that names time": {400, after("2"), time.Minute, false, time.Second, 1},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				requests, reads := 0, 0
				host := fakeHost(func(r *http.Request) (int, http.Header, string) {
					if strings.HasPrefix(r.URL.Path, "/v1/") {
						reads++
						return 200, nil, `{"request_id": "req_1", "status": "completed", "output": {"image": "http://127.0.0.1:9/a.png?new"}}`
					}
					requests++
					if time.Since(start) < test.until {
						return test.status, test.header, "not yet"
					}
					return 200, nil, png
				})
				c := New("token", WithBaseURL("http://127.0.0.1:9"), WithHTTPClient(&http.Client{Transport: host}))
				files, err := c.Download(t.Context(), &Result{RequestID: "req_1", Output: Output{Image: "http://127.0.0.1:9/a.png?old"}}, dir)
				if (err == nil) != test.arrives || len(files) == 1 != test.arrives {
					t.Errorf("%v, %v", files, err)
				}
				if took := time.Since(start); took > test.within || took < min(test.until, test.within/2) && test.arrives {
					t.Errorf("took %v, want at most %v", took, test.within)
				}
				if requests > test.requests || reads > 1 {
					t.Errorf("%d requests and %d reads of the result", requests, reads)
				}
			})
		})
	}
}

// TestDownloadLagResultGone waits no longer for a file when the API does not know
// the job: what it waits for is that read, 15 s and the last pause of at most 15 s.
func TestDownloadLagResultGone(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		host := fakeHost(func(*http.Request) (int, http.Header, string) { return 404, nil, "{}" })
		c := New("token", WithBaseURL("http://localhost:9"), WithHTTPClient(&http.Client{Transport: host}))
		_, err := c.Download(t.Context(), &Result{RequestID: "req_1", Output: Output{Image: "http://localhost:9/a.png"}}, dir)
		if text := failures(t, err)["image"]; !strings.Contains(text, "404") || time.Since(start) > 31*time.Second {
			t.Errorf("%q after %v", text, time.Since(start))
		}
	})
}

// TestDownloadOwnOrigin allows the origin of a base URL on this machine, by http
// too, and nothing beside it.
func TestDownloadOwnOrigin(t *testing.T) {
	png := mediaFile(t, "rgb.png")
	var asked atomic.Int64
	serve := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.Header.Get("Authorization") != "" {
			t.Error("a download carries the token")
		}
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusFound)
		default:
			serveFile(png, `"v1"`)(w, r)
		}
	})
	own, other := httptest.NewServer(serve), httptest.NewServer(serve)
	defer own.Close()
	defer other.Close()
	local := strings.Replace(own.URL, "127.0.0.1", "localhost", 1)
	for _, test := range []struct {
		base, url string
		arrives   bool
	}{
		{own.URL, own.URL + "/a.png", true},
		{own.URL + "/prefix/v1/", own.URL + "/a.png", true},
		{local, local + "/a.png", true},
		{local, strings.Replace(local, "localhost", "LOCALHOST", 1) + "/a.png", true},
		{own.URL, own.URL + "/away?to=" + own.URL + "/a.png", true},
		{own.URL, own.URL + "/away?to=" + other.URL + "/a.png", false},
		{own.URL, other.URL + "/a.png", false},
		{own.URL, local + "/a.png", false},
		{own.URL, strings.Replace(own.URL, "http:", "https:", 1) + "/a.png", false},
		{own.URL, strings.Replace(own.URL, "//", "//user:password@", 1) + "/a.png", false},
		{"", own.URL + "/a.png", false},
		{"http://127.0.0.1.example.com", own.URL + "/a.png", false},
	} {
		var opts []Option
		if test.base != "" {
			opts = append(opts, WithBaseURL(test.base), WithInsecureHTTP())
		}
		before := asked.Load()
		files, err := New("token", opts...).Download(t.Context(), &Result{RequestID: "req_1", Output: Output{Image: test.url}}, t.TempDir())
		if (err == nil) != test.arrives || len(files) == 1 != test.arrives {
			t.Errorf("%s from %s: %v, %v", test.base, test.url, files, err)
		}
		if !test.arrives && asked.Load()-before > 1 {
			t.Errorf("%s from %s: %d requests", test.base, test.url, asked.Load()-before)
		}
	}
	// The check of media reaches it too.
	in := &mediaInput{body: map[string]string{"image_url": own.URL + "/a.png"}, rules: imageRules("image_url")[:1]}
	if got := broken(t, New("token", WithBaseURL(own.URL)).CheckMedia(t.Context(), in)); len(got) != 1 || got[0] != "image_url width_pixels>" {
		t.Errorf("CheckMedia: %v", got)
	}
}

// TestDownloadNoFile tells a finished job without any file from one that has not
// ended.
func TestDownloadNoFile(t *testing.T) {
	c := New("token")
	res := &Result{RequestID: "req_1", State: StateDone, Raw: json.RawMessage(`{"output": {"text": "x"}}`)}
	files, err := c.Download(t.Context(), res, t.TempDir())
	for _, state := range []State{StateQueued, StateRunning} {
		if _, err := c.Download(t.Context(), &Result{RequestID: "req_1", State: state}, t.TempDir()); !errors.Is(err, ErrNotFinished) {
			t.Errorf("%s: %v", state, err)
		}
	}
	if e := as[*DownloadError](t, err); len(files) != 0 || !strings.Contains(err.Error(), "Raw") || e.RequestID() != "req_1" || e.Charged() != ChargedYes {
		t.Errorf("%v, %v", files, err)
	}
}
