package client

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
)

// A Client calls the RunComfy model API. Make one with New and share it: it is
// safe for concurrent use, and its jobs share one budget of reads.
type Client struct{ *core }

// core is the state of a Client. Jobs and errors hold a *core and never a
// *Client: a value from which reflection can reach the Client keeps the method
// of every generated model alive in the linked program.
type core struct {
	clientSettings
	origin  string        // scheme, host and path prefix that calls go to
	err     error         // why the options cannot work; a *ConfigError or nil
	token   func() string // a function, so that no fmt verb can print the token
	keys    sync.Map      // of keyed submits under way, each with a channel that its end closes
	budget  *readBudget
	submits transport
	reads   transport
}

// The environment variables that stand for an empty token, in this order.
const (
	tokenVariable         = "RUNCOMFY_API_TOKEN"
	tokenVariableFallback = "RUNCOMFY_TOKEN"
)

// New returns a client that authenticates with the given API token. With an
// empty token the environment variable RUNCOMFY_API_TOKEN, then RUNCOMFY_TOKEN,
// is read at the first call. New makes no call and never fails: an option that
// cannot work, or a missing token, is the *ConfigError of every later call.
func New(token string, opts ...Option) *Client {
	s := clientSettings{
		baseURL:  DefaultBaseURL,
		limits:   defaultLimits(),
		user:     "runcomfy-go (genclient)",
		validate: true,
		check:    MediaCheckLocal,
	}
	for _, o := range opts {
		o.applyClient(&s)
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	c := &core{clientSettings: s, budget: newReadBudget(s.limits.ReadRate, s.limits.ReadBurst)}
	c.origin, c.err = parseBaseURL(s.baseURL, s.insecure)
	c.submits, c.reads = newTransports(s.httpClient, s.limits)
	c.token = sync.OnceValue(func() string {
		return cmp.Or(token, strings.TrimSpace(os.Getenv(tokenVariable)), strings.TrimSpace(os.Getenv(tokenVariableFallback)))
	})
	return &Client{core: c}
}

// CloseIdleConnections closes the connections that are kept for reading. The
// client stays usable.
func (c *Client) CloseIdleConnections() {
	if c.core != nil {
		c.submits.closeIdle()
		c.reads.closeIdle()
	}
}

// Format prints nothing of the client, whatever the verb.
func (c Client) Format(f fmt.State, _ rune) { fmt.Fprint(f, "runcomfy client") }

// ready returns the state behind the client, or the *ConfigError that keeps it
// from making any call.
func (c *Client) ready() (*core, error) {
	if c == nil || c.core == nil {
		return nil, &ConfigError{Reason: "the client was not made by New"}
	}
	if c.err != nil {
		return nil, c.err
	}
	switch token := c.token(); {
	case token == "":
		return nil, &ConfigError{Reason: "no API token: pass one to New or set " + tokenVariable}
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, &ConfigError{Reason: "the API token holds a blank or a character that is not printable ASCII"}
	}
	return c.core, nil
}

// run submits in and waits for its result. Every generated model method is one
// call of it.
func (c *Client) run(ctx context.Context, in Input, opts []CallOption) (*Result, error) {
	core, err := c.ready()
	if err != nil {
		return nil, err
	}
	s := callSettings{check: core.check, onCancel: OnCancelIfQueued}
	for _, o := range opts {
		o.applyCall(&s)
	}
	job, err := core.submitInput(ctx, in, s.check, s.onceKey)
	if err != nil {
		return nil, err
	}
	if s.onAccepted != nil {
		s.onAccepted(job)
	}
	return job.watch(ctx, s, nil)
}

// Job returns the job with the given request id, as ID returned it, perhaps in
// another process. It makes no call.
func (c *Client) Job(requestID string) (*Job, error) {
	core, err := c.ready()
	if err != nil {
		return nil, err
	}
	if !validRequestID(requestID) {
		return nil, &ConfigError{Reason: "a request id is 1 to 128 of the characters A-Z a-z 0-9 _ -"}
	}
	return &Job{core: core, id: requestID, secrets: core.newRedactor(nil)}, nil
}
