package client

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A batchAPI accepts every submit as job-<prompt> and is done with it after the
// given time.
type batchAPI struct {
	takes   func(prompt string) time.Duration
	faults  map[string]reply // by prompt, in place of accepting
	mu      sync.Mutex
	started map[string]time.Time // by job id
	most    int                  // jobs that ran at the same time
}

func (a *batchAPI) answer(r received) reply {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.started == nil {
		a.started = map[string]time.Time{}
	}
	if r.method == "POST" {
		var in struct{ Prompt string }
		if err := json.Unmarshal([]byte(r.body), &in); err != nil {
			return reply{status: 400, body: err.Error()}
		}
		if fault, ok := a.faults[in.Prompt]; ok {
			return fault
		}
		a.started["job-"+in.Prompt] = time.Now()
		running := 0
		for id, start := range a.started {
			if time.Since(start) < a.takes(strings.TrimPrefix(id, "job-")) {
				running++
			}
		}
		a.most = max(a.most, running)
		return reply{body: fmt.Sprintf(`{"request_id":"job-%s"}`, in.Prompt)}
	}
	id := strings.Split(r.path, "/")[3]
	state := "in_progress"
	if time.Since(a.started[id]) >= a.takes(strings.TrimPrefix(id, "job-")) {
		state = "completed"
	}
	return reply{body: fmt.Sprintf(`{"request_id":%q,"status":%q,"output":"https://v.runcomfy.net/%s.mp4"}`, id, state, id)}
}

func after10s(string) time.Duration { return 10 * time.Second }

// prompts yields n inputs under their prompts p0, p1, ... and counts what was
// taken.
func prompts(n int, taken *int) iter.Seq2[string, Input] {
	return func(yield func(string, Input) bool) {
		for i := range n {
			*taken = i + 1
			key := fmt.Sprintf("p%d", i)
			if !yield(key, &input{Prompt: key, kind: OutputKindImage}) {
				return
			}
		}
	}
}

// TestBatch runs ten inputs four at a time; the later ones are quicker, and
// come out as they end.
func TestBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &batchAPI{takes: func(prompt string) time.Duration {
			return map[string]time.Duration{"p0": 100 * time.Second, "p1": 50 * time.Second}[prompt] + 5*time.Second
		}}
		c, f := answering(t, api.answer)
		var order []string
		taken := 0
		for key, o := range Batch(t.Context(), c, prompts(10, &taken)) {
			if o.Err != nil || o.Job.ID() != "job-"+key || o.Result.RequestID != "job-"+key || o.Result.State != StateDone {
				t.Errorf("%s: %+v", key, o)
			}
			order = append(order, key)
		}
		if len(order) != 10 || !slices.Equal(order[8:], []string{"p1", "p0"}) {
			t.Errorf("order %v", order)
		}
		if api.most != 4 || f.posts() != 10 {
			t.Errorf("%d jobs at once, %d submits", api.most, f.posts())
		}
	})
}

// TestBatchBackPressure takes no input while the caller works on an outcome.
func TestBatchBackPressure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := answering(t, (&batchAPI{takes: after10s}).answer)
		taken, outcomes := 0, 0
		for range Batch(t.Context(), c, prompts(12, &taken), BatchInFlight(3)) {
			outcomes++
			before := taken
			time.Sleep(time.Hour) // virtual: everything else that can go on does
			if taken != before || f.posts() != before || taken > outcomes+2 {
				t.Errorf("after %d outcomes %d inputs were taken, %d before", outcomes, taken, before)
			}
		}
		if outcomes != 12 {
			t.Errorf("%d outcomes", outcomes)
		}
	})
}

// TestBatchSlowInputs hands over what has ended before it asks for an input
// that takes long to come.
func TestBatchSlowInputs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := answering(t, (&batchAPI{takes: after10s}).answer)
		taken, outcomes := 0, 0
		slow := func(yield func(string, Input) bool) {
			for key, in := range prompts(6, &taken) {
				time.Sleep(time.Minute)
				if !yield(key, in) {
					return
				}
			}
		}
		for range Batch(t.Context(), c, slow) {
			if outcomes++; taken > outcomes+1 {
				t.Errorf("outcome %d came when input %d was taken", outcomes, taken)
			}
		}
		if outcomes != 6 {
			t.Errorf("%d outcomes", outcomes)
		}
	})
}

