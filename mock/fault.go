package mock

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Call is a kind of request. CallConnect stands for a new connection: its faults
// are chosen before anything of a request is known.
type Call string

// The calls of the API, the media host and the connection below them.
const (
	CallConnect    Call = "connect"
	CallSubmit     Call = "submit"
	CallStatus     Call = "status"
	CallResult     Call = "result"
	CallCancel     Call = "cancel"
	CallModels     Call = "models"
	CallModelInfo  Call = "model"
	CallCategories Call = "categories"
	CallMedia      Call = "media"
	CallUnknown    Call = "unknown" // anything else, such as the target of a redirect
)

// A Request is what is known of a request when its headers have been read; of a
// connection, Call and N alone.
type Request struct {
	Call      Call
	N         int // counts the requests of this Call from 1
	Method    string
	Host      string
	Proto     string // "HTTP/1.1" or "HTTP/2.0"
	Path      string // unescaped
	Header    http.Header
	Model     string // of CallSubmit and CallModelInfo
	RequestID string // of CallStatus, CallResult, CallCancel and CallMedia
}

// A Fault is what goes wrong with one request. Faults are made by the
// functions below; the zero value is none. The methods return changed copies.
// A fault that cannot strike where it is put, such as Refused at CallSubmit, is an
// error of the options, and when a script returns it, of Check.
type Fault struct {
	point  point
	bytes  int
	answer answer
	member string    // JSON, as "name":value
	around [3]string // of pointMalformed: before an answer, after its first brace, after its end
	accept bool
	early  bool
	delay  time.Duration
	twist  twist
}

// point is where in an exchange a fault strikes.
type point int

const (
	pointNone      point = iota
	pointRefuse          // instead of a connection
	pointResetBody       // while the request body is read
	pointStallBody
	pointReplace // another answer, before or after acceptance
	pointRevoke
	pointHangUp // instead of the answer, which was made
	pointReset
	pointHang
	pointCutHead // while the answer is written
	pointCut
	pointCutID
	pointTruncate
	pointGzip
	pointMember
	pointMalformed
	pointChange // media only
)

// Refused refuses a connection. In memory dialling fails with ECONNREFUSED; on
// a socket the connection is reset as soon as it is accepted, which a client
// may notice at various moments (for a refusal by the kernel see
// Server.StopListening). It belongs to CallConnect.
func Refused() Fault { return Fault{point: pointRefuse} }

// ResetBody resets the connection after k bytes of the request body were read.
// The request is not received whole and never charged.
func ResetBody(k int) Fault { return Fault{point: pointResetBody, bytes: k} }

// StallBody stops reading after k bytes of the request body and keeps the
// connection open until the server is closed.
func StallBody(k int) Fault { return Fault{point: pointStallBody, bytes: k} }

// HangUp serves the request, so that a submit is charged, and closes the
// connection without an answer.
func HangUp() Fault { return Fault{point: pointHangUp} }

// ResetAnswer serves the request, so that a submit is charged, and resets the
// connection instead of answering.
func ResetAnswer() Fault { return Fault{point: pointReset} }

// Hang serves the request, so that a submit is charged, and never answers.
func Hang() Fault { return Fault{point: pointHang} }

// CutHeader sends a part of the answer's header, over HTTP/2 none of it, and
// closes the connection.
func CutHeader() Fault { return Fault{point: pointCutHead} }

// CutAnswer sends the headers and k bytes of the answer's body (of a media
// file too), then closes the connection.
func CutAnswer(k int) Fault { return Fault{point: pointCut, bytes: k} }

// CutRequestID cuts the answer in the middle of its request id.
func CutRequestID() Fault { return Fault{point: pointCutID} }

// Truncate sends k bytes of the answer's body and a Content-Length to match,
// so that only the content shows that something is missing.
func Truncate(k int) Fault { return Fault{point: pointTruncate, bytes: k} }

// Gzip answers in the content coding gzip, whatever the client accepts.
func Gzip() Fault { return Fault{point: pointGzip} }

// AddMember adds a member with this JSON value to the answer, as an error_code
// beside the id of a job that was accepted.
func AddMember(name, value string) Fault {
	return Fault{point: pointMember, member: strconv.Quote(name) + ":" + value}
}

// Malformed writes bytes of any kind around those of the answer: before it, as a byte
// order mark, after its first brace, as a member whose value is NaN or has a raw control
// character, and after its end, as a NUL or a second object. The status and the length
// of the answer are right.
func Malformed(before, inside, after string) Fault {
	return Fault{point: pointMalformed, around: [3]string{before, inside, after}}
}

// Answer answers with a status and a body instead of serving the request. The
// request body is read first; BeforeBody and AfterAcceptance change the moment.
func Answer(status int, body string) Fault {
	header := http.Header{"Content-Type": {"application/json"}}
	return Fault{point: pointReplace, answer: answer{status: status, header: header, body: []byte(body)}}
}

// RateLimited answers 429 with a Retry-After header of any content: seconds, a
// date, nonsense. An empty string leaves the header out.
func RateLimited(retryAfter string) Fault {
	f := Answer(http.StatusTooManyRequests, `{"message":"too many requests"}`)
	if retryAfter != "" {
		f = f.With("Retry-After", retryAfter)
	}
	return f
}

