package fetch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"
)

// errLocalAddress reports a request that would reach the machine or network of
// the user instead of the public internet: a page must not make genclient send
// requests there (server-side request forgery).
var errLocalAddress = errors.New("the address is not a public one")

// localRanges are the ranges of the special-purpose registries (RFC 6890) that
// lead to no public host, with those that carry an IPv4 address inside.
var localRanges = parsePrefixes("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
	"172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
	"198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
	"5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8")

func parsePrefixes(texts ...string) []netip.Prefix {
	prefixes := make([]netip.Prefix, len(texts))
	for i, t := range texts {
		prefixes[i] = netip.MustParsePrefix(t)
	}
	return prefixes
}

func isPublic(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	for _, p := range localRanges {
		if p.Contains(ip) {
			return false
		}
	}
	return ip.IsValid()
}

// IsLocal reports whether a URL's host itself names a local address: an IP
// address that is not public, or localhost. A name that only resolves to one
// does not.
func IsLocal(u *url.URL) bool {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && !isPublic(ip)
}

// checkAddress refuses a URL that names a local address which the user did not
// name. What names resolve to is checked by the transport.
func checkAddress(u *url.URL, local map[string]bool) error {
	if IsLocal(u) && !local[hostPort(u)] {
		return fmt.Errorf("%w: %s; it is read only when named as a source", errLocalAddress, u.Host)
	}
	return nil
}

// hostPort returns a URL's host with its port.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// LocalHosts returns for Options.Local what the sources of a run name.
func LocalHosts(sources ...*url.URL) []string {
	var hosts []string
	for _, u := range sources {
		if IsLocal(u) {
			hosts = append(hosts, hostPort(u))
		}
	}
	return hosts
}

// newTransport returns a transport that connects to public addresses, to the
// given hosts, and to the proxies of the environment. The address is checked
// after the name was resolved, when the connection is made.
func newTransport(local map[string]bool) http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxResponseHeaderBytes = 256 << 10
	t.ResponseHeaderTimeout = requestTimeout
	t.MaxIdleConnsPerHost = 16
	var proxies sync.Map // host:port of the proxies in use
	t.Proxy = func(r *http.Request) (*url.URL, error) {
		proxy, err := http.ProxyFromEnvironment(r)
		if proxy != nil {
			proxies.Store(hostPort(proxy), true)
		}
		return proxy, err
	}
	dialer := net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	guarded := dialer
	guarded.Control = func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil || !isPublic(at.Addr()) {
			return fmt.Errorf("%w: %s", errLocalAddress, address)
		}
		return nil
	}
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if _, isProxy := proxies.Load(address); isProxy || local[strings.ToLower(address)] {
			return dialer.DialContext(ctx, network, address)
		}
		return guarded.DialContext(ctx, network, address)
	}
	return t
}
