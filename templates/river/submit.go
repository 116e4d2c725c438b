package runcomfyriver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	runcomfy "github.com/genclient/genclient/generated/runcomfy"
)

// submit sends a request that has a place, unless the journal says that it was sent.
func (e *Engine) submit(ctx context.Context, r Request, job *river.Job[requestArgs]) error {
	e.mu.Lock()
	known, waiting := e.unrecorded[r.Key]
	e.mu.Unlock()
	if waiting { // this process has sent it and could not write that down
		return e.accepted(ctx, r, known)
	}
	switch pause, err := e.recorded(ctx, r, e.submitBound(job.Args.Bytes)+e.limits.SubmitGrace); {
	case errors.Is(err, runcomfy.ErrAmbiguousSubmit):
		return e.finish(ctx, r, StateAmbiguous, outcome{err: err})
	case err != nil:
		return err
	case pause > 0:
		return next(ctx, "", pause)
	}
	in, err := e.input(ctx, r)
	if err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, e.submitBound(job.Args.Bytes))
	defer cancel()
	accepted, err := e.client.SubmitOnce(bounded, r.Key, in)
	if late := jobOf(err); accepted == nil && late != nil {
		accepted = late
	}
	if accepted != nil {
		e.mu.Lock()
		e.jobs[r.Key] = accepted
		e.mu.Unlock()
		return e.accepted(ctx, r, acceptance{accepted.ID(), time.Now()})
	}
	return e.notAccepted(ctx, r, err)
}

// recorded looks at what the journal has of an earlier submit, the longest of which
// takes longest. It returns how long to wait for a sender that may be alive, and for
// a submit in doubt an error that wraps runcomfy.ErrAmbiguousSubmit, whatever token
// or account it was sent with.
func (e *Engine) recorded(ctx context.Context, r Request, longest time.Duration) (time.Duration, error) {
	record, found, err := e.journal.Get(ctx, r.Key)
	switch {
	case err != nil || !found || record.State == runcomfy.JournalStateAccepted:
		return 0, err
	case record.State == runcomfy.JournalStateRejected:
		// No job came of it. The record is of the token and the client of then; with
		// others the same request is another one to the client.
		_, err := e.db.ExecContext(ctx, "delete from runcomfy_journal where key = $1 and revision = $2",
			r.Key, record.Revision)
		return 0, err
	case record.State == runcomfy.JournalStateSending:
		// River's rescue comes after the longest submit, a job that somebody made available
		// by hand may come before.
		if alive := time.Until(record.Started.Add(longest)); alive > 0 {
			return alive, nil
		}
		return 0, fmt.Errorf("%w: a process died while it submitted at %s",
			runcomfy.ErrAmbiguousSubmit, record.Started.Format(time.RFC3339))
	}
	return 0, fmt.Errorf("%w: %s", runcomfy.ErrAmbiguousSubmit, record.Reason)
}

// jobOf returns the job that an error of a submit carries: of one that came after the
// context had ended, or whose answer was cut after the id.
func jobOf(err error) *runcomfy.Job {
	var late *runcomfy.WaitError
	if errors.As(err, &late) {
		return late.Job()
	}
	var doubt *runcomfy.AmbiguousSubmitError
	if errors.As(err, &doubt) && doubt.Charged() == runcomfy.ChargedYes {
		return doubt.Job()
	}
	return nil
}

// accepted writes down the job of a request. As long as that fails this process
// remembers it, and the dispatcher tries again.
func (e *Engine) accepted(ctx context.Context, r Request, a acceptance) error {
	e.mu.Lock()
	e.unrecorded[r.Key] = a
	e.mu.Unlock()
	ctx, cancel := writing(ctx)
	defer cancel()
	if err := e.record(ctx, r.Key, a); err != nil {
		return err
	}
	return next(ctx, stepRead, firstRead)
}

// firstRead is when an accepted job is read first, as the client's Wait does.
const firstRead = 1500 * time.Millisecond

// notAccepted decides what becomes of a request whose submit brought no job.
func (e *Engine) notAccepted(ctx context.Context, r Request, err error) error {
	var (
		doubt   *runcomfy.AmbiguousSubmitError
		unsent  *runcomfy.NotSentError
		limited *runcomfy.RateLimitError
		auth    *runcomfy.AuthError
		balance *runcomfy.InsufficientBalanceError
	)
	switch {
	case errors.As(err, &doubt):
		return e.finish(ctx, r, StateAmbiguous, outcome{err: err})
	case errors.Is(err, runcomfy.ErrKeyConflict):
		return e.finish(ctx, r, StateFailed, outcome{err: err})
	case errors.As(err, &auth), errors.As(err, &balance):
		return e.hold(ctx, r, err)
	case errors.As(err, &limited):
		return e.again(ctx, r, "", err, max(limited.RetryAfter, 5*time.Second))
	case errors.As(err, &unsent):
		return e.again(ctx, r, "", err, 0)
	}
	return e.finish(ctx, r, StateFailed, outcome{err: err}) // refused: nothing was charged
}

// holdFor is how long no request is submitted after the API refused the account.
const holdFor = time.Minute

// hold puts a request back in line and keeps all others there: what refused this one,
// a token or an empty balance, would refuse them as well.
func (e *Engine) hold(ctx context.Context, r Request, cause error) error {
	ctx, cancel := writing(ctx)
	defer cancel()
	if err := e.holdAll(ctx, r, cause); err != nil {
		return err
	}
	_, err := e.db.ExecContext(ctx,
		"update runcomfy_request set state = 'queued' where key = $1 and state = 'submitting'", r.Key)
	if err != nil {
		return err
	}
	return next(ctx, "", holdFor)
}

// holdAll keeps all processes from submitting for a while.
func (e *Engine) holdAll(ctx context.Context, r Request, cause error) error {
	e.log.ErrorContext(ctx, "runcomfyriver: the API refuses the account, requests wait",
		"key", r.Key, "for", holdFor, "error", cause)
	_, err := e.db.ExecContext(ctx, "update runcomfy_budget set held = "+e.dialect.now+" + $1, reason = $2",
		holdFor.Microseconds(), cause.Error())
	return err
}
