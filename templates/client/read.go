package client

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
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
	var failing time.Time // since when
	for n := 1; ; n++ {
		if err := c.budget.wait(ctx); err != nil {
			return answer{}, k.failed(contextErrors(ctx)...)
		}
		started := time.Now()
		a, asked, err := c.exchange(ctx, k)
		c.logCall(ctx, k, n, time.Since(started), err)
		if err == nil {
			c.budget.succeeded()
			return a, nil
		}
		if ctx.Err() != nil {
			return answer{}, k.failed(contextErrors(ctx)...)
		}
		if failing.IsZero() {
			failing = started
		}
		if !c.again(k, err, n, time.Since(failing)) {
			return answer{}, err
		}
		if !sleep(ctx, max(min(asked, c.limits.RetryAfter), backoff(n, 500*time.Millisecond, 15*time.Second))) {
			return answer{}, k.failed(contextErrors(ctx)...)
		}
	}
}

// again reports whether a call that failed n times over the given time is
// worth another try.
func (c *core) again(k call, err error, n int, outage time.Duration) bool {
	var missing *NotFoundError
	if errors.As(err, &missing) && !k.accepted.IsZero() && time.Since(k.accepted) < c.limits.NotFound {
		return true // a job just accepted may not have reached every server
	}
	var api *APIError
	if !errors.As(err, &api) {
		return false
	}
	status := api.status()
	passing := api.cause != nil || repeatable(status) || status == http.StatusRequestTimeout || status >= 500
	if k.waiting {
		return passing && outage < c.limits.Outage
	}
	return passing && n <= c.limits.ReadRetries
}

// exchange makes a call once. asked is the Retry-After of the answer.
func (c *core) exchange(ctx context.Context, k call) (a answer, asked time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.limits.Read)
	defer cancel()
	req, err := c.request(ctx, k.method, k.path)
	if err != nil {
		return answer{}, 0, err
	}
	resp, err := c.reads.roundTrip(req)
	if err != nil {
		return answer{}, 0, k.failed(err)
	}
	defer resp.Body.Close()
	limit := int64(errorBodyLimit)
	ok := resp.StatusCode >= 200 && resp.StatusCode <= 299
	if ok {
		limit = resultBodyLimit
	}
	a, err = readAnswer(resp.Body, limit)
	if resp.StatusCode == http.StatusTooManyRequests {
		c.budget.throttled()
	}
	api := &APIError{Op: k.op, StatusCode: resp.StatusCode, about: k.about}
	switch {
	case !ok, err == nil && a.has("error_code") && !unsuccessful(parseState(a.text("status"))):
		return a, retryAfter(resp.Header, time.Now()), apiError(api, a, resp.Header, k.secrets)
	case err != nil:
		api.cause, api.Message = seal(err), "the answer is cut: "+k.secrets(err.Error())
		return a, 0, api
	case a.fields == nil:
		api.cause, api.Message, api.body = seal(errNotJSON), "the answer is not a JSON object: "+k.secrets(a.message()), seal(a.raw)
		return a, 0, api
	}
	return a, 0, nil
}

var errNotJSON = errors.New("the answer is not a JSON object")

// unsuccessful reports whether an error code in an answer belongs to the end of
// the job rather than to the call.
func unsuccessful(s State) bool { return s == StateFailed || s == StateCanceled }

// failed returns the error of a call that got no answer.
func (k call) failed(causes ...error) error {
	return &APIError{Op: k.op, Message: k.secrets(causesText(causes)),
		about: k.about, cause: seal(errors.Join(causes...))}
}

func (c *core) logCall(ctx context.Context, k call, n int, took time.Duration, err error) {
	level, attrs := slog.LevelDebug, []slog.Attr{slog.String("op", k.op), slog.String("job", k.about.requestID), slog.Int("attempt", n), slog.Duration("took", took)}
	if err != nil {
		level = slog.LevelWarn
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	c.log.LogAttrs(ctx, level, "runcomfy: read", attrs...)
}
