// Package diag holds problems as values: what is wrong, where, how bad, and
// what to do about it. Every step of the pipeline returns a List beside its
// result; only the command line prints one.
package diag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity says what a diagnostic means for the run.
type Severity uint8

// The severities, mildest first.
const (
	// Note says what was decided where the input left a choice.
	Note Severity = iota
	// Warning reports an irregularity that the result is unaffected by or that was
	// left to the server. It becomes a finding with --strict.
	Warning
	// Error says that a part of the input could not be used.
	Error
)

// String returns "note", "warning" or "error".
func (s Severity) String() string {
	switch s {
	case Note:
		return "note"
	case Warning:
		return "warning"
	}
	return "error"
}

// MarshalText writes a severity as its name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (s *Severity) UnmarshalText(text []byte) error {
	for _, known := range []Severity{Note, Warning, Error} {
		if known.String() == string(text) {
			*s = known
			return nil
		}
	}
	return fmt.Errorf("unknown severity %q", text)
}

// Position is a place in a source. Line and Col count from 1, Col in runes;
// zero means unknown.
type Position struct {
	File string `json:"file"`
	Line int    `json:"line,omitzero"`
	Col  int    `json:"col,omitzero"`
}

// Diagnostic is one problem.
type Diagnostic struct {
	Pos      Position `json:"pos"`
	Severity Severity `json:"severity"`
	// Rule is the stable name of the rule, for example default-outside-constraints.
	Rule string `json:"rule"`
	// Subject is what the diagnostic is about, for example a model id with a property
	// path after "#"; empty when the position is enough.
	Subject string `json:"subject,omitzero"`
	Message string `json:"message"`
	// Hint says what the reader can do, or what genclient does about it.
	Hint string `json:"hint,omitzero"`
}

// List is the diagnostics of a run.
type List []Diagnostic

// Count returns how many diagnostics are at least as bad as s.
func (l List) Count(s Severity) int {
	n := 0
	for _, d := range l {
		if d.Severity >= s {
			n++
		}
	}
	return n
}

// HasErrors reports whether the list holds an error.
func (l List) HasErrors() bool { return l.Count(Error) > 0 }

// Sort orders the list by place, then rule and message, so that it does not
// depend on the order in which the work was done.
func (l List) Sort() {
	slices.SortStableFunc(l, func(a, b Diagnostic) int {
		return cmp.Or(
			strings.Compare(a.Pos.File, b.Pos.File),
			cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Col, b.Pos.Col),
			cmp.Compare(b.Severity, a.Severity),
			strings.Compare(a.Rule, b.Rule),
			strings.Compare(a.Message, b.Message),
		)
	})
}
