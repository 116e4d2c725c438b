package runcomfyriver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	runcomfy "github.com/genclient/genclient/generated/runcomfy"
	"github.com/genclient/genclient/mock"
)

// TestRequests takes requests from a transaction of the caller's to their handlers;
// one whose transaction is rolled back leaves nothing.
func TestRequests(t *testing.T) {
	onDatabases(t, func(t *testing.T, dsn string) {
		server := newMock(t, mock.WithModels(pricedModel(0.25)))
		var mu sync.Mutex
		handled := map[string]string{}
		count := func() int { mu.Lock(); defer mu.Unlock(); return len(handled) }
		e := openEngine(t, dsn, server, Config{Done: func(_ context.Context, r Request, res *runcomfy.Result) error {
			mu.Lock()
			defer mu.Unlock()
			in := r.Input.(*runcomfy.Kling2_6ProTextToVideoInput)
			handled[r.Key] += fmt.Sprint(in.Prompt, ", URLs ", len(res.Output.URLs()), ", cost ", *res.Cost, ", id ", res.RequestID == r.RequestID)
			return nil
		}})
		for _, commit := range []bool{true, false} {
			tx, err := e.DB().BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 10 {
				key := fmt.Sprintf("request %d %v", i, commit)
				if isNew, err := e.InsertTx(t.Context(), tx, key, videoInput(key)); err != nil || !isNew {
					t.Fatal(isNew, err)
				}
			}
			if commit {
				err = tx.Commit()
			} else {
				err = tx.Rollback()
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		c := runUntil(t, func(Counts) bool { return count() == 10 }, e)
		if d := cmp.Diff(Counts{Done: 10, Cost: 2.5, Highest: 0.25}, c); d != "" {
			t.Errorf("counts (-want +got):\n%s", d)
		}
		want := map[string]string{}
		for i := range 10 {
			key := fmt.Sprintf("request %d true", i)
			want[key] = key + ", URLs 1, cost 0.25, id true"
		}
		if d := cmp.Diff(want, handled); d != "" {
			t.Errorf("handled (-want +got):\n%s", d)
		}
		if n := len(server.Ledger()); n != 10 {
			t.Errorf("%d charges", n)
		}
		ids := map[string]string{}
		for _, charge := range server.Ledger() {
			ids[charge.Intent] = charge.RequestID
		}
		for key, r := range requests(t, e) {
			record, found, err := e.Journal().Get(t.Context(), key)
			if err != nil || !found || record.State != runcomfy.JournalStateAccepted || record.RequestID != ids[key] || r.RequestID != ids[key] {
				t.Errorf("%s: journal %+v, %v, request %+v, ledger %s", key, record, err, r, ids[key])
			}
			raw, err := e.Result(t.Context(), key)
			if !strings.Contains(string(raw), ids[key]) || err != nil {
				t.Errorf("%s: result %s, %v", key, raw, err)
			}
			if r.Accepted.Before(r.Created) || r.Ended.Before(r.Accepted) {
				t.Errorf("%s: times %v, %v, %v", key, r.Created, r.Accepted, r.Ended)
			}
		}
	})
}

// pricedModel is the model of videoInput with a price in US dollars.
func pricedModel(price float64) mock.Model {
	return mock.Model{ID: new(runcomfy.Kling2_6ProTextToVideoInput).ModelID(), Output: mock.OutputKindVideo, BasePriceUSD: price}
}

// TestInsert: what is refused, and what a key that exists means.
func TestInsert(t *testing.T) {
	onDatabases(t, func(t *testing.T, dsn string) {
		e := openEngine(t, dsn, newMock(t), Config{MaxBody: 1000})
		insert(t, e, "a")
		if isNew, err := e.Insert(t.Context(), "a", videoInput("a")); isNew || err != nil {
			t.Errorf("the same request: %v, %v", isNew, err)
		}
		var invalid *runcomfy.ValidationError
		for _, test := range []struct {
			name   string
			insert func() (bool, error)
			want   func(error) bool
		}{
			{"another input", func() (bool, error) { return e.Insert(t.Context(), "a", videoInput("b")) }, isConflict},
			{"another model", func() (bool, error) { return e.InsertRaw(t.Context(), "a", "other", json.RawMessage(`{"prompt":"a"}`)) }, isConflict},
			{"more parameters", func() (bool, error) {
				return e.Insert(t.Context(), "a", videoInput("a"), WithExtra(map[string]any{"new": 1}))
			}, isConflict},
			{"an invalid input", func() (bool, error) { return e.Insert(t.Context(), "b", videoInput("")) },
				func(err error) bool { return errors.As(err, &invalid) }},
			{"a nil input", func() (bool, error) { return e.Insert(t.Context(), "b", nil) }, says("nil")},
			{"no key", func() (bool, error) { return e.Insert(t.Context(), "", videoInput("b")) }, says("a key must be")},
			{"a long key", func() (bool, error) { return e.Insert(t.Context(), strings.Repeat("k", 1025), videoInput("b")) }, says("a key must be")},
			{"NUL in a key", func() (bool, error) { return e.Insert(t.Context(), "k\x00", videoInput("b")) }, says("a key must be")},
			{"a key that is not UTF-8", func() (bool, error) { return e.Insert(t.Context(), "k\xff", videoInput("b")) }, says("a key must be")},
			{"a large body", func() (bool, error) { return e.Insert(t.Context(), "b", videoInput(strings.Repeat("b", 1001))) }, says("Config.MaxBody")},
			{"no object", func() (bool, error) { return e.InsertRaw(t.Context(), "b", "m", json.RawMessage(`[]`)) }, says("a JSON object")},
			{"no JSON", func() (bool, error) { return e.InsertRaw(t.Context(), "b", "m", json.RawMessage(`{`)) }, says("a JSON object")},
			{"no model", func() (bool, error) { return e.InsertRaw(t.Context(), "b", "", json.RawMessage(`{}`)) }, says("model id")},
			{"a parameter that is a field", func() (bool, error) {
				return e.Insert(t.Context(), "b", videoInput("b"), WithExtra(map[string]any{"prompt": "c"}))
			}, says("set its field")},
			{"a parameter that is not JSON", func() (bool, error) {
				return e.Insert(t.Context(), "b", videoInput("b"), WithExtra(map[string]any{"c": func() {}}))
			}, says("JSON")},
		} {
			if isNew, err := test.insert(); isNew || err == nil || !test.want(err) {
				t.Errorf("%s: new %v, %v", test.name, isNew, err)
			}
		}
		if _, err := e.Get(t.Context(), "b"); !errors.Is(err, ErrNoRequest) {
			t.Errorf("a refused request: %v", err)
		}
		n, err := e.InsertMany(t.Context(), func(yield func(string, runcomfy.Input) bool) {
			for i := range 1200 {
				if !yield(fmt.Sprint("many ", i), videoInput("a")) {
					return
				}
			}
		})
		if n != 1200 || err != nil {
			t.Errorf("inserted %d, %v", n, err)
		}
		c, err := e.Counts(t.Context())
		if d := cmp.Diff(Counts{Queued: 1201}, c); d != "" || err != nil {
			t.Errorf("%v, counts (-want +got):\n%s", err, d)
		}
		if all := requests(t, e); len(all) != 1201 {
			t.Errorf("%d requests are listed", len(all))
		}
	})
}

func isConflict(err error) bool { return errors.Is(err, runcomfy.ErrKeyConflict) }

func says(text string) func(error) bool {
	return func(err error) bool { return strings.Contains(err.Error(), text) }
}

// TestBodies: what goes out of a stored request, for a typed input, one with more
// parameters, and one that no type of this client can hold.
func TestBodies(t *testing.T) {
	onDatabases(t, func(t *testing.T, dsn string) {
		bodies := make(chan string, 10)
		server := newMock(t, mock.WithModels(
			mock.Model{ID: new(runcomfy.Kling2_6ProTextToVideoInput).ModelID(), Validate: func(body []byte) []mock.Problem { bodies <- string(body); return nil }},
			mock.Model{ID: "acme/gone", Validate: func(body []byte) []mock.Problem { bodies <- string(body); return nil }},
		))
		e := openEngine(t, dsn, server, Config{})
		ctx := t.Context()
		_, err1 := e.Insert(ctx, "typed", videoInput("<&>"))
		_, err2 := e.Insert(ctx, "extra", videoInput("b"), WithExtra(map[string]any{"z": []int{1}, "new": "<"}))
		_, err3 := e.InsertRaw(ctx, "gone", "acme/gone", json.RawMessage(` {"seed" : 12345678901234567890, "prompt":"c"} `))
		_, err4 := e.InsertRaw(ctx, "raw", new(runcomfy.Kling2_6ProTextToVideoInput).ModelID(), json.RawMessage(`{"prompt":"d","unknown":1e2}`))
		if err := errors.Join(err1, err2, err3, err4); err != nil {
			t.Fatal(err)
		}
		if c := runUntil(t, allEnded, e); c.Done != 4 {
			t.Errorf("counts %+v", c)
		}
		close(bodies)
		want := []string{`{"prompt":"<&>"}`, `{"prompt":"b","new":"<","z":[1]}`, `{"prompt":"d","unknown":1e2}`, `{"seed":12345678901234567890,"prompt":"c"}`}
		if d := cmp.Diff(slices.Sorted(slices.Values(want)), slices.Sorted(channel(bodies))); d != "" {
			t.Errorf("bodies (-want +got):\n%s", d)
		}
		r, err := e.Get(ctx, "typed")
		if in, ok := r.Input.(*runcomfy.Kling2_6ProTextToVideoInput); err != nil || !ok || in.Prompt != "<&>" {
			t.Errorf("the input is %#v, %v", r.Input, err)
		}
	})
}

func channel[T any](c <-chan T) func(yield func(T) bool) {
	return func(yield func(T) bool) {
		for v := range c {
			if !yield(v) {
				return
			}
		}
	}
}

// TestSubmitOutcomes: what becomes of a request whose first submit goes wrong.
func TestSubmitOutcomes(t *testing.T) {
	for _, test := range []struct {
		name    string
		fault   mock.Fault
		want    State
		charges int
	}{
		{"hung up after acceptance", mock.HangUp(), StateAmbiguous, 1},
		{"server error after acceptance", mock.Answer(502, "bad gateway").AfterAcceptance(), StateAmbiguous, 1},
		{"server error before acceptance", mock.Answer(502, "bad gateway"), StateAmbiguous, 0},
		{"answer cut in the id", mock.CutRequestID(), StateAmbiguous, 1},
		{"answer cut after the id", mock.CutAnswer(90), StateDone, 1},
		{"refused", mock.Answer(422, `{"detail":"no"}`), StateFailed, 0},
		{"put off", mock.RateLimited("1"), StateDone, 1},
		{"no balance", mock.NoBalance(), StateQueued, 0},
		{"job fails", mock.Fails(`"no face found"`), StateFailed, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			onDatabases(t, func(t *testing.T, dsn string) {
				server := newMock(t, mock.WithFault(mock.CallSubmit, 1, test.fault))
				var mu sync.Mutex
				called := map[State]int{}
				handler := func(_ context.Context, r Request, err error) error {
					mu.Lock()
					defer mu.Unlock()
					if called[r.State]++; err == nil {
						t.Error("no error")
					}
					return nil
				}
				e := openEngine(t, dsn, server, Config{Failed: handler, Ambiguous: handler})
				insert(t, e, "a")
				c := runUntil(t, func(c Counts) bool {
					mu.Lock()
					defer mu.Unlock()
					return c.Done == 1 || c.Held != "" && c.Queued == 1 || len(called) > 0
				}, e)
				r := requests(t, e)["a"]
				if r.State != test.want || len(server.Ledger()) != test.charges || (r.Error != "") != (r.State == StateFailed || r.State == StateAmbiguous) {
					t.Errorf("request %+v, %d charges, counts %+v", r, len(server.Ledger()), c)
				}
				if want := test.want == StateFailed || test.want == StateAmbiguous; (called[test.want] == 1) != want {
					t.Errorf("handlers were called: %v", called)
				}
			})
		})
	}
}

// TestSettle: a request in doubt waits for a person, whatever River does, and goes on
// as they say.
func TestSettle(t *testing.T) {
	onDatabases(t, func(t *testing.T, dsn string) {
		server := newMock(t, mock.WithRepeatedIntents(),
			mock.WithFault(mock.CallSubmit, 1, mock.HangUp()), mock.WithFault(mock.CallSubmit, 2, mock.Answer(502, "bad gateway")))
		e := openEngine(t, dsn, server, Config{InFlight: 1})
		insert(t, e, "accepted", "not accepted", "last")
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- e.Run(ctx) }()
		await(t, e, func(c Counts) bool { return c.Ambiguous == 2 && c.Done == 1 })
		if _, err := e.Get(ctx, "none"); !errors.Is(err, ErrNoRequest) {
			t.Error(err)
		}
		for name, err := range map[string]error{
			"no request":    e.SettleNotAccepted(ctx, "none"),
			"not in doubt":  e.SettleNotAccepted(ctx, "last"),
			"no request id": e.SettleAccepted(ctx, "accepted", "not an id"),
		} {
			if err == nil {
				t.Errorf("%s: settled", name)
			}
		}
		err := errors.Join(e.SettleAccepted(ctx, "accepted", server.Ledger()[0].RequestID), e.SettleNotAccepted(ctx, "not accepted"))
		if err != nil {
			t.Fatal(err)
		}
		await(t, e, func(c Counts) bool { return c.Done == 3 })
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		charges := map[string]int{}
		for _, charge := range server.Ledger() {
			charges[charge.Intent]++
		}
		if d := cmp.Diff(map[string]int{"accepted": 1, "not accepted": 1, "last": 1}, charges); d != "" {
			t.Errorf("charges (-want +got):\n%s", d)
		}
	})
}

