package mock

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"time"
)

// maxBody is the largest body that a submit may have: 64 MiB.
const maxBody = 64 << 20

var requestID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// links are the URLs that answers about a request carry.
type links struct {
	StatusURL string `json:"status_url"`
	ResultURL string `json:"result_url"`
	CancelURL string `json:"cancel_url"`
}

type submitAnswer struct {
	RequestID string `json:"request_id"`
	links
}

type statusAnswer struct {
	RequestID     string `json:"request_id"`
	Status        string `json:"status"`
	QueuePosition *int   `json:"queue_position,omitempty"`
	links
}

type resultAnswer struct {
	RequestID  string          `json:"request_id"`
	ModelID    string          `json:"model_id"`
	Status     string          `json:"status"`
	Output     any             `json:"output,omitempty"`
	Error      json.RawMessage `json:"error,omitempty"`
	CreatedAt  string          `json:"created_at"`
	FinishedAt string          `json:"finished_at,omitempty"`
	Cost       *float64        `json:"cost,omitempty"`
}

type cancelAnswer struct {
	RequestID string `json:"request_id"`
	Status    string `json:"status"`
	Outcome   string `json:"outcome"`
}

// serve makes the answer of an API call. It reports false if the request did
// not arrive whole.
func (s *Server) serve(req Request, r *http.Request, tw twist) (answer, bool) {
	if !s.authorized(r) {
		readBody(r, maxBody)
		return errorAnswer(http.StatusUnauthorized, codeBadToken, "Invalid or missing token"), true
	}
	switch req.Call {
	case CallSubmit:
		return s.submit(req, r, tw)
	case CallStatus, CallResult, CallCancel:
		return s.request(req, r), true
	case CallModels:
		return s.list(r.URL.Query()), true
	case CallCategories:
		return s.categories(), true
	case CallModelInfo:
		m, ok := s.models[req.Model]
		if !ok {
			return unknownModel(), true
		}
		return jsonAnswer(http.StatusOK, catalogEntry(m, true)), true
	}
	return errorAnswer(http.StatusNotFound, codeUnknown, "Not found"), true
}

func (s *Server) authorized(r *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.revoked && r.Header.Get("Authorization") == "Bearer "+s.cfg.token
}

func unknownModel() answer {
	return errorAnswer(http.StatusNotFound, codeUnknown, "Model not found")
}

// submit reads the body, validates it and accepts the job. Only what it
// accepts is charged.
func (s *Server) submit(req Request, r *http.Request, tw twist) (answer, bool) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return answer{}, false
	}
	if len(body) > maxBody {
		return errorAnswer(http.StatusRequestEntityTooLarge, 413000, "Request body over 64 MiB"), true
	}
	m, ok := s.models[req.Model]
	if !ok {
		return unknownModel(), true
	}
	if problems := bodyProblems(m, body); len(problems) > 0 {
		return unprocessable("body", problems), true
	}
	now := time.Now()
	s.mu.Lock()
	j := s.queue.add(m, tw, now, s.rand)
	s.ledger = append(s.ledger, s.charge(m.ID, j.id, body, now))
	s.mu.Unlock()
	return jsonAnswer(http.StatusOK, submitAnswer{RequestID: j.id, links: s.links(r, j.id)}), true
}

func bodyProblems(m Model, body []byte) []Problem {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(body, &object); err != nil || object == nil {
		return []Problem{{Type: "model_attributes_type", Message: "Input should be a JSON object"}}
	}
	if m.Validate == nil {
		return nil
	}
	return m.Validate(body)
}

// unprocessable is a 422 whose detail lists each problem with its location in a
// part of the request, "body" or "query".
func unprocessable(part string, problems []Problem) answer {
	type detail struct {
		Loc  []any  `json:"loc"`
		Msg  string `json:"msg"`
		Type string `json:"type"`
	}
	details := make([]detail, 0, len(problems))
	for _, p := range problems {
		details = append(details, detail{Loc: append([]any{part}, p.Path...), Msg: p.Message, Type: p.Type})
	}
	return jsonAnswer(http.StatusUnprocessableEntity, map[string]any{"detail": details})
}

// request answers a call about one job.
func (s *Server) request(req Request, r *http.Request) answer {
	if !requestID.MatchString(req.RequestID) {
		return errorAnswer(http.StatusBadRequest, codeBadID, "Invalid request id")
	}
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	j, ok := s.queue.jobs[req.RequestID]
	if !ok || now.Before(j.created.Add(j.twist.invisible)) {
		return errorAnswer(http.StatusNotFound, codeUnknown, "Request not found or expired")
	}
	late := req.Call == CallResult && !now.Before(j.end) && now.Before(j.end.Add(j.twist.lateResult))
	if late && j.canceled.IsZero() {
		return errorAnswer(http.StatusNotFound, codeUnknown, "Request not found or expired")
	}
	switch req.Call {
	case CallCancel:
		outcome := "not_cancellable"
		if s.queue.cancel(j, now) {
			outcome = "cancelled"
		}
		return jsonAnswer(http.StatusOK, cancelAnswer{RequestID: j.id, Status: j.reported(now), Outcome: outcome})
	case CallResult:
		return jsonAnswer(http.StatusOK, s.result(r, j, now))
	}
	a := statusAnswer{RequestID: j.id, Status: j.reported(now), links: s.links(r, j.id)}
	if a.Status == "in_queue" {
		a.QueuePosition = new(s.queue.position(j, now))
	}
	return jsonAnswer(http.StatusOK, a)
}

// result is the state of a job and, once it has ended, its output.
func (s *Server) result(r *http.Request, j *job, now time.Time) resultAnswer {
	a := resultAnswer{RequestID: j.id, ModelID: j.model.ID, Status: j.reported(now),
		CreatedAt: j.created.UTC().Format(time.RFC3339Nano)}
	switch j.state(now) {
	case "completed":
		switch {
		case j.twist.output != nil:
			a.Output = j.twist.output
		case now.Before(j.end.Add(j.twist.lateOutput)):
			a.Output = json.RawMessage("null")
		default:
			a.Output = s.media.output(s.origin(r), j, now)
		}
	case "failed":
		a.Error = j.twist.failure
	case "cancelled":
		a.FinishedAt = j.canceled.UTC().Format(time.RFC3339Nano)
		return a
	default:
		return a
	}
	a.FinishedAt = j.end.UTC().Format(time.RFC3339Nano)
	if r.URL.Query().Get("include_cost") == "true" {
		a.Cost = &j.model.BasePriceUSD
	}
	return a
}

func (s *Server) links(r *http.Request, id string) links {
	base := s.origin(r) + "/v1/requests/" + id
	return links{StatusURL: base + "/status", ResultURL: base + "/result", CancelURL: base + "/cancel"}
}

// origin is scheme and host as the client wrote them.
func (s *Server) origin(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
