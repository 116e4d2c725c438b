package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// What no output may hold: the token, the prompt (a part of it is enough) and
// the query of a signed URL.
var secrets = []string{testToken, "secret lighthouse", "SIGNATURE", "aGlkZGVuIGJ5dGVz"}

// hostile is an answer that repeats all of them, in the ways servers do.
func hostile(extra string) string {
	prompt, _ := json.Marshal("rejected: " + testPrompt)
	return `{` + extra + `"message":` + string(prompt) + `,"detail":[{"loc":["body","prompt"],"msg":"secret lighthouse keeper is bad","input":"` + testPrompt + `"}],` +
		`"error":{"message":"token ` + testToken + ` may not read https://user:SIGNATURE@m.runcomfy.net/a.png?sig=SIGNATURE nor data:image/png;base64,aGlkZGVuIGJ5dGVz",` +
		`"escaped":"a \u0073ecret lighthouse keeper","slashed":"https:\/\/m.runcomfy.net\/a.png?sig=SIGNATURE"}}`
}

// outputs prints v in every way that logs and messages do.
func outputs(v any) string {
	var b strings.Builder
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%t"} {
		fmt.Fprintf(&b, format+"\n", v)
	}
	encoded, err := json.Marshal(v)
	fmt.Fprintf(&b, "%s %v\n", encoded, err)
	for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		slog.New(h).Info("m", "v", v)
	}
	return b.String()
}

func checkClean(t *testing.T, what, text string) {
	t.Helper()
	for _, s := range secrets {
		if strings.Contains(text, s) {
			t.Errorf("%s shows %q:\n%s", what, s, text)
		}
	}
}

// TestSecrets drives every kind of error with answers that repeat the token,
// the prompt and signed URLs, and looks for them in all that can be printed:
// errors and what they unwrap to, logs, clients, jobs, results and options.
func TestSecrets(t *testing.T) {
	submits := map[string]reply{
		"ambiguous":        {status: 500, body: hostile(""), header: http.Header{"Server": {"s; " + testPrompt}}},
		"ambiguous, cut":   {body: hostile(`"request_id":"job-1",`), cut: 2},
		"ambiguous, HTML":  {status: 502, body: "<html><title>" + testPrompt + "</title>https://m.runcomfy.net/a?sig=SIGNATURE"},
		"api":              {status: 422, body: hostile("")},
		"api, string":      {status: 400, body: `"` + testPrompt + ` ` + testToken + `"`},
		"redirect":         {status: 302, header: http.Header{"Location": {"https://m.runcomfy.net/?sig=SIGNATURE"}}, body: hostile("")},
		"auth":             {status: 401, body: hostile(`"error_code":400004,`)},
		"balance":          {body: hostile(`"error_code":400002,`)},
		"not found":        {status: 404, body: hostile("")},
		"rate":             {status: 429, header: http.Header{"Retry-After": {"3600"}}, body: hostile("")},
		"lost":             {drop: true},
		"never answered":   {hang: true},
		"malformed answer": {header: http.Header{"Transfer-Encoding": {testPrompt}}},
	}
	for name, rep := range submits {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log syncBuffer
				journal := NewMemoryJournal()
				c, _ := answering(t, func(received) reply { return rep }, WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))), WithJournal(journal))
				_, err := c.SubmitOnce(t.Context(), "key", testInput())
				checkError(t, err)
				checkClean(t, "log", log.String())
				if log.String() == "" {
					t.Error("nothing was logged")
				}
				record, _, _ := journal.Get(t.Context(), "key")
				checkClean(t, "journal", outputs(record))
			})
		})
	}
	reads := map[string]reply{
		"generation":         {body: hostile(`"request_id":"job-1","status":"failed",`)},
		"canceled":           {body: hostile(`"request_id":"job-1","status":"cancelled",`)},
		"wait, api":          {status: 400, body: hostile("")},
		"wait, outage":       {status: 503, body: hostile("")},
		"wait, no answer":    {drop: true},
		"wait, no JSON":      {body: "<title>" + testPrompt + testToken + "</title>"},
		"wait, max":          {body: hostile(`"status":"in_queue",`)},
		"wait, unknown word": {body: `{"status":"x"}`},
	}
	for name, rep := range reads {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log syncBuffer
				c, _ := answering(t, func(r received) reply {
					if r.method == "POST" && !strings.HasSuffix(r.path, "/cancel") {
						return reply{body: acceptedBody}
					}
					return rep
				}, WithLogger(slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
				var job *Job
				_, err := c.run(t.Context(), testInput(), []CallOption{OnAccepted(func(j *Job) { job = j })})
				checkError(t, err)
				checkClean(t, "job", outputs(job)+outputs(*job))
				checkClean(t, "log", log.String())
				_, err = job.Result(t.Context())
				if err != nil {
					checkError(t, err)
				}
				for _, err := range c.Models(t.Context(), ModelFilter{}) {
					if err != nil {
						text := strings.ReplaceAll(outputs(err), "secret lighthouse", "") // not of this request
						checkClean(t, "models", text)
					}
				}
			})
		})
	}
	t.Run("values", func(t *testing.T) {
		opts := []Option{WithBaseURL("https://api.example/p"), WithJournal(NewMemoryJournal()), WithMediaCheck(MediaCheckOff)}
		c := New(testToken, opts...)
		checkClean(t, "client", outputs(c)+outputs(*c)+outputs(opts))
		res := resultOfAnswer(OutputKindVideo, answerOf(done))
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
			checkClean(t, "result", fmt.Sprintf(format+format, res, *res))
		}
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "pointer", res, "value", *res)
		checkClean(t, "logged result", log.String())
		for _, bad := range []string{"https://" + testToken + ":SIGNATURE@h", "https://h/?" + testToken, "https://h/%zz" + testToken, testToken} {
			_, err := New("", WithBaseURL(bad)).Submit(t.Context(), testInput())
			checkClean(t, "base URL", outputs(err))
		}
		_, err := New("bad\n"+testToken).Submit(t.Context(), testInput())
		as[*ConfigError](t, err)
		checkClean(t, "bad token", outputs(err))
		_, err = New(testToken, WithoutValidation()).Submit(t.Context(), unencodable{})
		checkClean(t, "encoding", outputs(err))
	})
	t.Run("not sent", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			dialError := errors.New("proxy https://u:SIGNATURE@proxy/?k=SIGNATURE said " + testPrompt)
			c := New(testToken, WithBaseURL("http://127.0.0.1"), WithHTTPClient(&http.Client{Transport: &http.Transport{DialContext: failingDial(dialError)}}))
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			_, err := c.Submit(ctx, testInput())
			checkClean(t, "not sent", outputs(as[*NotSentError](t, err)))
		})
	})
}

