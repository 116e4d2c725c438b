package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// retrieval is one Get: its tries and redirects.
type retrieval struct {
	client  *Client
	request Request
	robots  bool // robots.txt is obeyed
	// ofRobots says that robots.txt itself is read: its redirects may leave the
	// site, and what is beyond the limit is left out.
	ofRobots bool
	entry    *entry
}

// retryError is a failure that another try may overcome, after at least the
// given wait.
type retryError struct {
	err  error
	wait time.Duration
	slow bool // the server asked everybody to wait
}

func (e *retryError) Error() string { return e.err.Error() }
func (e *retryError) Unwrap() error { return e.err }

// errStale reports that the cached entry does not fit the answer 304.
var errStale = errors.New("the answer 304 is not for the page in the cache")

// run tries until an answer counts. GET is idempotent (RFC 9110, section
// 9.2.2), so failures of the transport, also within a body, and passing
// statuses are tried again.
func (p *retrieval) run(ctx context.Context) (*Response, error) {
	if p.client.opts.Cache != nil && p.request.Token == "" {
		p.entry = p.client.opts.Cache.load(p.request.URL, p.request.Reader)
	}
	delay := firstDelay
	for try := 1; ; try++ {
		response, err := p.try(ctx)
		if errors.Is(err, errStale) {
			p.entry = nil
			response, err = p.try(ctx)
		}
		var again *retryError
		if err == nil || ctx.Err() != nil || !errors.As(err, &again) {
			return response, err
		}
		switch {
		case again.wait > maxRetryAfter:
			return nil, fmt.Errorf("%w, and asks to wait for %s", err, again.wait.Round(time.Second))
		case try == maxTries:
			return nil, fmt.Errorf("%w (tried %d times)", err, try)
		}
		// Full jitter, so that several runs do not come back together.
		wait := max(again.wait, rand.N(delay))
		delay *= 2
		if again.slow {
			p.client.host(p.request.URL).pause(wait)
		}
		if err := sleep(ctx, wait); err != nil {
			return nil, err
		}
		p.client.retries.Add(1)
	}
}

// try follows the redirects of one try to its end.
func (p *retrieval) try(ctx context.Context) (*Response, error) {
	at := p.request.URL
	for hops := 0; ; hops++ {
		next, response, err := p.hop(ctx, at)
		if next == nil || err != nil {
			return response, err
		}
		if hops == maxRedirects {
			return nil, &redirectError{fmt.Sprintf("there were %d before it", maxRedirects)}
		}
		if err := p.follow(at, next); err != nil {
			return nil, err
		}
		at = next
	}
}

// redirectError reports a redirect that is not followed, now or later.
type redirectError struct{ reason string }

func (e *redirectError) Error() string { return "the redirect is not followed: " + e.reason }

// follow reports why a redirect is not followed.
func (p *retrieval) follow(from, to *url.URL) error {
	switch err := checkURL(to); {
	case err != nil:
		return &redirectError{err.Error()}
	case from.Scheme == "https" && to.Scheme != "https":
		return &redirectError{"it leads from https to http"}
	case !p.ofRobots && !SameSite(from, to):
		return &redirectError{"it leads to another site, " + to.Host}
	}
	return nil
}

// SameSite reports whether two URLs are of one site: one host, with or without
// "www.", at one port or at the ports of their schemes.
func SameSite(a, b *url.URL) bool {
	bare := func(u *url.URL) string { return strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.") }
	port := func(u *url.URL) string {
		if p := u.Port(); p != map[string]string{"http": "80", "https": "443"}[u.Scheme] {
			return p
		}
		return ""
	}
	return bare(a) == bare(b) && port(a) == port(b)
}

// hop sends one request. It returns where a redirect leads, or the response.
func (p *retrieval) hop(ctx context.Context, u *url.URL) (*url.URL, *Response, error) {
	if err := checkAddress(u, p.client.local); err != nil {
		return nil, nil, err
	}
	h := p.client.host(u)
	if p.robots {
		if err := p.client.checkRobots(ctx, h, u); err != nil {
			return nil, nil, err
		}
	}
	if err := h.wait(ctx); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	p.client.requests.Add(1)
	answer, err := p.client.transport.RoundTrip(p.newRequest(ctx, u))
	if err != nil {
		if errors.Is(err, errLocalAddress) {
			return nil, nil, err
		}
		return nil, nil, &retryError{err: timedOut(ctx, err)}
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		next, err := u.Parse(answer.Header.Get("Location"))
		if err != nil || answer.Header.Get("Location") == "" {
			return nil, nil, &redirectError{"its Location cannot be read"}
		}
		next.Fragment = ""
		return next, nil, nil
	}
	response, err := p.read(ctx, u, answer)
	return nil, response, err
}

// timedOut names the limit of a try, where that is what ended it.
func timedOut(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("no whole answer within %s", requestTimeout)
	}
	return err
}

