package mock

import (
	"slices"
	"time"
)

// A Scenario is a named set of options for trying a client by hand.
type Scenario struct {
	Name string
	Doc  string // what goes wrong, in one line
	opts []Option
}

// visible is the speed of scenarios that are about what happens while a job
// runs: a video then takes long enough to be read several times.
const visible = 5

// Scenarios returns what WithScenario accepts.
func Scenarios() []Scenario {
	return slices.Concat(callScenarios(), jobScenarios(), refusalScenarios(), mediaScenarios())
}

// callScenarios are about the queue, the connections and the answers to calls.
func callScenarios() []Scenario {
	return []Scenario{
		{"normal", "short queue, nothing goes wrong", []Option{
			WithBacklog(3), WithSpeed(20),
		}},
		{"busy", "one job at a time behind forty jobs of other users", []Option{
			WithConcurrency(1), WithBacklog(40), WithSpeed(20),
		}},
		{"rate-limited", "the first two submits and one read in five are answered 429", []Option{
			WithFault(CallSubmit, 1, RateLimited("1")), WithFault(CallSubmit, 2, RateLimited("")),
			WithFaultRate(CallStatus, 0.2, RateLimited("1")), WithFaultRate(CallResult, 0.2, RateLimited("soon")),
		}},
		{"flaky", "resets, server errors, cut answers and lost reads, mixed", []Option{
			WithFaultRate(CallSubmit, 0.05, ResetAnswer()), WithFaultRate(CallSubmit, 0.05, ResetBody(0)),
			WithFaultRate(CallSubmit, 0.05, HTMLError(502)),
			WithFaultRate(CallSubmit, 0.05, HTMLError(504).AfterAcceptance()),
			WithFaultRate(CallSubmit, 0.05, CutRequestID()),
			WithFaultRate(CallStatus, 0.1, HangUp()), WithFaultRate(CallStatus, 0.1, HTMLError(502)),
			WithFaultRate(CallResult, 0.1, ResetAnswer()), WithFaultRate(CallResult, 0.1, Slow(2*time.Second)),
		}},
		{"ambiguous", "each submit is accepted and charged, and the connection closes without an answer", []Option{
			WithFault(CallSubmit, 0, HangUp()),
		}},
		{"cut-answers", "each submit is accepted and its answer ends inside the request id", []Option{
			WithFault(CallSubmit, 0, CutRequestID()),
		}},
		{"server-errors", "submits fail with 503, half of them after they were charged; every third read fails too", []Option{
			WithFaultRate(CallSubmit, 0.5, Answer(503, `{"message":"unavailable"}`)),
			WithFault(CallSubmit, 0, Answer(503, `{"message":"unavailable"}`).AfterAcceptance()),
			WithFaultRate(CallStatus, 0.33, HTMLError(502)), WithFaultRate(CallResult, 0.33, HTMLError(502)),
		}},
		{"refused", "the first two connections are reset as soon as they are made", []Option{
			WithFault(CallConnect, 1, Refused()), WithFault(CallConnect, 2, Refused()),
		}},
	}
}

// jobScenarios are about how jobs run and end.
func jobScenarios() []Scenario {
	return []Scenario{
		{"unknown-state", "jobs run in a state that no document names", []Option{
			WithFault(CallSubmit, 0, UnknownState("warming_up")), WithSpeed(visible),
		}},
		{"backwards", "jobs fall back to the queue in the middle of their run", []Option{
			// They are in the queue again for 10 s.
			WithFault(CallSubmit, 0, Backwards()), WithSpeed(3), WithDuration(OutputKindVideo, 90*time.Second, 0),
		}},
		{"failing", "jobs end as failed", []Option{
			WithFault(CallSubmit, 0, Fails(`{"type":"content_policy","message":"The input was rejected."}`)),
		}},
		{"no-output", "jobs complete with a null output", []Option{
			WithFault(CallSubmit, 0, NoOutput()),
		}},
		{"bad-ends", "jobs end in a word that no document names, without an output", []Option{
			WithFault(CallSubmit, 0, NoOutput().EndingAs("aborted")),
		}},
		{"malformed", "answers about jobs have bytes that are not JSON: a byte order mark, NaN, a trailing NUL", []Option{
			WithFaultRate(CallStatus, 0.5, Malformed("\ufeff", "", "")),
			WithFaultRate(CallResult, 0.5, Malformed("\ufeff", "", "")),
			WithFault(CallStatus, 0, Malformed("", `"score":NaN,`, "\x00")),
			WithFault(CallResult, 0, Malformed("", `"score":NaN,`, "\x00")),
		}},
		{"late-results", "results are not found for three seconds after the end of their job", []Option{
			WithFault(CallSubmit, 0, LateResult(3*time.Second)),
		}},
		{"late-output", "jobs complete with a null output, which is filled in three seconds later", []Option{
			WithFault(CallSubmit, 0, LateOutput(3*time.Second)),
		}},
		{"late", "jobs are not found for three seconds after their acceptance", []Option{
			WithFault(CallSubmit, 0, Invisible(3*time.Second)),
		}},
	}
}

// refusalScenarios are about submits and tokens that the API turns away.
func refusalScenarios() []Scenario {
	return []Scenario{
		{"no-balance", "submits are answered HTTP 200 with error code 400002", []Option{
			WithFault(CallSubmit, 0, ErrorCode(codeNoBalance, "Insufficient balance")),
		}},
		{"revoked", "the token is revoked at the second read of a state", []Option{
			WithFault(CallStatus, 2, RevokeToken()), WithFault(CallResult, 2, RevokeToken()), WithSpeed(visible),
		}},
		{"redirects", "submits are redirected to another path of the same host", []Option{
			WithFault(CallSubmit, 0, Redirect(307, "/elsewhere")),
		}},
	}
}

// mediaScenarios are about the downloads of files.
func mediaScenarios() []Scenario {
	return []Scenario{
		{"bad-downloads", "the first download is cut, the second finds another file", []Option{
			WithFault(CallMedia, 1, CutAnswer(10_000)), WithFault(CallMedia, 2, ChangeMedia()),
		}},
		{"bad-line", "each answer of the media host is cut after 10 kB", []Option{
			WithFault(CallMedia, 0, CutAnswer(10_000)),
		}},
		{"late-files", "files are not found for three seconds after the end of their job, then put off once by a 503", []Option{
			WithFault(CallSubmit, 0, LateFiles(3*time.Second)),
			WithFault(CallMedia, 1, Answer(503, "busy").With("Retry-After", "1")),
		}},
	}
}
