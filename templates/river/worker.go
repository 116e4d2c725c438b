package runcomfyriver

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	runcomfy "github.com/genclient/genclient/generated/runcomfy"
)

// The steps of a River job, as its metadata names the next one.
const (
	stepKey    = "step"
	stepRead   = "read"   // the status
	stepResult = "result" // of a job that was seen to run
	stepHandle = "handle"
	// A job without the key is about to submit.
)

const (
	// readTimeout bounds a step that reads the API, as River sees it; readBound is the
	// context that the step itself uses, so that it always returns before.
	readTimeout = 75 * time.Second
	readBound   = 60 * time.Second
	// writeBound bounds the writing of what came of a step, after its context has ended.
	writeBound = 10 * time.Second
	// submitSlack is what a submit gets beside the time for one whole request: for
	// connections that fail, and for retries after 429 and 425.
	submitSlack = time.Minute
	// readFloor is the shortest time between two reads of a job.
	readFloor = time.Second
	// idle is how long a job sleeps that was worked without having a place.
	idle = time.Minute
)

// worker works the River jobs of requests.
type worker struct {
	river.WorkerDefaults[requestArgs]
	engine *Engine
}

// submitBound bounds the submit of a body, without the client's grace for an answer.
func (e *Engine) submitBound(bytes int) time.Duration {
	transfer := time.Duration(float64(bytes) / float64(max(e.limits.SubmitRate, 1)) * float64(time.Second))
	return e.limits.SubmitBase + transfer + submitSlack
}

// Timeout is how long River lets the next step of a job run, and after which it
// rescues the job of a process that died. A step ends by itself before: a job is never
// worked twice at the same time.
func (w *worker) Timeout(job *river.Job[requestArgs]) time.Duration {
	e := w.engine
	switch stepOf(job) {
	case stepRead, stepResult:
		return readTimeout
	case stepHandle:
		return e.cfg.HandlerTimeout + readTimeout
	}
	return e.submitBound(job.Args.Bytes) + e.limits.SubmitGrace + 2*writeBound
}

// NextRetry spaces the attempts of a step that returned an error or was rescued.
func (w *worker) NextRetry(job *river.Job[requestArgs]) time.Time {
	return time.Now().Add(backoff(job.Attempt))
}

// backoff is 1 s, doubling up to 5 minutes.
func backoff(n int) time.Duration {
	return min(time.Second<<min(max(n-1, 0), 12), 5*time.Minute)
}

// Work brings a request one step further. What it returns is nil, a snooze or a
// cancel; an error is one of the database, or of a handler.
func (w *worker) Work(ctx context.Context, job *river.Job[requestArgs]) error {
	e, key := w.engine, job.Args.Key
	if !e.begin(key) { // a job that River took for stuck: its step is still under way here
		return river.JobSnooze(readBound)
	}
	defer e.end(key)
	r, err := e.load(ctx, e.db, key)
	switch {
	case errors.Is(err, ErrNoRequest):
		return river.JobCancel(err)
	case err != nil:
		return interrupted(ctx, err)
	}
	switch r.State {
	case StateQueued: // made available by hand: the dispatcher decides
		return river.JobSnooze(idle)
	case StateSubmitting:
		return interrupted(ctx, e.submit(ctx, r, job))
	case StateRunning:
		return interrupted(ctx, e.read(ctx, r, stepOf(job)))
	}
	return interrupted(ctx, e.handle(ctx, r, job))
}

// begin reports whether no other goroutine of this process works on key.
func (e *Engine) begin(key string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.working[key] {
		return false
	}
	e.working[key] = true
	return true
}

func (e *Engine) end(key string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.working, key)
}

// interrupted turns an error of a step whose context has ended into a snooze: a
// shutdown is not a failed attempt.
func interrupted(ctx context.Context, err error) error {
	var snooze *river.JobSnoozeError
	var cancel *river.JobCancelError
	if err == nil || ctx.Err() == nil || errors.As(err, &snooze) || errors.As(err, &cancel) {
		return err
	}
	return river.JobSnooze(0)
}

// next ends a step: the job sleeps for d, and step is what it does then.
func next(ctx context.Context, step string, d time.Duration) error {
	if err := river.MetadataSet(ctx, stepKey, step); err != nil {
		return err
	}
	return river.JobSnooze(max(d, 0))
}

// writing returns the context for what must be written although ctx may have ended.
func writing(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), writeBound)
}

// again notes that a step failed in a manner that passes, and lets the job sleep:
// least, or longer the more often it failed.
func (e *Engine) again(ctx context.Context, r Request, step string, cause error, least time.Duration) error {
	pause := max(least, backoff(r.tries+1))
	e.log.InfoContext(ctx, "runcomfyriver: a step is taken again", "key", r.Key,
		"state", string(r.State), "after", pause, "error", cause)
	ctx, cancel := writing(ctx)
	defer cancel()
	if _, err := e.db.ExecContext(ctx, "update runcomfy_request set tries = tries + 1 where key = $1", r.Key); err != nil {
		return err
	}
	return next(ctx, step, pause)
}

// finish writes down that a request has ended, which frees its place, and hands it to
// its handler in a step of its own.
func (e *Engine) finish(ctx context.Context, r Request, state State, o outcome) error {
	handler := e.handler(state) != nil
	text, raw := "", ""
	var cost *float64
	result := o.result
	if o.err != nil {
		text = o.err.Error()
		var failed *runcomfy.GenerationError
		if errors.As(o.err, &failed) {
			result = failed.Result()
		}
	}
	if result != nil {
		cost = result.Cost
		if len(result.Raw) <= maxResult {
			raw = string(result.Raw)
		}
	}
	write, cancel := writing(ctx)
	defer cancel()
	if err := e.writeEnd(write, r, state, cost, text, raw, !handler); err != nil {
		return err
	}
	e.mu.Lock()
	delete(e.jobs, r.Key)
	if handler {
		e.outcomes[r.Key] = o
	}
	e.mu.Unlock()
	e.kick()
	if handler {
		return next(ctx, stepHandle, 0)
	}
	return verdict(state, o.err)
}

// verdict is what is returned to River for a request whose handler has returned. Cancelled jobs
// are what a person should look at.
func verdict(state State, err error) error {
	if state == StateAmbiguous {
		return river.JobCancel(cmp.Or(err, errors.New("the submit is in doubt")))
	}
	return nil
}

func stepOf(job *river.Job[requestArgs]) string {
	var metadata struct {
		Step string `json:"step"`
	}
	unmarshalLoosely(job.Metadata, &metadata)
	return metadata.Step
}
