package scrape

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"
)

// The manners of the fetcher.
const (
	requestTimeout = 30 * time.Second // one request with its body
	maxTries       = 4                // of one URL
	firstDelay     = 500 * time.Millisecond
	maxRetryAfter  = 60 * time.Second // a longer wait is not taken
	maxRedirects   = 5
	requestRate    = rate.Limit(4) // per second
	requestBurst   = 4
)

// fetcher reads URLs: slowly, within limits, and without credentials.
type fetcher struct {
	client *http.Client
	limit  *rate.Limiter
}

func newFetcher(transport http.RoundTripper) *fetcher {
	return &fetcher{
		client: &http.Client{Transport: transport, Timeout: requestTimeout, CheckRedirect: checkRedirect},
		limit:  rate.NewLimiter(requestRate, requestBurst),
	}
}

// errRedirect is a redirect that is not followed, now or later.
var errRedirect = errors.New("the redirect is not followed")

// checkRedirect follows few redirects, over http and https only, and none from
// https back to http.
func checkRedirect(next *http.Request, via []*http.Request) error {
	switch {
	case len(via) > maxRedirects:
		return fmt.Errorf("%w: there were %d before it", errRedirect, maxRedirects)
	case !isHTTP(next.URL):
		return fmt.Errorf("%w: it leads to the scheme %q", errRedirect, next.URL.Scheme)
	case next.URL.User != nil:
		return fmt.Errorf("%w: its URL has credentials", errRedirect)
	case via[0].URL.Scheme == "https" && next.URL.Scheme != "https":
		return fmt.Errorf("%w: it leads from https to http", errRedirect)
	}
	return nil
}

func isHTTP(u *url.URL) bool { return (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" }

// retryError is a failure that another try may mend, after at least the given
// wait.
type retryError struct {
	err  error
	wait time.Duration
}

func (e *retryError) Error() string { return e.err.Error() }

// get reads a page or a catalog answer. GET is idempotent (RFC 9110, section
// 9.2.2), so transport errors and the passing statuses are tried again.
func (f *fetcher) get(ctx context.Context, u *url.URL) (input, error) {
	delay := firstDelay
	for try := 1; ; try++ {
		if err := f.limit.Wait(ctx); err != nil {
			return input{}, fmt.Errorf("fetching: %w", err)
		}
		in, err := f.try(ctx, u)
		var again *retryError
		if err == nil || !errors.As(err, &again) {
			return in, err
		}
		if try == maxTries || again.wait > maxRetryAfter {
			return input{}, fmt.Errorf("fetching, try %d: %w", try, again.err)
		}
		// Full jitter, so that several runs do not come back together.
		wait := max(again.wait, rand.N(delay))
		delay *= 2
		select {
		case <-ctx.Done():
			return input{}, fmt.Errorf("fetching: %w", ctx.Err())
		case <-time.After(wait):
		}
	}
}

func (f *fetcher) try(ctx context.Context, u *url.URL) (input, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return input{}, fmt.Errorf("fetching: %w", err)
	}
	request.Header.Set("User-Agent", "genclient")
	request.Header.Set("Accept", "text/html, application/json, text/markdown, text/plain")
	request.Header.Set("Accept-Language", "en")
	response, err := f.client.Do(request)
	if err != nil {
		// The URL is the diagnostic's place already.
		var inURL *url.Error
		if errors.As(err, &inURL) {
			err = inURL.Err
		}
		if errors.Is(err, errRedirect) {
			return input{}, err
		}
		return input{}, &retryError{err: err}
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		err := fmt.Errorf("the server answers %d %s", response.StatusCode, http.StatusText(response.StatusCode))
		if isPassing(response.StatusCode) {
			return input{}, &retryError{err, retryAfter(response.Header)}
		}
		return input{}, err
	}
	kind, err := contentFormat(response.Header.Get("Content-Type"))
	if err != nil {
		return input{}, err
	}
	in, err := readAll(response.Body, kind)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return input{}, &retryError{err: errors.New("the answer is cut off")}
	}
	in.address = u.String()
	if last := response.Request; last != nil { // a transport of a test may leave it out
		in.address = last.URL.String() // where redirects led
	}
	return in, err
}

// isPassing reports whether a status may be another one soon.
func isPassing(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= 500 && status != http.StatusNotImplemented
}

// retryAfter reads a Retry-After header, seconds or a date (RFC 9110, section
// 10.2.3); zero without a usable one.
func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// contentFormat tells how to read an answer from its content type.
func contentFormat(contentType string) (format, error) {
	if contentType == "" {
		return unknown, nil
	}
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return unknown, fmt.Errorf("the content type %q cannot be read", contentType)
	}
	switch {
	case media == "text/html", media == "application/xhtml+xml":
		return htmlFormat, nil
	case media == "text/plain", media == "text/markdown":
		return textFormat, nil
	case media == "application/json", strings.HasSuffix(media, "+json"):
		return jsonFormat, nil
	}
	return unknown, fmt.Errorf("the content type %q is neither a page nor a catalog", media)
}
