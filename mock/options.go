package mock

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/url"
	"strings"
	"time"
)

// An Option changes a Server before it starts.
type Option func(*config)

type config struct {
	addr        string
	token       string
	tls, http2  bool
	inMemory    bool
	models      []Model
	seed        uint64
	speed       float64
	concurrency int
	backlog     int
	durations   map[OutputKind]duration
	linkLife    time.Duration
	mediaOrigin string
	intentKey   string
	repeats     bool
	scripts     []func(*Server, Request) Fault
	logger      *slog.Logger
	err         error
}

func defaultConfig() config {
	return config{
		addr:        "127.0.0.1:0",
		token:       "mock-token",
		seed:        1,
		speed:       60,
		concurrency: 4,
		durations:   defaultDurations(),
		linkLife:    time.Hour,
	}
}

func (c *config) fail(format string, args ...any) {
	c.err = errors.Join(c.err, fmt.Errorf(format, args...))
}

// WithAddr listens on a TCP address instead of a free loopback port.
func WithAddr(addr string) Option { return func(c *config) { c.addr = addr } }

// WithToken sets the token that the server accepts. The default is
// "mock-token". Never make it one of a real account: a client that forgets the
// server's URL would pay with it.
func WithToken(token string) Option {
	return func(c *config) {
		if token == "" {
			c.fail("the token is empty")
		}
		c.token = token
	}
}

// WithTLS serves HTTP/1.1 over TLS, with a certificate that Client trusts.
func WithTLS() Option { return func(c *config) { c.tls = true } }

// WithHTTP2 serves HTTP/2 and HTTP/1.1 over TLS, as the client negotiates.
func WithHTTP2() Option { return func(c *config) { c.tls, c.http2 = true, true } }

// WithInMemory serves over synchronous in-memory connections, which only
// Client and DialContext reach. In a testing/synctest bubble this is required:
// a goroutine that waits for a socket keeps virtual time from advancing.
func WithInMemory() Option { return func(c *config) { c.inMemory = true } }

// WithModels serves these models instead of KnownModels and SampleModels.
func WithModels(models ...Model) Option {
	return func(c *config) {
		if len(models) == 0 {
			c.fail("WithModels without a model")
		}
		seen := make(map[string]bool, len(models))
		for _, m := range models {
			if err := m.check(); err != nil {
				c.err = errors.Join(c.err, err)
			}
			if seen[m.ID] {
				c.fail("two models with the id %q", m.ID)
			}
			seen[m.ID] = true
		}
		c.models = models
	}
}

// WithSeed sets the seed of durations, request ids and fault rates. The default is 1.
func WithSeed(seed uint64) Option { return func(c *config) { c.seed = seed } }

// WithSpeed divides the time that jobs queue and run. The default, 60, makes a
// 90 s video ready in 1.5 s; 1 is meant for virtual time. The durations of
// faults (Slow, Delayed, Invisible, LateFiles) and of links stay as they are.
func WithSpeed(factor float64) Option {
	return func(c *config) {
		if !(factor > 0) || math.IsInf(factor, 1) {
			c.fail("speed %v is not positive and finite", factor)
		}
		c.speed = factor
	}
}

// WithDuration sets how long jobs of a kind run: log-normal with this median
// and this standard deviation of the logarithm; 0 makes all of them equal.
func WithDuration(kind OutputKind, median time.Duration, sigma float64) Option {
	return func(c *config) {
		if _, known := c.durations[kind]; !known {
			c.fail("unknown output kind %q", kind)
		}
		if median < 0 || !(sigma >= 0) || math.IsInf(sigma, 1) {
			c.fail("duration %v with deviation %v of %s: neither may be negative", median, sigma, kind)
		}
		c.durations[kind] = duration{median, sigma}
	}
}

// WithConcurrency sets how many jobs run at once, the others queue. The default is 4.
func WithConcurrency(n int) Option {
	return func(c *config) {
		if n < 1 {
			c.fail("concurrency %d is below 1", n)
		}
		c.concurrency = n
	}
}

