package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"
)

// submitClass is what one POST came to, as far as a second one is concerned.
type submitClass string

const (
	classNeverSent submitClass = "never sent" // no byte of the body was handed to a connection
	// A part of the body, which ends in the brace that makes it JSON, was never handed
	// to the connection.
	classIncomplete submitClass = "incomplete"
	classRejected   submitClass = "rejected"  // an answer proves that the job was not taken
	classAccepted   submitClass = "accepted"  // the API answered with the id of a job
	classAmbiguous  submitClass = "ambiguous" // the API may have accepted the job; never sent again
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

// A flight is one POST of a submit: the request body, the trace of what left
// this machine, the clocks that may end it, and at last what came of it. Its
// proofs rest on one lock: once ctx has ended, no further byte of the body is
// handed out, so what had not been taken by then can never reach the server.
type flight struct {
	*submission
	ctx    context.Context // of the request; its cause says why this package ended it
	cancel context.CancelCauseFunc
	known  bool // the trace events can be relied upon
	limits Limits

	mu       sync.Mutex
	phase    SubmitPhase
	taken    int // bytes of the body
	headers  int // how often request headers were written
	stalling *time.Timer

	answer
	cause          error // of the transport, or of reading the answer
	class          submitClass
	started, ended time.Time
}

// The reasons for which this package itself ends a POST.
var (
	errSealed       = errors.New("the submit has ended")
	errGrace        = errors.New("the caller's context ended and no answer came within the grace")
	errWriteStall   = errors.New("the server stopped taking the request")
	errHTTP2        = errors.New("the connection that was dialed speaks HTTP/2")
	errSubmitExpiry = errors.New("the submit took too long")
)

// newFlight returns a flight whose context outlives ctx: once bytes may be out,
// giving up would lose the id of a job that is already paid for.
func newFlight(ctx context.Context, s *submission, known bool, l Limits) *flight {
	f := &flight{submission: s, known: known, limits: l, phase: SubmitPhaseConnect, started: time.Now()}
	if !known {
		f.phase = SubmitPhaseSend
	}
	ctx, f.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	f.stalling = time.AfterFunc(l.WriteStall, func() { f.cancel(errWriteStall) })
	f.stalling.Stop() // until there is a connection that takes bytes
	event := func(do func()) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if ctx.Err() == nil {
			do()
		}
	}
	f.ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(i httptrace.GotConnInfo) {
			event(func() {
				f.phase = SubmitPhaseSend
				if !known {
					return
				}
				_ = i.Conn.SetDeadline(time.Time{}) // the transport's, for connecting
				if conn, ok := i.Conn.(*tls.Conn); ok && conn.ConnectionState().NegotiatedProtocol == "h2" {
					f.cancel(errHTTP2) // an injected dialer's doing
				}
			})
		},
		WroteHeaders: func() { event(func() { f.headers++; f.stalling.Reset(l.WriteStall) }) },
		WroteRequest: func(i httptrace.WroteRequestInfo) {
			event(func() {
				if f.stalling.Stop(); i.Err == nil {
					f.phase = SubmitPhaseWait
				}
			})
		},
	})
	return f
}

// Read hands out the body and counts what is taken, in parts of at most 16 KiB:
// a server that takes less within the stall timeout counts as stalled.
func (f *flight) Read(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ctx.Err() != nil {
		return 0, errSealed
	}
	if f.taken == len(f.body) {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 16<<10)], f.body[f.taken:])
	f.taken += n
	f.stalling.Reset(f.limits.WriteStall)
	if !f.known && f.taken == len(f.body) {
		f.stalling.Stop() // nobody else may say that the request is written
	}
	return n, nil
}

// Close is there for http.Request.Body.
func (f *flight) Close() error { return nil }

// callerGone is called when the caller's context ends: a flight of whose body
// nothing is out ends at once, any other gets its grace.
func (f *flight) callerGone(cause error) {
	f.mu.Lock()
	if f.untouched() {
		f.cancel(cause)
	}
	f.mu.Unlock()
	if sleep(f.ctx, f.limits.SubmitGrace) {
		f.cancel(errGrace)
	}
}

// post makes one POST of s and classifies it.
func (c *core) post(ctx context.Context, s *submission) *flight {
	f := newFlight(ctx, s, c.proven, c.limits)
	defer f.stalling.Stop()
	defer time.AfterFunc(c.limits.submitDeadline(len(s.body)), func() { f.cancel(errSubmitExpiry) }).Stop()
	defer context.AfterFunc(ctx, func() { f.callerGone(context.Cause(ctx)) })()
	a, err := c.exchange(f.ctx, c.submits, http.MethodPost, s.path, f)

	f.mu.Lock()
	defer f.mu.Unlock()
	aborted := context.Cause(f.ctx)
	f.cancel(nil) // from here on no byte of the body is handed out
	if err != nil && aborted != nil {
		err = aborted // the transport only says that the request was canceled
	}
	f.answer, f.cause, f.ended = a, err, time.Now()
	switch {
	case a.status != 0:
		f.phase, f.class = SubmitPhaseAnswer, classify(a, err, f.untouched())
	case f.known && (f.headers == 0 || f.untouched() && ctx.Err() != nil):
		f.class = classNeverSent
	case f.known && f.taken < len(bytes.TrimRight(s.body, " \t\r\n")) && aborted == nil:
		f.class = classIncomplete
	default:
		f.class = classAmbiguous
	}
	return f
}

// untouched reports whether it is proved that no byte of the body went out.
func (f *flight) untouched() bool { return f.known && f.taken == 0 }

// repeatable reports whether a rejection only asks for another time.
func repeatable(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusTooEarly
}

// reason is the text of the cause, redacted.
func (f *flight) reason() string {
	if f.cause == nil {
		return ""
	}
	return f.secrets(f.cause.Error())
}