// TestBatchResumes breaks a batch off and runs it again with the same journal:
// every input is submitted once, and every job is collected.
func TestBatchResumes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		journal := NewMemoryJournal()
		api := &batchAPI{takes: after10s}
		var log syncBuffer
		c, f := answering(t, api.answer, WithJournal(journal), WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		taken, first := 0, 0
		for _, o := range Batch(t.Context(), c, prompts(10, &taken)) {
			if o.Err != nil {
				t.Error(o.Err)
			}
			if first++; first == 3 {
				break
			}
		}
		if left := strings.Count(log.String(), "batch left a job"); left != f.posts()-3 || left == 0 {
			t.Errorf("%d submits, 3 outcomes, %d jobs left:\n%s", f.posts(), left, log.String())
		}
		if _, found, err := journal.Get(t.Context(), "p0"); !found || err != nil {
			t.Errorf("no journal record of p0: %v", err)
		}
		ids := map[string]string{}
		for key, o := range Batch(t.Context(), c, prompts(10, &taken)) {
			if o.Err != nil {
				t.Errorf("%s: %v", key, o.Err)
				continue
			}
			ids[key] = o.Job.ID()
		}
		want := map[string]string{}
		for i := range 10 {
			want[fmt.Sprintf("p%d", i)] = fmt.Sprintf("job-p%d", i)
		}
		if diff := cmp.Diff(want, ids); diff != "" || f.posts() != 10 {
			t.Errorf("%d submits for 10 inputs (-want +got):\n%s", f.posts(), diff)
		}
	})
}

// TestBatchAmbiguous reports an input whose submit is in doubt, goes on with
// the others, and does not submit it again in a second run.
func TestBatchAmbiguous(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &batchAPI{takes: after10s, faults: map[string]reply{"p1": {drop: true}, "p2": {status: 400, body: `{"error":"no"}`}}}
		c, f := answering(t, api.answer, WithJournal(NewMemoryJournal()))
		for run, wantPosts := range []int{4, 5} { // the refused one may be sent again
			taken := 0
			got := map[string]string{}
			for key, o := range Batch(t.Context(), c, prompts(4, &taken)) {
				got[key] = fmt.Sprintf("%T", o.Err)
			}
			want := map[string]string{"p0": "<nil>", "p1": "*client.AmbiguousSubmitError", "p2": "*client.APIError", "p3": "<nil>"}
			if diff := cmp.Diff(want, got); diff != "" || f.posts() != wantPosts {
				t.Errorf("run %d: %d submits (-want +got):\n%s", run, f.posts(), diff)
			}
		}
	})
}

// TestBatchBreakDuringSubmit breaks out of the loop while a submit waits for
// its answer: the batch waits for the grace, and the id of the job is logged.
func TestBatchBreakDuringSubmit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &batchAPI{takes: func(string) time.Duration { return time.Second }}
		var log syncBuffer
		c, _ := answering(t, func(r received) reply {
			rep := api.answer(r)
			if r.method == "POST" && strings.Contains(r.body, "p1") {
				rep.wait = func() { time.Sleep(15 * time.Second) }
			}
			return rep
		}, WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))))
		taken := 0
		start := time.Now()
		for range Batch(t.Context(), c, prompts(2, &taken)) {
			break
		}
		if left := log.String(); strings.Count(left, "\n") != 1 || !strings.Contains(left, `msg="runcomfy: batch left a job" outcome.job="job job-p1"`) {
			t.Errorf("logged:\n%s", left)
		}
		if d := time.Since(start); d < 15*time.Second || d > 22*time.Second {
			t.Errorf("returned after %v", d)
		}
	})
}

// TestBatchStops holds the rules by which no further input is taken.
func TestBatchStops(t *testing.T) {
	refused := func(status int) map[string]reply {
		faults := map[string]reply{}
		for i := range 20 {
			faults[fmt.Sprintf("p%d", i)] = reply{status: status, body: `{"error":"no"}`}
		}
		return faults
	}
	tests := []struct {
		name      string
		faults    map[string]reply
		options   func() []BatchOption
		ends      time.Duration // of the context
		inFlight  int           // 1 if 0
		posts     int
		succeeded int
		failed    int
	}{
		{name: "no_rule", faults: refused(400), posts: 20, failed: 20},
		{name: "failures", faults: refused(400), options: func() []BatchOption { return []BatchOption{BatchMaxFailures(5)} }, posts: 5, failed: 5},
		{name: "token_refused", faults: refused(401), posts: 1, failed: 1},
		{name: "no_balance", faults: refused(402), posts: 1, failed: 1},
		{name: "deadline", inFlight: 2, options: func() []BatchOption { return []BatchOption{BatchDeadline(time.Now().Add(25 * time.Second))} }, posts: 6, succeeded: 6},
		{name: "context", inFlight: 2, ends: 25 * time.Second, posts: 6, succeeded: 4, failed: 2},
		{name: "context_ended_before", ends: -1, posts: 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, f := answering(t, (&batchAPI{takes: after10s, faults: tt.faults}).answer)
				ctx := t.Context()
				if tt.ends != 0 {
					bounded, cancel := context.WithTimeout(ctx, tt.ends)
					defer cancel()
					ctx = bounded
				}
				opts := []BatchOption{BatchInFlight(max(tt.inFlight, 1))}
				if tt.options != nil {
					opts = append(opts, tt.options()...)
				}
				taken, succeeded, failed := 0, 0, 0
				for key, o := range Batch(ctx, c, prompts(20, &taken), opts...) {
					if o.Err == nil {
						succeeded++
						continue
					}
					failed++
					if tt.ends > 0 && (o.Job == nil || o.Job.ID() != "job-"+key) {
						t.Errorf("%s: the error lost its job: %v", key, o.Err)
					}
				}
				if f.posts() != tt.posts || succeeded != tt.succeeded || failed != tt.failed {
					t.Errorf("%d submits, %d succeeded, %d failed; want %d, %d, %d", f.posts(), succeeded, failed, tt.posts, tt.succeeded, tt.failed)
				}
			})
		})
	}
}