// WithBacklog puts n jobs of other users before each new job. One leaves the
// queue every two seconds, divided by the speed.
func WithBacklog(n int) Option {
	return func(c *config) {
		if n < 0 {
			c.fail("backlog %d is negative", n)
		}
		c.backlog = n
	}
}

// WithLinkLifetime sets how long the media links of one result answer work;
// the next answer has fresh ones. The default is an hour, and 0 makes links that
// have expired.
func WithLinkLifetime(d time.Duration) Option {
	return func(c *config) {
		if d < 0 {
			c.fail("link lifetime %v is negative", d)
		}
		c.linkLife = d
	}
}

// WithMediaOrigin sets scheme and host of media links, such as
// "https://cdn.runcomfy.net". The default is the server's own URL.
func WithMediaOrigin(origin string) Option {
	return func(c *config) {
		u, err := url.Parse(origin)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") ||
			u.Host == "" || origin != u.Scheme+"://"+u.Host {
			c.fail("media origin %q is not scheme and host alone, as https://cdn.runcomfy.net", origin)
		}
		c.mediaOrigin = origin
	}
}

// WithIntentKey names a model's intents in the ledger by the string at this
// property of the body, such as "prompt". Bodies without it keep the name made
// of model and body.
func WithIntentKey(property string) Option { return func(c *config) { c.intentKey = property } }

// WithRepeatedIntents allows more than one charge for one intent, for tests
// that mean to submit the same input again.
func WithRepeatedIntents() Option { return func(c *config) { c.repeats = true } }

// WithLogger logs one line for each request. No header or body is logged.
func WithLogger(l *slog.Logger) Option { return func(c *config) { c.logger = l } }

// WithScript lets a function choose the fault of each request; the zero Fault
// is none. It is called as soon as the headers of a request are read, and for
// each new connection, of which only Call and N are known and which only Refused
// strikes; by many goroutines at once. The first script, rate or numbered fault
// that gives a fault wins, in the order of the options.
func WithScript(script func(Request) Fault) Option {
	return func(c *config) {
		if script == nil {
			c.fail("WithScript without a script")
		}
		c.scripts = append(c.scripts, func(_ *Server, r Request) Fault { return script(r) })
	}
}

// WithFault lets f strike at the nth request of a kind, counted from 1; n = 0
// is every one.
func WithFault(call Call, n int, f Fault) Option {
	return func(c *config) {
		if n < 0 {
			c.fail("a fault at request %d; they count from 1, and 0 is every one", n)
		}
		c.addFault(call, f, func(_ *Server, r Request) bool { return n == 0 || n == r.N })
	}
}

// WithFaultRate lets f strike requests of a kind with a probability. Whether it
// strikes the nth of them depends on the seed alone, and not on what else a
// client asks for.
func WithFaultRate(call Call, probability float64, f Fault) Option {
	return func(c *config) {
		if !(probability >= 0 && probability <= 1) {
			c.fail("fault rate %v is not within 0 and 1", probability)
		}
		place := len(c.scripts)
		c.addFault(call, f, func(s *Server, r Request) bool { return s.random(r, place) < probability })
	}
}

// addFault lets f strike the requests of a kind that strikes chooses.
func (c *config) addFault(call Call, f Fault, strikes func(*Server, Request) bool) {
	if err := f.check(call); err != nil {
		c.err = errors.Join(c.err, err)
	}
	c.scripts = append(c.scripts, func(s *Server, r Request) Fault {
		if r.Call == call && strikes(s, r) {
			return f
		}
		return Fault{}
	})
}

// WithScenario adds the faults and settings of a named scenario; Scenarios
// lists them.
func WithScenario(name string) Option {
	return func(c *config) {
		var names []string
		for _, s := range Scenarios() {
			if s.Name == name {
				for _, opt := range s.opts {
					opt(c)
				}
				return
			}
			names = append(names, s.Name)
		}
		c.fail("unknown scenario %q; there are %s", name, strings.Join(names, ", "))
	}
}
