package client

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/url"
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
	base     *url.URL
	err      error         // why the options cannot work; a *ConfigError or nil
	token    func() string // a function, so that no fmt verb can print the token
	limits   Limits
	user     string // value of the User-Agent header
	log      *slog.Logger
	validate bool
	check    MediaCheck
	media    mediaSettings
	journal  Journal
	once     onceCalls
	budget   *readBudget
	submits  transport
	reads    transport
}

// The environment variables that New reads for an empty token, in this order.
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
		baseURL:   DefaultBaseURL,
		limits:    defaultLimits(),
		userAgent: defaultUserAgent,
		log:       slog.New(slog.DiscardHandler),
		validate:  true,
		check:     MediaCheckLocal,
	}
	for _, o := range opts {
		o.applyClient(&s)
	}
	base, err := parseBaseURL(s.baseURL, s.insecure)
	c := &core{
		base:     base,
		err:      err,
		token:    func() string { return token },
		limits:   s.limits,
		user:     s.userAgent,
		log:      s.log,
		validate: s.validate,
		check:    s.check,
		media:    s.media,
		journal:  s.journal,
		budget:   newReadBudget(s.limits.ReadRate, s.limits.ReadBurst),
		submits:  newSubmitTransport(s.httpClient, s.limits),
		reads:    newReadTransport(s.httpClient, s.limits),
	}
	if token == "" {
		c.token = sync.OnceValue(environmentToken)
	}
	return &Client{core: c}
}

func environmentToken() string {
	if t := strings.TrimSpace(os.Getenv(tokenVariable)); t != "" {
		return t
	}
	return strings.TrimSpace(os.Getenv(tokenVariableFallback))
}

// CloseIdleConnections closes the connections that are kept open for reading.
// The client stays usable.
func (c *Client) CloseIdleConnections() {
	if c.core != nil {
		c.submits.closeIdle()
		c.reads.closeIdle()
	}
}

// String returns the client's base URL.
func (c *Client) String() string {
	if c.core == nil || c.base == nil {
		return "runcomfy client"
	}
	return "runcomfy client of " + c.base.String()
}

// GoString is String: no verb prints more of a client than its base URL.
func (c *Client) GoString() string { return c.String() }

// LogValue is String, for log/slog.
func (c *Client) LogValue() slog.Value { return slog.StringValue(c.String()) }

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
	s := waitSettings{onCancel: OnCancelIfQueued}
	call := callSettings{check: core.check, wait: &s}
	for _, o := range opts {
		o.applyCall(&call)
	}
	job, err := core.submitInput(ctx, in, call.check, call.onceKey)
	if err != nil {
		return nil, err
	}
	if call.onAccepted != nil {
		call.onAccepted(job)
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

// request returns a request to path below the base URL, with the credential.
// It is the only place where the token meets a request, and the host of that
// request is always the base URL's.
func (c *core) request(ctx context.Context, method, path string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base.String()+path, nil)
	if err != nil {
		return nil, &ConfigError{Reason: "the path of the call does not make a URL"}
	}
	req.Header.Set("Authorization", "Bearer "+c.token())
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.user)
	return req, nil
}

// tokenHash is the SHA-256 of the token: what tells accounts apart without
// keeping the token.
func (c *core) tokenHash() string {
	sum := sha256.Sum256([]byte(c.token()))
	return hex.EncodeToString(sum[:])
}

// origin is the scheme, host and path prefix that calls go to.
func (c *core) origin() string { return c.base.String() }
