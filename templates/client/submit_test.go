package client

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestSubmitRequest looks at the one request of a submit.
func TestSubmitRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := answering(t, func(received) reply { return reply{status: 201, body: acceptedBody} }, WithUserAgent("test/1"))
		job, err := c.Submit(t.Context(), testInput())
		if err != nil || job.ID() != "job-1" || job.kind != OutputKindVideo {
			t.Fatalf("Submit: %v, %v", job, err)
		}
		got := f.all()[0]
		if got.String() != "POST /v1/models/vendor/model%20v1.0" || len(f.all()) != 1 {
			t.Errorf("requests %v", f.all())
		}
		if want := `{"prompt":"` + testPrompt + `"}`; got.body != want {
			t.Errorf("body %s, want %s", got.body, want)
		}
		want := http.Header{"Authorization": {"Bearer " + testToken}, "Accept": {"application/json"}, "Content-Type": {"application/json"},
			"User-Agent": {"test/1"}, "Accept-Encoding": {"identity"}, "Connection": {"close"}, "Content-Length": {fmt.Sprint(len(got.body))}}
		if diff := cmp.Diff(want, got.header); diff != "" {
			t.Errorf("headers (-want +got):\n%s", diff)
		}
	})
}

// TestSubmitClasses drives every class of a POST: what the caller gets and how
// often the request arrives.
func TestSubmitClasses(t *testing.T) {
	answer := func(status int, body string) func(received) reply {
		return func(received) reply { return reply{status: status, body: body} }
	}
	tests := []struct {
		name  string
		reply func(received) reply
		check func(t *testing.T, job *Job, err error)
		posts int
	}{
		{"accepted", answer(202, acceptedBody), isAccepted, 1},
		{"id beside an error code", answer(200, `{"request_id":"job-1","error_code":1}`), isAmbiguousWith("job-1"), 1},
		{"id beside a word for no error", answer(200, `{"request_id":"job-1","error_code":"SUCCESS","error":" None "}`), isAccepted, 1},
		{"id beside an error in another script", answer(200, `{"request_id":"job-1","error":"错误"}`), isAmbiguousWith("job-1"), 1},
		{"id beside a known refusal", answer(200, `{"request_id":"job-1","error_code":400002}`), isRejected[*InsufficientBalanceError], 1},
		{"200 with error_code and no id", answer(200, `{"error_code":400002,"message":"no balance"}`), isRejected[*InsufficientBalanceError], 1},
		{"200 with error_code as text", answer(200, `{"error_code":"400004"}`), isRejected[*AuthError], 1},
		{"200 without an id", answer(200, `{"status":"ok"}`), isAmbiguous, 1},
		{"200 with a bad id", answer(200, `{"request_id":"../1"}`), isAmbiguous, 1},
		{"200 with an id that is no string", answer(200, `{"request_id":17}`), isAmbiguous, 1},
		{"200 with a bad id and error_code", answer(200, `{"request_id":"a b","error_code":1}`), isAmbiguous, 1},
		{"200 HTML", answer(200, "<html>"), isAmbiguous, 1},
		{"200 empty", answer(200, ""), isAmbiguous, 1},
		{"204", answer(204, ""), isAmbiguous, 1},
		{"cut in the id", func(received) reply { return reply{body: acceptedBody, cut: len(acceptedBody) - 18} }, isAmbiguous, 1},
		{"cut behind the JSON", func(received) reply { return reply{body: acceptedBody + "  ", cut: 2} }, func(t *testing.T, _ *Job, err error) {
			if as[*AmbiguousSubmitError](t, err).RequestID() != "job-1" {
				t.Errorf("error %v", err)
			}
		}, 1},
		{"closed without an answer", func(received) reply { return reply{drop: true} }, isAmbiguous, 1},
		{"never answered", func(received) reply { return reply{hang: true} }, isAmbiguous, 1},
		{"malformed answer", func(received) reply { return reply{body: "x", header: http.Header{"Transfer-Encoding": {"bogus"}}} }, isAmbiguous, 1},
		{"400 with an error", answer(400, `{"error_message":"bad"}`), isRejected[*APIError], 1},
		{"400 with HTML", answer(400, "<html><body>Bad Request"), isRejected[*APIError], 1},
		{"400 empty", answer(400, ""), isRejected[*APIError], 1},
		{"400 cut", func(received) reply { return reply{status: 400, body: `{"message":"bad"}`, cut: 1} }, isAmbiguous, 1},
		{"400 that goes on", answer(400, `{"message":"`+strings.Repeat("bad ", 20<<10)+`"}`), isAmbiguous, 1},
		{"200 with error_code 403001", answer(200, `{"error_code":403001}`), isRejected[*AuthError], 1},
		{"200 with error_code 404001", answer(200, `{"error_code":404001}`), isRejected[*NotFoundError], 1},
		{"400 with error_code 400001", answer(400, `{"error_code":400001}`), isRejected[*NotFoundError], 1},
		{"200 with error_code 429001", answer(200, `{"error_code":429001}`), isAmbiguous, 1},
		{"200 with error_code 500001", answer(200, `{"error_code":500001}`), isAmbiguous, 1},
		{"404", answer(404, `{}`), isRejected[*NotFoundError], 1},
		{"429 always", answer(429, `{}`), isRejected[*RateLimitError], 6},
		{"429 for longer than is waited", func(received) reply { return reply{status: 429, header: http.Header{"Retry-After": {"61"}}} }, isRejected[*RateLimitError], 1},
		{"425 once", func(r received) reply {
			if r.n == 1 {
				return reply{status: 425}
			}
			return reply{body: acceptedBody}
		}, isAccepted, 2},
	}
	for _, status := range []int{301, 307, 308, 402, 405, 410, 411, 413, 414, 415, 421, 422, 431} {
		tests = append(tests, struct {
			name  string
			reply func(received) reply
			check func(t *testing.T, job *Job, err error)
			posts int
		}{fmt.Sprint(status), func(received) reply {
			return reply{status: status, header: http.Header{"Location": {"http://127.0.0.1/v1/models/other"}}}
		}, isRejected[*APIError], 1})
	}
	for _, status := range []int{401, 403} {
		tests = append(tests, tests[0])
		tests[len(tests)-1].name, tests[len(tests)-1].reply, tests[len(tests)-1].check = fmt.Sprint(status), answer(status, ""), isRejected[*AuthError]
	}
	for _, status := range []int{300, 302, 303, 304, 305, 406, 407, 408, 409, 412, 416, 417, 418, 500, 501, 502, 503, 504, 520} {
		tests = append(tests, tests[0])
		tests[len(tests)-1].name, tests[len(tests)-1].reply, tests[len(tests)-1].check = fmt.Sprint(status), answer(status, `{"message":"x"}`), isAmbiguous
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, f := answering(t, test.reply)
				job, err := c.Submit(t.Context(), testInput())
				test.check(t, job, err)
				if f.posts() != test.posts || len(f.all()) != test.posts {
					t.Errorf("%d POSTs of %d requests arrived, want %d", f.posts(), len(f.all()), test.posts)
				}
			})
		})
	}
}

