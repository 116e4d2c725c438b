// Package fetch reads URLs as a polite visitor does: it obeys robots.txt (RFC
// 9309), spaces its requests, waits when a server asks for it, tries failures
// that may pass again, asks for a page it has only whether it changed, and
// stays within limits of size, time and address. It knows nothing of what it
// reads.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Agent is the product token that robots.txt files address, and the first word
// of the User-Agent header.
const Agent = "genclient"

// Options say how a Client behaves. The zero Options are polite.
type Options struct {
	// Transport makes the requests; nil is a transport that connects to public
	// addresses and to those of Local only.
	Transport http.RoundTripper
	// Version follows the product token in the User-Agent header; it may be "".
	Version string
	// Rate is the most requests per second and origin; 0 is DefaultRate and a
	// negative one no limit. A Crawl-delay in robots.txt lowers it.
	Rate float64
	// Local holds the hosts, as URLs spell them with their port, that may have
	// a loopback or private address: those that the user named.
	Local []string
	// Cache keeps what was read for the next run; nil keeps nothing.
	Cache *Cache
	// IgnoreRobots reads what robots.txt refuses, at any rate.
	IgnoreRobots bool
}

// DefaultRate is the rate of requests per second and origin when Options name
// none.
const DefaultRate = 2

// Client reads URLs. It is safe for concurrent use.
type Client struct {
	opts      Options
	transport http.RoundTripper
	local     map[string]bool

	mu    sync.Mutex
	hosts map[string]*host // by origin

	requests, retries, unchanged, received atomic.Int64
}

// New returns a Client.
func New(opts Options) *Client {
	if opts.Rate == 0 {
		opts.Rate = DefaultRate
	}
	c := &Client{opts: opts, transport: opts.Transport, local: map[string]bool{}, hosts: map[string]*host{}}
	for _, h := range opts.Local {
		c.local[strings.ToLower(h)] = true
	}
	if c.transport == nil {
		c.transport = newTransport(c.local)
	}
	return c
}

// Request is one URL to read.
type Request struct {
	URL *url.URL
	// Types are the media types that can be read, as "text/html"; "+json" takes
	// every type with that suffix. Without any every type is read.
	Types []string
	// MaxBytes limits the body, after decompression; it is never 0.
	MaxBytes int64
	// Token is a bearer token. It is sent to the URL's own origin only, and the
	// answer is not kept. With one, robots.txt is not asked: this is then a call
	// of an API in its user's name, not a visit of a crawler.
	Token string
	// Reader is a digest of the program that reads the body. What it made of
	// the body is kept with it, and given back to the same reader.
	Reader string
}

// Response is what a URL holds.
type Response struct {
	URL       *url.URL // where redirects led
	MediaType string   // without parameters, "" when the server names none
	Body      []byte   // nil when Kept is not
	// Kept is what the same Reader stored with this body on an earlier run.
	Kept []byte
	// Unchanged says that the server answered 304: body and Kept are those of
	// an earlier run.
	Unchanged bool

	cache *Cache
	entry *entry // what to store; nil when nothing may be stored
}

// Store keeps the response for later runs, with what its reader made of it. Only
// the caller knows whether the body is what it should be, so it calls Store
// once it does: never for a page that is not one.
func (r *Response) Store(kept []byte) error {
	if r.entry == nil {
		return nil
	}
	return r.cache.store(r.entry, r.Body, kept)
}

// StatusError reports an answer with a status other than 200.
type StatusError struct{ Code int }

func (e *StatusError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("the server answers %d %s", e.Code, http.StatusText(e.Code)))
}

// TypeError reports an answer with a media type that the request does not take.
type TypeError struct{ MediaType string }

func (e *TypeError) Error() string {
	return fmt.Sprintf("the content type %q is not one that can be read here", e.MediaType)
}

// RobotsError reports a URL that robots.txt refuses.
type RobotsError struct{ Rule string }

func (e *RobotsError) Error() string {
	return fmt.Sprintf("robots.txt refuses it: Disallow: %s", e.Rule)
}

// NotNowError reports an origin that must not be crawled at present: its
// robots.txt cannot be read (RFC 9309, section 2.3.1.4), or asks for a pace
// that no run can keep.
type NotNowError struct{ Reason string }

func (e *NotNowError) Error() string {
	return "the site must not be crawled now: " + e.Reason + "; try again later"
}

// GaveUpError reports an origin at which too many URLs in a row failed.
type GaveUpError struct{ Origin string }

func (e *GaveUpError) Error() string {
	return fmt.Sprintf("not requested: the last %d URLs of %s failed", maxFailures, e.Origin)
}

// The limits of a request.
const (
	requestTimeout = 30 * time.Second // one try with its body
	maxTries       = 4                // of one URL
	firstDelay     = 500 * time.Millisecond
	maxRetryAfter  = 60 * time.Second // a longer wait ends the tries
	maxRedirects   = 5
	maxURL         = 2048 // bytes
	maxFailures    = 10   // URLs of an origin that fail one after the other
)

// Get reads a URL. The error is a StatusError, TypeError, RobotsError,
// NotNowError, GaveUpError, the context's, or tells what failed.
func (c *Client) Get(ctx context.Context, r Request) (*Response, error) {
	if err := checkURL(r.URL); err != nil {
		return nil, err
	}
	h := c.host(r.URL)
	if h.failures.Load() >= maxFailures {
		return nil, &GaveUpError{h.origin}
	}
	p := &retrieval{client: c, request: r, robots: r.Token == "" && !c.opts.IgnoreRobots}
	response, err := p.run(ctx)
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("fetching: %w", context.Cause(ctx))
	case isLasting(err):
		h.failures.Add(1)
	default:
		h.failures.Store(0)
	}
	return response, err
}

// isLasting reports a failure that all tries met: the server is in trouble, not
// the URL.
func isLasting(err error) bool {
	var again *retryError
	return errors.As(err, &again)
}

// checkURL refuses what is never requested.
func checkURL(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return fmt.Errorf("the scheme %q is neither http nor https", u.Scheme)
	case u.User != nil:
		return errors.New("its URL has credentials")
	case len(u.String()) > maxURL:
		return fmt.Errorf("its URL is longer than %d bytes", maxURL)
	}
	return nil
}

// Stats are what a Client did so far.
type Stats struct {
	Requests  int   // sent, retries and redirects included
	Retries   int   // requests after a failure
	Unchanged int   // answers 304
	Bytes     int64 // of bodies, decompressed
}

// Stats returns what the client did so far.
func (c *Client) Stats() Stats {
	return Stats{Requests: int(c.requests.Load()), Retries: int(c.retries.Load()),
		Unchanged: int(c.unchanged.Load()), Bytes: c.received.Load()}
}