// TestRescued: a process that died in the middle of sending leaves a doubt and never a
// second request; one that died later leaves a job that is read on.
func TestRescued(t *testing.T) {
	onDatabases(t, func(t *testing.T, dsn string) {
		server := newMock(t)
		e := openEngine(t, dsn, server, Config{})
		insert(t, e, "sending", "accepted", "never sent")
		ctx := t.Context()
		job, err := e.Client().SubmitOnce(ctx, "accepted", videoInput("accepted"))
		if err != nil {
			t.Fatal(err)
		}
		record, _, err := e.Journal().Get(ctx, "accepted")
		if err != nil {
			t.Fatal(err)
		}
		record.Key, record.State, record.RequestID = "sending", runcomfy.JournalStateSending, ""
		record.Revision, record.Started = 1, time.Now().Add(-time.Hour)
		if stored, err := e.Journal().PutIfAbsent(ctx, record); err != nil || !stored {
			t.Fatal(err)
		}
		// What River keeps of a worker that was killed an hour ago.
		old := "'" + time.Now().Add(-time.Hour).UTC().Format("2006-01-02 15:04:05.000") + "'"
		execute(t, e, "update river_job set state = 'running', attempt = 1, attempted_at = "+old)
		execute(t, e, "update runcomfy_request set state = 'submitting'")
		c := runUntil(t, allEnded, e)
		all := requests(t, e)
		states := map[string]State{}
		for key, r := range all {
			states[key] = r.State
		}
		if d := cmp.Diff(map[string]State{"sending": StateAmbiguous, "accepted": StateDone, "never sent": StateDone}, states); d != "" {
			t.Errorf("%+v, states (-want +got):\n%s", c, d)
		}
		if all["accepted"].RequestID != job.ID() || len(server.Ledger()) != 2 {
			t.Errorf("%+v, %d charges", all["accepted"], len(server.Ledger()))
		}
	})
}

