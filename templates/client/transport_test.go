package client

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestInjectedHTTP2Client: an injected transport that already speaks HTTP/2
// still submits over HTTP/1.1, on a fresh connection each, and is left as it
// was.
func TestInjectedHTTP2Client(t *testing.T) {
	var protocols, remotes []string
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protocols, remotes = append(protocols, r.Method+" "+r.Proto), append(remotes, r.RemoteAddr)
		fmt.Fprint(w, acceptedBody)
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	injected := srv.Client()
	injected.Timeout = time.Nanosecond // must not be used
	warm, err := (&http.Client{Transport: injected.Transport}).Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	warm.Body.Close()
	offered := injected.Transport.(*http.Transport).TLSClientConfig.NextProtos
	c := New(testToken, WithBaseURL(srv.URL), WithHTTPClient(injected))
	defer c.CloseIdleConnections()
	for range 2 {
		job, err := c.Submit(t.Context(), testInput())
		isAccepted(t, job, err)
	}
	if got := strings.Join(protocols, ", "); got != "GET HTTP/2.0, POST HTTP/1.1, POST HTTP/1.1" {
		t.Error(got)
	}
	if remotes[1] == remotes[2] {
		t.Error("both submits went over one connection")
	}
	if now := injected.Transport.(*http.Transport).TLSClientConfig.NextProtos; fmt.Sprint(now) != fmt.Sprint(offered) {
		t.Errorf("the injected transport now offers %v instead of %v", now, offered)
	}
}

// TestNoGoroutineLeft: submits, reads, failures and cancellations leave nothing
// behind once the connections are closed.
func TestNoGoroutineLeft(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.Method == http.MethodPost {
			fmt.Fprint(w, acceptedBody)
			return
		}
		fmt.Fprint(w, done)
	}))
	before := runtime.NumGoroutine()
	c := New(testToken, WithBaseURL(srv.URL), WithJournal(NewMemoryJournal()))
	if res, err := c.run(t.Context(), testInput(), []CallOption{OnceKey("k")}); err != nil {
		t.Fatal(res, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Submit(ctx, testInput()); err == nil {
		t.Error("submitted after the end of the context")
	}
	c.CloseIdleConnections()
	srv.Close()
	for range 1000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		runtime.Gosched()
	}
	stacks := make([]byte, 1<<16)
	t.Errorf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
}

func TestBaseURL(t *testing.T) {
	for raw, want := range map[string]string{
		"https://model-api.runcomfy.net":     "https://model-api.runcomfy.net",
		"https://model-api.runcomfy.net/":    "https://model-api.runcomfy.net",
		"https://model-api.runcomfy.net/v1":  "https://model-api.runcomfy.net",
		"https://Model-API.runcomfy.net/v1/": "https://model-api.runcomfy.net",
		"https://h:8443/pre%2Ffix/x/v1":      "https://h:8443/pre%2Ffix/x",
		"https://h/v12":                      "https://h/v12",
		"https://h//a/../b":                  "https://h/b",
		"http://localhost:8080":              "http://localhost:8080",
		"http://127.0.0.1:1":                 "http://127.0.0.1:1",
		"http://127.9.9.9":                   "http://127.9.9.9",
		"http://[::1]:1":                     "http://[::1]:1",
		"":                                   "",
		"h":                                  "",
		"//h":                                "",
		"ftp://h":                            "",
		"https://":                           "",
		"https://:443":                       "",
		"https://u@h":                        "",
		"https://h?":                         "",
		"https://h?a=b":                      "",
		"https://h#f":                        "",
		"http://h":                           "",
		"http://127.0.0.1.example":           "",
		"http://localhost.example":           "",
		"http://0.0.0.0":                     "",
		"https://h/%zz":                      "",
	} {
		u, err := parseBaseURL(raw, false)
		if want == "" {
			if !is[*ConfigError](err) {
				t.Errorf("%q: %v, %v", raw, u, err)
			}
			continue
		}
		if err != nil || u != want {
			t.Errorf("%q becomes %v, want %s (%v)", raw, u, want, err)
		}
	}
	if u, err := parseBaseURL("http://h/x", true); err != nil || u != "http://h/x" {
		t.Errorf("insecure: %v, %v", u, err)
	}
}

// TestToken: where it comes from, and what cannot be one.
func TestToken(t *testing.T) {
	var got string
	server := func(r received) reply { got = r.header.Get("Authorization"); return reply{body: queued} }
	read := func(c *Client) error {
		job, err := c.Job("job-1")
		if err != nil {
			return err
		}
		_, err = job.Status(t.Context())
		return err
	}
	c, _ := answering(t, server)
	inject := func(c2 *Client) *Client { c2.reads = c.reads; return c2 }
	base := WithBaseURL("http://127.0.0.1")
	t.Setenv("RUNCOMFY_API_TOKEN", "")
	t.Setenv("RUNCOMFY_TOKEN", "")
	as[*ConfigError](t, read(New("", base)))
	t.Setenv("RUNCOMFY_TOKEN", "second\n")
	if err := read(inject(New("", base))); err != nil || got != "Bearer second" {
		t.Errorf("%q, %v", got, err)
	}
	late := inject(New("", base))
	t.Setenv("RUNCOMFY_API_TOKEN", "first")
	if err := read(late); err != nil || got != "Bearer first" {
		t.Errorf("%q, %v", got, err)
	}
	t.Setenv("RUNCOMFY_API_TOKEN", "changed")
	if err := read(late); err != nil || got != "Bearer first" {
		t.Errorf("a client changed its token: %q, %v", got, err)
	}
	if err := read(inject(New("given", base))); err != nil || got != "Bearer given" {
		t.Errorf("%q, %v", got, err)
	}
	for _, bad := range []string{"a b", "a\nb", "é", "\x7f"} {
		as[*ConfigError](t, read(New(bad, base)))
	}
	for _, bad := range []Option{WithUserAgent("a\nb"), WithReadRate(0, 1), WithReadRate(math.NaN(), 1), WithReadRate(1, 0)} {
		as[*ConfigError](t, read(New("token", base, bad)))
	}
	var zero Client
	as[*ConfigError](t, read(&zero))
	zero.CloseIdleConnections()
	(*Client)(nil).CloseIdleConnections()
}

// BenchmarkSubmit measures a submit beside the same exchange over plain
// net/http with a connection of its own.
func BenchmarkSubmit(b *testing.B) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, acceptedBody)
	}))
	defer srv.Close()
	b.Run("client", func(b *testing.B) {
		c := New(testToken, WithBaseURL(srv.URL))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.Submit(b.Context(), testInput()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("net_http", func(b *testing.B) {
		c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		b.ReportAllocs()
		for b.Loop() {
			body, err := encodeInput(testInput())
			if err != nil {
				b.Fatal(err)
			}
			req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, srv.URL+"/v1/models/vendor/model%20v1.0", strings.NewReader(string(body)))
			if err != nil {
				b.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+testToken)
			req.Header.Set("Content-Type", "application/json")
			resp, err := c.Do(req)
			if err != nil {
				b.Fatal(err)
			}
			if a, err := readAnswer(context.Background(), resp, 32<<20); err != nil || a.text("request_id") == "" {
				b.Fatal(err)
			}
		}
	})
}
