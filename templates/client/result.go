package client

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"time"
)

// A Result is what the API says of a job's end. Whatever the form of the
// answer, reading it does not fail: what fits is filled in, and Raw has it all.
type Result struct {
	RequestID             string
	State                 State
	APIState              string // the API's own word for the state
	Output                Output
	Cost                  *float64        // US dollars, nil when not asked for or not understood
	CreatedAt, FinishedAt time.Time       // zero when the API does not say
	Error                 json.RawMessage // the job's error as sent, any JSON value; nil when there is none
	Raw                   json.RawMessage // the whole answer
}

// Format prints a result without its URLs, whatever the verb: they may be
// signed, and results get logged. The fields hold them.
func (r Result) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "result of job %s: %s, %d output URLs", r.RequestID, r.State, len(r.Output.URLs()))
}

// LogValue is the text of Format, for log/slog.
func (r Result) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(r)) }

func newResult(id string, kind OutputKind, a answer) *Result {
	r := &Result{
		RequestID: id, State: parseState(a.text("status")), APIState: cut(a.text("status"), 64),
		Output: newOutput(a.found, kind), Cost: numberOf(a.fields["cost"]),
		CreatedAt: a.time("created_at"), FinishedAt: a.time("finished_at"), Raw: a.raw,
	}
	if a.has("error") || r.State == StateFailed && !empty(a.fields["error"]) {
		r.Error = a.fields["error"]
	}
	// An answer without a known state has ended if it says so otherwise.
	if unclear := r.State == StateUnknown || r.State == StateDone; unclear && r.Error != nil {
		r.State = StateFailed
	} else if unclear && (a.has("output") || a.has("finished_at")) {
		r.State = StateDone
	}
	return r
}

// decodeOutput reads the output of a finished job into a model's own type; of an
// output that is absent or null it is empty. What does not fit is in res.Raw.
func decodeOutput[T any](res *Result) (*T, error) {
	var answer struct {
		Output T `json:"output"`
	}
	if res == nil {
		return nil, fmt.Errorf("runcomfy: there is no result to decode")
	}
	if err := json.Unmarshal(res.Raw, &answer); err != nil {
		return nil, fmt.Errorf("runcomfy: decoding the output of job %s: %w", res.RequestID, err)
	}
	return &answer.Output, nil
}
