package client

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// A FileJournal is a Journal in a file of JSON lines, one per change, the last
// line of a key being its record. Lines are only ever appended, each is synced
// to the disk before the method returns, and the file is locked: one process
// at a time has it open. It checks itself: every line has a checksum, and a file
// that was cut, moved, removed or written by somebody else is found before the next
// submit. A submit finds room on the disk for its outcome before it begins.
type FileJournal struct{ *records } // no zero value: it would keep nothing

var errJournalClosed = errors.New("the journal is closed")

// The room that is kept free in the file: what an outcome may need more than its
// intent (an id and a reason), and by how much the file grows.
const (
	outcomeRoom  = 1024
	journalChunk = 64 << 10
)

// OpenJournal opens the journal at path, making it if there is none, with
// permissions for the user alone. A last line that a crash cut off is removed:
// nobody was told that it was written. If it holds the id of a job, its key becomes
// ambiguous with that job. Anything else that cannot be read is an error, which names
// the place and the repair: the journal would forget a job. So is a path that is not
// a regular file, and a journal that is open elsewhere. A journal in the format without
// checksums is rewritten. Close it when no client uses it any more.
func OpenJournal(path string) (*FileJournal, error) {
	for range 3 {
		j, err := openJournal(path)
		if !errors.Is(err, errJournalReplaced) {
			if err != nil {
				return nil, fmt.Errorf("runcomfy: open journal %s: %w", path, err)
			}
			return j, nil
		}
	}
	return nil, fmt.Errorf("runcomfy: open journal %s: %w", path, errJournalReplaced)
}

// errJournalReplaced is a file that was not at its path any more once it was locked.
var errJournalReplaced = errors.New("the file was replaced while it was opened")

func openJournal(path string) (*FileJournal, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := createJournal(path); err != nil {
			return nil, err
		}
	}
	file, err := openLocked(path)
	if err != nil {
		return nil, err
	}
	j, err := loadJournal(path, file)
	if err != nil {
		_ = file.Close()
	}
	return j, err
}

// loadJournal reads the locked file at path and takes off what a crash left.
func loadJournal(path string, file *os.File) (*FileJournal, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	f := &journalFile{file: file, path: path, info: info, size: info.Size(), room: map[string]int64{}}
	if err := f.present(); err != nil {
		return nil, errJournalReplaced
	}
	text, err := io.ReadAll(file)
	if err != nil {
		return nil, err
	}
	content, err := parseJournal(text)
	if err != nil {
		return nil, err
	}
	f.end, f.sum = content.end, content.sum
	outcome, torn := content.tornRecord()
	if torn {
		content.set(outcome)
	}
	if content.old {
		if err := f.upgrade(content); err != nil {
			return nil, fmt.Errorf("rewriting it with checksums: %w", err)
		}
		return nil, errJournalReplaced // by the new one
	}
	if content.unended {
		f.end--
		if err := f.write([]byte("\n")); err != nil {
			return nil, err
		}
		f.end++
	}
	if len(content.torn) > 0 {
		if err := f.clean(content.torn, outcome, torn); err != nil {
			return nil, err
		}
	}
	return &FileJournal{&records{byKey: content.byKey, keys: content.keys, file: f}}, nil
}

// Close closes the file, which releases its lock. What comes of submits under way
// is then not written: their calls return an error beside the job.
func (j *FileJournal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if errors.Is(j.err, errJournalClosed) {
		return nil
	}
	j.err = errJournalClosed
	return j.file.file.Close()
}

// A journalFile is the file of a FileJournal, whose lock guards it.
type journalFile struct {
	file   *os.File
	path   string
	info   os.FileInfo
	end    int64            // of the whole lines
	size   int64            // of the file: all from end on is blank
	sum    string           // of the last line
	room   map[string]int64 // that is kept for the outcome of each key in sending
	broken error            // after a write of which nobody knows what it left
}

// present returns an error unless the file at the path is still this one.
func (f *journalFile) present() error {
	info, err := os.Stat(f.path)
	if err != nil || !os.SameFile(info, f.info) {
		return fmt.Errorf("the file was moved or removed since it was opened (%s): put it back, or open the journal anew", f.path)
	}
	return nil
}

