package mock_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/genclient/genclient/mock"
)

// TestFaultsOfSubmit: what a plain client sees of each fault, and whether the
// submit was charged, in memory and on sockets, over HTTP/1.1 and HTTP/2.
func TestFaultsOfSubmit(t *testing.T) {
	for _, c := range []struct {
		name    string
		fault   mock.Fault
		want    string // status, or how it ends
		charges int
	}{
		{"none", mock.Fault{}, "200", 1},
		{"reset before the body", mock.ResetBody(0), "broken", 0},
		{"reset in the body", mock.ResetBody(5), "broken", 0},
		{"hang up", mock.HangUp(), "broken", 1},
		{"reset", mock.ResetAnswer(), "broken", 1},
		{"cut in the header", mock.CutHeader(), "broken", 1},
		{"cut at the start", mock.CutAnswer(0), "200 cut to 0", 1},
		{"cut", mock.CutAnswer(7), "200 cut to 7", 1},
		{"cut in the id", mock.CutRequestID(), "200 cut to 33", 1},
		{"truncated", mock.Truncate(9), "200 of 9", 1},
		{"5xx before", mock.Answer(503, "{}"), "503", 0},
		{"5xx after", mock.Answer(503, "{}").AfterAcceptance(), "503", 1},
		{"429", mock.RateLimited("7"), "429 Retry-After 7", 0},
		{"429 without", mock.RateLimited(""), "429", 0},
		{"redirect", mock.Redirect(307, "https://example.com/"), "307 Location https://example.com/", 0},
		{"html", mock.HTMLError(502), "502", 0},
		{"error code", mock.ErrorCode(400002, "x"), "200", 0},
		{"balance", mock.NoBalance(), "402", 0},
		{"early", mock.Answer(413, "{}").BeforeBody(), "413", 0},
		{"revoked", mock.RevokeToken(), "401", 0},
	} {
		for _, server := range []struct {
			name string
			opts []mock.Option
		}{
			{"socket", nil},
			{"memory", []mock.Option{mock.WithInMemory()}},
			{"http2", []mock.Option{mock.WithHTTP2()}},
		} {
			t.Run(c.name+"/"+server.name, func(t *testing.T) {
				s := newServer(t, append(server.opts, mock.WithFault(mock.CallSubmit, 1, c.fault))...)
				r, err := send(s, "POST", "/v1/models/"+imageModel, `{"prompt":"a fox"}`)
				if got := describe(r, err); got != c.want {
					t.Errorf("the client saw %q (%v), want %q", got, err, c.want)
				}
				if n := len(s.Ledger()); n != c.charges {
					t.Errorf("%d charges, want %d", n, c.charges)
				}
				if n := s.Count(mock.CallSubmit); n != 1 {
					t.Errorf("%d submits on the wire", n)
				}
			})
		}
	}
}

func describe(r reply, err error) string {
	switch {
	case r.status == 0:
		return "broken"
	case err != nil:
		return fmt.Sprintf("%d cut to %d", r.status, len(r.body))
	case r.status == 200 && !json.Valid(r.body):
		return fmt.Sprintf("200 of %d", len(r.body))
	}
	text := fmt.Sprint(r.status)
	for _, key := range []string{"Retry-After", "Location"} {
		if v := r.header.Get(key); v != "" {
			text += " " + key + " " + v
		}
	}
	return text
}

// TestChangedAnswers: what Gzip and AddMember leave is the true answer.
func TestChangedAnswers(t *testing.T) {
	for name, fault := range map[string]mock.Fault{"gzip": mock.Gzip(), "member": mock.AddMember("error_code", `"OK"`)} {
		s := newServer(t, mock.WithFault(mock.CallSubmit, 1, fault))
		s.Client().Transport.(*http.Transport).DisableCompression = true // which decodes unasked
		r := mustSend(t, s, "POST", "/v1/models/"+imageModel, `{"prompt":"a fox"}`)
		body := r.body
		if name == "gzip" {
			z, err := gzip.NewReader(bytes.NewReader(r.body))
			if err != nil || r.header.Get("Content-Encoding") != "gzip" {
				t.Fatal(r.header, err)
			}
			if body, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
		}
		var got map[string]any
		if err := json.Unmarshal(body, &got); err != nil || got["request_id"] != s.Ledger()[0].RequestID || (name == "member") != (got["error_code"] == "OK") {
			t.Errorf("%s: %s, %v", name, body, err)
		}
	}
}

