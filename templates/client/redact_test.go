package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"
)

// A prompt comes back escaped as JSON, and as Python writes it.
func TestEscapedPromptIsRedacted(t *testing.T) {
	in := &input{Prompt: "a red\ncat \"in\" a\nhat\tby\nnoon"}
	echo, _ := json.Marshal(in)
	c, _ := answering(t, func(received) reply { return reply{status: 500, body: string(echo)} })
	_, err := c.Submit(t.Context(), in)
	for _, part := range []string{"a red", `cat`, "noon"} {
		if strings.Contains(err.Error(), part) {
			t.Errorf("shows %q: %v", part, err)
		}
	}
	c, _ = answering(t, func(received) reply {
		return reply{status: 500, body: `{"input":"red cat\ud83d\ude00blue hat\ud83d\ude00pink fox"}`}
	})
	_, err = c.Submit(t.Context(), &input{Prompt: "red cat😀blue hat😀pink fox"}) // as Python's json.dumps writes it
	if strings.Contains(err.Error(), "blue hat") {
		t.Errorf("shows the prompt: %v", err)
	}
}

// An apostrophe is legal in a URL; a URL may come without its scheme.
func TestOddURLsAreRedacted(t *testing.T) {
	r := New(testToken).newRedactor(nil)
	for _, u := range []string{
		`https://m.runcomfy.net/a.png?filename='x.png'&sig=SIGNATURE`,
		`https://m.runcomfy.net/o'brien/a.png?sig=SIGNATURE`,
		`cannot GET /a.png?X-Amz-Signature=SIGNATURE`,
	} {
		if got := r(u); strings.Contains(got, "SIGNATURE") {
			t.Errorf("%s becomes %s", u, got)
		}
	}
}

// A long value does not use up what is kept of a request.
func TestLongValueLeavesRoom(t *testing.T) {
	body := `{"prompt":"a secret lighthouse keeper","image":"` + strings.Repeat("QUJDREVG", 40<<10) + `"}`
	shown := 0
	for range 200 {
		c, _ := answering(t, func(received) reply { return reply{status: 500, body: `{"m":"bad: a secret lighthouse keeper"}`} })
		_, err := c.SubmitRaw(t.Context(), "a/b", json.RawMessage(body))
		if strings.Contains(err.Error(), "lighthouse") {
			shown++
		}
	}
	if shown > 0 {
		t.Errorf("the prompt is shown in %d of 200 errors", shown)
	}
}

// slog does not ask the fields of a struct for their LogValue.
func TestOutcomeLogged(t *testing.T) {
	res := newResult("job-1", OutputKindVideo, answerOf(`{"status":"completed","output":{"video":"https://m.runcomfy.net/a.mp4?sig=SIGNATURE"},"input":"`+testToken+`"}`))
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("done", "outcome", Outcome{Result: res})
	checkClean(t, "logged outcome", log.String())
	log.Reset()
	slog.New(slog.NewJSONHandler(&log, nil)).Info("done", "result", res)
	checkClean(t, "logged result", log.String())
}

// No verb, no encoder and no logger brings out what an error, a job or a
// client holds.
func TestNothingPrintsSecrets(t *testing.T) {
	c, _ := answering(t, func(received) reply { return reply{status: 500, body: hostile("")} }, WithJournal(NewMemoryJournal()))
	_, amb := c.SubmitOnce(t.Context(), "k", testInput())
	s, _ := c.newSubmission("a/b", []byte(`{"prompt":"`+testPrompt+`"}`))
	cause := fmt.Errorf("%s", testPrompt+testToken+" https://x/?a=SIGNATURE")
	job := c.acceptedJob(s, "job-1", time.Now())
	_, gen := job.outcome(newResult("job-1", OutputKindVideo, answerOf(hostile(`"status":"failed",`))))
	for _, v := range []any{amb, notSent(s, 1, SubmitPhaseSend, cause), job.waitError(job.unseen(), cause), job.failed("status", 0, cause), gen,
		&CanceledError{}, newAPIError("submit", about{}, answerOf(hostile(`"error_code":400004,`)), s.secrets), newAPIError("submit", about{}, answerOf(hostile(`"error_code":400002,`)), s.secrets),
		map[string]any{"x": job, "c": c}, struct {
			C *Client
			J Job
			E error
		}{c, *job, amb}, fmt.Errorf("x: %w", amb), OnceKey("k"), BatchInFlight(3), defaultLimits(), c.core.clientSettings.journal} {
		checkClean(t, fmt.Sprintf("%T", v), outputs(v))
		if rv := reflect.ValueOf(v); rv.Kind() == reflect.Pointer {
			checkClean(t, fmt.Sprintf("*%T", v), outputs(rv.Elem().Interface()))
		}
	}
}
