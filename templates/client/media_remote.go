package client

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
)

// WithStrictMedia refuses an input unless every media rule of its model was
// checked and holds: a file that cannot be read or that the MediaCheck leaves
// out, and a rule that this client does not know, are violations then.
func WithStrictMedia() Option { return option(func(s *clientSettings) { s.strict = true }) }

// WithPrivateMedia lets media checks and downloads reach loopback and other
// private addresses, and trusts the certificates in roots instead of the
// system's unless it is nil. It is for tests: with it, whoever chooses a media
// URL can look into the network that the program runs in.
func WithPrivateMedia(roots *x509.CertPool) Option {
	return option(func(s *clientSettings) {
		s.allow, s.roots = func(netip.Addr) bool { return true }, roots
	})
}

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
	return addr.IsValid() && addr.Zone() == "" && (addr.Is4() || in("2000::/3")) &&
		!slices.ContainsFunc(reservedNetworks, in)
}

// A refusal is a request for media that this client does not make: trying again
// changes nothing.
type refusal string

func (r refusal) Error() string { return string(r) }

// A requestError is a request for media without an answer. What a server sent, and
// so its text, may repeat the query of the URL.
type requestError struct{ causes }

func (e *requestError) Error() string { return e.text }

const (
	errPrivateAddress   = refusal("the host has a private or reserved address")
	errNotHTTPS         = refusal("the URL is not https, or names a user")
	errForeignHost      = refusal("the URL is not of an allowed host, see WithDownloadHosts")
	errTooManyRedirects = refusal("too many redirects")
)

// A mediaClient makes the requests of media checks and downloads: to public
// addresses alone, by https alone, and never with a credential. It speaks
// HTTP/1.1, where a body that is closed early stops the sender at once.
type mediaClient struct {
	clientSettings
	hosts   []string        // allowed with those below them; none allows all
	direct  *http.Transport // checks the address that it connects to
	proxied *http.Transport // connects to the proxy, wherever that is
	own     string          // origin of a base URL on this machine, which may serve media too; else ""
	local   http.RoundTripper
}

func newMediaClient(s clientSettings, hosts ...string) *mediaClient {
	m := &mediaClient{clientSettings: s, hosts: hosts}
	m.direct = &http.Transport{
		DialContext:            (&net.Dialer{Control: m.control}).DialContext,
		TLSClientConfig:        &tls.Config{RootCAs: m.roots}, // that it is set leaves HTTP/2 out
		DisableCompression:     true,                          // lengths and ranges count the file itself
		MaxResponseHeaderBytes: 64 << 10,
	}
	m.proxied = m.direct.Clone()
	m.proxied.DialContext, m.proxied.Proxy = nil, m.proxy
	m.useOwnOrigin()
	return m
}

// useOwnOrigin allows the origin of the base URL where that is this machine, as of
// an emulator: it is reached as the API is, by http too.
func (m *mediaClient) useOwnOrigin() {
	u, err := url.Parse(m.baseURL)
	if err != nil || !loopbackHost(u.Hostname()) {
		return
	}
	m.own = originOf(u)
	local := m.direct.Clone()
	local.DialContext = nil
	if m.httpClient != nil {
		injected, ok := cmp.Or(m.httpClient.Transport, http.DefaultTransport).(*http.Transport)
		if !ok {
			m.local = m.httpClient.Transport
			return
		}
		local = injected.Clone()
		local.DisableCompression, local.MaxResponseHeaderBytes = true, m.direct.MaxResponseHeaderBytes
	}
	m.local = local
}

// originOf returns the scheme and the host of a URL, with its port.
func originOf(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}

func (m *mediaClient) isOwn(u *url.URL) bool {
	return m.own != "" && u.User == nil && originOf(u) == m.own
}

// control refuses to connect to an address that is not allowed. It sees the
// address itself: a name that resolves to another one later gains nothing.
func (m *mediaClient) control(_, address string, _ syscall.RawConn) error {
	addr, err := netip.ParseAddrPort(address)
	if err != nil || !m.allow(addr.Addr().Unmap()) {
		return errPrivateAddress
	}
	return nil
}

// closeIdle ends the connections that are kept for a next request.
func (m *mediaClient) closeIdle() {
	m.direct.CloseIdleConnections()
	m.proxied.CloseIdleConnections()
	if local, ok := m.local.(*http.Transport); ok {
		local.CloseIdleConnections()
	}
}

// get makes a GET request and follows its redirects. No error of it shows the
// URL, whose query may be a credential.
func (m *mediaClient) get(ctx context.Context, address string, header http.Header) (*http.Response, error) {
	for range m.limits.MediaRedirects + 1 {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return nil, errNotHTTPS
		}
		maps.Copy(req.Header, header)
		req.Header.Set("User-Agent", m.user)
		req.Header.Set("Accept-Encoding", "identity")
		resp, err := m.roundTrip(req)
		switch {
		case err != nil:
			var own []string
			if len(req.URL.RawQuery) >= wholeSecret {
				own = []string{req.URL.RawQuery}
			}
			return nil, &requestError{newCauses(func(s string) string { return redact(s, foldAll(own)) }, err)}
		case resp.StatusCode < 300 || resp.StatusCode > 399 || resp.Header.Get("Location") == "":
			_ = decodeBody(resp) // of a coding that is not one, such as aws-chunked, the content decides
			return resp, nil
		}
		resp.Body.Close()
		next, err := resp.Location()
		if err != nil {
			return nil, errNotHTTPS
		}
		address = next.String()
	}
	return nil, errTooManyRedirects
}

