package client

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// over returns a client each of whose connections is handled by serve.
func over(serve func(net.Conn), opts ...Option) *Client {
	tr := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			defer far.Close()
			serve(far)
		}()
		return near, nil
	}}
	return New(testToken, append([]Option{WithBaseURL("http://127.0.0.1"), WithHTTPClient(&http.Client{Transport: tr})}, opts...)...)
}

// A 101 hands the connection over, and no context ends the read of its body.
func TestSwitchingProtocolsEnds(t *testing.T) {
	for _, what := range []string{"submit", "status"} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan bool)
				c := over(func(conn net.Conn) {
					req, err := http.ReadRequest(newReader(conn))
					if err != nil {
						return
					}
					io.Copy(io.Discard, req.Body)
					io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
					<-release
				})
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				done := make(chan error, 1)
				go func() {
					if what == "submit" {
						_, err := c.Submit(ctx, testInput())
						done <- err
						return
					}
					j, _ := c.Job("job-1")
					_, err := j.Status(ctx)
					done <- err
				}()
				select {
				case err := <-done:
					if err == nil {
						t.Error("a 101 passes for an answer")
					}
				case <-time.After(24 * time.Hour):
					t.Error("not returned after 24 hours, with a context of 1 s")
				}
				close(release)
			})
		})
	}
}

// http.Client tolerates a response without a Body; to panic after the POST is
// out loses the job.
func TestAnswerWithoutBody(t *testing.T) {
	rt := roundTripper(func(r *http.Request) (*http.Response, error) {
		io.Copy(io.Discard, r.Body)
		return &http.Response{StatusCode: 401, Header: http.Header{}, Request: r}, nil
	})
	_, err := New(testToken, WithBaseURL("http://127.0.0.1"), WithHTTPClient(&http.Client{Transport: rt})).Submit(t.Context(), testInput())
	as[*AuthError](t, err)
}

// A server that reads one JSON value has the job before the blanks behind it.
func TestTrailingSpaceIsNoPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var charges atomic.Int32
		c := over(func(conn net.Conn) {
			req, err := http.ReadRequest(newReader(conn))
			if err != nil {
				return
			}
			var in struct{ Prompt string }
			if json.NewDecoder(req.Body).Decode(&in) == nil && in.Prompt != "" { // as Go servers read a body
				charges.Add(1)
			} // and dies
		})
		_, err := c.SubmitRaw(t.Context(), "a/b", json.RawMessage(`{"prompt":"x"}`+strings.Repeat("\n", 40_000)))
		if charges.Load() > 1 {
			t.Errorf("%d charges for one call: %v", charges.Load(), err)
		}
	})
}

// Gateways put a request_id of their own into error bodies: it must not stand
// in for the look into the history.
func TestGatewayRequestID(t *testing.T) {
	c, _ := answering(t, func(received) reply {
		return reply{status: 502, body: `{"message":"An invalid response was received from the upstream server","request_id":"2f1bd35a8b6c4e0c9c8a7f4b1f1e4a11"}`}
	})
	_, err := c.Submit(t.Context(), testInput())
	if got := as[*AmbiguousSubmitError](t, err); got.Charged() != ChargedMaybe || !strings.Contains(err.Error(), "history") {
		t.Errorf("whoever finds no such job will submit again: %v", err)
	}
}

// Neither is an id in an error that was cut.
func TestCutErrorIsNoProof(t *testing.T) {
	c, _ := answering(t, func(received) reply { return reply{status: 502, body: acceptedBody, cut: 1} })
	_, err := c.Submit(t.Context(), testInput())
	if got := as[*AmbiguousSubmitError](t, err); got.Charged() != ChargedMaybe || got.RequestID() != "job-1" {
		t.Errorf("charged %v: %v", got.Charged(), err)
	}
}

// An id that a whole 2xx has elsewhere is no proof of a job.
func TestNestedRequestID(t *testing.T) {
	c, _ := answering(t, func(received) reply { return reply{body: `{"status":"ok","meta":{"request_id":"gateway-trace-1"}}`} })
	_, err := c.Submit(t.Context(), testInput())
	if e := as[*AmbiguousSubmitError](t, err); e.Charged() != ChargedMaybe {
		t.Errorf("charged %v: %v", e.Charged(), err)
	}
}

// A proxy's page of a 400 can stand for something that happened behind it.
func TestHTML400OfTimeout(t *testing.T) {
	for _, body := range []string{"<html><body>The origin timed out", "<html><head><title>400: upstream error</title></head>"} {
		c, _ := answering(t, func(received) reply { return reply{status: 400, body: body} })
		job, err := c.Submit(t.Context(), testInput())
		isAmbiguous(t, job, err)
	}
}

