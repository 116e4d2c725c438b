package client

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"
)

// A flight is one POST of a submit: the request body, the trace of what left
// this machine, and the clocks that may end it. Its proofs rest on one lock:
// once it is sealed, no further byte of the body is handed out, so what had not
// been taken by then can never reach the server.
type flight struct {
	known bool // the trace events below can be relied upon
	grace time.Duration
	stall time.Duration

	mu        sync.Mutex
	cancel    context.CancelCauseFunc
	body      []byte
	taken     int
	sealed    bool
	connected bool
	headers   int // how often request headers were written
	wrote     bool
	answered  bool  // the header of an answer came
	aborted   error // why this package ended the flight; nil if it did not
	timers    []*time.Timer
	stalling  *time.Timer
}

// The reasons for which this package itself ends a POST.
var (
	errSealed       = errors.New("the submit has ended")
	errGrace        = errors.New("the caller's context ended and no answer came within the grace")
	errWriteStall   = errors.New("the server stopped taking the request")
	errSubmitExpiry = errors.New("the submit took too long")
)

// stallUnit is how much of a body is handed out at once: a server that takes
// less than this within the stall timeout counts as stalled.
const stallUnit = 16 << 10

// newFlight returns a flight and the context for its request. That context
// outlives ctx: once bytes may be out, giving up would lose the id of a job
// that is already paid for. land must be called when the answer is read.
func newFlight(ctx context.Context, body []byte, known bool, l Limits) (*flight, context.Context) {
	reqCtx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	f := &flight{known: known, grace: l.SubmitGrace, stall: l.WriteStall, body: body, cancel: cancel}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.timers = append(f.timers, time.AfterFunc(l.submitDeadline(len(body)), func() { f.abort(errSubmitExpiry) }))
	return f, httptrace.WithClientTrace(reqCtx, &httptrace.ClientTrace{
		GotConn:      func(httptrace.GotConnInfo) { f.event(func() { f.connected = !f.sealed }) },
		WroteHeaders: func() { f.event(func() { f.headers++; f.watchStall() }) },
		WroteRequest: func(i httptrace.WroteRequestInfo) { f.event(func() { f.wrote = i.Err == nil; f.endStall() }) },
	})
}

func (f *flight) event(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
}

// Read hands out the body and counts what is taken.
func (f *flight) Read(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.sealed {
		return 0, errSealed
	}
	if f.taken == len(f.body) {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), stallUnit)], f.body[f.taken:])
	f.taken += n
	if f.known || f.taken < len(f.body) {
		f.watchStall()
	} else {
		f.endStall() // nobody else may say that the request is written
	}
	return n, nil
}

// Close is there for http.Request.Body.
func (f *flight) Close() error { return nil }

// watchStall starts the clock for the next byte; f.mu is held.
func (f *flight) watchStall() {
	if f.stalling == nil {
		f.stalling = time.AfterFunc(f.stall, func() { f.abort(errWriteStall) })
		f.timers = append(f.timers, f.stalling)
	} else if !f.wrote {
		f.stalling.Reset(f.stall)
	}
}

// endStall stops that clock; f.mu is held.
func (f *flight) endStall() {
	if f.stalling != nil {
		f.stalling.Stop()
	}
}

// callerGone is called when the caller's context ends: a flight without a
// connection ends at once, any other gets its grace.
func (f *flight) callerGone(cause error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.sealed:
		return
	case f.known && !f.connected:
		f.end(cause)
		return
	}
	f.timers = append(f.timers, time.AfterFunc(f.grace, func() { f.abort(errGrace) }))
}

func (f *flight) abort(cause error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.end(cause)
}

// end seals the body and cancels the request; f.mu is held.
func (f *flight) end(cause error) {
	if !f.sealed {
		f.sealed, f.aborted = true, cause
		f.cancel(cause)
	}
}

// land stops the clocks and releases the request's context.
func (f *flight) land() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sealed = true
	for _, t := range f.timers {
		t.Stop()
	}
	f.cancel(nil)
}

// phase says how far the flight came; f.mu is held.
func (f *flight) phase() SubmitPhase {
	switch {
	case f.answered:
		return SubmitPhaseAnswer
	case f.wrote:
		return SubmitPhaseWait
	case f.connected || !f.known:
		return SubmitPhaseSend
	}
	return SubmitPhaseConnect
}

// failure classes a sealed flight that ended without any answer; f.mu is held.
func (f *flight) failure() submitClass {
	switch {
	case !f.known:
		return classAmbiguous
	case !f.connected || f.headers == 0:
		return classNeverSent
	case f.taken < len(f.body) && f.aborted == nil:
		return classIncomplete
	}
	return classAmbiguous
}

// post makes one POST of s and classifies it.
func (c *core) post(ctx context.Context, s *submission) *attempt {
	a := &attempt{submission: s, started: time.Now()}
	f, reqCtx := newFlight(ctx, s.body, c.submits.known, c.limits)
	defer f.land()
	defer context.AfterFunc(ctx, func() { f.callerGone(context.Cause(ctx)) })()

	req, err := c.request(reqCtx, http.MethodPost, s.path)
	if err != nil {
		a.class, a.cause = classNeverSent, err
		return a
	}
	req.Header.Set("Content-Type", "application/json")
	req.Body, req.ContentLength, req.GetBody = f, int64(len(s.body)), nil
	if req.ContentLength > c.limits.ExpectContinue {
		req.Header.Set("Expect", "100-continue")
	}
	resp, err := c.submits.roundTrip(req)
	if err == nil {
		f.event(func() { f.answered = true })
		a.status, a.header = resp.StatusCode, resp.Header
		a.answer, err = readAnswer(resp.Body, errorBodyLimit)
		resp.Body.Close()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sealed = true
	a.cause = err
	if err != nil && f.aborted != nil {
		a.cause = f.aborted // the transport only says that the request was canceled
	}
	if f.answered {
		a.class = classify(a.status, a.answer, err)
	} else {
		a.class = f.failure()
	}
	a.ended, a.phase, a.taken, a.headers = time.Now(), f.phase(), f.taken, f.headers
	return a
}
