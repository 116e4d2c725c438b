//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package client

import (
	"fmt"
	"os"
	"syscall"
)

// openLocked opens the file at path for reading and writing by this process
// alone. The lock is the kernel's: it goes with the process, however it ends.
func openLocked(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		return nil, fmt.Errorf("%s is open in another process: %w", path, err)
	}
	return file, nil
}