// A submit that was carried out may say so by a Location. It is followed to no
// other place, and an id that it does not name as the API does is none.
func TestLocatedJob(t *testing.T) {
	for location, id := range map[string]string{
		"/v1/requests/job-1":                               "", // outside of the base URL's prefix
		"/pre/v1/requests/job-1":                           "job-1",
		"/pre/v1/requests/job-1/":                          "job-1",
		"/pre/v1/requests/job-1/status?x=1":                "job-1",
		"http://127.0.0.1:80/pre/v1/requests/job-1/result": "job-1",
		"HTTP://127.0.0.1/pre/v1/requests/job-1":           "job-1",
		"//127.0.0.1/pre/v1/requests/job-1":                "job-1",
		"../../requests/job-1":                             "job-1",
		"http://127.0.0.1:81/pre/v1/requests/job-1":        "",
		"https://127.0.0.1/pre/v1/requests/job-1":          "",
		"http://elsewhere.example/pre/v1/requests/job-1":   "",
		"/pre/v1/requests/job-1/other":                     "",
		"/pre/v1/requests/a%2Fb":                           "",
		"/pre/v1/requests/":                                "",
		"/pre/v1/models/job-1":                             "",
		"::":                                               "",
		"":                                                 "",
	} {
		for _, status := range []int{302, 303, 201, 301, 500} {
			c, f := answering(t, func(received) reply { return reply{status: status, header: http.Header{"Location": {location}}} },
				WithBaseURL("http://127.0.0.1/pre/v1"))
			_, err := c.SubmitRaw(t.Context(), "a/b", json.RawMessage(`{}`))
			want := id
			if status == 500 || status == 301 {
				want = ""
			}
			if got := err.(interface{ RequestID() string }).RequestID(); got != want || len(f.all()) != 1 {
				t.Errorf("%d %s: job %q, want %q; requests %v", status, location, got, want, f.all())
			}
		}
	}
}

// A proxy that does not know Expect gets the body without it, once.
func TestExpectationFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		posts, whole := 0, 0
		c := over(func(conn net.Conn) {
			req, err := http.ReadRequest(newReader(conn))
			if err != nil {
				return
			}
			if posts++; req.Header.Get("Expect") == "" {
				_, _ = io.Copy(io.Discard, req.Body)
				whole++
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		})
		_, err := c.Submit(t.Context(), &input{Prompt: strings.Repeat("x", 2<<20)})
		if isAmbiguous(t, nil, err); posts != 2 || whole != 1 {
			t.Errorf("%d POSTs, %d of them whole: %v", posts, whole, err)
		}
	})
}

// What an injected dialer made speak HTTP/2 cannot be used, and no submit is
// in doubt for it.
func TestInjectedDialTLSOfHTTP2(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, acceptedBody) }))
	srv.EnableHTTP2 = true
	srv.Config.ErrorLog = discardLog()
	srv.StartTLS()
	defer srv.Close()
	cfg := srv.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	cfg.NextProtos = []string{"h2", "http/1.1"}
	tr := &http.Transport{ForceAttemptHTTP2: true, DialTLSContext: (&tls.Dialer{Config: cfg}).DialContext}
	c := New(testToken, WithBaseURL(srv.URL), WithHTTPClient(&http.Client{Transport: tr}))
	defer c.CloseIdleConnections()
	_, err := c.Submit(t.Context(), testInput())
	as[*NotSentError](t, err)
}

// Each step of connecting has a bound, whoever dials, and leaves nothing
// behind.
func TestConnectingIsBounded(t *testing.T) {
	hang := func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	mute := func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go io.Copy(io.Discard, far)
		return near, nil
	}
	proxy := func(raw string) func(*http.Request) (*url.URL, error) {
		u, _ := url.Parse(raw)
		return http.ProxyURL(u)
	}
	for name, tr := range map[string]*http.Transport{
		"DialContext":    {DialContext: hang},
		"DialTLSContext": {DialTLSContext: hang},
		"DialTLS":        {DialTLSContext: nil, DialContext: mute}, // the handshake
		"CONNECT":        {DialContext: mute, Proxy: proxy("http://proxy:1")},
		"SOCKS5":         {DialContext: mute, Proxy: proxy("socks5://proxy:1")},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if r := recover(); r != nil {
					t.Errorf("goroutines stay: %v", r)
				}
			}()
			synctest.Test(t, func(t *testing.T) {
				c := New(testToken, WithBaseURL("https://h"), WithHTTPClient(&http.Client{Transport: tr}))
				start := time.Now()
				_, err := c.Submit(t.Context(), testInput())
				if took := time.Since(start); took > 90*time.Second {
					t.Errorf("took %v: %v", took, err)
				}
				time.Sleep(24 * time.Hour)
			})
		})
	}
}

// Who gives up before a byte of the body is out is not charged.
func TestCancelBeforeContinue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got atomic.Int64
		c := over(func(conn net.Conn) {
			req, err := http.ReadRequest(bufio.NewReader(conn))
			if err != nil {
				return
			}
			time.Sleep(1500 * time.Millisecond)
			io.WriteString(conn, "HTTP/1.1 100 Continue\r\n\r\n")
			n, _ := io.Copy(io.Discard, req.Body)
			got.Store(n)
			io.WriteString(conn, "HTTP/1.1 200 X\r\nContent-Length: 22\r\n\r\n"+`{"request_id":"job-1"}`)
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := c.Submit(ctx, &input{Prompt: strings.Repeat("x", 2<<20)})
		time.Sleep(time.Minute)
		as[*NotSentError](t, err)
		if got.Load() > 0 {
			t.Errorf("%d bytes of the body went out, all of them after the context had ended: %v", got.Load(), err)
		}
	})
}

