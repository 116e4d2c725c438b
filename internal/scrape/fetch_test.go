package scrape

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/genclient/genclient/internal/diag"
)

// answers is a transport that gives its answers in turn, the last one for good.
type answers struct {
	list     []answer
	requests []*http.Request
}

type answer struct {
	status int
	header http.Header
	body   io.Reader
	err    error
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	a.requests = append(a.requests, r)
	next := a.list[0]
	if len(a.list) > 1 {
		a.list = a.list[1:]
	}
	if next.err != nil {
		return nil, next.err
	}
	header := next.header
	if header == nil {
		header = http.Header{"Content-Type": {"text/plain; charset=utf-8"}}
	}
	if next.body == nil {
		next.body = strings.NewReader("")
	}
	return &http.Response{StatusCode: next.status, Header: header, Body: io.NopCloser(next.body), Request: r}, nil
}

func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Set(pairs[i], pairs[i+1])
	}
	return h
}

// fetchOne scrapes one URL by the given answers, and returns the virtual time
// that it took.
func fetchOne(t *testing.T, list ...answer) (Report, diag.List, *answers, time.Duration) {
	t.Helper()
	transport := &answers{list: list}
	start := time.Now()
	report, diags, err := Run(t.Context(), Options{Sources: []string{"https://www.runcomfy.com/models/m/api?x=1"}, Transport: transport})
	if err != nil {
		t.Fatal(err)
	}
	return report, diags, transport, time.Since(start)
}

func pageBody() io.Reader { return strings.NewReader(textPage("v/m", oneProperty)) }

func TestFetchedPageHasItsURL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		report, diags, transport, _ := fetchOne(t, answer{status: 200, body: pageBody()})
		if len(diags) > 0 || len(report.Scraped) != 1 {
			t.Fatalf("%v, %v", report, diags)
		}
		if got := report.Scraped[0].Page.URL; got != "https://www.runcomfy.com/models/m/api" {
			t.Errorf("url %q", got)
		}
		for name := range transport.requests[0].Header {
			if name == "Authorization" || name == "Cookie" {
				t.Errorf("the request carries %s", name)
			}
		}
	})
}

func TestPassingFailuresAreTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		report, diags, transport, took := fetchOne(t,
			answer{err: errors.New("connection reset")},
			answer{status: 429, header: header("Retry-After", "7")},
			answer{status: 200, body: io.MultiReader(strings.NewReader("curl"), iotest.ErrReader(io.ErrUnexpectedEOF))},
			answer{status: 200, body: pageBody()})
		if len(diags) > 0 || len(report.Scraped) != 1 || len(transport.requests) != 4 {
			t.Errorf("%v, %v, %d requests", report, diags, len(transport.requests))
		}
		if took < 7*time.Second || took > 10*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestRetryAfterMayBeADate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := time.Now().Add(20 * time.Second).UTC().Format(http.TimeFormat)
		_, diags, _, took := fetchOne(t, answer{status: 503, header: header("Retry-After", at)}, answer{status: 200, body: pageBody()})
		if len(diags) > 0 || took < 19*time.Second || took > 21*time.Second {
			t.Errorf("%v after %v", diags, took)
		}
	})
}

func TestFailuresOfAFetch(t *testing.T) {
	for name, tt := range map[string]struct {
		answers  []answer
		want     string
		requests int
	}{
		"gone":            {[]answer{{status: 404}}, "the server answers 404 Not Found", 1},
		"down for good":   {[]answer{{status: 502}}, "try 4: the server answers 502", 4},
		"far too long":    {[]answer{{status: 429, header: header("Retry-After", "3600")}}, "try 1: the server answers 429", 1},
		"another type":    {[]answer{{status: 200, header: header("Content-Type", "image/png")}}, `the content type "image/png" is neither`, 1},
		"unreadable type": {[]answer{{status: 200, header: header("Content-Type", ";;")}}, "cannot be read", 1},
		"huge": {[]answer{{status: 200, header: header("Content-Type", "text/html"),
			body: io.LimitReader(blanks{}, maxPage+1)}}, "larger than 4 MiB", 1},
		"redirect to a file":     {[]answer{{status: 302, header: header("Location", "file:///etc/passwd")}}, `it leads to the scheme "file"`, 1},
		"redirect to http":       {[]answer{{status: 302, header: header("Location", "http://www.runcomfy.com/")}}, "from https to http", 1},
		"redirect with a secret": {[]answer{{status: 302, header: header("Location", "https://u:p@www.runcomfy.com/")}}, "its URL has credentials", 1},
		"redirects without end":  {[]answer{{status: 302, header: header("Location", "/x")}}, "there were 5 before it", 6},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				report, diags, transport, _ := fetchOne(t, tt.answers...)
				if len(report.Scraped) > 0 || len(diags) != 1 || !strings.Contains(diags[0].Message, tt.want) {
					t.Errorf("%v, %v", report, diags)
				}
				if len(transport.requests) != tt.requests {
					t.Errorf("%d requests, want %d", len(transport.requests), tt.requests)
				}
			})
		})
	}
}

// blanks is an endless text.
type blanks struct{}

func (blanks) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	return len(b), nil
}

func TestAFetchEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		_, _, err := Run(ctx, Options{Sources: []string{"https://www.runcomfy.com/models/m/api"},
			Transport: &answers{list: []answer{{status: 503, header: header("Retry-After", "30")}}}})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 10*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestFetchesAreHeldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var urls []string
		for range 12 {
			urls = append(urls, "https://www.runcomfy.com/models/m/api")
		}
		start := time.Now()
		_, _, err := Run(t.Context(), Options{Sources: urls, Transport: always(func() string { return textPage("v/m", oneProperty) })})
		if took := time.Since(start); err != nil || took != 2*time.Second { // 4 at once, 8 more at 4 a second
			t.Errorf("%v after %v", err, took)
		}
	})
}

// always is a transport that answers every request alike.
type always func() string

func (f always) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: header("Content-Type", "text/plain"), Body: io.NopCloser(strings.NewReader(f()))}, nil
}
