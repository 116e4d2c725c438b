package runcomfyriver

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/riverqueue/river"

	runcomfy "github.com/genclient/genclient/generated/runcomfy"
	"github.com/genclient/genclient/mock"
)

// The environment of the soaks: the number of jobs, without which they are skipped,
// and the plan of their children.
const (
	soakVariable  = "GENCLIENT_RIVER_SOAK"
	childVariable = "GENCLIENT_RIVER_CHILD" // JSON of a soakPlan
)

// soakPlan is what a child has to do.
type soakPlan struct {
	DSN, URL, Token, ID string
	InFlight            int
	ReadRate            float64
}

// child runs an engine until SIGTERM, or until it is killed.
func child(text string) error {
	var plan soakPlan
	if err := json.Unmarshal([]byte(text), &plan); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	cfg := plan.config()
	cfg.River = func(c *river.Config) { c.ID = plan.ID }
	for {
		e, err := Open(ctx, plan.DSN, cfg)
		if err == nil {
			err = errors.Join(e.Run(ctx), e.Close())
		}
		if ctx.Err() != nil || err == nil {
			return nil
		}
		time.Sleep(200 * time.Millisecond) // the database is starting
	}
}

func (p soakPlan) config() Config {
	return Config{Token: p.Token, ClientOptions: []runcomfy.Option{runcomfy.WithBaseURL(p.URL), runcomfy.WithReadRate(1e6, 1e6)},
		InFlight: p.InFlight, ReadRate: p.ReadRate, Workers: 32, Logger: slog.New(slog.DiscardHandler)}
}

// spawn starts a child.
func (p soakPlan) spawn(t *testing.T, id string) *exec.Cmd {
	t.Helper()
	p.ID = id
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+string(text))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if stderr.Len() > 0 {
			t.Logf("child %s: %s", id, stderr.Bytes()[:min(stderr.Len(), 4000)])
		}
	})
	return cmd
}

func soakJobs(t *testing.T) int {
	jobs, err := strconv.Atoi(os.Getenv(soakVariable))
	if err != nil {
		t.Skip("set " + soakVariable + " to a number of jobs")
	}
	return jobs
}

// soakServer is an emulator that shows every kind of fault, and counts reads.
func soakServer(t *testing.T, reads *atomic.Int64) *mock.Server {
	opts := []mock.Option{
		mock.WithScript(func(r mock.Request) mock.Fault {
			if r.Call == mock.CallStatus || r.Call == mock.CallResult {
				reads.Add(1)
			}
			return mock.Fault{}
		}),
		mock.WithFaultRate(mock.CallSubmit, 0.01, mock.HangUp()),
		mock.WithFaultRate(mock.CallSubmit, 0.01, mock.Answer(502, "bad gateway").AfterAcceptance()),
		mock.WithFaultRate(mock.CallSubmit, 0.01, mock.Answer(503, "no")),
		mock.WithFaultRate(mock.CallSubmit, 0.01, mock.CutRequestID()),
		mock.WithFaultRate(mock.CallSubmit, 0.01, mock.CutAnswer(90)),
		mock.WithFaultRate(mock.CallSubmit, 0.02, mock.RateLimited("1")),
		mock.WithFaultRate(mock.CallSubmit, 0.05, mock.Slow(500*time.Millisecond)),
		mock.WithFaultRate(mock.CallSubmit, 0.01, mock.Fails(`"no face"`)),
	}
	for _, call := range []mock.Call{mock.CallStatus, mock.CallResult} {
		opts = append(opts, mock.WithFaultRate(call, 0.02, mock.Answer(503, "no")), mock.WithFaultRate(call, 0.01, mock.HangUp()),
			mock.WithFaultRate(call, 0.005, mock.RateLimited("1")))
	}
	return newMock(t, opts...)
}

// soakInputs are n requests.
func soakInputs(n int) iter.Seq2[string, runcomfy.Input] {
	return func(yield func(string, runcomfy.Input) bool) {
		for i := range n {
			key := fmt.Sprintf("job %06d", i)
			if !yield(key, videoInput(key)) {
				return
			}
		}
	}
}

