package client

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func record(key string, revision int64, state JournalState) JournalRecord {
	return JournalRecord{Key: key, Revision: revision, State: state, Request: "r", Model: "m", Origin: "o",
		Started: time.Unix(1, 0).UTC(), Updated: time.Unix(2, 0).UTC()}
}

// TestJournals holds both built-in journals to the interface's words.
func TestJournals(t *testing.T) {
	file, err := OpenJournal(filepath.Join(t.TempDir(), "j.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for name, j := range map[string]Journal{"memory": NewMemoryJournal(), "file": file} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			if _, found, err := j.Get(ctx, "k"); found || err != nil {
				t.Errorf("Get of an empty journal: %v, %v", found, err)
			}
			if ok, err := j.CompareAndSwap(ctx, 0, record("k", 1, JournalStateSending)); ok || err != nil {
				t.Errorf("CompareAndSwap of no record: %v, %v", ok, err)
			}
			first := record("k", 1, JournalStateSending)
			if ok, err := j.PutIfAbsent(ctx, first); !ok || err != nil {
				t.Errorf("PutIfAbsent: %v, %v", ok, err)
			}
			if ok, err := j.PutIfAbsent(ctx, record("k", 1, JournalStateRejected)); ok || err != nil {
				t.Errorf("second PutIfAbsent: %v, %v", ok, err)
			}
			next := record("k", 2, JournalStateAccepted)
			if ok, err := j.CompareAndSwap(ctx, 7, next); ok || err != nil {
				t.Errorf("CompareAndSwap of another revision: %v, %v", ok, err)
			}
			if got, _, _ := j.Get(ctx, "k"); got != first {
				t.Errorf("Get: %+v", got)
			}
			if ok, err := j.CompareAndSwap(ctx, 1, next); !ok || err != nil {
				t.Errorf("CompareAndSwap: %v, %v", ok, err)
			}
			if got, found, err := j.Get(ctx, "k"); got != next || !found || err != nil {
				t.Errorf("Get: %+v, %v, %v", got, found, err)
			}
		})
	}
}

// TestJournalFileLock: one journal at a time has a file open; Close and the end
// of the process free it.
func TestJournalFileLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j.jsonl")
	j, err := OpenJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenJournal(path); err == nil || !strings.Contains(err.Error(), "open in another process") {
		t.Errorf("second open: %v", err)
	}
	if ok, err := j.PutIfAbsent(t.Context(), record("k", 1, JournalStateSending)); !ok || err != nil {
		t.Errorf("the failed open broke the journal: %v, %v", ok, err)
	}
	if err := errors.Join(j.Close(), j.Close()); err != nil {
		t.Error(err)
	}
	if _, err := j.PutIfAbsent(t.Context(), record("l", 1, JournalStateSending)); !errors.Is(err, errJournalClosed) {
		t.Errorf("put after Close: %v", err)
	}
	if _, _, err := j.Get(t.Context(), "k"); !errors.Is(err, errJournalClosed) {
		t.Errorf("get after Close: %v", err)
	}
	again, err := OpenJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, found, _ := again.Get(t.Context(), "k"); !found {
		t.Error("the record is gone")
	}
	again.Close()
	if info, _ := os.Stat(path); info.Mode().Perm()&0o077 != 0 {
		t.Errorf("mode %v", info.Mode())
	}
	if _, err := OpenJournal(filepath.Join(t.TempDir(), "no", "folder")); err == nil {
		t.Error("opened a journal in a folder that does not exist")
	}
}

