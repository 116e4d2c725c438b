package runcomfyriver

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/riverqueue/river"

	runcomfy "github.com/genclient/genclient/generated/runcomfy"
)

const (
	// maxResult bounds the answer that is kept of a job, in bytes.
	maxResult = 1 << 20
	// readBurst is how many reads may be made at once.
	readBurst = 10
	// lostAfter is how long a job is looked for that the API does not know.
	lostAfter = 10 * time.Minute
)

// unmarshalLoosely leaves v as it is when text is not JSON for it.
func unmarshalLoosely(text []byte, v any) { _ = json.Unmarshal(text, v) }

// read reads an accepted job once, and its result when it has ended: the status while
// it is queued, after that the result, which says where the job stands as long as there
// is none.
func (e *Engine) read(ctx context.Context, r Request, step string) error {
	pause, err := e.takeReads(ctx, 1)
	if err != nil {
		return err
	}
	if pause > 0 {
		return next(ctx, step, pause)
	}
	job, err := e.job(ctx, r)
	if err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, readBound)
	defer cancel()
	if step == stepResult {
		return e.readResult(bounded, r, job)
	}
	status, err := job.Status(bounded)
	switch {
	case err != nil:
		return e.readFailed(ctx, r, err)
	case !status.State.Final():
		return e.notEnded(ctx, r, *status)
	}
	if err := e.spendReads(ctx, 1); err != nil {
		return err
	}
	return e.readResult(bounded, r, job)
}

// readResult reads the result of a job that has ended, or may have.
func (e *Engine) readResult(ctx context.Context, r Request, job *runcomfy.Job) error {
	res, err := job.Result(ctx, runcomfy.WithCost())
	var running *runcomfy.WaitError
	if errors.As(err, &running) && errors.Is(err, runcomfy.ErrNotFinished) {
		return e.notEnded(ctx, r, running.Last)
	}
	if !conclusive(res, err) && ctx.Err() == nil {
		res, err = e.collect(ctx, job)
	}
	if err == nil {
		return e.finish(ctx, r, StateDone, outcome{result: res})
	}
	if ended(err) {
		return e.finish(ctx, r, StateFailed, outcome{err: err})
	}
	return e.readFailed(ctx, r, err)
}

// conclusive reports whether the first answer of a result needs no second look.
func conclusive(res *runcomfy.Result, err error) bool {
	var failed *runcomfy.GenerationError
	var limited *runcomfy.RateLimitError
	if errors.As(err, &failed) {
		return failed.Payload() != nil
	}
	return ended(err) || errors.As(err, &limited) || err == nil && len(res.Output.URLs()) > 0
}

// ended reports whether an error of a read is the end of a job.
func ended(err error) bool {
	var failed *runcomfy.GenerationError
	var canceled *runcomfy.CanceledError
	return errors.As(err, &failed) || errors.As(err, &canceled)
}

// notEnded lets a job sleep until it is to be read again.
func (e *Engine) notEnded(ctx context.Context, r Request, status runcomfy.Status) error {
	if time.Since(r.Accepted) > e.cfg.MaxWait {
		return e.giveUp(ctx, r, errors.New("the job has not ended within Config.MaxWait; it goes on, and may be charged"))
	}
	if r.tries > 0 {
		if _, err := e.db.ExecContext(ctx, "update runcomfy_request set tries = 0 where key = $1", r.Key); err != nil {
			return err
		}
	}
	step := stepResult
	if status.State == runcomfy.StateQueued {
		step = stepRead
	}
	return next(ctx, step, max(status.Next, readFloor))
}

// collect reads the result of a job whose first answer left a doubt: Wait knows what
// may be wrong with first answers, and how long that may last.
func (e *Engine) collect(ctx context.Context, job *runcomfy.Job) (*runcomfy.Result, error) {
	if err := e.spendReads(ctx, 2); err != nil {
		return nil, err
	}
	return job.Wait(ctx, runcomfy.WithCost())
}

