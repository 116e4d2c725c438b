package fetch

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
)

// host is what a Client knows of one origin.
type host struct {
	origin   string // "https://www.example.com"
	limit    *rate.Limiter
	failures atomic.Int64 // URLs that failed one after the other

	mu     sync.Mutex
	paused time.Time // no request before: the server asked for it

	robotsOnce sync.Mutex // held while robots.txt is read
	robots     *Robots    // nil until it was read
	robotsErr  error      // why nothing may be read now
	delayed    atomic.Bool
}

// origin returns the scheme and host of a URL, as they count for the same
// origin (RFC 6454): in lower case, without the scheme's own port.
func origin(u *url.URL) string {
	host := strings.ToLower(u.Host)
	switch {
	case u.Scheme == "http":
		host = strings.TrimSuffix(host, ":80")
	case u.Scheme == "https":
		host = strings.TrimSuffix(host, ":443")
	}
	return u.Scheme + "://" + host
}

func (c *Client) host(u *url.URL) *host {
	key := origin(u)
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.hosts[key]
	if h == nil {
		limit := rate.Inf
		if c.opts.Rate > 0 {
			limit = rate.Limit(c.opts.Rate)
		}
		h = &host{origin: key, limit: rate.NewLimiter(limit, 1)}
		c.hosts[key] = h
	}
	return h
}

// wait returns when the next request may be sent.
func (h *host) wait(ctx context.Context) error {
	for {
		h.mu.Lock()
		pause := time.Until(h.paused)
		h.mu.Unlock()
		if pause <= 0 {
			break
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
	r := h.limit.Reserve()
	if err := sleep(ctx, r.Delay()); err != nil {
		r.Cancel()
		return err
	}
	return nil
}

// pause holds all requests back for a while.
func (h *host) pause(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if until := time.Now().Add(d); until.After(h.paused) {
		h.paused = until
	}
}

// slowDown makes the time between requests at least d.
func (h *host) slowDown(d time.Duration) {
	if limit := rate.Every(d); d > 0 && limit < h.limit.Limit() {
		h.limit.SetLimit(limit)
		h.delayed.Store(true)
	}
}

// Pace says how fast an origin is read and why not faster, for a reader who
// waits: "2 requests per second", "one request per 5s, as robots.txt asks".
func (c *Client) Pace(u *url.URL) string {
	h := c.host(u)
	h.mu.Lock()
	pause := time.Until(h.paused)
	h.mu.Unlock()
	limit := h.limit.Limit()
	switch {
	case pause > 0:
		return fmt.Sprintf("the server asks to wait %s", pause.Round(time.Second))
	case limit == rate.Inf:
		return "no limit"
	case h.delayed.Load():
		interval := time.Duration(float64(time.Second) / float64(limit))
		return fmt.Sprintf("one request per %s, as robots.txt asks", interval.Round(time.Millisecond))
	case limit == 1:
		return "polite rate: 1 request per second"
	}
	return fmt.Sprintf("polite rate: %g requests per second", float64(limit))
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
