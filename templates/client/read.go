package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// call makes the call op, about the job if it has an id, again and again if that
// may help: none but a submit costs anything. While waiting it is repeated for the
// time of an outage, else a few times.
func (j *Job) call(ctx context.Context, op, query string, waiting bool) (answer, error) {
	c := j.core
	var pause, outage time.Duration // the outage without what the budget made this wait
	var status, unread int          // unread counts answers in a row that cannot be read
	var cause []error               // of the last try
	for n := 1; ; n++ {
		outage += pause
		// A cancel is no read, and a late one costs money.
		if !sleep(ctx, pause) || op != opCancel && !c.budget.wait(ctx) {
			return answer{}, j.failed(op, answer{status: status}, append([]error{contextError(ctx)}, cause...)...)
		}
		started := time.Now()
		j.lag.asked(started)
		a, err := j.try(ctx, op, query)
		took := time.Since(started)
		outage += took
		c.observe(ctx, Event{Kind: EventAttempt, Op: op, JobID: j.id, Attempt: n, Method: method(op),
			Path: j.endpoint(op), Status: a.status, Duration: took, Error: errorText(err)})
		if unread++; !errors.Is(err, errUnreadable) {
			unread = 0
		}
		more := n <= c.limits.ReadRetries
		if waiting {
			more = outage < c.limits.Outage && unread <= c.limits.ReadRetries
		}
		switch {
		case err == nil || ctx.Err() == nil && !j.passing(err, more):
			if err != nil && unread > 0 && a.enough(op) { // torn each time: what it holds whole counts
				err = nil
			}
			return a, err
		case ctx.Err() == nil:
			status, cause = a.status, []error{err}
		}
		asked := min(retryAfter(a.header, time.Now()), c.limits.RetryAfter)
		pause = max(asked, backoff(n, c.limits.RetryDelay, 15*time.Second))
	}
}

// passing reports whether another try may not end in err. more says whether one
// is left to a call that gets no good answer.
func (j *Job) passing(err error, more bool) bool {
	var api *APIError
	if !errors.As(err, &api) {
		return false
	}
	status := api.effectiveStatus()
	if status == http.StatusNotFound { // what was just written may not have reached every server
		return time.Since(j.lag.latest(j.accepted)) < j.core.limits.NotFound
	}
	return more && (api.list != nil || repeatable(status) || status == http.StatusRequestTimeout || status >= 500)
}

// A lagClock knows when a job was last written to, as far as reads can tell: lag
// after a write is known for every read.
type lagClock struct {
	mu     sync.Mutex
	first  time.Time // the first read, before which somebody else may have submitted the job
	ended  time.Time // the first read that announced a successful end
	silent bool      // no read has found the job yet

	reported bool // to the observer, that the job has ended
}

// report reports whether the end of the job is to be observed: once.
func (l *lagClock) report() bool {
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	again := l.reported
	l.reported = true
	return !again
}

// asked notes that the job is read.
func (l *lagClock) asked(now time.Time) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.first.IsZero() {
		l.first, l.silent = now, true
	}
}