func isAccepted(t *testing.T, job *Job, err error) {
	t.Helper()
	if err != nil || job.ID() != "job-1" {
		t.Errorf("job %v, error %v", job, err)
	}
}

func isRejected[T interface {
	error
	Charged() Charged
}](t *testing.T, job *Job, err error) {
	t.Helper()
	if got := as[T](t, err); job != nil || got.Charged() != ChargedNo || !is[*APIError](err) {
		t.Errorf("job %v, error %#v", job, err)
	}
}

func isAmbiguous(t *testing.T, job *Job, err error) {
	t.Helper()
	got := as[*AmbiguousSubmitError](t, err)
	if job != nil || got.Charged() != ChargedMaybe || !errors.Is(err, ErrAmbiguousSubmit) {
		t.Errorf("job %v, error %v", job, err)
	}
}

// TestAmbiguousSubmitError looks at what the error of a cut answer carries,
// and that no retry loop can take it for one to be tried again.
func TestAmbiguousSubmitError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := answering(t, func(received) reply {
			time.Sleep(3 * time.Second)
			return reply{status: 200, body: acceptedBody, cut: 3, header: http.Header{"X-Request-Id": {"trace-7"}, "Set-Cookie": {"s=1"}}}
		})
		start := time.Now()
		_, err := c.Submit(t.Context(), testInput())
		got := as[*AmbiguousSubmitError](t, err)
		body := `{"prompt":"` + testPrompt + `"}`
		sum := sha256.Sum256([]byte(body))
		want := AmbiguousSubmitError{
			Model: "vendor/model v1.0", Origin: "http://127.0.0.1",
			BodySHA256: hex.EncodeToString(sum[:]), BodyBytes: int64(len(body)), BodyTaken: int64(len(body)),
			Started: start, Ended: start.Add(3 * time.Second), Phase: SubmitPhaseAnswer, StatusCode: 200,
			Header:         http.Header{"X-Request-Id": {"trace-7"}, "Content-Length": {fmt.Sprint(len(acceptedBody))}},
			Answer:         `{"request_id":"job-1","status_url":"https://elsewhere.example/x?[redacted]`,
			Reason:         "unexpected EOF",
			HeadersWritten: 1,
			about:          about{ChargedYes, "job-1"},
		}
		exported := *got
		exported.job = nil
		if diff := cmp.Diff(want, exported, cmp.AllowUnexported(AmbiguousSubmitError{}, about{})); diff != "" {
			t.Errorf("error (-want +got):\n%s", diff)
		}
		if got.RequestID() != "job-1" || got.Job().ID() != "job-1" || got.Charged() != ChargedYes {
			t.Errorf("id %q, charged %v", got.RequestID(), got.Charged())
		}
		if _, ok := err.(interface{ Unwrap() error }); ok || errors.Unwrap(err) != nil {
			t.Error("the error unwraps")
		}
		if _, ok := err.(interface{ Timeout() bool }); ok {
			t.Error("the error has a Timeout method")
		}
		if _, ok := err.(interface{ Temporary() bool }); ok {
			t.Error("the error has a Temporary method")
		}
	})
}

