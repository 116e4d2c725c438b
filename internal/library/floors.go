package library

import (
	"fmt"
	"slices"
	"strings"

	"github.com/genclient/genclient/internal/diag"
)

// floors says which floors the run breaks: a site that suddenly has few models
// is taken for an accident.
func (u *Update) floors(coverage Coverage) diag.List {
	var diags diag.List
	report := func(message string) {
		diags = append(diags, diag.New("floor", diag.Position{File: u.opts.Dir}, "", message))
	}
	if n := len(u.records); n < u.opts.Min {
		report(fmt.Sprintf("the run brought %d models, fewer than --min %d; nothing was written", n, u.opts.Min))
	}
	e := evidence{Coverage: coverage}
	var missing []known
	expected := 0
	for _, k := range u.known {
		if e.expects(k) && u.opts.Select.Match(k.id) {
			expected++
			if !u.seen[k.id] {
				missing = append(missing, k)
			}
		}
	}
	if len(missing) <= alwaysMissing || float64(len(missing)) <= u.opts.MaxMissing*float64(expected) {
		return diags
	}
	slices.SortFunc(missing, func(a, b known) int { return strings.Compare(a.id, b.id) })
	report(fmt.Sprintf("%d of %d models were not met, more than --max-missing %g: %s; nothing was written",
		len(missing), expected, u.opts.MaxMissing, examples(missing)))
	return diags
}

// examples names the first of many documents, with their pages.
func examples(all []known) string {
	const most = 5
	var names []string
	for _, k := range all[:min(len(all), most)] {
		name := diag.Printable(k.id)
		if k.page != "" {
			name += " (" + diag.Printable(k.page) + ")"
		}
		names = append(names, name)
	}
	text := strings.Join(names, ", ")
	if n := len(all) - most; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}
