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

// newResult reads an answer to op, which is opStatus or opResult. It also reports
// whether the job has ended and no output came.
func newResult(id string, kind OutputKind, op string, a answer) (r *Result, empty bool) {
	r = &Result{
		RequestID: id, State: parseState(a.text("status")), APIState: cut(a.text("status"), 64),
		Output: newOutput(a.found, kind), Cost: numberOf(a.fields["cost"]),
		CreatedAt: a.time("created_at"), FinishedAt: a.time("finished_at"), Raw: a.raw,
	}
	for _, name := range []string{"error", "error_message"} {
		if r.Error == nil && a.has(name) {
			r.Error = a.fields[name]
		}
	}
	if r.State == StateFailed && r.Error == nil && !isEmpty(a.fields["error"]) { // "no" is a poor reason, but one
		r.Error = a.fields["error"]
	}
	switch unknown := r.State == StateUnknown; {
	case !unknown && r.State != StateDone:
	case r.Error != nil:
		r.State = StateFailed
	case !unknown:
		empty = isEmpty(a.fields["output"])
	case !isUnused(a.fields["output"]):
		r.State = StateDone
	case a.has("finished_at"): // an end, but whose word for success is that?
		r.State, empty = StateFailed, true
		if op == opStatus { // which has no output to tell by
			r.State = StateDone
		}
	}
	return r, empty
}
