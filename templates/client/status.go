package client

import "strings"

// State is where a job stands.
type State string

// The states of a job.
const (
	StateUnknown  State = "unknown" // a word that this client does not know, in Status.APIState; waiting goes on
	StateQueued   State = "queued"
	StateRunning  State = "running"
	StateDone     State = "done"
	StateFailed   State = "failed"
	StateCanceled State = "canceled"
)

// Final reports whether a job in this state has ended.
func (s State) Final() bool { return s == StateDone || s.unsuccessful() }

// unsuccessful reports whether a job in this state has ended without a result.
func (s State) unsuccessful() bool { return s == StateFailed || s == StateCanceled }

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
	RequestID     string
	State         State
	APIState      string // the API's own word for the state
	QueuePosition int    // -1 when the API does not say
	InstanceID    string // the machine that runs the job, if the API says
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
type CancelOutcome string

// The outcomes of Job.Cancel.
const (
	CancelOutcomeUnknown        CancelOutcome = "unknown" // the API took the request and did not say what comes of it
	CancelOutcomeCanceled       CancelOutcome = "canceled"
	CancelOutcomeNotCancellable CancelOutcome = "not cancellable" // the job goes on
	CancelOutcomeAlreadyDone    CancelOutcome = "already done"    // the job had ended before
)

// cancelOutcome reads the answer to a cancel.
func cancelOutcome(a answer) CancelOutcome {
	state, outcome := parseState(a.text("status")), strings.ToLower(a.text("outcome"))
	switch {
	case outcome == "cancelled" || outcome == "canceled" || outcome == "" && state == StateCanceled:
		return CancelOutcomeCanceled
	case strings.HasPrefix(outcome, "not_cancel") && state.Final():
		return CancelOutcomeAlreadyDone
	case strings.HasPrefix(outcome, "not_cancel"):
		return CancelOutcomeNotCancellable
	}
	return CancelOutcomeUnknown
}
