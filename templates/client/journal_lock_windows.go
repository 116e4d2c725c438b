//go:build windows

package client

import (
	"fmt"
	"os"
	"syscall"
)

// openLocked opens the file at path for reading and writing by this process
// alone: the share mode keeps out other writers, however the process ends.
func openLocked(path string) (*os.File, error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	handle, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, syscall.FILE_SHARE_READ,
		nil, syscall.OPEN_EXISTING, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return nil, fmt.Errorf("%s is open in another process: %w", path, err)
	}
	return os.NewFile(uintptr(handle), path), nil
}

// replaceLocked puts the file from in the place of the locked one at to, whose lock
// goes before: a file that is open cannot be replaced.
func replaceLocked(locked *os.File, from, to string) error {
	if err := locked.Close(); err != nil {
		return err
	}
	return os.Rename(from, to)
}
