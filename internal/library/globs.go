package library

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/genclient/genclient/internal/diag"
)

// Globs choose model ids: those that one of them matches, and that none with a
// leading "!" matches. Without one that chooses, all are chosen.
type Globs []string

// Check refuses a pattern that no id could ever be compared with.
func (g Globs) Check() error {
	for _, glob := range g {
		if pattern, _ := exclusion(glob); pattern == "" || !doublestar.ValidatePattern(pattern) {
			return fmt.Errorf("malformed GLOB %q", glob)
		}
	}
	return nil
}

// Match reports whether the globs choose an id.
func (g Globs) Match(id string) bool {
	matched, choosing := false, false
	for _, glob := range g {
		pattern, excludes := exclusion(glob)
		matches := doublestar.MatchUnvalidated(pattern, id)
		if excludes && matches {
			return false
		}
		choosing = choosing || !excludes
		matched = matched || matches
	}
	return matched || !choosing
}

// exclusion returns the pattern of a glob and whether it excludes what it matches.
func exclusion(glob string) (pattern string, excludes bool) { return strings.CutPrefix(glob, "!") }

// Choose returns the ids that the globs choose. A glob that matches none is an
// error: a misspelt one would quietly leave its models out.
func (g Globs) Choose(ids []string) ([]string, error) {
	for _, glob := range g {
		pattern, _ := exclusion(glob)
		if !slices.ContainsFunc(ids, func(id string) bool { return doublestar.MatchUnvalidated(pattern, id) }) {
			hint := NearHint(pattern, ids)
			if strings.Contains(glob, "*") {
				hint += " (* stays within a segment, ** crosses any number)"
			}
			return nil, fmt.Errorf("no model matches %q%s", glob, hint)
		}
	}
	chosen := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !g.Match(id) })
	if len(chosen) == 0 && len(g) > 0 {
		return nil, fmt.Errorf("no model is left of %q: a GLOB after ! excludes what the others choose", []string(g))
	}
	return chosen, nil
}

// NearHint is the end of an error about a glob, or an id, that matches no id.
func NearHint(glob string, ids []string) string {
	if near := diag.Near(strings.ReplaceAll(glob, "*", ""), ids); len(near) > 0 {
		return "; near it: " + strings.Join(near, ", ")
	}
	return ""
}
