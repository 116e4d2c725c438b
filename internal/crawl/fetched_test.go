package crawl

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/genclient/genclient/internal/fetch"
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

// moving redirects one path.
type moving struct{ transport }

func (m moving) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path != "/models/old/api" {
		return m.transport.RoundTrip(r)
	}
	return &http.Response{StatusCode: http.StatusMovedPermanently, Header: http.Header{"Location": {"/models/new/api#curl"}},
		Body: http.NoBody}, nil
}

// TestFetchedPageHasItsURL, which is where redirects led: what was asked for
// may be an old name.
func TestFetchedPageHasItsURL(t *testing.T) {
	pages := moving{transport{"text/plain", textPage("v/m")}}
	for at, want := range map[string]string{"/models/m/api?x=1": "/models/m/api", "/models/old/api": "/models/new/api"} {
		const host = "https://www.runcomfy.com"
		got := crawl(t, Options{Sources: []string{host + at}, Fetch: fetch.Options{Transport: pages}})
		if len(got.diags) > 0 || len(got.models) != 1 || got.models["v/m"].Page.URL != host+want {
			t.Errorf("%s: %v, %v", at, got.models, got.diags)
		}
	}
}

func TestPageOfAnotherTypeIsReported(t *testing.T) {
	got := crawl(t, Options{Sources: []string{"https://www.runcomfy.com/models/m/api"}, Fetch: fetch.Options{Transport: transport{"image/png", "x"}}})
	if len(got.models) > 0 || len(got.diags) != 1 || !strings.Contains(got.diags[0].Message, `"image/png"`) {
		t.Errorf("%v", got.diags)
	}
}
