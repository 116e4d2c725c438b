//go:build unix

package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// TestJournalOfNoFile names what is not a regular file: it is refused at once.
func TestJournalOfNoFile(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	for _, path := range []string{pipe, "/dev/full", "/dev/null"} {
		if _, err := os.Stat(path); err != nil {
			continue
		}
		if _, err := OpenJournal(path); err == nil || !strings.Contains(err.Error(), "not a regular file") || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// The environment of the child of TestJournalFullDisk: the journal, and the largest
// size that a file may have.
const fullDiskVariable = "GENCLIENT_FULL_DISK"

// fullDiskReport is what the child came to know.
type fullDiskReport struct {
	Jobs    map[string]string // by key, as returned
	Refused int               // submits that were not begun
	Posts   int
}

// TestJournalFullDisk lets a process submit until its journal may not grow any
// more: that is met before a submit, and never between a submit and its outcome.
func TestJournalFullDisk(t *testing.T) {
	if text := os.Getenv(fullDiskVariable); text != "" {
		fullDiskChild(t, text)
		return
	}
	for _, limit := range []int{600, 1000, 2000, 2500, 3000, 4096, 5000, 8192, 20000} {
		path := filepath.Join(t.TempDir(), "j.jsonl")
		cmd := exec.Command(os.Args[0], "-test.run=^TestJournalFullDisk$")
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s", fullDiskVariable, limit, path))
		out, err := cmd.Output()
		var report fullDiskReport
		line, _, _ := strings.Cut(string(out), "\n")
		if err := errors.Join(err, json.Unmarshal([]byte(line), &report)); err != nil {
			t.Fatalf("%d bytes: %v\n%s", limit, err, out)
		}
		if report.Refused == 0 || report.Posts != len(report.Jobs) || limit > 4000 && report.Posts == 0 {
			t.Errorf("%d bytes: %+v", limit, report)
		}
		j, err := OpenJournal(path)
		if err != nil {
			t.Fatalf("%d bytes: %v", limit, err)
		}
		for key, id := range report.Jobs {
			if r, _, _ := j.Get(t.Context(), key); r.State != JournalStateAccepted || r.RequestID != id {
				t.Errorf("%d bytes: the journal has %+v, the job is %s", limit, r, id)
			}
		}
		j.Close()
	}
}

// fullDiskChild submits thirty keys, three at a time, and prints a report.
func fullDiskChild(t *testing.T, text string) {
	size, path, _ := strings.Cut(text, " ")
	limit, err := strconv.ParseUint(size, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	j, err := OpenJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	defer func() { // a run that measures coverage writes files at its end
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
			t.Error(err)
		}
	}()
	c, f := answering(t, func(r received) reply { return reply{body: fmt.Sprintf(`{"request_id":"job-%d"}`, r.n)} }, WithJournal(j))
	report := fullDiskReport{Jobs: map[string]string{}}
	var mu sync.Mutex
	inParallel(3, 30, func(i int) {
		key := fmt.Sprintf("p%d", i)
		job, err := c.SubmitOnce(t.Context(), key, &input{Prompt: key})
		mu.Lock()
		defer mu.Unlock()
		switch {
		case is[*NotSentError](err) && strings.Contains(err.Error(), "no room for the record in "+path):
			report.Refused++
		case err == nil:
			report.Jobs[key] = job.ID()
		default:
			t.Errorf("%s: job %v, error %v", key, job, err)
		}
	})
	report.Posts = f.posts()
	printed, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("%s\n", printed)
}
