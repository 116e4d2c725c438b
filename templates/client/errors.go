package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// An Error is what every error type of this package also answers; errors.As
// finds it in any error returned here:
//
//	var e runcomfy.Error
//	if errors.As(err, &e) && e.Charged() == runcomfy.ChargedNo { ... }
type Error interface {
	error
	// Charged says whether the call that failed may have cost money.
	Charged() Charged
	// RequestID returns the id of the job that the error is about, "" when
	// there is none or none is known.
	RequestID() string
}

// Charged says whether the call that an error is about may have cost money.
type Charged uint8

// The answers of Error.Charged.
const (
	// ChargedNo: no job came of the call.
	ChargedNo Charged = iota
	// ChargedYes: the API accepted the job.
	ChargedYes
	// ChargedMaybe: the API may have accepted the job, or may not charge for
	// one that it did accept.
	ChargedMaybe
)

// String returns "no", "yes" or "maybe".
func (c Charged) String() string {
	switch c {
	case ChargedNo:
		return "no"
	case ChargedYes:
		return "yes"
	}
	return "maybe"
}

// about is the part of an error that makes it an Error. Its zero value is that
// of a call of which no job came.
type about struct {
	charged   Charged
	requestID string
}

// Charged says whether the call that failed may have cost money.
func (a about) Charged() Charged { return a.charged }

// RequestID returns the id of the job that the error is about, or "".
func (a about) RequestID() string { return a.requestID }

// Charged returns ChargedNo: nothing was sent.
func (e *ValidationError) Charged() Charged { return ChargedNo }

// RequestID returns "": nothing was sent.
func (e *ValidationError) RequestID() string { return "" }

// A ConfigError is a client or a call that cannot work as it was set up: no
// token, a bad base URL, an id that no call can carry. Nothing was sent.
type ConfigError struct {
	// Reason says what is wrong.
	Reason string
	about
}

func (e *ConfigError) Error() string { return "runcomfy: " + e.Reason }

// An APIError is a call that the API refused, or a read that got no answer.
// AuthError, InsufficientBalanceError, NotFoundError and RateLimitError are
// APIErrors too: errors.As finds both.
type APIError struct {
	// Op is the call: submit, status, result, cancel or models.
	Op string
	// StatusCode is the HTTP status; 0 when no answer came.
	StatusCode int
	// Code is the API's own error code, as 400002; 0 when it sent none. Some
	// codes come under HTTP status 200.
	Code int
	// Message is the API's text, shortened, without what the request held.
	Message string

	about
	body  sealed[[]byte]
	cause sealed[error]
}

func (e *APIError) Error() string {
	s := "runcomfy: " + e.Op
	if e.requestID != "" {
		s += " of job " + e.requestID
	}
	switch {
	case e.StatusCode == 0:
		s += " failed"
	case e.Code != 0:
		s += fmt.Sprintf(" failed with HTTP status %d, code %d", e.StatusCode, e.Code)
	default:
		s += fmt.Sprintf(" failed with HTTP status %d", e.StatusCode)
	}
	if e.Message != "" {
		s += ": " + e.Message
	}
	return s
}

// Body returns the answer as it came, at most 64 KiB. It may repeat the
// prompt or hold signed URLs.
func (e *APIError) Body() []byte {
	return e.body.get()
}

// Unwrap returns what kept the call from getting an answer, or nil.
func (e *APIError) Unwrap() error { return e.cause.get() }

// An AuthError is a token or an account that the API does not accept: HTTP
// status 401 or 403, code 400004 or 403001.
type AuthError struct{ *APIError }

// Unwrap returns the APIError.
func (e *AuthError) Unwrap() error { return e.APIError }

// An InsufficientBalanceError is an account without the balance that the job
// needs: HTTP status 402 or code 400002.
type InsufficientBalanceError struct{ *APIError }

// Unwrap returns the APIError.
func (e *InsufficientBalanceError) Unwrap() error { return e.APIError }

// A NotFoundError is a model or a job that the API does not know, or knows no
// longer: HTTP status 404, code 404001 or 400001.
type NotFoundError struct{ *APIError }

// Unwrap returns the APIError.
func (e *NotFoundError) Unwrap() error { return e.APIError }

// A RateLimitError is a call that the API put off: HTTP status 429 or 425.
type RateLimitError struct {
	*APIError
	// RetryAfter is what the API asked for, 0 if it did not.
	RetryAfter time.Duration
}

