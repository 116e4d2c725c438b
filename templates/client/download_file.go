package client

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// A partial is a file on its way: a hidden one in the target folder, so that
// giving it its name is a rename within one file system.
type partial struct {
	file    *os.File
	target  string // the final path without its extension
	size    int64  // bytes written so far
	total   int64  // bytes announced for the whole, -1 if not known
	version string // see versionOf
}

func newPartial(dir, name string) (*partial, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	// A name of its own keeps two downloads of one result apart.
	path := filepath.Join(dir, "."+name+"."+rand.Text()+".part")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	return &partial{file: f, target: filepath.Join(dir, name), total: -1}, err
}

// begin judges the head of an answer and makes p ready for its body; retry
// counts only beside an error. A file that has changed, or a server that sends
// another range, starts over.
func (p *partial) begin(resp *http.Response, resuming bool) (retry bool, err error) {
	start, total, ok := parseContentRange(resp.Header.Get("Content-Range"))
	now := versionOf(resp.Header)
	goesOn := ok && start == p.size && (total < 0 || p.total < 0 || total == p.total) && (now == "" || now == p.version)
	switch code := resp.StatusCode; {
	case code == http.StatusOK:
		err := p.reset()
		p.total, p.version = resp.ContentLength, now
		return false, err
	case code == http.StatusPartialContent && resuming && goesOn:
		return false, nil
	case code == http.StatusPartialContent && resuming, code == http.StatusRequestedRangeNotSatisfiable:
		return true, errors.Join(errors.New("the file changed while it was fetched"), p.reset())
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusNotFound, code == http.StatusGone:
		return false, fmt.Errorf("%w: HTTP status %d", errExpired, code)
	default:
		return repeatable(code) || code == http.StatusRequestTimeout || code >= 500, fmt.Errorf("HTTP status %d", code)
	}
}

// versionOf returns what If-Range can tell a version of a file by: a strong
// entity tag, or else the date of its last change.
func versionOf(h http.Header) string {
	if tag := h.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		return tag
	}
	return h.Get("Last-Modified")
}

// reset makes the file empty again.
func (p *partial) reset() error {
	p.size, p.total, p.version = 0, -1, ""
	_, err := p.file.Seek(0, io.SeekStart)
	return errors.Join(err, p.file.Truncate(0))
}

// discard removes the hidden name; a published file keeps its other one.
func (p *partial) discard() {
	_ = p.file.Close() // its content is given up, or synced already
	_ = os.Remove(p.file.Name())
}

// publish writes a complete file out to the disk and gives it its final name,
// whose extension follows from the content. An existing file is kept: with the
// same content it stands for this one.
func (p *partial) publish(output string) (File, error) {
	start := make([]byte, min(sniffLen, p.size))
	if _, err := p.file.ReadAt(start, 0); err != nil {
		return File{}, err
	}
	format := sniffMedia(start)
	if format.name == "" {
		return File{}, errUnknownMedia
	}
	if err := errors.Join(p.file.Sync(), p.file.Close()); err != nil {
		return File{}, err
	}
	path := p.target + format.extension
	if err := renameNew(p.file.Name(), path); err != nil && !(errors.Is(err, fs.ErrExist) && sameContent(p.file.Name(), path)) {
		return File{}, err
	}
	return File{Output: output, Path: path, Bytes: p.size, Format: format.name}, nil
}

// renameNew gives a file a name that must not be taken. A hard link is the
// portable way to do so in one step; where the file system has none, the name
// is looked up first.
func renameNew(from, to string) error {
	if err := os.Link(from, to); err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		return &fs.PathError{Op: "rename", Path: to, Err: fs.ErrExist}
	}
	return os.Rename(from, to)
}

// sameContent compares two files by their hashes. What is no regular file is
// never the same.
func sameContent(paths ...string) bool {
	var sums [2][]byte
	for i, path := range paths {
		if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
			return false
		}
		f, err := os.Open(path)
		if err != nil {
			return false
		}
		defer f.Close()
		hash := sha256.New()
		if _, err := io.Copy(hash, f); err != nil {
			return false
		}
		sums[i] = hash.Sum(nil)
	}
	return bytes.Equal(sums[0], sums[1])
}
