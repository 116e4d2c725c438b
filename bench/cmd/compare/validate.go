package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/genclient/genclient/bench"
)

// compareValidate times the validation of valid and invalid inputs in turns.
func compareValidate(w *workspace) error {
	validations, err := bench.Validations()
	if err != nil {
		return err
	}
	t := newTable("time of one call, median", "generated", "allocations", "by hand", "jsonschema", "generated / by hand", "jsonschema / generated")
	for _, v := range validations {
		loops := []bench.Loop{v.Generated, v.Handwritten, v.JSONSchema}
		times := make([][]time.Duration, len(loops))
		calls := make([]int, len(loops))
		for i, loop := range loops {
			calls[i] = callsFor(loop, 20*time.Millisecond)
		}
		for range 5 * w.rounds {
			for i, loop := range loops {
				took := timed(loop, calls[i])
				times[i] = append(times[i], took)
			}
		}
		var each [3]float64 // nanoseconds
		for i := range loops {
			each[i] = float64(median(times[i])) / float64(calls[i])
		}
		allocations := testing.AllocsPerRun(100, func() { v.Generated(1) })
		t.row(v.Name, nanoseconds(each[0]), fmt.Sprint(allocations), nanoseconds(each[1]), nanoseconds(each[2]),
			ratio(each[0], each[1]), fmt.Sprintf("%.0f", each[2]/each[0]))
	}
	return t.print()
}

// callsFor returns how many calls take about as long as wanted.
func callsFor(loop bench.Loop, wanted time.Duration) int {
	for n := 1; ; n *= 2 {
		if timed(loop, n) >= wanted {
			return n
		}
	}
}

func nanoseconds(ns float64) string { return fmt.Sprintf("%.1f ns", ns) }

func timed(loop bench.Loop, n int) time.Duration {
	start := time.Now()
	_ = loop(n) // that the verdict is right is tested in package bench
	return time.Since(start)
}
