package runcomfyriver

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	runcomfy "github.com/genclient/genclient/generated/runcomfy"
)

// State says where a request stands.
type State string

// The states of a request.
const (
	StateQueued     State = "queued"     // waits for a place
	StateSubmitting State = "submitting" // has a place; its submit is under way or about to be
	StateRunning    State = "running"    // the API has accepted the job
	StateDone       State = "done"
	StateFailed     State = "failed"    // no result comes of it, see Request.Error
	StateAmbiguous  State = "ambiguous" // it may have been charged and waits for a person
)

// Ended reports whether a request in this state has ended, ambiguous ones as far as
// this package is concerned.
func (s State) Ended() bool { return s == StateDone || s == StateFailed || s == StateAmbiguous }

// A Request is one request as the database has it.
type Request struct {
	Key       string
	ModelID   string
	State     State
	RequestID string   // of the job, "" while none is known
	Cost      *float64 // US dollars, nil while not known
	Error     string   // why it failed or is in doubt, redacted as the client's errors are
	Created   time.Time
	Accepted  time.Time // zero while no job is known
	Ended     time.Time // zero before
	// Input is the typed input, or an input of this package for a body that DecodeInput
	// refuses. It is set for handlers and by Get.
	Input runcomfy.Input

	tries   int
	handled bool
}

// requestColumns are the columns that scanRequest reads.
const requestColumns = "r.key, r.model, r.state, r.job, r.cost, r.error, r.created, r.accepted, r.ended, " +
	"r.tries, r.handled"

func scanRequest(scan func(...any) error) (Request, error) {
	var r Request
	var created, accepted, ended int64
	var handled int
	err := scan(&r.Key, &r.ModelID, &r.State, &r.RequestID, &r.Cost, &r.Error, &created, &accepted, &ended,
		&r.tries, &handled)
	r.Created, r.Accepted, r.Ended = fromMicros(created), fromMicros(accepted), fromMicros(ended)
	r.handled = handled != 0
	return r, err
}

func micros(t time.Time) int64 { return t.UnixMicro() }

// fromMicros is the time of a column; 0 is none.
func fromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// ErrNoRequest is what errors.Is finds in the error for a key without a request.
var ErrNoRequest = errors.New("there is no request under the key")

func (e *Engine) load(ctx context.Context, db querier, key string) (Request, error) {
	r, err := scanRequest(db.QueryRowContext(ctx,
		"select "+requestColumns+" from runcomfy_request r where r.key = $1", key).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("%w %q", ErrNoRequest, key)
	}
	return r, err
}

// Get returns the request under key, with its input.
func (e *Engine) Get(ctx context.Context, key string) (Request, error) {
	r, err := e.load(ctx, e.db, key)
	if err == nil {
		r.Input, err = e.input(ctx, r)
	}
	return r, err
}

// Result returns the answer with which the job of a request ended, as the API sent it;
// nil when there is none, or when it was too large to keep.
func (e *Engine) Result(ctx context.Context, key string) (json.RawMessage, error) {
	var text string
	err := e.db.QueryRowContext(ctx, "select result from runcomfy_body where key = $1", key).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("%w %q", ErrNoRequest, key)
	}
	if err != nil || text == "" {
		return nil, err
	}
	return json.RawMessage(text), nil
}

// Requests returns the requests in the given states, or all, in the order in which
// they were inserted, without their inputs. It holds no connection while the caller
// looks at one.
func (e *Engine) Requests(ctx context.Context, states ...State) iter.Seq2[Request, error] {
	return func(yield func(Request, error) bool) {
		for last := int64(0); ; {
			page, next, err := e.requestsAfter(ctx, last, states)
			if err != nil {
				yield(Request{}, fmt.Errorf("runcomfyriver: listing requests: %w", err))
				return
			}
			for _, r := range page {
				if !yield(r, nil) {
					return
				}
			}
			if last = next; next == 0 {
				return
			}
		}
	}
}

// requestsAfter reads a page; next is 0 after the last one.
func (e *Engine) requestsAfter(ctx context.Context, seq int64, states []State) (page []Request, next int64, err error) {
	rows, err := e.db.QueryContext(ctx, "select r.seq, "+requestColumns+
		" from runcomfy_request r where r.seq > $1 order by r.seq limit $2", seq, pageSize)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		n++
		r, err := scanRequest(func(to ...any) error { return rows.Scan(append([]any{&seq}, to...)...) })
		if err != nil {
			return nil, 0, err
		}
		if len(states) == 0 || slices.Contains(states, r.State) {
			page = append(page, r)
		}
	}
	if n == pageSize {
		next = seq
	}
	return page, next, rows.Err()
}

// Counts are the numbers of requests by state, and what is known to be spent.
type Counts struct {
	Queued, Submitting, Running, Done, Failed, Ambiguous int
	// Cost is the sum of the known costs, and Unknown the number of requests that have
	// a job, or are in doubt, and whose cost is not known.
	Cost    float64 // US dollars
	Unknown int
	// Highest is the highest cost known of one request.
	Highest float64
	// Held says why no request is submitted at present, such as an empty balance; ""
	// when nothing holds them.
	Held string
}

