package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/genclient/genclient/bench"
	"github.com/genclient/genclient/internal/output"
)

// compareGeneration times, in turns, a run into an empty folder, the same run
// again with nothing to do, and jennifer's rendering of the models' files.
func compareGeneration(w *workspace) error {
	var full, unchanged, rendering []time.Duration
	for range w.rounds {
		out := w.path("out")
		if err := os.RemoveAll(out); err != nil {
			return err
		}
		var plan *output.Plan
		generate := func() (err error) {
			plan, err = bench.Generate(w.path("schemas"), out)
			return err
		}
		took, err := timed(generate)
		if err != nil {
			return err
		}
		full = append(full, took)
		if plan.Count(output.Create) < w.n {
			return fmt.Errorf("a full run made %d files of %d models", plan.Count(output.Create), w.n)
		}
		if took, err = timed(generate); err != nil {
			return err
		}
		unchanged = append(unchanged, took)
		if len(plan.Changes) > 0 {
			return errors.New("a run with nothing to do has changes")
		}
		pkg, err := bench.Load(w.path("schemas"), nil)
		if err != nil {
			return err
		}
		renderings := bench.Renderings(pkg)
		if took, err = timed(func() error { return bench.Render(renderings) }); err != nil {
			return err
		}
		rendering = append(rendering, took)
	}
	t := newTable("", "median", "least", "median / rendering", "least / rendering")
	for _, r := range []struct {
		name  string
		times []time.Duration
	}{{"full run", full}, {"run with nothing to do", unchanged}, {"jennifer's rendering", rendering}} {
		t.row(r.name, milliseconds(median(r.times)), milliseconds(least(r.times)),
			ratio(median(r.times), median(rendering)), ratio(least(r.times), least(rendering)))
	}
	t.row("nothing to do / full", ratio(median(unchanged), median(full)), ratio(least(unchanged), least(full)), "", "")
	return t.print()
}

func timed(f func() error) (time.Duration, error) {
	runtime.GC()
	start := time.Now()
	err := f()
	return time.Since(start), err
}
