package client

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
)

// reservedNetworks are the addresses that are not of the public internet
// (RFC 6890 and its registry). The cloud providers' metadata services lie in
// them, except for Azure's, 168.63.129.16. 192.88.99.0, 2001:: and 2002:: hold
// the gateways of 6to4 and Teredo, which carry any IPv4 address.
var reservedNetworks = []string{
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
	"203.0.113.0/24", "224.0.0.0/3", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
}

// publicAddress reports whether an address is one of the public internet. An
// IPv4 address inside one of NAT64 (RFC 6052) is judged as itself; one that is
// mapped (RFC 4291, section 2.5.5.2) must be unmapped before.
func publicAddress(addr netip.Addr) bool {
	in := func(network string) bool { return netip.MustParsePrefix(network).Contains(addr) }
	if in("64:ff9b::/96") {
		b := addr.As16()
		addr = netip.AddrFrom4([4]byte(b[12:]))
	}
	return addr.IsValid() && addr.Zone() == "" && (addr.Is4() || in("2000::/3")) && !slices.ContainsFunc(reservedNetworks, in)
}

// A refusal is a request for media that this client does not make, or an answer
// that it does not read: trying again changes nothing.
type refusal string

func (r refusal) Error() string { return string(r) }

const (
	errPrivateAddress   = refusal("the host has a private or reserved address")
	errNotHTTPS         = refusal("the URL is not an https URL without a user")
	errForeignHost      = refusal("the URL is not of an allowed host, see WithDownloadHosts")
	errTooManyRedirects = refusal("too many redirects")
	errCompressed       = refusal("the server sends the file compressed")
)

// A mediaClient makes the requests of media checks and downloads: to public
// addresses alone, by https alone, and never with a credential. It speaks
// HTTP/1.1, where a body that is closed early stops the sender at once.
type mediaClient struct {
	mediaSettings
	limits    MediaLimits
	userAgent string
	hosts     []string        // allowed with those below them; none allows all
	direct    *http.Transport // checks the address that it connects to
	proxied   *http.Transport // connects to the proxy, wherever that is
}

func newMediaClient(s mediaSettings, userAgent string, hosts ...string) *mediaClient {
	m := &mediaClient{mediaSettings: s, limits: s.figures(), userAgent: userAgent, hosts: hosts}
	if m.proxy == nil {
		m.proxy = http.ProxyFromEnvironment
	}
	if m.allow == nil {
		m.allow = publicAddress
	}
	m.direct = &http.Transport{
		DialContext:            (&net.Dialer{Control: m.control}).DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: m.roots}, // that it is set leaves HTTP/2 out
		DisableCompression:     true,                          // lengths and ranges count the file itself
		MaxResponseHeaderBytes: 64 << 10,
	}
	m.proxied = m.direct.Clone()
	m.proxied.DialContext, m.proxied.Proxy = nil, m.proxy
	return m
}

// control refuses to connect to an address that is not allowed. It sees the
// address itself: a name that resolves to another one the second time gains
// nothing.
func (m *mediaClient) control(_, address string, _ syscall.RawConn) error {
	addr, err := netip.ParseAddrPort(address)
	if err != nil || !m.allow(addr.Addr().Unmap()) {
		return errPrivateAddress
	}
	return nil
}

// request makes one request, with pairs of header fields, and follows its
// redirects. No error of it shows the URL, whose query may be a credential.
func (m *mediaClient) request(ctx context.Context, method, address string, header ...string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return nil, errNotHTTPS
	}
	req.Header.Set("User-Agent", m.userAgent)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	client := http.Client{Transport: m, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		req.Header.Del("Referer") // it would carry the signature of the first URL
		if len(via) > m.limits.Redirects {
			return errTooManyRedirects
		}
		return nil
	}}
	resp, err := client.Do(req)
	var withURL *url.Error
	if errors.As(err, &withURL) {
		return nil, withURL.Err
	}
	return resp, err
}

// RoundTrip implements http.RoundTripper; it sees each request of a chain of
// redirects.
func (m *mediaClient) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := m.checkURL(req.URL); err != nil {
		return nil, err
	}
	transport := m.direct
	proxy, err := m.proxy(req)
	if err != nil {
		return nil, errors.New("the proxy of the environment is not a URL") // err may hold its password
	}
	if proxy != nil {
		// The proxy resolves the name itself: every address that it has here must
		// be allowed.
		addrs, err := net.DefaultResolver.LookupNetIP(req.Context(), "ip", req.URL.Hostname())
		if err != nil {
			return nil, err
		}
		for _, addr := range addrs {
			if !m.allow(addr.Unmap()) {
				return nil, errPrivateAddress
			}
		}
		transport = m.proxied
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if encoding := resp.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		err = errCompressed
	}
	if _, bad := resp.Location(); bad != nil && bad != http.ErrNoLocation {
		err = errNotHTTPS // the error of package http would show it
	}
	if err != nil {
		resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

// checkURL refuses every URL but https ones, of the allowed hosts if only some
// are.
func (m *mediaClient) checkURL(u *url.URL) error {
	if u.Scheme != "https" || u.User != nil || u.Host == "" {
		return errNotHTTPS
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	for _, allowed := range m.hosts {
		allowed = strings.ToLower(allowed)
		if host == allowed || strings.HasSuffix(host, "."+allowed) {
			return nil
		}
	}
	if len(m.hosts) > 0 {
		return errForeignHost
	}
	return nil
}

// closeIdle ends the connections that are kept for a next request.
func (m *mediaClient) closeIdle() {
	m.direct.CloseIdleConnections()
	m.proxied.CloseIdleConnections()
}
