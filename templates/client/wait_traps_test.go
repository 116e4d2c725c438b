package client

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A status counts as seen also when the read of the result fails behind it.
func TestWaitErrorHasLastStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		c, _ := answering(t, func(r received) reply {
			switch {
			case strings.HasSuffix(r.path, "/status"):
				if n++; n > 1 {
					return reply{body: completed}
				}
				return reply{body: queued}
			case strings.HasSuffix(r.path, "/result"):
				return reply{status: 403}
			}
			return reply{body: acceptedBody}
		})
		_, err := c.run(t.Context(), testInput(), nil)
		if got := as[*WaitError](t, err); got.Last.State != StateDone {
			t.Errorf("last seen %q after a status of completed: %v", got.Last.State, err)
		}
	})
}

// A job that was seen out of the queue is not canceled on leaving: neither when
// its result hangs, nor when it falls back into the queue.
func TestNoCancelAfterSeenRunning(t *testing.T) {
	for name, statuses := range map[string][]string{"completed": {queued, completed}, "running, then queued": {running, queued}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				jobs := jobAPI(statuses, []string{queued})
				c, f := answering(t, func(r received) reply {
					if name == "completed" && strings.HasSuffix(r.path, "/result") {
						return reply{hang: true}
					}
					return jobs(r)
				})
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				_, err := c.run(ctx, testInput(), nil)
				if cancels := f.count("POST /v1/requests/"); cancels != 0 || !is[*WaitError](err) {
					t.Errorf("%d cancels of a job that was seen to run: %v", cancels, err)
				}
			})
		})
	}
}

// An error that says nothing is none: { } is what Jackson's pretty printer makes
// of an empty object.
func TestBlankErrorIsNone(t *testing.T) {
	for _, e := range []string{`{}`, `{ }`, `[ ]`, `{"message":null}`, `{"code":null,"message":""}`, `[null]`, `0.0`, `" "`} {
		synctest.Test(t, func(t *testing.T) {
			c, _ := answering(t, jobAPI([]string{completed}, []string{`{"status":"completed","output":{"video":"https://v.runcomfy.net/a.mp4"},"error":` + e + `}`}))
			res, err := c.run(t.Context(), testInput(), nil)
			if err != nil || res.Output.Video == "" {
				t.Errorf("error %s: %v, %v", e, res, err)
			}
		})
	}
}

// An unknown state is waited on unless there is an output: a form without any
// URL is none.
func TestBlankOutputIsNone(t *testing.T) {
	for _, o := range []string{`{"image":"","images":[]}`, `{"video":null}`, `{ }`, `[null]`, `[ ]`} {
		synctest.Test(t, func(t *testing.T) {
			c, _ := answering(t, jobAPI([]string{`{"status":"warming_up","output":` + o + `}`}, []string{`{"status":"warming_up","output":` + o + `}`, done}))
			res, err := c.run(t.Context(), testInput(), nil)
			if err != nil || res.Output.Video == "" {
				t.Errorf("output %s: %v, %v", o, res, err)
			}
		})
	}
}

// "body text under error_message, message, error or detail".
func TestFailureTextUnderAnyName(t *testing.T) {
	for _, field := range []string{"error", "error_message", "message", "detail"} {
		synctest.Test(t, func(t *testing.T) {
			body := `{"status":"failed","` + field + `":"out of memory"}`
			c, _ := answering(t, jobAPI([]string{body}, []string{body}))
			_, err := c.run(t.Context(), testInput(), nil)
			got := as[*GenerationError](t, err)
			if got.Message != "out of memory" || string(got.Result().Raw) != body {
				t.Errorf("%s: message %q, answer %s", field, got.Message, got.Result().Raw)
			}
		})
	}
}

// A paid output beside an error can be had.
func TestOutputBesideError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := `{"status":"completed","output":{"images":["https://v.runcomfy.net/a.png","https://v.runcomfy.net/b.png"]},"error":"1 of 3 images was filtered"}`
		c, _ := answering(t, jobAPI([]string{completed}, []string{body}))
		_, err := c.run(t.Context(), testInput(), nil)
		got := as[*GenerationError](t, err)
		if urls := got.Result().Output.URLs(); len(urls) != 2 || string(got.Payload()) != `"1 of 3 images was filtered"` {
			t.Errorf("URLs %v, payload %s: %v", urls, got.Payload(), err)
		}
	})
}

