package client

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A file name need not be UTF-8; JSON would keep it as another key, which is
// paid for again.
func TestKeyMustBeUTF8(t *testing.T) {
	c, f := answering(t, func(received) reply { return reply{body: acceptedBody} }, WithJournal(NewMemoryJournal()))
	_, err := c.SubmitOnce(t.Context(), "caf\xe9.png", testInput())
	if as[*ConfigError](t, err); f.posts() > 0 {
		t.Errorf("%d paid POSTs", f.posts())
	}
}

// An empty key is a mistake, not a call without a key.
func TestOnceKeyEmpty(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := answering(t, jobAPI([]string{running}, []string{done}), WithJournal(NewMemoryJournal()))
		_, err := c.run(t.Context(), testInput(), []CallOption{OnceKey("")})
		if as[*ConfigError](t, err); f.posts() > 0 {
			t.Errorf("%d paid POSTs", f.posts())
		}
	})
}

// A key left in sending tells when the submit began, not when it ended.
func TestSendingWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := NewMemoryJournal()
		first, _ := answering(t, func(r received) reply {
			if r.n <= 5 {
				return reply{status: 429, header: http.Header{"Retry-After": {"60"}}}
			}
			return reply{hang: true}
		}, WithJournal(j))
		ctx, cancel := context.WithCancel(t.Context())
		go first.SubmitOnce(ctx, "k", testInput())
		time.Sleep(305 * time.Second) // the sixth POST is out; here the process dies
		sent := time.Now()
		second, _ := answering(t, func(r received) reply { return reply{body: acceptedBody} }, WithJournal(j))
		_, err := second.SubmitOnce(t.Context(), "k", testInput())
		if e := as[*AmbiguousSubmitError](t, err); e.Ended.Before(sent) {
			t.Errorf("sent around %v, told to look between %v and %v:\n%v", sent, e.Started, e.Ended, err)
		}
		cancel()
		time.Sleep(time.Minute)
	})
}

// A submit in doubt when the caller breaks out is told of by the log.
func TestBatchBreakInDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &batchAPI{takes: func(string) time.Duration { return time.Second }}
		var log syncBuffer
		c, f := answering(t, func(r received) reply {
			if r.method == "POST" && strings.Contains(r.body, "p1") {
				return reply{hang: true}
			}
			return api.answer(r)
		}, WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))))
		taken := 0
		for range Batch(t.Context(), c, prompts(2, &taken)) {
			break
		}
		if f.posts() != 2 || !strings.Contains(log.String(), "may have been accepted and charged") {
			t.Errorf("%d submits, logged: %s", f.posts(), log.String())
		}
	})
}

// An outcome has the job that its error knows.
func TestBatchDoubtNamesJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := answering(t, func(r received) reply { return reply{body: acceptedBody, cut: 1} }, WithJournal(NewMemoryJournal()))
		taken := 0
		for _, o := range Batch(t.Context(), c, prompts(1, &taken)) {
			if e := as[*AmbiguousSubmitError](t, o.Err); o.Job == nil || o.Job != e.Job() {
				t.Errorf("the error knows %v, the outcome %v", e.Job(), o.Job)
			}
		}
	})
}

// strictJournal heeds its context, as a database does, and loses races when told.
type strictJournal struct {
	*MemoryJournal
	loses bool
}

func (j *strictJournal) PutIfAbsent(ctx context.Context, r JournalRecord) (bool, error) {
	if j.loses {
		return false, nil
	}
	return j.MemoryJournal.PutIfAbsent(ctx, r)
}

func (j *strictJournal) CompareAndSwap(ctx context.Context, revision int64, next JournalRecord) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	return j.MemoryJournal.CompareAndSwap(ctx, revision, next)
}

// The outcome is written although the caller has gone meanwhile.
func TestSettleOutlivesContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &strictJournal{MemoryJournal: NewMemoryJournal()}
		c, _ := answering(t, func(received) reply {
			return reply{body: acceptedBody, wait: func() { time.Sleep(5 * time.Second) }}
		}, WithJournal(j))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := c.SubmitOnce(ctx, "k", testInput())
		as[*WaitError](t, err)
		if r, _, _ := j.Get(t.Context(), "k"); r.State != JournalStateAccepted || r.RequestID != "job-1" {
			t.Errorf("%+v", r)
		}
	})
}

// Who loses the race for a key submits nothing.
func TestSubmitOnceLosesRace(t *testing.T) {
	c, f := answering(t, func(received) reply { return reply{body: acceptedBody} },
		WithJournal(&strictJournal{MemoryJournal: NewMemoryJournal(), loses: true}))
	_, err := c.SubmitOnce(t.Context(), "k", testInput())
	if as[*NotSentError](t, err); f.posts() != 0 {
		t.Errorf("%d POSTs: %v", f.posts(), err)
	}
}

// A journal without a file keeps nothing and must not say that it does.
func TestZeroFileJournal(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a journal that was not opened takes records")
		}
	}()
	_, _ = new(FileJournal).PutIfAbsent(t.Context(), JournalRecord{Key: "k", Revision: 1, State: JournalStateSending})
}
