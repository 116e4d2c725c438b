package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A fake is the API on in-memory connections, so that a testing/synctest
// bubble can tell when everything waits. It answers as it is told.
type fake struct {
	reply func(r received) reply

	mu       sync.Mutex
	requests []received
}

// A received is a request that arrived whole, or with less of its body than
// its Content-Length when short is set.
type received struct {
	n            int // counts all requests, from 1
	method, path string
	query        string
	header       http.Header
	body         string
	short        bool
}

func (r received) String() string { return r.method + " " + r.path }

// A reply says what the fake does after a request. The zero value is an empty
// 200.
type reply struct {
	status int // 200 if 0
	header http.Header
	body   string
	cut    int  // bytes of the body that are missing although announced
	hang   bool // no answer; the connection stays open
	drop   bool // no answer; the connection is closed
	wait   func()
}

// answering returns a client of a fake API.
func answering(t testing.TB, f func(r received) reply, opts ...Option) (*Client, *fake) {
	t.Helper()
	fk := &fake{reply: f}
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go fk.serve(far)
		return near, nil
	}}
	c := New(testToken, append([]Option{WithBaseURL("http://127.0.0.1"), WithHTTPClient(&http.Client{Transport: transport})}, opts...)...)
	t.Cleanup(c.CloseIdleConnections)
	return c, fk
}

const testToken = "tok-0123456789-secret"

func (f *fake) serve(conn net.Conn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		if req.Header.Get("Expect") != "" {
			fmt.Fprint(conn, "HTTP/1.1 100 Continue\r\n\r\n")
		}
		body, err := io.ReadAll(req.Body)
		rec := received{method: req.Method, path: req.URL.EscapedPath(), query: req.URL.RawQuery, header: req.Header, body: string(body), short: err != nil}
		f.mu.Lock()
		rec.n = len(f.requests) + 1
		f.requests = append(f.requests, rec)
		f.mu.Unlock()
		if rec.short {
			return
		}
		rep := f.reply(rec)
		if rep.wait != nil {
			rep.wait()
		}
		if rep.drop {
			return
		}
		if rep.hang {
			_, _ = io.Copy(io.Discard, conn)
			return
		}
		if err := rep.write(conn); err != nil || rep.cut > 0 || req.Close {
			return
		}
	}
}

func (r reply) write(w io.Writer) error {
	status := max(r.status, 1)
	if r.status == 0 {
		status = 200
	}
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\nContent-Length: %d\r\n", status, http.StatusText(status), len(r.body))
	_ = r.header.Write(&b)
	b.WriteString("\r\n")
	b.WriteString(r.body[:max(len(r.body)-r.cut, 0)])
	_, err := io.WriteString(w, b.String())
	return err
}

// all returns the requests so far.
func (f *fake) all() []received {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.requests)
}

// posts counts the submits that arrived.
func (f *fake) posts() int { return f.count("POST /v1/models/") }

// count counts the requests that begin with prefix, as "GET /v1/requests/".
func (f *fake) count(prefix string) int {
	n := 0
	for _, r := range f.all() {
		if strings.HasPrefix(r.String(), prefix) {
			n++
		}
	}
	return n
}

// An input is an Input made by hand, as users may.
type input struct {
	Prompt string `json:"prompt"`
	Image  string `json:"image,omitzero"`
	kind   OutputKind
	err    error
}

func (*input) ModelID() string           { return "vendor/model v1.0" }
func (in *input) Validate() error        { return in.err }
func (*input) MediaRules() []MediaRule   { return nil }
func (in *input) outputKind() OutputKind { return in.kind }

const testPrompt = "a secret lighthouse keeper <&> at dawn"

func testInput() *input { return &input{Prompt: testPrompt, kind: OutputKindVideo} }

const acceptedBody = `{"request_id":"job-1","status_url":"https://elsewhere.example/x?sig=SIGNATURE"}`

// answerOf is the answer 200 with the given body.
func answerOf(body string) answer {
	a, _ := readAnswer(context.Background(), &http.Response{StatusCode: 200, ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body))}, 32<<20)
	return a
}

// resultOfAnswer is what a result of job-1 reads as.
func resultOfAnswer(kind OutputKind, a answer) *Result {
	r, _ := newResult("job-1", kind, opResult, a)
	return r
}

// is reports whether err holds an error of type T.
func is[T error](err error) bool {
	var target T
	return errors.As(err, &target)
}

// as returns the error of type T in err, or fails the test.
func as[T error](t testing.TB, err error) T {
	t.Helper()
	var target T
	if !errors.As(err, &target) {
		t.Fatalf("error %T (%v), want %T", err, err, target)
	}
	return target
}

func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }

func newReader(r io.Reader) *bufio.Reader { return bufio.NewReader(r) }

func failingDial(err error) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) { return nil, err }
}
