package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// maxNear is the most names that a hint suggests.
const maxNear = 3

// Near returns the names most like a wanted one, quoted, for a hint: those that share most of
// its pairs of neighbouring characters, and at least half of them.
func Near(wanted string, names []string) []string {
	want := pairs(wanted)
	type candidate struct {
		name   string
		shared int
	}
	var found []candidate
	for _, name := range names {
		shared := 0
		for pair := range pairs(name) {
			if want[pair] {
				shared++
			}
		}
		if shared > 0 && 2*shared >= len(want) {
			found = append(found, candidate{name, shared})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.shared, a.shared), cmp.Compare(len(a.name), len(b.name)),
			cmp.Compare(a.name, b.name))
	})
	var near []string
	for _, c := range found[:min(len(found), maxNear)] {
		near = append(near, fmt.Sprintf("%q", c.name))
	}
	return near
}

// pairs returns the pairs of neighbouring characters of s, case aside.
func pairs(s string) map[string]bool {
	set := map[string]bool{}
	runes := []rune(strings.ToLower(s))
	for i := range len(runes) - 1 {
		set[string(runes[i:i+2])] = true
	}
	return set
}
