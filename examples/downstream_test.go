// Package examples_test runs the examples that are modules of their own, in
// copies, so that what they generate does not have to be committed.
package examples_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/genclient/genclient/internal/cli"
)

// TestDownstream takes the README's steps in a copy of the module downstream:
// the directive generates the client, the program compiles and runs with Go
// 1.24 and no requirement, and --check finds the files up to date.
func TestDownstream(t *testing.T) {
	if testing.Short() {
		t.Skip("builds genclient and a module")
	}
	t.Logf("the command at %p is linked in, so that a change of it makes a cached result stale", cli.Main)
	dir := copyDownstream(t)
	goCommand(t, dir, "generate", "./...")
	goCommand(t, dir, "vet", "./...")
	if out := goCommand(t, dir, "run", "."); !strings.Contains(out, "duration") {
		t.Errorf("the program prints %q, want the violation of duration", out)
	}
	goCommand(t, filepath.Join(dir, "runcomfy"), "tool", "-modfile=../tools.mod", "genclient", "generate",
		"--package", "runcomfy", "--models", "kling/kling-2-6/**", "--check")
	// A model that goes: the go command has listed its file, which stays as a
	// placeholder until the next run.
	const fewer = "kling/kling-2-6/pro/text-to-video"
	directive := strings.Replace(read(t, dir, "runcomfy/generate.go"), "kling/kling-2-6/**", fewer, 1)
	write(t, directive, dir, "runcomfy/generate.go")
	gone := filepath.Join(dir, "runcomfy", "kling2_6_pro_image_to_video_model.gen.go")
	goCommand(t, dir, "generate", "./...")
	if text := read(t, gone); !strings.Contains(text, "//go:build ignore") {
		t.Errorf("left of the model that goes:\n%s", text)
	}
	goCommand(t, dir, "vet", "./...")
	goCommand(t, filepath.Join(dir, "runcomfy"), "tool", "-modfile=../tools.mod", "genclient", "generate",
		"--package", "runcomfy", "--models", fewer, "--check")
	goCommand(t, dir, "generate", "./...")
	if _, err := os.Stat(gone); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the placeholder is still there: %v", err)
	}
	if after, want := read(t, dir, "go.mod"), read(t, "downstream", "go.mod"); after != want {
		t.Errorf("go.mod changed to:\n%s", after)
	}
}

// copyDownstream returns a copy of the module with genclient replaced by this
// repository.
func copyDownstream(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"go.mod", "tools.mod", "tools.sum", "main.go", "runcomfy/generate.go"} {
		text := read(t, "downstream", name)
		if name == "tools.mod" {
			root, err := filepath.Abs("..")
			if err != nil {
				t.Fatal(err)
			}
			const replaced = "genclient => ../.."
			if !strings.Contains(text, replaced) {
				t.Fatalf("tools.mod has no %q", replaced)
			}
			text = strings.Replace(text, replaced, "genclient => "+filepath.ToSlash(root), 1)
		}
		write(t, text, dir, name)
	}
	return dir
}

// goCommand runs the go command in dir and returns what it prints to standard
// output.
func goCommand(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s%s", strings.Join(args, " "), err, out, stderr.String())
	}
	return string(out)
}

func read(t *testing.T, elem ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(elem...))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func write(t *testing.T, text string, elem ...string) {
	t.Helper()
	name := filepath.Join(elem...)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
