//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package client

import (
	"fmt"
	"os"
)

// openLocked opens the file at path for reading and writing by this process
// alone. Where the kernel has no lock that goes with the process, a second file
// stands for it, and a crash leaves that file behind: its removal is left to
// the user, who alone knows that no other process has the journal open.
func openLocked(path string) (*os.File, func() error, error) {
	lock, err := os.OpenFile(path+".lock", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("%s is open in another process, or one that had it open crashed: %w", path, err)
	}
	release := func() error { return os.Remove(path + ".lock") }
	if err := lock.Close(); err != nil {
		return nil, nil, err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("%w (%v)", err, release())
	}
	return file, release, nil
}
