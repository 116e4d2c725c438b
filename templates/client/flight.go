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
// once ctx has ended, no further byte of the body is handed out, so what had
// not been taken by then can never reach the server.
type flight struct {
	ctx    context.Context // of the request; its cause says why this package ended it
	cancel context.CancelCauseFunc
	body   []byte
	known  bool // the trace events below can be relied upon
	limits Limits

	mu       sync.Mutex
	phase    SubmitPhase
	taken    int // bytes of body
	headers  int // how often request headers were written
	stalling *time.Timer
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

// newFlight returns a flight whose context outlives ctx: once bytes may be out,
// giving up would lose the id of a job that is already paid for.
func newFlight(ctx context.Context, body []byte, known bool, l Limits) *flight {
	f := &flight{body: body, known: known, limits: l, phase: SubmitPhaseConnect}
	if !known {
		f.phase = SubmitPhaseSend
	}
	ctx, f.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	f.stalling = time.AfterFunc(l.WriteStall, func() { f.cancel(errWriteStall) })
	f.stalling.Stop() // until there is a connection that takes bytes
	f.ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) {
			f.mu.Lock()
			defer f.mu.Unlock()
			if f.ctx.Err() == nil {
				f.phase = SubmitPhaseSend
			}
		},
		WroteHeaders: func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.headers++
			f.stalling.Reset(l.WriteStall)
		},
		WroteRequest: func(i httptrace.WroteRequestInfo) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.stalling.Stop()
			if i.Err == nil {
				f.phase = SubmitPhaseWait
			}
		},
	})
	return f
}

// Read hands out the body and counts what is taken.
func (f *flight) Read(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ctx.Err() != nil {
		return 0, errSealed
	}
	if f.taken == len(f.body) {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), stallUnit)], f.body[f.taken:])
	f.taken += n
	f.stalling.Reset(f.limits.WriteStall)
	if !f.known && f.taken == len(f.body) {
		f.stalling.Stop() // nobody else may say that the request is written
	}
	return n, nil
}

// Close is there for http.Request.Body.
func (f *flight) Close() error { return nil }

// callerGone is called when the caller's context ends: a flight without a
// connection ends at once, any other gets its grace.
func (f *flight) callerGone(cause error) {
	f.mu.Lock()
	if f.phase == SubmitPhaseConnect {
		f.cancel(cause)
	}
	f.mu.Unlock()
	if sleep(f.ctx, f.limits.SubmitGrace) {
		f.cancel(errGrace)
	}
}

// failure classes a flight that ended without any answer, by this package if
// aborted is set.
func (f *flight) failure(aborted bool) submitClass {
	switch {
	case !f.known:
		return classAmbiguous
	case f.phase == SubmitPhaseConnect || f.headers == 0:
		return classNeverSent
	case f.taken < len(f.body) && !aborted:
		return classIncomplete
	}
	return classAmbiguous
}

// post makes one POST of s and classifies it.
func (c *core) post(ctx context.Context, s *submission) *attempt {
	a := &attempt{submission: s, started: time.Now()}
	f := newFlight(ctx, s.body, c.submits.known, c.limits)
	defer f.cancel(nil)
	defer f.stalling.Stop()
	defer time.AfterFunc(c.limits.submitDeadline(len(s.body)), func() { f.cancel(errSubmitExpiry) }).Stop()
	defer context.AfterFunc(ctx, func() { f.callerGone(context.Cause(ctx)) })()

	a.answer, a.cause = c.exchange(f.ctx, c.submits, http.MethodPost, s.path, f)

	f.mu.Lock()
	defer f.mu.Unlock()
	aborted := context.Cause(f.ctx)
	f.cancel(nil) // from here on no byte of the body is handed out
	if a.cause != nil && aborted != nil {
		a.cause = aborted // the transport only says that the request was canceled
	}
	a.ended, a.phase, a.taken, a.headers = time.Now(), f.phase, f.taken, f.headers
	if a.status != 0 {
		a.phase, a.class = SubmitPhaseAnswer, classify(a.answer, a.cause)
	} else {
		a.class = f.failure(aborted != nil)
	}
	return a
}
