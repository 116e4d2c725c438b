package mock_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
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
	Fates               bool // the server has the models of soakFates
}

// soakOutcome is what the child came to know of one key.
type soakOutcome struct {
	Key, RequestID string
	Ambiguous      bool
	Failed         string   // the text of a *GenerationError
	Files          []string // of a result
}

// soakInput is the input of one job; its prompt is its key.
type soakInput struct {
	model  string
	Prompt string `json:"prompt"`
}

func (in *soakInput) ModelID() string             { return cmp.Or(in.model, imageModel) }
func (*soakInput) Validate() error                { return nil }
func (*soakInput) MediaRules() []client.MediaRule { return nil }

func soakKey(i int) string { return fmt.Sprintf("job %05d", i) }

// soakFates are the lives that jobs have, each the life of all jobs of one model, so that
// the ledger tells which a job had. Those with a word fail, and the word is in the error.
var soakFates = []struct {
	fault mock.Fault
	word  string
}{
	{mock.EndsAs("succeeded"), ""},
	{mock.EndsAs("all_done"), ""}, // an unknown word with files
	{mock.UnknownState("warming_up"), ""},
	{mock.LateFiles(soakLag), ""},
	{mock.LateResult(soakLag), ""},
	{mock.LateResult(soakLag).EndingAs("finalized"), ""},
	{mock.LateOutput(soakLag), ""},
	{mock.Invisible(soakLag), ""},
	{mock.Fails(`{"message":"no fox was found"}`), "no fox was found"},
	{mock.NoOutput(), "completed"},
	{mock.NoOutput().EndingAs("aborted"), "aborted"},
	{mock.NoOutput().EndingAs("timed_out"), "timed_out"},
	{mock.Outputs(`{}`).EndingAs("rejected"), "rejected"},
	{mock.Outputs(`{"images":[],"image":""}`).EndingAs("expired"), "expired"},
	{mock.Outputs(`{"image":null}`).EndingAs("cancellation_requested"), "cancellation_requested"},
}

// soakLag is shorter than soakNotFound, how long the child reads again for the sake of lag.
const (
	soakLag      = time.Second
	soakNotFound = 3 * time.Second
)

const soakModel = "soak/fate-" // and the number of a fate

// soakFate returns the model of a job, and its fate, -1 for every other one, of which
// nothing is to be told.
func soakFate(i int) (model string, fate int) {
	if i%2 == 0 {
		return imageModel, -1
	}
	fate = i / 2 % len(soakFates)
	return soakModel + strconv.Itoa(fate), fate
}

// soakSubmits gives the jobs their fates.
func soakSubmits(r mock.Request) mock.Fault {
	number, ok := strings.CutPrefix(r.Model, soakModel)
	if fate, err := strconv.Atoi(number); ok && err == nil && r.Call == mock.CallSubmit {
		return soakFates[fate].fault
	}
	return mock.Fault{}
}

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
	c := client.New(plan.Token, client.WithBaseURL(plan.URL), client.WithJournal(journal), client.WithReadRate(1e6, 1e6),
		client.WithLimits(func(l *client.Limits) { l.Read, l.NotFound = time.Second, soakNotFound }))
	defer c.CloseIdleConnections()
	var open []string
	for i := range plan.Jobs {
		open = append(open, soakKey(i))
	}
	for len(open) > 0 {
		if open, err = soakRound(c, plan, open); err != nil {
			return err
		}
	}
	return nil
}

// soakRound goes over the jobs once and returns those that have no end yet. An end is
// a result with its files, a failure of the job, or an ambiguous submit.
func soakRound(c *client.Client, plan soakPlan, open []string) (again []string, failure error) {
	out := json.NewEncoder(os.Stdout)
	var mu sync.Mutex // over out, again and failure
	var downloads sync.WaitGroup
	room := make(chan struct{}, plan.InFlight)
	for key, o := range client.Batch(context.Background(), c, soakInputs(plan, open), client.BatchInFlight(plan.InFlight)) {
		room <- struct{}{}
		downloads.Go(func() {
			defer func() { <-room }()
			end, ended := soakEnd(c, plan, key, o)
			mu.Lock()
			defer mu.Unlock()
			if !ended {
				again = append(again, key)
			} else if err := out.Encode(end); err != nil {
				failure = err
			}
		})
	}
	downloads.Wait()
	return again, failure
}

// soakEnd downloads the files of a result. It reports whether the job has come to an end.
func soakEnd(c *client.Client, plan soakPlan, key string, o client.Outcome) (end soakOutcome, ended bool) {
	end.Key = key
	var failed *client.GenerationError
	switch {
	case errors.Is(o.Err, client.ErrAmbiguousSubmit):
		end.Ambiguous = true
		return end, true
	case errors.As(o.Err, &failed):
		end.RequestID, end.Failed = failed.RequestID(), failed.Error()
		return end, true
	case o.Err != nil:
		return end, false
	}
	files, err := c.Download(context.Background(), o.Result, plan.Folder)
	if clash := (*fs.PathError)(nil); errors.Is(err, fs.ErrExist) && errors.As(err, &clash) { // ChangeMedia: as the error says
		_ = os.Remove(clash.Path) // if that fails, the next round meets the file again
	}
	end.RequestID = o.Result.RequestID
	for _, f := range files {
		end.Files = append(end.Files, f.Path)
	}
	return end, err == nil
}

