package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestObserver: an observer and a log learn of each attempt, of the states and of the end,
// each once, and of nothing secret.
func TestObserver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var events []Event
		var debug, info bytes.Buffer
		observer := WithObserver(func(e Event) {
			mu.Lock()
			defer mu.Unlock()
			events = append(events, e)
		})
		n := 0
		api := jobAPI([]string{queued, completed}, []string{strings.Replace(done, "{", `{"cost":0.25,`, 1)})
		answer := func(r received) reply {
			if n++; n == 1 {
				return reply{status: 429, body: `{"message":"slow down, ` + testPrompt + `"}`}
			}
			if n == 3 {
				return reply{status: 503}
			}
			return api(r)
		}
		c, _ := answering(t, answer, observer, WithLogger(slog.New(slog.NewJSONHandler(&debug, &slog.HandlerOptions{Level: slog.LevelDebug}))))
		res, err := c.run(t.Context(), testInput(), []CallOption{WithCost()})
		if err != nil {
			t.Fatal(err)
		}
		job, _ := c.Job(res.RequestID)
		if _, err := job.Result(t.Context()); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range events {
			line := strings.TrimSpace(strings.Join([]string{string(e.Kind), e.Op, e.Method, e.Path, e.Model, e.JobID, string(e.State)}, " "))
			got = append(got, strings.Join(strings.Fields(line), " "))
		}
		const post, status, result = "attempt submit POST /v1/models/vendor/model%20v1.0 vendor/model v1.0", "attempt status GET /v1/requests/job-1/status job-1", "attempt result GET /v1/requests/job-1/result job-1"
		want := []string{post, post, "accepted vendor/model v1.0 job-1", status, status, "state job-1 queued", status, result, "state job-1 done", "ended job-1 done",
			result, "ended job-1 done"}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("-want +got\n%s", d)
		}
		if a, b := events[0], events[1]; a.Attempt != 1 || b.Attempt != 2 || a.Status != 429 || b.Status != 200 || events[3].Status != 503 || events[3].Error == "" {
			t.Errorf("attempts %+v", events)
		}
		if e := events[9]; e.Duration <= 0 || e.Duration > time.Minute || e.Cost == nil || *e.Cost != 0.25 {
			t.Errorf("the end: %+v", e)
		}
		text, _ := json.Marshal(events)
		for _, shown := range []string{string(text), debug.String()} {
			if strings.Contains(shown, testToken) || strings.Contains(shown, "lighthouse") || strings.Contains(shown, "SIGNATURE") || strings.Contains(shown, "include_cost") {
				t.Errorf("secrets in %s", shown)
			}
		}
		for line := range strings.Lines(debug.String()) {
			var attributes map[string]any
			if err := json.Unmarshal([]byte(line), &attributes); err != nil {
				t.Fatal(err)
			}
			for name, value := range attributes {
				if value == nil || value == "" || value == 0.0 {
					t.Errorf("empty attribute %s in %s", name, line)
				}
			}
		}
		n = 3
		c, _ = answering(t, answer, WithLogger(slog.New(slog.NewJSONHandler(&info, nil))))
		if _, err := c.run(t.Context(), testInput(), []CallOption{WithCost()}); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(info.String()), "\n")
		if len(lines) != 2 || !strings.Contains(lines[0], `"msg":"runcomfy: accepted","model":"vendor/model v1.0","job":"job-1","charged":"yes"`) ||
			!strings.Contains(lines[1], `"state":"done","cost_usd":0.25`) || !strings.Contains(lines[1], `"duration":`) {
			t.Errorf("at Info: %s", info.String())
		}
	})
}

// TestHeaders: a header of the caller's goes out with each call, unless it is one that the
// client lives by.
func TestHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := answering(t, jobAPI([]string{running}, []string{done}), WithHeader("x-gateway", "key-123456"), WithHeader("X-Team", "a"), WithHeader("X-Team", "b"))
		if _, err := c.run(t.Context(), testInput(), nil); err != nil {
			t.Fatal(err)
		}
		for _, r := range f.all() {
			if r.header.Get("X-Gateway") != "key-123456" || len(r.header.Values("X-Team")) != 2 {
				t.Errorf("%v: %v", r, r.header)
			}
			if fresh := r.header.Get("Cache-Control") == "no-cache"; fresh != (r.method == "GET") {
				t.Errorf("%v: %v", r, r.header)
			}
		}
		if got := c.newRedactor(nil)("the gateway says key-123456"); strings.Contains(got, "123456") {
			t.Error(got)
		}
	})
	for name, value := range map[string]string{"Authorization": "x", "idempotency-key": "x", "X-Idempotency-Key": "x", "Host": "x", "Content-Length": "1",
		"Transfer-Encoding": "chunked", "expect": "x", "": "x", "a b": "x", "X-Ok": "a\r\nEvil: b", "X-Ok2": "é", "User-Agent": "x"} {
		_, err := New(testToken, WithHeader(name, value)).Job("job-1")
		if !is[*ConfigError](err) || strings.Contains(err.Error(), "Evil") {
			t.Errorf("%q: %q: %v", name, value, err)
		}
	}
}

