package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// table prints aligned columns.
type table struct{ w *tabwriter.Writer }

func newTable(headings ...string) table {
	t := table{tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)}
	t.row(headings...)
	return t
}

func (t table) row(cells ...string) { fmt.Fprintln(t.w, strings.Join(cells, "\t")+"\t") }

func (t table) print() error { return t.w.Flush() }

// number is what can be compared as a ratio.
type number interface {
	~int | ~int64 | ~float64
}

func median[T cmp.Ordered](values []T) T {
	return slices.Sorted(slices.Values(values))[len(values)/2]
}

func least[T cmp.Ordered](values []T) T { return slices.Min(values) }

func ratio[T number](a, b T) string { return fmt.Sprintf("%.3f", float64(a)/float64(b)) }

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.0f ms", d.Seconds()*1000) }
