package cli

import (
	"errors"
	"io"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// full is a disk without room, or a pipe without a reader.
type full struct{ err error }

func (f full) Write([]byte) (int, error) { return 0, f.err }

func noEnv(string) string { return "" }

func TestResultsThatCannotBeWrittenAreAFailure(t *testing.T) {
	var stderr strings.Builder
	code := Run(t.Context(), []string{"version"}, strings.NewReader(""), full{errors.New("no space left")}, &stderr, noEnv)
	if code != exitFailure || !strings.Contains(stderr.String(), "writing the results: no space left") {
		t.Errorf("exit code %d, stderr %q", code, stderr.String())
	}
	// Help is printed by the library, which does not look at the error.
	code = Run(t.Context(), []string{"--help"}, strings.NewReader(""), full{errors.New("no space left")}, io.Discard, noEnv)
	if code != exitFailure {
		t.Errorf("exit code of help is %d", code)
	}
}

func TestAClosedPipeEndsTheRunWithoutNoise(t *testing.T) {
	var stderr strings.Builder
	code := Run(t.Context(), []string{"version"}, strings.NewReader(""), full{syscall.EPIPE}, &stderr, noEnv)
	if code != exitFailure || stderr.String() != "" {
		t.Errorf("exit code %d, stderr %q", code, stderr.String())
	}
}

func TestVersionLine(t *testing.T) {
	for want, info := range map[string]*debug.BuildInfo{
		"genclient v1.2.3 (go1.26.0)": {GoVersion: "go1.26.0", Main: debug.Module{Version: "v1.2.3"}},
		"genclient (devel) (commit 0123456789ab, modified, go1.26.0)": {GoVersion: "go1.26.0", Settings: []debug.BuildSetting{
			{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"}}},
		"genclient v0.0.0-2026 (commit abc, go1.26.0)": {GoVersion: "go1.26.0", Main: debug.Module{Version: "v0.0.0-2026"},
			Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "false"}}},
	} {
		if d := cmp.Diff(want, versionLine(info)); d != "" {
			t.Error(d)
		}
	}
}
