package client

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"time"
)

// Submit checks in and sends it, which is what costs money. It returns once
// the API has accepted the job or has been heard to refuse it.
//
// A submit is sent again only when it provably never reached the API whole.
// When nobody can tell, the error is an *AmbiguousSubmitError. When ctx ends
// while the request is out, the answer is awaited for a grace of 20 s; if an id
// comes then, the error is a *WaitError that carries the job. Other errors:
// *ValidationError, *NotSentError, *ConfigError and the *APIError family.
func (c *Client) Submit(ctx context.Context, in Input) (*Job, error) {
	core, err := c.ready()
	if err != nil {
		return nil, err
	}
	job, err := core.submitInput(ctx, in, core.check, "")
	return unlessLate(ctx, job, err)
}

// SubmitRaw is Submit of a body that is sent byte for byte, without checks:
// for a model, or a parameter, that is newer than this client. The body must
// be a JSON object.
func (c *Client) SubmitRaw(ctx context.Context, modelID string, body json.RawMessage) (*Job, error) {
	core, err := c.ready()
	if err != nil {
		return nil, err
	}
	if !json.Valid(body) {
		return nil, violations{{Rule: "type", Message: "the request body is not valid JSON"}}.err()
	}
	s, err := core.newSubmission(modelID, body)
	if err != nil {
		return nil, err
	}
	job, err := core.submit(ctx, s)
	return unlessLate(ctx, job, err)
}

// unlessLate turns a job that was accepted after ctx had ended into the error
// that carries it.
func unlessLate(ctx context.Context, job *Job, err error) (*Job, error) {
	if err == nil && ctx.Err() != nil {
		return nil, job.waitError(job.unseen(), contextErrors(ctx)...)
	}
	return job, err
}

// contextErrors returns why ctx ended: its error, and its cause when that is
// another one.
func contextErrors(ctx context.Context) []error {
	errs := []error{ctx.Err()}
	if cause := context.Cause(ctx); cause != nil && cause != ctx.Err() {
		errs = append(errs, cause)
	}
	return errs
}

