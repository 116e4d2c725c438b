package client

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"
)

// ErrAmbiguousSubmit is what errors.Is finds in an *AmbiguousSubmitError.
var ErrAmbiguousSubmit = errors.New("runcomfy: it is not known whether the submit was accepted")

// An AmbiguousSubmitError is a submit that may or may not have become a job:
// the request, or a part of it, went out and no clear answer came back. It is
// never sent again by this package, and to keep retry loops of others away it
// wraps nothing and has no Timeout or Temporary method. Charged is
// ChargedMaybe, or ChargedYes when a 2xx answer that was cut still held the id
// of the job whole. An id in another answer may be a gateway's own.
type AmbiguousSubmitError struct {
	// Model and Origin say where the request went.
	Model, Origin string
	// BodySHA256 (hexadecimal), BodyBytes and BodyTaken identify the request
	// and say how much of it was handed to the connection.
	BodySHA256           string
	BodyBytes, BodyTaken int64
	// Started and Ended are the times of the attempt.
	Started, Ended time.Time
	// Phase is how far it came.
	Phase SubmitPhase
	// StatusCode is the HTTP status, 0 when no answer came; Header holds
	// those headers of the answer that help to find it in a log.
	StatusCode int
	Header     http.Header
	// Answer is the beginning of the answer without secrets, Reason what
	// broke the exchange.
	Answer, Reason string
	// HeadersWritten counts the request headers written for this one call;
	// more than 1 means that the RoundTripper sent it more than once.
	HeadersWritten int

	about
	job *Job
}

// Error says what is known and what to check before submitting again.
func (e *AmbiguousSubmitError) Error() string {
	s := fmt.Sprintf("runcomfy: submit of %s may have been accepted and charged: failed when %s", e.Model, e.Phase)
	if e.StatusCode != 0 {
		s += fmt.Sprintf(" with HTTP status %d", e.StatusCode)
	}
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	if e.Answer != "" {
		s += "; answer: " + e.Answer
	}
	if e.job != nil {
		return s + "; the answer names job " + e.requestID + ": read its status before submitting again"
	}
	return s + fmt.Sprintf("; before submitting again, look for a request to this model between %s and %s in the account's history (body of %d bytes, SHA-256 %.12s)",
		e.Started.UTC().Format(time.RFC3339), e.Ended.UTC().Format(time.RFC3339), e.BodyBytes, e.BodySHA256)
}

// Is reports whether target is ErrAmbiguousSubmit.
func (e *AmbiguousSubmitError) Is(target error) bool { return target == ErrAmbiguousSubmit }

// Job returns the job of RequestID, or nil.
func (e *AmbiguousSubmitError) Job() *Job { return e.job }

// names adds a job that may be what became of the submit.
func (e *AmbiguousSubmitError) names(job *Job) { e.job, e.requestID = job, job.id }

// wholeID finds a request id with its closing quote in an answer that was cut.
var wholeID = regexp.MustCompile(`"request_id"\s*:\s*"([A-Za-z0-9_-]{1,128})"`)

// safeHeaders are the headers of an answer that an error may carry.
var safeHeaders = []string{"Date", "Server", "Via", "Retry-After", "Content-Type", "Content-Length", "X-Request-Id", "Cf-Ray", "X-Amzn-Trace-Id"}

// ambiguous returns the error of an attempt of class ambiguous.
func (c *core) ambiguous(a *attempt) *AmbiguousSubmitError {
	e := &AmbiguousSubmitError{
		Model: a.model, Origin: c.origin(),
		BodySHA256: hex.EncodeToString(a.sum[:]), BodyBytes: int64(len(a.body)), BodyTaken: int64(a.taken),
		Started: a.started, Ended: a.ended,
		Phase: a.phase, StatusCode: a.status,
		Answer:         a.secrets(string(a.answer.raw)),
		HeadersWritten: a.headers,
		about:          about{charged: ChargedMaybe},
	}
	if a.cause != nil {
		e.Reason = a.secrets(a.cause.Error())
	}
	for _, name := range safeHeaders {
		if v := a.header.Get(name); v != "" {
			if e.Header == nil {
				e.Header = http.Header{}
			}
			e.Header.Set(name, a.secrets(v))
		}
	}
	if m := wholeID.FindSubmatch(a.answer.raw); m != nil {
		e.names(c.acceptedJob(a.submission, string(m[1]), a.ended))
		if a.status >= 200 && a.status <= 299 {
			e.charged = ChargedYes
		}
	}
	return e
}
