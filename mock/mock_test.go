package mock_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
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
func newServer(t mock.TB, opts ...mock.Option) *mock.Server {
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
			s := newServer(t, append(c.opts, mock.WithDuration(mock.OutputKindImage, 0, 0), mock.WithScript(func(r mock.Request) mock.Fault {
				if r.Call == mock.CallSubmit {
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
		s := newServer(t, mock.WithInMemory(), mock.WithSpeed(1), mock.WithConcurrency(1), mock.WithDuration(mock.OutputKindVideo, 90*time.Second, 0))
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
// the body, and the message names both requests and the ways out.
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
		!strings.Contains(err.Error(), ledger[0].RequestID) || !strings.Contains(err.Error(), ledger[2].RequestID) ||
		!strings.Contains(err.Error(), "WithRepeatedIntents, or WithIntentKey") {
		t.Errorf("Check: %v", err)
	}
}

// TestIntentKey: a test may name intents by a property of its own. One prompt
// for two models is two intents.
func TestIntentKey(t *testing.T) {
	s := newServer(t, mock.WithIntentKey("prompt"))
	submit(t, s, imageModel, "a fox")
	submit(t, s, videoModel, "a fox")
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
		var r recorder
		s := newServer(&r, c.opts...)
		submit(t, s, imageModel, "a fox")
		submit(t, s, imageModel, "a fox")
		r.cleanup()
		if strings.Contains(r.failure, "2 charges for one intent") != c.fail {
			t.Errorf("options %d: failed with %q, want %v", len(c.opts), r.failure, c.fail)
		}
	}
}

// recorder is a test that keeps its failure.
type recorder struct {
	cleanup func()
	failure string
}

func (r *recorder) Helper()                           {}
func (r *recorder) Cleanup(f func())                  { r.cleanup = f }
func (r *recorder) Errorf(format string, args ...any) { r.failure += fmt.Sprintf(format, args...) }
func (r *recorder) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

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
