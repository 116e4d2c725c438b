package emit

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/output"

	"github.com/genclient/genclient/internal/plan"
)

// TestFilesAreDeterministic prints the same documents in any order and on any
// number of processors: every byte is the same. The file of a model does not
// depend on which others are chosen.
func TestFilesAreDeterministic(t *testing.T) {
	docs := everything(t)
	files := func(choose func(string) bool) []output.File {
		pkg, diags := plan.Build(docs, plan.Pins{}, plan.Options{Package: "client", Select: choose})
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		files, err := Files(pkg)
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	want := files(nil)
	r := rand.New(rand.NewPCG(1, 2))
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, processors := range []int{1, 2, 4} {
		runtime.GOMAXPROCS(processors)
		r.Shuffle(len(docs), func(i, j int) { docs[i], docs[j] = docs[j], docs[i] })
		if d := cmp.Diff(want, files(nil)); d != "" {
			t.Errorf("%d processors: -sorted +shuffled\n%s", processors, d)
		}
	}
	content := map[string]string{}
	for _, f := range want {
		content[f.Path] = string(f.Content)
	}
	half := files(func(id string) bool { return len(id)%2 == 0 })
	for _, f := range half {
		if d := cmp.Diff(content[f.Path], string(f.Content)); d != "" && f.Path != "doc"+Suffix && f.Path != "decode"+Suffix {
			t.Errorf("%s -among all +among half\n%s", f.Path, d)
		}
	}
	if len(half) >= len(want) || len(half) < 20 {
		t.Errorf("%d files of %d", len(half), len(want))
	}
}