// TestBatchUnusableClient reports why nothing can be submitted, once.
func TestBatchUnusableClient(t *testing.T) {
	for name, c := range map[string]*Client{"nil": nil, "zero": {}, "base_url": New("token", WithBaseURL("ftp://example.com"))} {
		taken, outcomes := 0, 0
		for key, o := range Batch(t.Context(), c, prompts(3, &taken), BatchInFlight(1)) {
			outcomes++
			as[*ConfigError](t, o.Err)
			if key != "p0" {
				t.Errorf("%s: key %s", name, key)
			}
		}
		if outcomes != 1 {
			t.Errorf("%s: %d outcomes", name, outcomes)
		}
	}
}

// TestBatchPanics lets a panic of the caller's loop through and leaves no
// goroutine, which the bubble would report.
func TestBatchPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := answering(t, (&batchAPI{takes: after10s}).answer)
		defer func() {
			if recover() != "enough" {
				t.Error("the panic was lost")
			}
		}()
		taken := 0
		for range Batch(t.Context(), c, prompts(9, &taken)) {
			panic("enough")
		}
	})
}

type (
	namedString string
	textKey     struct{ a, b int }
	plainStruct struct{ a string }
)

func (k textKey) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%d:%d", k.a, k.b), nil }

func TestKeyText(t *testing.T) {
	for want, key := range map[string]any{
		"a":                    "a",
		"b":                    namedString("b"),
		"-7":                   int8(-7),
		"18446744073709551615": ^uint64(0),
		"1:2":                  textKey{1, 2},
	} {
		if got, err := keyText(key); got != want || err != nil {
			t.Errorf("%#v: %q, %v, want %q", key, got, err, want)
		}
	}
	for _, key := range []any{plainStruct{"a"}, 1.5, true, new(int), nil, [2]string{"a", "b"}} {
		if got, err := keyText(key); !is[*ConfigError](err) {
			t.Errorf("%#v: %q, %v", key, got, err)
		}
	}
}

// TestBatchKeyWithoutText submits nothing under keys that a journal cannot
// tell apart in the next process.
func TestBatchKeyWithoutText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := answering(t, (&batchAPI{takes: after10s}).answer, WithJournal(NewMemoryJournal()))
		seq := func(yield func(plainStruct, Input) bool) { yield(plainStruct{"x"}, &input{Prompt: "p0"}) }
		outcomes := 0
		for _, o := range Batch(t.Context(), c, seq) {
			outcomes++
			as[*ConfigError](t, o.Err)
		}
		if outcomes != 1 || f.posts() != 0 {
			t.Errorf("%d outcomes, %d submits", outcomes, f.posts())
		}
	})
}

// A refilled key is a pointer whose text changes with each input.
type refilledKey struct{ text string }

func (k *refilledKey) MarshalText() ([]byte, error) { return []byte(k.text), nil }

// A described input has media rules that lie in its own fields.
type described struct {
	input
	rules []MediaRule
}

func (d *described) MediaRules() []MediaRule { return d.rules }

// TestBatchRefilledInput: a reader that fills one struct, and one key, again and
// again has each of its inputs sent once, with and without a journal.
func TestBatchRefilledInput(t *testing.T) {
	for _, journal := range []Journal{nil, NewMemoryJournal()} {
		synctest.Test(t, func(t *testing.T) {
			api := &batchAPI{takes: after10s}
			var opts []Option
			if journal != nil {
				opts = append(opts, WithJournal(journal))
			}
			c, f := answering(t, api.answer, opts...)
			one, key := &described{}, &refilledKey{}
			refill := func(yield func(*refilledKey, Input) bool) {
				for i := range 50 {
					one.Prompt = fmt.Sprintf("p%d", i)
					one.rules = append(one.rules[:0], MediaRule{Path: one.Prompt})
					key.text = one.Prompt
					if !yield(key, one) {
						return
					}
				}
				one.Prompt, one.rules, key.text = "spoilt", nil, "spoilt"
			}
			outcomes := 0
			for _, o := range Batch(t.Context(), c, refill, BatchInFlight(8)) {
				if outcomes++; o.Err != nil {
					t.Error(o.Err)
				}
			}
			sent := map[string]int{}
			for _, r := range f.all() {
				if r.method == "POST" {
					sent[r.body]++
				}
			}
			for i := range 50 {
				if n := sent[fmt.Sprintf(`{"prompt":"p%d"}`, i)]; n != 1 {
					t.Errorf("p%d was sent %d times", i, n)
				}
			}
			if outcomes != 50 || f.posts() != 50 {
				t.Errorf("%d outcomes of %d submits", outcomes, f.posts())
			}
		})
	}
}
