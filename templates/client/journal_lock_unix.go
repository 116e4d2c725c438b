//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package client

import (
	"fmt"
	"os"
	"syscall"
)

// openLocked opens the file at path for reading and writing by this process
// alone. The lock is the kernel's: it goes with the process, however it ends. A pipe
// is opened without waiting for its other end.
func openLocked(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|nonblocking, 0)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		return nil, fmt.Errorf("%s is open in another process: %w", path, err)
	}
	return file, nil
}

// replaceLocked puts the file from in the place of the locked one at to, whose lock
// then goes.
func replaceLocked(locked *os.File, from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return locked.Close()
}