// newRequest returns the request for a URL. Nothing that names the user goes
// with it, but the token to its own origin.
func (p *retrieval) newRequest(ctx context.Context, u *url.URL) *http.Request {
	r := (&http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Header: http.Header{},
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}).WithContext(ctx)
	agent := Agent
	if p.client.opts.Version != "" {
		agent += "/" + p.client.opts.Version
	}
	r.Header.Set("User-Agent", agent+" (+https://github.com/genclient/genclient)")
	r.Header.Set("Accept-Language", "en")
	if accept := acceptHeader(p.request.Types); accept != "" {
		r.Header.Set("Accept", accept)
	}
	if p.request.Token != "" && origin(u) == origin(p.request.URL) {
		r.Header.Set("Authorization", "Bearer "+p.request.Token)
	}
	if p.entry != nil {
		p.entry.condition(r.Header)
	}
	return r
}

func acceptHeader(types []string) string {
	var named []string
	for _, t := range types {
		if !strings.HasPrefix(t, "+") {
			named = append(named, t)
		}
	}
	return strings.Join(named, ", ")
}

// read takes the answer of the URL that redirects led to.
func (p *retrieval) read(ctx context.Context, u *url.URL, answer *http.Response) (*Response, error) {
	switch code := answer.StatusCode; {
	case code == http.StatusNotModified && p.entry != nil:
		return p.notModified(u, answer.Header)
	case isPassing(code):
		return nil, &retryError{&StatusError{code}, retryAfter(answer.Header), asksToWait(code)}
	case code != http.StatusOK:
		return nil, &StatusError{code}
	}
	mediaType, err := p.mediaType(answer.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	body, err := p.readBody(ctx, answer)
	p.client.received.Add(int64(len(body)))
	if err != nil {
		return nil, err
	}
	response := &Response{URL: u, MediaType: mediaType, Body: body, cache: p.client.opts.Cache}
	if p.client.opts.Cache != nil && p.request.Token == "" && mayStore(answer.Header) {
		response.entry = newEntry(p.request, u, mediaType, answer.Header)
	}
	return response, nil
}

// maxGrow is how much memory the announced length of a body gets in advance.
const maxGrow = 1 << 20

// readBody reads a body whole. A body that breaks off is worth another try.
func (p *retrieval) readBody(ctx context.Context, answer *http.Response) ([]byte, error) {
	var b bytes.Buffer
	if n := answer.ContentLength; n > 0 {
		b.Grow(int(min(n, maxGrow)) + bytes.MinRead) // ReadFrom then does not grow it
	}
	limit := p.request.MaxBytes
	_, err := b.ReadFrom(io.LimitReader(answer.Body, limit+1))
	switch {
	case int64(b.Len()) > limit && p.ofRobots:
		return b.Bytes()[:limit], nil
	case int64(b.Len()) > limit:
		return nil, fmt.Errorf("larger than %s", size(limit))
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, &retryError{err: errors.New("the answer is cut off")}
	case err != nil:
		return nil, &retryError{err: fmt.Errorf("the answer breaks off: %w", timedOut(ctx, err))}
	}
	return b.Bytes(), nil
}

func size(n int64) string {
	if n >= 1<<20 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}

// notModified takes the cached body, or what its reader made of it.
func (p *retrieval) notModified(u *url.URL, h http.Header) (*Response, error) {
	e := p.entry
	if e.Final != u.String() {
		return nil, errStale
	}
	p.client.unchanged.Add(1)
	response := &Response{URL: u, MediaType: e.MediaType, Kept: e.kept, Unchanged: true, cache: p.client.opts.Cache}
	if e.kept == nil {
		body, err := p.client.opts.Cache.body(e)
		if err != nil || int64(len(body)) > p.request.MaxBytes {
			return nil, errStale
		}
		response.Body = body
		response.entry = e.renewed(p.request.Reader, h)
		return response, nil
	}
	if fresh := e.renewed(p.request.Reader, h); !fresh.sameValidators(e) {
		if err := p.client.opts.Cache.refresh(e, fresh); err != nil {
			return nil, errStale
		}
	}
	return response, nil
}

// isPassing reports whether a status may be another one soon.
func isPassing(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= 500 && status != http.StatusNotImplemented
}

// asksToWait reports the statuses by which a server speaks for itself, not for
// one URL.
func asksToWait(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}

// retryAfter reads a Retry-After header, seconds or a date (RFC 9110, section
// 10.2.3); zero without a usable one.
func retryAfter(h http.Header) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}