// soakInputs are the inputs of keys.
func soakInputs(plan soakPlan, keys []string) iter.Seq2[string, client.Input] {
	return func(yield func(string, client.Input) bool) {
		for _, key := range keys {
			var n int
			_, _ = fmt.Sscanf(key, "job %d", &n) // keys are of soakKey
			in := &soakInput{Prompt: key}
			if plan.Fates {
				in.model, _ = soakFate(n)
			}
			if !yield(key, in) {
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

// soakMalformed are bytes around answers whose values they leave readable.
var soakMalformed = []mock.Fault{
	mock.Malformed("\ufeff", "", ""),
	mock.Malformed("", `"score":NaN,`, ""),
	mock.Malformed("", "\"note\":\"a\tb\nc\x01\",", ""),
	mock.Malformed("", `"note":"he said "no" twice",`, ""),
	mock.Malformed("", "", "\x00"),
	mock.Malformed("", "", `{"request_id":"another","status":"failed","error":"not of this job"}`),
}

// soakOptions are the faults of a soak.
func soakOptions(k *killer) []mock.Option {
	models := mock.SampleModels()
	image := models[slices.IndexFunc(models, func(m mock.Model) bool { return m.ID == imageModel })]
	for i := range soakFates {
		image.ID = soakModel + strconv.Itoa(i)
		models = append(models, image)
	}
	opts := []mock.Option{
		mock.WithModels(models...), mock.WithIntentKey("prompt"), mock.WithConcurrency(1000), mock.WithScript(k.watch),
		mock.WithFaultRate(mock.CallSubmit, 0.025, mock.ResetBody(0)), mock.WithFaultRate(mock.CallSubmit, 0.025, mock.ResetAnswer()),
		mock.WithFaultRate(mock.CallSubmit, 0.025, mock.HTMLError(502)), mock.WithFaultRate(mock.CallSubmit, 0.025, mock.HTMLError(504).AfterAcceptance()),
		mock.WithFaultRate(mock.CallSubmit, 0.02, mock.AddMember("error_code", "504000")),
		mock.WithFaultRate(mock.CallSubmit, 0.02, mock.ErrorCode(500001, "x").AfterAcceptance()), mock.WithFaultRate(mock.CallSubmit, 0.02, mock.ErrorCode(400001, "bad id")),
		mock.WithFaultRate(mock.CallSubmit, 0.01, mock.Redirect(303, "/elsewhere").AfterAcceptance()),
		mock.WithFaultRate(mock.CallSubmit, 0.02, mock.CutRequestID()), mock.WithFaultRate(mock.CallSubmit, 0.03, mock.RateLimited("0")),
		mock.WithScript(soakSubmits), // before what strikes submits that are accepted: one request has one fault
		mock.WithFaultRate(mock.CallSubmit, 0.1, mock.Gzip()),
		mock.WithFaultRate(mock.CallMedia, 0.3, mock.CutAnswer(4000)), mock.WithFaultRate(mock.CallMedia, 0.1, mock.ResetAnswer()),
		mock.WithFaultRate(mock.CallMedia, 0.1, mock.Answer(503, "busy").With("Retry-After", "0")), mock.WithFaultRate(mock.CallMedia, 0.05, mock.ChangeMedia()),
	}
	for _, f := range soakMalformed {
		opts = append(opts, mock.WithFaultRate(mock.CallSubmit, 0.02, f))
		opts = append(opts, readFaults(0.02, f)...)
	}
	opts = append(opts, readFaults(0.05, mock.Gzip())...)
	opts = append(opts, readFaults(0.05, mock.ResetAnswer())...)
	opts = append(opts, readFaults(0.05, mock.HTMLError(502))...)
	opts = append(opts, readFaults(0.02, mock.CutAnswer(30))...)
	opts = append(opts, readFaults(0.03, mock.RateLimited(""))...)
	opts = append(opts, readFaults(0.03, mock.Slow(200*time.Millisecond))...)
	return append(opts, readFaults(0.01, mock.Hang())...)
}

// TestSoak runs keyed jobs with a journal in a child process against every
// kind of fault, kills the child again and again, and then compares what it
// knows with the ledger: no key was charged twice, each accepted job was
// collected with its files, failed, or reported as ambiguous; no file was lost and no
// failure counted as done.
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
	s := newServer(t, soakOptions(k)...)
	plan, err := json.Marshal(soakPlan{URL: s.URL(), Token: s.Token(), Journal: filepath.Join(t.TempDir(), "journal.jsonl"), Jobs: jobs, InFlight: soakInFlight, Fates: true, Folder: t.TempDir()})
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
	collected, failed, ambiguousCharged, ambiguousFree, files := 0, 0, 0, 0, 0
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
			word := ""
			if _, fate := soakFate(i); fate >= 0 {
				word = soakFates[fate].word
			}
			if (word == "") != (o.Failed == "") || !strings.Contains(o.Failed, word) {
				t.Errorf("%s: ended with %q, want %q", key, o.Failed, word)
			}
			if word != "" {
				failed++
				break
			}
			collected++
			files += soakFiles(t, o)
		}
	}
	if kills < soakKills {
		t.Errorf("the child was killed %d times, want %d", kills, soakKills)
	}
	t.Logf("%d jobs in %v, child killed %d times: %d submits on the wire, %d charges, %d collected, %d failed, %d ambiguous and charged, %d ambiguous and free, %d files, %d reads",
		jobs, took.Round(time.Millisecond), kills, s.Count(mock.CallSubmit), len(charged), collected, failed, ambiguousCharged, ambiguousFree, files, s.Count(mock.CallStatus)+s.Count(mock.CallResult))
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