// TestSubmitOnce runs one key through the states that its record can be in.
func TestSubmitOnce(t *testing.T) {
	ctx := t.Context()
	c, f := answering(t, func(r received) reply { return reply{body: fmt.Sprintf(`{"request_id":"job-%d"}`, r.n)} }, WithJournal(NewMemoryJournal()))
	for range 3 {
		job, err := c.SubmitOnce(ctx, "a", testInput())
		if err != nil || job.ID() != "job-1" {
			t.Fatalf("%v, %v", job, err)
		}
	}
	if job, err := c.SubmitOnce(ctx, "b", testInput()); err != nil || job.ID() != "job-2" || f.posts() != 2 {
		t.Errorf("%v, %v, %d POSTs", job, err, f.posts())
	}
	_, err := c.SubmitOnce(ctx, "a", &input{Prompt: "another"})
	if got := as[*NotSentError](t, err); !errors.Is(err, ErrKeyConflict) || got.Attempts != 0 || got.Charged() != ChargedNo || f.posts() != 2 {
		t.Errorf("another input under the same key: %v, %d POSTs", err, f.posts())
	}
	moved := New(testToken, WithBaseURL("http://127.0.0.1/other"), WithJournal(c.journal))
	if _, err := moved.SubmitOnce(ctx, "a", testInput()); !errors.Is(err, ErrKeyConflict) {
		t.Errorf("another base URL under the same key: %v", err)
	}
	r, _, _ := c.journal.Get(ctx, "a")
	if r.State != JournalStateAccepted || r.RequestID != "job-1" || r.Revision != 2 || r.Model != "vendor/model v1.0" || r.Origin != "http://127.0.0.1" {
		t.Errorf("record %+v", r)
	}
	for _, err := range []error{second(c.SubmitOnce(ctx, "", testInput())), second(New(testToken).SubmitOnce(ctx, "k", testInput()))} {
		as[*ConfigError](t, err)
	}
}

func second[A, B any](_ A, b B) B { return b }

// TestSubmitOnceStates: what each record allows.
func TestSubmitOnceStates(t *testing.T) {
	for _, test := range []struct {
		state  JournalState
		id     string
		posts  int
		doubt  bool
		wantID string
	}{
		{JournalStateSending, "", 0, true, ""},
		{JournalStateAmbiguous, "", 0, true, ""},
		{JournalStateAmbiguous, "job-7", 0, true, "job-7"},
		{JournalStateRejected, "", 1, false, "job-1"},
		{JournalStateAccepted, "job-9", 0, false, "job-9"},
		{JournalStateAccepted, "../job-9", 0, true, ""}, // of a table that somebody else writes
		{JournalStateAccepted, "", 0, true, ""},
		{JournalStateAmbiguous, "a/b", 0, true, ""},
		{"a state of a later version", "", 0, true, ""},
	} {
		t.Run(string(test.state)+test.id, func(t *testing.T) {
			c, f := answering(t, func(received) reply { return reply{body: acceptedBody} }, WithJournal(NewMemoryJournal()))
			body, _ := encodeInput(testInput())
			s, _ := c.newSubmission(testInput().ModelID(), body)
			r := record("k", 5, test.state)
			r.Request, r.RequestID = c.intent("k", s).Request, test.id
			_, _ = c.journal.PutIfAbsent(t.Context(), r)
			for range 2 {
				job, err := c.SubmitOnce(t.Context(), "k", testInput())
				if test.doubt {
					if got := as[*AmbiguousSubmitError](t, err); got.RequestID() != test.wantID || !got.Started.Equal(r.Started) {
						t.Errorf("error %+v", got)
					}
				} else if err != nil || job.ID() != test.wantID {
					t.Errorf("%v, %v", job, err)
				}
			}
			if f.posts() != test.posts {
				t.Errorf("%d POSTs, want %d", f.posts(), test.posts)
			}
			// Intent and outcome of a key that is used again count on.
			want := r.Revision + int64(2*test.posts)
			if got, _, _ := c.journal.Get(t.Context(), "k"); got.Revision != want {
				t.Errorf("revision %d, want %d", got.Revision, want)
			}
		})
	}
}

