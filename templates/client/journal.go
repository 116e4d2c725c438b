package client

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"
)

// JournalState says what is known of the submit under a key.
type JournalState string

// The states of a journal record. A record that a dead process left in sending
// does not tell whether the job was accepted.
const (
	JournalStateSending   JournalState = "sending"   // a submit was about to start
	JournalStateAccepted  JournalState = "accepted"  // the job is RequestID
	JournalStateRejected  JournalState = "rejected"  // no job came of it: the same request may use the key again
	JournalStateAmbiguous JournalState = "ambiguous" // the submit ended in an *AmbiguousSubmitError
)

// A JournalRecord is what a Journal keeps under one key. It holds neither the
// token nor any value of the input.
type JournalRecord struct {
	Key       string       `json:"key"`
	Revision  int64        `json:"revision"` // 1 in a new record, one more with each change
	State     JournalState `json:"state"`
	RequestID string       `json:"request_id,omitempty"` // also of an ambiguous submit whose broken answer held it
	// Request identifies the request: the SHA-256, in hexadecimal, of origin,
	// token hash, model id and the hash of the canonical JSON of the body. Content
	// is the same without the token.
	Request string    `json:"request"`
	Content string    `json:"content,omitempty"`
	Model   string    `json:"model"`
	Origin  string    `json:"origin"`
	Started time.Time `json:"started"`
	Updated time.Time `json:"updated"`
	Reason  string    `json:"reason,omitempty"` // why a submit was rejected or is ambiguous, or who settled it
	Note    string    `json:"note,omitempty"`   // of the caller's, who writes it by CompareAndSwap; every change keeps it
}

// InDoubt reports whether it is not known if the record's submit was accepted:
// nothing is submitted under its key until it is settled, see SettleAccepted and
// SettleNotAccepted.
func (r JournalRecord) InDoubt() bool {
	accepted := r.State == JournalStateAccepted && validRequestID(r.RequestID)
	return !accepted && r.State != JournalStateRejected
}

// A Journal keeps one record per key, durably: when a method returns without
// an error, its change has survived a crash. Its methods are safe for
// concurrent use. In SQL they are a SELECT, an INSERT ... ON CONFLICT DO
// NOTHING and an UPDATE ... WHERE key = ? AND revision = ?.
type Journal interface {
	// Get returns the record under key, and false when there is none.
	Get(ctx context.Context, key string) (JournalRecord, bool, error)
	// PutIfAbsent stores r unless its key has a record; it reports whether it did.
	PutIfAbsent(ctx context.Context, r JournalRecord) (bool, error)
	// CompareAndSwap stores next in place of the record of the same key if
	// that has the given revision, and reports whether it did.
	CompareAndSwap(ctx context.Context, revision int64, next JournalRecord) (bool, error)
}

// A JournalLister is a Journal that can list its records. Both built-in journals are.
type JournalLister interface {
	Journal
	// Records yields every record, in the order of their keys' first submits. An
	// error is yielded last.
	Records(ctx context.Context) iter.Seq2[JournalRecord, error]
}

// A JournalError reports a journal that did not take what came of a submit, or a key
// that could not be settled. Of a submit its key stays in doubt: no later call
// submits under it, and none finds the job. Charged and RequestID are those of the
// submit.
type JournalError struct {
	Journal string // the path of a FileJournal, the type of any other
	Key     string

	about
	causes // the journal's error, then that of the submit if it failed
	job    *Job
}

func (e *JournalError) Error() string {
	s := fmt.Sprintf("runcomfy: journal %s, key %q: %s", e.Journal, e.Key, e.text)
	if e.job != nil && e.charged == ChargedYes {
		s += fmt.Sprintf("; job %s was accepted: keep its id, and settle the key with it", e.requestID)
	}
	return s
}

// Job returns the job that the submit led to, or nil.
func (e *JournalError) Job() *Job { return e.job }

// journalName is how errors name a journal.
func journalName(j Journal) string {
	if file, ok := j.(*FileJournal); ok {
		return file.file.path
	}
	return fmt.Sprintf("%T", j)
}

// A MemoryJournal is a Journal that lasts as long as the process: it keeps
// keyed submits apart, and forgets them in a crash.
type MemoryJournal struct{ records }

// NewMemoryJournal returns an empty journal.
func NewMemoryJournal() *MemoryJournal {
	return new(MemoryJournal)
}

// records has the methods of the built-in journals.
type records struct {
	mu    sync.Mutex
	byKey map[string]JournalRecord
	keys  []string // in their order
	file  *journalFile
	err   error // why the journal refuses everything
}

// Get, PutIfAbsent, CompareAndSwap and Records do what the interfaces say.
func (j *records) Get(_ context.Context, key string) (JournalRecord, bool, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r, found := j.byKey[key]
	return r, found, j.err
}

func (j *records) PutIfAbsent(_ context.Context, r JournalRecord) (bool, error) {
	return j.put(r, false, 0)
}

func (j *records) CompareAndSwap(_ context.Context, revision int64, next JournalRecord) (bool, error) {
	return j.put(next, true, revision)
}

func (j *records) Records(ctx context.Context) iter.Seq2[JournalRecord, error] {
	return func(yield func(JournalRecord, error) bool) {
		j.mu.Lock()
		keys, err := j.keys[:len(j.keys):len(j.keys)], j.err
		j.mu.Unlock()
		for _, key := range keys {
			r, _, broken := j.Get(ctx, key)
			if err = errors.Join(broken, ctx.Err()); err != nil {
				break
			}
			if !yield(r, nil) {
				return
			}
		}
		if err != nil {
			yield(JournalRecord{}, err)
		}
	}
}

func (j *records) put(r JournalRecord, replace bool, revision int64) (stored bool, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	old, found := j.byKey[r.Key]
	if j.err != nil || found != replace || old.Revision != revision {
		return false, j.err
	}
	if j.file != nil {
		if stored, err = j.file.append(r); !stored {
			return false, err
		}
	}
	j.set(r)
	return true, err
}

// set makes r the record of its key.
func (j *records) set(r JournalRecord) {
	if _, found := j.byKey[r.Key]; !found {
		j.keys = append(j.keys, r.Key)
	}
	if j.byKey == nil {
		j.byKey = map[string]JournalRecord{}
	}
	j.byKey[r.Key] = r
}