// TestNewToken: what the API refused with a token that it took no longer is submitted
// with the next one; a doubt stays one.
func TestNewToken(t *testing.T) {
	onDatabases(t, func(t *testing.T, dsn string) {
		server := newMock(t, mock.WithFault(mock.CallSubmit, 1, mock.HangUp()))
		e := openEngine(t, dsn, server, Config{InFlight: 1})
		insert(t, e, "in doubt")
		runUntil(t, func(c Counts) bool { return c.Ambiguous == 1 }, e)
		insert(t, e, "refused")
		old := openEngine(t, dsn, server, Config{ClientOptions: []runcomfy.Option{runcomfy.WithLimits(func(*runcomfy.Limits) {})}})
		old.client = runcomfy.New("old-token", runcomfy.WithBaseURL(server.URL()), runcomfy.WithJournal(old.Journal()))
		if c := runUntil(t, func(c Counts) bool { return c.Held != "" && c.Queued == 1 }, old); c.Submitting != 0 {
			t.Errorf("%+v", c)
		}
		execute(t, e, "update runcomfy_budget set held = 0")
		execute(t, e, "update river_job set scheduled_at = created_at where state = 'scheduled'")
		again := openEngine(t, dsn, server, Config{})
		if c := runUntil(t, func(c Counts) bool { return c.Done == 1 }, again); c.Ambiguous != 1 || len(server.Ledger()) != 2 {
			t.Errorf("%+v, %d charges", c, len(server.Ledger()))
		}
	})
}

