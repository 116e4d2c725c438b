package floor_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/genclient/genclient/bench/floor"
	"github.com/genclient/genclient/bench/synth"
	"github.com/genclient/genclient/internal/ir"
)

// A floor that does not compile would be no measure. Everything that package
// synth draws stands in the first two hundred documents.
func TestFloorCompiles(t *testing.T) {
	pkg, _ := ir.Build(synth.Documents(200), ir.Pins{}, ir.Options{Package: "gen"})
	dir := t.TempDir()
	for _, f := range floor.Files(pkg) {
		file := filepath.Join(dir, "gen", filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, f.Content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/m\n\ngo 1.24\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "./...")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "GOPROXY=off")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}
