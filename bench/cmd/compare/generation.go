package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/genclient/genclient/bench"
	"github.com/genclient/genclient/internal/output"
)

// compareGeneration measures, in turns, a run into an empty folder, the same run
// again with nothing to do, the two as processes of the command, and jennifer's
// rendering of the models' files, in memory and written. The garbage collector
// is set for all as the command sets it.
func compareGeneration(w *workspace) error {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	command := w.path("bin", "genclient")
	if _, err := goTool("..", "build", "-o", command, "./cmd/genclient"); err != nil {
		return err
	}
	names := []string{"full run", "run with nothing to do", "full run of the command", "the command with nothing to do",
		"jennifer's rendering", "jennifer's rendering, written"}
	const full, unchanged, rendering = 0, 1, 4
	costs := make([][]cost, len(names))
	for range w.rounds {
		if err := os.RemoveAll(w.path("out")); err != nil {
			return err
		}
		out, commandOut, rendered := w.path("out", "gen"), w.path("out", "command"), w.path("out", "rendered")
		pkg, err := bench.Load(w.path("schemas"), nil)
		if err != nil {
			return err
		}
		var renderings []func(io.Writer) error // made late: a run is not to have their trees in its memory
		for i, measured := range []func() (cost, error){
			inProcess(func() error { return generate(w, out, w.n) }),
			inProcess(func() error { return generate(w, out, 0) }),
			func() (cost, error) { return runCommand(w, command, commandOut) },
			func() (cost, error) { return runCommand(w, command, commandOut) },
			inProcess(func() error { return bench.Render(renderings, "") }),
			inProcess(func() error { return bench.Render(renderings, rendered) }),
		} {
			if i == rendering {
				renderings = bench.Renderings(pkg)
			}
			c, err := measured()
			if err != nil {
				return err
			}
			costs[i] = append(costs[i], c)
		}
	}
	t := newTable("", "CPU median", "wall median", "wall least", "CPU / rendering", "wall / rendering", "least / rendering")
	base, baseWall := split(costs[rendering])
	for i, name := range names {
		cpu, wall := split(costs[i])
		t.row(name, milliseconds(median(cpu)), milliseconds(median(wall)), milliseconds(least(wall)),
			ratio(median(cpu), median(base)), ratio(median(wall), median(baseWall)), ratio(least(wall), least(baseWall)))
	}
	cpu, wall := split(costs[unchanged])
	fullCPU, fullWall := split(costs[full])
	if err := t.print(); err != nil {
		return err
	}
	fmt.Printf("nothing to do / full: CPU %s, wall %s, least %s\n", ratio(median(cpu), median(fullCPU)),
		ratio(median(wall), median(fullWall)), ratio(least(wall), least(fullWall)))
	return nil
}

// generate is one run, which has to create at least as many files as wanted, or
// for none to change nothing.
func generate(w *workspace, out string, wanted int) error {
	plan, err := bench.Generate(w.path("schemas"), out)
	if err == nil && (plan.Count(output.Create) < wanted || wanted == 0 && len(plan.Changes) > 0) {
		return fmt.Errorf("a run made %d changes, %d wanted", len(plan.Changes), wanted)
	}
	return err
}

func runCommand(w *workspace, command, out string) (cost, error) {
	return execute(exec.Command(command, "generate", "--schemas", w.path("schemas"), "--package", bench.Package, "--out", out))
}

// inProcess measures work of this process, after a collection of its garbage.
func inProcess(work func() error) func() (cost, error) {
	return func() (cost, error) {
		runtime.GC()
		before, err := cpuTime()
		if err != nil {
			return cost{}, err
		}
		start := time.Now()
		if err := work(); err != nil {
			return cost{}, err
		}
		wall := time.Since(start)
		after, err := cpuTime()
		return cost{after - before, wall}, err
	}
}

// cpuTime is what this process has used of the processors, in user and kernel
// mode together.
func cpuTime() (time.Duration, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, err
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), nil
}
