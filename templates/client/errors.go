package client

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Charged says whether the call that an error is about may have cost money.
type Charged uint8

// The answers of the Charged method that every error of a call has.
const (
	ChargedNo    Charged = iota // no job came of the call
	ChargedYes                  // the API accepted the job
	ChargedMaybe                // it may have, or may not charge for a job that it did accept
)

// about is what every error of a call knows. Its zero value is that of a
// call of which no job came.
type about struct {
	charged   Charged
	requestID string
}

// Charged says whether the call that failed may have cost money.
func (a about) Charged() Charged { return a.charged }

// RequestID returns the id of the job that the error is about, "" when there is
// none or none is known.
func (a about) RequestID() string { return a.requestID }

// Charged returns ChargedNo, and RequestID "": nothing was sent.
func (e *ValidationError) Charged() Charged  { return ChargedNo }
func (e *ValidationError) RequestID() string { return "" }

// causes is the part of an error that other errors led to. These lie in a
// function, where no fmt verb reaches them: they may say anything.
type causes struct {
	text string // of all, redacted
	list func() []error
}

func newCauses(r redactor, errs ...error) causes {
	texts := make([]string, len(errs))
	for i, err := range errs {
		texts[i] = err.Error()
	}
	return causes{r(strings.Join(slices.Compact(texts), "; ")), func() []error { return errs }}
}

// Unwrap returns the errors that led to this one. Their texts may hold secrets.
func (c causes) Unwrap() []error {
	if c.list == nil {
		return nil
	}
	return c.list()
}

// A ConfigError is a client or a call that cannot work as it was set up: no
// token, a bad base URL, an id that no call can carry. Nothing was sent.
type ConfigError struct {
	Reason string
	about
}

func (e *ConfigError) Error() string { return "runcomfy: " + e.Reason }

// An APIError is a call that the API refused, or a read that got no answer. The
// four types below are APIErrors too: errors.As finds both.
type APIError struct {
	Op         string // the call: submit, status, result, cancel or models
	StatusCode int    // HTTP status, 0 when no answer came
	Code       int    // the API's own, as 400002, also under HTTP status 200; 0 when it sent none
	Message    string // the API's text, shortened, without what the request held

	about
	causes // what kept the call from getting an answer
	raw    func() json.RawMessage
}

// Raw returns the answer as it came, up to the limits of reading, nil when there was
// none. It may repeat the prompt.
func (e *APIError) Raw() json.RawMessage {
	if e.raw == nil {
		return nil
	}
	return e.raw()
}

func (e *APIError) Error() string {
	s := "runcomfy: " + e.Op
	if e.requestID != "" {
		s += " of job " + e.requestID
	}
	if e.StatusCode == 0 {
		return s + " got no answer: " + e.Message
	}
	s += " failed with HTTP status " + strconv.Itoa(e.StatusCode)
	if e.Code != 0 {
		s += ", code " + strconv.Itoa(e.Code)
	}
	return s + ": " + e.Message
}

// An AuthError is a token or an account that the API does not accept: HTTP
// status 401 or 403, code 400004 or 403001.
type AuthError struct{ APIError }

// An InsufficientBalanceError is an account without the balance that the job
// needs: HTTP status 402 or code 400002.
type InsufficientBalanceError struct{ APIError }

// A NotFoundError is a model or a job that the API does not know, or knows no
// longer: HTTP status 404, code 404001 or 400001.
type NotFoundError struct{ APIError }

// A RateLimitError is a call that the API put off: HTTP status 429 or 425.
type RateLimitError struct {
	APIError
	RetryAfter time.Duration // what the API asked for, 0 if it did not
}

// Unwrap returns the APIError.
func (e *AuthError) Unwrap() error                { return &e.APIError }
func (e *InsufficientBalanceError) Unwrap() error { return &e.APIError }
func (e *NotFoundError) Unwrap() error            { return &e.APIError }
func (e *RateLimitError) Unwrap() error           { return &e.APIError }

// newAPIError returns the typed error of an answer to the call op.
func newAPIError(op string, of about, a answer, r redactor) error {
	e := &APIError{Op: op, StatusCode: a.status, about: of, raw: a.whole()}
	if code := numberOf(a.fields["error_code"]); code != nil {
		e.Code = int(*code)
	}
	status := e.effectiveStatus()
	e.Message = cmp.Or(r(a.message()), http.StatusText(status))
	switch {
	case repeatable(status):
		return &RateLimitError{APIError: *e, RetryAfter: retryAfter(a.header, time.Now())}
	case status == http.StatusPaymentRequired || e.Code == 400002:
		return &InsufficientBalanceError{*e}
	case status == http.StatusUnauthorized || status == http.StatusForbidden || e.Code == 400004 || e.Code == 403001:
		return &AuthError{*e}
	case status == http.StatusNotFound || e.Code == 400001 || e.Code == 404001:
		return &NotFoundError{*e}
	}
	return e
}

