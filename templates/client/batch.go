package client

import (
	"context"
	"encoding"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"reflect"
	"time"
)

// An Outcome is what became of one input of a Batch.
type Outcome struct {
	Job    *Job    // nil if there is none, or none that is known of
	Result *Result // nil beside an error
	// Err is an error of Submit, SubmitOnce or Wait. A *WaitError is a job that
	// goes on without this batch. An *AmbiguousSubmitError is an input that may
	// have been charged; it is never submitted again.
	Err error
}

// LogValue keeps signed URLs out of log/slog.
func (o Outcome) LogValue() slog.Value {
	values := []slog.Attr{slog.Any("job", o.Job), slog.Any("error", o.Err)}
	if o.Result != nil {
		values = append(values, slog.Any("result", *o.Result))
	}
	return slog.GroupValue(values...)
}

// A BatchOption changes one Batch.
type BatchOption func(*batch)

// BatchInFlight sets how many inputs are submitted or waited for at the same
// time. The default is 4.
func BatchInFlight(n int) BatchOption { return func(b *batch) { b.inFlight = max(n, 1) } }

// BatchMaxFailures takes no further input once n outcomes are errors. By
// default nothing stops a batch but a client that cannot work: no token, one
// that is refused, or no balance.
func BatchMaxFailures(n int) BatchOption { return func(b *batch) { b.maxFailures = n } }

// BatchDeadline takes no further input after t. Inputs that are in flight by
// then are seen through; the context is what ends these.
func BatchDeadline(t time.Time) BatchOption { return func(b *batch) { b.deadline = t } }

// A batch is the state of one iteration over a Batch.
type batch struct {
	client      *Client
	inFlight    int
	maxFailures int
	deadline    time.Time
	failures    int
	useless     bool // every further submit would fail as well
}

// Batch submits the inputs of seq, a few at a time, waits for their jobs and
// yields each outcome under the key of its input as it comes in. It takes an
// input from seq only when there is room for it, and none while the caller
// works on an outcome; seq runs on the caller's goroutine. An input, and the text
// of its key, are encoded before seq goes on, which may fill the same struct again.
//
// With a journal (WithJournal) every input is submitted by SubmitOnce, under
// what its key's MarshalText returns, the text of a string or the digits of an
// integer; keys of other types submit nothing. A batch that was broken off can
// then be run again: inputs that were accepted are not submitted again.
//
// When ctx ends no further input is taken, and those in flight come as outcomes
// with errors. When the caller breaks out of the loop, Batch returns once no
// submit is under way, after the grace of 20 s at most: the jobs accepted until
// then go on and are logged as warnings.
func Batch[K comparable](
	ctx context.Context, c *Client, seq iter.Seq2[K, Input], opts ...BatchOption,
) iter.Seq2[K, Outcome] {
	return func(yield func(K, Outcome) bool) {
		type finished struct {
			key     K
			outcome Outcome
		}
		b := &batch{client: c, inFlight: 4}
		for _, o := range opts {
			o(b)
		}
		ctx, cancel := context.WithCancel(ctx)
		next, stop := iter.Pull2(seq)
		// The buffer is there so that an input that is done never waits for the caller.
		results := make(chan finished, min(b.inFlight, 1<<16))
		running := 0
		defer func() { // also when the caller's loop panics
			stop()
			cancel()
			for ; running > 0; running-- {
				if left := (<-results).outcome; left.Job != nil || errors.Is(left.Err, ErrAmbiguousSubmit) {
					c.log.WarnContext(ctx, "runcomfy: batch left a job", "outcome", left)
				}
			}
		}()
		for more := true; ; {
			for more && running < b.inFlight && len(results) == 0 && !b.stopped(ctx) {
				key, in, ok := next()
				if more = ok; !ok {
					break
				}
				running++
				process := b.prepare(key, in)
				go func() { results <- finished{key, process(ctx)} }()
			}
			if running == 0 {
				return
			}
			r := <-results
			running--
			b.count(r.outcome.Err)
			if !yield(r.key, r.outcome) {
				return
			}
		}
	}
}

// stopped reports whether no further input is to be taken.
func (b *batch) stopped(ctx context.Context) bool {
	return ctx.Err() != nil || b.useless ||
		b.maxFailures > 0 && b.failures >= b.maxFailures ||
		!b.deadline.IsZero() && !time.Now().Before(b.deadline)
}

// count applies the stop rules to an outcome.
func (b *batch) count(err error) {
	if err != nil {
		b.failures++
	}
	var auth *AuthError
	var balance *InsufficientBalanceError
	_, unready := b.client.ready()
	b.useless = b.useless || unready != nil || errors.As(err, &auth) || errors.As(err, &balance)
}

// prepare encodes one input and returns what takes it to its end, which needs
// neither key nor in.
func (b *batch) prepare(key any, in Input) func(context.Context) Outcome {
	failed := func(err error) func(context.Context) Outcome {
		return func(context.Context) Outcome { return Outcome{Err: err} }
	}
	core, err := b.client.ready()
	if err != nil {
		return failed(err)
	}
	opts := []CallOption{OnCancel(OnCancelDetach)}
	if core.journal != nil {
		text, err := keyText(key)
		if err != nil {
			return failed(err)
		}
		opts = append(opts, OnceKey(text))
	}
	settings := core.callSettings(opts)
	s, err := core.prepare(in, settings.check)
	if err != nil {
		return failed(err)
	}
	return func(ctx context.Context) (o Outcome) {
		settings.onAccepted = func(job *Job) { o.Job = job }
		o.Result, o.Err = core.runPrepared(ctx, s, settings)
		var known interface{ Job() *Job } // named by a broken answer
		if o.Job == nil && errors.As(o.Err, &known) {
			o.Job = known.Job()
		}
		return o
	}
}

// keyText is the journal key of a batch's key, see Batch.
func keyText(key any) (string, error) {
	if m, ok := key.(encoding.TextMarshaler); ok {
		text, err := m.MarshalText()
		return string(text), err
	}
	switch v := reflect.ValueOf(key); {
	case v.Kind() == reflect.String:
		return v.String(), nil
	case v.CanInt(), v.CanUint():
		return fmt.Sprintf("%d", key), nil
	}
	return "", &ConfigError{Reason: fmt.Sprintf("a batch key of type %T has no text for the journal: give it a MarshalText method", key)}
}