// A failed job whose result the API does not hold is a failed job.
func TestFailedWithoutResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := answering(t, func(r received) reply {
			if strings.HasSuffix(r.path, "/result") {
				return reply{status: 422, body: `{"detail":"job failed"}`}
			}
			return jobAPI([]string{failed}, nil)(r)
		})
		_, err := c.run(t.Context(), testInput(), nil)
		if !is[*GenerationError](err) {
			t.Errorf("%T: %v", err, err)
		}
	})
}

// A job that was done before the cancel came has its result, whatever /status says.
func TestCanceledButDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := answering(t, jobAPI([]string{cancelled}, []string{done}))
		res, err := c.run(t.Context(), testInput(), nil)
		isDone(t, res, err)
	})
}

// The clock of the process that wrote the journal may be ahead.
func TestJournalOfAClockAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &aheadJournal{NewMemoryJournal()}
		c, f := answering(t, jobAPI([]string{running}, []string{done}), WithJournal(j))
		if _, err := c.SubmitOnce(t.Context(), "k", testInput()); err != nil {
			t.Fatal(err)
		}
		job, err := c.SubmitOnce(t.Context(), "k", testInput())
		if err != nil || f.posts() != 1 {
			t.Fatal(err)
		}
		begin := time.Now()
		_, err = job.Wait(t.Context())
		if took := time.Since(begin); took > 10*time.Second || err != nil {
			t.Errorf("took %v, %v", took, err)
		}
	})
}

// aheadJournal was written by a machine whose clock is an hour ahead.
type aheadJournal struct{ Journal }

func (j *aheadJournal) Get(ctx context.Context, key string) (JournalRecord, bool, error) {
	r, ok, err := j.Journal.Get(ctx, key)
	r.Started, r.Updated = r.Started.Add(time.Hour), r.Updated.Add(time.Hour)
	return r, ok, err
}

// A key leads to one job for ever: to cancel that on leaving would spoil the key.
func TestOnceKeyDetaches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for policy, want := range map[OnCancelPolicy]int{onCancelDefault: 0, OnCancelIfQueued: 1} {
			c, f := answering(t, jobAPI([]string{queued}, nil), WithJournal(NewMemoryJournal()))
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			_, err := c.run(ctx, testInput(), []CallOption{OnCancel(policy), OnceKey("k")})
			if n := f.count("POST /v1/requests/"); n != want || !is[*WaitError](err) {
				t.Errorf("policy %v: %d cancels, %v", policy, n, err)
			}
		}
	})
}

// /status names the instance, /result does not: going over to it is no change.
func TestOtherFieldsAreNoChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := answering(t, jobAPI([]string{running}, []string{`{"request_id":"job-1","status":"IN_PROGRESS"}`, `{"request_id":"job-1","status":"IN_PROGRESS"}`, done}))
		job, _ := c.Submit(t.Context(), testInput())
		var got []string
		for s, err := range job.Updates(t.Context()) {
			if err != nil {
				t.Error(err)
			}
			got = append(got, string(s.State))
		}
		if len(got) != 2 {
			t.Errorf("updates %v, want one running and one done", got)
		}
	})
}

// A job can be waited for by several at once, and again afterwards.
func TestConcurrentWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := answering(t, jobAPI([]string{running}, []string{running, running, running, running, done}))
		job, _ := c.Submit(t.Context(), testInput())
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				if res, err := job.Wait(t.Context()); err != nil || res.Output.Video == "" {
					t.Error(res, err)
				}
			})
		}
		wg.Wait()
		res, err := job.Wait(t.Context())
		isDone(t, res, err)
		cause := errors.New("mine")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		if _, err := job.Wait(ctx); !errors.Is(err, cause) || !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if _, err := job.Wait(t.Context(), MaxWait(1<<63-1)); err != nil {
			t.Error(err)
		}
		if _, err := job.Wait(t.Context(), MaxWait(time.Nanosecond)); !errors.Is(err, ErrMaxWait) {
			t.Error(err)
		}
	})
}