// TestSoak runs requests through faults while workers are killed and the database
// restarts: no intent is charged twice, no accepted job is lost, and each charge
// without a result is reported as ambiguous.
func TestSoak(t *testing.T) {
	jobs := soakJobs(t)
	for _, test := range []struct {
		name              string
		workers, restarts int
	}{{"sqlite", 1, 0}, {"postgres", 2, 2}} {
		t.Run(test.name, func(t *testing.T) {
			dsn := "file:" + filepath.Join(t.TempDir(), "jobs.db")
			if test.name == "postgres" {
				dsn = newPostgresDatabase(t)
			}
			var reads atomic.Int64
			server := soakServer(t, &reads)
			plan := soakPlan{DSN: dsn, URL: server.URL(), Token: server.Token(), InFlight: 300, ReadRate: 1000}
			e := openEngine(t, dsn, server, plan.config())
			began := time.Now()
			if n, err := e.InsertMany(t.Context(), soakInputs(jobs)); n != jobs || err != nil {
				t.Fatal(n, err)
			}
			inserted := time.Since(began)
			s := &soak{t: t, e: e, plan: plan, kills: 20, restarts: test.restarts, jobs: jobs}
			took := s.run(test.workers)
			s.compare(server.Ledger())
			ambiguous := len(s.doubts)
			t.Logf("%d jobs inserted in %v, worked in %v: %.1f a second, %.2f reads a job, %d ambiguous, database %d bytes",
				jobs, inserted.Round(time.Millisecond), took.Round(time.Second), float64(jobs)/took.Seconds(),
				float64(reads.Load())/float64(jobs), ambiguous, databaseSize(t, e))
			slices.Sort(s.rescues)
			if n := len(s.rescues); n > 0 {
				t.Logf("%d jobs were left running by killed workers; from the kill to the next step: least %v, median %v, most %v",
					n, s.rescues[0], s.rescues[n/2], s.rescues[n-1])
			}
		})
	}
}

// soak is one soak under way.
type soak struct {
	t               *testing.T
	e               *Engine
	plan            soakPlan
	kills, restarts int
	jobs            int
	doubts          []string

	mu      sync.Mutex
	rescues []time.Duration
	wg      sync.WaitGroup
}

// run works all requests with so many children, and returns how long it took.
func (s *soak) run(workers int) time.Duration {
	t := s.t
	start := time.Now()
	children := make([]*exec.Cmd, workers)
	for i := range children {
		children[i] = s.plan.spawn(t, fmt.Sprintf("worker-%d-0x", i))
	}
	ids := make([]string, workers)
	for i := range ids {
		ids[i] = fmt.Sprintf("worker-%d-0x", i)
	}
	kills, restarts := 0, 0
	every := s.jobs / (s.kills + 1)
	var killed time.Time
	for {
		time.Sleep(time.Duration(100+rand.IntN(200)) * time.Millisecond)
		c, err := s.e.Counts(t.Context())
		if err != nil {
			continue // the database is starting
		}
		ended := c.Done + c.Failed + c.Ambiguous
		if c.Open() == 0 {
			break
		}
		if time.Since(start) > 25*time.Minute {
			t.Fatalf("not done: %+v", c)
		}
		if kills < s.kills && ended > (kills+1)*every*9/10 && time.Since(killed) > 2*time.Second {
			kills++
			killed = time.Now()
			i := rand.IntN(workers)
			_ = children[i].Process.Kill()
			_ = children[i].Wait()
			s.follow(ids[i])
			ids[i] = fmt.Sprintf("worker-%d-%dx", i, kills)
			children[i] = s.plan.spawn(t, ids[i])
			t.Logf("%v: kill %d, %+v", time.Since(start).Round(time.Second), kills, c)
		}
		if restarts < s.restarts && ended > (restarts+1)*s.jobs/(s.restarts+1) {
			restarts++
			if err := errors.Join(started.stop(), started.start()); err != nil {
				t.Fatal(err)
			}
			t.Logf("%v: database restart %d, %+v", time.Since(start).Round(time.Second), restarts, c)
		}
	}
	took := time.Since(start)
	for _, c := range children {
		_ = c.Process.Signal(syscall.SIGTERM)
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}
	s.wg.Wait()
	if kills != s.kills || restarts != s.restarts {
		t.Errorf("%d kills and %d restarts", kills, restarts)
	}
	return took
}

// follow notes when the jobs that a killed worker left running go on.
func (s *soak) follow(id string) {
	killed := time.Now()
	left := func() []int64 {
		ids, err := column[int64](context.Background(), s.e.db, "select id from river_job where state = 'running' and cast("+
			map[string]string{"sqlite": "json(attempted_by)", "postgres": "attempted_by"}[s.e.dialect.name]+" as text) like '%"+id+"%'")
		if err != nil {
			return []int64{-1}
		}
		return ids
	}
	before := left()
	s.wg.Go(func() {
		for len(before) > 0 && time.Since(killed) < 10*time.Minute {
			time.Sleep(time.Second)
			now := left()
			if slices.Contains(now, -1) {
				continue
			}
			s.mu.Lock()
			for range len(before) - len(now) {
				s.rescues = append(s.rescues, time.Since(killed).Round(time.Second))
			}
			s.mu.Unlock()
			before = now
		}
	})
}

