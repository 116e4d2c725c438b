package client

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"
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
	keys    sync.Map      // of keyed submits under way: channels that their ends close
	budget  *readBudget
	submits http.RoundTripper
	proven  bool // submits is an *http.Transport set up here: its trace events prove what left this machine
	reads   http.RoundTripper
}

// New returns a client that authenticates with the given API token. With an
// empty token the environment variable RUNCOMFY_API_TOKEN, then RUNCOMFY_TOKEN,
// is read at the first call. New makes no call and never fails: an option that
// cannot work, or a missing token, is the *ConfigError of every later call.
func New(token string, opts ...Option) *Client {
	s := clientSettings{
		baseURL: DefaultBaseURL, limits: defaultLimits(), user: userAgent,
		log: slog.New(slog.DiscardHandler), validate: true, check: MediaCheckLocal,
		allow: publicAddress, proxy: http.ProxyFromEnvironment,
	}
	for _, o := range opts {
		o.applyClient(&s)
	}
	c := &core{clientSettings: s, budget: newReadBudget(s.limits.ReadRate, s.limits.ReadBurst)}
	c.origin, c.err = parseBaseURL(s.baseURL, s.insecure)
	switch {
	case strings.ContainsFunc(s.user, func(r rune) bool { return r < ' ' || r > '~' }):
		c.err = &ConfigError{Reason: "the user agent is not printable ASCII"}
	case !(s.limits.ReadRate > 0) || s.limits.ReadBurst < 1:
		c.err = &ConfigError{Reason: "the read rate and its burst must be above 0, see WithReadRate"}
	}
	if err := headerError(s.headers); c.err == nil {
		c.err = err
	}
	c.submits, c.reads, c.proven = newTransports(s.httpClient, s.limits)
	c.token = sync.OnceValue(func() string {
		return cmp.Or(token, strings.TrimSpace(os.Getenv("RUNCOMFY_API_TOKEN")),
			strings.TrimSpace(os.Getenv("RUNCOMFY_TOKEN")))
	})
	return &Client{core: c}
}

// CloseIdleConnections closes the connections that are kept for reading.
func (c *Client) CloseIdleConnections() {
	if c != nil && c.core != nil {
		(&http.Client{Transport: c.reads}).CloseIdleConnections()
	}
}

// Format prints nothing of the client, whatever the verb. In a program that links
// text/template, passing a client as an any keeps the method of every model in
// the binary: do not log it.
func (c Client) Format(f fmt.State, _ rune) { fmt.Fprint(f, "runcomfy client") }

// ready returns the client's state, or the *ConfigError that forbids any call.
func (c *Client) ready() (*core, error) {
	if c == nil || c.core == nil {
		return nil, &ConfigError{Reason: "the client was not made by New"}
	}
	if c.err != nil {
		return nil, c.err
	}
	token := c.token()
	switch {
	case token == "":
		return nil, &ConfigError{Reason: "no API token: pass one to New, or set RUNCOMFY_API_TOKEN or RUNCOMFY_TOKEN"}
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, &ConfigError{Reason: "the API token is not printable ASCII without blanks"}
	}
	return c.core, nil
}

// run submits in and waits for its result: what every generated method calls.
func (c *Client) run(ctx context.Context, in Input, opts []CallOption) (*Result, error) {
	core, err := c.ready()
	if err != nil {
		return nil, err
	}
	settings := core.callSettings(opts)
	s, err := core.prepare(in, settings.check)
	if err != nil {
		return nil, err
	}
	return core.runPrepared(ctx, s, settings)
}

// callSettings returns what opts make of a call.
func (c *core) callSettings(opts []CallOption) callSettings {
	s := callSettings{check: c.check, onCancel: onCancelDefault}
	for _, o := range opts {
		o.applyCall(&s)
	}
	if s.onCancel == onCancelDefault {
		s.onCancel = OnCancelIfQueued
		if s.onceKey != nil { // which leads back to the job, but never to a new one
			s.onCancel = OnCancelDetach
		}
	}
	return s
}

// runPrepared submits s and waits for its result.
func (c *core) runPrepared(ctx context.Context, s *submission, settings callSettings) (*Result, error) {
	job, err := c.submitPrepared(ctx, s, settings.onceKey)
	if job != nil && settings.onAccepted != nil {
		settings.onAccepted(job)
	}
	if err != nil {
		return nil, err
	}
	return job.watch(ctx, settings, nil)
}

// Job returns the job with the given request id, as ID returned it, perhaps in
// another process. It makes no call. What the job was submitted with is not known
// here, so a text in its errors may repeat it.
func (c *Client) Job(requestID string) (*Job, error) {
	core, err := c.ready()
	if err != nil {
		return nil, err
	}
	if !validRequestID(requestID) {
		return nil, &ConfigError{Reason: "a request id is 1 to 128 of the characters A-Z a-z 0-9 _ -"}
	}
	return &Job{core: core, id: requestID, secrets: core.newRedactor(nil), lag: &lagClock{}}, nil
}

// JobOf is Job for a program that has stored what it submitted: in, and when the API
// accepted it. With them the pace of waiting is that of the model, and texts of in
// are kept out of errors. It makes no call and never submits.
func (c *Client) JobOf(in Input, requestID string, accepted time.Time) (*Job, error) {
	job, err := c.Job(requestID)
	if err != nil {
		return nil, err
	}
	if in == nil {
		return nil, nilInput()
	}
	body, err := encodeInput(in)
	if err != nil {
		return nil, err
	}
	s := &submission{kind: kindOfInput(in), secrets: job.core.newRedactor(body)}
	return job.core.acceptedJob(s, requestID, accepted), nil
}

// userAgent is the default of WithUserAgent: the beginning of the digest tells which
// schemas the client was generated from.
var userAgent = "genclient-go/" + schemaDigest[:8]

// DefaultBaseURL is where the RunComfy model API answers.
const DefaultBaseURL = "https://model-api.runcomfy.net"

// parseBaseURL reads the origin that all calls go to. A path prefix is kept; a
// final slash or /v1 is taken off, since the paths of the calls begin with it.
func parseBaseURL(raw string, insecure bool) (string, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" ||
		u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		// Neither err nor raw is shown: it may hold a password.
		return "", &ConfigError{Reason: "the base URL must be https://host or https://host/path, without user, query and fragment"}
	}
	if u.Scheme == "http" && !insecure && !loopbackHost(u.Hostname()) {
		return "", &ConfigError{Reason: "the base URL is http, which would send the token in clear text; see WithInsecureHTTP"}
	}
	prefix := strings.TrimRight(u.JoinPath().EscapedPath(), "/") // cleans . and .. and doubled slashes
	prefix = strings.TrimRight(strings.TrimSuffix(prefix, "/v1"), "/")
	return (&url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}).String() + prefix, nil
}

// modelPath returns the path of a submit, with which no id reaches another endpoint.
func modelPath(id string) (string, error) {
	if id == "" || path.Clean("/"+id) != "/"+id || strings.ContainsFunc(id, unicode.IsControl) {
		return "", &ConfigError{Reason: "a model id must not have an empty, . or .. segment or a control character"}
	}
	return "/v1/models/" + strings.ReplaceAll(url.PathEscape(id), "%2F", "/"), nil
}

// requestIDForm is the form that the API documents for request ids.
var requestIDForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

func validRequestID(id string) bool { return requestIDForm.MatchString(id) }