// roundTrip makes one request, if its URL and the address behind it are allowed.
func (m *mediaClient) roundTrip(req *http.Request) (*http.Response, error) {
	if err := m.checkURL(req.URL); err != nil {
		return nil, err
	}
	if m.isOwn(req.URL) {
		return m.local.RoundTrip(req)
	}
	proxy, err := m.proxy(req)
	switch {
	case err != nil:
		return nil, errors.New("the proxy of the environment is not a URL") // err may hold its password
	case proxy == nil:
		return m.direct.RoundTrip(req)
	}
	// The proxy resolves the name itself: all its addresses here must be allowed.
	addrs, err := net.DefaultResolver.LookupNetIP(req.Context(), "ip", req.URL.Hostname())
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(addrs, func(a netip.Addr) bool { return !m.allow(a.Unmap()) }) {
		return nil, errPrivateAddress
	}
	return m.proxied.RoundTrip(req)
}

// checkURL refuses every URL but https ones of the allowed hosts and those of the
// own origin.
func (m *mediaClient) checkURL(u *url.URL) error {
	if m.isOwn(u) {
		return nil
	}
	if u.Scheme != "https" || u.User != nil || u.Host == "" {
		return errNotHTTPS
	}
	host := "." + strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	below := func(allowed string) bool { return strings.HasSuffix(host, "."+strings.ToLower(allowed)) }
	if len(m.hosts) > 0 && !slices.ContainsFunc(m.hosts, below) {
		return errForeignHost
	}
	return nil
}

// A remoteFile reads a file behind a URL by position. The part read last stays
// in memory; each is twice as large as the one before.
type remoteFile struct {
	*mediaClient
	ctx          context.Context
	url          string
	size         int64 // of the whole file, -1 while it is not known
	next, budget int64 // size of the next part, bytes that may still be read
	off          int64 // where the part begins
	part         []byte
}

// maxRange is the largest part of a remote file held in memory at a time.
const maxRange = 512 << 10

// measure measures a file behind an https URL. One range at its beginning tells
// its size and most often all else. HEAD would tell the size alone, is slow or false
// on some servers, and signed URLs are often good for GET alone.
func (m *mediaClient) measure(ctx context.Context, address string) (MediaInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, m.limits.MediaTimeout)
	defer cancel()
	f := &remoteFile{mediaClient: m, ctx: ctx, url: address, size: -1,
		next: m.limits.MediaFirstRead, budget: m.limits.MediaReads}
	if err := f.read(0); err != nil {
		return MediaInfo{}, err
	}
	return probeMedia(f, f.size)
}

// ReadAt implements io.ReaderAt for the reads of a header.
func (f *remoteFile) ReadAt(p []byte, off int64) (int, error) {
	// A part that begins at off has all that there is to be had.
	if off != f.off && (off < f.off || off+int64(len(p)) > f.off+int64(len(f.part))) {
		if err := f.read(off); err != nil {
			return 0, err
		}
	}
	return bytes.NewReader(f.part).ReadAt(p, off-f.off)
}

// read fetches the part that begins at off; it is shorter at the end of the
// file. Of a server that ignores ranges it takes the first part alone.
func (f *remoteFile) read(off int64) error {
	want := min(f.next, f.budget)
	if want <= 0 {
		return errors.New("the header goes beyond what is read of a remote file")
	}
	f.next = min(2*f.next, maxRange)
	resp, err := f.get(f.ctx, f.url, http.Header{"Range": {fmt.Sprintf("bytes=%d-%d", off, off+want-1)}})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	// A range of a coded file is one of the coded bytes: only the first can be read.
	coded := resp.StatusCode == http.StatusPartialContent && resp.Uncompressed
	start, size, ok := parseContentRange(resp.Header.Get("Content-Range"))
	whole := off == 0 && (resp.StatusCode == http.StatusOK || coded && ok && start == 0)
	switch {
	case whole:
		f.size, f.budget = resp.ContentLength, want
	case resp.StatusCode != http.StatusPartialContent:
		return fmt.Errorf("the server answers %d", resp.StatusCode)
	case !ok || coded || start != off || f.size >= 0 && size >= 0 && size != f.size:
		return errors.New("the server sent another range than it was asked for")
	default:
		f.size = max(f.size, size)
	}
	f.off = off
	part := bytes.NewBuffer(slices.Grow(f.part[:0], int(want)+bytes.MinRead)) // io.ReadAll takes twice as much
	_, err = part.ReadFrom(io.LimitReader(resp.Body, want))
	cut := coded && errors.Is(err, io.ErrUnexpectedEOF) // where the range ends
	if cut {
		err = nil
	}
	f.part = part.Bytes()
	f.budget -= want // also of a server that sends less
	if whole && !cut && int64(len(f.part)) < want {
		f.size, f.budget = int64(len(f.part)), 0 // an answer of unknown length has ended
	}
	return err
}

// parseContentRange reads "bytes 0-65535/10485760" (RFC 9110, section 14.4);
// the size is -1 where the server writes an asterisk.
func parseContentRange(value string) (start, size int64, ok bool) {
	var end int64
	n, _ := fmt.Sscanf(value, "bytes %d-%d/%d", &start, &end, &size) // n tells as much as the error
	if n == 2 && strings.HasSuffix(value, "/*") {
		n, size = 3, -1
	}
	return start, size, n == 3 && 0 <= start && start <= end && (size == -1 || end < size)
}
