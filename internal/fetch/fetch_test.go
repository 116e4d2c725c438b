package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

// answers is a transport that gives its answers in turn, the last one for good.
type answers struct {
	mu       sync.Mutex
	list     []answer
	requests []*http.Request
}

type answer struct {
	status int
	header http.Header
	body   func() io.Reader
	err    error
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests = append(a.requests, r)
	next := a.list[0]
	if len(a.list) > 1 {
		a.list = a.list[1:]
	}
	if next.err != nil {
		return nil, next.err
	}
	h := next.header
	if h == nil {
		h = header("Content-Type", "text/html; charset=utf-8")
	}
	body := next.body
	if body == nil {
		body = text("")
	}
	return &http.Response{StatusCode: next.status, Header: h, ContentLength: -1, Body: io.NopCloser(body()), Request: r}, nil
}

func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

func text(s string) func() io.Reader { return func() io.Reader { return strings.NewReader(s) } }

// breaking is a body that ends with an error.
func breaking(s string, err error) func() io.Reader {
	return func() io.Reader { return io.MultiReader(strings.NewReader(s), iotest.ErrReader(err)) }
}

func request(address string) Request {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return Request{URL: u, Types: []string{"text/html", "application/json", "+json"}, MaxBytes: 1 << 20}
}

// get reads one URL by the given answers, robots.txt left aside, and returns
// the virtual time that it took.
func get(t *testing.T, list ...answer) (*Response, *answers, time.Duration, error) {
	t.Helper()
	transport := &answers{list: list}
	start := time.Now()
	response, err := New(Options{Transport: transport, IgnoreRobots: true}).Get(t.Context(), request("https://www.example.com/m?x=1"))
	return response, transport, time.Since(start), err
}

func TestRequestNamesTheProgramAndNotTheUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport := &answers{list: []answer{{status: 404}, {status: 200, body: text("page")}}}
		response, err := New(Options{Transport: transport, Version: "v1.2.3"}).Get(t.Context(), request("https://www.example.com/m"))
		if err != nil || string(response.Body) != "page" || response.MediaType != "text/html" {
			t.Fatalf("%+v, %v", response, err)
		}
		for _, r := range transport.requests {
			if got := r.Header.Get("User-Agent"); !strings.HasPrefix(got, "genclient/v1.2.3 (+https://") {
				t.Errorf("User-Agent %q", got)
			}
			for name := range r.Header {
				if name == "Authorization" || name == "Cookie" || name == "Referer" {
					t.Errorf("the request carries %s", name)
				}
			}
		}
	})
}

func TestPassingFailuresAreTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		response, transport, took, err := get(t,
			answer{err: errors.New("connection reset")},
			answer{status: 429, header: header("Retry-After", "7")},
			answer{status: 200, body: breaking("half", io.ErrUnexpectedEOF)},
			answer{status: 200, body: text("whole")})
		if err != nil || string(response.Body) != "whole" || len(transport.requests) != 4 {
			t.Errorf("%+v, %v, %d requests", response, err, len(transport.requests))
		}
		if took < 7*time.Second || took > 12*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// TestFailuresWithinABody are tried again like those before it.
func TestFailuresWithinABody(t *testing.T) {
	for name, body := range map[string]func() io.Reader{
		"cut off": breaking("half", io.ErrUnexpectedEOF),
		"reset":   breaking("half", errors.New("read: connection reset by peer")),
		"time-out": func() io.Reader {
			return readerFunc(func([]byte) (int, error) { time.Sleep(requestTimeout); return 0, context.DeadlineExceeded })
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				response, transport, _, err := get(t, answer{status: 200, body: body}, answer{status: 200, body: text("whole")})
				if err != nil || string(response.Body) != "whole" || len(transport.requests) != 2 {
					t.Errorf("%+v, %v", response, err)
				}
			})
		})
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

func TestRetryAfterMayBeADate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := time.Now().Add(20 * time.Second).UTC().Format(http.TimeFormat)
		_, _, took, err := get(t, answer{status: 503, header: header("Retry-After", at)}, answer{status: 200})
		if err != nil || took < 19*time.Second || took > 21*time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})
}

// TestRetryAfterHoldsEverybodyBack: the server speaks to the program, not to
// one of its requests.
func TestRetryAfterHoldsEverybodyBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{IgnoreRobots: true, Rate: -1, Transport: &answers{list: []answer{
			{status: 429, header: header("Retry-After", "30")}, {status: 200}}}})
		start := time.Now()
		var group sync.WaitGroup
		group.Go(func() { c.Get(t.Context(), request("https://x.example/a")) })
		synctest.Wait()
		if got := c.Pace(request("https://x.example/").URL); got != "the server asks to wait 30s" {
			t.Errorf("pace %q", got)
		}
		_, err := c.Get(t.Context(), request("https://x.example/b"))
		if took := time.Since(start); err != nil || took < 30*time.Second {
			t.Errorf("%v after %v", err, took)
		}
		group.Wait()
	})
}

