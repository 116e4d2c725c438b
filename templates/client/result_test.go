package client

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestResultShapes: whatever form a paid job's answer has, what fits is read
// and the rest does no harm.
func TestResultShapes(t *testing.T) {
	cost := func(f float64) *float64 { return &f }
	for _, test := range []struct {
		name, body string
		want       Result
	}{
		{"documented", `{"request_id":"job-1","status":"completed","output":{"image":"https://a/1","images":["https://a/1","https://a/2"]},"error":null,"created_at":"2026-01-02T03:04:05Z","finished_at":"2026-01-02T03:05:05.5Z","cost":0.25}`,
			Result{State: StateDone, APIState: "completed", Output: Output{Image: "https://a/1", Images: []string{"https://a/1", "https://a/2"}}, Cost: cost(0.25),
				CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), FinishedAt: time.Date(2026, 1, 2, 3, 5, 5, 5e8, time.UTC)}},
		{"output null", `{"status":"completed","output":null}`, Result{State: StateDone, APIState: "completed"}},
		{"output a URL", `{"status":"succeeded","output":"https://a/x.mp4?sig=1"}`, Result{State: StateDone, APIState: "succeeded", Output: Output{Videos: []string{"https://a/x.mp4?sig=1"}}}},
		{"output a list", `{"status":"completed","output":["https://a/x.mp3","https://a/y.mp4",7,null]}`, Result{State: StateDone, APIState: "completed", Output: Output{Videos: []string{"https://a/x.mp3", "https://a/y.mp4"}}}},
		{"a list that is one string", `{"status":"completed","output":{"images":"https://a/1"}}`, Result{State: StateDone, APIState: "completed", Output: Output{Images: []string{"https://a/1"}}}},
		{"a string that is a list", `{"status":"completed","output":{"video":["https://a/1","https://a/2"],"videos":["https://a/3"]}}`, Result{State: StateDone, APIState: "completed",
			Output: Output{Video: "https://a/1", Videos: []string{"https://a/1", "https://a/2", "https://a/3"}}}},
		{"fields of odd types", `{"status":"completed","output":{"image":7,"images":{"a":1},"video":true,"videos":[[["https://a/1"]]],"new":{}},"cost":"$0.5","created_at":17,"finished_at":[]}`,
			Result{State: StateDone, APIState: "completed", Output: Output{Videos: []string{"https://a/1"}}, Cost: cost(0.5)}},
		{"cost nonsense", `{"status":"completed","cost":"NaN"}`, Result{State: StateDone, APIState: "completed"}},
		{"a time without a zone", `{"status":"completed","finished_at":"2026-01-02T03:04:05.25"}`, Result{State: StateDone, APIState: "completed",
			FinishedAt: time.Date(2026, 1, 2, 3, 4, 5, 25e7, time.UTC)}},
		{"status of another type", `{"status":3,"output":{"video":"https://a/1"}}`, Result{State: StateDone, Output: Output{Video: "https://a/1"}}},
		{"error text", `{"status":"failed","error":"no"}`, Result{State: StateFailed, APIState: "failed", Error: json.RawMessage(`"no"`)}},
		{"empty error", `{"status":"completed","error":{}}`, Result{State: StateDone, APIState: "completed"}},
		{"running with an error", `{"status":"running","error":"retrying"}`, Result{State: StateRunning, APIState: "running", Error: json.RawMessage(`"retrying"`)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, _ := answering(t, func(received) reply { return reply{body: test.body} })
			job, _ := c.Job("job-1")
			a, err := job.call(t.Context(), opResult, "", false)
			if err != nil {
				t.Fatal(err)
			}
			test.want.RequestID, test.want.Raw = "job-1", []byte(test.body)
			if diff := cmp.Diff(&test.want, resultOfAnswer(OutputKindVideo, a)); diff != "" {
				t.Errorf("result (-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzResult: no answer of a paid job makes reading it fail.
func FuzzResult(f *testing.F) {
	for _, seed := range []string{done, failed, completed, `{"output":[[["x"]]],"cost":{"usd":{}},"created_at":1e99}`, `{"error":{"detail":[{"loc":[1,null,{}],"msg":"m"}]}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		a := answerOf(string(raw))
		res := resultOfAnswer(OutputKindImage, a)
		if res.RequestID != "job-1" || string(res.Raw) != string(raw) {
			t.Errorf("result %v", res)
		}
		if _, err := json.Marshal(res.Output); err != nil {
			t.Error(err)
		}
		if m := redact(a.message(), nil); len(m) > shownLimit {
			t.Errorf("%d bytes of message", len(m))
		}
	})
}

func TestMessages(t *testing.T) {
	for body, want := range map[string]string{
		`{"error_message":"a","message":"b"}`:                                  "a",
		`{"message":"b","detail":"c"}`:                                         "b",
		`{"error":{"code":7,"message":"d"}}`:                                   "d",
		`{"error":{"error":{"reason":"deep"}}}`:                                "deep",
		`{"detail":[{"loc":["body","image_urls",2],"msg":"bad","input":"x"}]}`: "image_urls[2]: bad",
		`{"detail":[{"loc":["query"],"msg":"e"},{"msg":"f"},"g",7]}`:           "query: e; f; g",
		`{"error":["h"]}`:                                "h",
		`"just text"`:                                    "just text",
		`[{"message":"in a list"}]`:                      "in a list",
		`{"error":null,"message":"","detail":[]}`:        "",
		"<html><head><TITLE>\n502  Bad Gateway </TITLE>": "502 Bad Gateway",
		"<title>never closed":                            "",
		"plain":                                          "",
		"":                                               "",
	} {
		if a := answerOf(body); a.message() != want {
			t.Errorf("%s: message %q, want %q", body, a.message(), want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"":                               0,
		"7":                              7 * time.Second,
		" 7 ":                            7 * time.Second,
		"0":                              0,
		"-5":                             0,
		"1.5":                            0,
		"soon":                           0,
		"99999999999999999999999999999":  (1<<31 - 1) * time.Second,
		"9223372036854775807":            (1<<31 - 1) * time.Second,
		"Fri, 02 Jan 2026 03:04:35 GMT":  30 * time.Second,
		"Friday, 02-Jan-26 03:04:35 GMT": 30 * time.Second,
		"Fri Jan  2 03:04:35 2026":       30 * time.Second,
		"Fri, 02 Jan 2026 03:04:00 GMT":  0,
	} {
		if got := retryAfter(http.Header{"Retry-After": {value}}, now); got != want {
			t.Errorf("Retry-After %q is %v, want %v", value, got, want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("7")
	f.Add("Fri, 02 Jan 2026 03:04:35 GMT")
	f.Fuzz(func(t *testing.T, value string) {
		if got := retryAfter(http.Header{"Retry-After": {value}}, time.Unix(0, 0)); got < 0 {
			t.Errorf("%q is %v", value, got)
		}
	})
}

func TestStates(t *testing.T) {
	for word, want := range map[string]State{
		"in_queue": StateQueued, "QUEUED": StateQueued, "pending": StateQueued, "Waiting": StateQueued,
		"in_progress": StateRunning, "running": StateRunning, "starting": StateRunning, "processing": StateRunning,
		"completed": StateDone, " Succeeded ": StateDone, "failed": StateFailed, "error": StateFailed,
		"cancelled": StateCanceled, "canceled": StateCanceled, "": StateUnknown, "archived": StateUnknown,
	} {
		if got := parseState(word); got != want {
			t.Errorf("%q is %v, want %v", word, got, want)
		}
	}
	names := fmt.Sprint([]State{StateUnknown, StateQueued, StateRunning, StateDone, StateFailed, StateCanceled},
		[]CancelOutcome{CancelOutcomeUnknown, CancelOutcomeCanceled, CancelOutcomeNotCancellable, CancelOutcomeAlreadyDone},
		[]Charged{ChargedNo, ChargedYes, ChargedMaybe})
	if want := "[unknown queued running done failed canceled] [unknown canceled not cancellable already done] [no yes maybe]"; names != want {
		t.Error(names)
	}
}

func TestURLsNamesEachFileOnce(t *testing.T) {
	o := Output{Image: "i1", Images: []string{"i1", "i2"}, Videos: []string{"v"}, Audio: "a"}
	if d := cmp.Diff([]string{"i1", "i2", "v", "a"}, o.URLs()); d != "" {
		t.Error(d)
	}
}

func TestDecodeOutputKeepsTheRawAnswerApart(t *testing.T) {
	type own struct {
		Mesh *string `json:"mesh"`
	}
	res := &Result{RequestID: "r", Raw: []byte(`{"output":{"mesh":"m.glb"}}`)}
	if o, err := decodeOutput[own](res); err != nil || o.Mesh == nil || *o.Mesh != "m.glb" {
		t.Errorf("%+v, %v", o, err)
	}
	if _, err := decodeOutput[own](&Result{Raw: []byte(`{"output":"a string"}`)}); err == nil {
		t.Error("an output of another form was decoded")
	}
	if _, err := decodeOutput[own](nil); err == nil {
		t.Error("no result was decoded")
	}
}

// A bare URL of a job by id is an output too.
func TestBareURLOfUnknownModel(t *testing.T) {
	for _, output := range []string{`"https://v.runcomfy.net/a.mp4"`, `["https://v.runcomfy.net/a.mp4"]`} {
		c, _ := answering(t, func(received) reply { return reply{body: `{"status":"completed","output":` + output + `}`} })
		job, _ := c.Job("job-1")
		res, err := job.Result(t.Context())
		if err != nil || len(res.Output.URLs()) != 1 {
			t.Errorf("output %s: %+v, %v", output, res.Output, err)
		}
		files, err := c.Download(t.Context(), res, t.TempDir())
		if len(files) == 0 && err == nil {
			t.Errorf("output %s: Download brought nothing and reports nothing", output)
		}
	}
}

func TestDecodeNothing(t *testing.T) {
	type out struct{ X string }
	for _, raw := range []string{`{"output":null}`, `{}`, `null`} {
		o, err := decodeOutput[out](&Result{RequestID: "job-1", Raw: []byte(raw)})
		if o == nil && err == nil {
			t.Errorf("%s: neither an output nor an error", raw)
		}
	}
}
