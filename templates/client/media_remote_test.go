package client

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A mediaHost serves files over TLS on a loopback address and counts what is
// asked of it and what it sends.
type mediaHost struct {
	*httptest.Server
	requests, sent atomic.Int64
	mu             sync.Mutex
	seen           []*http.Request
	opened, open   int        // connections
	closed         *sync.Cond // signals that open has changed
}

// connState counts the connections.
func (h *mediaHost) connState(_ net.Conn, state http.ConnState) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch state {
	case http.StateNew:
		h.opened++
		h.open++
	case http.StateClosed:
		h.open--
		h.closed.Broadcast()
	}
}

// newMediaHost serves with handler and returns the pool that trusts it.
func newMediaHost(t testing.TB, handler http.HandlerFunc) (*mediaHost, *x509.CertPool) {
	t.Helper()
	h := &mediaHost{}
	h.closed = sync.NewCond(&h.mu)
	h.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.requests.Add(1)
		h.mu.Lock()
		h.seen = append(h.seen, r)
		h.mu.Unlock()
		handler(countingWriter{w, &h.sent}, r)
	}))
	h.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that leave early are part of the tests
	h.Config.ConnState = h.connState
	h.EnableHTTP2 = true
	h.StartTLS()
	t.Cleanup(h.Close)
	roots := x509.NewCertPool()
	roots.AddCert(h.Certificate())
	return h, roots
}

type countingWriter struct {
	http.ResponseWriter
	sent *atomic.Int64
}

func (w countingWriter) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.sent.Add(int64(n))
	return n, err
}

// serveRanges answers as a file server does.
func serveRanges(content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	}
}

// measureAt measures a URL of a host that the client trusts.
func measureAt(t *testing.T, roots *x509.CertPool, url string) (MediaInfo, error) {
	t.Helper()
	m := newMediaClient(New("", WithPrivateMedia(roots)).clientSettings)
	defer m.closeIdle()
	return m.measure(t.Context(), url)
}

// padded inserts n bytes of padding into the file behind its part that ends at
// off.
func padded(content []byte, off int, padding string) []byte {
	return append(append(bytes.Clone(content[:off]), padding...), content[off:]...)
}

