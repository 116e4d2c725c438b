package client

import "strings"

// State is where a job stands.
type State uint8

// The states of a job.
const (
	// StateUnknown is a word that this client does not know, in
	// Status.APIState. Waiting goes on.
	StateUnknown State = iota
	StateQueued
	StateRunning
	StateDone
	StateFailed
	StateCanceled
)

// String returns "unknown", "queued", "running", "done", "failed" or
// "canceled".
func (s State) String() string {
	switch s {
	case StateQueued:
		return "queued"
	case StateRunning:
		return "running"
	case StateDone:
		return "done"
	case StateFailed:
		return "failed"
	case StateCanceled:
		return "canceled"
	}
	return "unknown"
}

// Final reports whether a job in this state has ended.
func (s State) Final() bool { return s >= StateDone }

// parseState reads the API's word for a state, in any case.
func parseState(word string) State {
	switch strings.ToLower(strings.TrimSpace(word)) {
	case "in_queue", "queued", "pending", "waiting":
		return StateQueued
	case "in_progress", "running", "starting", "processing":
		return StateRunning
	case "completed", "succeeded":
		return StateDone
	case "failed", "error":
		return StateFailed
	case "cancelled", "canceled":
		return StateCanceled
	}
	return StateUnknown
}

// A Status is one observation of a job.
type Status struct {
	RequestID string
	State     State
	// APIState is the API's own word for the state.
	APIState string
	// QueuePosition is the place in the queue, -1 when the API does not say.
	QueuePosition int
	// InstanceID is the machine that runs the job, if the API says.
	InstanceID string
}

// newStatus reads an answer about the job id.
func newStatus(id string, a answer) Status {
	s := Status{RequestID: id, APIState: cut(a.text("status"), 64), QueuePosition: -1, InstanceID: a.text("instance_id")}
	s.State = parseState(s.APIState)
	if n, ok := a.number("queue_position"); ok && n >= 0 && n < 1<<31 {
		s.QueuePosition = int(n)
	}
	return s
}

// CancelOutcome is what came of canceling a job.
type CancelOutcome uint8

// The outcomes of Job.Cancel.
const (
	// CancelOutcomeNone: it was not tried, or it failed.
	CancelOutcomeNone CancelOutcome = iota
	// CancelOutcomeUnknown: the API took the request and did not say, or said
	// in words unknown to this client, what comes of it.
	CancelOutcomeUnknown
	// CancelOutcomeCanceled: the job is canceled.
	CancelOutcomeCanceled
	// CancelOutcomeNotCancellable: the job goes on.
	CancelOutcomeNotCancellable
	// CancelOutcomeAlreadyDone: the job had ended before.
	CancelOutcomeAlreadyDone
)

// String returns "none", "unknown", "canceled", "not cancellable" or "already
// done".
func (o CancelOutcome) String() string {
	switch o {
	case CancelOutcomeUnknown:
		return "unknown"
	case CancelOutcomeCanceled:
		return "canceled"
	case CancelOutcomeNotCancellable:
		return "not cancellable"
	case CancelOutcomeAlreadyDone:
		return "already done"
	}
	return "none"
}

// cancelOutcome reads the answer to a cancel.
func cancelOutcome(a answer) CancelOutcome {
	state := parseState(a.text("status"))
	switch strings.ToLower(a.text("outcome")) {
	case "cancelled", "canceled":
		return CancelOutcomeCanceled
	case "not_cancellable", "not_cancelable":
		if state.Final() {
			return CancelOutcomeAlreadyDone
		}
		return CancelOutcomeNotCancellable
	case "":
		if state == StateCanceled {
			return CancelOutcomeCanceled
		}
	}
	return CancelOutcomeUnknown
}
