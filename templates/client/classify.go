package client

import (
	"net/http"
	"time"
)

// submitClass is what one POST came to, as far as a second one is concerned.
type submitClass string

const (
	classNeverSent  submitClass = "never sent" // no request left this machine
	classIncomplete submitClass = "incomplete" // a part of the body, which ends in the brace that makes it JSON, was never handed to the connection
	classRejected   submitClass = "rejected"   // the API answered that it did not take the job
	classAccepted   submitClass = "accepted"   // the API answered with the id of a job
	classAmbiguous  submitClass = "ambiguous"  // the API may have accepted the job; never sent again
)

// A SubmitPhase says how far a submit came before it failed.
type SubmitPhase string

// The phases of a submit.
const (
	SubmitPhaseJournal SubmitPhase = "looking into the journal"
	SubmitPhaseConnect SubmitPhase = "connecting"
	SubmitPhaseSend    SubmitPhase = "sending the request"
	SubmitPhaseWait    SubmitPhase = "waiting for the answer"
	SubmitPhaseAnswer  SubmitPhase = "reading the answer"
)

// An attempt is the outcome of one POST.
type attempt struct {
	*submission
	answer
	class          submitClass
	phase          SubmitPhase
	cause          error // of the transport, or of reading the answer
	taken, headers int   // bytes of the body, and request headers written
	started, ended time.Time
}

// reason is the text of the cause, redacted.
func (a *attempt) reason() string {
	if a.cause == nil {
		return ""
	}
	return a.secrets(a.cause.Error())
}

// classify classes an answered POST. readErr is what cut the answer short.
func classify(a answer, readErr error) submitClass {
	switch {
	case a.ok() && (readErr != nil || a.fields == nil):
		return classAmbiguous
	case a.ok() && validRequestID(a.text("request_id")):
		return classAccepted
	case a.ok() && !a.has("request_id") && a.has("error_code"),
		a.status == http.StatusBadRequest && (a.message() != "" || a.has("error_code")),
		rejecting(a.status):
		return classRejected
	}
	return classAmbiguous
}

// rejecting reports whether a status says by itself that the request was not
// acted upon: it was redirected, or turned away for its credential, address,
// form or pace (RFC 9110 section 15, RFC 6585, RFC 8470). 408 and 409 are not
// among them, and a 5xx may come from a proxy behind which the job was accepted.
func rejecting(status int) bool {
	switch status {
	case 401, 402, 403, 404, 405, 411, 413, 414, 415, 421, 422, 425, 429, 431:
		return true
	}
	return status >= 300 && status <= 399
}

// repeatable reports whether a rejection only asks for another time.
func repeatable(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusTooEarly
}
