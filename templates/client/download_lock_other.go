//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package client

import (
	"errors"
	"os"
)

// openLockedPartial refuses: without a lock two downloads could write to one file.
func openLockedPartial(string) (*os.File, error) {
	return nil, errors.New("this system has no file locks")
}
