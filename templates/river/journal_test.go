package runcomfyriver

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	runcomfy "github.com/genclient/genclient/generated/runcomfy"
)

// TestJournal holds the table against the journal in memory of the client: the same
// calls have the same answers.
func TestJournal(t *testing.T) {
	onDatabases(t, func(t *testing.T, dsn string) {
		e := openEngine(t, dsn, newMock(t), Config{})
		at := time.Date(2026, 1, 2, 3, 4, 5, 678901234, time.UTC)
		record := func(key string, revision int64, state runcomfy.JournalState) runcomfy.JournalRecord {
			return runcomfy.JournalRecord{Key: key, Revision: revision, State: state, Request: "hash", Model: "m",
				Origin: "https://a", RequestID: "id", Started: at, Updated: at.Add(time.Second), Reason: "it's \"so\" \u2028 ."}
		}
		steps := []func(j runcomfy.Journal) (any, error){
			func(j runcomfy.Journal) (any, error) { return get(j, t, "a") },
			func(j runcomfy.Journal) (any, error) {
				return j.CompareAndSwap(t.Context(), 0, record("a", 1, runcomfy.JournalStateSending))
			},
			func(j runcomfy.Journal) (any, error) {
				return j.PutIfAbsent(t.Context(), record("a", 1, runcomfy.JournalStateSending))
			},
			func(j runcomfy.Journal) (any, error) {
				return j.PutIfAbsent(t.Context(), record("a", 1, runcomfy.JournalStateAccepted))
			},
			func(j runcomfy.Journal) (any, error) { return get(j, t, "a") },
			func(j runcomfy.Journal) (any, error) {
				return j.CompareAndSwap(t.Context(), 2, record("a", 3, runcomfy.JournalStateAccepted))
			},
			func(j runcomfy.Journal) (any, error) {
				return j.CompareAndSwap(t.Context(), 1, record("a", 2, runcomfy.JournalStateAccepted))
			},
			func(j runcomfy.Journal) (any, error) {
				return j.CompareAndSwap(t.Context(), 1, record("a", 2, runcomfy.JournalStateRejected))
			},
			func(j runcomfy.Journal) (any, error) { return get(j, t, "a") },
			func(j runcomfy.Journal) (any, error) { return get(j, t, "A") },
		}
		memory := runcomfy.NewMemoryJournal()
		for i, step := range steps {
			want, err1 := step(memory)
			got, err2 := step(e.Journal())
			if d := cmp.Diff(want, got); d != "" || err1 != nil || err2 != nil {
				t.Errorf("step %d: %v, %v (-memory +table):\n%s", i, err1, err2, d)
			}
		}
	})
}

// get is Journal.Get with one result.
func get(j runcomfy.Journal, t *testing.T, key string) (any, error) {
	r, found, err := j.Get(t.Context(), key)
	return []any{r, found}, err
}

// TestJournalRaces: of many that write a key at once, one wins.
func TestJournalRaces(t *testing.T) {
	onDatabases(t, func(t *testing.T, dsn string) {
		server := newMock(t)
		journals := []*Journal{openEngine(t, dsn, server, Config{}).Journal(), openEngine(t, dsn, server, Config{}).Journal()}
		for round := range 20 {
			for _, step := range []string{"put", "swap"} {
				var wg sync.WaitGroup
				var mu sync.Mutex
				won := 0
				for i := range 8 {
					wg.Go(func() {
						r := runcomfy.JournalRecord{Key: fmt.Sprint(round), Revision: 1, State: runcomfy.JournalStateSending, Reason: fmt.Sprint(i)}
						f := func() (bool, error) { return journals[i%2].PutIfAbsent(t.Context(), r) }
						if step == "swap" {
							r.Revision = 2
							f = func() (bool, error) { return journals[i%2].CompareAndSwap(t.Context(), 1, r) }
						}
						ok, err := f()
						mu.Lock()
						defer mu.Unlock()
						if ok {
							won++
						}
						if err != nil {
							t.Error(err)
						}
					})
				}
				wg.Wait()
				if won != 1 {
					t.Fatalf("round %d: %d won the %s", round, won, step)
				}
			}
		}
		n := 0
		for r, err := range journals[0].Records(t.Context()) {
			if n++; err != nil || r.Revision != 2 {
				t.Error(r, err)
			}
		}
		if n != 20 {
			t.Errorf("%d records", n)
		}
	})
}

// TestDamagedRecord: a record that cannot be read is not an absent one.
func TestDamagedRecord(t *testing.T) {
	onDatabases(t, func(t *testing.T, dsn string) {
		e := openEngine(t, dsn, newMock(t), Config{})
		execute(t, e, `insert into runcomfy_journal (key, revision, state, record) values ('a', 1, 'sending', '{"key":"secret"')`)
		if _, found, err := e.Journal().Get(t.Context(), "a"); err == nil || found || strings.Contains(err.Error(), "secret") {
			t.Errorf("found %v, %v", found, err)
		}
		if _, err := e.Client().SubmitOnce(t.Context(), "a", videoInput("a")); err == nil {
			t.Error("it was submitted")
		}
	})
}
