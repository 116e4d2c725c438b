package client

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// jobAPI accepts every submit and answers reads from a script: statuses and
// results in turn, the last one for ever.
func jobAPI(statuses, results []string) func(received) reply {
	next := func(list *[]string) reply {
		body := (*list)[0]
		if len(*list) > 1 {
			*list = (*list)[1:]
		}
		return reply{body: body}
	}
	return func(r received) reply {
		switch {
		case r.method == "POST" && strings.HasSuffix(r.path, "/cancel"):
			return reply{body: `{"status":"cancelled","outcome":"cancelled"}`}
		case r.method == "POST":
			return reply{body: acceptedBody}
		case strings.HasSuffix(r.path, "/status"):
			return next(&statuses)
		}
		return next(&results)
	}
}

const (
	queued    = `{"request_id":"job-1","status":"in_queue","queue_position":2}`
	running   = `{"request_id":"job-1","status":"IN_PROGRESS","instance_id":"gpu-7"}`
	completed = `{"request_id":"job-1","status":"completed"}`
	done      = `{"request_id":"job-1","status":"completed","output":{"video":"https://v.runcomfy.net/a.mp4?sig=SIGNATURE"}}`
	failed    = `{"request_id":"job-1","status":"failed","error":{"message":"no face found in a secret lighthouse keeper"}}`
	cancelled = `{"request_id":"job-1","status":"cancelled"}`
)

// TestRun takes the one-call way from the input to the result.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := answering(t, jobAPI([]string{queued, queued, running}, []string{running, done}))
		var accepted string
		var updates []Status
		res, err := c.run(t.Context(), testInput(), []CallOption{
			OnAccepted(func(j *Job) { accepted = j.ID() }), OnUpdate(func(s Status) { updates = append(updates, s) }), WithCost()})
		if err != nil {
			t.Fatal(err)
		}
		want := &Result{RequestID: "job-1", State: StateDone, APIState: "completed",
			Output: Output{Video: "https://v.runcomfy.net/a.mp4?sig=SIGNATURE"}, Raw: []byte(done)}
		if diff := cmp.Diff(want, res); diff != "" || accepted != "job-1" {
			t.Errorf("accepted %q, result (-want +got):\n%s", accepted, diff)
		}
		wantUpdates := []Status{
			{RequestID: "job-1", State: StateQueued, APIState: "in_queue", QueuePosition: 2},
			{RequestID: "job-1", State: StateRunning, APIState: "IN_PROGRESS", QueuePosition: -1},
			{RequestID: "job-1", State: StateDone, APIState: "completed", QueuePosition: -1},
		}
		if diff := cmp.Diff(wantUpdates, updates, cmpopts.IgnoreFields(Status{}, "Next")); diff != "" {
			t.Errorf("updates (-want +got):\n%s", diff)
		}
		var calls []string
		for _, r := range f.all() {
			calls = append(calls, r.String()+"?"+r.query)
			if r.header.Get("Authorization") != "Bearer "+testToken {
				t.Errorf("%v without the token", r)
			}
		}
		const status, result = "GET /v1/requests/job-1/status?", "GET /v1/requests/job-1/result?include_cost=true"
		if diff := cmp.Diff([]string{"POST /v1/models/vendor/model%20v1.0?", status, status, status, result, result}, calls); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

