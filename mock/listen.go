package mock

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/genclient/genclient/mock/internal/memnet"
)

// memoryAuthority is the host of the URL of a server in memory. It is a
// loopback address, so that clients accept plain HTTP, on a port that nobody
// serves, so that a client which does not use DialContext fails.
const memoryAuthority = "127.0.0.1:1"

// connKey is the context key of a request's net.Conn.
type connKey struct{}

// listen opens the server's address and starts to serve it.
func (s *Server) listen() error {
	scheme := "http://"
	if s.cfg.tls {
		scheme = "https://"
		cert, err := certificate(s.cfg.addr)
		if err != nil {
			return err
		}
		s.cert = cert.Leaf
		s.http.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
		protocols := new(http.Protocols)
		protocols.SetHTTP1(true)
		protocols.SetHTTP2(s.cfg.http2)
		s.http.Protocols = protocols
	}
	if s.cfg.inMemory {
		s.addr = memoryAuthority
		s.memory = memnet.Listen(s.addr)
		s.serveOn(s.memory)
	} else {
		l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", s.cfg.addr)
		if err != nil {
			return err
		}
		s.addr = l.Addr().String()
		s.acceptOn(l)
	}
	s.url = scheme + authority(s.addr)
	s.client = &http.Client{Transport: s.newTransport()}
	return nil
}

// authority is the host and port at which a client reaches a listening address:
// "every address of this machine", as [::] or 0.0.0.0, is none to call.
func authority(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err == nil && net.ParseIP(host).IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return addr
}

// StopListening closes the listening socket, so that the kernel refuses new
// connections; those that exist go on. It has no effect in memory.
func (s *Server) StopListening() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener == nil {
		return nil
	}
	err := s.listener.Close()
	s.listener = nil
	return err
}

// StartListening opens the same address again after StopListening. The error of
// a server that is closed is net.ErrClosed.
func (s *Server) StartListening() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	if s.memory != nil || s.listener != nil {
		return nil
	}
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", s.addr)
	if err != nil {
		return err
	}
	s.acceptOn(l)
	return nil
}

// acceptOn serves a socket, whose connections a fault may refuse.
func (s *Server) acceptOn(l net.Listener) {
	s.listener = &refusingListener{l, s.refuses, sync.OnceValue(l.Close)}
	s.serveOn(s.listener)
}

// serveOn serves a listener until it is closed. The error of Serve then only
// says so.
func (s *Server) serveOn(l net.Listener) {
	if s.cfg.tls {
		go func() { _ = s.http.ServeTLS(l, "", "") }()
		return
	}
	go func() { _ = s.http.Serve(l) }()
}

// refusingListener resets connections that a fault refuses. StopListening and
// http.Server may both close it.
type refusingListener struct {
	net.Listener
	refuses func() bool
	close   func() error
}

func (l *refusingListener) Close() error { return l.close() }

func (l *refusingListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil || !l.refuses() {
			return c, err
		}
		resetConn(c)
	}
}

// reset breaks the connection of a request with a TCP reset and ends its handler.
func (s *Server) reset(r *http.Request) {
	if c, ok := r.Context().Value(connKey{}).(net.Conn); ok {
		resetConn(c)
	}
	panic(http.ErrAbortHandler)
}

// resetConn closes a connection so that the peer sees ECONNRESET, whatever
// was sent before. It closes the socket itself below TLS, for no alert may
// come first.
func resetConn(c net.Conn) {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	if l, ok := c.(interface{ SetLinger(sec int) error }); ok {
		_ = l.SetLinger(0) // fails only when the peer was first, and then it does not matter
	}
	_ = c.Close()
}

// certificate makes a self-signed certificate for loopback, for the address to
// listen on, and for the hosts of RunComfy's API and outputs.
func certificate(addr string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{Organization: []string{"genclient mock"}},
		NotBefore:             time.Unix(0, 0), // virtual clocks start in 2000
		NotAfter:              time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
		DNSNames:              []string{"localhost", "*.runcomfy.net", "*.runcomfy.com"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if host, _, err := net.SplitHostPort(addr); err == nil && net.ParseIP(host) != nil {
		template.IPAddresses = append(template.IPAddresses, net.ParseIP(host))
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}
