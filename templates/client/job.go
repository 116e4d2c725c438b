package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"strings"
	"time"
)

// A Job is a request that the API has accepted. It is safe for concurrent use.
// Its id is enough to make it again, see Client.Job.
type Job struct {
	core     *core
	id       string
	kind     OutputKind
	accepted time.Time // by our own submit; zero for a job from Client.Job
	secrets  redactor
	lag      *lagClock
}

// ID returns the request id.
func (j *Job) ID() string { return j.id }

// Format prints the job's id, whatever the verb.
func (j *Job) Format(f fmt.State, _ rune) { fmt.Fprint(f, "job ", j.id) }

// LogValue is the text of Format, for log/slog: JSON would show an empty object.
func (j *Job) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(j)) }

// Status reads where the job stands. StateDone is no proof of an output: the
// result decides. Errors are of the *APIError family.
func (j *Job) Status(ctx context.Context) (*Status, error) {
	a, err := j.call(ctx, opStatus, "", false)
	if err != nil {
		return nil, err
	}
	o := j.observed(opStatus, a)
	o.status.Next = j.next(o.status, a.time("created_at"))
	return &o.status, nil
}

// Result reads the result of a job that has ended. Before that the error is a
// *WaitError with ErrNotFinished, whose Last says when to read again. Others are
// *GenerationError, *CanceledError and the *APIError family. A job that has
// completed without an output is read again for 15 s, in which it may still come.
// Of the options WithCost has a meaning.
func (j *Job) Result(ctx context.Context, opts ...WaitOption) (*Result, error) {
	query := newWaitSettings(opts).resultQuery()
	for {
		a, err := j.call(ctx, opResult, query, false)
		if err != nil {
			return nil, err
		}
		o := j.observed(opResult, a)
		pause := j.lagging(o)
		switch {
		case !o.res.State.Final():
			o.status.Next = j.next(o.status, o.res.CreatedAt)
			return nil, j.waitError(o.status, ErrNotFinished)
		case pause == 0:
			return j.outcome(ctx, o)
		case !sleep(ctx, pause):
			return nil, j.waitError(o.status, contextError(ctx))
		}
	}
}

// lagging returns how long to wait before a result is read again since its
// output may still come; 0 when that is not to be expected.
func (j *Job) lagging(o observation) time.Duration {
	since := time.Since(j.lag.latest(j.accepted))
	if o.res.State != StateDone || !o.empty || since >= j.core.limits.NotFound {
		return 0
	}
	return clamp(since, time.Second, 4*time.Second)
}

// outcome returns a result that is final, as an error unless the job succeeded.
func (j *Job) outcome(ctx context.Context, o observation) (*Result, error) {
	j.observeEnded(ctx, o.res)
	about, result := about{ChargedMaybe, j.id}, func() *Result { return o.res }
	switch o.res.State {
	case StateCanceled:
		return nil, &CanceledError{about, result}
	case StateDone:
		if !o.empty {
			return o.res, nil
		}
	}
	message := cmp.Or(messageIn(o.res.Error), messageIn(o.res.Raw))
	if o.empty {
		message = strings.TrimSuffix(fmt.Sprintf("it has ended as %q without an output: %s", o.res.APIState, message), ": ")
	}
	return nil, &GenerationError{Message: j.secrets(message), about: about, result: result}
}

// Cancel asks the API to cancel the job. A job that runs already usually goes
// on. Errors are those of the *APIError family.
func (j *Job) Cancel(ctx context.Context) (CancelOutcome, error) {
	a, err := j.call(ctx, opCancel, "", false)
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

// resultQuery is the query of a read of the result.
func (s callSettings) resultQuery() string {
	if s.cost {
		return "?include_cost=true"
	}
	return ""
}

// The calls that are no submit.
const opStatus, opResult, opCancel, opModels = "status", "result", "cancel", "models"

// State is where a job stands.
type State string

// The states of a job.
const (
	StateUnknown  State = "unknown" // a word that this client does not know, in Status.APIState; waiting goes on
	StateQueued   State = "queued"
	StateRunning  State = "running"
	StateDone     State = "done"
	StateFailed   State = "failed"
	StateCanceled State = "canceled"
)

// Final reports whether a job in this state has ended.
func (s State) Final() bool { return s == StateDone || s.unsuccessful() }

// unsuccessful reports whether a job in this state has ended without a result.
func (s State) unsuccessful() bool { return s == StateFailed || s == StateCanceled }

// states are the API's words for states, in lower case.
var states = map[string]State{
	"in_queue": StateQueued, "queued": StateQueued, "pending": StateQueued, "waiting": StateQueued,
	"in_progress": StateRunning, "running": StateRunning, "starting": StateRunning, "processing": StateRunning,
	"completed": StateDone, "succeeded": StateDone, "failed": StateFailed, "error": StateFailed,
	"cancelled": StateCanceled, "canceled": StateCanceled,
}

func parseState(word string) State {
	return cmp.Or(states[strings.ToLower(strings.TrimSpace(word))], StateUnknown)
}

// A Status is one observation of a job.
type Status struct {
	RequestID     string
	State         State
	APIState      string // the API's own word for the state
	QueuePosition int    // -1 when the API does not say
	// Next is how long to wait before the job is read again, for a program that
	// schedules its reads itself: the pace of Wait. It is 0 when the job has ended;
	// then Result is what to read.
	Next time.Duration
}

// An observation is what an answer about a job says, read in both ways, which
// agree on the state.
type observation struct {
	status Status
	res    *Result
	empty  bool // the job has ended, and no output came
}

// observed reads an answer to op, which is opStatus or opResult.
func (j *Job) observed(op string, a answer) observation {
	r, empty := newResult(j.id, j.kind, op, a)
	s := Status{RequestID: j.id, State: r.State, APIState: r.APIState, QueuePosition: -1}
	if n := numberOf(a.fields["queue_position"]); n != nil && *n >= 0 && *n < 1<<31 {
		s.QueuePosition = int(*n)
	}
	return observation{s, r, empty && op == opResult}
}

// CancelOutcome is what came of canceling a job.
type CancelOutcome string

// The outcomes of Job.Cancel.
const (
	CancelOutcomeUnknown        CancelOutcome = "unknown" // the API took the request and did not say what comes of it
	CancelOutcomeCanceled       CancelOutcome = "canceled"
	CancelOutcomeNotCancellable CancelOutcome = "not cancellable" // the job goes on
	CancelOutcomeAlreadyDone    CancelOutcome = "already done"    // the job had ended before
)

// cancelOutcome reads the answer to a cancel.
func cancelOutcome(a answer) CancelOutcome {
	state, outcome := parseState(a.text("status")), strings.ToLower(a.text("outcome"))
	switch {
	case outcome == "cancelled" || outcome == "canceled" || outcome == "" && state == StateCanceled:
		return CancelOutcomeCanceled
	case (outcome == "" || strings.HasPrefix(outcome, "not_cancel")) && state.Final():
		return CancelOutcomeAlreadyDone
	case strings.HasPrefix(outcome, "not_cancel"):
		return CancelOutcomeNotCancellable
	}
	return CancelOutcomeUnknown
}
