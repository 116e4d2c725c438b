package mock_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/genclient/genclient/mock"
	"github.com/genclient/genclient/templates/client"
)

// outage answers every read with f between two times after the first request.
func outage(from, to time.Duration, f mock.Fault) mock.Option {
	return mock.WithScript(func(r mock.Request) mock.Fault {
		if age := time.Since(start); (r.Call == mock.CallStatus || r.Call == mock.CallResult) && age >= from && age < to {
			return f
		}
		return mock.Fault{}
	})
}

// TestWaitAgainstFaults waits for a job of 90 s while the service or the
// network misbehaves. A paid job is only given up when nothing else is left,
// and then its id is in the error.
func TestWaitAgainstFaults(t *testing.T) {
	job := func(f mock.Fault) []mock.Option { return []mock.Option{mock.WithFault(mock.CallSubmit, 1, f)} }
	for name, c := range map[string]struct {
		faults []mock.Option
		want   string // see describeWait
	}{
		"nothing":                        {nil, "done, 1 URLs"},
		"unknown state":                  {job(mock.UnknownState("warming_up")), "done, 1 URLs"},
		"backwards":                      {job(mock.Backwards()), "done, 1 URLs"},
		"succeeded":                      {job(mock.EndsAs("succeeded")), "done, 1 URLs"},
		"failed as error":                {job(mock.Fails(`"no"`).EndingAs("ERROR")), `failed "no"`},
		"no output":                      {job(mock.NoOutput()), "failed without an output"},
		"failed, text":                   {job(mock.Fails(`"out of memory"`)), `failed "out of memory"`},
		"failed, list":                   {job(mock.Fails(`[{"msg":"no"}]`)), `failed [{"msg":"no"}]`},
		"404 for 10 s":                   {job(mock.Invisible(10 * time.Second)), "done, 1 URLs"},
		"404 for ever":                   {job(mock.Invisible(time.Hour)), "wait ended: *client.NotFoundError"},
		"token revoked":                  {[]mock.Option{mock.WithFault(mock.CallResult, 2, mock.RevokeToken())}, "wait ended: *client.AuthError"},
		"half the reads reset":           {readFaults(0.5, mock.ResetAnswer()), "done, 1 URLs"},
		"half the reads cut":             {readFaults(0.5, mock.CutAnswer(20)), "done, 1 URLs"},
		"half the reads shortened":       {readFaults(0.5, mock.Truncate(20)), "done, 1 URLs"},
		"half the reads 502":             {readFaults(0.5, mock.HTMLError(502)), "done, 1 URLs"},
		"half the reads 200 with a 5xx":  {readFaults(0.5, mock.ErrorCode(500001, "internal")), "done, 1 URLs"},
		"half the reads limited":         {readFaults(0.5, mock.RateLimited("3")), "done, 1 URLs"},
		"half the reads limited, no age": {readFaults(0.5, mock.RateLimited("tomorrow")), "done, 1 URLs"},
		"reads that hang":                {readFaults(0.2, mock.Hang()), "done, 1 URLs"},
		"slow reads":                     {readFaults(0.5, mock.Slow(20*time.Second)), "done, 1 URLs"},
		"outage of 9 minutes":            {[]mock.Option{outage(time.Minute, 10*time.Minute, mock.HTMLError(503))}, "done, 1 URLs"},
		"outage of an hour":              {[]mock.Option{outage(time.Minute, time.Hour, mock.HTMLError(503))}, "wait ended: *client.APIError"},
		"refused for 5 minutes": {[]mock.Option{mock.WithScript(func(r mock.Request) mock.Fault {
			if age := time.Since(start); r.Call == mock.CallConnect && age > 30*time.Second && age < 5*time.Minute {
				return mock.Refused()
			}
			return mock.Fault{}
		}), outage(30*time.Second, 31*time.Second, mock.ResetAnswer())}, "done, 1 URLs"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer(t, append(c.faults, mock.WithInMemory(), mock.WithSpeed(1), mock.WithDuration(mock.OutputKindVideo, 90*time.Second, 0))...)
				cl := client.New(s.Token(), client.WithBaseURL(s.URL()), client.WithHTTPClient(s.Client()))
				accepted, err := cl.SubmitRaw(t.Context(), videoModel, json.RawMessage(`{"prompt":"a fox"}`))
				if err != nil {
					t.Fatal(err)
				}
				if got := describeWait(t.Context(), t, accepted); got != c.want {
					t.Errorf("%s, want %s", got, c.want)
				}
			})
		})
	}
}