// append writes a record behind the whole lines and syncs it. An intent needs
// the file to be in its place, and room for its outcome. An outcome is written to
// the file wherever that is; an error beside true says that it is elsewhere.
func (f *journalFile) append(r JournalRecord) (stored bool, err error) {
	if f.broken != nil {
		return false, f.broken
	}
	intent := r.State == JournalStateSending
	moved := f.present()
	switch info, err := f.file.Stat(); {
	case err != nil:
		return false, err
	case info.Size() != f.size:
		return false, fmt.Errorf("something else has changed the file (%s) from %d to %d bytes: put it back as it was and open the journal anew", f.path, f.size, info.Size())
	case intent && moved != nil:
		return false, moved
	}
	object, err := encodeJSON(r)
	if err != nil {
		return false, err
	}
	line, sum := sealLine(object, f.sum)
	delete(f.room, r.Key)
	if intent {
		f.room[r.Key] = int64(len(line)) + outcomeRoom
	}
	need := f.end + int64(len(line)+len(journalPadding))
	for _, room := range f.room {
		need += room
	}
	if err := f.grow(need); err != nil && (intent || f.size < f.end+int64(len(line)+minPadding)) {
		delete(f.room, r.Key)
		return false, fmt.Errorf("there is no room for the record in %s: %w", f.path, err)
	}
	if err := f.write(line); err != nil {
		return false, err
	}
	f.end += int64(len(line))
	f.sum = sum
	return true, moved
}

// write writes text over the blanks behind the whole lines. After a failure nobody
// knows what the disk holds: the journal then takes nothing more.
func (f *journalFile) write(text []byte) error {
	_, err := f.file.WriteAt(text, f.end)
	if err == nil {
		err = f.file.Sync()
	}
	f.broken = err
	return err
}

// grow makes the file at least need bytes long, by blanks that lie on the disk. What
// a full disk took of them stays and does no harm.
func (f *journalFile) grow(need int64) (err error) {
	for _, size := range []int64{(need/journalChunk + 1) * journalChunk, need} {
		if need <= f.size {
			return nil
		}
		_, err = f.file.WriteAt(bytes.Repeat([]byte(" "), int(size-f.size)), f.size)
		if err == nil {
			err = f.file.Sync()
		}
		info, unknown := f.file.Stat()
		if unknown != nil {
			return unknown
		}
		f.size = info.Size()
	}
	if need <= f.size {
		return nil
	}
	return err
}

// clean takes off a torn line, in one write with what it says of its key.
func (f *journalFile) clean(torn []byte, outcome JournalRecord, known bool) error {
	line, sum := []byte(nil), f.sum
	if known {
		object, err := encodeJSON(outcome)
		if err != nil {
			return err
		}
		line, sum = sealLine(object, f.sum)
	}
	if err := f.grow(f.end + int64(max(len(line), len(torn))+len(journalPadding))); err != nil {
		return err
	}
	whole := slices.Concat(line, bytes.Repeat([]byte(" "), max(len(torn)-len(line), 0)))
	if err := f.write(whole); err != nil {
		return err
	}
	f.end += int64(len(line))
	f.sum = sum
	return nil
}

// upgrade puts a file with checksums in the place of this one and closes this one.
func (f *journalFile) upgrade(content *journalContent) error {
	path, err := filepath.EvalSymlinks(f.path)
	if err != nil {
		return err
	}
	var all []JournalRecord
	for _, key := range content.keys {
		all = append(all, content.byKey[key])
	}
	return writeJournal(path, all, func(written string) error {
		if err := os.Chmod(written, f.info.Mode().Perm()); err != nil {
			return err
		}
		return replaceLocked(f.file, written, path)
	})
}

// createJournal makes a journal at path unless there is one. The file gets its
// name when it is whole: an empty one is never a journal.
func createJournal(path string) error {
	return writeJournal(path, nil, func(written string) error {
		if err := renameNew(written, path); !errors.Is(err, fs.ErrExist) { // another process was quicker
			return err
		}
		return nil
	})
}

// writeJournal writes a journal beside path, and lets publish name it.
func writeJournal(path string, all []JournalRecord, publish func(written string) error) error {
	text, sum := sealLine([]byte(journalHeader), "")
	for _, r := range all {
		object, err := encodeJSON(r)
		if err != nil {
			return err
		}
		var line []byte
		line, sum = sealLine(object, sum)
		text = append(text, line...)
	}
	dir := filepath.Dir(path)
	file, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*.new")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(append(text, journalPadding...))
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return err
	}
	if err := publish(file.Name()); err != nil {
		return err
	}
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync() // the file's name; not every system can
		_ = d.Close()
	}
	return nil
}
