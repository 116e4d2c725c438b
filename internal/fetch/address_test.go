package fetch

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

func TestPublicAddresses(t *testing.T) {
	for _, ip := range []string{"8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.0", "100.63.255.255", "100.128.0.0",
		"2606:4700::1111", "2001:4860:4860::8888", "::ffff:8.8.8.8"} {
		if !isPublic(netip.MustParseAddr(ip)) {
			t.Errorf("%s counts as local", ip)
		}
	}
	for _, ip := range []string{"127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
		"169.254.169.254", "100.100.100.200", "192.0.0.192", "198.18.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1",
		"::", "::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::7f00:1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254",
		"64:ff9b::7f00:1", "2002:7f00:1::", "2001::1", "ff02::1", "fec0::1"} {
		if isPublic(netip.MustParseAddr(ip)) {
			t.Errorf("%s counts as public", ip)
		}
	}
}

func TestLocalNames(t *testing.T) {
	for address, want := range map[string]bool{
		"http://localhost/": true, "http://LOCALHOST.:80/": true, "http://a.localhost/": true, "http://[::1]:8080/": true,
		"http://169.254.169.254/latest/meta-data/": true, "http://localhost.example.com/": false, "https://www.runcomfy.com/": false,
	} {
		if got := IsLocal(request(address).URL); got != want {
			t.Errorf("%s is local: %v", address, got)
		}
	}
}

// TestLocalAddressesNeedAName serves on loopback: the host that a source names
// is read, the same one named otherwise, by a redirect too, is not.
func TestLocalAddressesNeedAName(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if to := r.URL.Query().Get("to"); to != "" {
			http.Redirect(w, r, to, http.StatusFound)
		}
	}))
	defer server.Close()
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	u := request(server.URL).URL
	get := func(c *Client, address string) error {
		r := request(address)
		r.Types = nil
		_, err := c.Get(t.Context(), r)
		return err
	}
	named := New(Options{Rate: -1, Local: LocalHosts(u)})
	if err := get(named, server.URL); err != nil {
		t.Error(err)
	}
	for _, address := range []string{other.URL, "http://localhost:" + u.Port(), "http://169.254.169.254/latest/meta-data/"} {
		if err := get(named, address); !errors.Is(err, errLocalAddress) {
			t.Errorf("%s: %v", address, err)
		}
	}
	if err := get(named, server.URL+"/?to="+url.QueryEscape("http://169.254.169.254/")); err == nil {
		t.Error("a redirect to the metadata service is followed")
	}
	if err := get(New(Options{Rate: -1}), server.URL); !errors.Is(err, errLocalAddress) {
		t.Errorf("no source names it: %v", err)
	}
}

// TestResolvedAddressesAreChecked dials as for a name that resolves to loopback.
func TestResolvedAddressesAreChecked(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	port := request(server.URL).URL.Port()
	for _, local := range []map[string]bool{{}, {"127.0.0.1:" + port: true}} {
		dial := newTransport(local).(*http.Transport).DialContext
		conn, err := dial(t.Context(), "tcp", "localhost:"+port)
		if err == nil {
			conn.Close()
		}
		if !errors.Is(err, errLocalAddress) || !strings.Contains(err.Error(), "not a public one") {
			t.Errorf("local %v: %v", local, err)
		}
	}
}
