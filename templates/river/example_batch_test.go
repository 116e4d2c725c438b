package runcomfyriver

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/genclient/genclient/mock"
)

// TestExampleBatch takes examples/batch from its go:generate directive to finished
// requests, in a copy: a module with the adapter builds, and a second run pays for
// nothing.
func TestExampleBatch(t *testing.T) {
	if testing.Short() {
		t.Skip("builds genclient and a module")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "batch")
	if err := os.CopyFS(dir, committed{os.DirFS(filepath.Join(root, "examples", "batch"))}); err != nil {
		t.Fatal(err)
	}
	goMod := filepath.Join(dir, "go.mod")
	text, err := os.ReadFile(goMod)
	if err != nil {
		t.Fatal(err)
	}
	replaced := strings.Replace(string(text), "genclient => ../..", "genclient => "+filepath.ToSlash(root), 1)
	if err := os.WriteFile(goMod, []byte(replaced), 0o666); err != nil {
		t.Fatal(err)
	}
	goTool := func(args ...string) {
		t.Helper()
		cmd := exec.Command("go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	goTool("generate", "./...")
	goTool("mod", "tidy", "-diff")
	goTool("vet", "./...")
	goTool("build", "-o", "program", ".")

	server := newMock(t, mock.WithModels(pricedModel(0.5)))
	if err := os.WriteFile(filepath.Join(dir, "few.csv"), []byte("a,A fox.\nb,\"A boat, at dawn.\"\nc,A kite.\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	batch := func(args ...string) string {
		t.Helper()
		cmd := exec.Command(filepath.Join(dir, "program"), append(args, "--prompts", "few.csv", "--base-url", server.URL())...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "RUNCOMFY_API_TOKEN="+server.Token())
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %s", err, stderr.String())
		}
		return strings.Join(strings.Fields(string(out)), " ")
	}
	const rest = " failed 0 ambiguous 0 spent "
	for _, test := range []struct {
		args    []string
		want    string
		charges int
	}{
		{[]string{"--max-cost", "0.9"}, "queued 2 running 0 done 1" + rest + "$0.50, and 0 of unknown cost held one more request could pass the 0.90 dollars of Config.MaxCost", 1},
		{[]string{"--status"}, "queued 2 running 0 done 1" + rest + "$0.50, and 0 of unknown cost", 1},
		{nil, "queued 0 running 0 done 3" + rest + "$1.50, and 0 of unknown cost", 3},
		{nil, "queued 0 running 0 done 3" + rest + "$1.50, and 0 of unknown cost", 3},
	} {
		if got := batch(test.args...); got != test.want || len(server.Ledger()) != test.charges {
			t.Errorf("%v printed %q, %d charges; want %q, %d", test.args, got, len(server.Ledger()), test.want, test.charges)
		}
	}
}

// committed is a folder without what its programs and directives write.
type committed struct{ fs.FS }

func (c committed) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(c.FS, name)
	var kept []fs.DirEntry
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".gen.go") && !strings.Contains(e.Name(), ".db") && e.Name() != "runcomfyriver" {
			kept = append(kept, e)
		}
	}
	return kept, err
}
