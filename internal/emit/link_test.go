package emit_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/genclient/genclient/internal/plan"
)

// TestUnusedModelsAreNotLinked builds a program that runs one model: the code of
// another is not in it. One that calls DecodeInput has all of them.
func TestUnusedModelsAreNotLinked(t *testing.T) {
	pkg, diags := plan.Build(committedDocuments(t), plan.Pins{}, plan.Options{Package: "gen"})
	if diags.HasErrors() || len(pkg.Models) < 2 {
		t.Fatal(len(pkg.Models), diags)
	}
	dir := writeModule(t, pkg)
	used, other := pkg.Models[0].Name, pkg.Models[1].Name
	for _, test := range []struct {
		call string
		want bool // the other model is linked
	}{
		{`_, err := gen.New("").` + used + `(context.Background(), &gen.` + used + `Input{})`, false},
		{`in, err := gen.DecodeInput("", nil); _, err = gen.New("").Submit(context.Background(), in)`, true},
	} {
		writeFile(t, filepath.Join(dir, "main.go"), `package main

import (
	"context"

	"oracle/gen"
)

func main() {
	`+test.call+`
	panic(err)
}
`)
		goTool(t, dir, "build", "-o", "program", ".")
		nm := exec.Command("go", "tool", "nm", "program")
		nm.Dir, nm.Stderr = dir, os.Stderr
		symbols, err := nm.Output()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(string(symbols), "gen.(*"+other+"Input).Validate"); got != test.want {
			t.Errorf("%s: the other model is linked: %v", test.call, got)
		}
	}
}