// TestNeverSent counts the connections tried for failures before anything is
// written.
func TestNeverSent(t *testing.T) {
	for _, test := range []struct {
		name  string
		err   error
		dials int32
	}{
		{"refused", &net.OpError{Op: "dial", Err: errors.New("connection refused")}, 4},
		{"name server down", &net.DNSError{Err: "server misbehaving", IsTemporary: true}, 4},
		{"no such name", &net.DNSError{Err: "no such host", IsNotFound: true}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var dials atomic.Int32
				c := New(testToken, WithBaseURL("http://127.0.0.1"), WithHTTPClient(&http.Client{Transport: &http.Transport{
					DialContext: func(context.Context, string, string) (net.Conn, error) {
						dials.Add(1)
						return nil, test.err
					}}}))
				start := time.Now()
				_, err := c.Submit(t.Context(), testInput())
				got := as[*NotSentError](t, err)
				if got.Attempts != int(test.dials) || dials.Load() != test.dials || got.Phase != SubmitPhaseConnect || !errors.Is(err, test.err) {
					t.Errorf("%d dials, error %+v", dials.Load(), got)
				}
				if took := time.Since(start); took > 3500*time.Millisecond {
					t.Errorf("took %v; the delays are at most 0.5 s + 1 s + 2 s", took)
				}
			})
		})
	}
}

// TestBadCertificate: a certificate that does not fit is no reason to try
// again.
func TestBadCertificate(t *testing.T) {
	var posts atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { posts.Add(1) }))
	srv.Config.ErrorLog = discardLog()
	srv.StartTLS()
	defer srv.Close()
	_, err := New(testToken, WithBaseURL(srv.URL)).Submit(t.Context(), testInput())
	if got := as[*NotSentError](t, err); got.Attempts != 1 || posts.Load() != 0 {
		t.Errorf("error %v, %d POSTs", err, posts.Load())
	}
}

