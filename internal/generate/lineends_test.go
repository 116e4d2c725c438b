package generate

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/genclient/genclient/internal/library"
)

// A checkout on Windows has CRLF line ends: that is no drift.
func TestCheckTakesCRLFForUpToDate(t *testing.T) {
	dir := t.TempDir()
	lib, err := library.Open("../../schemas")
	if err != nil {
		t.Fatal(err)
	}
	result, err := Run(Options{Package: "client", Out: dir, Library: lib})
	if err != nil || !result.Proceed {
		t.Fatal(err, result)
	}
	if err := result.Files.Apply(); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f, bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	result, err = Run(Options{Package: "client", Out: dir, Library: lib, Check: true})
	if err != nil || len(result.Files.Changes) > 0 || result.LineEnds != len(files) {
		t.Errorf("%v: %d of %d files, %v", err, result.LineEnds, len(files), result.Files.Changes)
	}
}
