//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package client

import (
	"errors"
	"os"
)

// openLocked refuses: without a lock of the kernel's, which goes with the
// process, two processes could submit under one key.
func openLocked(string) (*os.File, error) {
	return nil, errors.New("this system has no file locks; keep the journal in a database")
}

func replaceLocked(*os.File, string, string) error { return errors.ErrUnsupported } // nothing is ever locked