// compare compares the ledger with what the database knows.
func (s *soak) compare(ledger []mock.Charge) {
	t := s.t
	all := requests(t, s.e)
	charged := map[string]bool{}
	for _, charge := range ledger {
		if charged[charge.Intent] {
			t.Errorf("%s was charged twice", charge.Intent)
		}
		charged[charge.Intent] = true
		r := all[charge.Intent]
		if r.RequestID != charge.RequestID && r.State != StateAmbiguous {
			t.Errorf("job %s is lost: %+v", charge.RequestID, r)
		}
	}
	for key, r := range all {
		if r.State == StateAmbiguous {
			s.doubts = append(s.doubts, key)
		}
		if r.State == StateDone && !charged[key] || !r.State.Ended() || !r.handled {
			t.Errorf("%+v, charged %v", r, charged[key])
		}
	}
	if len(all) != s.jobs {
		t.Errorf("%d requests", len(all))
	}
}

func databaseSize(t *testing.T, e *Engine) (n int64) {
	query := "select page_count * page_size from pragma_page_count(), pragma_page_size()"
	if e.dialect.name == "postgres" {
		query = "select pg_database_size(current_database())"
	}
	if err := e.db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Error(err)
	}
	return n
}

// TestSoakQueued: the memory of a worker does not grow with the line, and its reads
// stay within the budget.
func TestSoakQueued(t *testing.T) {
	jobs := soakJobs(t) * 10
	onDatabases(t, func(t *testing.T, dsn string) {
		var reads atomic.Int64
		server := newMock(t, mock.WithScript(func(r mock.Request) mock.Fault {
			if r.Call == mock.CallStatus || r.Call == mock.CallResult {
				reads.Add(1)
			}
			return mock.Fault{}
		}))
		plan := soakPlan{DSN: dsn, URL: server.URL(), Token: server.Token(), InFlight: 8, ReadRate: 5}
		e := openEngine(t, dsn, server, plan.config())
		began := time.Now()
		if n, err := e.InsertMany(t.Context(), soakInputs(jobs)); n != jobs || err != nil {
			t.Fatal(n, err)
		}
		t.Logf("%d inserted in %v, database %d bytes", jobs, time.Since(began).Round(time.Millisecond), databaseSize(t, e))
		c := plan.spawn(t, "queued")
		start := time.Now()
		var sizes []int
		for range 6 {
			time.Sleep(15 * time.Second)
			sizes = append(sizes, residentKiB(t, c.Process.Pid))
		}
		took := time.Since(start)
		rate := float64(reads.Load()) / took.Seconds()
		counts, err := e.Counts(t.Context())
		t.Logf("resident memory of the worker in KiB: %v; %.2f reads a second; %+v, %v", sizes, rate, counts, err)
		if sizes[5] > sizes[1]*3/2 || rate > 5.5 || counts.Done == 0 {
			t.Errorf("memory %v, %.2f reads a second", sizes, rate)
		}
	})
}

// residentKiB is the resident memory of a process, where Linux says it.
func residentKiB(t *testing.T, pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Skip(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	n, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestOverhead measures the processor time of a request beside a plain loop over Batch
// with the file journal.
func TestOverhead(t *testing.T) {
	jobs := soakJobs(t) / 5
	measure := func(name string, f func(t *testing.T, server *mock.Server)) {
		t.Run(name, func(t *testing.T) {
			server := newMock(t)
			var before, after syscall.Rusage
			_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
			start := time.Now()
			f(t, server)
			took := time.Since(start)
			_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
			cpu := time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
			t.Logf("%s: %d jobs in %v, processor time of a job %v, the emulator's included", name, jobs, took.Round(time.Millisecond),
				(cpu / time.Duration(jobs)).Round(time.Microsecond))
			if n := len(server.Ledger()); n != jobs {
				t.Errorf("%d charges", n)
			}
		})
	}
	measure("batch", func(t *testing.T, server *mock.Server) {
		journal, err := runcomfy.OpenJournal(filepath.Join(t.TempDir(), "journal"))
		if err != nil {
			t.Fatal(err)
		}
		defer journal.Close()
		c := runcomfy.New(server.Token(), runcomfy.WithBaseURL(server.URL()), runcomfy.WithJournal(journal), runcomfy.WithReadRate(1e6, 1e6))
		for key, o := range runcomfy.Batch(t.Context(), c, soakInputs(jobs), runcomfy.BatchInFlight(64)) {
			if o.Err != nil {
				t.Error(key, o.Err)
			}
		}
	})
	engine := func(dsn func(*testing.T) string) func(t *testing.T, server *mock.Server) {
		return func(t *testing.T, server *mock.Server) {
			e := openEngine(t, dsn(t), server, Config{InFlight: 64, Workers: 32, ReadRate: 1e6})
			if _, err := e.InsertMany(t.Context(), soakInputs(jobs)); err != nil {
				t.Fatal(err)
			}
			if c := runUntil(t, allEnded, e); c.Done != jobs {
				t.Errorf("%+v", c)
			}
		}
	}
	measure("sqlite", engine(func(t *testing.T) string { return "file:" + filepath.Join(t.TempDir(), "jobs.db") }))
	measure("postgres", engine(newPostgresDatabase))
}
