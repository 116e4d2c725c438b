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

// newSubmitTransport returns the transport of paid POSTs. Each gets a fresh
// HTTP/1.1 connection: net/http sends a request again when a kept connection
// turns out to be dead, and over HTTP/2 when its stream is reset.
func newSubmitTransport(injected *http.Client, l Limits) transport {
	t, other := baseTransport(injected, l)
	if t == nil {
		return transport{RoundTripper: other}
	}
	t.DisableKeepAlives = true
	t.DisableCompression = true // a cut answer stays readable up to the cut
	t.ResponseHeaderTimeout = l.AnswerHeader
	t.ExpectContinueTimeout = 2 * time.Second
	onlyHTTP1(t)
	return transport{RoundTripper: t, known: true}
}

// newReadTransport returns the transport of reads, which keeps connections.
func newReadTransport(injected *http.Client, l Limits) transport {
	t, other := baseTransport(injected, l)
	if t == nil {
		return transport{RoundTripper: other}
	}
	t.ResponseHeaderTimeout = l.Read
	return transport{RoundTripper: t, known: true}
}

// baseTransport returns a new *http.Transport, a clone of the one injected if
// there is one, or else the RoundTripper that is injected instead.
func baseTransport(injected *http.Client, l Limits) (*http.Transport, http.RoundTripper) {
	if injected == nil {
		return &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: l.Dial}).DialContext,
			TLSHandshakeTimeout: l.TLSHandshake,
			ForceAttemptHTTP2:   true,
			MaxIdleConnsPerHost: 4,
			IdleConnTimeout:     90 * time.Second,
		}, nil
	}
	rt := injected.Transport
	if rt == nil {
		rt = http.DefaultTransport
	}
	t, ok := rt.(*http.Transport)
	if !ok {
		return nil, rt
	}
	t = t.Clone()
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
	return t, nil
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
	if dial := t.DialTLSContext; dial != nil {
		t.DialTLSContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dial(ctx, network, addr)
			if tc, ok := conn.(*tls.Conn); err == nil && ok && tc.ConnectionState().NegotiatedProtocol == "h2" {
				conn.Close()
				return nil, errors.New("the injected DialTLSContext made an HTTP/2 connection; submits need HTTP/1.1")
			}
			return conn, err
		}
	}
}

func (t transport) closeIdle() {
	if c, ok := t.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// roundTrip is RoundTrip that also catches a RoundTripper breaking its
// contract by returning neither an answer nor an error.
func (t transport) roundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.RoundTrip(req)
	if err == nil && resp == nil {
		return nil, errors.New("the RoundTripper returned neither a response nor an error")
	}
	return resp, err
}