// Unwrap returns the APIError.
func (e *RateLimitError) Unwrap() error { return e.APIError }

// apiError returns the typed error of an answer.
func apiError(e *APIError, a answer, h http.Header, r redactor) error {
	e.Code = a.code()
	e.Message = r(a.message())
	e.body = seal(a.raw)
	if e.Message == "" && e.StatusCode >= 300 && e.StatusCode <= 399 {
		e.Message = "redirects are not followed"
	}
	status := e.status()
	switch {
	case repeatable(status):
		return &RateLimitError{APIError: e, RetryAfter: retryAfter(h, time.Now())}
	case status == http.StatusPaymentRequired || e.Code == 400002:
		return &InsufficientBalanceError{e}
	case status == http.StatusUnauthorized || status == http.StatusForbidden || e.Code == 400004 || e.Code == 403001:
		return &AuthError{e}
	case status == http.StatusNotFound || e.Code == 400001 || e.Code == 404001:
		return &NotFoundError{e}
	}
	return e
}

// status returns the HTTP status of the answer. Under a 2xx an error code
// stands for it: its first three digits are one.
func (e *APIError) status() int {
	if e.StatusCode >= 200 && e.StatusCode <= 299 && e.Code != 0 {
		return e.Code / 1000
	}
	return e.StatusCode
}

// A NotSentError is a submit of which the API never got a whole request. It
// can be tried again without a second charge.
type NotSentError struct {
	// Model is the id of the model.
	Model string
	// Attempts is how often a connection was tried.
	Attempts int
	// Phase is how far the last attempt came.
	Phase SubmitPhase

	about
	message string
	causes  sealed[[]error]
}

func (e *NotSentError) Error() string {
	return fmt.Sprintf("runcomfy: submit of %s was not sent (attempts: %d, failed when %s): %s", e.Model, e.Attempts, e.Phase, e.message)
}

// Unwrap returns the failure of the last attempt, and the end of the caller's
// context if that is why no other was made.
func (e *NotSentError) Unwrap() []error { return e.causes.get() }

// A GenerationError is a job that the API accepted and that failed. Charged is
// ChargedMaybe: whether failed jobs are billed depends on the model and on the
// failure.
type GenerationError struct {
	// Message is the text found in the job's error, shortened.
	Message string

	about
	result sealed[*Result]
}

func (e *GenerationError) Error() string {
	if e.Message == "" {
		return "runcomfy: job " + e.requestID + " failed"
	}
	return "runcomfy: job " + e.requestID + " failed: " + e.Message
}

// Payload returns the job's error as the API sent it, any JSON value; null
// when the answer has none. It may repeat the prompt.
func (e *GenerationError) Payload() json.RawMessage {
	if res := e.Result(); res != nil {
		return res.Error
	}
	return nil
}

// Result returns the whole answer, whose output may hold a part of the work.
func (e *GenerationError) Result() *Result { return e.result.get() }

// A CanceledError is a job that was canceled, by whomever. Charged is
// ChargedMaybe: it may have run for a while.
type CanceledError struct{ about }

func (e *CanceledError) Error() string { return "runcomfy: job " + e.requestID + " was canceled" }

// ErrMaxWait is the reason of a WaitError whose MaxWait has passed.
var ErrMaxWait = errors.New("the longest wait has passed")

// A WaitError is a wait that ended before its job: the context ended, MaxWait
// passed, or the API could not be read. The job goes on; Job leads back to it.
// Charged is ChargedYes, or ChargedMaybe for a job that was canceled on leaving.
type WaitError struct {
	// Last is the last status seen; its State is StateUnknown if none was.
	Last Status
	// Canceled is the outcome of canceling the job under OnCancelIfQueued;
	// CancelOutcomeNone when that was not tried.
	Canceled CancelOutcome

	about
	job     *Job
	message string
	causes  sealed[[]error]
}

func (e *WaitError) Error() string {
	s := fmt.Sprintf("runcomfy: wait for job %s ended before the job (last seen %s): %s", e.requestID, e.Last.State, e.message)
	if e.Canceled != CancelOutcomeNone {
		s += "; cancel: " + e.Canceled.String()
	}
	return s
}

// Job returns the job, to be waited for again.
func (e *WaitError) Job() *Job { return e.job }

// Unwrap returns the errors that ended the wait: the context's and its cause,
// ErrMaxWait, or the failure of the last read.
func (e *WaitError) Unwrap() []error { return e.causes.get() }
