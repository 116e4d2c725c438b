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
// same input returns the job that it already led to, also when the token has changed
// since; with another input, model or base URL it is a *NotSentError with
// ErrKeyConflict, as one with the journal's own error is when the journal cannot be
// written. A key whose submit is in doubt, or that a process has left in the middle
// of one, is an *AmbiguousSubmitError, every time, until it is settled (see
// SettleAccepted). When the journal does not take what came of the submit, the job is
// returned beside a *JournalError. The client needs WithJournal; programs that use one
// journal in several places share one Client, which serves a key in turn.
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

	intent := c.intent(key, s)
	old, found, err := c.journal.Get(ctx, key)
	if err == nil && found {
		var job *Job
		if job, err = c.recorded(s, old, intent); job != nil {
			return job, nil
		}
	}
	var doubt *AmbiguousSubmitError
	switch {
	case errors.As(err, &doubt):
		return nil, doubt
	case err != nil:
		return nil, notSent(s, 0, SubmitPhaseJournal, err)
	}
	// Media are checked only now: those of a job that exists may be gone.
	if err := s.check(ctx); err != nil {
		return nil, err
	}
	var stored bool
	if found {
		intent.Revision, intent.Note = old.Revision+1, old.Note
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
	if failure := c.writeOutcome(ctx, intent, job, err); failure != nil {
		err = c.unwritten(ctx, s, key, job, err, failure)
	}
	return job, err
}

// intent returns the record that is written before s is sent.
func (c *core) intent(key string, s *submission) JournalRecord {
	token, body := sha256.Sum256([]byte(c.token())), sha256.Sum256(canonicalJSON(s.body))
	hash := func(account []byte) string { // which tells accounts apart
		return fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%s\n%x\n%q\n%x", c.origin, account, s.model, body)))
	}
	now := time.Now().UTC()
	return JournalRecord{Key: key, Revision: 1, State: JournalStateSending, Request: hash(token[:]), Content: hash(nil),
		Model: s.model, Origin: c.origin, Started: now, Updated: now}
}

// recorded returns the job that the record of a key leads to, or why nothing may be
// submitted under it; neither when the same request may try again.
func (c *core) recorded(s *submission, old, intent JournalRecord) (*Job, error) {
	settled := old.State == JournalStateAccepted || old.State == JournalStateRejected
	switch {
	case old.Key != intent.Key:
		return nil, errors.New("the journal returned the record of another key")
	// The token may have changed since a submit whose end is known: it was renewed, or
	// it was what the API refused.
	case old.Request != intent.Request && !(settled && old.Content == intent.Content):
		return nil, ErrKeyConflict
	case old.InDoubt():
		return nil, c.recordedDoubt(s, old)
	case old.State == JournalStateAccepted:
		return c.acceptedJob(s, old.RequestID, old.Updated), nil
	}
	return nil, nil
}

// maxReason is the longest reason in a record: a file journal has room for it.
const maxReason = 256

// writeOutcome writes the end of a submit. When that fails the record stays in
// sending, which no later call takes for permission to submit.
func (c *core) writeOutcome(ctx context.Context, sent JournalRecord, job *Job, err error) error {
	r := sent
	r.Updated = time.Now().UTC()
	var doubt *AmbiguousSubmitError
	switch {
	case err == nil:
		r.State, r.RequestID = JournalStateAccepted, job.id
	case errors.As(err, &doubt):
		r.State, r.RequestID, r.Reason = JournalStateAmbiguous, doubt.RequestID(), cut(err.Error(), maxReason)
	default:
		r.State, r.Reason = JournalStateRejected, cut(err.Error(), maxReason)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	for last := sent; ; {
		r.Revision, r.Note = last.Revision+1, last.Note
		stored, err := c.journal.CompareAndSwap(ctx, last.Revision, r)
		if err != nil || stored {
			return err
		}
		// Somebody wrote a note, or took this process for dead and the key for one in
		// doubt: what came of the submit is known here, unless the key was used again.
		now, found, err := c.journal.Get(ctx, r.Key)
		switch {
		case err != nil:
			return err
		case found && now.State == r.State && now.RequestID == r.RequestID:
			return nil
		case !found || now.Request != sent.Request || !now.Started.Equal(sent.Started) || now.Revision <= last.Revision,
			now.State != JournalStateSending && (r.State != JournalStateAccepted || now.State == JournalStateAccepted):
			return fmt.Errorf("the record was changed while the submit was under way, to state %q%s", now.State, ofJob(now.RequestID))
		}
		last = now
	}
}

// unwritten returns the error of a submit whose end the journal did not take.
func (c *core) unwritten(ctx context.Context, s *submission, key string, job *Job, err, failure error) error {
	e := &JournalError{Journal: journalName(c.journal), Key: key, job: job}
	failure = fmt.Errorf("what came of the submit could not be written: %w", failure)
	e.causes = newCauses(s.secrets, failure)
	var known interface {
		error
		Charged() Charged
		RequestID() string
	}
	if job != nil {
		e.about = about{ChargedYes, job.id}
	} else if errors.As(err, &known) {
		e.about = about{known.Charged(), known.RequestID()}
		e.causes = newCauses(s.secrets, failure, err)
	}
	var doubt *AmbiguousSubmitError
	if errors.As(err, &doubt) {
		e.job = doubt.Job()
	}
	c.log.ErrorContext(ctx, "runcomfy: the journal was not written after a submit", "key", key, "job", e.requestID, "error", e)
	return e
}

// recordedDoubt returns the error of a key whose submit is in doubt.
func (c *core) recordedDoubt(s *submission, r JournalRecord) error {
	cause := fmt.Errorf("the journal has key %q in state %s: a process submits it now, or died while it did, or could not tell what came of it; "+
		"once that is found out, settle the key (SettleAccepted or SettleNotAccepted, genclient journal FILE settle)", r.Key, r.State)
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

// canonicalJSON sorts the keys of valid JSON and takes out its spacing; numbers keep their spelling.
func canonicalJSON(body []byte) []byte {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	_ = d.Decode(&v) // cannot fail: newSubmission has checked it
	canonical, _ := json.Marshal(v)
	return canonical
}
