package client

import (
	"context"
	"sync"
	"time"
)

// JournalState says what is known of the submit under a key.
type JournalState string

// The states of a journal record.
const (
	// JournalStateSending: a submit was about to start. If the process that
	// wrote it is gone, nobody knows whether the job was accepted.
	JournalStateSending JournalState = "sending"
	// JournalStateAccepted: the job is RequestID.
	JournalStateAccepted JournalState = "accepted"
	// JournalStateRejected: no job came of it; the key may be used again for
	// the same request.
	JournalStateRejected JournalState = "rejected"
	// JournalStateAmbiguous: the submit ended in an *AmbiguousSubmitError.
	JournalStateAmbiguous JournalState = "ambiguous"
)

// A JournalRecord is what a Journal keeps under one key. It holds neither the
// token nor any value of the input.
type JournalRecord struct {
	Key string `json:"key"`
	// Revision is 1 in a new record and grows by one with each change.
	Revision int64        `json:"revision"`
	State    JournalState `json:"state"`
	// Request identifies the request: the SHA-256, in hexadecimal, of origin,
	// token hash, model id and the hash of the canonical JSON of the body.
	Request string `json:"request"`
	Model   string `json:"model"`
	Origin  string `json:"origin"`
	// RequestID is the job's id, also for an ambiguous submit whose broken
	// answer still held it.
	RequestID string    `json:"request_id,omitempty"`
	Started   time.Time `json:"started"`
	Updated   time.Time `json:"updated"`
	// Reason is the text of the error of a rejected or ambiguous submit.
	Reason string `json:"reason,omitempty"`
}

// A Journal keeps one record per key, durably: when a method returns without
// an error, its change has survived a crash. Its methods are safe for
// concurrent use. In SQL they are a SELECT, an INSERT ... ON CONFLICT DO
// NOTHING and an UPDATE ... WHERE key = ? AND revision = ?.
type Journal interface {
	// Get returns the record under key, and false when there is none.
	Get(ctx context.Context, key string) (JournalRecord, bool, error)
	// PutIfAbsent stores r unless its key has a record, and reports whether
	// it did.
	PutIfAbsent(ctx context.Context, r JournalRecord) (bool, error)
	// CompareAndSwap stores next in place of the record of the same key if
	// that has the given revision, and reports whether it did.
	CompareAndSwap(ctx context.Context, revision int64, next JournalRecord) (bool, error)
}

// A MemoryJournal is a Journal that lasts as long as the process: it keeps
// keyed submits apart, and forgets them in a crash. Make it with
// NewMemoryJournal.
type MemoryJournal struct {
	mu      sync.Mutex
	records map[string]JournalRecord
}

// NewMemoryJournal returns an empty journal.
func NewMemoryJournal() *MemoryJournal {
	return &MemoryJournal{records: map[string]JournalRecord{}}
}

// Get returns the record under key.
func (j *MemoryJournal) Get(_ context.Context, key string) (JournalRecord, bool, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r, ok := j.records[key]
	return r, ok, nil
}

// PutIfAbsent stores r unless its key has a record.
func (j *MemoryJournal) PutIfAbsent(_ context.Context, r JournalRecord) (bool, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, ok := j.records[r.Key]; ok {
		return false, nil
	}
	j.records[r.Key] = r
	return true, nil
}

// CompareAndSwap stores next if the record under its key has the revision.
func (j *MemoryJournal) CompareAndSwap(_ context.Context, revision int64, next JournalRecord) (bool, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if old, ok := j.records[next.Key]; !ok || old.Revision != revision {
		return false, nil
	}
	j.records[next.Key] = next
	return true, nil
}
