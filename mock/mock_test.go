package mock_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/genclient/genclient/mock"
	"github.com/google/go-cmp/cmp"
)

const (
	imageModel = "sample/image/text-to-image"
	videoModel = "sample/video/text-to-video"
	audioModel = "sample/audio/text-to-audio"
)

// newServer is mock.New with the sample models, whatever the default is.
func newServer(t testing.TB, opts ...mock.Option) *mock.Server {
	t.Helper()
	return mock.New(t, append([]mock.Option{samples}, opts...)...)
}

var samples = mock.WithModels(mock.SampleModels()...)

// reply is an answer as a plain client sees it.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (r reply) text(t *testing.T, key string) string {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal(r.body, &object); err != nil {
		t.Fatalf("answer %q: %v", r.body, err)
	}
	text, _ := object[key].(string)
	return text
}

// send makes one request with the token. The error is that of the transport or
// of reading the body.
func send(s *mock.Server, method, path, body string) (reply, error) {
	req, err := http.NewRequest(method, s.URL()+path, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	req.GetBody = nil
	req.Header.Set("Authorization", "Bearer "+s.Token())
	client := *s.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, data}, err
}

func mustSend(t *testing.T, s *mock.Server, method, path, body string) reply {
	t.Helper()
	r, err := send(s, method, path, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

func submit(t *testing.T, s *mock.Server, model, prompt string) string {
	t.Helper()
	r := mustSend(t, s, "POST", "/v1/models/"+model, `{"prompt":"`+prompt+`"}`)
	id := r.text(t, "request_id")
	if r.status != 200 || id == "" {
		t.Fatalf("submit: %d %s", r.status, r.body)
	}
	return id
}

// TestProtocols: every kind of server serves a whole job, over the protocol it
// is named for.
func TestProtocols(t *testing.T) {
	for name, c := range map[string]struct {
		opts  []mock.Option
		proto string
	}{
		"socket":        {nil, "HTTP/1.1"},
		"memory":        {[]mock.Option{mock.WithInMemory()}, "HTTP/1.1"},
		"tls":           {[]mock.Option{mock.WithTLS()}, "HTTP/1.1"},
		"http2":         {[]mock.Option{mock.WithHTTP2()}, "HTTP/2.0"},
		"http2, memory": {[]mock.Option{mock.WithHTTP2(), mock.WithInMemory()}, "HTTP/2.0"},
	} {
		t.Run(name, func(t *testing.T) {
			var proto string
			s := newServer(t, append(c.opts, mock.WithDuration(mock.OutputImage, 0, 0), mock.WithScript(func(r mock.Request) mock.Fault {
				if r.Call == mock.Submit {
					proto = r.Proto
				}
				return mock.Fault{}
			}))...)
			id := submit(t, s, imageModel, "a fox")
			if proto != c.proto {
				t.Errorf("served %s, want %s", proto, c.proto)
			}
			r := mustSend(t, s, "GET", "/v1/requests/"+id+"/result?include_cost=true", "")
			var result struct {
				Status string
				Output struct{ Image string }
				Cost   float64
			}
			if err := json.Unmarshal(r.body, &result); err != nil {
				t.Fatal(err)
			}
			if result.Status != "completed" || result.Cost != 0.05 || !strings.HasPrefix(result.Output.Image, s.URL()+"/media/") {
				t.Errorf("result: %s", r.body)
			}
		})
	}
}

// TestLifeOfJob follows a queued job on the virtual clock.
func TestLifeOfJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, mock.WithInMemory(), mock.WithSpeed(1), mock.WithConcurrency(1), mock.WithDuration(mock.OutputVideo, 90*time.Second, 0))
		first, second, third := submit(t, s, videoModel, "one"), submit(t, s, videoModel, "two"), submit(t, s, videoModel, "three")
		state := func(id string) string {
			var a struct {
				Status   string `json:"status"`
				Position *int   `json:"queue_position"`
			}
			r := mustSend(t, s, "GET", "/v1/requests/"+id+"/status", "")
			if err := json.Unmarshal(r.body, &a); err != nil {
				t.Fatal(err)
			}
			if a.Position != nil {
				return a.Status + " " + string(rune('0'+*a.Position))
			}
			return a.Status
		}
		states := func() []string { return []string{state(first), state(second), state(third)} }
		check := func(want ...string) {
			t.Helper()
			if diff := cmp.Diff(want, states()); diff != "" {
				t.Errorf("states after %v (-want +got):\n%s", time.Since(start), diff)
			}
		}
		check("in_progress", "in_queue 0", "in_queue 1")
		if got := mustSend(t, s, "POST", "/v1/requests/"+first+"/cancel", "").text(t, "outcome"); got != "not_cancellable" {
			t.Errorf("cancelling a running job: %s", got)
		}
		time.Sleep(60 * time.Second)
		if got := mustSend(t, s, "POST", "/v1/requests/"+second+"/cancel", "").text(t, "outcome"); got != "cancelled" {
			t.Errorf("cancelling a queued job: %s", got)
		}
		check("in_progress", "cancelled", "in_queue 0")
		time.Sleep(30 * time.Second)
		check("completed", "cancelled", "in_progress") // the third took the place of the second
		time.Sleep(90 * time.Second)
		check("completed", "cancelled", "completed")
	})
}

