package client

import (
	"net/http"
	"time"
)

// submitClass is what one POST came to, as far as a second one is concerned.
type submitClass uint8

const (
	// classAmbiguous: the API may have accepted the job. Never sent again.
	classAmbiguous submitClass = iota
	// classNeverSent: no request left this machine.
	classNeverSent
	// classIncomplete: a part of the body, which ends in the brace that makes
	// it JSON, was never handed to the connection.
	classIncomplete
	// classRejected: the API answered that it did not take the job.
	classRejected
	// classAccepted: the API answered with the id of a job.
	classAccepted
)

// String names the class in logs.
func (c submitClass) String() string {
	switch c {
	case classNeverSent:
		return "never sent"
	case classIncomplete:
		return "incomplete"
	case classRejected:
		return "rejected"
	case classAccepted:
		return "accepted"
	}
	return "ambiguous"
}

// A SubmitPhase says how far a submit came before it failed.
type SubmitPhase string

// The phases of a submit.
const (
	SubmitPhaseConnect SubmitPhase = "connecting"
	SubmitPhaseSend    SubmitPhase = "sending the request"
	SubmitPhaseWait    SubmitPhase = "waiting for the answer"
	SubmitPhaseAnswer  SubmitPhase = "reading the answer"
)

// An attempt is the outcome of one POST.
type attempt struct {
	*submission
	class          submitClass
	phase          SubmitPhase
	status         int
	header         http.Header
	answer         answer
	cause          error // of the transport, or of reading the answer
	taken, headers int
	started, ended time.Time
}

// classify classes an answered POST. readErr is what cut the answer short.
func classify(status int, a answer, readErr error) submitClass {
	switch {
	case status >= 200 && status <= 299:
		id := a.text("request_id")
		switch {
		case readErr != nil || a.fields == nil:
			return classAmbiguous
		case validRequestID(id):
			return classAccepted
		case !a.has("request_id") && a.has("error_code"):
			return classRejected
		}
	case status >= 300 && status <= 399:
		return classRejected
	case status == http.StatusBadRequest:
		if a.message() != "" || a.has("error_code") {
			return classRejected
		}
	case rejecting(status):
		return classRejected
	}
	return classAmbiguous
}

// rejecting reports whether a status says by itself that the request was not
// acted upon: it was turned away for its credential, address, form or pace
// (RFC 9110 section 15.5, RFC 6585, RFC 8470). 408 and 409 are not among
// them, and a 5xx may come from a proxy behind which the job was accepted.
func rejecting(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden, http.StatusNotFound,
		http.StatusMethodNotAllowed, http.StatusLengthRequired, http.StatusRequestEntityTooLarge,
		http.StatusRequestURITooLong, http.StatusUnsupportedMediaType, http.StatusMisdirectedRequest,
		http.StatusUnprocessableEntity, http.StatusTooEarly, http.StatusTooManyRequests,
		http.StatusRequestHeaderFieldsTooLarge:
		return true
	}
	return false
}

// repeatable reports whether a rejection only asks for another time.
func repeatable(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusTooEarly
}
