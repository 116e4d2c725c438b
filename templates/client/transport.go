package client

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"time"
)

// A transport makes round trips without the redirects, retries, cookies and
// timeouts of an http.Client.
type transport struct {
	http.RoundTripper
	// known is true for an *http.Transport that this package has configured:
	// only of such a one do trace events prove what left this machine.
	known bool
}

// newTransports returns the transport of paid POSTs and that of reads, which
// keeps connections. They are clones of an injected *http.Transport; a
// RoundTripper of another kind is taken as it is.
func newTransports(injected *http.Client, l Limits) (submits, reads transport) {
	var base http.RoundTripper = &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 4,
		IdleConnTimeout:     90 * time.Second,
	}
	if injected != nil {
		base = injected.Transport
	}
	if base == nil {
		base = http.DefaultTransport
	}
	t, ok := base.(*http.Transport)
	if !ok {
		return transport{RoundTripper: base}, transport{RoundTripper: base}
	}
	read := t.Clone()
	boundDial(read, l)
	read.ResponseHeaderTimeout = l.Read

	submit := t.Clone()
	boundDial(submit, l)
	submit.ResponseHeaderTimeout = l.AnswerHeader
	submit.ExpectContinueTimeout = 2 * time.Second
	submit.DisableCompression = true // a cut answer stays readable up to the cut
	// net/http sends a request again when a kept connection turns out to be
	// dead, and over HTTP/2 when its stream is reset.
	submit.DisableKeepAlives = true
	onlyHTTP1(submit)
	return transport{submit, true}, transport{read, true}
}

// boundDial bounds the two steps of a new connection, whoever dials it.
func boundDial(t *http.Transport, l Limits) {
	t.TLSHandshakeTimeout = l.TLSHandshake
	dial := t.DialContext
	//lint:ignore SA1019 an injected Dial is still heeded
	if dial == nil && t.Dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	if dial != nil {
		t.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, l.Dial)
			defer cancel()
			return dial(ctx, network, addr)
		}
	}
}

// onlyHTTP1 takes HTTP/2 out of t. A clone of a transport that was in use
// offers h2 in its tls.Config whatever its Protocols say; a server that
// accepts the offer then answers in a language nobody reads.
func onlyHTTP1(t *http.Transport) {
	t.ForceAttemptHTTP2 = false
	t.HTTP2 = nil
	t.Protocols = new(http.Protocols)
	t.Protocols.SetHTTP1(true)
	t.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	if t.TLSClientConfig == nil {
		t.TLSClientConfig = &tls.Config{}
	}
	t.TLSClientConfig.NextProtos = []string{"http/1.1"}
}

func (t transport) closeIdle() {
	if c, ok := t.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// exchange makes one request to path below the base URL, with body unless it is
// nil, and reads the answer. An error beside an answer with a status means that
// its body is cut. This is the only place where the token meets a request, and
// the host of that request is always the base URL's.
func (c *core) exchange(ctx context.Context, t transport, method, path string, body *flight) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.origin+path, nil)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token())
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.user)
	if body != nil { // and no GetBody, with which net/http would send it again
		req.Body, req.ContentLength = body, int64(len(body.body))
		req.Header.Set("Content-Type", "application/json")
		if req.ContentLength > c.limits.ExpectContinue {
			req.Header.Set("Expect", "100-continue")
		}
	}
	resp, err := t.RoundTrip(req)
	if err == nil && resp == nil {
		err = errors.New("the RoundTripper returned neither a response nor an error") // against its contract
	}
	if err != nil {
		return answer{}, err
	}
	return readAnswer(resp)
}