// start is the time at which every synctest bubble begins.
var start = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// TestLedger: the second charge of an intent is found whatever the spelling of
// the body, and the message names both requests.
func TestLedger(t *testing.T) {
	s, err := mock.NewServer(samples)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	for _, body := range []string{`{"prompt":"a","n":1.0}`, `{"prompt":"b"}`, ` { "n": 1.0, "prompt":"a" }`} {
		mustSend(t, s, "POST", "/v1/models/"+imageModel, body)
	}
	ledger := s.Ledger()
	if len(ledger) != 3 || ledger[0].Intent != ledger[2].Intent || ledger[0].Intent == ledger[1].Intent {
		t.Fatalf("ledger: %+v", ledger)
	}
	err = s.Check()
	if err == nil || !strings.Contains(err.Error(), "2 charges for one intent") ||
		!strings.Contains(err.Error(), ledger[0].RequestID) || !strings.Contains(err.Error(), ledger[2].RequestID) {
		t.Errorf("Check: %v", err)
	}
}

// TestIntentKey: a test may name intents by a property of its own.
func TestIntentKey(t *testing.T) {
	s := newServer(t, mock.WithIntentKey("prompt"))
	submit(t, s, imageModel, "a fox")
	if got := s.Ledger()[0].Intent; got != "a fox" {
		t.Errorf("intent %q", got)
	}
}

// TestCheckInCleanup: New fails the test that was charged twice, and
// WithRepeatedIntents allows it.
func TestCheckInCleanup(t *testing.T) {
	for _, c := range []struct {
		opts []mock.Option
		fail bool
	}{{nil, true}, {[]mock.Option{mock.WithRepeatedIntents()}, false}} {
		r := &recorder{TB: t}
		s := newServer(r, c.opts...)
		submit(t, s, imageModel, "a fox")
		submit(t, s, imageModel, "a fox")
		r.cleanup()
		if r.failed != c.fail {
			t.Errorf("options %d: failed %v, want %v", len(c.opts), r.failed, c.fail)
		}
	}
}

// recorder is a testing.TB that records a failure instead of failing.
type recorder struct {
	testing.TB
	cleanup func()
	failed  bool
}

func (r *recorder) Cleanup(f func()) { r.cleanup = f }
func (r *recorder) Error(...any)     { r.failed = true }
func (r *recorder) Helper()          {}

// TestDeterministic: the same seed gives the same ids and durations.
func TestDeterministic(t *testing.T) {
	run := func(t *testing.T, seed uint64) (ids []string) {
		s := newServer(t, mock.WithSeed(seed))
		for _, prompt := range []string{"a", "b", "c"} {
			ids = append(ids, submit(t, s, imageModel, prompt))
		}
		return ids
	}
	a, b, c := run(t, 7), run(t, 7), run(t, 8)
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("one seed, two runs:\n%s", diff)
	}
	if cmp.Equal(a, c) {
		t.Errorf("two seeds gave the same ids %v", a)
	}
}

// TestDeterministicFaults: two runs of one program with one seed meet the same
// faults, although the reads of a wait differ in number.
func TestDeterministicFaults(t *testing.T) {
	run := func(reads int) (met string) {
		s := newServer(t, mock.WithSeed(7), mock.WithScenario("flaky"), mock.WithRepeatedIntents())
		for range 40 {
			r, _ := send(s, "POST", "/v1/models/"+imageModel, `{"prompt":"a fox"}`)
			met += fmt.Sprintln(r.status, strings.ReplaceAll(string(r.body), s.URL(), ""))
			for range reads {
				_, _ = send(s, "GET", "/v1/requests/none/status", "")
			}
		}
		return met
	}
	if diff := cmp.Diff(run(0), run(3)); diff != "" {
		t.Errorf("without reads and with them:\n%s", diff)
	}
}

