package mock

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
)

// handle serves one request with the fault chosen for it.
func (s *Server) handle(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		panic(http.ErrAbortHandler)
	}
	defer s.handlers.Done()
	defer func() {
		if v := recover(); v != nil {
			if v != http.ErrAbortHandler {
				s.blame(fmt.Errorf("mock: serving %s %s panicked: %v\n%s", r.Method, r.URL.Path, v, debug.Stack()))
			}
			panic(v)
		}
	}()
	req := route(r)
	f := s.begin(&req)
	if s.cfg.logger != nil {
		s.cfg.logger.Info("request", "call", string(req.Call), "n", req.N, "method", req.Method, "path", req.Path,
			"fault", !f.isZero())
	}
	s.wait(r.Context(), f.delay)
	switch f.point {
	case pointResetBody:
		readBody(r, f.bytes)
		s.reset(r)
	case pointStallBody:
		readBody(r, f.bytes)
		<-s.done
		panic(http.ErrAbortHandler)
	case pointRevoke:
		s.Revoke()
	case pointReplace:
		if f.accept {
			break
		}
		if !f.early {
			readBody(r, maxBody)
		}
		write(w, f.answer)
		return
	}
	if req.Call == CallMedia {
		s.serveMedia(w, r, req, f)
		return
	}
	a, ok := s.serve(req, r, f.twist)
	if !ok { // the client left before the request was whole
		panic(http.ErrAbortHandler)
	}
	s.deliver(w, r, a, f)
}

// blame keeps the first mistake of the test's own, such as a panic in a script,
// for Check: to the client it looks like a broken connection.
func (s *Server) blame(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mistake == nil {
		s.mistake = err
	}
}

// readBody discards up to k bytes of the request body. An error needs no
// answer: the caller is about to break the connection or to refuse the request.
func readBody(r *http.Request, k int) {
	_, _ = io.CopyN(io.Discard, r.Body, int64(k))
}

// begin counts a request, notes a credential that the media host is shown, and
// chooses the fault.
func (s *Server) begin(req *Request) Fault {
	s.mu.Lock()
	s.counts[req.Call]++
	req.N = s.counts[req.Call]
	if req.Call == CallMedia && req.Header.Get("Authorization") != "" {
		s.leaks++
	}
	s.mu.Unlock()
	for _, script := range s.cfg.scripts {
		f := script(s, *req)
		if f.isZero() {
			continue
		}
		if err := f.check(req.Call); err != nil && req.Call != CallConnect {
			s.blame(fmt.Errorf("mock: a script's fault: %w", err))
			continue
		}
		return f
	}
	return Fault{}
}

// refuses counts a connection and reports whether it is refused.
func (s *Server) refuses() bool {
	f := s.begin(&Request{Call: CallConnect})
	return f.point == pointRefuse
}

// random decides whether the fault rate that is the option at place strikes a
// request. The number belongs to the seed, the request and the place, so that a
// client which reads more often meets the same faults at its submits.
func (s *Server) random(r Request, place int) float64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s %d %d", r.Call, r.N, place) // a hash takes whatever is written
	return rand.New(rand.NewPCG(s.cfg.seed, h.Sum64())).Float64()
}

