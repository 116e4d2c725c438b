package client

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"log/slog"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
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
	for range 20 {
		c, _ := answering(t, func(received) reply { return reply{status: 500, body: `{"m":"bad: a secret lighthouse keeper"}`} })
		_, err := c.SubmitRaw(t.Context(), "a/b", json.RawMessage(body))
		if strings.Contains(err.Error(), "lighthouse") {
			shown++
		}
	}
	if shown > 0 {
		t.Errorf("the prompt is shown in %d of 20 errors", shown)
	}
}

// slog does not ask the fields of a struct for their LogValue.
func TestOutcomeLogged(t *testing.T) {
	res := resultOfAnswer(OutputKindVideo, answerOf(`{"status":"completed","output":{"video":"https://m.runcomfy.net/a.mp4?sig=SIGNATURE"},"input":"`+testToken+`"}`))
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
	_, gen := job.outcome(t.Context(), job.observed(opResult, answerOf(hostile(`"status":"failed",`))))
	for _, v := range []any{amb, notSent(s, 1, SubmitPhaseSend, cause), job.waitError(job.unseen(), cause), job.failed("status", answer{}, cause), gen,
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

// JSON lies in a string of JSON: a signature and a prompt are escaped twice.
func TestEscapedTwiceIsRedacted(t *testing.T) {
	const sig = "SIGNATURE0123456789"
	inner := `{"url":"https:\/\/v.runcomfy.net\/a.mp4?x=1\u0026sig=` + sig + `"}`
	outer, _ := json.Marshal(map[string]string{"error": inner})
	synctest.Test(t, func(t *testing.T) {
		c, _ := answering(t, func(r received) reply { return reply{status: 502, body: string(outer)} })
		_, err := c.Submit(t.Context(), testInput())
		if strings.Contains(err.Error(), sig) {
			t.Errorf("%v", err)
		}
	})
	prompt := "Füße größer übermäßig schön"
	in, _ := json.Marshal(map[string]string{"prompt": prompt})
	ascii := strings.NewReplacer("ü", `\u00fc`, "ß", `\u00df`, "ö", `\u00f6`, "ä", `\u00e4`).Replace(string(in))
	outer2, _ := json.Marshal(map[string]string{"error": "bad input " + ascii})
	got := New(testToken).newRedactor(in)(string(outer2))
	if strings.Contains(got, "erm") && strings.Contains(got, "gr") {
		t.Errorf("%s", got)
	}
}

// Long values leave room for the short ones, in whatever order they are met.
func TestPromptBesideData(t *testing.T) {
	leaks := 0
	for range 40 {
		body, _ := json.Marshal(map[string]any{"prompt": testPrompt, "i1": strings.Repeat("A", 90<<10), "i2": strings.Repeat("B", 90<<10), "i3": strings.Repeat("C", 90<<10), "i4": strings.Repeat("D", 90<<10)})
		if r := New(testToken).newRedactor(body); strings.Contains(r("bad prompt: "+testPrompt), "lighthouse") {
			leaks++
		}
	}
	if leaks > 0 {
		t.Errorf("%d of 40", leaks)
	}
}

// A job in a JSON log has its id.
func TestJobLogged(t *testing.T) {
	c := New(testToken)
	job, _ := c.Job("job-77")
	for name, o := range map[string]Outcome{"job": {Job: job}} {
		var b bytes.Buffer
		slog.New(slog.NewJSONHandler(&b, nil)).Warn("left", "outcome", o)
		if !strings.Contains(b.String(), "job-77") {
			t.Errorf("%s: %s", name, b.String())
		}
	}
}

// BenchmarkRedact takes what a request of many short values, or of a long one, has in
// common with a hostile answer out of it.
func BenchmarkRedact(b *testing.B) {
	short := make([]string, 43_000)
	for i := range short {
		short[i] = fmt.Sprintf("%06d", i)
	}
	for name, value := range map[string]any{"short values": short, "long value": strings.Repeat("a", 256<<10)} {
		body, _ := json.Marshal(map[string]any{"v": value})
		r := New(testToken).newRedactor(body)
		text := strings.Repeat("aaaaaaaaaaac", 400)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r(text)
			}
		})
	}
}

