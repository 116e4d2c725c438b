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
	Model, Origin        string      // where the request went
	BodySHA256           string      // hexadecimal
	BodyBytes, BodyTaken int64       // its size, and how much of it was handed to the connection
	Started, Ended       time.Time   // of the attempt
	Phase                SubmitPhase // how far it came
	StatusCode           int         // HTTP status, 0 when no answer came
	Header               http.Header // those headers of the answer that help to find it in a log
	Answer, Reason       string      // the beginning of the answer, and what broke the exchange, redacted
	HeadersWritten       int         // request headers of this one call; more than 1: the RoundTripper sent it again

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
		Model: a.model, Origin: c.origin,
		BodySHA256: hex.EncodeToString(a.sum[:]), BodyBytes: int64(len(a.body)), BodyTaken: int64(a.taken),
		Started: a.started, Ended: a.ended, Phase: a.phase,
		StatusCode: a.status, Header: http.Header{}, Answer: a.secrets(string(a.raw)), Reason: a.reason(), HeadersWritten: a.headers,
		about: about{charged: ChargedMaybe},
	}
	for _, name := range safeHeaders {
		if v := a.header.Get(name); v != "" {
			e.Header.Set(name, a.secrets(v))
		}
	}
	if m := wholeID.FindSubmatch(a.raw); m != nil {
		e.names(c.acceptedJob(a.submission, string(m[1]), a.ended))
		if a.ok() {
			e.charged = ChargedYes
		}
	}
	return e
}