// Redirect answers with a redirect status and a Location.
func Redirect(status int, location string) Fault {
	return Answer(status, "").With("Location", location)
}

// HTMLError answers with the HTML page of a proxy.
func HTMLError(status int) Fault {
	text := http.StatusText(status)
	page := fmt.Sprintf("<html>\n<head><title>%d %s</title></head>\n<body><center><h1>%[1]d %[2]s</h1></center></body>\n</html>\n", status, text)
	return Answer(status, page).With("Content-Type", "text/html")
}

// ErrorCode answers HTTP 200 with an error_code in the body.
func ErrorCode(code int, message string) Fault {
	a := errorAnswer(http.StatusOK, code, message)
	return Fault{point: pointReplace, answer: a}
}

// NoBalance answers as for an account without balance: 402 with code 400002.
func NoBalance() Fault {
	return Fault{point: pointReplace, answer: errorAnswer(http.StatusPaymentRequired, codeNoBalance, "Insufficient balance")}
}

// Slow delays the handling of a request.
func Slow(d time.Duration) Fault { return Fault{}.Delayed(d) }

// RevokeToken makes the server refuse its token from this request on.
func RevokeToken() Fault { return Fault{point: pointRevoke} }

// ChangeMedia serves other content under the same link, with another ETag: a
// byte in its first quarter differs, and it is longer.
func ChangeMedia() Fault { return Fault{point: pointChange} }

// UnknownState makes the submitted job report this state while it runs.
func UnknownState(state string) Fault { return Fault{twist: twist{state: state}} }

// Backwards makes the submitted job fall back to in_queue in the middle of its run.
func Backwards() Fault { return Fault{twist: twist{backwards: true}} }

// NoOutput makes the submitted job complete with a null output.
func NoOutput() Fault { return Outputs("null") }

// Outputs makes the submitted job complete with this JSON value as its output.
func Outputs(value string) Fault { return Fault{twist: twist{output: json.RawMessage(value)}} }

// Fails makes the submitted job end as failed with this JSON value as its error.
func Fails(payload string) Fault { return Fault{twist: twist{failure: json.RawMessage(payload)}} }

// Invisible makes the submitted job unknown (404) for d after its acceptance.
func Invisible(d time.Duration) Fault { return Fault{twist: twist{invisible: d}} }

// LateResult makes the result of the submitted job unknown (404) for d after its end,
// while its status tells of the end.
func LateResult(d time.Duration) Fault { return Fault{twist: twist{lateResult: d}} }

// LateOutput makes the submitted job complete with a null output, which is filled in d
// after its end.
func LateOutput(d time.Duration) Fault { return Fault{twist: twist{lateOutput: d}} }

// LateFiles makes the files of the submitted job unknown (404) for d after its end.
func LateFiles(d time.Duration) Fault { return Fault{twist: twist{lateFiles: d}} }

// EndsAs makes the submitted job report its end as this state, such as
// "succeeded" or "canceled", in place of completed, failed or cancelled.
func EndsAs(state string) Fault { return Fault{}.EndingAs(state) }

// CancelRequested carries a cancel out and answers the outcome
// cancellation_requested, which leaves open what came of it. It belongs to CallCancel.
func CancelRequested() Fault {
	return Answer(http.StatusOK, `{"outcome":"cancellation_requested"}`).AfterAcceptance()
}

// AfterAcceptance lets an Answer replace the real one: the request is served,
// a submit is accepted and charged, and only then comes the wrong answer.
func (f Fault) AfterAcceptance() Fault {
	f.accept = true
	return f
}

// BeforeBody lets an Answer come as soon as the headers were read.
func (f Fault) BeforeBody() Fault {
	f.early = true
	return f
}

// With sets a header of an Answer.
func (f Fault) With(key, value string) Fault {
	f.answer.header = f.answer.header.Clone()
	if f.answer.header == nil {
		f.answer.header = make(http.Header)
	}
	f.answer.header.Set(key, value)
	return f
}

// Delayed waits before the request is handled; the body has not been read then.
func (f Fault) Delayed(d time.Duration) Fault {
	f.delay = d
	return f
}

// EndingAs is EndsAs for a job that has another fault too, such as one that
// Fails.
func (f Fault) EndingAs(state string) Fault {
	f.twist.end = state
	return f
}

// isZero reports whether f is no fault.
func (f Fault) isZero() bool {
	return f.point == pointNone && f.delay == 0 && !f.twist.isSet()
}

// answer is a whole response of the API.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// The error codes that RunComfy's clients know.
const (
	codeBadID     = 400001
	codeNoBalance = 400002
	codeBadToken  = 400004
	codeUnknown   = 404001
)

// jsonAnswer encodes v. That fails only for JSON of the test's own that is none,
// such as a schema or the payload of Fails.
func jsonAnswer(status int, v any) answer {
	body, err := json.Marshal(v)
	if err != nil {
		header := http.Header{"Content-Type": {"text/plain"}}
		return answer{status: http.StatusInternalServerError, header: header, body: []byte(err.Error())}
	}
	return answer{status: status, header: http.Header{"Content-Type": {"application/json"}}, body: body}
}

func errorAnswer(status, code int, message string) answer {
	return jsonAnswer(status, struct {
		Code    int    `json:"error_code"`
		Message string `json:"error_message"`
	}{code, message})
}
