package client

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const (
	ended    = `"finished_at":"2026-01-01T00:00:00Z"`
	notFound = `{"error_code":404001,"message":"unknown request"}`
)

// lateAPI is jobAPI that answers reads whose path ends in late with answer until a time
// after the first of them.
func lateAPI(late string, answer reply, by time.Duration) func(received) reply {
	var first time.Time
	return func(r received) reply {
		if r.method == "GET" && strings.HasSuffix(r.path, late) {
			if first.IsZero() {
				first = time.Now()
			}
			if time.Since(first) < by {
				return answer
			}
		}
		return jobAPI([]string{completed}, []string{done})(r)
	}
}

// TestLag: what was just written may not be seen by every read. Each kind of read knows
// it, for 15 s and no longer.
func TestLag(t *testing.T) {
	ctx := context.Background()
	absent, blank := reply{status: 404, body: notFound}, reply{body: `{"request_id":"job-1","status":"completed","output":null}`}
	coded := reply{body: notFound}
	run := func(c *Client) (*Result, error) { return c.run(ctx, testInput(), nil) }
	elsewhere := func(read func(*Job) (*Result, error)) func(*Client) (*Result, error) {
		return func(c *Client) (*Result, error) {
			job, _ := c.Job("job-1")
			return read(job)
		}
	}
	wait := elsewhere(func(j *Job) (*Result, error) { return j.Wait(ctx) })
	result := elsewhere(func(j *Job) (*Result, error) { return j.Result(ctx) })
	status := elsewhere(func(j *Job) (*Result, error) { _, err := j.Status(ctx); return nil, err })
	later := elsewhere(func(j *Job) (*Result, error) { // long after the submit, the end is seen and then not found
		if _, err := j.Status(ctx); err != nil {
			return nil, err
		}
		return j.Result(ctx)
	})
	for name, test := range map[string]struct {
		late   string
		answer reply
		read   func(*Client) (*Result, error)
		give   func(error) bool // the error after the 15 s
	}{
		"status after a submit":         {"/status", absent, run, is[*NotFoundError]},
		"status of a job by id":         {"/status", absent, status, is[*NotFoundError]},
		"status of a job by id, coded":  {"/status", coded, status, is[*NotFoundError]},
		"wait for a job by id":          {"/status", absent, wait, is[*NotFoundError]},
		"result of a job by id":         {"/result", absent, result, is[*NotFoundError]},
		"result after completed":        {"/result", absent, run, is[*NotFoundError]},
		"result after completed, by id": {"/result", absent, later, is[*NotFoundError]},
		"output after completed":        {"/result", blank, run, is[*GenerationError]},
		"output of a job by id":         {"/result", blank, result, is[*GenerationError]},
		"output while waiting by id":    {"/result", blank, wait, is[*GenerationError]},
	} {
		for by, ok := range map[time.Duration]bool{0: true, 9 * time.Second: true, time.Hour: false} {
			synctest.Test(t, func(t *testing.T) {
				c, f := answering(t, lateAPI(test.late, test.answer, by))
				start := time.Now()
				res, err := test.read(c)
				took := time.Since(start)
				if ok && (err != nil || res != nil && res.Output.Video == "") || !ok && !test.give(err) {
					t.Errorf("%s, late by %v: %v, %v after %v, %d reads", name, by, res, err, took, f.count("GET"))
				}
				if !ok && (took < 15*time.Second || took > 32*time.Second || f.count("GET") > 30) {
					t.Errorf("%s: gave up after %v and %d reads: %v", name, took, f.count("GET"), err)
				}
			})
		}
	}
}

// TestLagEnds: a job that was found once and is not any more has expired.
func TestLagEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := false
		c, f := answering(t, func(r received) reply {
			if gone {
				return reply{status: 404, body: notFound}
			}
			return reply{body: queued}
		})
		job, _ := c.Job("job-1")
		if _, err := job.Status(t.Context()); err != nil {
			t.Fatal(err)
		}
		gone = true
		time.Sleep(time.Minute)
		if _, err := job.Status(t.Context()); !is[*NotFoundError](err) || f.count("GET") != 2 {
			t.Errorf("%d reads: %v", f.count("GET"), err)
		}
	})
}

// TestFinalWords: what the end of a job means, by its word and by the form of its output.
func TestFinalWords(t *testing.T) {
	const good, bad, waits = "done", "failed", "waits"
	outputs := []struct{ form, known, unknown, unknownOpen string }{
		// the output; for a known word for success, for an unknown one, and for that without finished_at
		{``, bad, bad, waits},
		{`"output":null`, bad, bad, waits},
		{`"output":{}`, bad, bad, waits},
		{`"output":[]`, bad, bad, waits},
		{`"output":""`, bad, bad, waits},
		{`"output":{"images":[],"video":null,"text":""}`, bad, bad, waits},
		{`"output":{"images":[],"seed":0,"nsfw":false}`, good, bad, waits},
		{`"output":{"video":"https://v.runcomfy.net/a.mp4"}`, good, good, good},
		{`"output":{"video":{"url":"https://v.runcomfy.net/a.mp4"}}`, good, good, good},
		{`"output":"https://v.runcomfy.net/a.mp4"`, good, good, good},
		{`"output":{"text":"a caption"}`, good, good, good},
		{`"output":{"score":0.5}`, good, good, good},
	}
	errors := map[string]string{ // and the field of an error beside it: "" when that decides nothing
		``: "", `"error":null`: "", `"error":"none"`: "", `"error_code":"OK"`: "", `"error_code":0,"error":""`: "", `"error_code":200`: "",
		`"error_code":"SUCCESS","message":"all is well"`: "", `"message":"warning: slow"`: "", `"detail":"x"`: "", `"error_code":777777`: "",
		`"error":"boom"`: bad, `"error_message":"boom"`: bad, `"error":{"code":7}`: bad,
	}
	for _, word := range []string{"completed", "succeeded", "aborted", "timed_out", "rejected", "expired", "cancellation_requested", "finished"} {
		for _, out := range outputs {
			for _, finished := range []bool{true, false} {
				for e, decides := range errors {
					want := out.known
					if parseState(word) == StateUnknown {
						if want = out.unknown; !finished {
							want = out.unknownOpen
						}
					}
					if decides != "" {
						want = decides
					}
					body := fmt.Sprintf(`{"request_id":"job-1","status":%q`, word)
					for _, part := range []string{out.form, e, map[bool]string{true: ended}[finished]} {
						if part != "" {
							body += "," + part
						}
					}
					checkFinalWord(t, word, body+"}", want)
				}
			}
		}
	}
}

