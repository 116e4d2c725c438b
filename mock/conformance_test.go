package mock_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"text/tabwriter"
	"time"

	"github.com/genclient/genclient/mock"
	"github.com/genclient/genclient/templates/client"
)

// The classes of a submit, as the error that the caller gets tells them.
const (
	accepted  = "accepted"
	notSent   = "not sent" // also a body that never went out whole
	ambiguous = "ambiguous"
)

// A conformanceRow is one thing that can happen to a submit.
type conformanceRow struct {
	name    string
	faults  []mock.Option
	body    int    // bytes of the prompt
	class   string // what the caller is told
	posts   int    // submits on the wire
	charges int

	// foreign is the class through a RoundTripper that is no *http.Transport,
	// whose trace events prove nothing, so that nothing is tried again.
	// Empty: as class.
	foreign      string
	foreignPosts int
	// race lists the classes that are right too on a socket, where a reset may
	// overtake what was sent before it; posts then lie between 0 and the row's.
	race []string
	// onSocket replaces faults on sockets, where time is real; hangs shortens
	// the limits there, and socketPosts replaces posts for fewer retries.
	onSocket    []mock.Option
	hangs       bool
	socketPosts int
}

// Sizes of prompts: below and above the size that asks for 100 Continue, and
// more than the buffers of a socket take at once.
const bigBody, expectBody, hugeBody = 900 << 10, 2 << 20, 4 << 20

func onSubmit(n int, f mock.Fault) []mock.Option {
	return []mock.Option{mock.WithFault(mock.CallSubmit, n, f)}
}

