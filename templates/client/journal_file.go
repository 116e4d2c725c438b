package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// A FileJournal is a Journal in a file of JSON lines, one per change, the last
// line of a key being its record. Lines are only ever appended, each is synced
// to the disk before the method returns, and the file is locked: one process
// at a time has it open.
type FileJournal struct {
	records
	file *os.File
	size int64 // of the whole lines
}

// errJournalClosed is the error of a journal after Close.
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
	j := &FileJournal{file: file, records: records{byKey: map[string]JournalRecord{}}}
	j.save = j.append
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
func (j *FileJournal) load() error {
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
// the file is cut back to them. When even that fails, or the disk may have lost
// what it said to have, the journal is broken for good.
func (j *FileJournal) append(r JournalRecord) error {
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
	return nil
}

// Close closes the file, which releases its lock. The journal refuses
// everything after that.
func (j *FileJournal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if errors.Is(j.broken, errJournalClosed) {
		return nil
	}
	j.broken = errJournalClosed
	return j.file.Close()
}