// causesText returns the texts of several errors in one line.
func causesText(causes []error) string {
	texts := make([]string, len(causes))
	for i, err := range causes {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

// A submission is a request that is ready to be sent.
type submission struct {
	model   string
	kind    OutputKind
	path    string
	body    []byte
	sum     [sha256.Size]byte // of body
	secrets redactor
	check   func(context.Context) error // of its media
}

// newSubmission returns the request of a body that is valid JSON.
func (c *core) newSubmission(model string, body []byte) (*submission, error) {
	path, err := modelPath(model)
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{")) {
		return nil, violations{{Rule: "type", Message: "the request body must be a JSON object"}}.err()
	}
	if int64(len(body)) > c.limits.Body {
		return nil, violations{{Rule: "size", Message: fmt.Sprintf("the request body must not be larger than %d bytes", c.limits.Body),
			Measured: float64(len(body)), kind: gotInteger, integer: int64(len(body))}}.err()
	}
	return &submission{model: model, path: path, body: body, sum: sha256.Sum256(body), secrets: c.newRedactor(body)}, nil
}

// submitInput validates, encodes and checks in, and submits it, under key if
// there is one.
func (c *core) submitInput(ctx context.Context, in Input, check MediaCheck, key string) (*Job, error) {
	if in == nil {
		return nil, nilInput()
	}
	if c.validate {
		if err := in.Validate(); err != nil {
			return nil, err
		}
	}
	body, err := encodeInput(in)
	if err != nil {
		return nil, err
	}
	s, err := c.newSubmission(in.ModelID(), body)
	if err != nil {
		return nil, err
	}
	if k, ok := in.(interface{ outputKind() OutputKind }); ok {
		s.kind = k.outputKind()
	}
	s.check = func(ctx context.Context) error { return c.checkMedia(ctx, s.model, in.MediaRules(), s.body, check) }
	if key != "" {
		return c.submitOnce(ctx, key, s)
	}
	if err := s.check(ctx); err != nil {
		return nil, err
	}
	return c.submit(ctx, s)
}

// encodeInput returns in as JSON. HTML characters stay as they are, so that a
// prompt is sent as it was written.
func encodeInput(in Input) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(in); err != nil {
		// The error's text may repeat a value of the input.
		return nil, violations{{Rule: "type", Message: fmt.Sprintf("the input cannot be written as JSON (%T)", err)}}.err()
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// submit sends s until it is accepted, refused or in doubt.
func (c *core) submit(ctx context.Context, s *submission) (*Job, error) {
	unsent, incomplete, refused := 0, 0, 0
	for attempts := 1; ; attempts++ {
		if ctx.Err() != nil {
			return nil, notSent(s, attempts-1, SubmitPhaseConnect, contextErrors(ctx)...)
		}
		a := c.post(ctx, s)
		c.logAttempt(ctx, a, attempts)
		cause, delay := a.cause, time.Duration(0)
		switch a.class {
		case classAccepted:
			return c.acceptedJob(s, a.answer.text("request_id"), a.ended), nil
		case classAmbiguous:
			return nil, c.ambiguous(a)
		case classNeverSent:
			if ctx.Err() != nil {
				return nil, notSent(s, attempts, a.phase, contextErrors(ctx)...)
			}
			if unsent++; unsent > c.limits.SubmitRetries || permanent(cause) {
				return nil, notSent(s, attempts, a.phase, cause)
			}
			delay = backoff(unsent, 500*time.Millisecond, 8*time.Second)
		case classIncomplete:
			if incomplete++; incomplete > 1 {
				return nil, notSent(s, attempts, a.phase, cause)
			}
			delay = backoff(1, 500*time.Millisecond, 8*time.Second)
		case classRejected:
			cause = apiError(&APIError{Op: "submit", StatusCode: a.status}, a.answer, a.header, s.secrets)
			asked := retryAfter(a.header, a.ended)
			if refused++; !repeatable(a.status) || refused > c.limits.RejectedRetries || asked > c.limits.RetryAfter {
				return nil, cause
			}
			delay = max(asked, backoff(refused, 500*time.Millisecond, 8*time.Second))
		}
		if !sleep(ctx, delay) {
			return nil, notSent(s, attempts, a.phase, append(contextErrors(ctx), cause)...)
		}
	}
}

// permanent reports whether a failure to connect will not pass: a name that
// does not exist, a certificate that does not fit, a request that cannot be
// made.
func permanent(err error) bool {
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var config *ConfigError
	return errors.As(err, &dns) && dns.IsNotFound || errors.As(err, &cert) || errors.As(err, &config)
}

// notSent returns the error of a submit that the API cannot have got whole.
func notSent(s *submission, attempts int, phase SubmitPhase, causes ...error) error {
	return &NotSentError{Model: s.model, Attempts: attempts, Phase: phase, causes: seal(causes), message: s.secrets(causesText(causes))}
}

func (c *core) acceptedJob(s *submission, id string, at time.Time) *Job {
	return &Job{core: c, id: id, kind: s.kind, accepted: at, secrets: s.secrets}
}

func (c *core) logAttempt(ctx context.Context, a *attempt, n int) {
	level := slog.LevelDebug
	if a.class != classAccepted {
		level = slog.LevelWarn
	}
	attrs := []slog.Attr{slog.String("model", a.model), slog.Int("attempt", n), slog.String("class", a.class.String()),
		slog.Int("status", a.status), slog.Duration("took", a.ended.Sub(a.started))}
	if a.cause != nil {
		attrs = append(attrs, slog.String("cause", a.secrets(a.cause.Error())))
	}
	c.log.LogAttrs(ctx, level, "runcomfy: submit", attrs...)
	if a.headers > 1 {
		c.log.LogAttrs(ctx, slog.LevelError, "runcomfy: the RoundTripper sent one submit more than once",
			slog.String("model", a.model), slog.Int("sent", a.headers))
	}
}

// backoff returns the n-th delay, n from 1, of a series that begins at base
// and doubles up to limit, with full jitter: anything from 0 to that value.
func backoff(n int, base, limit time.Duration) time.Duration {
	d := min(base<<min(n-1, 20), limit)
	return rand.N(d + 1)
}

// sleep waits for d and reports whether ctx is still alive then.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
