//go:build unix

package client

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestFileURIPipe names a pipe that nobody writes to: opening it would block.
func TestFileURIPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe.png")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := FileURI(path); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("FileURI: %v", err)
	}
}
