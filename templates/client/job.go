package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"time"
)

// A Job is a request that the API has accepted. It is safe for concurrent use
// and holds nothing but the id: to lose it costs nothing as long as the id is
// known, see Client.Job.
type Job struct {
	core     *core
	id       string
	kind     OutputKind
	accepted time.Time // by our own submit; zero for a job from Client.Job
	secrets  redactor
}

// ID returns the request id.
func (j *Job) ID() string { return j.id }

// Format prints the job's id, whatever the verb.
func (j *Job) Format(f fmt.State, _ rune) { fmt.Fprint(f, "job ", j.id) }

// LogValue returns the job's id, for log/slog.
func (j *Job) LogValue() slog.Value { return slog.StringValue(j.id) }

// Status reads where the job stands. StateDone is not proof of an output: the
// result decides. Errors are those of the *APIError family.
func (j *Job) Status(ctx context.Context) (*Status, error) {
	a, err := j.call(ctx, opStatus, false, false)
	if err != nil {
		return nil, err
	}
	status := newStatus(j.id, a)
	return &status, nil
}

// Result reads the result of a job that has ended. Before that the error is a
// *WaitError with ErrNotFinished. Others are *GenerationError, *CanceledError
// and the *APIError family.
func (j *Job) Result(ctx context.Context) (*Result, error) {
	a, err := j.call(ctx, opResult, false, false)
	if err != nil {
		return nil, err
	}
	res := newResult(j.id, j.kind, a)
	if !res.State.Final() {
		return nil, j.waitError(newStatus(j.id, a), ErrNotFinished)
	}
	return j.outcome(res)
}

// outcome returns the result of a job that has ended, as an error unless it
// succeeded.
func (j *Job) outcome(res *Result) (*Result, error) {
	switch res.State {
	case StateFailed:
		return nil, &GenerationError{Message: j.secrets(messageOf(res.Error)), about: about{ChargedMaybe, j.id},
			payload: func() json.RawMessage { return res.Error }}
	case StateCanceled:
		return nil, &CanceledError{about{ChargedMaybe, j.id}}
	}
	return res, nil
}

// Cancel asks the API to cancel the job. A job that runs already usually goes
// on. Errors are those of the *APIError family.
func (j *Job) Cancel(ctx context.Context) (CancelOutcome, error) {
	a, err := j.call(ctx, opCancel, false, false)
	if err != nil {
		return CancelOutcomeUnknown, err
	}
	return cancelOutcome(a), nil
}

// Wait reads the job at growing intervals until it has ended and returns its
// result. It ends at once when ctx does, which leaves the job alone unless
// OnCancel says otherwise. Errors are *WaitError, which carries the job,
// *GenerationError and *CanceledError.
func (j *Job) Wait(ctx context.Context, opts ...WaitOption) (*Result, error) {
	return j.watch(ctx, newWaitSettings(opts), nil)
}

// Updates waits like Wait and yields the first status seen, then every change,
// at last the state in which the job has ended; Result then has the outcome.
// An error, a *WaitError, is yielded last. To stop iterating stops the wait.
func (j *Job) Updates(ctx context.Context, opts ...WaitOption) iter.Seq2[Status, error] {
	return func(yield func(Status, error) bool) {
		_, err := j.watch(ctx, newWaitSettings(opts), func(st Status) bool { return yield(st, nil) })
		var wait *WaitError
		if errors.As(err, &wait) {
			yield(wait.Last, err)
		}
	}
}

func newWaitSettings(opts []WaitOption) (s callSettings) {
	for _, o := range opts {
		o.applyWait(&s)
	}
	return s
}

// The calls about a job.
const (
	opStatus = "status"
	opResult = "result"
	opCancel = "cancel"
)

// call makes one call about the job.
func (j *Job) call(ctx context.Context, op string, waiting, cost bool) (answer, error) {
	k := call{op: op, method: http.MethodGet, path: "/v1/requests/" + j.id + "/" + op,
		about: about{ChargedYes, j.id}, secrets: j.secrets, accepted: j.accepted, waiting: waiting}
	if op == opCancel {
		k.method = http.MethodPost
	}
	if cost {
		k.path += "?include_cost=true"
	}
	return j.core.call(ctx, k)
}
