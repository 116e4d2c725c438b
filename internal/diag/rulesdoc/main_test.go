package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/diag"
)

// TestPageIsWritten holds docs/lint.md to the table.
func TestPageIsWritten(t *testing.T) {
	page, err := os.ReadFile("../../../docs/lint.md")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(page), b.String()); d != "" {
		t.Errorf("docs/lint.md is out of date; run make generate (-page +table):\n%s", d)
	}
	for _, r := range diag.Rules() {
		if strings.Count(b.String(), "| `"+r.Name+"` |") != 1 {
			t.Errorf("the page does not list %s once", r.Name)
		}
		if strings.ContainsAny(r.Doc+r.Hint, "\n|") {
			t.Errorf("%s: a text that breaks the table", r.Name)
		}
	}
}
