package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/spf13/cobra"
)

// globs choose model ids; none choose all.
type globs []string

// checkSyntax refuses a pattern that no id could ever be compared with.
func (g globs) checkSyntax(cmd *cobra.Command) error {
	for _, glob := range g {
		if !doublestar.ValidatePattern(glob) {
			return usagef(cmd, "malformed GLOB %q", glob)
		}
	}
	return nil
}

// match reports whether the globs choose an id.
func (g globs) match(id string) bool {
	return len(g) == 0 || slices.ContainsFunc(g, func(glob string) bool { return doublestar.MatchUnvalidated(glob, id) })
}

// choose returns the ids that the globs choose. A glob that matches none is an
// error: a misspelt one would quietly leave its models out.
func (g globs) choose(cmd *cobra.Command, ids []string) ([]string, error) {
	for _, glob := range g {
		if !slices.ContainsFunc(ids, globs{glob}.match) {
			hint := nearHint(glob, ids)
			if strings.Contains(glob, "*") {
				hint += " (* stays within a segment, ** crosses any number)"
			}
			return nil, usagef(cmd, "no model matches %q%s", glob, hint)
		}
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !g.match(id) }), nil
}

// maxNear is the most ids that an error suggests.
const maxNear = 3

// nearHint is the end of an error about a glob, or an id, that matches no id.
func nearHint(glob string, ids []string) string {
	if near := nearIDs(glob, ids); len(near) > 0 {
		return "; near it: " + strings.Join(near, ", ")
	}
	return ""
}

// nearIDs returns the ids most like a glob, for a hint: those that share most of
// its pairs of neighbouring characters, and at least half of them.
func nearIDs(glob string, ids []string) []string {
	wanted := pairs(strings.ReplaceAll(glob, "*", ""))
	type candidate struct {
		id     string
		shared int
	}
	var found []candidate
	for _, id := range ids {
		shared := 0
		for pair := range pairs(id) {
			if wanted[pair] {
				shared++
			}
		}
		if shared > 0 && 2*shared >= len(wanted) {
			found = append(found, candidate{id, shared})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.shared, a.shared), cmp.Compare(len(a.id), len(b.id)), cmp.Compare(a.id, b.id))
	})
	var near []string
	for _, c := range found[:min(len(found), maxNear)] {
		near = append(near, fmt.Sprintf("%q", c.id))
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
