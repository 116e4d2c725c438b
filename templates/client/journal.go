package client

import (
	"context"
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
	Key      string       `json:"key"`
	Revision int64        `json:"revision"` // 1 in a new record, one more with each change
	State    JournalState `json:"state"`
	// Request identifies the request: the SHA-256, in hexadecimal, of origin,
	// token hash, model id and the hash of the canonical JSON of the body.
	Request   string    `json:"request"`
	Model     string    `json:"model"`
	Origin    string    `json:"origin"`
	RequestID string    `json:"request_id,omitempty"` // also of an ambiguous submit whose broken answer held it
	Started   time.Time `json:"started"`
	Updated   time.Time `json:"updated"`
	Reason    string    `json:"reason,omitempty"` // the text of the error of a rejected or ambiguous submit
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

// A MemoryJournal is a Journal that lasts as long as the process: it keeps
// keyed submits apart, and forgets them in a crash.
type MemoryJournal struct{ records }

// NewMemoryJournal returns an empty journal.
func NewMemoryJournal() *MemoryJournal {
	return &MemoryJournal{records{byKey: map[string]JournalRecord{}, save: func(JournalRecord) error { return nil }}}
}

// records has the methods of the built-in journals.
type records struct {
	mu     sync.Mutex
	byKey  map[string]JournalRecord
	save   func(JournalRecord) error // makes a change durable; mu is held
	broken error                     // why the journal refuses everything
}

// Get returns the record under key.
func (j *records) Get(_ context.Context, key string) (JournalRecord, bool, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r, found := j.byKey[key]
	return r, found, j.broken
}

// PutIfAbsent stores r unless its key has a record.
func (j *records) PutIfAbsent(_ context.Context, r JournalRecord) (bool, error) {
	return j.put(r, func(_ JournalRecord, found bool) bool { return !found })
}

// CompareAndSwap stores next if the record under its key has the revision.
func (j *records) CompareAndSwap(_ context.Context, revision int64, next JournalRecord) (bool, error) {
	return j.put(next, func(old JournalRecord, found bool) bool { return found && old.Revision == revision })
}

func (j *records) put(r JournalRecord, allowed func(old JournalRecord, found bool) bool) (bool, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	old, found := j.byKey[r.Key]
	if j.broken != nil || !allowed(old, found) {
		return false, j.broken
	}
	if err := j.save(r); err != nil {
		return false, err
	}
	j.byKey[r.Key] = r
	return true, nil
}
