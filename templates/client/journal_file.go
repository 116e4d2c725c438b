package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// A FileJournal is a Journal in a file of JSON lines, one per change, the last
// line of a key being its record. Lines are only ever appended, each is synced
// to the disk before the method returns, and the file is locked: one process
// at a time has it open.
type FileJournal struct {
	mu      sync.Mutex
	file    *os.File
	unlock  func() error
	size    int64 // of the whole lines
	records map[string]JournalRecord
	broken  error // why nothing more can be written
}

// errJournalClosed is the error of a journal after Close.
var errJournalClosed = errors.New("the journal is closed")

// OpenJournal opens the journal at path, making it if there is none, with
// permissions for the user alone. A last line that a crash cut off is removed:
// nobody was told that it was written. Any other line that cannot be read is an
// error, since the journal would forget a job. So is a journal that is open
// elsewhere. Close it when no client uses it any more.
func OpenJournal(path string) (*FileJournal, error) {
	file, unlock, err := openLocked(path)
	if err != nil {
		return nil, fmt.Errorf("runcomfy: open journal: %w", err)
	}
	j := &FileJournal{file: file, unlock: unlock, records: map[string]JournalRecord{}}
	if err := j.load(); err != nil {
		return nil, fmt.Errorf("runcomfy: open journal %s: %w", path, errors.Join(err, file.Close(), unlock()))
	}
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		_ = dir.Sync() // the file's name; not every system can
		_ = dir.Close()
	}
	return j, nil
}

// load reads the lines and takes off what a crash left of the last one.
func (j *FileJournal) load() error {
	content, err := io.ReadAll(j.file)
	if err != nil {
		return err
	}
	for n := 1; len(content) > 0; n++ {
		line, rest, whole := bytes.Cut(content, []byte("\n"))
		var r JournalRecord
		err := json.Unmarshal(line, &r)
		switch {
		case !whole:
			// Cut off, or whole but for its end: a beginning of a JSON object
			// is never one itself, so what can be read is true.
			if err != nil || r.Key == "" {
				return j.file.Truncate(j.size)
			}
			if _, err := j.file.WriteAt([]byte("\n"), j.size+int64(len(line))); err != nil {
				return err
			}
			if err := j.file.Sync(); err != nil {
				return err
			}
		case err != nil || r.Key == "" || r.Revision < 1:
			return fmt.Errorf("line %d is not a journal record", n)
		}
		j.records[r.Key] = r
		j.size += int64(len(line)) + 1
		content = rest
	}
	return nil
}

// append writes a record behind the whole lines and syncs it; j.mu is held.
// After a failure the file is cut back to them. When even that fails, or the
// disk may have lost what it said to have, the journal is broken for good.
func (j *FileJournal) append(r JournalRecord) error {
	if j.broken != nil {
		return j.broken
	}
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	line = append(line, '\n')
	if _, err := j.file.WriteAt(line, j.size); err != nil {
		if cutErr := j.file.Truncate(j.size); cutErr != nil {
			j.broken = errors.Join(err, cutErr)
		}
		return err
	}
	if err := j.file.Sync(); err != nil {
		j.broken = fmt.Errorf("the journal may have lost records: %w", err)
		return j.broken
	}
	j.size += int64(len(line))
	j.records[r.Key] = r
	return nil
}

// Get returns the record under key.
func (j *FileJournal) Get(_ context.Context, key string) (JournalRecord, bool, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r, ok := j.records[key]
	return r, ok, j.broken
}

// PutIfAbsent appends r unless its key has a record.
func (j *FileJournal) PutIfAbsent(_ context.Context, r JournalRecord) (bool, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, ok := j.records[r.Key]; ok {
		return false, j.broken
	}
	if err := j.append(r); err != nil {
		return false, err
	}
	return true, nil
}

// CompareAndSwap appends next if the record under its key has the revision.
func (j *FileJournal) CompareAndSwap(_ context.Context, revision int64, next JournalRecord) (bool, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if old, ok := j.records[next.Key]; !ok || old.Revision != revision {
		return false, j.broken
	}
	if err := j.append(next); err != nil {
		return false, err
	}
	return true, nil
}

// Close closes the file and releases its lock. The journal refuses everything
// after that.
func (j *FileJournal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if errors.Is(j.broken, errJournalClosed) {
		return nil
	}
	j.broken = errJournalClosed
	return errors.Join(j.file.Close(), j.unlock())
}
