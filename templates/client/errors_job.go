package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// A GenerationError is a job that the API accepted and that failed, or ended without
// an output. Charged is ChargedMaybe: whether failed jobs are billed depends on the
// model and on the failure.
type GenerationError struct {
	Message string // the text found in the job's error, or what the API says instead; shortened and redacted

	about
	result func() *Result // a function, as in causes
}

func (e *GenerationError) Error() string {
	return strings.TrimSuffix("runcomfy: job "+e.requestID+" failed: "+e.Message, ": ")
}

// Payload returns the job's error as the API sent it, any JSON value; null
// when the answer has none. It may repeat the prompt.
func (e *GenerationError) Payload() json.RawMessage { return e.Result().Error }

// Result returns the whole answer. A job that failed in part may have outputs,
// which Download fetches.
func (e *GenerationError) Result() *Result { return resultOf(e.result) }

func resultOf(f func() *Result) *Result {
	if f == nil { // of an error that this package did not make
		return &Result{}
	}
	return f()
}

// A CanceledError is a job that was canceled, by whomever. Charged is
// ChargedMaybe: it may have run for a while.
type CanceledError struct {
	about
	result func() *Result // a function, as in causes
}

// Result returns the whole answer: a job may have had outputs before it was canceled.
func (e *CanceledError) Result() *Result { return resultOf(e.result) }

func (e *CanceledError) Error() string { return "runcomfy: job " + e.requestID + " was canceled" }

// What errors.Is finds in a *WaitError that neither a context nor a read ended.
var (
	ErrMaxWait     = errors.New("the longest wait has passed")
	ErrNotFinished = errors.New("the job has not ended") // of Job.Result, which does not wait
)

// A WaitError is a wait that ended before its job: the context ended, MaxWait
// passed, or the API could not be read. The job goes on. Charged is ChargedYes,
// or ChargedMaybe for a job that was canceled on leaving.
type WaitError struct {
	Last     Status        // the last status seen; its State is StateUnknown if none was
	Canceled CancelOutcome // of canceling under OnCancelIfQueued; empty when not tried or failed

	about
	causes
	job *Job
}

func (e *WaitError) Error() string {
	s := fmt.Sprintf("runcomfy: no result of job %s yet (last seen %s): %s", e.requestID, e.Last.State, e.text)
	if e.Canceled != "" {
		s += "; cancel: " + string(e.Canceled)
	}
	return s
}

// Raw returns the answer that ended the wait, as it came, nil when none did.
func (e *WaitError) Raw() json.RawMessage {
	for _, cause := range e.Unwrap() {
		var api *APIError
		if errors.As(cause, &api) {
			return api.Raw()
		}
	}
	return nil
}

// Job returns the job, to be waited for again.
func (e *WaitError) Job() *Job { return e.job }