// found notes that a read has found the job, and whether it has ended.
func (l *lagClock) found(done bool) {
	if l == nil { // of the catalog
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.silent = false; done && l.ended.IsZero() {
		l.ended = time.Now()
	}
}

// latest returns the last write: the submit, if it was ours, else what made the first
// read possible, or the end of the job.
func (l *lagClock) latest(accepted time.Time) time.Time {
	if l == nil {
		return accepted
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if accepted.IsZero() && l.silent {
		accepted = l.first
	}
	if l.ended.After(accepted) {
		return l.ended
	}
	return accepted
}

// errUnreadable is an answer that is no answer to the call, however often it may
// still be repeated.
var errUnreadable = errors.New("the answer cannot be read")

// unreadable returns why an answer under a 2xx is none, or nil.
func (a answer) unreadable(id string) error {
	named := a.text("request_id")
	switch {
	case a.fields == nil:
		return fmt.Errorf("%w: it is not a JSON object: %s", errUnreadable, a.head())
	case a.unclear != "":
		return fmt.Errorf("%w: it has the field %s twice with different values: %s", errUnreadable, a.unclear, a.head())
	case id != "" && named != "" && named != id:
		return fmt.Errorf("%w: it names another request: %s", errUnreadable, a.head())
	case a.refused() && a.errorCode() == 0:
		return fmt.Errorf("%w: it has neither a status nor a number in error_code: %s", errUnreadable, a.head())
	case a.torn:
		return fmt.Errorf("%w: its JSON has no end: %s", errUnreadable, a.head())
	}
	return nil
}

// head is the beginning of an answer.
func (a answer) head() string { return string(a.raw[:min(len(a.raw), shownLimit)]) }

// enough reports whether an answer that is torn, and otherwise readable, holds
// whole what the call asked for.
func (a answer) enough(op string) bool {
	if !a.torn || a.fields == nil || a.unclear != "" || a.fields["status"] == nil {
		return false
	}
	return op != opResult || a.fields["output"] != nil || !parseState(a.text("status")).Final()
}

// refused reports whether an answer under a 2xx is an error by its code. A code
// without a known meaning is one only where nothing else answers the call.
func (a answer) refused() bool {
	if !a.has("error_code") || parseState(a.text("status")).unsuccessful() {
		return false
	}
	word := a.text("status")
	silent := parseState(word) == StateUnknown && absent(word)
	return slices.Contains(refusalCodes, a.errorCode()) ||
		silent && !a.has("output") && !a.has("outcome") && !a.has("models")
}

var errReadTimeout = errors.New("no whole answer within the time for one read")

// try makes a call once.
func (j *Job) try(ctx context.Context, op, query string) (answer, error) {
	bounded, cancel := context.WithTimeout(ctx, j.core.limits.Read)
	defer cancel()
	a, err := j.core.exchange(bounded, j.core.reads, method(op), j.endpoint(op)+query, nil)
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		err = errReadTimeout // no deadline of the caller's
	}
	switch {
	case a.status != 0 && !a.ok(), err == nil && a.refused() && a.unreadable(j.id) == nil:
		err = newAPIError(op, j.about(), a, j.secrets)
	case err != nil:
		err = j.failed(op, a, err)
	default:
		if err = a.unreadable(j.id); err != nil {
			err = j.failed(op, a, err)
			break
		}
		state := parseState(a.text("status"))
		j.lag.found(state == StateDone || state == StateUnknown && a.has("finished_at"))
	}
	j.core.budget.adapt(err)
	return a, err
}

// method and endpoint are what a call sends, and where.
func method(op string) string {
	if op == opCancel {
		return http.MethodPost
	}
	return http.MethodGet
}

func (j *Job) endpoint(op string) string {
	if op == opModels {
		return "/v1/models"
	}
	return "/v1/requests/" + j.id + "/" + op
}

// errorText is the text of an error of this package, which is redacted; "" of nil.
func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// failed returns the error of a call that got no answer, or none that is whole.
func (j *Job) failed(op string, a answer, errs ...error) error {
	causes := newCauses(j.secrets, errs...)
	return &APIError{Op: op, StatusCode: a.status, Message: causes.text, about: j.about(), causes: causes,
		raw: a.whole()}
}

// about is what an error about a call knows.
func (j *Job) about() about {
	if j.id == "" {
		return about{}
	}
	return about{ChargedYes, j.id}
}

// A readBudget is a token bucket over all reads of a client. Callers are served
// in turn; only the first waits for a time, so that each goes at the rate of then.
type readBudget struct {
	full, burst float64
	turn        chan struct{} // holds one value while a caller has its turn

	mu     sync.Mutex
	rate   float64 // reads per second, full at most
	tokens float64 // negative while the first waits
	last   time.Time
}

func newReadBudget(perSecond float64, burst int) *readBudget {
	most := float64(burst)
	return &readBudget{full: perSecond, rate: perSecond, burst: most, tokens: most, last: time.Now(),
		turn: make(chan struct{}, 1)}
}

// wait takes one read, waiting for it if need be, and reports whether ctx still lives.
func (b *readBudget) wait(ctx context.Context) bool {
	select {
	case b.turn <- struct{}{}:
		defer func() { <-b.turn }()
	case <-ctx.Done():
		return false
	}
	alive := sleep(ctx, b.take(1))
	if !alive {
		b.take(-1) // gives the read back
	}
	return alive
}

// take takes n reads and returns how long they are to be waited for.
func (b *readBudget) take(n float64) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	b.tokens = min(b.burst, b.tokens+b.rate*now.Sub(b.last).Seconds()) - n
	b.last = now
	return time.Duration(min(max(-b.tokens, 0)/b.rate*float64(time.Second), 1e18))
}

// adapt halves the rate when the API puts off a read, and restores a tenth of it
// after a success.
func (b *readBudget) adapt(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var limited *RateLimitError
	if errors.As(err, &limited) {
		b.rate = max(b.rate/2, b.full/64)
	} else if err == nil {
		b.rate = min(b.full, b.rate+b.full/10)
	}
}
