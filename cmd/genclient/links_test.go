package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestLinksNoTesting: the command imports package mock, whose New takes a test,
// and does not link package testing for it.
func TestLinksNoTesting(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, "github.com/genclient/genclient/mock") {
		t.Fatalf("go list -deps prints no package mock: %q", deps)
	}
	if slices.Contains(deps, "testing") {
		t.Error("the command links package testing")
	}
}
