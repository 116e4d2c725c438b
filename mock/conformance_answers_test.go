package mock_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/genclient/genclient/mock"
	"github.com/genclient/genclient/templates/client"
)

// An answerForm is a body that may answer a submit, and what it holds.
type answerForm struct {
	body    string
	id      bool // a request id at the top level
	refusal bool // a code that is known to refuse
	code    bool // any other code or error
	doubt   bool // a code or a text of a timeout, a conflict or a server error
}

// answerForms are the codes, words and texts that a body may combine.
func answerForms() []answerForm {
	forms := []answerForm{
		{body: ``},
		{body: `{}`},
		{body: `{"status":"ok"}`},
		{body: `{"request_id":"abc"}`, id: true},
		{body: `{"request_id":"abc","message":"created"}`, id: true},
		{body: `{"request_id":"abc","error":"none"}`, id: true},
		{body: `{"request_id":"abc","error":"boom"}`, id: true, code: true},
		{body: `{"request_id":"../abc"}`, doubt: true}, // whatever it is, the refusal is not clear
		{body: `{"request_id":"abc","status_url":"https://`, id: true, code: true, doubt: true},
		{body: `{"request_id":"abc","request_id":"abd"}`, code: true, doubt: true}, // neither is known to be the job
		{body: `{"request_id":"abc","error_code":"OK","error_code":500001}`, id: true, code: true, doubt: true},
		{body: `{"error_code":500001,"error_code":400002}`, code: true, doubt: true},
		{body: "\ufeff{\"request_id\":\"abc\",\"cost\":NaN}\x00", id: true},
		{body: `{"message":"the prompt is empty"}`},
		{body: `{"detail":[{"loc":["body","steps"],"msg":"must be at most 512"}]}`},
		{body: `{"message":"The request timed out"}`, doubt: true},
		{body: `{"message":"Gateway t\u0069meout"}`, doubt: true},
		{body: `{"message":"conflicts with another request"}`, doubt: true},
		{body: `{"detail":"Internal Server Error"}`, doubt: true},
		{body: `{"error":{"code":504,"message":"x"}}`, code: true, doubt: true},
		{body: `"upstream request failed"`, doubt: true},
		{body: `{"error_code":50`, doubt: true},
		{body: `<html><title>Bad Request</title></html>`},
		{body: `<html><title>504 Gateway Time-out</title></html>`, doubt: true},
		{body: `{"error_code":400002,"message":"the payment service timed out"}`, refusal: true, doubt: true},
	}
	add := func(codes string, form answerForm) {
		for _, code := range strings.Fields(codes) {
			form.body, form.id = `{"error_code":`+code+`}`, false
			forms = append(forms, form)
			form.body, form.id = `{"error_code":`+code+`,"request_id":"abc"}`, true
			forms = append(forms, form)
		}
	}
	add(`400001 400002 400004 403001 404001 422 "400002" 400002.0`, answerForm{refusal: true})
	add(`504000 500001 409001 408000 504 "504000" 5.04e5 "TIMEOUT" "GATEWAY_TIMEOUT" "CONFLICT" "INTERNAL_ERROR"`, answerForm{code: true, doubt: true})
	add(`1 400003 429001 402 -1 "INVALID" "E17" ["x"] {"a":1}`, answerForm{code: true})
	add(`"OK" "ok" "SUCCESS" "none" "" 0 200 "200" null false []`, answerForm{})
	return forms
}

// proofs are the statuses that are refusals by themselves.
var proofs = []int{301, 307, 308, 401, 402, 403, 404, 405, 410, 411, 413, 414, 415, 421, 422, 425, 429, 431}

// want is the class of an answer by the rules.
func (f answerForm) want(status int) string {
	class := ambiguous
	switch {
	case slices.Contains(proofs, status):
		return "rejected"
	case status == 400 && !f.doubt && (!f.id || f.refusal):
		return "rejected"
	case status/100 == 2 && f.refusal && !f.doubt:
		return "rejected"
	case status/100 == 2 && f.id && !f.refusal && !f.code:
		return accepted
	}
	if f.id {
		class += " with job"
	}
	return class
}