// route tells which call a request is.
func route(r *http.Request) Request {
	req := Request{Call: CallUnknown, Method: r.Method, Host: r.Host, Proto: r.Proto, Path: r.URL.Path,
		Header: r.Header}
	get := r.Method == http.MethodGet
	switch rest, found := strings.CutPrefix(r.URL.Path, "/v1/models"); {
	case !found:
	case get && rest == "":
		req.Call = CallModels
	case get && rest == "/categories":
		req.Call = CallCategories
	case get && len(rest) > 1 && rest[0] == '/':
		req.Call, req.Model = CallModelInfo, rest[1:]
	case r.Method == http.MethodPost && len(rest) > 1 && rest[0] == '/':
		req.Call, req.Model = CallSubmit, rest[1:]
	}
	if rest, found := strings.CutPrefix(r.URL.Path, "/v1/requests/"); found {
		id, action, _ := strings.Cut(rest, "/")
		req.RequestID = id
		switch {
		case get && action == "status":
			req.Call = CallStatus
		case get && action == "result":
			req.Call = CallResult
		case r.Method == http.MethodPost && action == "cancel":
			req.Call = CallCancel
		}
	}
	if rest, found := strings.CutPrefix(r.URL.Path, "/media/"); found && (get || r.Method == http.MethodHead) {
		req.Call = CallMedia
		req.RequestID, _, _ = strings.Cut(rest, "/")
	}
	return req
}

// wait blocks for d, or until the client or the server goes away.
func (s *Server) wait(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-s.done:
	}
}

// deliver writes the answer, or does to it what the fault says.
func (s *Server) deliver(w http.ResponseWriter, r *http.Request, a answer, f Fault) {
	switch f.point {
	case pointReplace:
		write(w, f.answer)
	case pointHangUp:
		panic(http.ErrAbortHandler)
	case pointReset:
		s.reset(r)
	case pointHang:
		select {
		case <-r.Context().Done():
		case <-s.done:
		}
		panic(http.ErrAbortHandler)
	case pointCutHead:
		if c, ok := r.Context().Value(connKey{}).(net.Conn); ok && r.ProtoMajor == 1 {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: appli")
		}
		panic(http.ErrAbortHandler)
	case pointCut:
		cut(w, a, f.bytes)
	case pointCutID:
		cut(w, a, middleOfID(a.body))
	case pointTruncate:
		a.body = a.body[:min(f.bytes, len(a.body))]
		write(w, a)
	case pointGzip:
		write(w, zipped(a))
	case pointMember:
		write(w, withMember(a, f.member))
	case pointMalformed:
		write(w, malformed(a, f.around))
	default:
		write(w, a)
	}
}

// write sends a whole answer.
func write(w http.ResponseWriter, a answer) { writePart(w, a, len(a.body)) }

// writePart announces a whole answer and sends k bytes of its body.
func writePart(w http.ResponseWriter, a answer, k int) {
	maps.Copy(w.Header(), a.header)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body[:k]) // a client that has gone needs no answer
}

// zipped returns an answer in the content coding gzip.
func zipped(a answer) answer {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(a.body) // a buffer takes whatever is written
	_ = z.Close()
	a.header, a.body = a.header.Clone(), b.Bytes()
	a.header.Set("Content-Encoding", "gzip")
	return a
}

// withMember returns an answer, a JSON object that is not empty, with one more member.
func withMember(a answer, member string) answer {
	if rest, found := bytes.CutPrefix(a.body, []byte("{")); found {
		a.body = slices.Concat([]byte("{"), []byte(member), []byte(","), rest)
	}
	return a
}

// malformed returns an answer with bytes before it, after its first brace and after its end.
func malformed(a answer, around [3]string) answer {
	if i := bytes.IndexByte(a.body, '{'); i >= 0 {
		a.body = slices.Concat([]byte(around[0]), a.body[:i+1], []byte(around[1]), a.body[i+1:], []byte(around[2]))
	}
	return a
}

// cut sends the first k bytes of an answer, of a short one less, and hangs up.
func cut(w http.ResponseWriter, a answer, k int) {
	writePart(w, a, max(min(k, len(a.body)-1), 0))
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// middleOfID is an offset within the value of request_id, or half the body.
func middleOfID(body []byte) int {
	var ids struct {
		RequestID string `json:"request_id"`
	}
	if json.Unmarshal(body, &ids) == nil && ids.RequestID != "" {
		if i := bytes.Index(body, []byte(ids.RequestID)); i >= 0 {
			return i + len(ids.RequestID)/2
		}
	}
	return len(body) / 2
}
