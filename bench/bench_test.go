package bench_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/bench"
	"github.com/genclient/genclient/bench/synth"
	"github.com/genclient/genclient/internal/output"
)

// schemasFolder returns a schemas folder of n models.
func schemasFolder(t testing.TB, n int) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "schemas")
	if err := synth.Write(dir, synth.Documents(n)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// What is timed as a run with nothing to do must be one, and what is timed as
// jennifer's rendering must be that of the files that are written.
func TestMeasuredRuns(t *testing.T) {
	const n = 20
	schemas, out := schemasFolder(t, n), filepath.Join(t.TempDir(), "gen")
	plan, err := bench.Generate(schemas, out)
	if err != nil || plan.Count(output.Create) <= n || len(plan.Changes) != plan.Count(output.Create) {
		t.Fatalf("the full run: %v, %d files created of %d changes", err, plan.Count(output.Create), len(plan.Changes))
	}
	before := modified(t, out)
	plan, err = bench.Generate(schemas, out)
	if err != nil || len(plan.Changes) > 0 {
		t.Errorf("the second run: %v, %d changes", err, len(plan.Changes))
	}
	if diff := cmp.Diff(before, modified(t, out)); diff != "" {
		t.Errorf("the second run wrote: %s", diff)
	}
	pkg, err := bench.Load(schemas, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, render := range bench.Renderings(pkg) {
		var text bytes.Buffer
		for range 2 { // a benchmark renders again and again
			text.Reset()
			if err := render(&text); err != nil {
				t.Fatal(err)
			}
		}
		written, err := os.ReadFile(filepath.Join(out, pkg.Models[i].File+".gen.go"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(written), text.String()); diff != "" {
			t.Errorf("%s: %s", pkg.Models[i].ID, diff)
		}
	}
}

// modified returns the times at which the files of a folder were last written,
// by name.
func modified(t *testing.T, dir string) map[string]int64 {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int64{}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = info.ModTime().UnixNano()
	}
	return out
}

// models is how many models the benchmarks generate.
const models = 1000

// BenchmarkGenerate is a run into an empty folder, from files to files.
func BenchmarkGenerate(b *testing.B) {
	schemas, parent := schemasFolder(b, models), b.TempDir()
	b.ReportAllocs()
	for b.Loop() {
		out := filepath.Join(parent, "gen")
		plan, err := bench.Generate(schemas, out)
		if err != nil || len(plan.Changes) < models {
			b.Fatalf("%v, %d changes", err, len(plan.Changes))
		}
		b.StopTimer()
		if err := os.RemoveAll(out); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// BenchmarkRegenerate is a run with nothing to do.
func BenchmarkRegenerate(b *testing.B) { benchmarkUnchanged(b, bench.Generate) }

// BenchmarkCheck is a run of --check with nothing to report.
func BenchmarkCheck(b *testing.B) { benchmarkUnchanged(b, bench.Compare) }

func benchmarkUnchanged(b *testing.B, run func(schemas, out string) (*output.Plan, error)) {
	schemas, out := schemasFolder(b, models), filepath.Join(b.TempDir(), "gen")
	if _, err := bench.Generate(schemas, out); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		plan, err := run(schemas, out)
		if err != nil || len(plan.Changes) > 0 {
			b.Fatalf("%v, %d changes", err, len(plan.Changes))
		}
	}
}

// BenchmarkRender is jennifer's rendering of the models' files, gofmt included.
func BenchmarkRender(b *testing.B) {
	pkg, err := bench.Load(schemasFolder(b, models), nil)
	if err != nil {
		b.Fatal(err)
	}
	renderings := bench.Renderings(pkg)
	b.ReportAllocs()
	for b.Loop() {
		if err := bench.Render(renderings, ""); err != nil {
			b.Fatal(err)
		}
	}
}