// TestSubmitOnceOutcomes: what a submit leaves in the journal.
func TestSubmitOnceOutcomes(t *testing.T) {
	for _, test := range []struct {
		name  string
		reply reply
		state JournalState
		id    string
		posts int // of two calls
	}{
		{"rejected", reply{status: 402, body: `{"message":"no balance"}`}, JournalStateRejected, "", 2},
		{"lost", reply{drop: true}, JournalStateAmbiguous, "", 1},
		{"cut behind the id", reply{body: acceptedBody, cut: 1}, JournalStateAmbiguous, "job-1", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, f := answering(t, func(received) reply { return test.reply }, WithJournal(NewMemoryJournal()))
			for range 2 {
				if _, err := c.SubmitOnce(t.Context(), "k", testInput()); err == nil {
					t.Error("no error")
				}
			}
			r, _, _ := c.journal.Get(t.Context(), "k")
			if r.State != test.state || r.RequestID != test.id || r.Reason == "" || f.posts() != test.posts {
				t.Errorf("%d POSTs, record %+v", f.posts(), r)
			}
		})
	}
}

// TestSubmitOnceConcurrent: many calls at one key make one job, and the others
// wait for it.
func TestSubmitOnceConcurrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := answering(t, func(received) reply {
			return reply{wait: func() { time.Sleep(time.Second) }, body: acceptedBody}
		}, WithJournal(NewMemoryJournal()))
		var all sync.WaitGroup
		for range 20 {
			all.Add(1)
			go func() {
				defer all.Done()
				if job, err := c.SubmitOnce(t.Context(), "k", testInput()); err != nil || job.ID() != "job-1" {
					t.Errorf("%v, %v", job, err)
				}
			}()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		synctest.Wait()
		if _, err := c.SubmitOnce(ctx, "k", testInput()); !is[*NotSentError](err) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a call that gave up waiting for the key: %v", err)
		}
		all.Wait()
		c.keys.Range(func(key, _ any) bool { t.Errorf("key %v is still busy", key); return true })
		if f.posts() != 1 {
			t.Errorf("%d POSTs", f.posts())
		}
	})
}

// An illustrated input has an image that is none.
type illustrated struct{ *input }

func (illustrated) MediaRules() []MediaRule {
	return []MediaRule{{Path: "image", Kind: MediaKindImage, Metric: "width_pixels", Op: ">", Bound: 300}}
}

// TestSubmitOnceMedia: media are checked before the intent is written, and not
// for a key that has its job already, whose media may be gone.
func TestSubmitOnceMedia(t *testing.T) {
	in := illustrated{&input{Image: "data:image/png;base64,AAAA"}}
	c, f := answering(t, func(received) reply { return reply{body: acceptedBody} }, WithJournal(NewMemoryJournal()))
	job, err := c.SubmitOnce(t.Context(), "k", in)
	isAccepted(t, job, err)
	strict, _ := answering(t, func(received) reply { return reply{body: acceptedBody} }, WithJournal(c.journal), WithStrictMedia())
	job, err = strict.SubmitOnce(t.Context(), "k", in)
	isAccepted(t, job, err)
	_, err = strict.SubmitOnce(t.Context(), "l", in)
	as[*ValidationError](t, err)
	if _, found, _ := c.journal.Get(t.Context(), "l"); found || f.posts() != 1 {
		t.Errorf("the refused input is in the journal: %v; %d POSTs", found, f.posts())
	}
}

// brokenJournal fails from the n-th write on.
type brokenJournal struct {
	*MemoryJournal
	writes, failFrom int
}

var errDiskFull = errors.New("no space left on device")

func (b *brokenJournal) PutIfAbsent(ctx context.Context, r JournalRecord) (bool, error) {
	if b.writes++; b.writes >= b.failFrom {
		return false, errDiskFull
	}
	return b.MemoryJournal.PutIfAbsent(ctx, r)
}

func (b *brokenJournal) CompareAndSwap(ctx context.Context, revision int64, r JournalRecord) (bool, error) {
	if b.writes++; b.writes >= b.failFrom {
		return false, errDiskFull
	}
	return b.MemoryJournal.CompareAndSwap(ctx, revision, r)
}

