package library

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/genclient/genclient/internal/diag"
)

// Globs choose model ids; none choose all.
type Globs []string

// Check refuses a pattern that no id could ever be compared with.
func (g Globs) Check() error {
	for _, glob := range g {
		if !doublestar.ValidatePattern(glob) {
			return fmt.Errorf("malformed GLOB %q", glob)
		}
	}
	return nil
}

// Match reports whether the globs choose an id.
func (g Globs) Match(id string) bool {
	return len(g) == 0 || slices.ContainsFunc(g,
		func(glob string) bool { return doublestar.MatchUnvalidated(glob, id) })
}

// Choose returns the ids that the globs choose. A glob that matches none is an
// error: a misspelt one would quietly leave its models out.
func (g Globs) Choose(ids []string) ([]string, error) {
	for _, glob := range g {
		if !slices.ContainsFunc(ids, Globs{glob}.Match) {
			hint := NearHint(glob, ids)
			if strings.Contains(glob, "*") {
				hint += " (* stays within a segment, ** crosses any number)"
			}
			return nil, fmt.Errorf("no model matches %q%s", glob, hint)
		}
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !g.Match(id) }), nil
}

// NearHint is the end of an error about a glob, or an id, that matches no id.
func NearHint(glob string, ids []string) string {
	if near := diag.Near(strings.ReplaceAll(glob, "*", ""), ids); len(near) > 0 {
		return "; near it: " + strings.Join(near, ", ")
	}
	return ""
}
