package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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
	return new(MemoryJournal)
}

// records has the methods of the built-in journals.
type records struct {
	mu     sync.Mutex
	byKey  map[string]JournalRecord
	file   *os.File // nil in memory
	size   int64    // of its whole lines
	broken error    // why the journal refuses everything
}

// Get, PutIfAbsent and CompareAndSwap do what Journal says.
func (j *records) Get(_ context.Context, key string) (JournalRecord, bool, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r, found := j.byKey[key]
	return r, found, j.broken
}

func (j *records) PutIfAbsent(_ context.Context, r JournalRecord) (bool, error) {
	return j.put(r, false, 0)
}

func (j *records) CompareAndSwap(_ context.Context, revision int64, next JournalRecord) (bool, error) {
	return j.put(next, true, revision)
}

func (j *records) put(r JournalRecord, replace bool, revision int64) (bool, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	old, found := j.byKey[r.Key]
	if j.broken == nil && found == replace && old.Revision == revision {
		if j.broken = j.append(r); j.broken == nil {
			if j.byKey == nil {
				j.byKey = map[string]JournalRecord{}
			}
			j.byKey[r.Key] = r
			return true, nil
		}
	}
	return false, j.broken
}

// A FileJournal is a Journal in a file of JSON lines, one per change, the last
// line of a key being its record. Lines are only ever appended, each is synced
// to the disk before the method returns, and the file is locked: one process
// at a time has it open.
type FileJournal struct{ *records } // no zero value: it would keep nothing

var errJournalClosed = errors.New("the journal is closed")

// OpenJournal opens the journal at path, making it if there is none, with
// permissions for the user alone. A last line that a crash cut off is removed:
// nobody was told that it was written. Any other line that cannot be read is an
// error, since the journal would forget a job. So is a journal that is open
// elsewhere. Close it when no client uses it any more.
func OpenJournal(path string) (*FileJournal, error) {
	file, err := openLocked(path)
	if err != nil {
		return nil, fmt.Errorf("runcomfy: open journal: %w", err)
	}
	j := &FileJournal{&records{byKey: map[string]JournalRecord{}, file: file}}
	if err := j.load(); err != nil {
		return nil, fmt.Errorf("runcomfy: open journal %s: %w", path, errors.Join(err, file.Close()))
	}
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		_ = dir.Sync() // the file's name; not every system can
		_ = dir.Close()
	}
	return j, nil
}

// load reads the lines and takes off what a crash left of the last one.
func (j *records) load() error {
	content, err := io.ReadAll(j.file)
	if err != nil {
		return err
	}
	for n := 1; len(content) > 0; n++ {
		line, rest, whole := bytes.Cut(content, []byte("\n"))
		var r JournalRecord
		bad := json.Unmarshal(line, &r) != nil || r.Key == "" || r.Revision < 1
		switch {
		case bad && whole:
			return fmt.Errorf("line %d is not a journal record", n)
		case bad:
			return j.file.Truncate(j.size)
		case !whole: // a beginning of a JSON object is never one itself, so the record is true
			if _, err := j.file.WriteAt([]byte("\n"), j.size+int64(len(line))); err != nil {
				return err
			}
		}
		j.byKey[r.Key] = r
		j.size += int64(len(line)) + 1
		content = rest
	}
	return nil
}

// append writes a record behind the whole lines and syncs it. After a failure
// nobody knows what the disk holds: the journal then refuses everything.
func (j *records) append(r JournalRecord) error {
	if j.file == nil {
		return nil
	}
	line, err := json.Marshal(r)
	if err == nil {
		_, err = j.file.WriteAt(append(line, '\n'), j.size)
	}
	j.size += int64(len(line)) + 1
	return cmp.Or(err, j.file.Sync())
}

// Close closes the file, which releases its lock.
func (j *FileJournal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if errors.Is(j.broken, errJournalClosed) {
		return nil
	}
	j.broken = errJournalClosed
	return j.file.Close()
}