func TestRemoteMedia(t *testing.T) {
	jpeg, mp4 := mediaFile(t, "baseline.jpg"), mediaFile(t, "end.mp4")
	moov := bytes.Index(mp4, []byte("moov")) - 4
	segments := func(n int) string { return strings.Repeat("\xff\xe2\xff\xff"+strings.Repeat("i", 0xfffd), n) }
	ignoreRange := func(content []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(len(content)))
			w.Write(content)
		}
	}
	tests := []struct {
		name     string
		handler  func(content []byte) http.HandlerFunc
		content  []byte
		want     MediaInfo // without Bytes
		wantErr  string
		requests int64
		sent     int64 // at most
	}{
		{name: "large_image", handler: serveRanges, content: padded(jpeg, len(jpeg), strings.Repeat("\x00", 10e6)),
			want: MediaInfo{Width: 97, Height: 61, Format: "jpeg"}, requests: 1, sent: 64 << 10},
		{name: "small_image", handler: serveRanges, content: jpeg,
			want: MediaInfo{Width: 97, Height: 61, Format: "jpeg"}, requests: 1, sent: 64 << 10},
		{name: "moov_at_end", handler: serveRanges, content: padded(mp4, moov, isoBox("free", strings.Repeat("\x00", 5<<20))),
			want: MediaInfo{Width: 64, Height: 48, Duration: 1400 * time.Millisecond, Format: "mp4"}, requests: 2, sent: 128 << 10},
		{name: "colour_profile_of_640_kib", handler: serveRanges, content: padded(jpeg, 2, segments(10)),
			want: MediaInfo{Width: 97, Height: 61, Format: "jpeg"}, requests: 4, sent: 1 << 20},
		{name: "header_beyond_budget", handler: serveRanges, content: padded(jpeg, 2, segments(40)),
			wantErr: "beyond what is read", requests: 7, sent: 2 << 20},
		{name: "range_ignored", handler: ignoreRange, content: padded(jpeg, len(jpeg), strings.Repeat("\x00", 100e6)),
			want: MediaInfo{Width: 97, Height: 61, Format: "jpeg"}, requests: 1, sent: 20e6},
		{name: "range_ignored_header_longer", handler: ignoreRange, content: padded(jpeg, 2, segments(10)),
			wantErr: "beyond what is read", requests: 1, sent: 1 << 20},
		{name: "range_ignored_moov_at_end", handler: ignoreRange, content: padded(mp4, moov, isoBox("free", strings.Repeat("\x00", 50<<20))),
			wantErr: "beyond what is read", requests: 1, sent: 20e6},
		{name: "range_ignored_without_length", content: jpeg, want: MediaInfo{Width: 97, Height: 61, Format: "jpeg"}, requests: 1, sent: 64 << 10,
			handler: func(content []byte) http.HandlerFunc {
				return func(w http.ResponseWriter, r *http.Request) {
					w.(countingWriter).ResponseWriter.(http.Flusher).Flush()
					w.Write(content)
				}
			}},
		{name: "tiny_without_length", content: mediaFile(t, "gray16.png"), want: MediaInfo{Width: 1, Height: 25, Format: "png"}, requests: 1, sent: 1 << 10,
			handler: func(content []byte) http.HandlerFunc {
				return func(w http.ResponseWriter, r *http.Request) {
					w.(countingWriter).ResponseWriter.(http.Flusher).Flush()
					w.Write(content)
				}
			}},
		{name: "total_unknown", content: jpeg, want: MediaInfo{Width: 97, Height: 61, Format: "jpeg"}, requests: 1, sent: 64 << 10,
			handler: func(content []byte) http.HandlerFunc {
				return func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Content-Range", "bytes 0-1023/*")
					w.WriteHeader(http.StatusPartialContent)
					w.Write(content[:1024])
				}
			}},
		{name: "wrong_range", content: jpeg, wantErr: "another range", requests: 1,
			handler: func(content []byte) http.HandlerFunc {
				return func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Content-Range", "bytes 1-1024/2000")
					w.WriteHeader(http.StatusPartialContent)
				}
			}},
		{name: "not_found", content: jpeg, wantErr: "answers 404", requests: 1, sent: 1 << 10,
			handler: func(content []byte) http.HandlerFunc { return http.NotFound }},
		{name: "web_page", handler: serveRanges, content: []byte("<!DOCTYPE html><html></html>"), requests: 1, sent: 1 << 10},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			host, roots := newMediaHost(t, tt.handler(tt.content))
			got, err := measureAt(t, roots, host.URL+"/a?signature=secret")
			host.Close() // waits for the handlers, so that the counts are final
			if tt.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wantErr) || strings.Contains(err.Error(), "secret") {
					t.Errorf("error %v, want one with %q", err, tt.wantErr)
				}
			} else {
				if err != nil {
					t.Fatal(err)
				}
				tt.want.Bytes = int64(len(tt.content))
				if strings.HasSuffix(tt.name, "unknown") || strings.HasSuffix(tt.name, "without_length") {
					tt.want.Bytes = got.Bytes
				}
				if got != tt.want {
					t.Errorf("got %+v, want %+v", got, tt.want)
				}
			}
			if n := host.requests.Load(); n != tt.requests {
				t.Errorf("%d requests, want %d", n, tt.requests)
			}
			if n := host.sent.Load(); n > tt.sent {
				t.Errorf("%d bytes sent, want at most %d", n, tt.sent)
			}
			for _, r := range host.seen {
				if r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "" || r.Header.Get("Accept-Encoding") != "identity" || r.ProtoMajor != 1 {
					t.Errorf("%s, request headers %v", r.Proto, r.Header)
				}
			}
		})
	}
}

func TestRemoteMediaRefusesURLs(t *testing.T) {
	for _, u := range []string{"http://example.com/a.png", "ftp://example.com/a", "https://user:secret@example.com/a.png", "https:///a", "a.png", "https://exa mple/"} {
		if _, err := measureAt(t, nil, u); !errors.Is(err, errNotHTTPS) {
			t.Errorf("%s: %v", u, err)
		}
	}
}

// TestRemoteMediaTimeout holds a server that accepts and never answers to the
// limit, and a caller that gives up to its own.
func TestRemoteMediaTimeout(t *testing.T) {
	blocked := make(chan struct{})
	host, roots := newMediaHost(t, func(w http.ResponseWriter, r *http.Request) { <-blocked })
	defer close(blocked)
	short := WithLimits(func(l *Limits) { l.MediaTimeout = 20 * time.Millisecond })
	m := newMediaClient(New("", WithPrivateMedia(roots), short).clientSettings)
	defer m.closeIdle()
	_, err := m.measure(t.Context(), host.URL)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the deadline", err)
	}
}

// TestRedirects follows three redirects within the rules and refuses the rest.
func TestRedirects(t *testing.T) {
	content := mediaFile(t, "rgb.png")
	plain := httptest.NewServer(serveRanges(content))
	defer plain.Close()
	var host *mediaHost
	host, roots := newMediaHost(t, func(w http.ResponseWriter, r *http.Request) {
		switch n, _ := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/")); {
		case r.URL.Path == "/unreadable":
			w.Header().Set("Location", "https://example.com/%zz?signature=secret")
			w.WriteHeader(http.StatusFound)
		case r.URL.Path == "/plain":
			http.Redirect(w, r, plain.URL, http.StatusFound)
		case r.URL.Path == "/user":
			http.Redirect(w, r, strings.Replace(host.URL, "https://", "https://user:secret@", 1), http.StatusFound)
		case n > 0:
			http.Redirect(w, r, "/"+strconv.Itoa(n-1)+"?signature=secret", http.StatusFound)
		default:
			serveRanges(content)(w, r)
		}
	})
	if got, err := measureAt(t, roots, host.URL+"/3?signature=secret"); err != nil || got.Width != 97 {
		t.Errorf("three redirects: %+v, %v", got, err)
	}
	for _, r := range host.seen {
		if r.Header.Get("Referer") != "" {
			t.Errorf("Referer %q", r.Header.Get("Referer"))
		}
	}
	for path, want := range map[string]string{"/4": errTooManyRedirects.Error(), "/plain": errNotHTTPS.Error(), "/unreadable": errNotHTTPS.Error(), "/user": errNotHTTPS.Error()} {
		_, err := measureAt(t, roots, host.URL+path)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

// TestPrivateAddressRefused reaches for a server on a loopback address by its
// address, by a name that resolves to it, by a redirect and through a proxy.
func TestPrivateAddressRefused(t *testing.T) {
	host, roots := newMediaHost(t, serveRanges(mediaFile(t, "rgb.png")))
	address := netip.MustParseAddrPort(host.Listener.Addr().String())
	port := strconv.Itoa(int(address.Port()))
	other, _ := newMediaHost(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://127.0.0.2:"+port+"/a.png", http.StatusFound)
	})
	roots.AddCert(other.Certificate())
	noProxy := func(*http.Request) (*url.URL, error) { return nil, nil }
	proxied := 0
	proxy := func(*http.Request) (*url.URL, error) { proxied++; return url.Parse(other.URL) }
	only := func(allowed string) func(netip.Addr) bool {
		return func(a netip.Addr) bool { return a == netip.MustParseAddr(allowed) }
	}
	tests := []struct {
		name, url string
		settings  clientSettings
	}{
		{"address", host.URL, clientSettings{proxy: noProxy, allow: publicAddress}},
		{"mapped", "https://[::ffff:127.0.0.1]:" + port, clientSettings{proxy: noProxy, allow: publicAddress}},
		{"unspecified", "https://0.0.0.0:" + port, clientSettings{proxy: noProxy, allow: publicAddress}},
		{"decimal", "https://2130706433:" + port, clientSettings{proxy: noProxy, allow: publicAddress}},
		{"name", "https://localhost:" + port, clientSettings{proxy: noProxy, allow: publicAddress}},
		{"redirect", other.URL, clientSettings{proxy: noProxy, allow: only("127.0.0.1")}},
		{"proxy_address", host.URL, clientSettings{proxy: proxy, allow: publicAddress}},
		{"proxy_name", "https://localhost:" + port, clientSettings{proxy: proxy, allow: publicAddress}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.settings.roots, tt.settings.limits = roots, defaultLimits()
			m := newMediaClient(tt.settings)
			defer m.closeIdle()
			_, err := m.measure(t.Context(), tt.url)
			if tt.name == "decimal" { // a number is a host name here, and none that resolves
				if err == nil {
					t.Error("no error")
				}
			} else if !errors.Is(err, errPrivateAddress) {
				t.Errorf("error %v, want %v", err, errPrivateAddress)
			}
		})
	}
	if n := host.requests.Load(); n != 0 {
		t.Errorf("%d requests reached the server", n)
	}
	if proxied != 2 {
		t.Errorf("the proxy was asked for %d times", proxied)
	}
}

// TestMediaThroughProxy reads a file through a CONNECT proxy on a loopback
// address, where the proxy itself may stand.
func TestMediaThroughProxy(t *testing.T) {
	host, roots := newMediaHost(t, serveRanges(mediaFile(t, "rgb.png")))
	var connects atomic.Int64
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			t.Errorf("the proxy got %s", r.Method)
			return
		}
		connects.Add(1)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		upstream, err := net.Dial("tcp", host.Listener.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		conn.Write([]byte("HTTP/1.1 200 OK\r\n\r\n"))
		go func() {
			io.Copy(upstream, conn)
			upstream.Close()
		}()
		io.Copy(conn, upstream)
	}))
	defer proxy.Close()
	settings := clientSettings{
		roots: roots, limits: defaultLimits(),
		allow: func(a netip.Addr) bool { return a == netip.MustParseAddr("192.0.2.7") }, // not the proxy's
		proxy: func(*http.Request) (*url.URL, error) { return url.Parse(proxy.URL) },
	}
	m := newMediaClient(settings)
	defer m.closeIdle()
	m.proxied.TLSClientConfig.ServerName = "example.com" // the name of the test server's certificate
	got, err := m.measure(t.Context(), "https://192.0.2.7/a.png")
	if err != nil || got.Width != 97 || connects.Load() != 1 {
		t.Errorf("%+v, %v, %d connections to the proxy", got, err, connects.Load())
	}
}

func TestPublicAddress(t *testing.T) {
	private := []string{
		"0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.0.1", "168.63.129.16",
		"169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1",
		"198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
		"::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
		"64:ff9b:1::808:808", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "fc00::1", "fd00:ec2::254", "fe80::1",
		"fe80::1%eth0", "fec0::1", "ff02::1",
	}
	for _, s := range private {
		if publicAddress(netip.MustParseAddr(s).Unmap()) {
			t.Errorf("%s counts as public", s)
		}
	}
	for _, s := range []string{"1.1.1.1", "100.63.255.255", "172.32.0.1", "223.255.255.255", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"} {
		if !publicAddress(netip.MustParseAddr(s).Unmap()) {
			t.Errorf("%s counts as private", s)
		}
	}
	if publicAddress(netip.Addr{}) {
		t.Error("the zero address counts as public")
	}
}

func TestParseContentRange(t *testing.T) {
	for value, want := range map[string][2]int64{
		"bytes 0-65535/10485760": {0, 10485760},
		"bytes 5-5/6":            {5, 6},
		"bytes 0-9/*":            {0, -1},
	} {
		if start, size, ok := parseContentRange(value); !ok || start != want[0] || size != want[1] {
			t.Errorf("%q: %d, %d, %v", value, start, size, ok)
		}
	}
	for _, value := range []string{"", "bytes */10", "bytes 0-9", "bytes 9-0/10", "bytes 0-9/9", "bytes -1-9/10", "items 0-9/10", "bytes 0-9/x", "bytes 0/9", "bytes a-b/9"} {
		if _, _, ok := parseContentRange(value); ok {
			t.Errorf("%q was read", value)
		}
	}
}
