package mock_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/genclient/genclient/mock"
	"github.com/genclient/genclient/templates/client"
)

// The environment of the soak: the number of jobs for TestSoak, and what it
// tells its child.
const (
	soakJobsVariable  = "GENCLIENT_SOAK_JOBS"
	soakChildVariable = "GENCLIENT_SOAK_CHILD" // JSON of a soakPlan
)

const (
	soakKills    = 10
	soakInFlight = 64
)

// TestMain runs the child of TestSoak instead of the tests when the
// environment asks for it.
func TestMain(m *testing.M) {
	if plan := os.Getenv(soakChildVariable); plan != "" {
		if err := soakChild(plan); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// soakPlan is what the child has to do.
type soakPlan struct {
	URL, Token, Journal string
	Folder              string // of the downloads
	Jobs, InFlight      int
}

// soakDownloads is how many jobs there are for each whose files are downloaded.
const soakDownloads = 10

// soakOutcome is what the child came to know of one key.
type soakOutcome struct {
	Key, RequestID string
	Ambiguous      bool
	Files          []string // of a job whose files were downloaded
}

// soakInput is the input of one job; its prompt is its key.
type soakInput struct {
	Prompt string `json:"prompt"`
}

func (*soakInput) ModelID() string                { return imageModel }
func (*soakInput) Validate() error                { return nil }
func (*soakInput) MediaRules() []client.MediaRule { return nil }

func soakKey(i int) string { return fmt.Sprintf("job %05d", i) }

// readFaults lets f strike reads of jobs with a probability.
func readFaults(probability float64, f mock.Fault) []mock.Option {
	return []mock.Option{mock.WithFaultRate(mock.CallStatus, probability, f), mock.WithFaultRate(mock.CallResult, probability, f)}
}

// soakChild brings every job of the plan to an end and prints its outcome. It
// may be killed at any moment and is then started again with the same plan.
func soakChild(text string) error {
	var plan soakPlan
	if err := json.Unmarshal([]byte(text), &plan); err != nil {
		return err
	}
	journal, err := client.OpenJournal(plan.Journal)
	if err != nil {
		return err
	}
	defer journal.Close()
	c := client.New(plan.Token, client.WithBaseURL(plan.URL), client.WithJournal(journal),
		client.WithReadRate(1e6, 1e6), client.WithLimits(func(l *client.Limits) { l.Read = time.Second }))
	defer c.CloseIdleConnections()
	var open []string
	for i := range plan.Jobs {
		open = append(open, soakKey(i))
	}
	out := json.NewEncoder(os.Stdout)
	for len(open) > 0 { // only a result and an ambiguous submit are ends
		var again []string
		for key, o := range client.Batch(context.Background(), c, soakInputs(open), client.BatchInFlight(plan.InFlight)) {
			end := soakOutcome{Key: key, Ambiguous: errors.Is(o.Err, client.ErrAmbiguousSubmit)}
			if o.Err == nil {
				end.RequestID = o.Result.RequestID
				o.Err = soakDownload(c, plan, key, o.Result, &end)
			}
			if o.Err != nil && !end.Ambiguous {
				again = append(again, key)
				continue
			}
			if err := out.Encode(end); err != nil {
				return err
			}
		}
		open = again
	}
	return nil
}

// soakDownload downloads the files of some jobs.
func soakDownload(c *client.Client, plan soakPlan, key string, res *client.Result, end *soakOutcome) error {
	var n int
	if _, err := fmt.Sscanf(key, "job %d", &n); err != nil || n%soakDownloads != 0 {
		return err
	}
	files, err := c.Download(context.Background(), res, plan.Folder)
	for _, f := range files {
		end.Files = append(end.Files, f.Path)
	}
	return err
}

// soakInputs are the inputs of keys.
func soakInputs(keys []string) iter.Seq2[string, client.Input] {
	return func(yield func(string, client.Input) bool) {
		for _, key := range keys {
			if !yield(key, &soakInput{Prompt: key}) {
				return
			}
		}
	}
}

// killer says when the child is to be killed: when so many more submits were
// begun, in turns at a submit itself and at the next read of a result.
type killer struct {
	mu    sync.Mutex
	every int
	most  int
	kills int
	at    chan struct{} // has room for every kill
}

func (k *killer) watch(r mock.Request) mock.Fault {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kills < k.most && r.Call == [...]mock.Call{mock.CallSubmit, mock.CallResult}[k.kills%2] && r.N > (k.kills+1)*k.every {
		k.kills++
		k.at <- struct{}{}
	}
	return mock.Fault{}
}

// TestSoak runs keyed jobs with a journal in a child process against every
// kind of fault, kills the child again and again, and then compares what it
// knows with the ledger: no key was charged twice, each accepted job was
// collected or reported as ambiguous, none was lost.
func TestSoak(t *testing.T) {
	jobs := 300
	if text := os.Getenv(soakJobsVariable); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < soakKills+1 {
			t.Fatalf("%s=%q is not a number of jobs", soakJobsVariable, text)
		}
		jobs = n
	}
	k := &killer{every: jobs / (soakKills + 1), most: soakKills, at: make(chan struct{}, soakKills)}
	opts := []mock.Option{
		mock.WithIntentKey("prompt"), mock.WithConcurrency(1000), mock.WithScript(k.watch),
		mock.WithFaultRate(mock.CallSubmit, 0.025, mock.ResetBody(0)), mock.WithFaultRate(mock.CallSubmit, 0.025, mock.ResetAnswer()),
		mock.WithFaultRate(mock.CallSubmit, 0.025, mock.HTMLError(502)), mock.WithFaultRate(mock.CallSubmit, 0.025, mock.HTMLError(504).AfterAcceptance()),
		mock.WithFaultRate(mock.CallSubmit, 0.1, mock.Gzip()), mock.WithFaultRate(mock.CallSubmit, 0.02, mock.AddMember("error_code", "504000")),
		mock.WithFaultRate(mock.CallSubmit, 0.02, mock.ErrorCode(500001, "x").AfterAcceptance()), mock.WithFaultRate(mock.CallSubmit, 0.02, mock.ErrorCode(400001, "bad id")),
		mock.WithFaultRate(mock.CallSubmit, 0.01, mock.Redirect(303, "/elsewhere").AfterAcceptance()),
		mock.WithFaultRate(mock.CallSubmit, 0.02, mock.CutRequestID()), mock.WithFaultRate(mock.CallSubmit, 0.03, mock.RateLimited("0")),
	}
	opts = append(opts, readFaults(0.05, mock.Gzip())...)
	opts = append(opts, readFaults(0.05, mock.ResetAnswer())...)
	opts = append(opts, readFaults(0.05, mock.HTMLError(502))...)
	opts = append(opts, readFaults(0.02, mock.CutAnswer(30))...)
	opts = append(opts, readFaults(0.03, mock.RateLimited(""))...)
	opts = append(opts, readFaults(0.03, mock.Slow(200*time.Millisecond))...)
	opts = append(opts, readFaults(0.01, mock.Hang())...)
	opts = append(opts, mock.WithFaultRate(mock.CallSubmit, 0.1, mock.LateFiles(time.Second)),
		mock.WithFaultRate(mock.CallMedia, 0.3, mock.CutAnswer(4000)), mock.WithFaultRate(mock.CallMedia, 0.1, mock.ResetAnswer()),
		mock.WithFaultRate(mock.CallMedia, 0.1, mock.Answer(503, "busy").With("Retry-After", "0")), mock.WithFaultRate(mock.CallMedia, 0.05, mock.ChangeMedia()))
	s := newServer(t, opts...)
	plan, err := json.Marshal(soakPlan{URL: s.URL(), Token: s.Token(), Journal: filepath.Join(t.TempDir(), "journal.jsonl"), Jobs: jobs, InFlight: soakInFlight, Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	var report []byte
	kills := 0
	for report == nil {
		report = soakRun(t, string(plan), k.at, &kills)
	}
	checkSoak(t, s, jobs, kills, report, time.Since(begin))
}

// soakRun runs the child until it ends or a kill is due. It returns what the
// child printed, nil if it was killed.
func soakRun(t *testing.T, plan string, kill <-chan struct{}, kills *int) []byte {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), soakChildVariable+"="+plan)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-kill:
		*kills++
		_ = cmd.Process.Kill() // an error means that it has just ended by itself
		<-ended
		return nil
	case err := <-ended:
		if err != nil {
			t.Fatalf("the child failed: %v\n%s", err, stderr.Bytes())
		}
		return stdout.Bytes()
	}
}

