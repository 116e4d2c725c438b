package client

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestSubmitCanceled ends the caller's context at every point of a submit. The
// call returns at once or within the grace, and an id that comes is not lost.
func TestSubmitCanceled(t *testing.T) {
	const grace, at = 20 * time.Second, time.Second
	reason := errors.New("shutting down")
	for _, test := range []struct {
		name  string
		ends  time.Duration // when the context ends
		reply func(received) reply
		took  time.Duration
		check func(t *testing.T, err error)
	}{
		{"before the call", 0, nil, 0, func(t *testing.T, err error) {
			if got := as[*NotSentError](t, err); got.Attempts != 0 {
				t.Errorf("attempts %d", got.Attempts)
			}
		}},
		{"while the answer is late", at, func(received) reply {
			return reply{wait: func() { time.Sleep(at + grace - time.Millisecond) }, body: acceptedBody}
		}, at + grace - time.Millisecond, func(t *testing.T, err error) {
			if got := as[*WaitError](t, err); got.Job().ID() != "job-1" || got.RequestID() != "job-1" || got.Charged() != ChargedYes {
				t.Errorf("the error carries job %v", got.Job())
			}
		}},
		{"while the answer never comes", at, func(received) reply { return reply{hang: true} }, at + grace, func(t *testing.T, err error) {
			got := as[*AmbiguousSubmitError](t, err)
			if got.Phase != SubmitPhaseWait || got.Reason != errGrace.Error() {
				t.Errorf("phase %q, reason %q", got.Phase, got.Reason)
			}
		}},
		{"between tries", 10 * time.Millisecond, func(received) reply {
			return reply{status: 429, header: http.Header{"Retry-After": {"30"}}}
		}, 10 * time.Millisecond, func(t *testing.T, err error) {
			if got := as[*NotSentError](t, err); !is[*RateLimitError](err) || got.Charged() != ChargedNo {
				t.Errorf("error %v", err)
			}
		}},
		{"during the answer of a refusal", at, func(received) reply {
			return reply{wait: func() { time.Sleep(2 * at) }, status: 402, body: `{"error_code":400002}`}
		}, 2 * at, func(t *testing.T, err error) { as[*InsufficientBalanceError](t, err) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, f := answering(t, test.reply)
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(test.ends, func() { cancel(reason) })
				synctest.Wait()
				start := time.Now()
				job, err := c.Submit(ctx, testInput())
				if took := time.Since(start); took != test.took || job != nil || f.posts() > 1 {
					t.Errorf("returned %v after %v, want %v; %d POSTs", job, took, test.took, f.posts())
				}
				if (is[*NotSentError](err) || is[*WaitError](err)) && !(errors.Is(err, context.Canceled) && errors.Is(err, reason)) {
					t.Errorf("error %v does not say why", err)
				}
				test.check(t, err)
			})
		})
	}
}

// TestSubmitCanceledDialing: without a connection nothing can be out, so the
// end of the context needs no grace, and a connection that comes all the same
// carries no body.
func TestSubmitCanceledDialing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stubborn := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			time.Sleep(5 * time.Second) // does not look at its context
			near, far := net.Pipe()
			go func() {
				if got, _ := io.ReadAll(far); len(got) > 0 {
					t.Errorf("%d bytes were sent", len(got))
				}
			}()
			return near, nil
		}}
		c := New(testToken, WithBaseURL("http://127.0.0.1"), WithHTTPClient(&http.Client{Transport: stubborn}))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := c.Submit(ctx, testInput())
		got := as[*NotSentError](t, err)
		if took := time.Since(start); took != time.Second || got.Phase != SubmitPhaseConnect || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after %v: %v", took, err)
		}
		time.Sleep(10 * time.Second)
	})
}

// TestFlightSealed: whatever the transport does after a flight has ended, it
// gets no byte of the body, and what it reports does not change the phase.
func TestFlightSealed(t *testing.T) {
	f := newFlight(t.Context(), &submission{body: []byte("body")}, true, defaultLimits())
	defer f.stalling.Stop()
	f.callerGone(context.Canceled)
	trace := httptrace.ContextClientTrace(f.ctx)
	trace.GotConn(httptrace.GotConnInfo{})
	trace.WroteHeaders()
	if n, err := f.Read(make([]byte, 10)); n != 0 || err != errSealed || context.Cause(f.ctx) != context.Canceled {
		t.Errorf("%d bytes, %v", n, err)
	}
	if f.phase != SubmitPhaseConnect {
		t.Errorf("phase %v", f.phase)
	}
	f.callerGone(errGrace) // once more: must not wait for the grace, nor change the cause
	if cause := context.Cause(f.ctx); cause != context.Canceled {
		t.Errorf("cause %v", cause)
	}
}