func conformanceRows() []conformanceRow {
	one := func(name string, f mock.Fault, class string, charges int) conformanceRow {
		return conformanceRow{name: name, faults: onSubmit(0, f), class: class, posts: 1, charges: charges}
	}
	later := mock.WithScript(func(r mock.Request) mock.Fault {
		if r.Call == mock.CallSubmit && r.N == 1 {
			return mock.RateLimited(time.Now().Add(2 * time.Second).UTC().Format(http.TimeFormat))
		}
		return mock.Fault{}
	})
	rows := []conformanceRow{
		{name: "served", class: accepted, posts: 1, charges: 1},
		{name: "served, body over 1 MiB", body: expectBody, class: accepted, posts: 1, charges: 1},
		one("202 with an id", mock.Answer(202, `{"request_id":"abc"}`), accepted, 0),
		{name: "slow answer", faults: onSubmit(0, mock.Slow(50*time.Second)), onSocket: onSubmit(0, mock.Slow(50*time.Millisecond)),
			class: accepted, posts: 1, charges: 1},

		{name: "first connection refused", faults: []mock.Option{mock.WithFault(mock.CallConnect, 1, mock.Refused())},
			class: accepted, posts: 1, charges: 1, foreign: ambiguous, race: []string{ambiguous}},
		{name: "every connection refused", faults: []mock.Option{mock.WithFault(mock.CallConnect, 0, mock.Refused())},
			class: notSent, posts: 0, foreign: ambiguous, race: []string{ambiguous}},

		{name: "reset in the body, once", faults: onSubmit(1, mock.ResetBody(1000)), body: bigBody,
			class: accepted, posts: 2, charges: 1, foreign: ambiguous, foreignPosts: 1, race: []string{ambiguous}},
		{name: "reset in the body, always", faults: onSubmit(0, mock.ResetBody(1000)), body: hugeBody,
			class: notSent, posts: 2, foreign: ambiguous, foreignPosts: 1, race: []string{ambiguous}},
		{name: "reset before 100 Continue, once", faults: onSubmit(1, mock.ResetBody(0)), body: expectBody,
			class: accepted, posts: 2, charges: 1, foreign: ambiguous, foreignPosts: 1, race: []string{ambiguous}},
		one("reset before a small body is read", mock.ResetBody(0), ambiguous, 0),
		{name: "stall in the body", faults: onSubmit(0, mock.StallBody(1000)), body: bigBody, hangs: true, class: ambiguous, posts: 1},

		one("400 with an error", mock.Answer(400, `{"message":"bad"}`), "rejected APIError", 0),
		one("400 with nothing", mock.Answer(400, ""), "rejected APIError", 0),
		one("400 of a timeout", mock.Answer(400, `{"error_code":504000}`).AfterAcceptance(), ambiguous, 1),
		one("401", mock.Answer(401, `{"error_code":400004}`), "rejected AuthError", 0),
		one("402", mock.NoBalance(), "rejected InsufficientBalanceError", 0),
		one("403", mock.Answer(403, `{"error_code":403001}`), "rejected AuthError", 0),
		one("404", mock.Answer(404, `{"error_code":404001}`), "rejected NotFoundError", 0),
		{name: "413 before the body", faults: onSubmit(1, mock.HTMLError(413).BeforeBody()), body: expectBody, class: "rejected APIError", posts: 1},
		{name: "409 before the body", faults: onSubmit(0, mock.Answer(409, "").BeforeBody()), body: expectBody, class: "rejected APIError", posts: 1,
			foreign: ambiguous, foreignPosts: 1},
		{name: "503 before the body", faults: onSubmit(0, mock.HTMLError(503).BeforeBody()), body: expectBody, class: "rejected APIError", posts: 1,
			foreign: ambiguous, foreignPosts: 1},
		{name: "417, then served without Expect", faults: onSubmit(1, mock.Answer(417, "").BeforeBody()), body: expectBody, class: accepted, posts: 2, charges: 1,
			foreign: ambiguous, foreignPosts: 1},
		one("417 to a small body", mock.Answer(417, ""), ambiguous, 0),
		one("422", mock.Answer(422, `{"detail":[{"loc":["body","prompt"],"msg":"bad"}]}`), "rejected APIError", 0),
		one("200 with error_code", mock.ErrorCode(400002, "Insufficient balance"), "rejected InsufficientBalanceError", 0),
		one("200 with error_code beside an id", mock.AddMember("error_code", "504000"), ambiguous+" with job", 1),
		one("200 with a word beside an id", mock.AddMember("error_code", `"OK"`), accepted, 1),
		one("200 behind a byte order mark", mock.Malformed("\ufeff", "", ""), accepted, 1),
		one("200 with NaN beside an id", mock.Malformed("", `"eta":NaN,`, ""), accepted, 1),
		one("200 with control characters", mock.Malformed("", "\"note\":\"a\tb\n\",", ""), accepted, 1),
		one("200 with a NUL behind it", mock.Malformed("", "", "\x00"), accepted, 1),
		one("200 with a second object", mock.Malformed("", "", `{"request_id":"another"}`), accepted, 1),
		one("200 with two ids", mock.Malformed("", `"request_id":"another",`, ""), ambiguous, 1),
		one("200 with an unknown error_code", mock.ErrorCode(500001, "x").AfterAcceptance(), ambiguous, 1),
		one("200 in gzip", mock.Gzip(), accepted, 1),
		one("token revoked", mock.RevokeToken(), "rejected AuthError", 0),
		one("redirect to the same host", mock.Redirect(307, "/elsewhere"), "rejected APIError", 0),

		{name: "429 then served, Retry-After in seconds", faults: onSubmit(1, mock.RateLimited("1")), class: accepted, posts: 2, charges: 1},
		{name: "429 then served, Retry-After a date", faults: []mock.Option{later}, class: accepted, posts: 2, charges: 1},
		{name: "429 then served, Retry-After a past date", faults: onSubmit(1, mock.RateLimited("Fri, 31 Dec 1999 23:59:59 GMT")), class: accepted, posts: 2, charges: 1},
		{name: "429 then served, Retry-After negative", faults: onSubmit(1, mock.RateLimited("-5")), class: accepted, posts: 2, charges: 1},
		{name: "429 then served, Retry-After garbage", faults: onSubmit(1, mock.RateLimited("soon")), class: accepted, posts: 2, charges: 1},
		{name: "429 then served, no Retry-After", faults: onSubmit(1, mock.RateLimited("")), class: accepted, posts: 2, charges: 1},
		{name: "429 always", faults: onSubmit(0, mock.RateLimited("1")), class: "rejected RateLimitError", posts: 6, socketPosts: 2},
		one("429, Retry-After longer than anybody waits", mock.RateLimited("86400"), "rejected RateLimitError", 0),
		{name: "425 then served", faults: onSubmit(1, mock.Answer(425, "")), class: accepted, posts: 2, charges: 1},

		one("500 before acceptance", mock.Answer(500, `{"message":"x"}`), ambiguous, 0),
		one("500 after acceptance", mock.Answer(500, `{"message":"x"}`).AfterAcceptance(), ambiguous, 1),
		one("502 HTML before acceptance", mock.HTMLError(502), ambiguous, 0),
		one("502 HTML after acceptance", mock.HTMLError(502).AfterAcceptance(), ambiguous, 1),
		one("503 with Retry-After after acceptance", mock.Answer(503, "").With("Retry-After", "1").AfterAcceptance(), ambiguous, 1),
		one("504 after acceptance", mock.HTMLError(504).AfterAcceptance(), ambiguous, 1),
		one("408 after acceptance", mock.Answer(408, `{"message":"x"}`).AfterAcceptance(), ambiguous, 1),
		one("409 after acceptance", mock.Answer(409, `{"message":"x"}`).AfterAcceptance(), ambiguous, 1),
		one("204", mock.Answer(204, "").AfterAcceptance(), ambiguous, 1),
		one("200 HTML", mock.HTMLError(200).AfterAcceptance(), ambiguous, 1),
		one("200 without an id", mock.Answer(200, `{"status":"ok"}`).AfterAcceptance(), ambiguous, 1),
		one("200 with a bad id", mock.Answer(200, `{"request_id":"../x"}`).AfterAcceptance(), ambiguous, 1),
		one("200 cut in its header", mock.CutHeader(), ambiguous, 1),
		one("200 cut before its body", mock.CutAnswer(0), ambiguous, 1),
		one("200 cut inside request_id", mock.CutRequestID(), ambiguous, 1),
		one("200 cut behind request_id", mock.CutAnswer(70), ambiguous+" with job", 1),
		one("200 shortened, length to match", mock.Truncate(20), ambiguous, 1),
		one("accepted, then closed", mock.HangUp(), ambiguous, 1),
		one("accepted, then reset", mock.ResetAnswer(), ambiguous, 1),
		{name: "accepted, never answered", faults: onSubmit(0, mock.Hang()), hangs: true, class: ambiguous, posts: 1, charges: 1},
	}
	for _, status := range []int{405, 411, 414, 415, 421, 431} {
		rows = append(rows, one(fmt.Sprint(status), mock.HTMLError(status), "rejected APIError", 0))
	}
	for _, status := range []int{301, 307, 308} {
		rows = append(rows, one(fmt.Sprintf("%d without a place to go", status), mock.Answer(status, ""), "rejected APIError", 0))
	}
	for _, status := range []int{300, 302, 303, 304} {
		rows = append(rows, one(fmt.Sprintf("%d without a place to go", status), mock.Answer(status, "").AfterAcceptance(), ambiguous, 1))
	}
	for _, status := range []int{302, 303} {
		rows = append(rows, one(fmt.Sprintf("%d to the job", status), mock.Redirect(status, "/v1/requests/abc/status").AfterAcceptance(), ambiguous+" with job", 1),
			one(fmt.Sprintf("%d to another origin", status), mock.Redirect(status, "https://elsewhere.example/v1/requests/abc").AfterAcceptance(), ambiguous, 1))
	}
	return rows
}