// TestWaitStates drives odd courses of a job.
func TestWaitStates(t *testing.T) {
	for _, test := range []struct {
		name              string
		statuses, results []string
		states            []State
		check             func(t *testing.T, res *Result, err error)
	}{
		{"backwards", []string{running, queued, completed}, []string{queued, done},
			[]State{StateRunning, StateQueued, StateDone}, isDone},
		{"unknown state", []string{`{"status":"warming_up"}`}, []string{`{"status":"polishing"}`, done},
			[]State{StateUnknown, StateUnknown, StateDone}, isDone},
		{"unknown state with an output", []string{`{"status":"archived","output":{"video":"https://v.runcomfy.net/a.mp4?sig=SIGNATURE"}}`}, []string{strings.Replace(done, "completed", "archived", 1)},
			[]State{StateDone}, isDone},
		{"unknown state with finished_at", []string{`{"status":"archived","finished_at":"2026-01-01T00:00:00Z"}`}, []string{strings.Replace(done, "completed", "archived", 1)},
			[]State{StateDone}, isDone},
		{"unknown state with an error", []string{`{"status":"archived","error":"oops"}`}, []string{`{"status":"archived","error":"oops"}`},
			[]State{StateFailed}, isGenerationError("oops")},
		{"no state", []string{`{}`}, []string{`{}`, done}, []State{StateUnknown, StateDone}, isDone},
		{"status says completed too early", []string{completed}, []string{running, running, done},
			[]State{StateRunning, StateDone}, isDone},
		{"completed with an error", []string{completed}, []string{`{"status":"completed","error":{"message":"nsfw"},"output":null}`},
			[]State{StateFailed}, isGenerationError("nsfw")},
		{"completed without an output", []string{completed}, []string{`{"status":"completed","output":null,"error":null}`},
			[]State{StateDone}, isGenerationError(`it has ended as "completed" without an output`)},
		{"failed", []string{failed}, []string{failed}, []State{StateFailed}, isGenerationError("no face found in [redacted]")},
		{"failed under an error code", []string{`{"status":"failed","error_code":500001}`}, []string{`{"status":"failed","error_code":500001,"error":"x"}`},
			[]State{StateFailed}, isGenerationError("x")},
		{"canceled elsewhere", []string{cancelled}, []string{cancelled}, []State{StateCanceled}, func(t *testing.T, _ *Result, err error) {
			if got := as[*CanceledError](t, err); got.RequestID() != "job-1" || got.Charged() != ChargedMaybe {
				t.Error(err)
			}
		}},
		{"canceled, no result", []string{cancelled}, []string{`{"error_code":404001}`}, []State{StateCanceled}, func(t *testing.T, _ *Result, err error) {
			as[*CanceledError](t, err)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _ := answering(t, jobAPI(test.statuses, test.results), WithLimits(func(l *Limits) { l.NotFound = 0 }))
				job, err := c.Submit(t.Context(), testInput())
				if err != nil {
					t.Fatal(err)
				}
				var states []State
				res, err := job.Wait(t.Context(), OnUpdate(func(s Status) { states = append(states, s.State) }))
				test.check(t, res, err)
				if diff := cmp.Diff(test.states, states); diff != "" {
					t.Errorf("states (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func isDone(t *testing.T, res *Result, err error) {
	t.Helper()
	if err != nil || res.Output.Video == "" {
		t.Errorf("result %v, error %v", res, err)
	}
}

func isGenerationError(message string) func(*testing.T, *Result, error) {
	return func(t *testing.T, _ *Result, err error) {
		t.Helper()
		got := as[*GenerationError](t, err)
		if got.Message != message || got.RequestID() != "job-1" || len(got.Result().Raw) == 0 || got.Charged() != ChargedMaybe {
			t.Errorf("error %v with payload %s", got, got.Payload())
		}
	}
}

// TestUpdates: changes only, the end last, and no read after the loop is left.
func TestUpdates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := answering(t, jobAPI([]string{queued, queued, running}, []string{running, running, failed}))
		job, err := c.Submit(t.Context(), testInput())
		if err != nil {
			t.Fatal(err)
		}
		var states []State
		for s, err := range job.Updates(t.Context()) {
			if err != nil {
				t.Error(err)
			}
			states = append(states, s.State)
		}
		if diff := cmp.Diff([]State{StateQueued, StateRunning, StateFailed}, states); diff != "" {
			t.Errorf("states (-want +got):\n%s", diff)
		}
		before := len(f.all())
		for range job.Updates(t.Context()) {
			break
		}
		time.Sleep(time.Minute)
		if after := len(f.all()); after != before+1 {
			t.Errorf("%d reads for one update", after-before)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		var last error
		for _, err := range job.Updates(ctx) {
			last = err
		}
		if !errors.Is(as[*WaitError](t, last), context.Canceled) {
			t.Errorf("last error %v", last)
		}
	})
}

// TestWaitEnds ends waits early, at every phase, under both policies: the
// error comes at once and carries the job.
func TestWaitEnds(t *testing.T) {
	hanging := func(what string) func(received) reply {
		return func(r received) reply {
			if strings.HasSuffix(r.path, what) {
				return reply{hang: true}
			}
			return jobAPI([]string{queued}, []string{running})(r)
		}
	}
	for _, test := range []struct {
		name    string
		reply   func(received) reply
		ends    time.Duration
		took    time.Duration
		last    State
		cancels int
		outcome CancelOutcome
		opts    []CallOption
	}{
		{"before the first read", jobAPI([]string{queued}, nil), time.Second, time.Second, StateUnknown, 1, CancelOutcomeCanceled, nil},
		{"queued", jobAPI([]string{queued}, nil), 20 * time.Second, 20 * time.Second, StateQueued, 1, CancelOutcomeCanceled, nil},
		{"queued, detached", jobAPI([]string{queued}, nil), 20 * time.Second, 20 * time.Second, StateQueued, 0, "", []CallOption{OnCancel(OnCancelDetach)}},
		{"running", jobAPI([]string{running}, []string{running}), 20 * time.Second, 20 * time.Second, StateRunning, 0, "", nil},
		{"during a read", hanging("/status"), 5 * time.Second, 5 * time.Second, StateUnknown, 1, CancelOutcomeCanceled, nil},
		{"cancel hangs", hanging("/cancel"), 5 * time.Second, 10 * time.Second, StateQueued, 1, "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, f := answering(t, test.reply)
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(test.ends, cancel)
				start := time.Now()
				_, err := c.run(ctx, testInput(), test.opts)
				got := as[*WaitError](t, err)
				if took := time.Since(start); took != test.took {
					t.Errorf("took %v, want %v", took, test.took)
				}
				if got.Job().ID() != "job-1" || got.Last.State != test.last || got.Canceled != test.outcome || !errors.Is(err, context.Canceled) {
					t.Errorf("error %v", err)
				}
				if cancels := f.count("POST /v1/requests/job-1/cancel"); cancels != test.cancels {
					t.Errorf("%d cancels, want %d", cancels, test.cancels)
				}
			})
		})
	}
}

