package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/genclient/genclient/bench"
	"github.com/genclient/genclient/internal/emit"
	"github.com/genclient/genclient/internal/ir"
)

// compareCompile builds the packages in turns, each time with one file changed so
// that this package, and nothing below it, is compiled again.
func compareCompile(w *workspace) error {
	runtime, err := emit.Files(&ir.Package{Name: bench.Package})
	if err != nil {
		return err
	}
	if err := writeFiles(w.path("one", "gen"), runtime); err != nil {
		return err
	}
	if err := w.module("one", "example.com/client"); err != nil {
		return err
	}
	sides := []string{"client", "one"}
	if w.outside != "" {
		sides = []string{"client", "floor", "one"}
	}
	costs := map[string][]cost{}
	nonce := time.Now().UnixNano()
	for round := -1; round < w.rounds; round++ {
		for _, side := range sides {
			stamp := fmt.Sprintf("package %s\n\n// Build %d of %d.\n", bench.Package, round, nonce)
			if err := os.WriteFile(w.path(side, "gen", "bench_round.go"), []byte(stamp), 0o644); err != nil {
				return err
			}
			c, err := goTool(w.path(side), "build", "./gen")
			if err != nil {
				return err
			}
			if round >= 0 { // the first build fills the cache with what is below
				costs[side] = append(costs[side], c)
			}
		}
	}
	for _, side := range sides {
		if err := os.Remove(w.path(side, "gen", "bench_round.go")); err != nil {
			return err
		}
	}
	t := newTable("", "CPU median", "CPU least", "wall median", "wall least")
	names := map[string]string{"client": "generated, runtime included", "floor": "floor", "one": "the runtime alone"}
	for _, side := range sides {
		cpu, wall := split(costs[side])
		t.row(names[side], seconds(median(cpu)), seconds(least(cpu)), seconds(median(wall)), seconds(least(wall)))
	}
	if w.outside == "" {
		return t.print()
	}
	cpu, wall := split(costs["client"])
	floorCPU, floorWall := split(costs["floor"])
	t.row("generated / floor", ratio(median(cpu), median(floorCPU)), ratio(least(cpu), least(floorCPU)),
		ratio(median(wall), median(floorWall)), ratio(least(wall), least(floorWall)))
	return t.print()
}

func split(costs []cost) (cpu, wall []time.Duration) {
	for _, c := range costs {
		cpu, wall = append(cpu, c.cpu), append(wall, c.wall)
	}
	return cpu, wall
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 2, 64) + " s" }
