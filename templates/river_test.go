package templates

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write river.txtar from the folder river")

// TestRiverArchive compares river.txtar with the folder river: embedding does not
// reach into another module. make generate writes it.
func TestRiverArchive(t *testing.T) {
	names, err := filepath.Glob("river/*.go")
	if err != nil || len(names) < 5 {
		t.Fatal(names, err)
	}
	want := &txtar.Archive{Comment: []byte("Written from templates/river by make generate; do not edit.\n")}
	for _, name := range append(names, "river/go.mod") {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want.Files = append(want.Files, txtar.File{Name: filepath.Base(name), Data: text})
	}
	if *update {
		if err := os.WriteFile("river.txtar", txtar.Format(want), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(string(txtar.Format(want)), River); d != "" {
		t.Errorf("river.txtar is not what make generate writes (-want +got):\n%s", d)
	}
}
