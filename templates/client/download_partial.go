package client

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// A partial is a file on its way, hidden in the target folder and locked: its name
// follows from the job and the field, so that the next download goes on with it.
type partial struct {
	file    *os.File
	name    string // the final one without its extension
	ending  string // of its URL's path, in lower case
	size    int64  // bytes written so far
	info    partialInfo
	status  int  // of the last answer, 0 when none came
	whole   bool // the answer has ended as it should
	spoiled bool // nobody can go on with it
	moved   bool // it has its final name
}

// partialInfo is what is kept beside a partial file, in JSON, for the next process.
type partialInfo struct {
	Kind    string `json:"kind"`           // partialKind
	Version string `json:"etag,omitempty"` // strong entity tag, for If-Range
	Size    int64  `json:"size"`           // announced for the whole, -1 if not known
	Type    string `json:"type,omitempty"` // Content-Type
}

const (
	partialKind   = "runcomfy partial download, format 1"
	partialEnding = ".part"
	infoEnding    = ".part.info"
	partialLife   = 7 * 24 * time.Hour // after which nobody goes on with a partial file
)

// errLocked reports a partial file that another download has open.
var errLocked = errors.New("another download of the file is under way")

// openPartial opens the partial file of an output, or waits for the download that
// has it open as long as that grows.
func (d *downloader) openPartial(ctx context.Context, o outputFile) (*partial, error) {
	p := &partial{name: d.requestID + "-" + o.stem}
	if u, err := url.Parse(o.url); err == nil {
		p.ending = strings.ToLower(path.Ext(u.Path))
	}
	hidden := filepath.Join(d.dir, "."+p.name+partialEnding)
	var size int64
	for grown := time.Now(); ; {
		file, err := openLockedPartial(hidden)
		if err == nil {
			p.file = file
			break
		}
		if !errors.Is(err, errLocked) {
			// A file system without locks: two downloads of one file must not meet.
			unique := filepath.Join(d.dir, "."+p.name+"."+rand.Text()+partialEnding)
			if p.file, err = os.OpenFile(unique, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666); err != nil {
				return nil, err
			}
			break
		}
		if info, err := os.Lstat(hidden); err == nil && info.Size() != size {
			size, grown = info.Size(), time.Now()
		}
		if time.Since(grown) > d.limits.DownloadStall {
			return nil, fmt.Errorf("%w and does not go on: %s", errLocked, hidden)
		}
		if !sleep(ctx, 200*time.Millisecond) {
			return nil, contextError(ctx)
		}
	}
	if err := p.load(); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// load finds out how far an earlier download came.
func (p *partial) load() error {
	end, err := p.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	info, ok := readPartialInfo(p.file.Name())
	if end > 0 && (!ok || info.Version == "" || info.Size >= 0 && end > info.Size) {
		return p.reset()
	}
	p.size, p.info = end, info
	if end == 0 {
		p.info = partialInfo{Size: -1}
	}
	return nil
}

// readPartialInfo reads what is kept beside a partial file; ok is false if it is
// not there or not ours.
func readPartialInfo(hidden string) (info partialInfo, ok bool) {
	file, err := os.Open(infoPath(hidden))
	if err != nil {
		return partialInfo{}, false
	}
	defer file.Close()
	err = json.NewDecoder(io.LimitReader(file, 16<<10)).Decode(&info)
	return info, err == nil && info.Kind == partialKind
}

func infoPath(hidden string) string { return strings.TrimSuffix(hidden, partialEnding) + infoEnding }

// begin makes the file empty for a version of it. What is kept beside it is written
// while it is empty: bytes never belong to another version than the one named there.
func (p *partial) begin(info partialInfo) error {
	if err := p.reset(); err != nil {
		return err
	}
	info.Kind, info.Type = partialKind, cut(info.Type, maxTag)
	p.info = info
	return p.saveInfo()
}

func (p *partial) saveInfo() error {
	text, err := json.Marshal(p.info)
	if err != nil {
		return err
	}
	return os.WriteFile(infoPath(p.file.Name()), text, 0o666)
}

// finish notes that the answer has ended as it should.
func (p *partial) finish() error {
	p.whole = true
	if p.info.Size == p.size {
		return nil
	}
	p.info.Size = p.size // of an answer without a length
	return p.saveInfo()
}

// reset makes the file empty again.
func (p *partial) reset() error {
	p.size, p.whole, p.info = 0, false, partialInfo{Size: -1}
	_, err := p.file.Seek(0, io.SeekStart)
	return errors.Join(err, p.file.Truncate(0))
}

// fits reports whether a size announced for the whole agrees with the one known,
// and keeps it.
func (p *partial) fits(size int64) bool {
	if size >= 0 && p.info.Size >= 0 && size != p.info.Size {
		return false
	}
	p.info.Size = max(p.info.Size, size)
	return true
}

// complete reports whether nothing is missing.
func (p *partial) complete() bool {
	return p.whole || p.size > 0 && p.size == p.info.Size
}

// discard makes close remove the file.
func (p *partial) discard() { p.spoiled = true }

// close closes the file, and removes it unless the next download can go on with it.
func (p *partial) close() {
	resumable := p.size > 0 && p.info.Version != "" && !p.spoiled
	if p.moved || !resumable {
		removePartial(p.file)
		return
	}
	_ = p.file.Close() // what is missing is fetched again
}

// removePartial removes a partial file that is locked, and what is kept beside it.
// The lock goes last: until then nobody begins a file under the name.
func removePartial(file *os.File) {
	name := file.Name()
	opened, err := file.Stat()
	named, gone := os.Lstat(name)
	if err == nil && (gone != nil || !os.SameFile(opened, named)) {
		_ = file.Close() // it was renamed: what has the name now is somebody else's
		return
	}
	_ = os.Remove(infoPath(name))
	if os.Remove(name) != nil { // of an open file, on Windows
		_ = file.Close()
		_ = os.Remove(name)
	}
	_ = file.Close()
}

// list returns the names in the folder.
func (d *downloader) list() ([]string, error) {
	folder, err := os.Open(d.dir)
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	return folder.Readdirnames(-1)
}

// sweep removes the partial files that were left in the folder for partialLife: only
// those of downloads, and none that is locked.
func (d *downloader) sweep(names []string) {
	for _, name := range names {
		stem, noted := strings.CutSuffix(name, infoEnding)
		if !noted || !strings.HasPrefix(name, ".") {
			continue
		}
		hidden := filepath.Join(d.dir, stem+partialEnding)
		info, err := os.Lstat(hidden)
		if errors.Is(err, os.ErrNotExist) {
			info, err = os.Lstat(infoPath(hidden))
		}
		if err != nil || !info.Mode().IsRegular() || time.Since(info.ModTime()) < partialLife {
			continue
		}
		if _, ours := readPartialInfo(hidden); !ours {
			continue
		}
		if file, err := openLockedPartial(hidden); err == nil {
			removePartial(file)
		}
	}
}