// A zone stays escaped in the base URL.
func TestBaseURLWithZone(t *testing.T) {
	u, err := parseBaseURL("http://[::1%25lo]:80", false)
	if err != nil || u != "http://[::1%25lo]:80" {
		t.Error(u, err)
	}
}

// Zero values and huge ones work.
func TestZeroAndHugeValues(t *testing.T) {
	n := 0
	for name, f := range map[string]func(){
		"CloseIdleConnections of a nil client": func() { var c *Client; c.CloseIdleConnections() },
		"zero MemoryJournal": func() {
			c, _ := answering(t, func(received) reply { return reply{body: acceptedBody} }, WithJournal(new(MemoryJournal)))
			_, _ = c.SubmitOnce(t.Context(), "k", testInput())
		},
		"BatchInFlight(math.MaxInt)": func() {
			for range Batch(t.Context(), New(testToken), prompts(0, &n), BatchInFlight(int(^uint(0)>>1))) {
			}
		},
	} {
		func() {
			defer func() {
				if r := recover(); r != nil {
					t.Errorf("%s: panic: %v", name, r)
				}
			}()
			f()
		}()
	}
}

// A Retry-After is waited for, in seconds or until a date.
func TestSubmitRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, date := range []bool{false, true} {
			start, after := time.Now(), "30"
			if date {
				after = start.Add(30 * time.Second).UTC().Format(http.TimeFormat)
			}
			c, _ := answering(t, func(r received) reply {
				if r.n == 1 {
					return reply{status: 429, header: http.Header{"Retry-After": {after}}}
				}
				return reply{body: acceptedBody}
			})
			_, err := c.Submit(t.Context(), testInput())
			if took := time.Since(start); err != nil || took < 29*time.Second || took > 31*time.Second {
				t.Errorf("%s: %v after %v", after, err, took)
			}
		}
	})
}

// A server that ignores Expect gets the body after two seconds.
func TestExpectIgnored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		c := over(func(conn net.Conn) {
			req, err := http.ReadRequest(newReader(conn))
			if err != nil {
				return
			}
			io.Copy(io.Discard, req.Body)
			fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(acceptedBody), acceptedBody)
		})
		_, err := c.Submit(t.Context(), &input{Prompt: strings.Repeat("x", 2<<20)})
		if took := time.Since(start); err != nil || took != 2*time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})
}

// A connection that breaks before the body is out carried no whole request.
func TestHeadersNeverWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dials := 0
		//lint:ignore SA1019 an injected Dial is still heeded
		tr := &http.Transport{Dial: func(string, string) (net.Conn, error) {
			dials++
			near, far := net.Pipe()
			far.Close()
			return near, nil
		}}
		c := New(testToken, WithBaseURL("http://127.0.0.1"), WithHTTPClient(&http.Client{Transport: tr}))
		_, err := c.Submit(t.Context(), testInput())
		if got := as[*NotSentError](t, err); got.Attempts != dials || dials < 2 || got.Phase != SubmitPhaseSend {
			t.Errorf("%d dials: %v", dials, err)
		}
	})
}

// A foreign RoundTripper may have sent all before its error: what it does not
// report proves nothing.
func TestForeignErrorInDoubt(t *testing.T) {
	rt := roundTripper(func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF })
	_, err := New(testToken, WithBaseURL("http://127.0.0.1"), WithHTTPClient(&http.Client{Transport: rt})).Submit(t.Context(), testInput())
	if got := as[*AmbiguousSubmitError](t, err); got.Phase != SubmitPhaseSend {
		t.Error(err)
	}
}

// An answer is waited for a hundred seconds from the end of the body.
func TestAnswerHeaderTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		c, _ := answering(t, func(received) reply { return reply{hang: true} })
		_, err := c.Submit(t.Context(), testInput())
		if got := as[*AmbiguousSubmitError](t, err); time.Since(start) != 100*time.Second || got.Phase != SubmitPhaseWait {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

// net/http makes an error of a dialer that returns nothing.
func TestDialWithoutConn(t *testing.T) {
	tr := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, nil }}
	c := New(testToken, WithBaseURL("http://127.0.0.1"), WithHTTPClient(&http.Client{Transport: tr}), WithLimits(func(l *Limits) { l.SubmitRetries = 0 }))
	_, err := c.Submit(t.Context(), testInput())
	as[*NotSentError](t, err)
}

// A RetryDelay that makes no sense still makes a delay within the limit.
func TestBackoffOddBases(t *testing.T) {
	for _, base := range []time.Duration{-time.Hour, 0, time.Second, 1 << 62} {
		for n := range 100 {
			if d := backoff(n+1, base, 8*time.Second); d < 0 || d > 8*time.Second {
				t.Errorf("backoff(%d, %v) is %v", n+1, base, d)
			}
		}
	}
}
