// Package memnet is a network in memory: a listener and connections whose errors,
// deadlines and resets are those of TCP sockets. Everything that waits in it
// waits on a channel or a sync.Cond, so that a testing/synctest bubble can tell
// that it waits.
package memnet

import (
	"context"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// A Listener accepts the connections that its DialContext makes. It is made by
// Listen and implements net.Listener.
type Listener struct {
	addr  address
	conns chan net.Conn
	done  chan struct{}
	close func()
}

// Listen returns a listener whose address, and that of its connections, is addr,
// such as "127.0.0.1:1". No socket is opened.
func Listen(addr string) *Listener {
	l := &Listener{addr: address(addr), conns: make(chan net.Conn), done: make(chan struct{})}
	l.close = sync.OnceFunc(func() { close(l.done) })
	return l
}

// Accept waits for a connection. After Close the error is net.ErrClosed.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close ends Accept and refuses further connections; those that exist go on.
func (l *Listener) Close() error {
	l.close()
	return nil
}

// Addr returns the address that Listen was given.
func (l *Listener) Addr() net.Addr { return l.addr }

// DialContext connects to the listener. It waits for Accept until ctx ends. After
// Close the error is that of Refused.
func (l *Listener) DialContext(ctx context.Context) (net.Conn, error) {
	near, far := pipe(l.addr)
	select {
	case l.conns <- far:
		return near, nil
	case <-l.done:
		return nil, l.Refused()
	case <-ctx.Done():
		return nil, socketError("dial", l.addr, ctx.Err())
	}
}

// Refused returns the error of a connection that the peer refuses, ECONNREFUSED.
func (l *Listener) Refused() error {
	return socketError("dial", l.addr, os.NewSyscallError("connect", syscall.ECONNREFUSED))
}

// pipe returns both ends of a connection.
func pipe(addr address) (a, b *Conn) {
	x, y := newStream(addr), newStream(addr)
	return &Conn{in: x, out: y}, &Conn{in: y, out: x}
}

// streamBuffer is how much may be written ahead of the reader. Without any,
// two ends of TLS that close at once would wait for each other.
const streamBuffer = 32 << 10

// stream is one direction of a connection.
type stream struct {
	addr     address
	mu       sync.Mutex
	changed  *sync.Cond
	data     []byte
	noWriter bool // the writing end is closed
	noReader bool // the reading end is closed
	reset    bool
	readBy   deadline
	writeBy  deadline
}

func newStream(addr address) *stream {
	s := &stream{addr: addr}
	s.changed = sync.NewCond(&s.mu)
	return s
}

// deadline wakes those who wait when it passes.
type deadline struct {
	at    time.Time // zero for none
	timer *time.Timer
}

func (d *deadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

// setDeadline sets a deadline of s.
func (s *stream) setDeadline(d *deadline, t time.Time) {
	s.update(func() {
		if d.timer != nil {
			d.timer.Stop()
		}
		d.at = t
		if !t.IsZero() {
			d.timer = time.AfterFunc(time.Until(t), func() { s.update(func() {}) })
		}
	})
}

// update changes s and wakes everybody who waits for a change.
func (s *stream) update(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	s.changed.Broadcast()
}

// read waits for data. The errors are those of a TCP socket.
func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.noReader:
			return 0, socketError("read", s.addr, net.ErrClosed)
		case s.reset:
			return 0, socketError("read", s.addr, os.NewSyscallError("read", syscall.ECONNRESET))
		case s.readBy.passed():
			return 0, socketError("read", s.addr, os.ErrDeadlineExceeded)
		case len(s.data) > 0:
			n := copy(p, s.data)
			s.data = s.data[n:]
			s.changed.Broadcast()
			return n, nil
		case s.noWriter:
			return 0, io.EOF
		}
		s.changed.Wait()
	}
}

// write waits for room. The errors are those of a TCP socket.
func (s *stream) write(p []byte) (written int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.noWriter:
			return written, socketError("write", s.addr, net.ErrClosed)
		case s.reset:
			return written, socketError("write", s.addr, os.NewSyscallError("write", syscall.ECONNRESET))
		case s.noReader:
			return written, socketError("write", s.addr, os.NewSyscallError("write", syscall.EPIPE))
		case s.writeBy.passed():
			return written, socketError("write", s.addr, os.ErrDeadlineExceeded)
		}
		if room := min(streamBuffer-len(s.data), len(p)); room > 0 {
			s.data = append(s.data, p[:room]...)
			p, written = p[room:], written+room
			s.changed.Broadcast()
		}
		if len(p) == 0 {
			return written, nil
		}
		s.changed.Wait()
	}
}

// A Conn is one end of a connection. It implements net.Conn.
type Conn struct {
	in, out *stream
}

// Read waits for data. At the end that the peer closed it returns io.EOF.
func (c *Conn) Read(p []byte) (int, error) { return c.in.read(p) }

// Write waits for room in the buffer of the connection.
func (c *Conn) Write(p []byte) (int, error) { return c.out.write(p) }

// Close closes this end: the peer reads what was written, then EOF.
func (c *Conn) Close() error {
	c.in.update(func() { c.in.noReader = true })
	c.out.update(func() { c.out.noWriter = true })
	return nil
}

// SetLinger with 0 resets the connection, which net.TCPConn does on Close.
func (c *Conn) SetLinger(sec int) error {
	for _, s := range []*stream{c.in, c.out} {
		s.update(func() { s.reset = s.reset || sec == 0 })
	}
	return nil
}

// SetDeadline sets the read and the write deadline; the zero time is none.
func (c *Conn) SetDeadline(t time.Time) error {
	c.in.setDeadline(&c.in.readBy, t)
	c.out.setDeadline(&c.out.writeBy, t)
	return nil
}

// SetReadDeadline lets Read fail with os.ErrDeadlineExceeded from t on.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.in.setDeadline(&c.in.readBy, t)
	return nil
}

// SetWriteDeadline lets Write fail with os.ErrDeadlineExceeded from t on.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.out.setDeadline(&c.out.writeBy, t)
	return nil
}

// RemoteAddr returns the address of the listener.
func (c *Conn) RemoteAddr() net.Addr { return c.in.addr }

// LocalAddr returns the address of the listener too: dialling ends have none.
func (c *Conn) LocalAddr() net.Addr { return c.in.addr }

// socketError is the form that the net package gives to the errors of a socket.
func socketError(op string, addr address, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Addr: addr, Err: err}
}

// address is a host and port.
type address string

func (address) Network() string  { return "tcp" }
func (a address) String() string { return string(a) }