// TestMaxWait: without a deadline a wait ends after a time by kind of output,
// within bounds; MaxWait and a deadline set their own.
func TestMaxWait(t *testing.T) {
	deadline := func(d time.Duration) func(context.Context) (context.Context, context.CancelFunc) {
		return func(ctx context.Context) (context.Context, context.CancelFunc) { return context.WithTimeout(ctx, d) }
	}
	for _, test := range []struct {
		name string
		kind OutputKind
		ctx  func(context.Context) (context.Context, context.CancelFunc)
		opts []CallOption
		took time.Duration
		want error
	}{
		{"image", OutputKindImage, context.WithCancel, nil, 10 * time.Minute, ErrMaxWait},
		{"video", OutputKindVideo, context.WithCancel, nil, 30 * time.Minute, ErrMaxWait},
		{"other", OutputKindOther, context.WithCancel, nil, 40 * time.Minute, ErrMaxWait},
		{"option", OutputKindVideo, context.WithCancel, []CallOption{MaxWait(time.Minute)}, time.Minute, ErrMaxWait},
		{"deadline", OutputKindImage, deadline(3 * time.Hour), nil, 3 * time.Hour, context.DeadlineExceeded},
		{"option before the deadline", OutputKindImage, deadline(time.Hour), []CallOption{MaxWait(time.Minute)}, time.Minute, ErrMaxWait},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _ := answering(t, jobAPI([]string{running}, []string{running}))
				ctx, cancel := test.ctx(t.Context())
				defer cancel()
				start := time.Now()
				_, err := c.run(ctx, &input{kind: test.kind}, test.opts)
				if took := time.Since(start); took != test.took || !errors.Is(as[*WaitError](t, err), test.want) {
					t.Errorf("after %v, want %v: %v", took, test.took, err)
				}
			})
		})
	}
	if got := maxWait(time.Hour); got != 2*time.Hour {
		t.Errorf("maxWait(1h) = %v", got)
	}
}

// TestWaitOutage: reads may fail for ten minutes at a stretch, and any success
// begins a new stretch.
func TestWaitOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		faults := []reply{{drop: true}, {status: 503}, {body: "<html>"}, {body: done, cut: 5}, {status: 408}, {status: 425}, {body: `{"error_code":500001}`}}
		c, _ := answering(t, func(r received) reply {
			elapsed := time.Since(start)
			switch {
			case r.method == "POST":
				return reply{body: acceptedBody}
			case elapsed > 20*time.Minute:
				return reply{body: done}
			case elapsed > 9*time.Minute && elapsed < 11*time.Minute:
				return reply{body: running}
			}
			return faults[r.n%len(faults)]
		})
		if res, err := c.run(t.Context(), testInput(), nil); err != nil {
			t.Errorf("%v, %v", res, err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		c, f := answering(t, func(r received) reply {
			if r.method == "POST" {
				return reply{body: acceptedBody}
			}
			return reply{status: 502, body: "<html><title>502 Bad Gateway</title>"}
		})
		start := time.Now()
		_, err := c.run(t.Context(), testInput(), nil)
		got := as[*WaitError](t, err)
		if took := time.Since(start); took < 10*time.Minute || took > 11*time.Minute {
			t.Errorf("gave up after %v", took)
		}
		if cause := as[*APIError](t, err); cause.StatusCode != 502 || cause.Message != "502 Bad Gateway" || got.Job().ID() != "job-1" || got.Charged() != ChargedYes {
			t.Errorf("error %v", err)
		}
		if reads := f.count("GET"); reads > 150 {
			t.Errorf("%d reads during the outage", reads)
		}
	})
}

