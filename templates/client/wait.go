package client

import (
	"context"
	"errors"
	"time"
)

// cancelTimeout bounds the attempt to cancel a queued job whose caller has
// given up.
const cancelTimeout = 5 * time.Second

// maxWait is the bound of a wait that has no other.
func maxWait(expected time.Duration) time.Duration {
	return clamp(20*expected, 10*time.Minute, 2*time.Hour)
}

// unseen is the status of a job that was not read yet.
func (j *Job) unseen() Status { return Status{RequestID: j.id, QueuePosition: -1} }

// watch reads the job until it has ended or observe, which may be nil, returns
// false; both results are nil then. observe gets the first status and every
// change.
func (j *Job) watch(ctx context.Context, s waitSettings, observe func(Status) bool) (*Result, error) {
	expected := j.kind.expectedDuration()
	limit := s.maxWait
	if _, ok := ctx.Deadline(); limit <= 0 && !ok {
		limit = maxWait(expected)
	}
	if limit > 0 {
		bounded, cancel := context.WithTimeoutCause(ctx, limit, ErrMaxWait)
		defer cancel()
		ctx = bounded
	}
	start, delay := time.Now(), time.Duration(0)
	if !j.accepted.IsZero() {
		start = j.accepted
		delay = firstRead - time.Since(start)
	}
	var running time.Time
	last, seen := j.unseen(), false
	for {
		if !sleep(ctx, delay) {
			return nil, j.giveUp(ctx, s, last, seen)
		}
		status, res, err := j.look(ctx, s.cost, seen && last.State != StateQueued)
		if err != nil {
			if ctx.Err() != nil {
				return nil, j.giveUp(ctx, s, last, seen)
			}
			return nil, j.waitError(last, err)
		}
		if changed := !seen || status != last; changed {
			last, seen = status, true
			if s.onUpdate != nil {
				s.onUpdate(status)
			}
			if observe != nil && !observe(status) {
				return nil, nil
			}
		}
		if res != nil {
			return j.outcome(res)
		}
		now := time.Now()
		if status.State != StateQueued && running.IsZero() {
			running = now
		}
		ran := time.Duration(0)
		if !running.IsZero() {
			ran = now.Sub(running)
		}
		delay = jitter(interval(status.State, status.QueuePosition, ran, now.Sub(start), expected))
		if deadline, ok := ctx.Deadline(); ok {
			delay = beforeDeadline(delay, deadline.Sub(now))
		}
	}
}

// look reads the job once: its status while it is queued, its result after
// that. The result is nil unless the job has ended. A status that says so is
// only a reason to read the result, whose own state decides.
func (j *Job) look(ctx context.Context, cost, started bool) (Status, *Result, error) {
	var ended *Result // the end as the status tells it
	if !started {
		a, err := j.call(ctx, opStatus, true, false)
		if err != nil {
			return Status{}, nil, err
		}
		ended = newResult(j.id, j.kind, a)
		if !ended.State.Final() {
			return newStatus(j.id, a), nil, nil
		}
	}
	a, err := j.call(ctx, opResult, true, cost)
	if err != nil {
		var api *APIError
		if ended != nil && unsuccessful(ended.State) && errors.As(err, &api) && api.StatusCode != 0 {
			status := Status{RequestID: j.id, State: ended.State, APIState: ended.APIState, QueuePosition: -1}
			return status, ended, nil // nothing came of the job, so it need not have a result
		}
		return Status{}, nil, err
	}
	res, status := newResult(j.id, j.kind, a), newStatus(j.id, a)
	status.State = res.State
	if !res.State.Final() {
		return status, nil, nil
	}
	return status, res, nil
}

// giveUp returns the error of a wait whose context has ended, after canceling
// the job if that is wanted and the job was not seen to run.
func (j *Job) giveUp(ctx context.Context, s waitSettings, last Status, seen bool) error {
	e := j.waitError(last, contextErrors(ctx)...)
	if s.onCancel == OnCancelIfQueued && (!seen || last.State == StateQueued) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cancelTimeout)
		defer cancel()
		if outcome, err := j.Cancel(ctx); err == nil {
			e.Canceled = outcome
		}
		if e.Canceled == CancelOutcomeCanceled {
			e.charged = ChargedMaybe
		}
	}
	return e
}

func (j *Job) waitError(last Status, causes ...error) *WaitError {
	return &WaitError{Last: last, about: about{ChargedYes, j.id}, job: j, causes: seal(causes), message: j.secrets(causesText(causes))}
}
