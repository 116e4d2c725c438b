package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"time"
)

// Submit checks in and sends it, which is what costs money. It returns once
// the API has accepted the job or has been heard to refuse it.
//
// A submit is sent again only when it provably never reached the API whole, or
// when the API has put it off (429, 425). When nobody can tell, the error is an
// *AmbiguousSubmitError. When ctx ends while the request is out, the answer is
// awaited for a grace of 20 s; if an id comes then, the error is a *WaitError that
// carries the job. Other errors: *ValidationError, *MediaError, *NotSentError,
// *ConfigError and the *APIError family.
func (c *Client) Submit(ctx context.Context, in Input) (*Job, error) {
	return c.submitKeyed(ctx, in, nil)
}

func (c *Client) submitKeyed(ctx context.Context, in Input, key *string) (*Job, error) {
	core, err := c.ready()
	if err != nil {
		return nil, err
	}
	s, err := core.prepare(in, core.check)
	if err != nil {
		return nil, err
	}
	job, err := core.submitPrepared(ctx, s, key)
	return unlessLate(ctx, job, err)
}

// SubmitRaw is Submit of a JSON object that is sent byte for byte, without checks:
// for a model, or a parameter, that is newer than this client.
func (c *Client) SubmitRaw(ctx context.Context, modelID string, body json.RawMessage) (*Job, error) {
	core, err := c.ready()
	if err != nil {
		return nil, err
	}
	s, err := core.newSubmission(modelID, body)
	if err != nil {
		return nil, err
	}
	job, err := core.submit(ctx, s)
	return unlessLate(ctx, job, err)
}

// unlessLate turns a job accepted after ctx had ended into the error that carries it.
func unlessLate(ctx context.Context, job *Job, err error) (*Job, error) {
	if err == nil && ctx.Err() != nil {
		return nil, job.waitError(job.unseen(), contextError(ctx))
	}
	return job, err
}

// contextError returns why ctx ended. MaxWait is no deadline of the caller's.
func contextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	switch {
	case cause == ErrMaxWait:
		return cause
	case err != cause:
		return fmt.Errorf("%w: %w", err, cause)
	}
	return err
}

// A submission is a request that is ready to be sent.
type submission struct {
	model   string
	kind    OutputKind
	path    string
	body    []byte
	secrets redactor
	eager   bool                        // sends a large body without asking whether it is wanted
	check   func(context.Context) error // of its media
}

func (c *core) newSubmission(model string, body []byte) (*submission, error) {
	path, err := modelPath(model)
	if err != nil {
		return nil, err
	}
	if n := int64(len(body)); n > c.limits.Body {
		return nil, violations{{Rule: "size", Message: fmt.Sprintf("the request body has %d bytes; it must not have more than %d", n, c.limits.Body)}}.err()
	}
	if err := checkBody(body); err != nil {
		return nil, err
	}
	return &submission{model: model, path: path, body: body, secrets: c.newRedactor(body)}, nil
}

// prepare validates and encodes in, which may change afterwards.
func (c *core) prepare(in Input, check MediaCheck) (*submission, error) {
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
	s.kind = kindOfInput(in)
	rules := slices.Clone(in.MediaRules())
	s.check = func(ctx context.Context) error { return c.checkMedia(ctx, s.model, rules, s.body, check) }
	return s, nil
}

// submitPrepared checks the media of s and submits it, under key if it has one.
func (c *core) submitPrepared(ctx context.Context, s *submission, key *string) (*Job, error) {
	if key != nil {
		return c.submitOnce(ctx, *key, s)
	}
	if err := s.check(ctx); err != nil {
		return nil, err
	}
	return c.submit(ctx, s)
}

// kindOfInput returns what the model of in makes; of a type of somebody else's it is
// OutputKindOther.
func kindOfInput(in Input) OutputKind {
	if k, ok := in.(interface{ outputKind() OutputKind }); ok {
		return k.outputKind()
	}
	return OutputKindOther
}

// encodeJSON returns v as JSON, with < > & in strings as they are.
func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// submit sends s until it is accepted, refused or in doubt.
func (c *core) submit(ctx context.Context, s *submission) (*Job, error) {
	if ctx.Err() != nil {
		return nil, notSent(s, 0, SubmitPhaseConnect, contextError(ctx))
	}
	retries := map[submitClass]int{
		classNeverSent:  c.limits.SubmitRetries,
		classIncomplete: 1,
		classRejected:   c.limits.RejectedRetries,
	}
	for attempts := 1; ; attempts++ {
		a := c.post(ctx, s)
		c.observe(ctx, Event{Kind: EventAttempt, Op: "submit", Model: s.model, Attempt: attempts,
			Method: http.MethodPost, Path: s.path, Status: a.status, Duration: a.ended.Sub(a.started),
			Error: a.reason()}, slog.String("class", string(a.class)))
		if a.headers > 1 {
			c.log.ErrorContext(ctx, "runcomfy: the RoundTripper sent one submit more than once", "model", s.model, "sent", a.headers)
		}
		retries[a.class]--
		spent, asked, cause := retries[a.class] < 0, time.Duration(0), a.cause
		if a.class == classRejected && a.status == http.StatusExpectationFailed && !s.eager {
			s.eager = true // for a proxy that does not know Expect
			continue
		}
		switch a.class {
		case classAccepted:
			job := c.acceptedJob(s, a.text("request_id"), a.ended)
			job.observeAccepted(ctx, s.model)
			return job, nil
		case classRejected:
			cause = newAPIError("submit", about{}, a.answer, s.secrets)
			asked = retryAfter(a.header, a.ended)
			if !repeatable(a.status) || asked > c.limits.RetryAfter || spent {
				return nil, cause
			}
		case classNeverSent, classIncomplete:
			if permanent(cause) || spent {
				return nil, notSent(s, attempts, a.phase, cause)
			}
		default:
			return nil, c.ambiguous(a)
		}
		if !sleep(ctx, max(asked, backoff(attempts, c.limits.RetryDelay, 8*time.Second))) {
			return nil, notSent(s, attempts, a.phase, contextError(ctx), cause)
		}
	}
}

// permanent tells of what another try meets again: a name that does not exist, a
// certificate that does not fit, a dialer that speaks HTTP/2.
func permanent(err error) bool {
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	return errors.As(err, &dns) && dns.IsNotFound || errors.As(err, &cert) || errors.Is(err, errHTTP2)
}

func notSent(s *submission, attempts int, phase SubmitPhase, errs ...error) error {
	return &NotSentError{Model: s.model, Attempts: attempts, Phase: phase, causes: newCauses(s.secrets, errs...)}
}

func (c *core) acceptedJob(s *submission, id string, at time.Time) *Job {
	if now := time.Now(); at.After(now) { // by the clock of another machine, in a journal
		at = now
	}
	return &Job{core: c, id: id, kind: s.kind, accepted: at, secrets: s.secrets, lag: &lagClock{}}
}

// backoff returns the n-th delay, n from 1, of a series that begins at base
// and doubles up to limit, with full jitter: anything from 0 to that value.
func backoff(n int, base, limit time.Duration) time.Duration {
	return rand.N(min(clamp(base, 0, limit)<<min(n-1, 20), limit) + 1)
}

// sleep waits for d and reports whether ctx is still alive then.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
	return ctx.Err() == nil
}