// TestSubmitStall: a server that stops reading in the middle of a body holds a
// submit for no longer than the stall timeout; what our own abort leaves
// unsent is no reason to try again.
func TestSubmitStall(t *testing.T) {
	for _, test := range []struct {
		name string
		read int // bytes of the request
		took time.Duration
	}{
		{"in the header", 10, 30 * time.Second},
		{"in the body", 100_000, 30 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				posts := 0
				transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
					near, far := net.Pipe()
					posts++
					go io.CopyN(io.Discard, far, int64(test.read))
					return near, nil
				}}
				c := New(testToken, WithBaseURL("http://127.0.0.1"), WithHTTPClient(&http.Client{Transport: transport}))
				start := time.Now()
				_, err := c.Submit(t.Context(), &input{Prompt: strings.Repeat("x", 900_000)})
				got := as[*AmbiguousSubmitError](t, err)
				if took := time.Since(start); took != test.took || got.Reason != errWriteStall.Error() || posts != 1 {
					t.Errorf("after %v and %d POSTs: %v", took, posts, err)
				}
				if got.BodyTaken >= got.BodyBytes || got.Phase != SubmitPhaseSend {
					t.Errorf("taken %d of %d, phase %q", got.BodyTaken, got.BodyBytes, got.Phase)
				}
			})
		})
	}
}

// TestSubmitDeadline: a server that takes a byte now and then is left after
// the deadline of the whole submit, and one that drips its answer too.
func TestSubmitDeadline(t *testing.T) {
	for _, test := range []struct {
		name  string
		size  int
		serve func(net.Conn)
		phase SubmitPhase
	}{
		{"dripping reads", 900_000, func(conn net.Conn) {
			for buf := make([]byte, 1000); ; time.Sleep(time.Second) {
				if _, err := conn.Read(buf); err != nil {
					return
				}
			}
		}, SubmitPhaseSend},
		{"dripping answer", 10, func(conn net.Conn) {
			req, err := http.ReadRequest(newReader(conn))
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, req.Body)
			_, err = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n{")
			for ; err == nil; time.Sleep(time.Second) {
				_, err = io.WriteString(conn, " ")
			}
		}, SubmitPhaseAnswer},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
					near, far := net.Pipe()
					go test.serve(far)
					return near, nil
				}}
				c := New(testToken, WithBaseURL("http://127.0.0.1"), WithHTTPClient(&http.Client{Transport: transport}))
				start := time.Now()
				_, err := c.Submit(t.Context(), &input{Prompt: strings.Repeat("x", test.size)})
				got := as[*AmbiguousSubmitError](t, err)
				want := defaultLimits().submitDeadline(int(got.BodyBytes))
				if took := time.Since(start); took != want || got.Phase != test.phase || got.Reason != errSubmitExpiry.Error() {
					t.Errorf("after %v, want %v: %v", took, want, err)
				}
				time.Sleep(2 * time.Second) // the server notices
			})
		})
	}
}

// TestForeignSlowAnswer: a RoundTripper that reports nothing and does not read
// behind the end of the body is not taken for a stalled one while the server
// works.
func TestForeignSlowAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(testToken, WithBaseURL("http://127.0.0.1"), WithHTTPClient(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			_, _ = io.ReadFull(r.Body, make([]byte, r.ContentLength))
			time.Sleep(90 * time.Second)
			if err := r.Context().Err(); err != nil {
				return nil, err
			}
			return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(acceptedBody))}, nil
		})}))
		job, err := c.Submit(t.Context(), testInput())
		isAccepted(t, job, err)
	})
}

// TestExpectContinue: the body of a large submit waits for the server's word,
// and a refusal spares it.
func TestExpectContinue(t *testing.T) {
	for _, test := range []struct {
		size int
		want string
	}{{1 << 20, "100-continue"}, {1<<20 - 100, ""}} {
		c, f := answering(t, func(received) reply { return reply{body: acceptedBody} })
		if _, err := c.Submit(t.Context(), &input{Prompt: strings.Repeat("x", test.size)}); err != nil {
			t.Fatal(err)
		}
		if got := f.all()[0].header.Get("Expect"); got != test.want {
			t.Errorf("%d bytes: Expect %q, want %q", test.size, got, test.want)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		taken := int64(0)
		transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go func() {
				r := newReader(far)
				if _, err := http.ReadRequest(r); err != nil {
					t.Error(err)
				}
				_, _ = io.WriteString(far, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
				taken, _ = io.Copy(io.Discard, r)
			}()
			return near, nil
		}}
		c := New(testToken, WithBaseURL("http://127.0.0.1"), WithHTTPClient(&http.Client{Transport: transport}))
		_, err := c.Submit(t.Context(), &input{Prompt: strings.Repeat("x", 2<<20)})
		if got := as[*APIError](t, err); got.StatusCode != 413 {
			t.Errorf("error %v", err)
		}
		synctest.Wait()
		if taken != 0 {
			t.Errorf("%d bytes of the body were sent after the refusal", taken)
		}
	})
}
