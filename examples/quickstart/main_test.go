package main

import (
	"strings"
	"testing"

	"github.com/genclient/genclient/mock"
)

func TestRunShowsTheQueueAndTheOutput(t *testing.T) {
	server := mock.New(t, mock.WithScenario("busy"))
	t.Setenv("RUNCOMFY_API_TOKEN", server.Token())
	var out strings.Builder
	if err := run(t.Context(), &out, server.URL(), "https://example.com/start.webp", "The tide comes in.", t.TempDir()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"accepted as job ", "queued at position ", "running\n", "done\n", "-videos-1.mp4 200248 bytes"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if n := len(server.Ledger()); n != 1 {
		t.Errorf("%d charges, want 1", n)
	}
}

func TestRunTellsWhetherAFailureWasCharged(t *testing.T) {
	server := mock.New(t, mock.WithFault(mock.CallSubmit, 1, mock.ResetAnswer()))
	t.Setenv("RUNCOMFY_API_TOKEN", server.Token())
	var out strings.Builder
	err := run(t.Context(), &out, server.URL(), "https://example.com/start.webp", "The tide comes in.", t.TempDir())
	if err == nil || !strings.Contains(err.Error(), "charged: maybe") {
		t.Errorf("%v, want an error that says maybe", err)
	}
	if err := run(t.Context(), &out, server.URL(), "", "", t.TempDir()); err == nil || !strings.Contains(err.Error(), "charged: no") {
		t.Errorf("%v, want an error that says no", err)
	}
}
