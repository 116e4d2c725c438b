package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// runMany runs a hundred calls at once against an API that accepts them all and
// answers everything else by reply, and hands each outcome to check.
func runMany(ctx context.Context, t *testing.T, answer func(received) reply, check func(error), opts ...Option) {
	var n atomic.Int64
	c, _ := answering(t, func(r received) reply {
		if strings.HasPrefix(r.path, "/v1/models/") {
			return reply{body: fmt.Sprintf(`{"request_id":"job-%d"}`, n.Add(1))}
		}
		rep := answer(r)
		rep.body = strings.ReplaceAll(rep.body, "job-1", strings.Split(r.path, "/")[3])
		return rep
	}, opts...)
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			_, err := c.run(ctx, testInput(), []CallOption{MaxWait(5 * time.Hour)})
			check(err)
		})
	}
	wg.Wait()
}

// Queued jobs whose one context ends are all canceled, not the few that the read
// budget lets through in 5 s: the others would run and cost money.
func TestCancelIsNoRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		runMany(ctx, t, func(r received) reply {
			if strings.HasSuffix(r.path, "/cancel") {
				return reply{body: cancelled}
			}
			return reply{body: queued}
		}, func(err error) {
			if got := as[*WaitError](t, err); got.Canceled != CancelOutcomeCanceled {
				t.Error(err)
			}
		})
	})
}

// Five seconds of 429 must not make healthy reads minutes late: who waits for
// the budget waits at the rate of now, not of then.
func TestBudgetAfterRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		runMany(t.Context(), t, func(received) reply {
			switch at := time.Since(begin); {
			case at >= time.Minute && at < 65*time.Second:
				return reply{status: 429}
			case at > 65*time.Second:
				return reply{body: done}
			}
			return reply{body: running}
		}, func(err error) {
			if late := time.Since(begin) - 65*time.Second; err != nil || late > 90*time.Second {
				t.Errorf("seen %v after the end: %v", late, err)
			}
		})
	})
}

// The wait for the client's own budget is no outage of the API: one 503 for each
// job drops none.
func TestBudgetIsNoOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var failed sync.Map
		runMany(t.Context(), t, func(r received) reply {
			if _, again := failed.LoadOrStore(r.path, true); !again {
				return reply{status: 503}
			}
			return reply{body: done}
		}, func(err error) {
			if err != nil {
				t.Error(err)
			}
		}, WithReadRate(0.1, 1))
	})
}

// An outage of less than ten minutes drops no job; a longer one ends the wait.
func TestOutageBound(t *testing.T) {
	for down, ok := range map[time.Duration]bool{9*time.Minute + 40*time.Second: true, 11*time.Minute + 20*time.Second: false} {
		synctest.Test(t, func(t *testing.T) {
			begin := time.Now()
			c, _ := answering(t, func(r received) reply {
				if r.method == "POST" {
					return reply{body: acceptedBody}
				}
				if time.Since(begin) < down {
					return reply{status: 503}
				}
				return reply{body: done}
			})
			_, err := c.run(t.Context(), testInput(), nil)
			if (err == nil) != ok {
				t.Errorf("%v: %v after %v", down, err, time.Since(begin))
			}
		})
	}
}

// The caller's context has no deadline, so no error of it may say that one passed.
func TestReadTimeoutIsNoDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := answering(t, func(received) reply { return reply{hang: true} })
		job, _ := c.Job("job-1")
		_, err := job.Status(t.Context())
		if errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Status: %v", err)
		}
		c, _ = answering(t, func(r received) reply { // headers come, the body does not
			if r.method == "POST" {
				return reply{body: acceptedBody}
			}
			return reply{hang: true}
		})
		job, _ = c.Job("job-1")
		_, err = job.Wait(t.Context())
		if errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Wait: %v", err)
		}
	})
}

// A wait, or a read, that ends in the middle of an outage tells of it.
func TestContextEndsInOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := answering(t, func(r received) reply {
			if r.method == "POST" {
				return reply{body: acceptedBody}
			}
			return reply{status: 503, body: `{"message":"maintenance"}`}
		})
		job, _ := c.Submit(t.Context(), testInput())
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		_, err := job.Wait(ctx)
		if !strings.Contains(err.Error(), "503: maintenance") || !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		ctx, cancel = context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		_, err = job.Status(ctx)
		if got := as[*APIError](t, err); got.StatusCode != 503 || !strings.Contains(err.Error(), "maintenance") {
			t.Error(err)
		}
	})
}

// A code says by its first digits, or by itself, what a status would.
func TestCodesUnderStatus200(t *testing.T) {
	for body, want := range map[string]int{
		`{"error_code":500001}`: 5, `{"error_code":503,"message":"busy"}`: 5, `{"error_code":429}`: 5, `{"error_code":"503001"}`: 5,
		`{"error_code":400001}`: 1, `{"error_code":"0","status":"in_progress"}`: 1,
	} {
		synctest.Test(t, func(t *testing.T) {
			c, f := answering(t, func(received) reply { return reply{body: body} })
			job, _ := c.Job("job-1")
			if _, err := job.Status(t.Context()); f.count("GET") != want || (err == nil) != strings.Contains(body, `"0"`) {
				t.Errorf("%s: %d reads: %v", body, f.count("GET"), err)
			}
		})
	}
}

// A dial that times out is told as such, with its address.
func TestDialTimeoutText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := &http.Transport{DialContext: func(ctx context.Context, _, addr string) (net.Conn, error) {
			<-ctx.Done()
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: ctx.Err(), Addr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 443}}
		}}
		c := New(testToken, WithBaseURL("http://127.0.0.1"), WithHTTPClient(&http.Client{Transport: tr}), WithLimits(func(l *Limits) { l.ReadRetries = 0 }))
		job, _ := c.Job("job-1")
		start := time.Now()
		_, err := job.Status(t.Context())
		if errors.Is(err, errReadTimeout) {
			t.Errorf("after %v (Dial 10 s, Read 60 s): %v", time.Since(start), err)
		}
	})
}

// A code of a rate limit under HTTP 200 slows the reads as 429 does.
func TestBudgetRateLimitCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := answering(t, func(r received) reply { return reply{body: `{"error_code":429001,"message":"slow down"}`} })
		job, _ := c.Job("job-1")
		_, err := job.Status(t.Context())
		if !is[*RateLimitError](err) || c.budget.rate >= c.budget.full {
			t.Errorf("rate %v of %v after %v", c.budget.rate, c.budget.full, err)
		}
	})
}

// A tiny rate is slow, not without a limit.
func TestReadRateTiny(t *testing.T) {
	b := newReadBudget(1e-11, 1)
	b.take(1)
	if d := b.take(1); d < time.Hour {
		t.Errorf("%v", d)
	}
}

// A page of null behind the last model is the end.
func TestModelsNullEndsCatalog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := answering(t, func(r received) reply {
			if strings.Contains(r.query, "offset=0") {
				return reply{body: `{"models":[{"model_id":"a/b"}],"total":1}`}
			}
			return reply{body: `{"models":null,"total":1}`}
		})
		for m, err := range c.Models(t.Context(), ModelFilter{}) {
			if err != nil {
				t.Error(m, err)
			}
		}
	})
}