// TestJournalFails: without a written intent nothing is sent; what came of a submit
// is returned beside the error of a journal that does not take it, and its key stays
// in doubt.
func TestJournalFails(t *testing.T) {
	c, f := answering(t, func(received) reply { return reply{body: acceptedBody} }, WithJournal(&brokenJournal{NewMemoryJournal(), 0, 1}))
	_, err := c.SubmitOnce(t.Context(), "k", testInput())
	if as[*NotSentError](t, err); !errors.Is(err, errDiskFull) || f.posts() != 0 {
		t.Errorf("%d POSTs, %v", f.posts(), err)
	}
	for _, test := range []struct {
		name    string
		reply   reply
		id      string // of the job that is returned
		known   string // of the job in the error
		charged Charged
		is      func(error) bool
	}{
		{"accepted", reply{body: acceptedBody}, "job-1", "job-1", ChargedYes, func(error) bool { return true }},
		{"refused", reply{status: 402}, "", "", ChargedNo, is[*InsufficientBalanceError]},
		{"in doubt", reply{drop: true}, "", "", ChargedMaybe, is[*AmbiguousSubmitError]},
		{"in doubt, of a job", reply{body: acceptedBody, cut: 1}, "", "job-1", ChargedYes, is[*AmbiguousSubmitError]},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, f := answering(t, func(received) reply { return test.reply }, WithJournal(&brokenJournal{NewMemoryJournal(), 0, 2}))
			job, err := c.SubmitOnce(t.Context(), "k", testInput())
			e := as[*JournalError](t, err)
			if (job == nil) != (test.id == "") || job != nil && job.ID() != test.id || (e.Job() == nil) != (test.known == "") || e.RequestID() != test.known {
				t.Errorf("job %v, in the error %v: %v", job, e.Job(), err)
			}
			if e.Charged() != test.charged || !errors.Is(err, errDiskFull) || !test.is(err) || e.Journal != "*client.brokenJournal" || e.Key != "k" {
				t.Errorf("error %#v", e)
			}
			_, err = c.SubmitOnce(t.Context(), "k", testInput())
			if isAmbiguous(t, nil, err); f.posts() != 1 {
				t.Errorf("%d POSTs", f.posts())
			}
		})
	}
}

// TestJournalFailsInRun: a model method and a batch report the job too.
func TestJournalFailsInRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := answering(t, jobAPI([]string{running}, []string{done}), WithJournal(&brokenJournal{NewMemoryJournal(), 0, 2}))
		var told *Job
		_, err := c.run(t.Context(), testInput(), []CallOption{OnceKey("k"), OnAccepted(func(j *Job) { told = j })})
		if e := as[*JournalError](t, err); told == nil || e.Job() != told {
			t.Errorf("told of %v: %v", told, err)
		}
		c, _ = answering(t, jobAPI([]string{running}, []string{done}), WithJournal(&brokenJournal{NewMemoryJournal(), 0, 2}))
		taken := 0
		for _, o := range Batch(t.Context(), c, prompts(1, &taken)) {
			if e := as[*JournalError](t, o.Err); o.Job == nil || o.Job != e.Job() {
				t.Errorf("outcome %+v", o)
			}
		}
	})
}

// TestTokenRotates: a key whose end is known serves a request of which only the
// token differs; one in doubt does not.
func TestTokenRotates(t *testing.T) {
	for _, test := range []struct {
		first  reply
		posts  int // of the second client
		wantID string
	}{
		{reply{body: `{"request_id":"job-old"}`}, 0, "job-old"},
		{reply{status: 401}, 1, "job-1"},
		{reply{drop: true}, 0, ""},
	} {
		j := NewMemoryJournal()
		first, _ := answering(t, func(received) reply { return test.first }, WithJournal(j))
		_, _ = first.SubmitOnce(t.Context(), "k", testInput())
		second, f := answering(t, func(received) reply { return reply{body: acceptedBody} }, WithJournal(j))
		second.token = func() string { return "another-token" }
		job, err := second.SubmitOnce(t.Context(), "k", testInput())
		if f.posts() != test.posts || test.wantID == "" && !errors.Is(err, ErrKeyConflict) || test.wantID != "" && (err != nil || job.ID() != test.wantID) {
			t.Errorf("%+v: job %v, error %v, %d POSTs", test.first, job, err, f.posts())
		}
		_, err = second.SubmitOnce(t.Context(), "k", &input{Prompt: "another"})
		if !errors.Is(err, ErrKeyConflict) || f.posts() != test.posts {
			t.Errorf("another input under the same key: %v", err)
		}
	}
}