// TestMisplacedOptions: what could never have an effect is refused, instead of
// making a test that proves nothing.
func TestMisplacedOptions(t *testing.T) {
	for name, c := range map[string]struct {
		opt  mock.Option
		want string
	}{
		"Refused on Submit":       {mock.WithFault(mock.Submit, 1, mock.Refused()), "belongs to Connect"},
		"HangUp on Connect":       {mock.WithFault(mock.Connect, 1, mock.HangUp()), "belongs to Connect"},
		"Fails on Status":         {mock.WithFault(mock.Status, 1, mock.Fails(`{}`)), "belongs to Submit"},
		"ChangeMedia on Result":   {mock.WithFault(mock.Result, 1, mock.ChangeMedia()), "belongs to Media"},
		"CutRequestID on Media":   {mock.WithFault(mock.Media, 1, mock.CutRequestID()), "no request id"},
		"misplaced rate":          {mock.WithFaultRate(mock.Status, 1, mock.NoOutput()), "belongs to Submit"},
		"unknown call":            {mock.WithFault("sumbit", 1, mock.HangUp()), `unknown call "sumbit"`},
		"negative n":              {mock.WithFault(mock.Submit, -1, mock.HangUp()), "request -1"},
		"negative bytes":          {mock.WithFault(mock.Submit, 1, mock.Truncate(-1)), "-1 bytes"},
		"negative delay":          {mock.WithFault(mock.Submit, 1, mock.Slow(-time.Second)), "negative duration, -1s"},
		"Fails with no JSON":      {mock.WithFault(mock.Submit, 1, mock.Fails(`not json`)), "not JSON"},
		"status":                  {mock.WithFault(mock.Submit, 1, mock.Answer(99, "")), "status 99"},
		"HangUp afterwards":       {mock.WithFault(mock.Submit, 1, mock.HangUp().AfterAcceptance()), "belong to Answer"},
		"before and after":        {mock.WithFault(mock.Submit, 1, mock.Answer(500, "").BeforeBody().AfterAcceptance()), "cannot come before"},
		"NaN as a rate":           {mock.WithFaultRate(mock.Submit, math.NaN(), mock.HangUp()), "fault rate NaN"},
		"no script":               {mock.WithScript(nil), "without a script"},
		"negative backlog":        {mock.WithBacklog(-3), "backlog -3"},
		"negative duration":       {mock.WithDuration(mock.OutputVideo, -time.Second, 0), "duration -1s"},
		"negative link lifetime":  {mock.WithLinkLifetime(-time.Second), "lifetime -1s"},
		"output kind":             {mock.WithDuration("vidoe", time.Second, 0), `output kind "vidoe"`},
		"speed":                   {mock.WithSpeed(math.Inf(1)), "speed +Inf"},
		"NaN as a speed":          {mock.WithSpeed(math.NaN()), "speed NaN"},
		"no token":                {mock.WithToken(""), "token is empty"},
		"no models":               {mock.WithModels(), "without a model"},
		"model without id":        {mock.WithModels(mock.Model{}), "without an id"},
		"one model twice":         {mock.WithModels(mock.Model{ID: "a"}, mock.Model{ID: "a"}), `two models with the id "a"`},
		"kind of a model":         {mock.WithModels(mock.Model{ID: "a", Output: "vidoe"}), `output kind "vidoe"`},
		"schema of a model":       {mock.WithModels(mock.Model{ID: "a", InputSchema: []byte("{")}), "schema is not JSON"},
		"media origin, no scheme": {mock.WithMediaOrigin("cdn.runcomfy.net"), "media origin"},
		"media origin, path":      {mock.WithMediaOrigin("https://cdn.runcomfy.net/"), "media origin"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := mock.NewServer(samples, c.opt)
			if err == nil {
				_ = s.Close()
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// TestMisplacedFaultOfScript: Check tells of a fault that a script returns where
// it cannot strike. A script that breaks whatever comes need not know that
// connections come too.
func TestMisplacedFaultOfScript(t *testing.T) {
	for name, c := range map[string]struct {
		fault mock.Fault
		want  string
	}{
		"HangUp everywhere": {mock.HangUp(), "<nil>"},
		"impossible":        {mock.Truncate(-1), "mock: a script's fault: a fault after -1 bytes"},
		"job of a read":     {mock.NoOutput(), "mock: a script's fault: this fault cannot strike at categories: what is odd in the life of a job belongs to Submit"},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := mock.NewServer(samples, mock.WithScript(func(mock.Request) mock.Fault { return c.fault }))
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			_, _ = send(s, "GET", "/v1/models/categories", "")
			if got := fmt.Sprint(s.Check()); got != c.want {
				t.Errorf("Check: %s, want %s", got, c.want)
			}
		})
	}
}

// TestBadOptions: all of them are reported at once.
func TestBadOptions(t *testing.T) {
	_, err := mock.NewServer(mock.WithSpeed(0), mock.WithConcurrency(0), mock.WithFaultRate(mock.Submit, 2, mock.HangUp()), mock.WithScenario("nonsense"))
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"speed 0", "concurrency 0", "fault rate 2", `scenario "nonsense"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in: %v", want, err)
		}
	}
}

// TestStopListening: the kernel refuses connections until the server listens
// again on the same address.
func TestStopListening(t *testing.T) {
	s := newServer(t)
	if err := s.StopListening(); err != nil {
		t.Fatal(err)
	}
	if _, err := send(s, "GET", "/v1/models", ""); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("error %v, want a refused connection", err)
	}
	if err := s.StartListening(); err != nil {
		t.Fatal(err)
	}
	if r := mustSend(t, s, "GET", "/v1/models", ""); r.status != 200 {
		t.Errorf("status %d", r.status)
	}
}

// TestCloseReleases: Close ends handlers that hang and leaves no goroutine.
func TestCloseReleases(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, opts := range [][]mock.Option{nil, {mock.WithHTTP2()}, {mock.WithInMemory()}} {
		arrived := make(chan struct{})
		s, err := mock.NewServer(append(opts, samples, mock.WithScript(func(r mock.Request) mock.Fault {
			if r.Call != mock.Submit {
				return mock.Fault{}
			}
			close(arrived)
			return mock.Hang()
		}))...)
		if err != nil {
			t.Fatal(err)
		}
		failed := make(chan error)
		go func() {
			_, err := send(s, "POST", "/v1/models/"+imageModel, `{"prompt":"a"}`)
			failed <- err
		}()
		<-arrived
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-failed; err == nil {
			t.Error("the request that hung was answered")
		}
		if err := s.Check(); err != nil {
			t.Error(err)
		}
	}
	noLeak(t, before)
}

// TestNoChargeAfterClose: a submit that is delayed when the server is closed is
// charged before Close returns or not at all, so that Check sees it.
func TestNoChargeAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := mock.NewServer(samples, mock.WithInMemory(), mock.WithFault(mock.Submit, 0, mock.Slow(time.Hour)))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			go func() { _, _ = send(s, "POST", "/v1/models/"+imageModel, `{"prompt":"a"}`) }()
		}
		synctest.Wait() // both have arrived and are held back
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		charges := len(s.Ledger())
		synctest.Wait()
		if late := len(s.Ledger()) - charges; late != 0 || charges != 2 {
			t.Errorf("%d charges when Close returned, %d after it", charges, late)
		}
	})
}

// TestClosedHandler: behind a server of the caller's own, too, nothing is
// charged once the emulator is closed.
func TestClosedHandler(t *testing.T) {
	s, err := mock.NewServer(samples)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if v := recover(); v != http.ErrAbortHandler || len(s.Ledger()) != 0 {
			t.Errorf("the handler ended with %v after %d charges", v, len(s.Ledger()))
		}
	}()
	r := httptest.NewRequest("POST", "/v1/models/"+imageModel, strings.NewReader(`{"prompt":"a"}`))
	r.Header.Set("Authorization", "Bearer "+s.Token())
	s.Handler().ServeHTTP(httptest.NewRecorder(), r)
}

// TestPanicsAreTold: what panics in a test's own script or Validate is told by
// Check; the client sees a broken connection alone.
func TestPanicsAreTold(t *testing.T) {
	for name, opt := range map[string]mock.Option{
		"script": mock.WithScript(func(r mock.Request) mock.Fault {
			if r.Call == mock.Submit {
				panic("on purpose")
			}
			return mock.Fault{}
		}),
		"validate": mock.WithModels(mock.Model{ID: imageModel, Validate: func([]byte) []mock.Problem { panic("on purpose") }}),
	} {
		t.Run(name, func(t *testing.T) {
			s, err := mock.NewServer(samples, opt)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if _, err := send(s, "POST", "/v1/models/"+imageModel, `{"prompt":"a"}`); err == nil {
				t.Error("answered")
			}
			if err := s.Check(); err == nil || !strings.Contains(err.Error(), "panicked: on purpose") || !strings.Contains(err.Error(), "mock_test.go") {
				t.Errorf("Check: %v", err)
			}
		})
	}
}

// noLeak fails if more goroutines live than before, after giving those that
// are about to end a bounded number of chances to run.
func noLeak(t *testing.T, before int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for runtime.NumGoroutine() > before {
		if ctx.Err() != nil {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
		runtime.Gosched()
	}
}