// TestIncomplete cuts connections in the middle of large bodies, on real
// sockets: what never left whole is sent once more, and no third time.
func TestIncomplete(t *testing.T) {
	const size = 12 << 20 // more than the sockets buffer
	for _, test := range []struct {
		name   string
		resets int32
		posts  int32
	}{
		{"once", 1, 2},
		{"always", 100, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			var posts atomic.Int32
			srv := &http.Server{ErrorLog: discardLog(), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if posts.Add(1) > test.resets {
					var v struct{ Prompt string }
					if json.NewDecoder(r.Body).Decode(&v) != nil || len(v.Prompt) != size {
						t.Errorf("the second body has a prompt of %d bytes", len(v.Prompt))
					}
					fmt.Fprint(w, acceptedBody)
					return
				}
				_, _ = r.Body.Read(make([]byte, 1000))
				conn, _, _ := http.NewResponseController(w).Hijack()
				_ = conn.(*net.TCPConn).SetLinger(0)
				conn.Close()
			})}
			go srv.Serve(l)
			defer srv.Close()
			c := New(testToken, WithBaseURL("http://"+l.Addr().String()))
			defer c.CloseIdleConnections()
			job, err := c.Submit(t.Context(), &input{Prompt: strings.Repeat("x", size)})
			if test.resets == 1 {
				isAccepted(t, job, err)
			} else if got := as[*NotSentError](t, err); got.Charged() != ChargedNo || got.Phase != SubmitPhaseSend {
				t.Errorf("error %v", err)
			}
			if posts.Load() != test.posts {
				t.Errorf("%d POSTs, want %d", posts.Load(), test.posts)
			}
		})
	}
}