// meddlingJournal changes a record between a submit's intent and its outcome.
type meddlingJournal struct {
	*MemoryJournal
	change func(*JournalRecord)
}

func (j *meddlingJournal) PutIfAbsent(ctx context.Context, r JournalRecord) (bool, error) {
	stored, err := j.MemoryJournal.PutIfAbsent(ctx, r)
	r.Revision++
	j.change(&r)
	_, _ = j.CompareAndSwap(ctx, r.Revision-1, r)
	return stored, err
}

// TestSenderCorrectsRecord: whoever sent a submit knows best what came of it,
// unless the key was used again.
func TestSenderCorrectsRecord(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*JournalRecord)
		reply  reply
		state  JournalState
		id     string
		failed bool
	}{
		{"note", func(r *JournalRecord) { r.Note = "n" }, reply{body: acceptedBody}, JournalStateAccepted, "job-1", false},
		{"note of a refused one", func(r *JournalRecord) { r.Note = "n" }, reply{status: 402}, JournalStateRejected, "", false},
		{"taken for dead", func(r *JournalRecord) { r.State = JournalStateAmbiguous }, reply{body: acceptedBody}, JournalStateAccepted, "job-1", false},
		{"settled as not accepted", func(r *JournalRecord) { r.State = JournalStateRejected }, reply{body: acceptedBody}, JournalStateAccepted, "job-1", false},
		{"settled with the job", func(r *JournalRecord) { r.State, r.RequestID = JournalStateAccepted, "job-1" }, reply{body: acceptedBody}, JournalStateAccepted, "job-1", false},
		{"settled with another", func(r *JournalRecord) { r.State, r.RequestID = JournalStateAccepted, "job-2" }, reply{body: acceptedBody}, JournalStateAccepted, "job-2", true},
		{"doubt after a person", func(r *JournalRecord) { r.State, r.RequestID = JournalStateAccepted, "job-2" }, reply{drop: true}, JournalStateAccepted, "job-2", true},
		{"used again", func(r *JournalRecord) { r.Started = r.Started.Add(time.Second) }, reply{body: acceptedBody}, JournalStateSending, "", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			j := &meddlingJournal{NewMemoryJournal(), test.change}
			c, _ := answering(t, func(received) reply { return test.reply }, WithJournal(j))
			job, err := c.SubmitOnce(t.Context(), "k", testInput())
			r, _, _ := j.Get(t.Context(), "k")
			if is[*JournalError](err) != test.failed || test.reply.body != "" && job.ID() != "job-1" {
				t.Errorf("job %v, error %v", job, err)
			}
			if r.State != test.state || r.RequestID != test.id || (r.Note != "") != strings.HasPrefix(test.name, "note") {
				t.Errorf("record %+v", r)
			}
		})
	}
}

