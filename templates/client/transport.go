package client

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"time"
)

// newTransports returns what makes the round trips of paid POSTs and of reads,
// without the redirects, retries, cookies and timeouts of an http.Client. They
// are clones of an injected *http.Transport, which makes them proven; another
// RoundTripper is taken as it is.
func newTransports(injected *http.Client, l Limits) (submits, reads http.RoundTripper, proven bool) {
	var base http.RoundTripper = &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true,
		MaxIdleConnsPerHost: 4, IdleConnTimeout: 90 * time.Second}
	if injected != nil {
		base = cmp.Or(injected.Transport, http.DefaultTransport)
	}
	t, ok := base.(*http.Transport)
	if !ok {
		return base, base, false
	}
	submit, read := t.Clone(), t.Clone()
	boundDial(submit, l)
	boundDial(read, l)
	// What a proxy says on a new connection counts as a part of the TLS handshake.
	// The deadline is taken off again in GotConn of the flight.
	if dial := submit.DialContext; dial != nil {
		submit.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dial(ctx, network, addr)
			if conn != nil {
				_ = conn.SetDeadline(time.Now().Add(l.TLSHandshake))
			}
			return conn, err
		}
	}
	submit.ResponseHeaderTimeout = l.AnswerHeader
	submit.ExpectContinueTimeout = 2 * time.Second
	submit.DisableCompression = true // a cut answer stays readable up to the cut
	// net/http sends a request again when a kept connection turns out to be
	// dead, and over HTTP/2 when its stream is reset. A clone of a transport
	// that was in use offers h2 in its tls.Config whatever its Protocols say; a
	// server that accepts then answers in a language nobody reads.
	submit.DisableKeepAlives = true
	submit.Protocols, submit.TLSNextProto = nil, map[string]func(string, *tls.Conn) http.RoundTripper{}
	if submit.TLSClientConfig == nil {
		submit.TLSClientConfig = &tls.Config{}
	}
	submit.TLSClientConfig.NextProtos = []string{"http/1.1"}
	return submit, read, true
}

// boundDial bounds the two steps of a new connection, whoever dials it.
func boundDial(t *http.Transport, l Limits) {
	t.TLSHandshakeTimeout = l.TLSHandshake
	dial := t.DialContext
	//lint:ignore SA1019 an injected Dial is still heeded
	if dial == nil && t.Dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	bounded := func(dial dialFunc, limit time.Duration) dialFunc {
		if dial == nil {
			return nil
		}
		return func(ctx context.Context, network, addr string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, limit)
			defer cancel()
			return dial(ctx, network, addr)
		}
	}
	t.DialContext, t.DialTLSContext = bounded(dial, l.Dial), bounded(t.DialTLSContext, l.Dial+l.TLSHandshake)
}

type dialFunc = func(ctx context.Context, network, addr string) (net.Conn, error)

// exchange makes one request to path below the base URL, with body unless it is
// nil. An error beside an answer with a status means that its body is cut. Only
// here the token meets a request, whose host is always the base URL's.
func (c *core) exchange(ctx context.Context, rt http.RoundTripper, method, path string, body *flight) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.origin+path, nil)
	if err != nil {
		return answer{}, err
	}
	for _, h := range c.headers {
		req.Header.Add(h[0], h[1])
	}
	if method == http.MethodGet {
		req.Header.Set("Cache-Control", "no-cache") // a state of before is none
	}
	req.Header.Set("Authorization", "Bearer "+c.token())
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.user)
	if t, ok := rt.(*http.Transport); !ok || t.DisableCompression {
		req.Header.Set("Accept-Encoding", "identity") // which else is any; Go's own gzip is asked for by itself
	}
	if body != nil { // and no GetBody, with which net/http would send it again
		req.Body, req.ContentLength = body, int64(len(body.body))
		req.Header.Set("Content-Type", "application/json")
		if req.ContentLength > c.limits.ExpectContinue && !body.eager {
			req.Header.Set("Expect", "100-continue")
		}
	}
	resp, err := rt.RoundTrip(req)
	if err == nil && resp == nil {
		err = errors.New("the RoundTripper returned neither a response nor an error") // against its contract
	}
	if err != nil {
		return answer{}, err
	}
	return readAnswer(ctx, resp, c.limits.Answer)
}