// TestErrorsOfMemory: in memory the errors are those of a TCP socket.
func TestErrorsOfMemory(t *testing.T) {
	for name, c := range map[string]struct {
		call  mock.Call
		fault mock.Fault
		want  error
	}{
		"refused": {mock.CallConnect, mock.Refused(), syscall.ECONNREFUSED},
		"reset":   {mock.CallSubmit, mock.ResetAnswer(), syscall.ECONNRESET},
		"hang up": {mock.CallSubmit, mock.HangUp(), io.EOF},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, mock.WithInMemory(), mock.WithFault(c.call, 1, c.fault))
			if _, err := send(s, "POST", "/v1/models/"+imageModel, `{"prompt":"a fox"}`); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

// TestRefusedOnSocket: a connection that a fault refuses breaks, the next one works.
func TestRefusedOnSocket(t *testing.T) {
	s := newServer(t, mock.WithFault(mock.CallConnect, 1, mock.Refused()))
	if _, err := send(s, "POST", "/v1/models/"+imageModel, `{"prompt":"a fox"}`); err == nil {
		t.Error("the first connection was served")
	}
	submit(t, s, imageModel, "a fox")
	if n := s.Count(mock.CallConnect); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}

// TestStalls: a server that stops reading, or never answers, leaves the client
// to its own deadline.
func TestStalls(t *testing.T) {
	for name, c := range map[string]struct {
		fault   mock.Fault
		charges int
	}{
		"hang":  {mock.Hang(), 1},
		"stall": {mock.StallBody(10), 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer(t, mock.WithInMemory(), mock.WithFault(mock.CallSubmit, 0, c.fault))
				s.Client().Timeout = time.Minute
				begin := time.Now()
				body := `{"prompt":"` + strings.Repeat("x", 1<<20) + `"}`
				if _, err := send(s, "POST", "/v1/models/"+imageModel, body); err == nil {
					t.Error("answered")
				}
				if d := time.Since(begin); d != time.Minute {
					t.Errorf("ended after %v", d)
				}
				if n := len(s.Ledger()); n != c.charges {
					t.Errorf("%d charges, want %d", n, c.charges)
				}
			})
		})
	}
}

// TestOddJobs: the faults in the life of a job, second by second.
func TestOddJobs(t *testing.T) {
	for name, c := range map[string]struct {
		fault mock.Fault
		want  string // status at 0, 5, 10 s of a job of 10 s
		end   string // in the result
	}{
		"none":                  {mock.Fault{}, "in_progress in_progress completed", `"output":{"image"`},
		"unknown":               {mock.UnknownState("warming_up"), "warming_up warming_up completed", `"output":{"image"`},
		"backwards":             {mock.Backwards(), "in_progress in_queue completed", `"output":{"image"`},
		"no output":             {mock.NoOutput(), "in_progress in_progress completed", `"output":null`},
		"fails":                 {mock.Fails(`["why"]`), "in_progress in_progress failed", `"error":["why"]`},
		"ends as":               {mock.EndsAs("succeeded"), "in_progress in_progress succeeded", `"status":"succeeded","output":{"image"`},
		"fails as":              {mock.Fails(`"why"`).EndingAs("error"), "in_progress in_progress error", `"error":"why"`},
		"outputs":               {mock.Outputs(`{}`).EndingAs("aborted"), "in_progress in_progress aborted", `"status":"aborted","output":{},`},
		"late output, at first": {mock.LateOutput(time.Second), "in_progress in_progress completed", `"output":null`},
		"late result, at first": {mock.LateResult(time.Second), "in_progress in_progress completed", `not found`},
		"invisible":             {mock.Invisible(7 * time.Second), "404 404 completed", `"output":{"image"`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer(t, mock.WithInMemory(), mock.WithSpeed(1), mock.WithDuration(mock.OutputKindImage, 10*time.Second, 0), mock.WithFault(mock.CallSubmit, 1, c.fault))
				path := "/v1/requests/" + submit(t, s, imageModel, "a fox")
				var states []string
				for i := range 3 {
					time.Sleep(time.Duration(min(i, 1)) * 5 * time.Second)
					r := mustSend(t, s, "GET", path+"/status", "")
					state := r.text(t, "status")
					if r.status != 200 {
						state = fmt.Sprint(r.status)
					}
					states = append(states, state)
				}
				if got := strings.Join(states, " "); got != c.want {
					t.Errorf("states %s, want %s", got, c.want)
				}
				if r := mustSend(t, s, "GET", path+"/result", ""); !bytes.Contains(r.body, []byte(c.end)) {
					t.Errorf("result %s, want %s in it", r.body, c.end)
				}
			})
		})
	}
}