// classOf names the class of a submit's outcome.
func classOf(job *client.Job, err error) string {
	var ambiguity *client.AmbiguousSubmitError
	switch {
	case err == nil && job != nil:
		return accepted
	case errors.As(err, &ambiguity):
		if ambiguity.Job() != nil {
			return ambiguous + " with job"
		}
		return ambiguous
	case isError[*client.NotSentError](err):
		return notSent
	case isError[*client.AuthError](err):
		return "rejected AuthError"
	case isError[*client.InsufficientBalanceError](err):
		return "rejected InsufficientBalanceError"
	case isError[*client.NotFoundError](err):
		return "rejected NotFoundError"
	case isError[*client.RateLimitError](err):
		return "rejected RateLimitError"
	case isError[*client.APIError](err):
		return "rejected APIError"
	}
	return fmt.Sprintf("%T %v", err, err)
}

func isError[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

// A conformanceColumn is a transport against a server.
type conformanceColumn struct {
	name    string
	server  []mock.Option
	http    func(*mock.Server) *http.Client // nil for the built-in transport
	socket  bool
	foreign bool
}

// foreignTransport hides that a RoundTripper is an *http.Transport.
type foreignTransport struct{ http.RoundTripper }

// noJar fails the test when a submit uses the jar of an injected client.
type noJar struct{ t *testing.T }

func (j noJar) SetCookies(*url.URL, []*http.Cookie) { j.t.Error("the injected jar was written") }
func (j noJar) Cookies(*url.URL) []*http.Cookie     { j.t.Error("the injected jar was read"); return nil }

// TestConformance drives every row of the submit rules through every kind of
// transport and prints what came of it. Scripted connections in memory, on the
// virtual clock, must give the row's class exactly; on sockets a reset may race
// with what was sent before. Nowhere is one call charged twice.
func TestConformance(t *testing.T) {
	// A Timeout and a Jar as of a careless application: neither may have effect.
	careless := func(rt http.RoundTripper) *http.Client {
		return &http.Client{Transport: rt, Timeout: time.Nanosecond, Jar: noJar{t}}
	}
	injected := func(s *mock.Server) *http.Client { return careless(s.Client().Transport) }
	columns := []conformanceColumn{
		{name: "built-in, socket", socket: true},
		{name: "default client, socket", socket: true, http: func(*mock.Server) *http.Client { return careless(nil) }},
		{name: "h2 server, socket", socket: true, server: []mock.Option{mock.WithHTTP2()}, http: injected},
		{name: "injected, memory", server: []mock.Option{mock.WithInMemory()}, http: injected},
		{name: "h2 server, memory", server: []mock.Option{mock.WithInMemory(), mock.WithHTTP2()}, http: injected},
		{name: "h2 RoundTripper, memory", server: []mock.Option{mock.WithInMemory(), mock.WithHTTP2()}, foreign: true,
			http: func(s *mock.Server) *http.Client { return careless(foreignTransport{s.Client().Transport}) }},
	}
	rows := conformanceRows()
	outcomes := make([][]conformance, len(rows))
	t.Run("rows", func(t *testing.T) {
		for i, row := range rows {
			outcomes[i] = make([]conformance, len(columns))
			for j, col := range columns {
				t.Run(row.name+"/"+col.name, func(t *testing.T) {
					t.Parallel()
					if col.socket {
						outcomes[i][j] = conform(t, row, col)
					} else {
						synctest.Test(t, func(t *testing.T) { outcomes[i][j] = conform(t, row, col) })
					}
				})
			}
		}
	})
	var table strings.Builder
	tw := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "row\ttransport and server\tclass\tPOSTs\tcharges")
	for i, row := range rows {
		for j, col := range columns {
			got := outcomes[i][j]
			fmt.Fprintf(tw, "%s\t%s\t%s\t%d\t%d\n", row.name, col.name, got.class, got.posts, got.charges)
		}
	}
	tw.Flush()
	t.Logf("\n%s", table.String())
}