// TestSenderAlive: a job that is worked again while its sender may be alive waits for
// it, and what the sender could not write down is written by its process later.
func TestSenderAlive(t *testing.T) {
	onDatabases(t, func(t *testing.T, dsn string) {
		server := newMock(t)
		e := openEngine(t, dsn, server, Config{})
		insert(t, e, "a", "b")
		ctx := t.Context()
		for _, key := range []string{"a", "b"} {
			if _, err := e.Client().SubmitOnce(ctx, key, videoInput(key)); err != nil {
				t.Fatal(err)
			}
			record, _, err := e.Journal().Get(ctx, key)
			if err != nil {
				t.Fatal(err)
			}
			id := record.RequestID
			record.State, record.RequestID = runcomfy.JournalStateSending, ""
			if swapped, err := e.Journal().CompareAndSwap(ctx, record.Revision, record); err != nil || !swapped {
				t.Fatal(err)
			}
			if key == "b" {
				e.unrecorded[key] = acceptance{id, time.Now()}
			}
		}
		c := runUntil(t, func(c Counts) bool { return c.Done == 1 && c.Submitting == 1 }, e)
		if r := requests(t, e); r["a"].State != StateSubmitting || r["b"].State != StateDone || len(server.Ledger()) != 2 {
			t.Errorf("%+v, %+v", c, r)
		}
		record, _, err := e.Journal().Get(ctx, "b")
		if err != nil || record.State != runcomfy.JournalStateAccepted {
			t.Errorf("%+v, %v", record, err)
		}
	})
}

