package client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// ErrKeyConflict is what errors.Is finds in the *NotSentError of a key that was
// used for another request.
var ErrKeyConflict = errors.New("the key was used for another request")

// SubmitOnce is Submit under a key that makes it safe to run again: as long as
// the journal lasts, one key leads to at most one job. The same key with the
// same input returns the job that it already led to; with another input, model,
// token or base URL it is a *NotSentError with ErrKeyConflict, as one with the
// journal's own error is when the journal cannot be written. A key whose submit
// is in doubt, or that a process has left in the middle of one, is an
// *AmbiguousSubmitError, every time. The client needs WithJournal; programs that
// use one journal in several places share one Client, which serves a key in turn.
func (c *Client) SubmitOnce(ctx context.Context, key string, in Input) (*Job, error) {
	return c.submitKeyed(ctx, in, &key)
}

// submitOnce submits s under key: it writes the intent before a byte is sent,
// and the outcome after it.
func (c *core) submitOnce(ctx context.Context, key string, s *submission) (*Job, error) {
	switch {
	case c.journal == nil:
		return nil, &ConfigError{Reason: "a submit under a key needs a journal, see WithJournal"}
	case key == "" || !utf8.ValidString(key): // JSON would keep it as another key
		return nil, &ConfigError{Reason: "the key of a submit must be UTF-8 and not empty"}
	}
	// Calls of this client wait for one another: in the journal, a submit
	// under way looks like one that a crash broke off.
	done := make(chan struct{})
	for other, busy := c.keys.LoadOrStore(key, done); busy; other, busy = c.keys.LoadOrStore(key, done) {
		select {
		case <-other.(chan struct{}):
		case <-ctx.Done():
			return nil, notSent(s, 0, SubmitPhaseJournal, contextError(ctx))
		}
	}
	defer close(done)
	defer c.keys.Delete(key)

	now := time.Now().UTC()
	intent := JournalRecord{Key: key, Revision: 1, State: JournalStateSending, Request: c.requestHash(s),
		Model: s.model, Origin: c.origin, Started: now, Updated: now}
	old, found, err := c.journal.Get(ctx, key)
	switch {
	case err != nil || !found:
	case old.Request != intent.Request:
		err = ErrKeyConflict
	case old.State == JournalStateAccepted:
		return c.acceptedJob(s, old.RequestID, old.Updated), nil
	case old.State != JournalStateRejected:
		return nil, c.recordedDoubt(s, old)
	}
	if err != nil {
		return nil, notSent(s, 0, SubmitPhaseJournal, err)
	}
	// Media are checked only now: those of a job that exists may be gone.
	if err := s.check(ctx); err != nil {
		return nil, err
	}
	var stored bool
	if found {
		intent.Revision = old.Revision + 1
		stored, err = c.journal.CompareAndSwap(ctx, old.Revision, intent)
	} else {
		stored, err = c.journal.PutIfAbsent(ctx, intent)
	}
	if err == nil && !stored {
		err = errors.New("another process has just begun to submit under the key")
	}
	if err != nil {
		return nil, notSent(s, 0, SubmitPhaseJournal, err)
	}
	job, err := c.submit(ctx, s)
	c.settle(ctx, intent, job, err)
	return job, err
}

// settle writes the end of a submit. When that fails the record stays in
// sending, which no later call takes for permission to submit.
func (c *core) settle(ctx context.Context, sent JournalRecord, job *Job, err error) {
	r := sent
	r.Revision, r.Updated = sent.Revision+1, time.Now().UTC()
	var doubt *AmbiguousSubmitError
	switch {
	case err == nil:
		r.State, r.RequestID = JournalStateAccepted, job.id
	case errors.As(err, &doubt):
		r.State, r.RequestID, r.Reason = JournalStateAmbiguous, doubt.RequestID(), err.Error()
	default:
		r.State, r.Reason = JournalStateRejected, err.Error()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if stored, err := c.journal.CompareAndSwap(ctx, sent.Revision, r); err != nil || !stored {
		c.log.ErrorContext(ctx, "runcomfy: the journal was not written after a submit", "key", r.Key, "state", r.State, "job", r.RequestID, "error", err)
	}
}

// recordedDoubt returns the error of a key whose submit is in doubt.
func (c *core) recordedDoubt(s *submission, r JournalRecord) error {
	cause := fmt.Errorf("the journal has key %q in state %s: a process submits it now, or died while it did, or could not tell what came of it", r.Key, r.State)
	ended := r.Updated
	if r.State == JournalStateSending { // when the intent was written
		ended = time.Now()
	}
	e := c.ambiguous(&flight{submission: s, phase: SubmitPhaseSend, cause: cause, started: r.Started, ended: ended})
	if validRequestID(r.RequestID) {
		e.names(c.acceptedJob(s, r.RequestID, r.Updated))
	}
	return e
}

// requestHash identifies a request. The hash of the token tells accounts apart.
func (c *core) requestHash(s *submission) string {
	token, body := sha256.Sum256([]byte(c.token())), sha256.Sum256(canonicalJSON(s.body))
	return fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%s\n%x\n%q\n%x", c.origin, token, s.model, body)))
}

// canonicalJSON sorts the keys of valid JSON and takes out its spacing; numbers keep their spelling.
func canonicalJSON(body []byte) []byte {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	_ = d.Decode(&v) // cannot fail: newSubmission has checked it
	canonical, _ := json.Marshal(v)
	return canonical
}