// conformance is the outcome of one row.
type conformance struct {
	class          string
	posts, charges int
}

// conform makes the call of a row and checks its outcome.
func conform(t *testing.T, row conformanceRow, col conformanceColumn) conformance {
	faults, posts := row.faults, row.posts
	limits := func(*client.Limits) {}
	if col.socket {
		if row.onSocket != nil {
			faults = row.onSocket
		}
		if row.socketPosts != 0 {
			posts = row.socketPosts
		}
		limits = func(l *client.Limits) {
			l.SubmitRetries, l.RejectedRetries = 1, 1
			if row.hangs {
				l.AnswerHeader, l.WriteStall = 300*time.Millisecond, 300*time.Millisecond
			}
		}
	}
	s := newServer(t, append(slices.Clone(faults), col.server...)...)
	opts := []client.Option{client.WithBaseURL(s.URL()), client.WithLimits(limits)}
	if col.http != nil {
		opts = append(opts, client.WithHTTPClient(col.http(s)))
	}
	c := client.New(s.Token(), opts...)
	defer c.CloseIdleConnections()
	body := json.RawMessage(`{"prompt":"` + strings.Repeat("x", max(row.body, 1)) + `"}`)
	job, err := c.SubmitRaw(t.Context(), imageModel, body)

	got := conformance{classOf(job, err), s.Count(mock.CallSubmit), len(s.Ledger())}
	want := conformance{row.class, posts, row.charges}
	var others []string
	if col.foreign && row.foreign != "" {
		want = conformance{row.foreign, row.foreignPosts, 0}
	} else if col.socket {
		others = row.race
	}
	if got.class != want.class && !slices.Contains(others, got.class) {
		t.Errorf("class %s, want %s (%v)", got.class, want.class, err)
	}
	if len(others) == 0 && (got.posts != want.posts || got.charges != want.charges) {
		t.Errorf("%d POSTs and %d charges, want %d and %d", got.posts, got.charges, want.posts, want.charges)
	}
	if got.posts > max(want.posts, 1) {
		t.Errorf("%d POSTs, at most %d are right", got.posts, want.posts)
	}
	return got
}