// Open returns how many requests have not ended.
func (c Counts) Open() int { return c.Queued + c.Submitting + c.Running }

// Counts counts the requests.
func (e *Engine) Counts(ctx context.Context) (Counts, error) {
	c, err := e.counts(ctx, e.db)
	busy := c.Submitting + c.Running
	if err == nil && c.Held == "" && c.Queued > 0 && busy == 0 && e.cfg.MaxCost > 0 &&
		affordable(c, e.cfg.MaxCost, e.cfg.CostEstimate, busy) == 0 {
		c.Held = fmt.Sprintf("one more request could pass the %.2f dollars of Config.MaxCost", e.cfg.MaxCost)
	}
	return c, err
}

func (e *Engine) counts(ctx context.Context, db querier) (Counts, error) {
	var c Counts
	rows, err := db.QueryContext(ctx, `select state, count(*), coalesce(sum(cost), 0), coalesce(max(cost), 0),
		sum(case when cost is null and (job <> '' or state in ('submitting', 'ambiguous')) then 1 else 0 end)
		from runcomfy_request group by state`)
	if err != nil {
		return Counts{}, fmt.Errorf("runcomfyriver: counting requests: %w", err)
	}
	defer rows.Close()
	numbers := map[State]*int{StateQueued: &c.Queued, StateSubmitting: &c.Submitting, StateRunning: &c.Running,
		StateDone: &c.Done, StateFailed: &c.Failed, StateAmbiguous: &c.Ambiguous}
	for rows.Next() {
		var state State
		var n, unknown int
		var cost, highest float64
		if err := rows.Scan(&state, &n, &cost, &highest, &unknown); err != nil {
			return Counts{}, fmt.Errorf("runcomfyriver: counting requests: %w", err)
		}
		*numbers[state] = n
		c.Cost, c.Highest, c.Unknown = c.Cost+cost, max(c.Highest, highest), c.Unknown+unknown
	}
	if err := rows.Err(); err != nil {
		return Counts{}, fmt.Errorf("runcomfyriver: counting requests: %w", err)
	}
	err = db.QueryRowContext(ctx,
		"select case when held > "+e.dialect.now+" then reason else '' end from runcomfy_budget").Scan(&c.Held)
	if err != nil {
		return Counts{}, fmt.Errorf("runcomfyriver: counting requests: %w", err)
	}
	return c, nil
}

// A storedInput is a request that is sent as it was stored: its body goes out byte
// for byte, with the extra parameters after its members. typed is the
// input that the body was read into, nil when DecodeInput refused it.
type storedInput struct {
	model string
	body  json.RawMessage
	typed runcomfy.Input
}

func (in *storedInput) ModelID() string { return in.model }

func (in *storedInput) MarshalJSON() ([]byte, error) { return in.body, nil }

func (in *storedInput) Validate() error {
	if in.typed == nil {
		return nil
	}
	return in.typed.Validate()
}

func (in *storedInput) MediaRules() []runcomfy.MediaRule {
	if in.typed == nil {
		return nil
	}
	return in.typed.MediaRules()
}

// input returns the input of a stored request. One that cannot be read into a type of
// this client, because its model is gone or it was inserted raw, is sent as it is.
func (e *Engine) input(ctx context.Context, r Request) (runcomfy.Input, error) {
	var body, extra string
	err := e.db.QueryRowContext(ctx, "select body, extra from runcomfy_body where key = $1", r.Key).Scan(&body, &extra)
	if err != nil {
		return nil, fmt.Errorf("reading the body of request %q: %w", r.Key, err)
	}
	typed, err := runcomfy.DecodeInput(r.ModelID, []byte(body))
	if err != nil {
		typed = nil
	}
	if typed != nil && extra == "" {
		return typed, nil
	}
	whole, err := withExtra(json.RawMessage(body), extra)
	if err != nil {
		return nil, err
	}
	return &storedInput{model: r.ModelID, body: whole, typed: typed}, nil
}

// withExtra adds the members of the object extra to the object body.
func withExtra(body json.RawMessage, extra string) (json.RawMessage, error) {
	if extra == "" {
		return body, nil
	}
	var has, more map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(body, &has), json.Unmarshal([]byte(extra), &more)); err != nil {
		return nil, errors.New("the body and the extra parameters must be JSON objects")
	}
	out := bytes.TrimSpace(body)
	out = slices.Clone(out[:len(out)-1])
	for i, name := range slices.Sorted(maps.Keys(more)) {
		if _, twice := has[name]; twice {
			return nil, fmt.Errorf("the extra parameter %q is a property of the input: set its field", name)
		}
		if i > 0 || len(has) > 0 {
			out = append(out, ',')
		}
		quoted, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, quoted...), ':'), more[name]...)
	}
	return append(out, '}'), nil
}