// A token and a prompt are found in every coding that servers repeat them in.
func TestCodedEchoIsRedacted(t *testing.T) {
	const prompt = "a Secret lighthouse-keeper <&> at 100%25 dawn, größer"
	body, err := json.Marshal(map[string]string{"prompt": prompt})
	if err != nil {
		t.Fatal(err)
	}
	r := New(testToken).newRedactor(body)
	upper := func(s string) string { return strings.ToUpper(s) }
	wrap := func(f func(string) string) func(string) string {
		return func(s string) string { return f(`{"input":{"prompt":"` + s + `","x":1}}`) }
	}
	codings := map[string]func(string) string{
		"plain": func(s string) string { return s }, "capitals": upper, "lower case": strings.ToLower,
		"percent": url.PathEscape, "form": url.QueryEscape, "percent, twice": func(s string) string { return url.QueryEscape(url.QueryEscape(s)) },
		"every byte": func(s string) string {
			return regexp.MustCompile(`..`).ReplaceAllString(hex.EncodeToString([]byte(s)), "%$0")
		},
		"entities": html.EscapeString, "numeric entities": func(s string) string {
			var b strings.Builder
			for _, r := range s {
				fmt.Fprintf(&b, "&#x%x;", r)
			}
			return b.String()
		},
		"base64":                     func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
		"base64 of the URL alphabet": func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
		"lines":                      func(s string) string { return strings.ReplaceAll(s, " ", "\r\n\t") }, "one long line": strings.TrimSpace,
		"no-break spaces": func(s string) string { return strings.ReplaceAll(s, " ", "\u00a0 ") },
		"zero widths":     func(s string) string { return strings.ReplaceAll(s, "t", "t\u200b\u2060") },
		"hexadecimal":     func(s string) string { return hex.EncodeToString([]byte(s)) },
		"HEXADECIMAL":     func(s string) string { return upper(hex.EncodeToString([]byte(s))) },
	}
	for name, code := range codings {
		for _, secret := range []string{testToken, prompt} {
			for how, f := range map[string]func(string) string{"alone": code, "in JSON": wrap(code), "a part": func(s string) string { return code(s[3:]) },
				"beside words": func(s string) string { return "x" + code("yz"+s) + " is wrong" }} {
				got := r(f(secret))
				for _, part := range []string{"ighthouse", "0123456789", "IGHTHOUSE", code("lighthouse-keeper"), code(testToken)} {
					if strings.Contains(got, part) {
						t.Errorf("%s, %s: shows %q in %q", name, how, part, got)
					}
				}
			}
		}
	}
	const harmless = "the width must be below 1024, see https://docs.runcomfy.com/a%20b; request 8d1f2c3b-aaaa-bbbb-cccc-0123456789ab failed"
	if got := r(harmless); got != strings.Replace(harmless, "%20", " ", 1) && !strings.Contains(got, "[redacted]") {
		t.Errorf("harmless text becomes %q", got)
	}
}

// Servers write the blanks of a text as they like; what is around it stays.
func TestBlanksAreNoDisguise(t *testing.T) {
	body := `{"a":"one quiet\n\n  lighthouse\tkeeper","b":" \n      ","c":"  x \n   y  "}`
	r := New(testToken).newRedactor([]byte(body))
	for s, want := range map[string]string{
		"bad: one quiet lighthouse keeper!":               "bad: [redacted]!",
		"bad: one quiet lighth":                           "bad: [redacted]",
		"bad: one\n   quiet\u00a0lighthouse\r\nkeeper  !": "bad: [redacted]  !",
		"x y and a      b":                                "x y and a      b",
	} {
		if got := r(s); got != want {
			t.Errorf("%q became %q, want %q", s, got, want)
		}
	}
}
