// Package mock emulates the RunComfy API for tests: submits, status, results,
// cancelling, the catalog and the media host, over HTTP/1.1 or HTTP/2, on a
// socket or in memory, with every fault that a network and a service can show.
//
// A test asks New for a server, points its client at URL with Token, and runs
// jobs:
//
//	func TestVideo(t *testing.T) {
//		synctest.Test(t, func(t *testing.T) {
//			server := mock.New(t, mock.WithInMemory(), mock.WithSpeed(1))
//			client := runcomfy.New(server.Token(), runcomfy.WithBaseURL(server.URL()),
//				runcomfy.WithHTTPClient(server.Client()))
//			res, err := client.Kling2_6ProTextToVideo(t.Context(), &runcomfy.Kling2_6ProTextToVideoInput{
//				Prompt: "A fox in the snow.",
//			})
//			if err != nil {
//				t.Fatalf("%v", err)
//			}
//			if len(res.Output.Videos) != 1 {
//				t.Errorf("%d videos, want 1", len(res.Output.Videos))
//			}
//		})
//	}
//
// The emulator keeps a ledger in which each accepted submit is a charge,
// and New asserts when the test ends that no intent (one model with one body)
// was charged twice and that the media host was never shown the token.
//
// Jobs queue, run and end by the clock alone: their states are computed from
// time.Now when they are asked for. In a testing/synctest bubble, together with
// WithInMemory, hours of waiting therefore take milliseconds. On a socket the
// durations are divided by WithSpeed.
//
// Generated clients download over https and from public addresses alone. A test
// that downloads therefore stands outside of a bubble and says what it trusts:
//
//	server := mock.New(t, mock.WithTLS())
//	client := runcomfy.New(server.Token(), runcomfy.WithBaseURL(server.URL()),
//		runcomfy.WithHTTPClient(server.Client()), runcomfy.WithPrivateMedia(server.Roots()))
//	...
//	files, err := client.Download(t.Context(), res, t.TempDir(), runcomfy.WithDownloadHosts("127.0.0.1"))
//
// What is wrong with an exchange is a Fault. It strikes at the nth call
// (WithFault), with a probability (WithFaultRate), by a script (WithScript), or
// as one of the named mixtures that "genclient mock --scenario" offers
// (WithScenario). All random numbers come from one seed.
package mock

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/genclient/genclient/mock/internal/memnet"
)

// A Server emulates the API. It is made by New or NewServer and is safe for
// concurrent use.
type Server struct {
	cfg    config
	models map[string]Model
	media  mediaHost
	http   *http.Server
	client *http.Client
	addr   string // host and port of the listener
	url    string
	cert   *x509.Certificate // nil without TLS
	memory *memnet.Listener  // nil on a socket
	done   chan struct{}     // closed by Close, releases requests that hang
	close  func() error

	handlers sync.WaitGroup // requests under way

	mu       sync.Mutex
	closed   bool
	rand     *rand.Rand   // of ids and durations, drawn as submits are accepted
	listener net.Listener // nil while connections are refused
	counts   map[Call]int
	revoked  bool
	leaks    int
	mistake  error
	ledger   []Charge
	queue    queue
}

// bubbleYear is the year in which the clock of every testing/synctest bubble
// starts, and in which no real clock stands any more.
const bubbleYear = 2000

// TB is what New needs of a test; *testing.T, *testing.B and *testing.F have it.
// It is smaller than testing.TB so that a program which imports this package,
// such as genclient, does not link package testing.
type TB interface {
	Helper()
	Cleanup(func())
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// New starts a server that lives as long as the test t. When the test ends the
// server is closed and t fails if Check returns an error. Bad options end the
// test at once.
func New(t TB, opts ...Option) *Server {
	t.Helper()
	s, err := NewServer(opts...)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() {
		t.Helper()
		if err := s.Close(); err != nil {
			t.Errorf("mock: closing the server: %v", err)
		}
		if err := s.Check(); err != nil {
			t.Errorf("%v", err)
		}
	})
	return s
}