// TestLateResults: what comes late is there in the end, and until then the job is as
// ever, its status after its end too.
func TestLateResults(t *testing.T) {
	for name, fault := range map[string]mock.Fault{"output": mock.LateOutput(3 * time.Second), "result": mock.LateResult(3 * time.Second)} {
		synctest.Test(t, func(t *testing.T) {
			s := newServer(t, mock.WithInMemory(), mock.WithSpeed(1), mock.WithDuration(mock.OutputKindImage, 10*time.Second, 0), mock.WithFault(mock.CallSubmit, 1, fault))
			path := "/v1/requests/" + submit(t, s, imageModel, "a fox")
			var got []string
			for range 4 { // 0, 5, 10 and 15 s
				r := mustSend(t, s, "GET", path+"/result", "")
				got = append(got, fmt.Sprint(r.status, " ", bytes.Contains(r.body, []byte("image.png"))))
				time.Sleep(5 * time.Second)
			}
			want := map[string]string{"output": "200 false, 200 false, 200 false, 200 true", "result": "200 false, 200 false, 404 false, 200 true"}[name]
			if g := strings.Join(got, ", "); g != want {
				t.Errorf("%s: %s, want %s", name, g, want)
			}
		})
	}
}

// TestMalformed: the bytes are where they are said to be, around the true answer.
func TestMalformed(t *testing.T) {
	s := newServer(t, mock.WithFault(mock.CallSubmit, 1, mock.Malformed("\ufeff", `"n":NaN,`, "\x00{}")))
	r := mustSend(t, s, "POST", "/v1/models/"+imageModel, `{"prompt":"a fox"}`)
	want := "\ufeff{" + `"n":NaN,"request_id":"` + s.Ledger()[0].RequestID + `",`
	if !strings.HasPrefix(string(r.body), want) || !strings.HasSuffix(string(r.body), "}\x00{}") || r.status != 200 {
		t.Errorf("%d: %q", r.status, r.body)
	}
}

// TestCancelRequested: the cancel is carried out, whatever its answer says.
func TestCancelRequested(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, mock.WithInMemory(), mock.WithBacklog(5), mock.WithFault(mock.CallCancel, 1, mock.CancelRequested()), mock.WithFault(mock.CallSubmit, 1, mock.EndsAs("canceled")))
		path := "/v1/requests/" + submit(t, s, imageModel, "a fox")
		if got := mustSend(t, s, "POST", path+"/cancel", "").text(t, "outcome"); got != "cancellation_requested" {
			t.Errorf("outcome %q", got)
		}
		if got := mustSend(t, s, "GET", path+"/status", "").text(t, "status"); got != "canceled" {
			t.Errorf("status %q", got)
		}
	})
}

// TestFaultRate: the share of faults is about the probability, and the first
// option that matches wins.
func TestFaultRate(t *testing.T) {
	s := newServer(t, mock.WithInMemory(),
		mock.WithFault(mock.CallModels, 1, mock.Answer(500, "")),
		mock.WithFaultRate(mock.CallModels, 0.25, mock.Answer(501, "")))
	got := make(map[int]int)
	for range 1000 {
		got[mustSend(t, s, "GET", "/v1/models", "").status]++
	}
	if got[500] != 1 || got[501] < 200 || got[501] > 300 {
		t.Errorf("statuses %v", got)
	}
}

// TestSlow: a delay passes before the request is served.
func TestSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, mock.WithInMemory(), mock.WithFault(mock.CallModels, 1, mock.Slow(3*time.Second)), mock.WithFault(mock.CallModels, 2, mock.Answer(500, "").Delayed(time.Second)))
		for _, want := range []time.Duration{3 * time.Second, time.Second, 0} {
			begin := time.Now()
			mustSend(t, s, "GET", "/v1/models", "")
			if d := time.Since(begin); d != want {
				t.Errorf("answered after %v, want %v", d, want)
			}
		}
	})
}

// TestScenarios: every name is described and starts.
func TestScenarios(t *testing.T) {
	for _, scenario := range mock.Scenarios() {
		if scenario.Doc == "" {
			t.Errorf("%s has no description", scenario.Name)
		}
		newServer(t, mock.WithScenario(scenario.Name), mock.WithInMemory())
	}
	s := newServer(t, mock.WithScenario("ambiguous"), mock.WithInMemory())
	if r, err := send(s, "POST", "/v1/models/"+imageModel, `{"prompt":"a fox"}`); err == nil || len(s.Ledger()) != 1 {
		t.Errorf("ambiguous: answer %d, %d charges", r.status, len(s.Ledger()))
	}
}