// TestWaitRefused: a token that is revoked while waiting ends the wait, and the
// error still carries the job.
func TestWaitRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := answering(t, func(r received) reply {
			if r.method == "POST" {
				return reply{body: acceptedBody}
			}
			return reply{status: 401, body: `{"error_code":400004,"error_message":"bad token"}`}
		})
		_, err := c.run(t.Context(), testInput(), nil)
		if got := as[*WaitError](t, err); got.Job().ID() != "job-1" || as[*AuthError](t, err).Code != 400004 || f.count("GET") != 1 {
			t.Errorf("%d reads, error %v", f.count("GET"), err)
		}
	})
}

// TestNotFoundAfterSubmit: a job that the API does not know at first is asked
// for again for 15 s.
func TestNotFoundAfterSubmit(t *testing.T) {
	for _, test := range []struct {
		name  string
		until time.Duration
		found bool
	}{{"soon", 10 * time.Second, true}, {"never", time.Hour, false}} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				c, _ := answering(t, func(r received) reply {
					if r.method == "GET" && time.Since(start) < test.until {
						return reply{status: 404, body: `{"error_code":404001}`}
					}
					return jobAPI([]string{running}, []string{done})(r)
				})
				_, err := c.run(t.Context(), testInput(), nil)
				if took := time.Since(start); (err == nil) != test.found || !test.found && (!is[*NotFoundError](err) || took < 15*time.Second || took > 31*time.Second) {
					t.Errorf("after %v: %v", took, err)
				}
			})
		})
	}
}

// TestJobCalls reads and cancels a job from another process.
func TestJobCalls(t *testing.T) {
	for _, test := range []struct {
		answer reply
		want   CancelOutcome
	}{
		{reply{body: `{"outcome":"cancelled","status":"cancelled"}`}, CancelOutcomeCanceled},
		{reply{body: `{"outcome":"CANCELED"}`}, CancelOutcomeCanceled},
		{reply{body: `{"status":"canceled"}`}, CancelOutcomeCanceled},
		{reply{status: 202, body: `{"outcome":"not_cancellable","status":"in_progress"}`}, CancelOutcomeNotCancellable},
		{reply{body: `{"outcome":"not_cancellable","status":"completed"}`}, CancelOutcomeAlreadyDone},
		{reply{body: `{"status":"completed"}`}, CancelOutcomeAlreadyDone},
		{reply{body: `{"outcome":"cancellation_requested","status":"in_progress"}`}, CancelOutcomeUnknown},
		{reply{body: `{}`}, CancelOutcomeUnknown},
	} {
		c, _ := answering(t, func(received) reply { return test.answer })
		job, err := c.Job("job-1")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := job.Cancel(t.Context()); got != test.want || err != nil {
			t.Errorf("%s: %v, %v; want %v", test.answer.body, got, err, test.want)
		}
	}
	c, f := answering(t, jobAPI([]string{queued}, []string{queued, done, failed}))
	job, _ := c.Job("job-1")
	status, err := job.Status(t.Context())
	if status != nil {
		status.Next = 0 // see TestStatusNext
	}
	if diff := cmp.Diff(&Status{RequestID: "job-1", State: StateQueued, APIState: "in_queue", QueuePosition: 2}, status); diff != "" || err != nil {
		t.Errorf("%v, status (-want +got):\n%s", err, diff)
	}
	_, err = job.Result(t.Context())
	if got := as[*WaitError](t, err); !errors.Is(err, ErrNotFinished) || got.Last.State != StateQueued || got.Job() != job || got.Charged() != ChargedYes || got.RequestID() != "job-1" {
		t.Errorf("%v", err)
	}
	if got := as[*WaitError](t, err); got.Last.Next <= 0 {
		t.Errorf("the next read after %v", got.Last.Next)
	}
	res, err := job.Result(t.Context(), WithCost())
	isDone(t, res, err)
	if last := f.all()[len(f.all())-1]; last.query != "include_cost=true" {
		t.Errorf("query %q", last.query)
	}
	_, err = job.Result(t.Context())
	as[*GenerationError](t, err)
}