// TestSmallTypesAreWords: in JSON, as in text, and back.
func TestSmallTypesAreWords(t *testing.T) {
	type all struct {
		C  Charged
		M  MediaKind
		O  OutputKind
		K  MediaCheck
		V  RuleVerdict
		P  OnCancelPolicy
		S  State
		Co CancelOutcome
	}
	in := all{ChargedMaybe, MediaKindVideo, OutputKindAudio, MediaCheckOff, RuleVerdictFail, OnCancelIfQueued, StateCanceled, CancelOutcomeAlreadyDone}
	text, err := json.Marshal(in)
	if want := `{"C":"maybe","M":"video","O":"audio","K":"off","V":"fail","P":"cancel if queued","S":"canceled","Co":"already done"}`; err != nil || string(text) != want {
		t.Errorf("%s, %v", text, err)
	}
	var out all
	if err := json.Unmarshal(text, &out); err != nil || out != in {
		t.Errorf("%+v, %v", out, err)
	}
	if err := json.Unmarshal([]byte(`{"C":"perhaps"}`), &out); err == nil {
		t.Error("an unknown word was read")
	}
	if got := MediaKind(77).String(); got != "77" {
		t.Error(got)
	}
}

func TestViolationsInJSON(t *testing.T) {
	var v violations
	v.required("prompt")
	v.int("steps", "minimum", "must be at least 1", 0)
	v.float("scale", "type", "", math.NaN())
	v = append(v, Violation{Path: "image_url", Rule: "width_pixels>", Message: "too <narrow>", Measured: 200, Bound: 300, got: 200.0})
	text, err := json.Marshal(v.err())
	want := `{"violations":[{"path":"prompt","rule":"required","message":"is required"},{"path":"steps","rule":"minimum","message":"must be at least 1","measured":0},` +
		`{"path":"scale","rule":"type","message":"must be a finite number"},{"path":"image_url","rule":"width_pixels\u003e","message":"too \u003cnarrow\u003e","measured":200,"bound":300}]}`
	if err != nil || string(text) != want {
		t.Errorf("%s, %v", text, err)
	}
	var back ValidationError
	if err := json.Unmarshal(text, &back); err != nil || len(back.Violations) != 4 || back.Violations[3].Bound != 300 {
		t.Errorf("%+v, %v", back, err)
	}
	if !errors.As(v.err(), new(*ValidationError)) {
		t.Error("no ValidationError")
	}
}

// The default User-Agent names the schemas that the client was generated from.
func TestUserAgent(t *testing.T) {
	c, f := answering(t, jobAPI([]string{running}, []string{done}))
	job, _ := c.Job("job-1")
	if _, err := job.Status(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := f.all()[0].header.Get("User-Agent"), "genclient-go/"+schemaDigest[:8]; got != want || len(got) != 21 {
		t.Errorf("User-Agent %q, want %q", got, want)
	}
}

// A catalog is read entry by entry: one that is damaged costs itself alone, and a
// long list of empty ones no memory.
func TestModelsLenient(t *testing.T) {
	body := `{"models":[{"model_id":"a/b","base_price_usd":NaN,"kind":7,"input_schema":{"x":NaN}},{"model_id":"c/d","display_name":"C` + "\t" +
		`D","categories":["x"],"base_price_usd":"0.5","input_schema":{"type":"object"}},` + strings.Repeat("{},", 1<<18) + `7]}`
	c, _ := answering(t, func(received) reply { return reply{body: body} })
	var got []ModelInfo
	for m, err := range c.Models(t.Context(), ModelFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, m)
	}
	price := 0.5
	want := []ModelInfo{{ID: "a/b"}, {ID: "c/d", DisplayName: "C\tD", Categories: []string{"x"}, BasePrice: &price, InputSchema: json.RawMessage(`{"type":"object"}`)}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