// TestConformanceAnswers answers submits with every status and every form of body,
// in memory all of them, on sockets some. An answer that is no proof comes after the
// job was accepted and charged, so that a second try of its key is a second charge,
// which the server reports.
func TestConformanceAnswers(t *testing.T) {
	forms := answerForms()
	some := func(f answerForm) bool {
		return f.refusal || f.doubt && len(f.body)%3 == 0 || f.body == "" || f.id && !f.code
	}
	injected := func(s *mock.Server) *http.Client { return s.Client() }
	for _, col := range []conformanceColumn{
		{name: "built-in, socket", socket: true},
		{name: "injected, memory", server: []mock.Option{mock.WithInMemory()}, http: injected},
		{name: "h2 server, memory", server: []mock.Option{mock.WithInMemory(), mock.WithHTTP2()}, http: injected},
		{name: "h2 RoundTripper, memory", server: []mock.Option{mock.WithInMemory(), mock.WithHTTP2()},
			http: func(s *mock.Server) *http.Client {
				return &http.Client{Transport: foreignTransport{s.Client().Transport}}
			}},
	} {
		t.Run(col.name, func(t *testing.T) {
			t.Parallel()
			run := func(t *testing.T) {
				conformAnswers(t, col, func(status int, f answerForm) bool {
					return col.name == "injected, memory" || some(f) && (status%100 < 4 || status%11 == 0)
				}, forms)
			}
			if col.socket {
				run(t)
			} else {
				synctest.Test(t, run)
			}
		})
	}
}

// answerStatuses are the statuses of the registry that have a body, and some of proxies.
func answerStatuses() []int {
	var all []int
	for status := 200; status < 600; status++ {
		if http.StatusText(status) != "" && status != 204 && status != 304 || status == 499 || status/10 == 52 || status == 599 {
			all = append(all, status)
		}
	}
	return all
}

// conformAnswers submits under one key twice for each answer that is chosen.
func conformAnswers(t *testing.T, col conformanceColumn, chosen func(int, answerForm) bool, forms []answerForm) {
	var fault mock.Fault
	s := newServer(t, append(slices.Clone(col.server), mock.WithIntentKey("prompt"), mock.WithScript(func(r mock.Request) mock.Fault {
		if r.Call == mock.CallSubmit {
			return fault
		}
		return mock.Fault{}
	}))...)
	opts := []client.Option{client.WithBaseURL(s.URL()), client.WithJournal(client.NewMemoryJournal()),
		client.WithLimits(func(l *client.Limits) { l.RejectedRetries = 0 })}
	if col.http != nil {
		opts = append(opts, client.WithHTTPClient(col.http(s)))
	}
	c := client.New(s.Token(), opts...)
	defer c.CloseIdleConnections()
	rows := 0
	for _, status := range answerStatuses() {
		whole := slices.Contains([]int{200, 202, 303, 400, 401, 409, 422, 429, 500}, status)
		for i, f := range forms {
			if !whole && i%4 != 0 || !chosen(status, f) {
				continue
			}
			rows++
			want := f.want(status)
			fault = mock.Answer(status, f.body)
			if want != "rejected" {
				fault = fault.AfterAcceptance()
			}
			key := fmt.Sprintf("%d %d", status, i)
			for range 2 {
				job, err := c.SubmitOnce(t.Context(), key, &soakInput{Prompt: key})
				if got, _, _ := strings.Cut(classOf(job, err), " APIError"); !strings.HasPrefix(got, want) {
					t.Errorf("%d %s: class %s, want %s (%v)", status, f.body, classOf(job, err), want, err)
				}
			}
		}
	}
	t.Logf("%d answers", rows)
}
