package client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// ErrKeyConflict is what errors.Is finds in the *JournalError of a key that
// was used for another request.
var ErrKeyConflict = errors.New("the key was used for another request")

// A JournalError is a keyed submit that the journal did not allow. Nothing was
// sent.
type JournalError struct {
	// Key is the key of the submit.
	Key string

	about
	cause error
}

func (e *JournalError) Error() string {
	return fmt.Sprintf("runcomfy: submit under key %q was not sent: %s", e.Key, e.cause)
}

// Unwrap returns ErrKeyConflict or the journal's own error.
func (e *JournalError) Unwrap() error { return e.cause }

// SubmitOnce is Submit under a key that makes it safe to run again: as long as
// the journal lasts, one key leads to at most one job. The same key with the
// same input returns the job that it already led to; with another input, model,
// token or base URL it is a *JournalError with ErrKeyConflict. A key whose
// submit is in doubt, or that a process has left in the middle of one, is an
// *AmbiguousSubmitError, every time. The client needs WithJournal.
func (c *Client) SubmitOnce(ctx context.Context, key string, in Input) (*Job, error) {
	core, err := c.ready()
	if err != nil {
		return nil, err
	}
	if key == "" {
		return nil, &ConfigError{Reason: "the key of SubmitOnce is empty"}
	}
	job, err := core.submitInput(ctx, in, core.check, key)
	return unlessLate(ctx, job, err)
}

func (c *core) submitOnce(ctx context.Context, key string, s *submission) (*Job, error) {
	if c.journal == nil {
		return nil, &ConfigError{Reason: "a submit under a key needs a journal, see WithJournal"}
	}
	leave, err := c.once.enter(ctx, key)
	if err != nil {
		return nil, notSent(s, 0, SubmitPhaseConnect, contextErrors(ctx)...)
	}
	defer leave()
	record, job, err := c.claim(ctx, key, s)
	if job != nil || err != nil {
		return job, err
	}
	job, err = c.submit(ctx, s)
	c.settle(ctx, record, job, err)
	return job, err
}

// claim writes the intent to submit s under key. It returns the job instead if
// the key has led to one already. The media of s are checked in between: those
// of a job that exists may be gone by now.
func (c *core) claim(ctx context.Context, key string, s *submission) (intent JournalRecord, job *Job, err error) {
	now := time.Now().UTC()
	intent = JournalRecord{Key: key, State: JournalStateSending, Request: c.requestHash(s),
		Model: s.model, Origin: c.origin(), Started: now, Updated: now}
	checked := false
	for range 100 { // other processes may be at the same key
		old, found, err := c.journal.Get(ctx, key)
		switch {
		case err != nil:
			return intent, nil, &JournalError{Key: key, cause: err}
		case !found:
			old.Revision = 0
		case old.Request != intent.Request:
			return intent, nil, &JournalError{Key: key, cause: ErrKeyConflict}
		case old.State == JournalStateAccepted:
			return intent, c.acceptedJob(s, old.RequestID, old.Updated), nil
		case old.State != JournalStateRejected:
			return intent, nil, c.recordedDoubt(s, old)
		}
		if !checked {
			if err := s.check(ctx); err != nil {
				return intent, nil, err
			}
			checked = true
		}
		intent.Revision = old.Revision + 1
		var stored bool
		if found {
			stored, err = c.journal.CompareAndSwap(ctx, old.Revision, intent)
		} else {
			stored, err = c.journal.PutIfAbsent(ctx, intent)
		}
		if err != nil {
			return intent, nil, &JournalError{Key: key, cause: err}
		}
		if stored {
			return intent, nil, nil
		}
	}
	return intent, nil, &JournalError{Key: key, cause: errors.New("the journal keeps changing")}
}

// settle writes the end of a submit. When that fails the record stays in
// sending, which no later call takes for permission to submit.
func (c *core) settle(ctx context.Context, r JournalRecord, job *Job, err error) {
	next := r
	next.Revision, next.Updated = r.Revision+1, time.Now().UTC()
	var doubt *AmbiguousSubmitError
	switch {
	case err == nil:
		next.State, next.RequestID = JournalStateAccepted, job.id
	case errors.As(err, &doubt):
		next.State, next.RequestID, next.Reason = JournalStateAmbiguous, doubt.RequestID(), err.Error()
	default:
		next.State, next.Reason = JournalStateRejected, err.Error()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	stored, err := c.journal.CompareAndSwap(ctx, r.Revision, next)
	if err == nil && !stored {
		err = errors.New("the record was changed by another process")
	}
	if err != nil {
		c.log.LogAttrs(ctx, slog.LevelError, "runcomfy: the journal could not be written after a submit",
			slog.String("key", r.Key), slog.String("state", string(next.State)), slog.String("job", next.RequestID), slog.String("error", err.Error()))
	}
}

// recordedDoubt returns the error of a key whose submit is in doubt.
func (c *core) recordedDoubt(s *submission, r JournalRecord) error {
	e := &AmbiguousSubmitError{Model: s.model, Origin: r.Origin, BodySHA256: hex.EncodeToString(s.sum[:]), BodyBytes: int64(len(s.body)),
		Started: r.Started, Ended: r.Updated, Phase: SubmitPhaseSend, about: about{charged: ChargedMaybe},
		Reason: fmt.Sprintf("the journal has key %q in state %s: an earlier submit is in doubt", r.Key, r.State)}
	if r.State == JournalStateSending {
		e.Reason = fmt.Sprintf("the journal has key %q in state %s: another process submits it now, or died while it did", r.Key, r.State)
	}
	if validRequestID(r.RequestID) {
		e.names(c.acceptedJob(s, r.RequestID, r.Updated))
	}
	return e
}

// requestHash identifies a request, whatever the order and spacing of its JSON.
func (c *core) requestHash(s *submission) string {
	body := sha256.Sum256(canonicalJSON(s.body))
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%q\n%x", c.origin(), c.tokenHash(), s.model, body))
	return hex.EncodeToString(sum[:])
}

// canonicalJSON returns a JSON object with sorted keys and without spacing;
// numbers keep their spelling.
func canonicalJSON(body []byte) []byte {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return body // never: a submission's body is valid JSON
	}
	canonical, err := json.Marshal(v)
	if err != nil {
		return body
	}
	return canonical
}

// onceCalls lets one keyed submit at a time into each key.
type onceCalls struct {
	mu   sync.Mutex
	busy map[string]chan struct{} // closed when the call at the key leaves
}

// enter waits until key is free. The error is that of ctx.
func (o *onceCalls) enter(ctx context.Context, key string) (leave func(), err error) {
	for {
		o.mu.Lock()
		other, taken := o.busy[key]
		if !taken {
			done := make(chan struct{})
			if o.busy == nil {
				o.busy = map[string]chan struct{}{}
			}
			o.busy[key] = done
			o.mu.Unlock()
			return func() {
				o.mu.Lock()
				defer o.mu.Unlock()
				delete(o.busy, key)
				close(done)
			}, nil
		}
		o.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
