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

// TestJournalFileRecovery opens what crashes leave behind.
func TestJournalFileRecovery(t *testing.T) {
	const (
		sending  = `{"key":"k","revision":1,"state":"sending","request":"r","model":"m","origin":"o","started":"1970-01-01T00:00:01Z","updated":"1970-01-01T00:00:02Z"}`
		accepted = `{"key":"k","revision":2,"state":"accepted","request":"r","model":"m","origin":"o","request_id":"job-1","started":"1970-01-01T00:00:01Z","updated":"1970-01-01T00:00:02Z"}`
	)
	for _, test := range []struct {
		name, content string
		state         JournalState // of key k; empty for none
		left          string       // the file afterwards, "" for as it was
		err           string
	}{
		{name: "empty"},
		{name: "whole", content: sending + "\n" + accepted + "\n", state: JournalStateAccepted},
		{name: "torn intent", content: sending[:40], left: "\n"},
		{name: "torn end", content: sending + "\n" + accepted[:len(accepted)-1], state: JournalStateSending, left: sending + "\n"},
		{name: "torn after one byte", content: sending + "\n{", state: JournalStateSending, left: sending + "\n"},
		{name: "line without its end", content: sending + "\n" + accepted, state: JournalStateAccepted, left: sending + "\n" + accepted + "\n"},
		{name: "torn with zeros", content: sending + "\n" + strings.Repeat("\x00", 100), state: JournalStateSending, left: sending + "\n"},
		{name: "damaged in the middle", content: sending[:40] + "\n" + accepted + "\n", err: "line 1 is not a journal record"},
		{name: "another file", content: sending + "\nhello\n", err: "line 2 is not a journal record"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "j.jsonl")
			if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second time nothing is left to mend
				j, err := OpenJournal(path)
				if test.err != "" {
					if err == nil || !strings.Contains(err.Error(), test.err) {
						t.Errorf("error %v, want %q", err, test.err)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				got, found, err := j.Get(t.Context(), "k")
				if err != nil || found != (test.state != "") || got.State != test.state {
					t.Errorf("state %q, %v, %v; want %q", got.State, found, err, test.state)
				}
				if err := j.Close(); err != nil {
					t.Error(err)
				}
			}
			want := test.content
			if test.left != "" {
				want = strings.TrimPrefix(test.left, "\n")
			}
			if left, _ := os.ReadFile(path); string(left) != want {
				t.Errorf("the file is %q, want %q", left, want)
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

// TestJournalFileWriteFails: a record that could not be written is not there,
// and a file that can no longer be mended takes no more.
func TestJournalFileWriteFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "j.jsonl")
	j, err := OpenJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	j.file.Close()
	if j.file, err = os.Open(path); err != nil { // for reading only
		t.Fatal(err)
	}
	for range 2 {
		if ok, err := j.PutIfAbsent(t.Context(), record("k", 1, JournalStateSending)); ok || err == nil {
			t.Errorf("PutIfAbsent: %v, %v", ok, err)
		}
	}
	if _, found, err := j.Get(t.Context(), "k"); found || err == nil {
		t.Errorf("Get: %v, %v", found, err)
	}
	j.Close()
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
	for name, other := range map[string]*Client{
		"token":    New(testToken+"2", WithBaseURL("http://127.0.0.1"), WithJournal(c.journal)),
		"base URL": New(testToken, WithBaseURL("http://127.0.0.1/other"), WithJournal(c.journal)),
	} {
		if _, err := other.SubmitOnce(ctx, "a", testInput()); !errors.Is(err, ErrKeyConflict) {
			t.Errorf("another %s under the same key: %v", name, err)
		}
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
		{"a state of a later version", "", 0, true, ""},
	} {
		t.Run(string(test.state)+test.id, func(t *testing.T) {
			c, f := answering(t, func(received) reply { return reply{body: acceptedBody} }, WithJournal(NewMemoryJournal()))
			body, _ := encodeInput(testInput())
			s, _ := c.newSubmission(testInput().ModelID(), body)
			r := record("k", 5, test.state)
			r.Request, r.RequestID = c.requestHash(s), test.id
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

// TestJournalFails: without a written intent nothing is sent; a job whose
// acceptance could not be written is returned, and its key stays in doubt.
func TestJournalFails(t *testing.T) {
	c, f := answering(t, func(received) reply { return reply{body: acceptedBody} }, WithJournal(&brokenJournal{NewMemoryJournal(), 0, 1}))
	_, err := c.SubmitOnce(t.Context(), "k", testInput())
	if as[*NotSentError](t, err); !errors.Is(err, errDiskFull) || f.posts() != 0 {
		t.Errorf("%d POSTs, %v", f.posts(), err)
	}
	c, f = answering(t, func(received) reply { return reply{body: acceptedBody} }, WithJournal(&brokenJournal{NewMemoryJournal(), 0, 2}))
	job, err := c.SubmitOnce(t.Context(), "k", testInput())
	isAccepted(t, job, err)
	_, err = c.SubmitOnce(t.Context(), "k", testInput())
	if isErr := is[*NotSentError](err) || is[*AmbiguousSubmitError](err); !isErr || f.posts() != 1 {
		t.Errorf("%d POSTs, %v", f.posts(), err)
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