// readFailed decides what becomes of an accepted job that could not be read. It was
// paid for: as long as there is hope it is read again.
func (e *Engine) readFailed(ctx context.Context, r Request, err error) error {
	var limited *runcomfy.RateLimitError
	var unknown *runcomfy.NotFoundError
	var auth *runcomfy.AuthError
	age := time.Since(r.Accepted)
	write, cancel := writing(ctx)
	defer cancel()
	switch {
	case errors.As(err, &auth):
		if err := e.holdAll(write, r, err); err != nil {
			return err
		}
		return e.again(ctx, r, stepRead, err, holdFor)
	case errors.As(err, &limited):
		pause := max(limited.RetryAfter, 2*time.Second)
		if err := e.slowReads(write, pause); err != nil {
			return err
		}
		return next(ctx, stepRead, pause)
	case errors.As(err, &unknown) && age > lostAfter && r.tries > 8:
		return e.giveUp(ctx, r, err)
	case age > e.cfg.MaxWait:
		return e.giveUp(ctx, r, err)
	}
	return e.again(ctx, r, stepRead, err, 0)
}

// giveUp ends a request whose job this package can follow no further.
func (e *Engine) giveUp(ctx context.Context, r Request, cause error) error {
	e.log.ErrorContext(ctx, "runcomfyriver: an accepted job is given up", "key", r.Key, "job", r.RequestID, "error", cause)
	return e.finish(ctx, r, StateFailed, outcome{err: cause})
}

// job returns the client's job of a request, with the pace of its model.
func (e *Engine) job(ctx context.Context, r Request) (*runcomfy.Job, error) {
	e.mu.Lock()
	job := e.jobs[r.Key]
	e.mu.Unlock()
	if job != nil && job.ID() == r.RequestID {
		return job, nil
	}
	in, err := e.input(ctx, r)
	if err != nil {
		return nil, err
	}
	if stored, ok := in.(*storedInput); ok && stored.typed != nil {
		in = stored.typed
	}
	job, err = e.client.JobOf(in, r.RequestID, r.Accepted)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.jobs[r.Key] = job
	return job, nil
}

// takeReads takes n reads from the budget that all processes share. When the budget is
// spent it takes none and returns how long to wait.
func (e *Engine) takeReads(ctx context.Context, n int) (time.Duration, error) {
	// reads is the time at which the budget would be full again, by the database's
	// clock: the generic cell rate algorithm in one row.
	each := int64(float64(time.Second.Microseconds()) / e.cfg.ReadRate)
	cost, burst := int64(n)*each, readBurst*each
	var reads int64
	query := "update runcomfy_budget set reads = case when reads > NOW then reads else NOW end + $1 " +
		"where reads - NOW <= $2 returning reads"
	err := e.db.QueryRowContext(ctx, strings.ReplaceAll(query, "NOW", e.dialect.now), cost, burst).Scan(&reads)
	if !errors.Is(err, sql.ErrNoRows) {
		return 0, err
	}
	var over int64
	err = e.db.QueryRowContext(ctx, "select reads - "+e.dialect.now+" - $1 from runcomfy_budget", burst).Scan(&over)
	return max(time.Duration(over)*time.Microsecond, readFloor/4), err
}

// spendReads takes n reads from the budget whether it has them or not: those that end
// a job are not put off.
func (e *Engine) spendReads(ctx context.Context, n int) error {
	cost := int64(n) * int64(float64(time.Second.Microseconds())/e.cfg.ReadRate)
	query := "update runcomfy_budget set reads = case when reads > NOW then reads else NOW end + $1"
	_, err := e.db.ExecContext(ctx, strings.ReplaceAll(query, "NOW", e.dialect.now), cost)
	return err
}