func checkFinalWord(t *testing.T, word, body, want string) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := answering(t, func(received) reply { return reply{body: body} }, WithLimits(func(l *Limits) { l.NotFound = 0 }))
		job, _ := c.Job("job-1")
		res, err := job.Result(t.Context())
		got := "waits"
		var gen *GenerationError
		switch {
		case err == nil:
			got = "done"
		case is[*GenerationError](err):
			got, gen = "failed", as[*GenerationError](t, err)
		}
		if got != want {
			t.Errorf("%s: %s, want %s (%v, %v)", body, got, want, res, err)
			return
		}
		if gen == nil {
			return
		}
		if gen.Charged() != ChargedMaybe || string(gen.Result().Raw) != body || strings.Contains(body, "a.mp4") != (len(gen.Result().Output.URLs()) == 1) {
			t.Errorf("%s: charged %v, %v", body, gen.Charged(), gen.Result())
		}
		if !strings.Contains(body, "boom") && !strings.Contains(body, `"code":7`) && !strings.Contains(err.Error(), word) {
			t.Errorf("%s: the error does not name the word: %v", body, err)
		}
	})
}

// TestUnknownEndWithoutOutput: the status names an end to an unknown word, and the
// result knows the word only.
func TestUnknownEndWithoutOutput(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := answering(t, jobAPI([]string{`{"status":"timed_out",` + ended + `}`}, []string{`{"status":"TIMED_OUT","output":null}`}))
		_, err := c.run(t.Context(), testInput(), nil)
		if !is[*GenerationError](err) || !strings.Contains(err.Error(), "TIMED_OUT") {
			t.Error(err)
		}
	})
}

// TestUnreadable: an answer that stays unreadable ends a wait after a few reads, with its
// beginning in the text and all of it in Raw; one that does not is read again.
func TestUnreadable(t *testing.T) {
	long := strings.Repeat(" and so on", 1000)
	for name, body := range map[string]string{
		"HTML":            "<html><title>Sign in</title>" + long,
		"text":            "maintenance" + long,
		"empty":           "",
		"a list":          `[{"request_id":"job-1","status":"completed"}]`,
		"another request": strings.Replace(done, "job-1", "job-2", 1),
		"two ids":         `{"request_id":"job-1","request_id":"job-2","status":"completed","output":"https://v.runcomfy.net/a.mp4"}`,
		"two states":      `{"request_id":"job-1","status":"completed","output":"https://v.runcomfy.net/a.mp4","status":"failed"}`,
		"cut in output":   done[:len(done)-12],
		"cut in status":   `{"request_id":"job-1","status":"compl`,
		"no status":       `{"error_code":"TIMEOUT","message":"later"}`,
	} {
		for _, passes := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				reads := 0
				c, f := answering(t, func(r received) reply {
					if r.method == "GET" {
						if reads++; !passes || reads <= 2 {
							return reply{body: body}
						}
					}
					return jobAPI([]string{completed}, []string{done})(r)
				})
				start := time.Now()
				res, err := c.run(t.Context(), testInput(), nil)
				if passes {
					if err != nil || res.Output.Video == "" {
						t.Errorf("%s: %v, %v", name, res, err)
					}
					return
				}
				wait := as[*WaitError](t, err)
				begin := body[:min(len(body), 20)]
				if string(wait.Raw()) != body || f.count("GET") > 10 || time.Since(start) > 30*time.Second ||
					name != "no status" && !strings.Contains(err.Error(), strings.Split(begin, `","`)[0][:min(len(begin), 11)]) {
					t.Errorf("%s: %d reads in %v, Raw %q: %v", name, f.count("GET"), time.Since(start), wait.Raw(), err)
				}
			})
		}
	}
}

// TestTornButEnough: a result whose JSON has no end, however often it is read, is not
// withheld when it holds the status and the output whole.
func TestTornButEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		torn := strings.TrimSuffix(done, "}") + `,"logs":[["a`
		c, _ := answering(t, jobAPI([]string{completed}, []string{torn}))
		res, err := c.run(t.Context(), testInput(), nil)
		if err != nil || res.Output.Video == "" || string(res.Raw) != torn {
			t.Errorf("%v, %v", res, err)
		}
	})
}

// TestMalformedSubmit: an id that came whole is a job, whatever else the answer holds.
func TestMalformedSubmit(t *testing.T) {
	for what, value := range malformed {
		for _, body := range []string{`{"request_id":"job-1","x":` + value + `,"status_url":"u"}`, `{"x":` + value + `,"request_id":"job-1","status_url":"u"}`,
			"\ufeff" + acceptedBody + "\x00", acceptedBody + `{"request_id":"other"}`} {
			c, _ := answering(t, func(received) reply { return reply{body: body} })
			job, err := c.Submit(t.Context(), testInput())
			if err != nil || job.ID() != "job-1" {
				t.Errorf("%s: %s: %v, %v", what, cut(body, 100), job, err)
			}
		}
	}
}