// TestReadRetries: outside of waiting a read is tried five times, and a
// refusal once.
func TestReadRetries(t *testing.T) {
	for _, test := range []struct {
		answer reply
		reads  int
	}{
		{reply{status: 500}, 5},
		{reply{drop: true}, 5},
		{reply{status: 429, header: http.Header{"Retry-After": {"7"}}}, 5},
		{reply{status: 400}, 1},
		{reply{status: 403}, 1},
		{reply{status: 302}, 1},
		{reply{body: `{"error_code":400001,"message":"bad id"}`}, 1},
		{reply{hang: true}, 5},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, f := answering(t, func(received) reply { return test.answer })
			job, _ := c.Job("job-1")
			start := time.Now()
			_, err := job.Status(t.Context())
			if got := as[*APIError](t, err); f.count("GET") != test.reads || got.RequestID() != "job-1" {
				t.Errorf("%+v: %d reads, %v", test.answer, f.count("GET"), err)
			}
			if took := time.Since(start); test.answer.status == 429 && took < 28*time.Second {
				t.Errorf("Retry-After was not waited for: %v", took)
			}
		})
	}
}

// TestDialTimeout: an injected dialler without a timeout of its own gets one.
func TestDialTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hanging := func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		c := New(testToken, WithBaseURL("http://127.0.0.1"), WithHTTPClient(&http.Client{Transport: &http.Transport{DialContext: hanging}}),
			WithLimits(func(l *Limits) { l.SubmitRetries = 0 }))
		start := time.Now()
		_, err := c.Submit(t.Context(), testInput())
		if took := time.Since(start); !is[*NotSentError](err) || took != 10*time.Second {
			t.Errorf("after %v: %v", took, err)
		}
	})
}