// slowReads keeps all processes from reading for a while: the API has asked for it.
func (e *Engine) slowReads(ctx context.Context, pause time.Duration) error {
	each := int64(float64(time.Second.Microseconds()) / e.cfg.ReadRate)
	least := readBurst*each + pause.Microseconds()
	query := "update runcomfy_budget set reads = NOW + $1 where reads < NOW + $1"
	_, err := e.db.ExecContext(ctx, strings.ReplaceAll(query, "NOW", e.dialect.now), least)
	return err
}

// writeEnd writes the end of a request.
func (e *Engine) writeEnd(ctx context.Context, r Request, state State, cost *float64, text, raw string,
	handled bool) error {
	done := 0
	if handled {
		done = 1
	}
	return e.inTx(ctx, func(tx *sql.Tx) error {
		changed, err := changedOne(tx.ExecContext(ctx, `update runcomfy_request set state = $1, cost = $2, error = $3,
			ended = $4, handled = $5, tries = 0 where key = $6 and state in ('submitting', 'running')`,
			string(state), cost, text, micros(time.Now()), done, r.Key))
		if err != nil || !changed || raw == "" {
			return err
		}
		_, err = tx.ExecContext(ctx, "update runcomfy_body set result = $1 where key = $2", raw, r.Key)
		return err
	})
}

// handler returns what a request in a state is handed to, nil for nothing.
func (e *Engine) handler(state State) func(context.Context, Request, outcome) error {
	fail := func(f func(context.Context, Request, error) error) func(context.Context, Request, outcome) error {
		if f == nil {
			return nil
		}
		return func(ctx context.Context, r Request, o outcome) error { return f(ctx, r, o.err) }
	}
	switch {
	case state == StateFailed:
		return fail(e.cfg.Failed)
	case state == StateAmbiguous:
		return fail(e.cfg.Ambiguous)
	case e.cfg.Done == nil:
		return nil
	}
	return func(ctx context.Context, r Request, o outcome) error { return e.cfg.Done(ctx, r, o.result) }
}

// handle hands a request that has ended to its handler.
func (e *Engine) handle(ctx context.Context, r Request, job *river.Job[requestArgs]) error {
	handler := e.handler(r.State)
	cause := errors.New(r.Error)
	if r.Error == "" {
		cause = nil
	}
	if r.handled || handler == nil {
		return verdict(r.State, cause)
	}
	if stepOf(job) != stepHandle { // rescued before it could say so: its time was that of another step
		return next(ctx, stepHandle, 0)
	}
	o, err := e.outcome(ctx, r, cause)
	if err != nil {
		return e.readFailed(ctx, r, err)
	}
	if r.Input, err = e.input(ctx, r); err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, e.cfg.HandlerTimeout)
	defer cancel()
	if err := handler(bounded, r, o); err != nil {
		return err
	}
	write, cancel := writing(ctx)
	defer cancel()
	_, err = e.db.ExecContext(write, "update runcomfy_request set handled = 1 where key = $1 and state = $2",
		r.Key, string(r.State))
	if err != nil {
		return err
	}
	e.mu.Lock()
	delete(e.outcomes, r.Key)
	e.mu.Unlock()
	return verdict(r.State, cause)
}

// outcome returns what came of a request that has ended, from the process that saw it
// or, for a job, from the API again.
func (e *Engine) outcome(ctx context.Context, r Request, cause error) (outcome, error) {
	e.mu.Lock()
	o, known := e.outcomes[r.Key]
	e.mu.Unlock()
	if known || r.State == StateAmbiguous || r.RequestID == "" {
		if !known {
			o = outcome{err: cause}
		}
		return o, nil
	}
	job, err := e.job(ctx, r)
	if err != nil {
		return outcome{}, err
	}
	bounded, cancel := context.WithTimeout(ctx, readBound)
	defer cancel()
	res, err := e.collect(bounded, job)
	if err != nil && !ended(err) {
		if r.State == StateFailed {
			return outcome{err: cause}, nil
		}
		return outcome{}, err
	}
	return outcome{result: res, err: err}, nil
}
