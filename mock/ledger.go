package mock

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Charge is one submit that was received whole and accepted, whether or not
// its answer reached the client. Submits that the emulator refuses (4xx, or a
// 5xx before acceptance) cost nothing and are not in the ledger.
type Charge struct {
	Intent    string // what the caller wanted once: see WithIntentKey
	Digest    string // SHA-256 of model id and canonical body, in hex
	Model     string
	RequestID string
	Time      time.Time
}

// Ledger returns the charges so far, oldest first.
func (s *Server) Ledger() []Charge {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ledger)
}

// Check returns an error if an intent was charged more than once (unless
// WithRepeatedIntents allows it), if a credential reached the media host, or if
// a script or a Validate of the test's own panicked.
func (s *Server) Check() error {
	var errs []error
	if !s.cfg.repeats {
		errs = append(errs, checkIntents(s.Ledger()))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leaks > 0 {
		errs = append(errs, fmt.Errorf("mock: %d requests to the media host carried an Authorization header; media links need no credential", s.leaks))
	}
	return errors.Join(append(errs, s.mistake)...)
}

// checkIntents reports every intent with more than one charge, in the order of
// their first charges.
func checkIntents(ledger []Charge) error {
	type intent struct{ model, name string }
	of := func(c Charge) intent { return intent{c.Model, c.Intent} }
	byIntent := make(map[intent][]Charge)
	for _, c := range ledger {
		byIntent[of(c)] = append(byIntent[of(c)], c)
	}
	var errs []error
	for _, first := range ledger {
		charges := byIntent[of(first)]
		if len(charges) < 2 {
			continue
		}
		delete(byIntent, of(first))
		var b strings.Builder
		fmt.Fprintf(&b, "mock: %d charges for one intent %q on model %s; one call may be charged once:", len(charges), first.Intent, first.Model)
		for _, c := range charges {
			fmt.Fprintf(&b, "\n\trequest %s after %v", c.RequestID, c.Time.Sub(first.Time))
		}
		b.WriteString("\n\ta test that means it: WithRepeatedIntents, or WithIntentKey to tell its submits apart")
		errs = append(errs, errors.New(b.String()))
	}
	return errors.Join(errs...)
}

// charge names the intent of a body that was accepted as the job id.
func (s *Server) charge(model, id string, body []byte, now time.Time) Charge {
	c := Charge{Digest: digest(model, body), Model: model, RequestID: id, Time: now}
	c.Intent = c.Digest
	if s.cfg.intentKey != "" {
		var object map[string]json.RawMessage
		var name string
		if json.Unmarshal(body, &object) == nil && json.Unmarshal(object[s.cfg.intentKey], &name) == nil && name != "" {
			c.Intent = name
		}
	}
	return c
}

// digest is the SHA-256 of model id and body. The body is decoded and encoded
// again, so that blanks and the order of keys do not hide a repetition.
func digest(model string, body []byte) string {
	dec := json.NewDecoder(strings.NewReader(string(body)))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) == nil {
		if canonical, err := json.Marshal(v); err == nil {
			body = canonical
		}
	}
	sum := sha256.Sum256(append([]byte(model+"\n"), body...))
	return hex.EncodeToString(sum[:])
}
