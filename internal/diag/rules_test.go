package diag

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// TestRules holds the table to its order and its form.
func TestRules(t *testing.T) {
	order := func(a, b Rule) int {
		return cmp.Or(cmp.Compare(slices.Index(Groups(), a.Group), slices.Index(Groups(), b.Group)), strings.Compare(a.Name, b.Name))
	}
	if !slices.IsSortedFunc(Rules(), order) {
		t.Error("the rules are not sorted by group and name")
	}
	seen := map[string]bool{}
	for _, r := range Rules() {
		if seen[r.Name] || r.Name == "" || strings.ToLower(r.Name) != r.Name || r.Doc == "" || !slices.Contains(Groups(), r.Group) {
			t.Errorf("the rule %+v", r)
		}
		seen[r.Name] = true
	}
}

func TestNewTakesSeverityAndHintFromTheTable(t *testing.T) {
	got := New("pin-taken", Position{File: "names.json", Line: 2, Col: 3}, "a/b", "is taken")
	want := Diagnostic{Pos: Position{File: "names.json", Line: 2, Col: 3}, Severity: Error, Rule: "pin-taken", Subject: "a/b",
		Message: "is taken", Hint: RuleNamed("pin-taken").Hint}
	if d := gocmp.Diff(want, got); d != "" || got.Hint == "" {
		t.Error(d, got)
	}
}

func TestMergeJoinsOneRuleOfOneSubject(t *testing.T) {
	at := func(line int, rule, subject, message string) Diagnostic {
		return Diagnostic{Pos: Position{File: "a.json", Line: line, Col: 1}, Severity: Warning, Rule: rule, Subject: subject, Message: message}
	}
	l := List{at(9, "r", "a#x", "third"), at(2, "r", "a#x", "first"), at(2, "r", "a#x", "second"), at(5, "r", "a#x", "first"),
		at(3, "r", "a#y", "other subject"), at(4, "q", "a#x", "other rule"), at(6, "r", "", "no subject"), at(7, "r", "", "no subject")}
	want := List{at(2, "r", "a#x", "first; second; line 9: third"), at(3, "r", "a#y", "other subject"), at(4, "q", "a#x", "other rule"),
		at(6, "r", "", "no subject"), at(7, "r", "", "no subject")}
	if d := gocmp.Diff(want, l.Merge()); d != "" {
		t.Error(d)
	}
	var many List
	for line := range 100 {
		many = append(many, at(line+1, "r", "a#x", strings.Repeat("m", line+1)))
	}
	if got := many.Merge(); len(got) != 1 || !strings.HasSuffix(got[0].Message, "; and more") || strings.Count(got[0].Message, ";") != maxMerged {
		t.Errorf("%v", got)
	}
}