// TestMedia: the media host, its ranges and its faults.
func TestMedia(t *testing.T) {
	media := func(t *testing.T, model string, opts ...mock.Option) (*mock.Server, string) {
		s := newServer(t, append(opts, mock.WithInMemory(), mock.WithDuration(mock.OutputKindImage, 0, 0), mock.WithDuration(mock.OutputKindVideo, 0, 0), mock.WithDuration(mock.OutputKindAudio, 0, 0))...)
		r := mustSend(t, s, "GET", "/v1/requests/"+submit(t, s, model, "a fox")+"/result", "")
		var result struct {
			Output struct{ Image, Video, Audio string }
		}
		if err := json.Unmarshal(r.body, &result); err != nil {
			t.Fatal(err)
		}
		return s, result.Output.Image + result.Output.Video + result.Output.Audio
	}
	fetch := func(t *testing.T, s *mock.Server, url string, header http.Header) (reply, error) {
		req, err := http.NewRequest("GET", url, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header = header
		resp, err := s.Client().Do(req)
		if err != nil {
			return reply{}, err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		return reply{resp.StatusCode, resp.Header, body}, err
	}
	t.Run("kinds", func(t *testing.T) {
		for model, want := range map[string]struct{ kind, magic string }{
			imageModel: {"image/png", "\x89PNG"}, videoModel: {"video/mp4", "\x00\x00\x00\x18ftyp"}, audioModel: {"audio/", "RIFF"},
		} {
			s, url := media(t, model)
			r, err := fetch(t, s, url, http.Header{})
			if err != nil || r.status != 200 || !strings.HasPrefix(r.header.Get("Content-Type"), want.kind) || !bytes.HasPrefix(r.body, []byte(want.magic)) {
				t.Errorf("%s: %d %s %q %v", model, r.status, r.header.Get("Content-Type"), r.body[:min(8, len(r.body))], err)
			}
		}
	})
	t.Run("range", func(t *testing.T) {
		s, url := media(t, videoModel)
		whole, err := fetch(t, s, url, http.Header{})
		if err != nil {
			t.Fatal(err)
		}
		part, err := fetch(t, s, url, http.Header{"Range": {"bytes=100-199"}, "If-Range": {whole.header.Get("Etag")}})
		if err != nil || part.status != 206 || !bytes.Equal(part.body, whole.body[100:200]) {
			t.Errorf("range: %d, %d bytes, %v", part.status, len(part.body), err)
		}
	})
	t.Run("cut", func(t *testing.T) {
		s, url := media(t, videoModel, mock.WithFault(mock.CallMedia, 1, mock.CutAnswer(50_000)))
		if r, err := fetch(t, s, url, http.Header{}); err == nil || len(r.body) != 50_000 {
			t.Errorf("%d bytes, %v", len(r.body), err)
		}
	})
	t.Run("truncated", func(t *testing.T) {
		s, url := media(t, videoModel, mock.WithFault(mock.CallMedia, 1, mock.Truncate(50_000)))
		if r, err := fetch(t, s, url, http.Header{}); err != nil || len(r.body) != 50_000 {
			t.Errorf("%d bytes, %v", len(r.body), err)
		}
	})
	t.Run("changed", func(t *testing.T) {
		s, url := media(t, videoModel, mock.WithFault(mock.CallMedia, 2, mock.ChangeMedia()))
		first, err := fetch(t, s, url, http.Header{})
		if err != nil {
			t.Fatal(err)
		}
		second, err := fetch(t, s, url, http.Header{"Range": {"bytes=100-"}, "If-Range": {first.header.Get("Etag")}})
		if err != nil || second.status != 200 || len(second.body) <= len(first.body) || first.header.Get("Etag") == second.header.Get("Etag") {
			t.Errorf("resumed: %d, %d bytes, %v", second.status, len(second.body), err)
		}
	})
	t.Run("expired", func(t *testing.T) {
		s, url := media(t, imageModel, mock.WithLinkLifetime(0))
		if r, err := fetch(t, s, url, http.Header{}); err != nil || r.status != 403 {
			t.Errorf("%d, %v", r.status, err)
		}
	})
	t.Run("other host", func(t *testing.T) {
		s, url := media(t, imageModel, mock.WithTLS(), mock.WithMediaOrigin("https://outputs.runcomfy.net"))
		if r, err := fetch(t, s, url, http.Header{}); err != nil || r.status != 200 || !strings.HasPrefix(url, "https://outputs.runcomfy.net/") {
			t.Errorf("%s: %d, %v", url, r.status, err)
		}
	})
	t.Run("credential", func(t *testing.T) {
		s, err := mock.NewServer(samples, mock.WithInMemory())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if _, err := fetch(t, s, s.URL()+"/media/x/image.png", http.Header{"Authorization": {"Bearer secret"}}); err != nil {
			t.Fatal(err)
		}
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), "Authorization") {
			t.Errorf("Check: %v", err)
		}
	})
}
