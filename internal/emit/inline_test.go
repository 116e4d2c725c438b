package emit

import (
	"os/exec"
	"strings"
	"testing"
)

// TestValidateStaysInlinable holds what a generated Validate is fast by: its
// predicates are inlined, and what records a violation stays out of line.
func TestValidateStaysInlinable(t *testing.T) {
	cmd := exec.Command("go", "build", "-gcflags=-m=2", "../../templates/client")
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	decisions := string(text)
	for _, name := range []string{"finite", "shorter", "longer", "violations.err", "(*violations).len",
		"(*violations).within", "(*violations).item"} {
		if !strings.Contains(decisions, ": can inline "+name+" with cost") {
			t.Errorf("%s is not inlined", name)
		}
	}
	for _, name := range []string{"nilInput", "violations.all", "(*violations).add", "(*violations).required",
		"(*violations).int", "(*violations).float", "(*violations).length", "(*violations).intRange",
		"(*violations).floatRange", "(*violations).prefix", "(*violations).prefixItem", "(*violations).entries"} {
		if !strings.Contains(decisions, ": cannot inline "+name+": marked go:noinline") {
			t.Errorf("%s is not kept out of line", name)
		}
	}
}
