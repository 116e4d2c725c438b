package mock_test

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/genclient/genclient/mock"
)

// TestStopListening: the kernel refuses connections until the server listens
// again on the same address.
func TestStopListening(t *testing.T) {
	s := newServer(t)
	if err := s.StopListening(); err != nil {
		t.Fatal(err)
	}
	if _, err := send(s, "GET", "/v1/models", ""); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("error %v, want a refused connection", err)
	}
	if err := s.StartListening(); err != nil {
		t.Fatal(err)
	}
	if r := mustSend(t, s, "GET", "/v1/models", ""); r.status != 200 {
		t.Errorf("status %d", r.status)
	}
}

// TestListeningWhileDialling: a client may dial while the server stops and starts
// to listen; the race detector judges.
func TestListeningWhileDialling(t *testing.T) {
	s := newServer(t)
	var dials sync.WaitGroup
	for range 4 {
		dials.Go(func() {
			for range 20 {
				if c, err := s.DialContext(t.Context(), "tcp", ""); err == nil {
					_ = c.Close()
				} else if !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("error %v, want a refused connection at most", err)
				}
			}
		})
	}
	for range 20 {
		if err := errors.Join(s.StopListening(), s.StartListening()); err != nil {
			t.Fatal(err)
		}
	}
	dials.Wait()
	if r := mustSend(t, s, "GET", "/v1/models", ""); r.status != 200 {
		t.Errorf("status %d", r.status)
	}
}

// TestStartListeningClosed: a server that is closed opens no socket again.
func TestStartListeningClosed(t *testing.T) {
	s, err := mock.NewServer(samples)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.StopListening(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if err := s.StartListening(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("error %v, want net.ErrClosed", err)
	}
	if _, err := s.DialContext(t.Context(), "tcp", ""); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("error %v, want a refused connection", err)
	}
}

// TestCloseReleases: Close ends handlers that hang and leaves no goroutine.
func TestCloseReleases(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, opts := range [][]mock.Option{nil, {mock.WithHTTP2()}, {mock.WithInMemory()}} {
		arrived := make(chan struct{})
		s, err := mock.NewServer(append(opts, samples, mock.WithScript(func(r mock.Request) mock.Fault {
			if r.Call != mock.CallSubmit {
				return mock.Fault{}
			}
			close(arrived)
			return mock.Hang()
		}))...)
		if err != nil {
			t.Fatal(err)
		}
		failed := make(chan error)
		go func() {
			_, err := send(s, "POST", "/v1/models/"+imageModel, `{"prompt":"a"}`)
			failed <- err
		}()
		<-arrived
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-failed; err == nil {
			t.Error("the request that hung was answered")
		}
		if err := s.Check(); err != nil {
			t.Error(err)
		}
	}
	noLeak(t, before)
}

// TestNoChargeAfterClose: a submit that is delayed when the server is closed is
// charged before Close returns or not at all, so that Check sees it.
func TestNoChargeAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := mock.NewServer(samples, mock.WithInMemory(), mock.WithFault(mock.CallSubmit, 0, mock.Slow(time.Hour)))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			go func() { _, _ = send(s, "POST", "/v1/models/"+imageModel, `{"prompt":"a"}`) }()
		}
		synctest.Wait() // both have arrived and are held back
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		charges := len(s.Ledger())
		synctest.Wait()
		if late := len(s.Ledger()) - charges; late != 0 || charges != 2 {
			t.Errorf("%d charges when Close returned, %d after it", charges, late)
		}
	})
}

// TestClosedHandler: behind a server of the caller's own, too, nothing is
// charged once the emulator is closed.
func TestClosedHandler(t *testing.T) {
	s, err := mock.NewServer(samples)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if v := recover(); v != http.ErrAbortHandler || len(s.Ledger()) != 0 {
			t.Errorf("the handler ended with %v after %d charges", v, len(s.Ledger()))
		}
	}()
	r := httptest.NewRequest("POST", "/v1/models/"+imageModel, strings.NewReader(`{"prompt":"a"}`))
	r.Header.Set("Authorization", "Bearer "+s.Token())
	s.Handler().ServeHTTP(httptest.NewRecorder(), r)
}

// TestPanicsAreTold: what panics in a test's own script or Validate is told by
// Check; the client sees a broken connection alone.
func TestPanicsAreTold(t *testing.T) {
	for name, opt := range map[string]mock.Option{
		"script": mock.WithScript(func(r mock.Request) mock.Fault {
			if r.Call == mock.CallSubmit {
				panic("on purpose")
			}
			return mock.Fault{}
		}),
		"validate": mock.WithModels(mock.Model{ID: imageModel, Validate: func([]byte) []mock.Problem { panic("on purpose") }}),
	} {
		t.Run(name, func(t *testing.T) {
			s, err := mock.NewServer(samples, opt)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if _, err := send(s, "POST", "/v1/models/"+imageModel, `{"prompt":"a"}`); err == nil {
				t.Error("answered")
			}
			if err := s.Check(); err == nil || !strings.Contains(err.Error(), "panicked: on purpose") || !strings.Contains(err.Error(), "server_test.go") {
				t.Errorf("Check: %v", err)
			}
		})
	}
}

// TestUnspecifiedAddress: the URL of a server on every address of the machine is
// one that a client may call, whatever the listener calls it.
func TestUnspecifiedAddress(t *testing.T) {
	for _, addr := range []string{":0", "0.0.0.0:0"} {
		s := newServer(t, mock.WithAddr(addr))
		if !strings.HasPrefix(s.URL(), "http://127.0.0.1:") {
			t.Errorf("%s: URL %s", addr, s.URL())
		}
		submit(t, s, imageModel, "a fox")
	}
}

// TestCertificate: it names the address listened on, beside those of every
// server, and is the root that a client must trust.
func TestCertificate(t *testing.T) {
	s := newServer(t, mock.WithTLS(), mock.WithInMemory(), mock.WithAddr("192.0.2.1:443"))
	for _, host := range []string{"127.0.0.1", "192.0.2.1", "localhost", "cdn.runcomfy.net"} {
		if _, err := s.Certificate().Verify(x509.VerifyOptions{DNSName: host, Roots: s.Roots()}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	if plain := newServer(t); plain.Certificate() != nil || plain.Roots() != nil {
		t.Error("a certificate without TLS")
	}
}

// noLeak fails if more goroutines live than before, after giving those that
// are about to end a bounded number of chances to run.
func noLeak(t *testing.T, before int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for runtime.NumGoroutine() > before {
		if ctx.Err() != nil {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
		runtime.Gosched()
	}
}