// describeWait waits and tells how that ended.
func describeWait(ctx context.Context, t *testing.T, job *client.Job) string {
	t.Helper()
	res, err := job.Wait(ctx)
	var wait *client.WaitError
	var failed *client.GenerationError
	switch {
	case err == nil && res.RequestID == job.ID():
		return fmt.Sprintf("%v, %d URLs", res.State, len(res.Output.Videos))
	case errors.As(err, &failed) && failed.Payload() == nil && strings.Contains(failed.Message, "without an output"):
		return "failed without an output"
	case errors.As(err, &failed):
		return fmt.Sprintf("failed %s", failed.Payload())
	case errors.As(err, &wait) && wait.Job().ID() == job.ID():
		return fmt.Sprintf("wait ended: %T", wait.Unwrap()[0])
	}
	return fmt.Sprintf("%v, %v", res, err)
}

// TestScenariosShow: a client that waits for one video sees what a scenario is
// named for, at the speed that the scenario chooses.
func TestScenariosShow(t *testing.T) {
	for name, want := range map[string]string{
		"busy":          "in_queue, in_progress, completed, done, 1 URLs",
		"unknown-state": "warming_up, completed, done, 1 URLs",
		"backwards":     "in_progress, in_queue, in_progress, completed, done, 1 URLs",
		"failing":       `failed, failed {"type":"content_policy","message":"The input was rejected."}`,
		"no-output":     "completed, failed without an output",
		"bad-ends":      "aborted, failed without an output",
		"malformed":     "completed, done, 1 URLs",
		"late-results":  "completed, done, 1 URLs",
		"late-output":   "completed, done, 1 URLs",
		"late":          "completed, done, 1 URLs",
		"revoked":       "in_progress, wait ended: *client.AuthError",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer(t, mock.WithInMemory(), mock.WithScenario(name))
				cl := client.New(s.Token(), client.WithBaseURL(s.URL()), client.WithHTTPClient(s.Client()))
				job, err := cl.SubmitRaw(t.Context(), videoModel, json.RawMessage(`{"prompt":"a fox"}`))
				if err != nil {
					t.Fatal(err)
				}
				var seen []string
				for status, err := range job.Updates(t.Context()) {
					if err == nil && !slices.Equal(seen[max(len(seen)-1, 0):], []string{status.APIState}) {
						seen = append(seen, status.APIState)
					}
				}
				got := strings.Join(append(seen, describeWait(t.Context(), t, job)), ", ")
				if got != want {
					t.Errorf("the client saw %q, want %q", got, want)
				}
			})
		})
	}
}

// TestWaitCanceled: when the context ends the wait ends in the same moment,
// whatever the phase, and the job can be waited for again.
func TestWaitCanceled(t *testing.T) {
	for _, after := range []time.Duration{0, time.Second, 20 * time.Second, 45 * time.Second, 80 * time.Second} {
		for name, fault := range map[string]mock.Fault{"answers": {}, "hangs": mock.Hang(), "limits": mock.RateLimited("50")} {
			t.Run(fmt.Sprint(name, " ", after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newServer(t, mock.WithInMemory(), mock.WithSpeed(1), mock.WithBacklog(15), mock.WithDuration(mock.OutputKindVideo, 90*time.Second, 0),
						outage(0, 2*time.Minute, fault))
					cl := client.New(s.Token(), client.WithBaseURL(s.URL()), client.WithHTTPClient(s.Client()))
					job, err := cl.SubmitRaw(t.Context(), videoModel, json.RawMessage(`{"prompt":"a fox"}`))
					if err != nil {
						t.Fatal(err)
					}
					ctx, cancel := context.WithTimeout(t.Context(), after)
					defer cancel()
					if got, want := describeWait(ctx, t, job), "wait ended: context.deadlineExceededError"; got != want {
						t.Errorf("%s, want %s", got, want)
					}
					if late := time.Since(start) - after; late > 50*time.Millisecond {
						t.Errorf("the wait went on for %v", late)
					}
					time.Sleep(time.Until(start.Add(2 * time.Minute)))
					if got, want := describeWait(t.Context(), t, job), "done, 1 URLs"; got != want {
						t.Errorf("waiting again: %s, want %s", got, want)
					}
				})
			})
		}
	}
}
