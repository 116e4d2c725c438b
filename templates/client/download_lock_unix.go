//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package client

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// openLockedPartial opens a partial file, which it makes if need be, for this
// download alone: the lock is the kernel's and goes with the process. The error is
// errLocked if another has it.
func openLockedPartial(path string) (*os.File, error) {
	for {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o666)
		if err != nil {
			return nil, err
		}
		if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			file.Close()
			if errors.Is(err, syscall.EWOULDBLOCK) {
				return nil, errLocked
			}
			return nil, err
		}
		opened, err := file.Stat()
		if err != nil || !opened.Mode().IsRegular() {
			file.Close()
			irregular := &fs.PathError{Op: "download", Path: path, Err: errors.New("not a regular file")}
			return nil, errors.Join(err, irregular)
		}
		// Between the opening and the lock the one before may have removed it.
		if named, err := os.Lstat(path); err == nil && os.SameFile(named, opened) {
			return file, nil
		}
		file.Close()
	}
}