// The pace on the wire, in figures that were worked out by hand.
func TestPace(t *testing.T) {
	for _, test := range []struct {
		name   string
		kind   OutputKind
		status string
		want   []float64 // seconds from accept to the first reads, without jitter
	}{
		{"video running", OutputKindVideo, running, []float64{1.5, 3, 4.5, 6.708, 6.708}},
		{"image running", OutputKindImage, running, []float64{1.5, 2.236, 2.236, 2.236}},
		{"audio running", OutputKindAudio, running, []float64{1.5, 3, 3.162, 3.162}},
		{"other running", OutputKindOther, running, []float64{1.5, 3, 4.5, 7.746}},
		{"queued 2", OutputKindVideo, queued, []float64{1.5, 2, 2, 2}},
		{"queued 0", OutputKindVideo, `{"status":"queued","queue_position":0}`, []float64{1.5, 1.5, 1.5}},
		{"queued 30", OutputKindVideo, `{"status":"queued","queue_position":"30"}`, []float64{1.5, 3, 4.5, 9, 10}},
		{"queued -4", OutputKindVideo, `{"status":"queued","queue_position":-4}`, []float64{1.5, 1.5, 1.5}},
		{"queued 1e12", OutputKindVideo, `{"status":"queued","queue_position":1e12}`, []float64{1.5, 1.5, 1.5}},
		{"queued 4.7", OutputKindVideo, `{"status":"queued","queue_position":4.7}`, []float64{1.5, 3, 3, 3}},
	} {
		synctest.Test(t, func(t *testing.T) {
			begin := time.Now()
			var mu sync.Mutex
			var at []float64
			c, _ := answering(t, func(r received) reply {
				if r.method == "GET" {
					mu.Lock()
					at = append(at, time.Since(begin).Seconds())
					mu.Unlock()
				}
				return jobAPI([]string{test.status}, []string{test.status})(r)
			})
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
			defer cancel()
			_, _ = c.run(ctx, &input{kind: test.kind}, []CallOption{OnCancel(OnCancelDetach)})
			mu.Lock()
			defer mu.Unlock()
			last := 0.0
			for i, w := range test.want {
				d := at[i] - last
				last = at[i]
				if i > 0 && (d < w*0.82 || d > w*1.22) || i == 0 && d != w {
					t.Errorf("%s: step %d is %.2f s, want %.2f (%.2f)", test.name, i, d, w, at[:len(test.want)])
				}
			}
		})
	}
}

// A status that tells of an end without a result decides when no result can be read.
func TestEndedAndResultHangs(t *testing.T) {
	for _, status := range []string{cancelled, failed} {
		synctest.Test(t, func(t *testing.T) {
			c, _ := answering(t, func(r received) reply {
				if strings.HasSuffix(r.path, "/result") {
					return reply{hang: true}
				}
				return jobAPI([]string{status}, nil)(r)
			})
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			_, err := c.run(ctx, testInput(), nil)
			if is[*WaitError](err) {
				t.Errorf("status %s, result hangs: %v", status, err)
			}
		})
	}
}

// Such a result is read a few times, not for the time of an outage.
func TestEndedAndResultFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := answering(t, func(r received) reply {
			if strings.HasSuffix(r.path, "/result") {
				return reply{status: 500}
			}
			return jobAPI([]string{cancelled}, nil)(r)
		})
		start := time.Now()
		_, err := c.run(t.Context(), testInput(), nil)
		if d := time.Since(start); d > time.Minute {
			t.Errorf("%v and %d requests until %v", d, len(f.all()), err)
		}
	})
}

// A result that has not heard of the end does not hold the wait.
func TestEndedAndResultStaysBehind(t *testing.T) {
	for _, status := range []string{cancelled, failed} {
		synctest.Test(t, func(t *testing.T) {
			c, f := answering(t, jobAPI([]string{status}, []string{queued}))
			start := time.Now()
			_, err := c.run(t.Context(), testInput(), nil)
			if is[*WaitError](err) {
				t.Errorf("%v, %d requests, %s: %v", time.Since(start), len(f.all()), status, err)
			}
		})
	}
}
