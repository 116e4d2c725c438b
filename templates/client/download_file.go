package client

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
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
	if err != nil {
		return nil, err
	}
	return &partial{file: f, target: filepath.Join(dir, name), total: -1}, nil
}

// reset makes the file empty again.
func (p *partial) reset() error {
	p.size, p.total, p.version = 0, -1, ""
	if err := p.file.Truncate(0); err != nil {
		return err
	}
	_, err := p.file.Seek(0, io.SeekStart)
	return err
}

// discard removes the hidden name; a published file keeps its other one.
func (p *partial) discard() {
	_ = p.file.Close() // its content is given up, or synced already
	_ = os.Remove(p.file.Name())
}

// publish writes the file out to the disk and gives it its final name, which it
// returns. An existing file is kept: with the same content it stands for this
// one.
func (p *partial) publish(extension string) (string, error) {
	if err := p.file.Sync(); err != nil {
		return "", err
	}
	if err := p.file.Close(); err != nil {
		return "", err
	}
	final := p.target + extension
	err := renameNew(p.file.Name(), final)
	if errors.Is(err, fs.ErrExist) {
		same, compareErr := sameContent(p.file.Name(), final)
		switch {
		case compareErr != nil:
			err = compareErr
		case same:
			err = nil
		default:
			err = fmt.Errorf("a file with other content is there already: %w", err)
		}
	}
	if err != nil {
		return "", err
	}
	return final, nil
}

// renameNew gives a file a name that must not be taken. A hard link is the
// portable way to do so in one step; where the file system has none, the name
// is looked up first.
func renameNew(from, to string) error {
	if err := os.Link(from, to); err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	switch _, statErr := os.Lstat(to); {
	case statErr == nil:
		return &fs.PathError{Op: "rename", Path: to, Err: fs.ErrExist}
	case !errors.Is(statErr, fs.ErrNotExist):
		return statErr
	}
	return os.Rename(from, to)
}

// sameContent compares two files by their hashes. What is no regular file is
// never the same.
func sameContent(a, b string) (bool, error) {
	if info, err := os.Lstat(b); err != nil || !info.Mode().IsRegular() {
		return false, err
	}
	var sums [2][]byte
	for i, path := range []string{a, b} {
		f, err := os.Open(path)
		if err != nil {
			return false, err
		}
		hash := sha256.New()
		_, err = io.Copy(hash, f)
		_ = f.Close() // it was only read
		if err != nil {
			return false, err
		}
		sums[i] = hash.Sum(nil)
	}
	return bytes.Equal(sums[0], sums[1]), nil
}
