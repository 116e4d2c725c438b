package client

import (
	"cmp"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"time"
)

// watch reads the job until it has ended: its status while it is queued, its
// result after that. observe, which may be nil, gets the first status and every
// change; when it returns false, so does watch, with nil.
func (j *Job) watch(ctx context.Context, s callSettings, observe func(Status) bool) (*Result, error) {
	expected := j.kind.expectedDuration()
	if _, bounded := ctx.Deadline(); s.maxWait > 0 || !bounded {
		limited, cancel := context.WithTimeoutCause(ctx, cmp.Or(max(s.maxWait, 0), maxWait(expected)), ErrMaxWait)
		defer cancel()
		ctx = limited
	}
	deadline, _ := ctx.Deadline()
	start := j.accepted
	if start.IsZero() { // a job from elsewhere is read at once
		start = time.Now().Add(-firstRead)
	}
	var running time.Time     // when the job was first seen out of the queue
	var told Status           // to observe
	var announced observation // what a status said of the end
	last := j.unseen()
	for op, delay := opStatus, firstRead-time.Since(start); ; {
		if !sleep(ctx, delay) {
			return nil, j.giveUp(ctx, s, last, running.IsZero(), []error{contextError(ctx)})
		}
		query := ""
		if op == opResult {
			query = s.resultQuery()
		}
		a, err := j.call(ctx, op, query, !announced.status.State.unsuccessful())
		o, err := j.observed(op, a).after(announced, err)
		var api *APIError
		switch {
		case errors.As(err, &api) && api.list != nil && ctx.Err() != nil:
			return nil, j.giveUp(ctx, s, last, running.IsZero(), api.Unwrap())
		case err != nil:
			return nil, j.waitError(last, err)
		}
		now := time.Now()
		if o.status.State != StateQueued && running.IsZero() {
			running = now
		}
		last = o.status
		if op == opStatus && last.State.Final() { // only a reason to read the result, which decides
			op, delay, announced = opResult, 0, o
			continue
		}
		if pause := j.lagging(o); pause > 0 {
			delay = beforeDeadline(pause, deadline.Sub(now))
			continue
		}
		d := interval(last.State, last.QueuePosition, now.Sub(running), now.Sub(start), expected)
		delay = beforeDeadline(jitter(d), deadline.Sub(now))
		if last != told && !j.tell(ctx, s, last, delay, observe) {
			return nil, nil
		}
		told = last
		if last.State.Final() {
			return j.outcome(ctx, o)
		}
		if op = opResult; last.State == StateQueued {
			op = opStatus
		}
	}
}

// tell hands a new status of the job, which is read again after delay, to everyone who
// follows it. It is false when observe wants no more; observe may be nil.
func (j *Job) tell(
	ctx context.Context, s callSettings, seen Status, delay time.Duration, observe func(Status) bool,
) bool {
	j.core.observe(ctx, Event{Kind: EventState, JobID: j.id, State: seen.State})
	if !seen.State.Final() {
		seen.Next = delay
	}
	if s.onUpdate != nil {
		s.onUpdate(seen)
	}
	return observe == nil || observe(seen)
}

// after returns what a read brought, or what the end that a status announced before
// makes of it.
func (o observation) after(announced observation, err error) (observation, error) {
	switch {
	case announced.status.State.unsuccessful() && !(err == nil && o.status.State.Final()):
		return announced, nil // such a job need not have a result
	case err == nil && o.status.State == StateUnknown && announced.res != nil &&
		strings.EqualFold(o.status.APIState, announced.status.APIState):
		o.status.State, o.res.State, o.empty = StateFailed, StateFailed, true // to this word there was an end
	}
	return o, err
}

// giveUp returns the error of a wait whose context has ended, after canceling
// the job if that is wanted and the job was never seen out of the queue.
func (j *Job) giveUp(ctx context.Context, s callSettings, last Status, queued bool, causes []error) error {
	e := j.waitError(last, causes...)
	if s.onCancel == OnCancelIfQueued && queued {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
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

func (j *Job) waitError(last Status, errs ...error) *WaitError {
	return &WaitError{Last: last, about: about{ChargedYes, j.id}, causes: newCauses(j.secrets, errs...), job: j}
}

func (j *Job) unseen() Status {
	return Status{RequestID: j.id, State: StateUnknown, QueuePosition: -1}
}

// maxWait is the bound of a wait that has no other.
func maxWait(expected time.Duration) time.Duration {
	return clamp(20*expected, 10*time.Minute, 2*time.Hour)
}

// The pace of waiting minimises reads x readWeight + delay, where the delay is
// the time from the end of a job to the read that sees it. For a job that may
// end at any moment within T, that sum is least at intervals of
// sqrt(2 x readWeight x T).
const (
	readWeight = 250 * time.Millisecond
	firstRead  = 1500 * time.Millisecond
)

func bestInterval(t time.Duration) time.Duration {
	return time.Duration(math.Sqrt(2*readWeight.Seconds()*t.Seconds()) * float64(time.Second))
}

// interval returns the time from one read to the next.
//
// position is the place in the queue, -1 when unknown; running the time since
// the job was first seen out of the queue, elapsed the time since it was
// accepted, expected the usual duration of a job of its kind.
func interval(state State, position int, running, elapsed, expected time.Duration) time.Duration {
	var d time.Duration
	switch {
	case state == StateQueued && position < 0:
		d = clamp(bestInterval(elapsed), firstRead, 10*time.Second)
	case state == StateQueued:
		d = clamp(time.Second+time.Duration(min(position, 100))*(time.Second/2), firstRead, 10*time.Second)
	case running <= 2*expected:
		d = clamp(bestInterval(expected), time.Second, 15*time.Second)
	default:
		d = min(bestInterval(running), 20*time.Second)
	}
	return min(d, max(3*time.Second, elapsed))
}

// next returns the time from a status to the next read of a job that nobody waits
// for here. created is when the API says the job was made, zero if it does not. When
// the job left the queue is not known: it may have been at once.
func (j *Job) next(status Status, created time.Time) time.Duration {
	if status.State.Final() {
		return 0
	}
	expected := j.kind.expectedDuration()
	elapsed := expected // of a job of which nothing is known
	if since := cmp.Or(j.accepted, created); !since.IsZero() {
		elapsed = max(time.Since(since), 0)
	}
	return jitter(interval(status.State, status.QueuePosition, elapsed, elapsed, expected))
}

// jitter varies d by 10 %, so that jobs started together are not read together.
func jitter(d time.Duration) time.Duration { return d - d/10 + rand.N(d/5+1) }

// beforeDeadline makes room for a last read shortly before a wait must end.
func beforeDeadline(d, remaining time.Duration) time.Duration {
	return min(d, max(remaining-2*time.Second, time.Second))
}

func clamp(d, low, high time.Duration) time.Duration { return min(max(d, low), high) }