// NewServer starts a server outside a test. The caller ends it with Close and
// may ask Check for the invariants that New asserts.
func NewServer(opts ...Option) (*Server, error) {
	cfg := defaultConfig()
	for _, opt := range opts {
		opt(&cfg)
	}
	if cfg.err != nil {
		return nil, fmt.Errorf("mock: %w", cfg.err)
	}
	if !cfg.inMemory && time.Now().UTC().Year() == bubbleYear {
		return nil, errors.New("mock: a server in a testing/synctest bubble needs WithInMemory: whoever waits for a socket keeps virtual time from advancing")
	}
	if cfg.models == nil { // building them is not free
		cfg.models = append(KnownModels(), SampleModels()...)
	}
	s := &Server{
		cfg:    cfg,
		models: make(map[string]Model, len(cfg.models)),
		done:   make(chan struct{}),
		rand:   rand.New(rand.NewPCG(cfg.seed, 0)),
		counts: make(map[Call]int),
	}
	for _, m := range cfg.models {
		s.models[m.ID] = m
	}
	s.queue.init(cfg)
	if err := s.media.init(cfg); err != nil {
		return nil, fmt.Errorf("mock: %w", err)
	}
	s.http = &http.Server{
		Handler: s.Handler(),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, c)
		},
		ErrorLog: log.New(io.Discard, "", 0), // broken connections are wanted here
	}
	if err := s.listen(); err != nil {
		return nil, fmt.Errorf("mock: %w", err)
	}
	s.close = sync.OnceValue(s.shutdown)
	return s, nil
}

// URL returns the base URL, without a slash at its end. In memory it is an
// address that only Client and DialContext reach.
func (s *Server) URL() string { return s.url }

// Token returns the token that the server accepts.
func (s *Server) Token() string { return s.cfg.token }

// Client returns an HTTP client that reaches the server and trusts its
// certificate. Whatever the host in a request's URL is, it connects to this
// server, so that outputs may carry the names of the real media host.
func (s *Server) Client() *http.Client { return s.client }

// Roots returns the certificates that a client must trust to reach a server
// with TLS, nil without it.
func (s *Server) Roots() *x509.CertPool {
	if s.cert == nil {
		return nil
	}
	roots := x509.NewCertPool()
	roots.AddCert(s.cert)
	return roots
}

// Certificate returns the server's certificate, which is its own root, nil
// without TLS. A client in another process can be given it as a PEM file.
func (s *Server) Certificate() *x509.Certificate { return s.cert }

// Handler returns the emulator as a handler for a server of the caller's own,
// which is to be closed before this one. Faults below HTTP (resets, refused
// connections) then only end the request.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.handle) }

// Close ends the server and every connection and request under way. When it
// returns the ledger is final: a submit that had arrived whole, such as one
// that Slow delays, is in it. Scripts must not call Close, which waits for them.
func (s *Server) Close() error { return s.close() }

func (s *Server) shutdown() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	close(s.done)
	s.client.CloseIdleConnections()
	err := s.http.Close()
	s.handlers.Wait()
	return err
}

// enter counts a request as under way, unless the server is closed.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.handlers.Add(1)
	return true
}

// DialContext connects to the server whatever the address says. It is meant
// for the Transport of a client that cannot use Client.
func (s *Server) DialContext(ctx context.Context, network, _ string) (net.Conn, error) {
	if s.memory != nil {
		if s.refuses() {
			return nil, s.memory.Refused()
		}
		return s.memory.DialContext(ctx)
	}
	return new(net.Dialer).DialContext(ctx, network, authority(s.addr))
}

// Count returns how many requests of a kind were seen, from the moment their
// headers were read. Count(CallSubmit) is the number of paid POSTs on the wire,
// Count(CallConnect) the number of connections.
func (s *Server) Count(call Call) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[call]
}

// Revoke makes the server refuse its token from now on.
func (s *Server) Revoke() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = true
}

// Models returns the models served, in the order of the options.
func (s *Server) Models() []Model { return slices.Clone(s.cfg.models) }

// newTransport returns the transport of Client. It is HTTP/2 only where the
// server offers it.
func (s *Server) newTransport() *http.Transport {
	t := &http.Transport{
		DialContext:       s.DialContext,
		ForceAttemptHTTP2: s.cfg.http2,
	}
	if s.cert != nil {
		t.TLSClientConfig = &tls.Config{RootCAs: s.Roots()}
	}
	return t
}
