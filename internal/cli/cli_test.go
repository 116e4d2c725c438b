package cli

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
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

func TestInterruptEndsTheRunBeforeAnythingIsWritten(t *testing.T) {
	dir := t.TempDir()
	page := filepath.Join(dir, "page.txt")
	text := "curl --url https://model-api.runcomfy.net/v1/models/acme/demo/draw\n{\"type\": \"object\", \"properties\": {}}"
	if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stderr strings.Builder
	out := filepath.Join(dir, "schemas")
	code := Run(ctx, []string{"scrape", page, "--out", out}, strings.NewReader(""), io.Discard, &stderr, noEnv)
	if code != exitFailure || stderr.String() != "genclient: interrupted\n" {
		t.Errorf("exit code %d, stderr %q", code, stderr.String())
	}
	if _, err := os.Stat(out); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is there: %v", err)
	}
}

func TestProgressIsForTerminalsAlone(t *testing.T) {
	a := &app{stderr: io.Discard}
	if show, _ := a.progress("reading"); show != nil {
		t.Error("progress on a writer that is no terminal")
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	a.stderr = file
	if show, _ := a.progress("reading"); show != nil {
		t.Error("progress in a file")
	}
}

func TestBarShowsTheCount(t *testing.T) {
	var b strings.Builder
	show, finish := bar(&b, "reading")
	show(1, 2, "")
	show(3, 8, "a page")
	finish()
	if !strings.Contains(b.String(), "reading a page") || !strings.Contains(b.String(), "3/8") {
		t.Errorf("%q", b.String())
	}
}

func TestShellQuote(t *testing.T) {
	for in, want := range map[string]string{
		"./out/a-b_c": "./out/a-b_c", "acme/*": "'acme/*'", "it's": `'it'\''s'`, "": "''", "a b$(c)": "'a b$(c)'",
	} {
		if got := shellQuote(in); got != want {
			t.Errorf("shellQuote(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestGOGCIsRespected(t *testing.T) {
	before := debug.SetGCPercent(77)
	defer debug.SetGCPercent(before)
	collectLess(func(name string) string { return map[string]string{"GOGC": "50"}[name] })
	if got := debug.SetGCPercent(77); got != 77 {
		t.Errorf("with GOGC set the collector runs at %d", got)
	}
	collectLess(noEnv)
	if got := debug.SetGCPercent(77); got != 400 {
		t.Errorf("without GOGC the collector runs at %d", got)
	}
}

func TestColours(t *testing.T) {
	for _, c := range []struct {
		terminal      bool
		noColor, term string
		want          bool
	}{
		{true, "", "xterm", true},
		{true, "", "", true},
		{true, "1", "xterm", false},
		{true, "", "dumb", false},
		{false, "", "xterm", false},
	} {
		env := func(name string) string {
			return map[string]string{"NO_COLOR": c.noColor, "TERM": c.term, "WT_SESSION": "x"}[name]
		}
		if got := colours(c.terminal, env); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
