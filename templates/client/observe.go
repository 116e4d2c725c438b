package client

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// An Event is something that a client did or saw, for metrics and traces. It holds no
// token, no prompt, no query of a URL and no header; a field is zero where it does
// not apply. WithObserver calls for it.
type Event struct {
	Kind     EventKind     `json:"kind"`
	Op       string        `json:"op,omitempty"`       // the call: submit, status, result, cancel, models or download
	Model    string        `json:"model,omitempty"`    // of a submit
	JobID    string        `json:"job_id,omitempty"`   // the request id
	Attempt  int           `json:"attempt,omitempty"`  // of the call, from 1
	Method   string        `json:"method,omitempty"`   // of the HTTP request
	Path     string        `json:"path,omitempty"`     // of the HTTP request, or of the file that was downloaded
	Status   int           `json:"status,omitempty"`   // HTTP status, 0 when no answer came
	Duration time.Duration `json:"duration,omitempty"` // of the attempt; of EventEnded from the submit on, if it was ours
	State    State         `json:"state,omitempty"`    // of the job
	Cost     *float64      `json:"cost_usd,omitempty"` // US dollars, with EventEnded where WithCost asked for it
	Bytes    int64         `json:"bytes,omitempty"`    // of a downloaded file
	Error    string        `json:"error,omitempty"`    // what kept an attempt from succeeding, redacted
}

// EventKind is what an Event is about.
type EventKind string

// The kinds of events.
const (
	EventAttempt    EventKind = "attempt"    // one HTTP request of a call; Attempt above 1 is a retry
	EventAccepted   EventKind = "accepted"   // the API took a job, which it charges for
	EventState      EventKind = "state"      // a wait saw the job in another state
	EventEnded      EventKind = "ended"      // the job has ended, in State
	EventDownloaded EventKind = "downloaded" // an output was written to a file
)

// WithObserver calls f with every event, in the goroutine of the call, so that f must be
// safe for concurrent use and should not take long. Nobody has to wrap the
// transport for it, which costs proofs, see WithHTTPClient.
func WithObserver(f func(Event)) Option {
	return option(func(s *clientSettings) { s.observer = f })
}

// WithHeader sends a header with every call to the API, as a gateway may ask for, and
// never to a media host. It may be used several times. Headers that say how a
// request is carried, or that let net/http send it twice, are a *ConfigError.
func WithHeader(name, value string) Option {
	return option(func(s *clientSettings) {
		s.headers = append(s.headers, [2]string{http.CanonicalHeaderKey(name), value})
	})
}

// ownHeaders are the headers that WithHeader may not set: those that the client sets
// itself, those of the connection (RFC 9110, sections 7.6.1 and 10.1.1), and those
// with which net/http takes a POST for one that it may repeat.
var ownHeaders = map[string]bool{
	"Authorization": true, "Host": true, "Content-Length": true, "Content-Type": true, "Content-Encoding": true,
	"Accept-Encoding": true, "User-Agent": true, "Range": true, "If-Range": true, "Connection": true,
	"Keep-Alive": true, "Proxy-Connection": true, "Proxy-Authorization": true, "Te": true, "Trailer": true,
	"Transfer-Encoding": true, "Upgrade": true, "Expect": true,
	"Idempotency-Key": true, "X-Idempotency-Key": true,
}

// headerError returns why a header of WithHeader cannot be sent, or nil.
func headerError(headers [][2]string) error {
	for _, h := range headers {
		name, value := h[0], h[1]
		switch {
		case ownHeaders[name]:
			return &ConfigError{Reason: "WithHeader must not set the header " + name}
		case name == "" || strings.ContainsFunc(name, func(r rune) bool { return !isToken(r) }):
			return &ConfigError{Reason: "a header's name must be of letters, digits and hyphens"}
		case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r > '~' }):
			return &ConfigError{Reason: "the value of the header " + name + " is not printable ASCII"}
		}
	}
	return nil
}

// isToken reports whether a rune may be in a header's name (RFC 9110, section 5.6.2).
func isToken(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_'
}

// logLevels are the levels at which events are logged.
var logLevels = map[EventKind]slog.Level{
	EventAccepted:   slog.LevelInfo,
	EventEnded:      slog.LevelInfo,
	EventDownloaded: slog.LevelInfo,
}

// observe hands an event to the observer and the log. extra are further attributes
// for the log.
func (c *core) observe(ctx context.Context, e Event, extra ...slog.Attr) {
	if c.observer != nil {
		c.observer(e)
	}
	level, ok := logLevels[e.Kind]
	if !ok {
		level = slog.LevelDebug
	}
	if c.log.Enabled(ctx, level) {
		c.log.LogAttrs(ctx, level, "runcomfy: "+string(e.Kind), append(e.attributes(), extra...)...)
	}
}

// attributes are the fields of an event that are not zero.
func (e Event) attributes() []slog.Attr {
	var all []slog.Attr
	text := func(name, value string) {
		if value != "" {
			all = append(all, slog.String(name, value))
		}
	}
	number := func(name string, value int64) {
		if value != 0 {
			all = append(all, slog.Int64(name, value))
		}
	}
	text("op", e.Op)
	text("model", e.Model)
	text("job", e.JobID)
	number("attempt", int64(e.Attempt))
	text("method", e.Method)
	text("path", e.Path)
	number("status", int64(e.Status))
	if e.Duration != 0 {
		all = append(all, slog.Duration("duration", e.Duration))
	}
	text("state", string(e.State))
	if e.Cost != nil {
		all = append(all, slog.Float64("cost_usd", *e.Cost))
	}
	number("bytes", e.Bytes)
	text("error", e.Error)
	return all
}

// accepted observes that the API took a job.
func (j *Job) observeAccepted(ctx context.Context, model string) {
	j.core.observe(ctx, Event{Kind: EventAccepted, Model: model, JobID: j.id}, slog.Any("charged", ChargedYes))
}

// observeEnded observes once that the job has ended.
func (j *Job) observeEnded(ctx context.Context, res *Result) {
	if !j.lag.report() {
		return
	}
	e := Event{Kind: EventEnded, JobID: j.id, State: res.State, Cost: res.Cost}
	if !j.accepted.IsZero() {
		e.Duration = time.Since(j.accepted)
	}
	j.core.observe(ctx, e)
}
