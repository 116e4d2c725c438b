package client

import "time"

// A CallOption changes one call of a model method.
type CallOption interface{ applyCall(*callSettings) }

// A WaitOption changes one Wait or Updates; it is a CallOption too.
type WaitOption interface {
	CallOption
	applyWait(*waitSettings)
}

// callSettings is what the options of one model call write.
type callSettings struct {
	check      MediaCheck
	onceKey    string
	onAccepted func(*Job)
	wait       *waitSettings
}

// waitSettings is what the options of one wait write.
type waitSettings struct {
	onUpdate func(Status)
	onCancel OnCancelPolicy
	maxWait  time.Duration
	cost     bool
}

type callOption func(*callSettings)

func (o callOption) applyCall(s *callSettings) { o(s) }

type waitOption func(*waitSettings)

func (o waitOption) applyWait(s *waitSettings) { o(s) }
func (o waitOption) applyCall(s *callSettings) { o(s.wait) }

// OnAccepted calls f with the job as soon as the API has accepted it, before
// any waiting: the place to store its id.
func OnAccepted(f func(*Job)) CallOption {
	return callOption(func(s *callSettings) { s.onAccepted = f })
}

// OnceKey submits through SubmitOnce with the given key.
func OnceKey(key string) CallOption {
	return callOption(func(s *callSettings) { s.onceKey = key })
}

// OnUpdate calls f with the first status seen and then with every change.
func OnUpdate(f func(Status)) WaitOption {
	return waitOption(func(s *waitSettings) { s.onUpdate = f })
}

// OnCancelPolicy says what becomes of a job when the wait for it ends early.
type OnCancelPolicy uint8

// The policies of OnCancel.
const (
	// OnCancelDetach leaves the job alone: it goes on, and its id in the
	// *WaitError leads back to it. Wait and Updates begin with this policy.
	OnCancelDetach OnCancelPolicy = iota
	// OnCancelIfQueued cancels the job if it was not seen to run yet. Model
	// methods begin with this policy.
	OnCancelIfQueued
)

// OnCancel says what becomes of the job when the context of the call ends, or
// MaxWait has passed, before the job has.
func OnCancel(p OnCancelPolicy) WaitOption {
	return waitOption(func(s *waitSettings) { s.onCancel = p })
}

// MaxWait bounds the wait for the result. Without it, and without a deadline
// on the context, a wait ends after 20 times the usual duration of the model's
// kind of output, at least 10 minutes and at most 2 hours.
func MaxWait(d time.Duration) WaitOption {
	return waitOption(func(s *waitSettings) { s.maxWait = d })
}

// WithCost asks for the cost of the job with its result.
func WithCost() WaitOption {
	return waitOption(func(s *waitSettings) { s.cost = true })
}