// checkSoak compares the child's last report with the ledger.
func checkSoak(t *testing.T, s *mock.Server, jobs, kills int, report []byte, took time.Duration) {
	t.Helper()
	known := make(map[string]soakOutcome)
	lines := bufio.NewScanner(bytes.NewReader(report))
	for lines.Scan() {
		var o soakOutcome
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			t.Fatalf("%s: %v", lines.Bytes(), err)
		}
		known[o.Key] = o
	}
	charged := make(map[string]string) // request id by key
	collected, ambiguousCharged, ambiguousFree, files := 0, 0, 0, 0
	for _, c := range s.Ledger() {
		if _, again := charged[c.Intent]; again {
			t.Errorf("%s was charged twice", c.Intent)
		}
		charged[c.Intent] = c.RequestID
	}
	for i := range jobs {
		key := soakKey(i)
		o, reported := known[key]
		id, paid := charged[key]
		switch {
		case !reported:
			t.Errorf("%s has no outcome (charged %v)", key, paid)
		case o.Ambiguous && paid:
			ambiguousCharged++
		case o.Ambiguous:
			ambiguousFree++
		case o.RequestID != id:
			t.Errorf("%s: result of %q, charged as %q", key, o.RequestID, id)
		default:
			collected++
			if i%soakDownloads == 0 {
				files += soakFiles(t, o)
			}
		}
	}
	if kills < soakKills {
		t.Errorf("the child was killed %d times, want %d", kills, soakKills)
	}
	t.Logf("%d jobs in %v, child killed %d times: %d submits on the wire, %d charges, %d collected, %d ambiguous and charged, %d ambiguous and free, %d files, %d reads",
		jobs, took.Round(time.Millisecond), kills, s.Count(mock.CallSubmit), len(charged), collected, ambiguousCharged, ambiguousFree, files, s.Count(mock.CallStatus)+s.Count(mock.CallResult))
}

// soakFiles checks that the files of a job are whole and returns how many there are:
// a PNG ends with its IEND chunk, and with one text after it in its changed version.
func soakFiles(t *testing.T, o soakOutcome) int {
	t.Helper()
	for _, path := range o.Files {
		content, err := os.ReadFile(path)
		end := bytes.TrimSuffix(content, []byte("changed"))
		if err != nil || !bytes.HasSuffix(end, []byte("IEND\xaeB`\x82")) {
			t.Errorf("%s: %s has %d bytes, %v", o.Key, path, len(content), err)
		}
	}
	if len(o.Files) != 2 {
		t.Errorf("%s: %d files, want 2", o.Key, len(o.Files))
	}
	return len(o.Files)
}