// TestSettle: what a person may write, and what a key then does.
func TestSettle(t *testing.T) {
	for _, test := range []struct {
		name   string
		reply  reply // to the submit, under key k
		settle func(Journal) error
		err    string
		posts  int // after another submit
		wantID string
	}{
		{"accepted", reply{drop: true}, func(j Journal) error { return SettleAccepted(t.Context(), j, "k", "job-7") }, "", 1, "job-7"},
		{"accepted, twice", reply{body: `{"request_id":"job-7"}`}, func(j Journal) error { return SettleAccepted(t.Context(), j, "k", "job-7") }, "", 1, "job-7"},
		{"not accepted", reply{drop: true}, func(j Journal) error { return SettleNotAccepted(t.Context(), j, "k") }, "", 2, "job-1"},
		{"bad id", reply{drop: true}, func(j Journal) error { return SettleAccepted(t.Context(), j, "k", "../x") }, "a request id is", 1, ""},
		{"no id", reply{drop: true}, func(j Journal) error { return SettleAccepted(t.Context(), j, "k", "") }, "a request id is", 1, ""},
		{"no key", reply{drop: true}, func(j Journal) error { return SettleNotAccepted(t.Context(), j, "l") }, "no such key", 1, ""},
		{"not in doubt", reply{body: `{"request_id":"job-7"}`}, func(j Journal) error { return SettleNotAccepted(t.Context(), j, "k") }, "not in doubt: its state is accepted, of job job-7", 1, "job-7"},
		{"another job", reply{body: `{"request_id":"job-7"}`}, func(j Journal) error { return SettleAccepted(t.Context(), j, "k", "job-8") }, "not in doubt", 1, "job-7"},
	} {
		t.Run(test.name, func(t *testing.T) {
			j := NewMemoryJournal()
			c, f := answering(t, func(r received) reply {
				if r.n == 1 {
					return test.reply
				}
				return reply{body: acceptedBody}
			}, WithJournal(j))
			_, _ = c.SubmitOnce(t.Context(), "k", testInput())
			err := test.settle(j)
			if (err == nil) != (test.err == "") || err != nil && (!strings.Contains(err.Error(), test.err) || !is[*JournalError](err)) {
				t.Errorf("error %v, want %q", err, test.err)
			}
			job, err := c.SubmitOnce(t.Context(), "k", testInput())
			if test.wantID == "" {
				isAmbiguous(t, job, err)
			} else if err != nil || job.ID() != test.wantID {
				t.Errorf("job %v, error %v", job, err)
			}
			if f.posts() != test.posts {
				t.Errorf("%d POSTs, want %d", f.posts(), test.posts)
			}
		})
	}
}

// TestRecords lists the records of both journals in the order of their keys' submits.
func TestRecords(t *testing.T) {
	file, err := OpenJournal(filepath.Join(t.TempDir(), "j.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range []JournalLister{NewMemoryJournal(), file} {
		for _, key := range []string{"b", "a", "c"} {
			if _, err := j.PutIfAbsent(t.Context(), record(key, 1, JournalStateSending)); err != nil {
				t.Fatal(err)
			}
		}
		_, _ = j.CompareAndSwap(t.Context(), 1, record("b", 2, JournalStateRejected))
		var got []string
		for r, err := range j.Records(t.Context()) {
			if err != nil {
				t.Error(err)
			}
			got = append(got, r.Key+" "+string(r.State))
			if _, _, err := j.Get(t.Context(), r.Key); err != nil { // while it lists
				t.Error(err)
			}
		}
		if diff := cmp.Diff([]string{"b rejected", "a sending", "c sending"}, got); diff != "" {
			t.Error(diff)
		}
	}
	file.Close()
	for _, err := range file.Records(t.Context()) {
		if !errors.Is(err, errJournalClosed) {
			t.Errorf("a closed journal lists: %v", err)
		}
	}
}

// TestOnceKeyOption: the key of a one-call method reaches the journal.
func TestOnceKeyOption(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := answering(t, jobAPI([]string{running}, []string{done}), WithJournal(NewMemoryJournal()))
		for range 2 {
			res, err := c.run(t.Context(), testInput(), []CallOption{OnceKey("k")})
			isDone(t, res, err)
		}
		if f.posts() != 1 {
			t.Errorf("%d POSTs", f.posts())
		}
	})
}

// TestCanonicalJSON: order and spacing do not matter, the spelling of numbers
// does.
func TestCanonicalJSON(t *testing.T) {
	got := string(canonicalJSON([]byte(`{ "b" : [1.0, 1e3, 18446744073709551615], "a" : "<é>" }`)))
	if diff := cmp.Diff(`{"a":"\u003cé\u003e","b":[1.0,1e3,18446744073709551615]}`, got); diff != "" {
		t.Error(diff)
	}
}