func TestFailures(t *testing.T) {
	moved := func(to string) []answer { return []answer{{status: 302, header: header("Location", to)}} }
	html := header("Content-Type", "text/html")
	for name, tt := range map[string]struct {
		answers  []answer
		want     string
		requests int
	}{
		"gone":                    {[]answer{{status: 404}}, "the server answers 404 Not Found", 1},
		"down for good":           {[]answer{{status: 502}}, "the server answers 502 Bad Gateway (tried 4 times)", 4},
		"far too long":            {[]answer{{status: 429, header: header("Retry-After", "3600")}}, "429 Too Many Requests, and asks to wait for 1h0m0s", 1},
		"cut off for good":        {[]answer{{status: 200, body: breaking("x", io.ErrUnexpectedEOF)}}, "the answer is cut off (tried 4 times)", 4},
		"another type":            {[]answer{{status: 200, header: header("Content-Type", "image/png")}}, `the content type "image/png" is not`, 1},
		"unreadable type":         {[]answer{{status: 200, header: header("Content-Type", ";;")}}, "cannot be read", 1},
		"huge":                    {[]answer{{status: 200, header: html, body: func() io.Reader { return blanks{} }}}, "larger than 1 MiB", 1},
		"not asked for":           {[]answer{{status: 304}}, "the server answers 304", 1},
		"redirect to a file":      {moved("file:///etc/passwd"), `the scheme "file" is neither`, 1},
		"redirect to http":        {moved("http://www.example.com/"), "from https to http", 1},
		"redirect with a secret":  {moved("https://u:p@www.example.com/"), "its URL has credentials", 1},
		"redirect off the site":   {moved("https://www.example.org/"), "to another site, www.example.org", 1},
		"redirect to a subdomain": {moved("https://evil.www.example.com/"), "to another site", 1},
		"redirect to a port":      {moved("https://www.example.com:8443/"), "to another site", 1},
		"redirect nowhere":        {moved(""), "its Location cannot be read", 1},
		"redirect without end":    {moved("/x"), "there were 5 before it", 6},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				response, transport, _, err := get(t, tt.answers...)
				if response != nil || !strings.Contains(fmt.Sprint(err), tt.want) {
					t.Errorf("%+v, %v", response, err)
				}
				if len(transport.requests) != tt.requests {
					t.Errorf("%d requests, want %d", len(transport.requests), tt.requests)
				}
			})
		})
	}
}

func TestRedirectWithinTheSite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		response, _, _, err := get(t, answer{status: 308, header: header("Location", "https://example.com/b#part")}, answer{status: 200})
		if err != nil || response.URL.String() != "https://example.com/b" {
			t.Errorf("%+v, %v", response, err)
		}
	})
}

// TestRobotsHoldBehindARedirect too.
func TestRobotsHoldBehindARedirect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Transport: &answers{list: []answer{{status: 200, body: text("User-agent: *\nDisallow: /secret")},
			{status: 302, header: header("Location", "/secret/x")}, {status: 200}}}})
		var refused *RobotsError
		if _, err := c.Get(t.Context(), request("https://x.example/a")); !errors.As(err, &refused) {
			t.Errorf("%v", err)
		}
	})
}

// blanks is an endless text.
type blanks struct{}

func (blanks) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}

func TestAGetEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		_, err := New(Options{IgnoreRobots: true, Transport: &answers{list: []answer{{status: 503, header: header("Retry-After", "30")}}}}).
			Get(ctx, request("https://x.example/"))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 10*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestRequestsAreSpaced(t *testing.T) {
	for rate, want := range map[float64]time.Duration{0: 5500 * time.Millisecond, 10: 1100 * time.Millisecond, -1: 0} {
		synctest.Test(t, func(t *testing.T) {
			c := New(Options{IgnoreRobots: true, Rate: rate, Transport: &answers{list: []answer{{status: 200}}}})
			start := time.Now()
			var group sync.WaitGroup
			for range 12 {
				group.Go(func() { c.Get(t.Context(), request("https://x.example/")) })
			}
			group.Wait()
			if took := time.Since(start); took != want {
				t.Errorf("rate %g: took %v, want %v", rate, took, want)
			}
		})
	}
}

// TestAFailingSiteIsLeftAlone: after so many URLs no further one is requested.
func TestAFailingSiteIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport := &answers{list: []answer{{status: 500}}}
		c := New(Options{IgnoreRobots: true, Transport: transport})
		for i := range maxFailures + 5 {
			_, err := c.Get(t.Context(), request("https://x.example/"))
			var gaveUp *GaveUpError
			if errors.As(err, &gaveUp) != (i >= maxFailures) {
				t.Errorf("URL %d: %v", i, err)
			}
		}
		if n := len(transport.requests); n != maxFailures*maxTries {
			t.Errorf("%d requests", n)
		}
		if got := c.Stats(); got.Retries != maxFailures*(maxTries-1) || got.Requests != maxFailures*maxTries {
			t.Errorf("%+v", got)
		}
	})
}

func TestTokenStaysAtItsOrigin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport := &answers{list: []answer{{status: 307, header: header("Location", "https://www.api.example/v1")}, {status: 200}}}
		r := request("https://api.example/v1")
		r.Token = "secret"
		cache := openCache(t)
		response, err := New(Options{Transport: transport, Cache: cache}).Get(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if len(transport.requests) != 2 {
			t.Fatalf("%d requests: robots.txt does not count for an API's user", len(transport.requests))
		}
		if got := transport.requests[0].Header.Get("Authorization"); got != "Bearer secret" {
			t.Errorf("Authorization %q", got)
		}
		if got := transport.requests[1].Header.Get("Authorization"); got != "" {
			t.Errorf("another origin gets %q", got)
		}
		if err := response.Store([]byte("x")); err != nil || len(cacheFiles(t, cache)) > 0 {
			t.Errorf("%v, stored: %v", err, cacheFiles(t, cache))
		}
	})
}