// checkError prints an error and every typed error inside.
func checkError(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	checkClean(t, fmt.Sprintf("%T", err), outputs(err))
	if !strings.HasPrefix(err.Error(), "runcomfy: ") {
		t.Errorf("error %q does not say whose it is", err)
	}
	typed, ok := err.(interface {
		Charged() Charged
		RequestID() string
	})
	if !ok {
		t.Fatalf("%T has no Charged and RequestID", err)
	}
	checkClean(t, "methods", typed.Charged().String()+typed.RequestID())
	var api *APIError
	if errors.As(err, &api) {
		checkClean(t, "APIError", outputs(api)+outputs(*api))
	}
}

// syncBuffer is a buffer that a logger writes to.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// TestRedactor lists what is taken out of texts, and what is not.
func TestRedactor(t *testing.T) {
	c := New(testToken)
	r := c.newRedactor([]byte(`{"prompt":"a \"quoted\" castle on a hill","aspect_ratio":"16:9","steps":30,"list":["second secret"],` +
		`"image":"data:image/png;base64,AAAABBBBCCCC","nested":{"style":"noir mood"},"u":"caf\u00e9 noir"}`))
	for in, want := range map[string]string{
		"aspect_ratio 16:9 is not supported, prompt is too long": "aspect_ratio 16:9 is not supported, prompt is too long",
		`cannot draw a "quoted" castle on a hill!`:               "cannot draw [redacted]!",
		"starts with a \"quoted\" cas...":                        "starts with [redacted]...",
		"about second secret and noir mood":                      "about [redacted] and [redacted]",
		`caf\u00e9 noir`:                                         "[redacted]",
		"see https://x.example/p?a=b&c=d#f now":                  "see https://x.example/p?[redacted] now",
		"see HTTPS://u:p@x.example/p":                            "see HTTPS://x.example/p",
		"see https://u:p@x.example":                              "see https://x.example",
		`https:\/\/x.example\/p?a`:                               "https://x.example/p?[redacted]",
		"data:image/png;base64,AAAABBBBCCCC is bad":              "data:[redacted] is bad",
		"Bearer " + testToken:                                    "Bearer [redacted]",
		"line\nbreak\x00\x1b[31m":                                "line break  [31m",
		strings.Repeat("é", 1000):                                strings.Repeat("é", shownLimit/2),
	} {
		if got := r(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

// TestClientPrints: a client prints nothing of itself and a job its id, whatever
// the verb.
func TestClientPrints(t *testing.T) {
	c := New(testToken)
	if got := fmt.Sprintf("%v %#v %s %v", c, c, *c, &Client{}); got != "runcomfy client runcomfy client runcomfy client runcomfy client" {
		t.Error(got)
	}
	job, _ := c.Job("job-1")
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "client", c, "job", job)
	if got := fmt.Sprintf("%v|%+v|%#v|%d", job, job, job, job) + log.String(); !strings.HasPrefix(got, "job job-1|job job-1|job job-1|job job-1time=") ||
		!strings.HasSuffix(got, " client=\"runcomfy client\" job=\"job job-1\"\n") {
		t.Error(got)
	}
}
