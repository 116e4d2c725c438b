package scrape

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
)

// transport answers every request for a page alike; there is no robots.txt.
type transport struct{ mediaType, body string }

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) {
	status := http.StatusOK
	if r.URL.Path == "/robots.txt" {
		status = http.StatusNotFound
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {f.mediaType}},
		Body: io.NopCloser(strings.NewReader(f.body))}, nil
}

func TestFetchedPageHasItsURL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		report, diags, err := Run(t.Context(), Options{Sources: []string{"https://www.runcomfy.com/models/m/api?x=1"},
			Transport: transport{"text/plain", textPage("v/m", oneProperty)}})
		if err != nil || len(diags) > 0 || len(report.Scraped) != 1 {
			t.Fatalf("%v, %v, %v", report, diags, err)
		}
		if got := report.Scraped[0].Page.URL; got != "https://www.runcomfy.com/models/m/api" {
			t.Errorf("url %q", got)
		}
	})
}

// TestRedirectedPageHasTheURLItCameFrom: what was asked for is an old name.
func TestRedirectedPageHasTheURLItCameFrom(t *testing.T) {
	pages := transport{"text/plain", textPage("v/m", oneProperty)}
	moved := roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.URL.Path != "/models/old/api" {
			return pages.RoundTrip(r)
		}
		return &http.Response{StatusCode: http.StatusMovedPermanently, Header: http.Header{"Location": {"/models/new/api#curl"}},
			Body: http.NoBody}, nil
	})
	synctest.Test(t, func(t *testing.T) {
		report, diags, err := Run(t.Context(), Options{Sources: []string{"https://www.runcomfy.com/models/old/api"}, Transport: moved})
		if err != nil || len(diags) > 0 || len(report.Scraped) != 1 {
			t.Fatalf("%v, %v, %v", report, diags, err)
		}
		if got := report.Scraped[0].Page.URL; got != "https://www.runcomfy.com/models/new/api" {
			t.Errorf("url %q", got)
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestPageOfAnotherTypeIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		report, diags, err := Run(t.Context(), Options{Sources: []string{"https://www.runcomfy.com/models/m/api"},
			Transport: transport{"image/png", "x"}})
		if err != nil || len(report.Scraped) > 0 || len(diags) != 1 || !strings.Contains(diags[0].Message, `"image/png"`) {
			t.Errorf("%v, %v, %v", report, diags, err)
		}
	})
}