// TestRedirectKeepsToken: neither a submit nor a read follows a redirect, so
// the token stays with the base URL's origin, port included.
func TestRedirectKeepsToken(t *testing.T) {
	var strangers atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strangers.Add(1) }))
	defer other.Close()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	defer srv.Close()
	for _, injected := range []*http.Client{nil, {}, {Transport: roundTripper(http.DefaultTransport.RoundTrip)}} {
		opts := []Option{WithBaseURL(srv.URL)}
		if injected != nil {
			opts = append(opts, WithHTTPClient(injected))
		}
		c := New(testToken, opts...)
		_, err := c.Submit(t.Context(), testInput())
		if got := as[*APIError](t, err); got.StatusCode != http.StatusTemporaryRedirect {
			t.Errorf("submit: %v", err)
		}
		job, _ := c.Job("job-1")
		_, err = job.Status(t.Context())
		if got := as[*APIError](t, err); got.StatusCode != http.StatusTemporaryRedirect {
			t.Errorf("status: %v", err)
		}
		c.CloseIdleConnections()
	}
	if strangers.Load() != 0 {
		t.Errorf("%d requests followed the redirect", strangers.Load())
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestForeignRoundTripper: what an unknown RoundTripper reports proves
// nothing, and one that sends twice is noticed.
func TestForeignRoundTripper(t *testing.T) {
	for name, rt := range map[string]roundTripper{
		"error":   func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") },
		"nothing": func(*http.Request) (*http.Response, error) { return nil, nil },
	} {
		calls := 0
		c := New(testToken, WithBaseURL("http://127.0.0.1"), WithHTTPClient(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			calls++
			if r.GetBody != nil || r.Header.Get("Idempotency-Key") != "" {
				t.Error("the request can be replayed")
			}
			return rt(r)
		})}))
		_, err := c.Submit(t.Context(), testInput())
		if isAmbiguous(t, nil, err); calls != 1 {
			t.Errorf("%s: %d calls", name, calls)
		}
	}
	var posts atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { posts.Add(1) }))
	defer srv.Close()
	c := New(testToken, WithBaseURL(srv.URL), WithHTTPClient(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		twin := r.Clone(r.Context())
		twin.Body, twin.ContentLength = http.NoBody, 0
		if resp, err := http.DefaultTransport.RoundTrip(twin); err == nil {
			resp.Body.Close()
		}
		return http.DefaultTransport.RoundTrip(r)
	})}))
	_, err := c.Submit(t.Context(), testInput())
	if got := as[*AmbiguousSubmitError](t, err); got.HeadersWritten != 2 || posts.Load() != 2 {
		t.Errorf("HeadersWritten %d of %d", got.HeadersWritten, posts.Load())
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

// TestLocalRefusals lists what never makes a request.
func TestLocalRefusals(t *testing.T) {
	c, f := answering(t, func(received) reply { return reply{body: acceptedBody} }, WithLimits(func(l *Limits) { l.Body = 100 }))
	ctx := t.Context()
	invalid := violations{{Path: "prompt", Rule: "required", Message: "is required"}}.err()
	var nothing *input
	for name, submit := range map[string]func() (*Job, error){
		"nil":           func() (*Job, error) { return c.Submit(ctx, nil) },
		"invalid":       func() (*Job, error) { return c.Submit(ctx, &input{err: invalid}) },
		"too large":     func() (*Job, error) { return c.Submit(ctx, &input{Prompt: strings.Repeat("x", 100)}) },
		"not an object": func() (*Job, error) { return c.SubmitRaw(ctx, "a/b", json.RawMessage(`[1]`)) },
		"not JSON":      func() (*Job, error) { return c.SubmitRaw(ctx, "a/b", json.RawMessage(`{"a":`)) },
		"empty":         func() (*Job, error) { return c.SubmitRaw(ctx, "a/b", nil) },
		"not encodable": func() (*Job, error) { return c.Submit(ctx, unencodable{}) },
		"null": func() (*Job, error) {
			return New(testToken, WithoutValidation(), WithBaseURL("http://127.0.0.1:1")).Submit(ctx, nothing)
		},
	} {
		if _, err := submit(); as[*ValidationError](t, err).Charged() != ChargedNo {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, id := range []string{"", "/", "a/", "/a", "a//b", ".", "a/..", "a/../../requests", "./a", "a/b\n", "a\x00"} {
		if _, err := c.SubmitRaw(ctx, id, json.RawMessage(`{}`)); !is[*ConfigError](err) {
			t.Errorf("model %q: %v", id, err)
		}
	}
	for _, id := range []string{"", "..", "a/b", "a?b", "a b", strings.Repeat("a", 129)} {
		if _, err := c.Job(id); !is[*ConfigError](err) {
			t.Errorf("job %q: %v", id, err)
		}
	}
	if len(f.all()) != 0 {
		t.Errorf("requests %v", f.all())
	}
}

type unencodable struct{ *input }

func (unencodable) Validate() error              { return nil }
func (unencodable) MarshalJSON() ([]byte, error) { return nil, errors.New(testPrompt) }

// TestModelPath: whatever an id holds, it stays within its own endpoint.
func TestModelPath(t *testing.T) {
	for id, want := range map[string]string{
		"kling/kling-2-6/pro/image-to-video": "/v1/models/kling/kling-2-6/pro/image-to-video",
		"minimax/Hailuo Video 01 Live":       "/v1/models/minimax/Hailuo%20Video%2001%20Live",
		"a/b?x=1#y":                          "/v1/models/a/b%3Fx=1%23y",
		`a/%2e%2e\..`:                        "/v1/models/a/%252e%252e%5C..",
		"wan-ai/wan-2.7/é":                   "/v1/models/wan-ai/wan-2.7/%C3%A9",
	} {
		var got string
		c, _ := answering(t, func(r received) reply { got = r.path; return reply{body: acceptedBody} })
		if _, err := c.SubmitRaw(t.Context(), id, json.RawMessage(`{}`)); err != nil || got != want {
			t.Errorf("%q goes to %s, want %s (%v)", id, got, want, err)
		}
	}
}

// TestWithoutValidation sends what Validate refuses.
func TestWithoutValidation(t *testing.T) {
	c, f := answering(t, func(received) reply { return reply{body: acceptedBody} }, WithoutValidation())
	_, err := c.Submit(t.Context(), &input{err: errors.New("refused")})
	if err != nil || f.posts() != 1 {
		t.Errorf("%d POSTs, %v", f.posts(), err)
	}
}

// TestJobLeavesBody: a job does not keep the body of its request, however its
// values are cut to redact them.
func TestJobLeavesBody(t *testing.T) {
	c, _ := answering(t, func(received) reply { return reply{body: acceptedBody} })
	const size = 16 << 20
	job, err := c.Submit(t.Context(), &input{Prompt: strings.Repeat("x", size), Image: "data:image/png;base64," + strings.Repeat("A", size)})
	isAccepted(t, job, err)
	inUse := func() uint64 {
		runtime.GC()
		runtime.GC() // pooled buffers live through one
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	with := inUse()
	runtime.KeepAlive(job)
	job = nil
	if without := inUse(); with > without+1<<20 {
		t.Errorf("a job of a request of 32 MiB keeps %d bytes", with-without)
	}
}