// TestReadBudget: the jobs of a client share its rate, which halves with a 429
// and comes back with successes.
func TestReadBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := answering(t, func(received) reply { return reply{body: running} })
		job, _ := c.Job("job-1")
		start := time.Now()
		for range 60 {
			if _, err := job.Status(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != 10*time.Second || len(f.all()) != 60 {
			t.Errorf("60 reads took %v; 10 at once and 5 a second are 10s", took)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		c, _ := answering(t, func(r received) reply {
			if r.n <= 2 {
				return reply{status: 429}
			}
			return reply{body: running}
		}, WithReadRate(4, 2))
		job, _ := c.Job("job-1")
		if _, err := job.Status(t.Context()); err != nil || c.budget.rate != 1.4 {
			t.Errorf("rate %v after two 429 and a success, %v", c.budget.rate, err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		b := newReadBudget(4, 1)
		limited := new(RateLimitError)
		b.adapt(limited)
		b.adapt(limited)
		if b.take(1) != 0 || b.take(1) != time.Second {
			t.Error("two 429 do not make a quarter of the rate")
		}
		for range 20 {
			b.adapt(nil)
		}
		if b.rate != 4 {
			t.Errorf("rate %v after successes", b.rate)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		before := b.tokens
		if b.wait(ctx) || b.tokens != before {
			t.Errorf("a wait that was given up took %v reads", before-b.tokens)
		}
	})
}

// TestModels reads a catalog of three pages, odd entries and wrong totals included.
func TestModels(t *testing.T) {
	pages := map[string]string{
		"0": `{"total":2,"models":[{"model_id":"a/b","display_name":"B","categories":["x"],"kind":"model","base_price_usd":"0.5","price_unit":"run","pricing_note":"n","input_schema":{"type":"object"}},{"model_id":"a/c","categories":"x"}]}`,
		"2": `{"total":0,"models":[{"model_id":"a/c"},{"no":"id"},{"model_id":"a/d","base_price_usd":1}]}`,
		"5": `{"models":[],"total":0}`,
	}
	c, f := answering(t, func(r received) reply {
		offset := ""
		for _, kv := range strings.Split(r.query, "&") {
			if v, ok := strings.CutPrefix(kv, "offset="); ok {
				offset = v
			}
		}
		return reply{body: pages[offset]}
	})
	var got []ModelInfo
	for m, err := range c.Models(t.Context(), ModelFilter{Search: "b & c", Category: "x", Kind: "model", WithSchema: true}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, m)
	}
	want := []ModelInfo{
		{ID: "a/b", DisplayName: "B", Categories: []string{"x"}, Kind: "model", BasePrice: Ptr(0.5), PriceUnit: "run", PricingNote: "n", InputSchema: []byte(`{"type":"object"}`)},
		{ID: "a/c"}, {ID: "a/d", BasePrice: Ptr(1.0)},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("models (-want +got):\n%s", diff)
	}
	var asked []string
	for _, r := range f.all() {
		asked = append(asked, r.String()+"?"+r.query)
	}
	const first, last = "GET /v1/models?category=x&include_schema=true&kind=model&limit=100&offset=", "&search=b+%26+c"
	if diff := cmp.Diff([]string{first + "0" + last, first + "2" + last, first + "5" + last}, asked); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	for name, body := range map[string]string{"no list": `{"models":"none"}`, "null": `{"models":null,"total":384}`, "refused": `{"error_code":400004}`} {
		c, _ := answering(t, func(received) reply { return reply{body: body} })
		errs := 0
		for _, err := range c.Models(t.Context(), ModelFilter{}) {
			if as[*APIError](t, err).Charged() == ChargedNo {
				errs++
			}
		}
		if errs != 1 {
			t.Errorf("%s: %d errors", name, errs)
		}
	}
	// A server that ignores the offset must not make a loop without end.
	c, f = answering(t, func(received) reply { return reply{body: `{"models":[{"model_id":"a/b"}]}`} })
	for range c.Models(t.Context(), ModelFilter{}) {
	}
	if len(f.all()) != 2 {
		t.Errorf("%d requests to a server that ignores the offset", len(f.all()))
	}
}

// TestStatusNext: a program that schedules its own reads gets the pace of Wait, also
// for a job that another process has submitted.
func TestStatusNext(t *testing.T) {
	const s = time.Second
	for _, test := range []struct {
		name   string
		answer string
		job    func(c *Client) (*Job, error) // nil: submitted here
		after  time.Duration                 // from the acceptance to the read
		want   time.Duration                 // give or take 10 %
	}{
		{"queued", queued, nil, 100 * s, 2 * s}, // 1 s and half a second for each of two places
		{"young", running, nil, 2 * s, 3 * s},   // never longer than max(3 s, the elapsed time)
		{"running", running, nil, 90 * s, 6708 * time.Millisecond},
		{"long", running, nil, 5000 * s, 20 * s},
		{"ended", failed, nil, 90 * s, 0},
		{"done", done, nil, 90 * s, 0},
		{"of another process", running, func(c *Client) (*Job, error) { return c.Job("job-1") }, 90 * s, 7746 * time.Millisecond},
		{"with the time of the API", `{"status":"running","created_at":"1999-12-31T22:00:00Z"}`,
			func(c *Client) (*Job, error) { return c.Job("job-1") }, 0, 20 * s},
		{"of a stored input", running, func(c *Client) (*Job, error) {
			return c.JobOf(&input{kind: OutputKindImage}, "job-1", time.Now().Add(-9*time.Second))
		}, 0, 2236 * time.Millisecond},
		{"of a clock that is ahead", running, func(c *Client) (*Job, error) {
			return c.JobOf(testInput(), "job-1", time.Now().Add(time.Hour))
		}, 0, 3 * s},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _ := answering(t, jobAPI([]string{test.answer}, []string{test.answer}))
				job, err := c.Submit(t.Context(), testInput())
				if test.job != nil {
					job, err = test.job(c)
				}
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(test.after)
				status, err := job.Status(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if (status.Next - test.want).Abs() > test.want/10+time.Millisecond {
					t.Errorf("next read after %v, want %v", status.Next, test.want)
				}
			})
		})
	}
}

// TestUpdatesSayNext: a wait reports when it reads again, and a change of that alone
// is no update.
func TestUpdatesSayNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := answering(t, jobAPI([]string{queued, queued, running}, []string{running, running, done}))
		job, err := c.Submit(t.Context(), testInput())
		if err != nil {
			t.Fatal(err)
		}
		var next []bool
		for s := range job.Updates(t.Context()) {
			next = append(next, s.Next > 0)
		}
		if diff := cmp.Diff([]bool{true, true, false}, next); diff != "" {
			t.Errorf("whether there is a next read (-want +got):\n%s", diff)
		}
	})
}
