package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// A call is any call but a submit: all of them may be repeated freely, since
// none of them costs anything.
type call struct {
	op, method, path string
	about            about // goes into its errors
	secrets          redactor
	accepted         time.Time // of the job, by our own submit
	waiting          bool      // repeat for the time of an outage, not a few times
}

// call makes a call, again and again if that may help.
func (c *core) call(ctx context.Context, k call) (answer, error) {
	begun := time.Now()
	for n := 1; ; n++ {
		if !c.budget.wait(ctx) {
			return answer{}, k.failed(0, contextErrors(ctx)...)
		}
		started := time.Now()
		a, err := c.try(ctx, k)
		c.log.DebugContext(ctx, "runcomfy: "+k.op, "job", k.about.requestID, "try", n, "took", time.Since(started), "error", err)
		if err == nil || ctx.Err() == nil && !c.again(k, err, n, time.Since(begun)) {
			return a, err
		}
		asked := min(retryAfter(a.header, time.Now()), c.limits.RetryAfter)
		if !sleep(ctx, max(asked, backoff(n, 500*time.Millisecond, 15*time.Second))) {
			return answer{}, k.failed(0, contextErrors(ctx)...)
		}
	}
}

// again reports whether a call that failed n times is worth another try.
func (c *core) again(k call, err error, n int, outage time.Duration) bool {
	var api *APIError
	if !errors.As(err, &api) {
		return false
	}
	switch status := api.effectiveStatus(); {
	case status == http.StatusNotFound: // a job just accepted may not have reached every server
		return time.Since(k.accepted) < c.limits.NotFound
	case api.list == nil && !repeatable(status) && status != http.StatusRequestTimeout && status < 500:
		return false
	case k.waiting:
		return outage < c.limits.Outage
	}
	return n <= c.limits.ReadRetries
}

// try makes a call once.
func (c *core) try(ctx context.Context, k call) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.limits.Read)
	defer cancel()
	a, err := c.exchange(ctx, c.reads, k.method, k.path, nil)
	c.budget.adapt(a)
	switch {
	case a.status != 0 && !a.ok(), err == nil && a.has("error_code") && !parseState(a.text("status")).unsuccessful():
		return a, newAPIError(k.op, k.about, a, k.secrets)
	case err != nil:
		return a, k.failed(a.status, err)
	case a.fields == nil:
		return a, k.failed(a.status, fmt.Errorf("the answer is not a JSON object: %s", a.message()))
	}
	return a, nil
}

// failed returns the error of a call that got no answer, or none that is whole.
func (k call) failed(status int, errs ...error) error {
	causes := newCauses(k.secrets, errs...)
	return &APIError{Op: k.op, StatusCode: status, Message: causes.text, about: k.about, causes: causes}
}

// A readBudget is a token bucket over all reads of a client.
type readBudget struct {
	full, burst float64

	mu     sync.Mutex
	rate   float64 // reads per second, full at most
	tokens float64 // negative: as many callers wait already
	last   time.Time
}

func newReadBudget(perSecond float64, burst int) *readBudget {
	full, most := max(perSecond, 0.01), float64(max(burst, 1))
	return &readBudget{full: full, rate: full, burst: most, tokens: most, last: time.Now()}
}

// wait takes one read, waiting for it if need be, and reports whether ctx still lives.
func (b *readBudget) wait(ctx context.Context) bool {
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
	return time.Duration(max(-b.tokens, 0) / b.rate * float64(time.Second))
}

// adapt halves the rate after a 429 and restores a tenth of it after a success.
func (b *readBudget) adapt(a answer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if a.status == http.StatusTooManyRequests {
		b.rate = max(b.rate/2, b.full/64)
	} else if a.ok() {
		b.rate = min(b.full, b.rate+b.full/10)
	}
}