// effectiveStatus is the HTTP status, or under a 2xx the one that a code is or
// begins with.
func (e *APIError) effectiveStatus() int {
	switch {
	case e.StatusCode < 200 || e.StatusCode > 299 || e.Code == 0:
		return e.StatusCode
	case e.Code < 1000:
		return e.Code
	}
	return e.Code / 1000
}

// A NotSentError is a submit of which the API never got a whole request, or that
// ended between two tries that the API had put off (429, 425). It can be tried
// again without a second charge.
type NotSentError struct {
	Model    string
	Attempts int         // how often a connection was tried
	Phase    SubmitPhase // how far the last attempt came

	about
	causes // of the last attempt, and the end of the context if that is why no other was made
}

func (e *NotSentError) Error() string {
	return fmt.Sprintf("runcomfy: submit of %s was not sent (attempts: %d, failed when %s): %s", e.Model, e.Attempts, e.Phase, e.text)
}

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
		s += "; the answer names job " + e.requestID + ": read its status before submitting again"
	}
	if e.charged == ChargedYes {
		return s
	}
	return s + fmt.Sprintf("; before submitting again, look for a request to this model between %s and %s in the account's history (body of %d bytes, SHA-256 %.12s)",
		e.Started.UTC().Format(time.RFC3339), e.Ended.UTC().Format(time.RFC3339), e.BodyBytes, e.BodySHA256)
}

// Is reports whether target is ErrAmbiguousSubmit.
func (e *AmbiguousSubmitError) Is(target error) bool { return target == ErrAmbiguousSubmit }

// Job returns the job of RequestID, or nil.
func (e *AmbiguousSubmitError) Job() *Job { return e.job }

func (e *AmbiguousSubmitError) names(job *Job) { e.job, e.requestID = job, job.id }

// wholeID finds a request id with its closing quote in an answer that was cut.
var wholeID = regexp.MustCompile(`"request_id"\s*:\s*"([A-Za-z0-9_-]{1,128})"`)

// namedID returns the id in an answer that proves nothing: that of its top level, else one
// that stands whole in its beginning. Of two that differ none is known to be the job's.
func (a answer) namedID() string {
	if id := a.text("request_id"); validRequestID(id) || a.unclear == "request_id" {
		return id
	}
	id := ""
	for _, m := range wholeID.FindAllSubmatch(a.raw[:min(len(a.raw), errorLimit)], -1) {
		if id != "" && id != string(m[1]) {
			return ""
		}
		id = string(m[1])
	}
	return id
}

// safeHeaders are the headers of an answer that an error may carry.
var safeHeaders = []string{"Date", "Server", "Via", "Retry-After", "Content-Type", "Content-Length",
	"X-Request-Id", "Cf-Ray", "X-Amzn-Trace-Id"}

// ambiguous returns the error of a flight of class ambiguous.
func (c *core) ambiguous(a *flight) *AmbiguousSubmitError {
	e := &AmbiguousSubmitError{
		Model: a.model, Origin: c.origin,
		BodySHA256: fmt.Sprintf("%x", sha256.Sum256(a.body)), BodyBytes: int64(len(a.body)), BodyTaken: int64(a.taken),
		Started: a.started, Ended: a.ended, Phase: a.phase,
		StatusCode: a.status, Header: http.Header{},
		Answer: a.secrets(string(a.raw[:min(len(a.raw), errorLimit)])), Reason: a.reason(), HeadersWritten: a.headers,
		about: about{charged: ChargedMaybe},
	}
	for _, name := range safeHeaders {
		if v := a.header.Get(name); v != "" {
			e.Header.Set(name, a.secrets(v))
		}
	}
	located := ""
	if a.ok() || a.status == http.StatusFound || a.status == http.StatusSeeOther {
		located = c.locatedID(a)
	}
	if id := a.namedID(); located != "" {
		e.names(c.acceptedJob(a.submission, located, a.ended))
	} else if id != "" {
		e.names(c.acceptedJob(a.submission, id, a.ended))
		if a.ok() && a.cause != nil {
			e.charged = ChargedYes
		}
	}
	return e
}