// TestConformanceUnreachable: refusals below HTTP are retried when another try
// may help, and only then.
func TestConformanceUnreachable(t *testing.T) {
	dial := func(err error) *http.Transport {
		return &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, err }}
	}
	for name, tc := range map[string]struct {
		transport func(s *mock.Server) *http.Transport
		attempts  int
	}{
		"no such host": {func(*mock.Server) *http.Transport { return dial(&net.DNSError{Err: "no such host", IsNotFound: true}) }, 1},
		"resolver failed": {func(*mock.Server) *http.Transport {
			return dial(&net.DNSError{Err: "server misbehaving", IsTemporary: true})
		}, 4},
		"bad certificate": {func(s *mock.Server) *http.Transport { return &http.Transport{DialContext: s.DialContext} }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer(t, mock.WithInMemory(), mock.WithHTTP2())
				c := client.New(s.Token(), client.WithBaseURL(s.URL()), client.WithHTTPClient(&http.Client{Transport: tc.transport(s)}))
				_, err := c.SubmitRaw(t.Context(), imageModel, json.RawMessage(`{"prompt":"a"}`))
				var e *client.NotSentError
				if !errors.As(err, &e) {
					t.Fatalf("%T %v", err, err)
				}
				if e.Attempts != tc.attempts {
					t.Errorf("%d attempts, want %d: %v", e.Attempts, tc.attempts, err)
				}
				if n := s.Count(mock.CallSubmit); n != 0 {
					t.Errorf("%d submits on the wire", n)
				}
			})
		})
	}
}

// TestConformanceStopped: when the kernel refuses connections, the built-in
// transport sends nothing and says so.
func TestConformanceStopped(t *testing.T) {
	s := newServer(t)
	if err := s.StopListening(); err != nil {
		t.Fatal(err)
	}
	c := client.New(s.Token(), client.WithBaseURL(s.URL()), client.WithLimits(func(l *client.Limits) { l.SubmitRetries = 1 }))
	_, err := c.SubmitRaw(t.Context(), imageModel, json.RawMessage(`{"prompt":"a"}`))
	if got := classOf(nil, err); got != notSent || s.Count(mock.CallSubmit) != 0 {
		t.Errorf("class %s with %d submits: %v", got, s.Count(mock.CallSubmit), err)
	}
}

// TestConformanceRedirect: a redirect to another origin is not followed, so
// that neither the token nor a paid request gets there.
func TestConformanceRedirect(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		other := newServer(t)
		s := newServer(t, mock.WithFault(mock.CallSubmit, 0, mock.Redirect(status, other.URL()+"/v1/models/"+imageModel)))
		c := client.New(s.Token(), client.WithBaseURL(s.URL()), client.WithHTTPClient(&http.Client{}))
		job, err := c.SubmitRaw(t.Context(), imageModel, json.RawMessage(`{"prompt":"a"}`))
		want := "rejected APIError"
		if status == 302 || status == 303 {
			want = ambiguous
		}
		if got := classOf(job, err); got != want {
			t.Errorf("%d: class %s: %v", status, got, err)
		}
		if n := other.Count(mock.CallConnect); n != 0 {
			t.Errorf("%d: %d connections to the other origin", status, n)
		}
	}
}

// TestConformanceCanceled: a caller who gives up while the answer is on its way
// is told of the job, or that there may be one; before the request is sent
// nothing happens.
func TestConformanceCanceled(t *testing.T) {
	for name, c := range map[string]struct {
		fault   mock.Fault
		class   string
		took    time.Duration
		charges int
	}{
		"answer within the grace": {mock.Slow(10 * time.Second), "late job", 10 * time.Second, 1},
		"no answer":               {mock.Hang(), ambiguous, 21 * time.Second, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newServer(t, mock.WithInMemory(), mock.WithFault(mock.CallSubmit, 0, c.fault))
				cl := client.New(s.Token(), client.WithBaseURL(s.URL()), client.WithHTTPClient(s.Client()))
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				begin := time.Now()
				job, err := cl.SubmitRaw(ctx, imageModel, json.RawMessage(`{"prompt":"a"}`))
				got := classOf(job, err)
				var wait *client.WaitError
				if errors.As(err, &wait) && wait.Job() != nil && wait.RequestID() == s.Ledger()[0].RequestID {
					got = "late job"
				}
				if got != c.class || time.Since(begin) != c.took || len(s.Ledger()) != c.charges {
					t.Errorf("%s after %v with %d charges (%v), want %s after %v with %d", got, time.Since(begin), len(s.Ledger()), err, c.class, c.took, c.charges)
				}
			})
		})
	}
}
