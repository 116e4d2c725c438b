package examples_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadme runs the program of the README as it stands under genclient mock. It
// downloads what the model makes, and the emulator reports nothing that was left.
func TestReadme(t *testing.T) {
	if testing.Short() {
		t.Skip("builds genclient and a program")
	}
	_, text, found := strings.Cut(read(t, "..", "README.md"), "```go\npackage main\n")
	program, _, ended := strings.Cut(text, "```")
	if !found || !ended {
		t.Fatal("the README has no program")
	}
	dir := t.TempDir()
	source := filepath.Join(dir, "main.go")
	if err := os.WriteFile(source, []byte("package main\n"+program), 0o600); err != nil {
		t.Fatal(err)
	}
	goCommand(t, "..", "build", "-o", filepath.Join(dir, "program"), source)
	goCommand(t, "..", "build", "-o", filepath.Join(dir, "genclient"), "./cmd/genclient")
	cmd := exec.Command(filepath.Join(dir, "genclient"), "mock", "--speed", "200", "--", filepath.Join(dir, "program"))
	cmd.Dir = dir
	printed, err := cmd.CombinedOutput()
	out := string(printed)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"-videos-1.mp4 200248 bytes\n", "mock: 1 submit, 1 charged\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "never fetched") {
		t.Errorf("a file was left:\n%s", out)
	}
	if files, err := filepath.Glob(filepath.Join(dir, "outputs", "*.mp4")); err != nil || len(files) != 1 {
		t.Errorf("files %q, %v", files, err)
	}
}
