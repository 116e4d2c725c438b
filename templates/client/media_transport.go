package client

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// reservedNetworks are the addresses that are not of the public internet
// (RFC 6890 and its registry). The cloud providers' metadata services lie in
// them, except for one.
var reservedNetworks = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"), // carrier-grade NAT
	netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("168.63.129.16/32"), // Azure's metadata service
	netip.MustParsePrefix("169.254.0.0/16"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("224.0.0.0/3"), // multicast, reserved, broadcast
	netip.MustParsePrefix("2001::/23"),   // protocol assignments, Teredo among them
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"), // 6to4 carries an IPv4 address
	netip.MustParsePrefix("3fff::/20"),
}

var (
	globalUnicast = netip.MustParsePrefix("2000::/3")
	nat64         = netip.MustParsePrefix("64:ff9b::/96")
)

// publicAddress reports whether an address is one of the public internet. An
// IPv4 address inside one of NAT64 (RFC 6052) is judged as itself; one that is
// mapped (RFC 4291, section 2.5.5.2) must be unmapped before.
func publicAddress(addr netip.Addr) bool {
	if nat64.Contains(addr) {
		b := addr.As16()
		addr = netip.AddrFrom4([4]byte(b[12:]))
	}
	if addr.Is6() && !globalUnicast.Contains(addr) {
		return false
	}
	for _, reserved := range reservedNetworks {
		if reserved.Contains(addr) {
			return false
		}
	}
	return addr.IsValid() && addr.Zone() == ""
}

var (
	errPrivateAddress = errors.New("the host has a private or reserved address")
	errNotHTTPS       = errors.New("the URL is not an https URL without a user")

	errTooManyRedirects = errors.New("too many redirects")
)

// A mediaTransport makes the requests of media checks and downloads: to public
// addresses alone, by https alone, and never with a credential. It speaks
// HTTP/1.1, where a body that is closed early stops the sender at once.
type mediaTransport struct {
	direct  *http.Transport // checks the address that it connects to
	proxied *http.Transport // connects to the proxy, wherever that is
	proxy   func(*http.Request) (*url.URL, error)
	allow   func(netip.Addr) bool
}

func newMediaTransport(s mediaSettings) *mediaTransport {
	t := &mediaTransport{proxy: s.proxy, allow: s.allow}
	if t.proxy == nil {
		t.proxy = http.ProxyFromEnvironment
	}
	if t.allow == nil {
		t.allow = publicAddress
	}
	// The check runs on the address that is about to be connected to: a name
	// that resolves to another address the second time gains nothing.
	guarded := &net.Dialer{Timeout: 10 * time.Second, Control: t.control}
	free := &net.Dialer{Timeout: 10 * time.Second}
	t.direct = plainTransport(guarded, s)
	t.proxied = plainTransport(free, s)
	t.proxied.Proxy = t.proxy
	return t
}

func plainTransport(dialer *net.Dialer, s mediaSettings) *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: s.roots},
		TLSHandshakeTimeout:    10 * time.Second,
		Protocols:              protocols,
		DisableCompression:     true, // lengths and ranges count the file itself
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// RoundTrip implements http.RoundTripper; it sees each request of a chain of
// redirects.
func (t *mediaTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" || req.URL.User != nil {
		return nil, errNotHTTPS
	}
	proxy, err := t.proxy(req)
	if err != nil {
		return nil, errors.New("the proxy of the environment is not a URL") // err may hold its password
	}
	if proxy == nil {
		return t.direct.RoundTrip(req)
	}
	if err := t.checkName(req.Context(), req.URL.Hostname()); err != nil {
		return nil, err
	}
	return t.proxied.RoundTrip(req)
}

// control refuses to connect to an address that is not allowed.
func (t *mediaTransport) control(_, address string, _ syscall.RawConn) error {
	addr, err := netip.ParseAddrPort(address)
	if err != nil || !t.allow(addr.Addr().Unmap()) {
		return errPrivateAddress
	}
	return nil
}

// checkName is the check for a request through a proxy, which resolves the name
// itself: every address that the name has here must be allowed.
func (t *mediaTransport) checkName(ctx context.Context, host string) error {
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return err
	}
	for _, addr := range addrs {
		if !t.allow(addr.Unmap()) {
			return errPrivateAddress
		}
	}
	return nil
}

// client returns an http.Client over the transport that follows a few
// redirects, each to a URL that check accepts; check may be nil.
func (t *mediaTransport) client(redirects int, check func(*url.URL) error) *http.Client {
	return &http.Client{Transport: t, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if len(via) > redirects {
			return errTooManyRedirects
		}
		req.Header.Del("Referer") // it would carry the signature of the first URL
		if req.URL.Scheme != "https" || req.URL.User != nil {
			return errNotHTTPS
		}
		if check != nil {
			return check(req.URL)
		}
		return nil
	}}
}

// closeIdle ends the connections that are kept for a next request.
func (t *mediaTransport) closeIdle() {
	t.direct.CloseIdleConnections()
	t.proxied.CloseIdleConnections()
}

// withoutURL takes the URL, whose query may be a credential, out of an error of
// package http.
func withoutURL(err error) error {
	var urlError *url.Error
	if errors.As(err, &urlError) {
		return urlError.Err
	}
	return err
}