// TestResolvedBySender: a doubt that its sender has resolved in the journal ends.
func TestResolvedBySender(t *testing.T) {
	onDatabases(t, func(t *testing.T, dsn string) {
		server := newMock(t, mock.WithFault(mock.CallSubmit, 1, mock.HangUp()))
		e := openEngine(t, dsn, server, Config{})
		insert(t, e, "a")
		runUntil(t, func(c Counts) bool { return c.Ambiguous == 1 }, e)
		record, _, err := e.Journal().Get(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		record.Revision++
		record.State, record.RequestID = runcomfy.JournalStateAccepted, server.Ledger()[0].RequestID
		if swapped, err := e.Journal().CompareAndSwap(t.Context(), record.Revision-1, record); err != nil || !swapped {
			t.Fatal(err)
		}
		again := openEngine(t, dsn, server, Config{})
		if c := runUntil(t, func(c Counts) bool { return c.Done == 1 }, again); len(server.Ledger()) != 1 {
			t.Errorf("%+v, %d charges", c, len(server.Ledger()))
		}
	})
}

// TestLostRiverJobs: a request outlives its River job, whoever deletes, cancels or
// discards it.
func TestLostRiverJobs(t *testing.T) {
	onDatabases(t, func(t *testing.T, dsn string) {
		server := newMock(t)
		e := openEngine(t, dsn, server, Config{})
		insert(t, e, "deleted", "discarded", "cancelled", "deleted with a place")
		execute(t, e, "update runcomfy_request set state = 'submitting' where key <> 'deleted'")
		job := func(key string) string { return "(select river_job from runcomfy_request where key = '" + key + "')" }
		now := "'" + time.Now().UTC().Format("2006-01-02 15:04:05.000") + "'"
		execute(t, e, "delete from river_job where id = "+job("deleted")+" or id = "+job("deleted with a place"))
		execute(t, e, "update river_job set state = 'discarded', finalized_at = "+now+" where id = "+job("discarded"))
		execute(t, e, "update river_job set state = 'cancelled', finalized_at = "+now+" where id = "+job("cancelled"))
		if c := runUntil(t, allEnded, e); c.Done != 4 || len(server.Ledger()) != 4 {
			t.Errorf("%+v, %d charges", c, len(server.Ledger()))
		}
	})
}

// execute runs a statement of a test.
func execute(t *testing.T, e *Engine, statement string) {
	t.Helper()
	if _, err := e.DB().ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// TestHandlerAgain: a handler that failed is called again, in another process with the
// result read again, and a request is done all the same.
func TestHandlerAgain(t *testing.T) {
	onDatabases(t, func(t *testing.T, dsn string) {
		server := newMock(t)
		called := make(chan int, 10)
		handler := func(err error) func(context.Context, Request, *runcomfy.Result) error {
			return func(_ context.Context, _ Request, res *runcomfy.Result) error {
				called <- len(res.Output.URLs())
				return err
			}
		}
		e := openEngine(t, dsn, server, Config{Done: handler(errors.New("the disk is full"))})
		insert(t, e, "a")
		runUntil(t, func(c Counts) bool { return c.Done == 1 && len(called) > 0 }, e)
		before := len(called)
		again := openEngine(t, dsn, server, Config{Done: handler(nil)})
		runUntil(t, func(c Counts) bool { return len(called) > before }, again)
		var handled int
		if err := again.DB().QueryRowContext(t.Context(), "select handled from runcomfy_request").Scan(&handled); err != nil || handled != 1 {
			t.Errorf("handled %d, %v", handled, err)
		}
		close(called)
		for n := range channel(called) {
			if n != 1 {
				t.Errorf("a handler got %d URLs", n)
			}
		}
	})
}

// TestStop: the end of Run waits for the answer of a submit that is under way.
func TestStop(t *testing.T) {
	onDatabases(t, func(t *testing.T, dsn string) {
		arrived := make(chan bool, 1)
		server := newMock(t, mock.WithScript(func(r mock.Request) mock.Fault {
			if r.Call == mock.CallSubmit {
				arrived <- true
				return mock.Slow(2 * time.Second)
			}
			return mock.Fault{}
		}))
		e := openEngine(t, dsn, server, Config{})
		insert(t, e, "a")
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- e.Run(ctx) }()
		<-arrived
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if r := requests(t, e)["a"]; r.State != StateRunning || r.RequestID != server.Ledger()[0].RequestID {
			t.Errorf("%+v", r)
		}
	})
}

// TestSharedBudgets: two engines of one database submit no more at once, and read no
// faster, than one.
func TestSharedBudgets(t *testing.T) {
	onDatabases(t, func(t *testing.T, dsn string) {
		var mu sync.Mutex
		var reads []time.Time
		server := newMock(t, mock.WithScript(func(r mock.Request) mock.Fault {
			if r.Call == mock.CallStatus || r.Call == mock.CallResult {
				mu.Lock()
				defer mu.Unlock()
				reads = append(reads, time.Now())
			}
			return mock.Fault{}
		}))
		cfg := Config{InFlight: 3, ReadRate: 8}
		one, two := openEngine(t, dsn, server, cfg), openEngine(t, dsn, server, cfg)
		for i := range 12 {
			insert(t, one, fmt.Sprint(i))
		}
		most := 0
		c := runUntil(t, func(c Counts) bool {
			most = max(most, c.Submitting+c.Running)
			return allEnded(c)
		}, one, two)
		if c.Done != 12 || most != 3 {
			t.Errorf("%+v, %d at once", c, most)
		}
		for i := range reads { // a burst of 10 and those that end a job, then 8 a second
			for j := i + 13; j < len(reads); j++ {
				if took := reads[j].Sub(reads[i]); took < time.Duration(j-i-13)*time.Second/8-time.Second/2 {
					t.Fatalf("%d reads in %v", j-i+1, took)
				}
			}
		}
		if len(reads) < 24 {
			t.Errorf("%d reads", len(reads))
		}
	})
}

// TestMaxCost: no request is submitted that could pass the bound, also before anything
// is known of the price.
func TestMaxCost(t *testing.T) {
	onDatabases(t, func(t *testing.T, dsn string) {
		server := newMock(t, mock.WithModels(pricedModel(0.5)))
		e := openEngine(t, dsn, server, Config{MaxCost: 1.9})
		insert(t, e, "1", "2", "3", "4", "5")
		c := runUntil(t, func(c Counts) bool { return c.Held != "" }, e)
		if d := cmp.Diff(Counts{Done: 3, Queued: 2, Cost: 1.5, Highest: 0.5,
			Held: "one more request could pass the 1.90 dollars of Config.MaxCost"}, c); d != "" || len(server.Ledger()) != 3 {
			t.Errorf("%d charges, counts (-want +got):\n%s", len(server.Ledger()), d)
		}
	})
}

func TestAffordable(t *testing.T) {
	for _, test := range []struct {
		name           string
		counts         Counts
		most, estimate float64
		busy, want     int
	}{
		{"nothing known", Counts{}, 10, 0, 0, 1},
		{"the first is under way", Counts{Unknown: 1}, 10, 0, 1, 0},
		{"the first had no cost", Counts{Unknown: 1}, 10, 0, 0, 0},
		{"an estimate", Counts{}, 10, 3, 0, 3},
		{"an estimate, some under way", Counts{Unknown: 2}, 10, 3, 2, 1},
		{"the highest cost counts", Counts{Cost: 4, Highest: 2}, 10, 0, 0, 3},
		{"doubts count", Counts{Cost: 4, Highest: 2, Unknown: 2}, 10, 0, 0, 1},
		{"just enough", Counts{Cost: 0.7, Highest: 0.1}, 0.8, 0, 0, 1},
		{"spent", Counts{Cost: 10, Highest: 2}, 10, 0, 0, 0},
		{"more than spent", Counts{Cost: 12, Highest: 2}, 10, 0, 0, 0},
		{"free so far", Counts{Cost: 0}, 10, 0, 0, 1},
		{"a tiny price", Counts{Cost: 1, Highest: 1e-300}, 10, 0, 0, 1e9},
	} {
		if got := affordable(test.counts, test.most, test.estimate, test.busy); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
}

// TestRunSaysWhatIsMissing: a token, of which New could not speak.
func TestRunSaysWhatIsMissing(t *testing.T) {
	t.Setenv("RUNCOMFY_API_TOKEN", "")
	t.Setenv("RUNCOMFY_TOKEN", "")
	e, err := Open(t.Context(), "file:"+t.TempDir()+"/jobs.db", Config{Logger: testLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var config *runcomfy.ConfigError
	if err := e.Run(t.Context()); !errors.As(err, &config) {
		t.Errorf("%v", err)
	}
}

// TestRequestsByState lists what a person looks for.
func TestRequestsByState(t *testing.T) {
	onDatabases(t, func(t *testing.T, dsn string) {
		e := openEngine(t, dsn, newMock(t), Config{})
		insert(t, e, "b", "a", "c")
		execute(t, e, "update runcomfy_request set state = 'ambiguous' where key <> 'b'")
		var keys []string
		for r, err := range e.Requests(t.Context(), StateAmbiguous) {
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, r.Key)
		}
		if d := cmp.Diff([]string{"a", "c"}, keys); d != "" {
			t.Errorf("keys (-want +got):\n%s", d)
		}
		if all := slices.Sorted(maps.Keys(requests(t, e))); len(all) != 3 {
			t.Errorf("%q", all)
		}
	})
}
