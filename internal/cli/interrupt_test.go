//go:build unix

package cli

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/genclient/genclient/templates/client"
)

// TestCtrlCIsNotSentTwice: the terminal has sent the first one to the command.
func TestCtrlCIsNotSentTwice(t *testing.T) {
	for by, want := range map[os.Signal]time.Duration{os.Interrupt: interruptAgain, syscall.SIGTERM: 0} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(interruption{by})
			begin := time.Now()
			sent := make(chan time.Duration, 1)
			err := interrupt(ctx, func(os.Signal) error {
				sent <- time.Since(begin)
				return nil
			})
			if got := <-sent; err != nil || got != want {
				t.Errorf("%v: interrupted after %v, want %v; error %v", by, got, want, err)
			}
		})
	}
}

// TestInterruptedCommandEndsByItself: whoever is told to end, genclient alone as
// by a supervisor or the whole group as by Ctrl-C, the command gets one interrupt
// and the time to follow it, and genclient prints its tally.
func TestInterruptedCommandEndsByItself(t *testing.T) {
	for name, c := range map[string]struct {
		signal syscall.Signal
		group  bool
	}{
		"SIGTERM": {syscall.SIGTERM, false},
		"SIGINT":  {syscall.SIGINT, false},
		"Ctrl-C":  {syscall.SIGINT, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, "genclient", "mock", "--", "genclient-linger")
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // none is left behind
			cmd.WaitDelay = time.Second
			var stderr strings.Builder
			cmd.Stderr = &stderr
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewScanner(stdout)
			next := func() string {
				lines.Scan()
				return lines.Text()
			}
			if got := next(); got != "ready" {
				t.Fatalf("%q, stderr %q", got, stderr.String())
			}
			pid := cmd.Process.Pid
			if c.group {
				pid = -pid
			}
			if err := syscall.Kill(pid, c.signal); err != nil {
				t.Fatal(err)
			}
			if got := next(); got != "interrupted" {
				t.Errorf("the command was not interrupted: %q", got)
			}
			stdin.Close()
			if got := next(); got != "ended well" {
				t.Errorf("the command could not end by itself: %q", got)
			}
			if err := cmd.Wait(); err != nil || !strings.Contains(stderr.String(), "mock: 0 submits, 0 charged\n") {
				t.Errorf("%v, stderr %q", err, stderr.String())
			}
		})
	}
}

// TestMockWithoutCommand: genclient mock prints what a program needs, serves it
// until it is interrupted, and ends well with its tally.
func TestMockWithoutCommand(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "genclient", "mock")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	value := func(name string) string {
		lines.Scan()
		got, ok := strings.CutPrefix(lines.Text(), name+"=")
		if !ok {
			t.Errorf("printed %q, want %s", lines.Text(), name)
		}
		return got
	}
	url, token := value("RUNCOMFY_BASE_URL"), value("RUNCOMFY_API_TOKEN")
	c := client.New(token, client.WithBaseURL(url))
	if _, err := c.SubmitRaw(ctx, "sample/image/text-to-image", []byte(`{"prompt":"a fox"}`)); err != nil {
		t.Error(err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if lines.Scan() {
		t.Errorf("printed %q too", lines.Text())
	}
	if err := cmd.Wait(); err != nil || stderr.String() != "mock: 1 submit, 1 charged\n" {
		t.Errorf("%v, stderr %q", err, stderr.String())
	}
}
