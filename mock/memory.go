package mock

import (
	"context"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// memoryNetwork is a listener and dialler of in-memory connections. Everything
// that waits in it waits on a channel or a sync.Cond, so that a
// testing/synctest bubble can tell that it waits.
type memoryNetwork struct {
	conns chan net.Conn
	done  chan struct{}
	close func()
}

func newMemoryNetwork() *memoryNetwork {
	m := &memoryNetwork{conns: make(chan net.Conn), done: make(chan struct{})}
	m.close = sync.OnceFunc(func() { close(m.done) })
	return m
}

// Accept implements net.Listener.
func (m *memoryNetwork) Accept() (net.Conn, error) {
	select {
	case c := <-m.conns:
		return c, nil
	case <-m.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (m *memoryNetwork) Close() error {
	m.close()
	return nil
}

// Addr implements net.Listener.
func (m *memoryNetwork) Addr() net.Addr { return memoryAddr{} }

// dial connects to the listener unless refuses says no.
func (m *memoryNetwork) dial(ctx context.Context, refuses func() bool) (net.Conn, error) {
	if refuses() {
		return nil, memoryError("dial", os.NewSyscallError("connect", syscall.ECONNREFUSED))
	}
	up, down := newMemoryStream(), newMemoryStream()
	select {
	case m.conns <- &memoryConn{in: up, out: down}:
		return &memoryConn{in: down, out: up}, nil
	case <-m.done:
		return nil, memoryError("dial", os.NewSyscallError("connect", syscall.ECONNREFUSED))
	case <-ctx.Done():
		return nil, memoryError("dial", ctx.Err())
	}
}

// streamBuffer is how much may be written ahead of the reader. Without any,
// two ends of TLS that close at once would wait for each other.
const streamBuffer = 32 << 10

// memoryStream is one direction of a connection.
type memoryStream struct {
	mu       sync.Mutex
	changed  *sync.Cond
	data     []byte
	noWriter bool // the writing end is closed
	noReader bool // the reading end is closed
	reset    bool
	readBy   memoryDeadline
	writeBy  memoryDeadline
}

func newMemoryStream() *memoryStream {
	s := new(memoryStream)
	s.changed = sync.NewCond(&s.mu)
	return s
}

// memoryDeadline wakes those who wait when it passes.
type memoryDeadline struct {
	at    time.Time // zero for none
	timer *time.Timer
}

func (d *memoryDeadline) passed() bool { return !d.at.IsZero() && !time.Now().Before(d.at) }

// setDeadline sets a deadline of s.
func (s *memoryStream) setDeadline(d *memoryDeadline, t time.Time) {
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
func (s *memoryStream) update(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	s.changed.Broadcast()
}

// read waits for data. The errors are those of a TCP socket.
func (s *memoryStream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.noReader:
			return 0, memoryError("read", net.ErrClosed)
		case s.reset:
			return 0, memoryError("read", os.NewSyscallError("read", syscall.ECONNRESET))
		case s.readBy.passed():
			return 0, memoryError("read", os.ErrDeadlineExceeded)
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
func (s *memoryStream) write(p []byte) (written int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.noWriter:
			return written, memoryError("write", net.ErrClosed)
		case s.reset:
			return written, memoryError("write", os.NewSyscallError("write", syscall.ECONNRESET))
		case s.noReader:
			return written, memoryError("write", os.NewSyscallError("write", syscall.EPIPE))
		case s.writeBy.passed():
			return written, memoryError("write", os.ErrDeadlineExceeded)
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

// memoryConn is one end of a connection.
type memoryConn struct {
	in, out *memoryStream
}

// Read implements net.Conn.
func (c *memoryConn) Read(p []byte) (int, error) { return c.in.read(p) }

// Write implements net.Conn.
func (c *memoryConn) Write(p []byte) (int, error) { return c.out.write(p) }

// Close closes this end: the peer reads what was written, then EOF.
func (c *memoryConn) Close() error {
	c.in.update(func() { c.in.noReader = true })
	c.out.update(func() { c.out.noWriter = true })
	return nil
}

// SetLinger with 0 resets the connection, which net.TCPConn does on Close.
func (c *memoryConn) SetLinger(sec int) error {
	for _, s := range []*memoryStream{c.in, c.out} {
		s.update(func() { s.reset = s.reset || sec == 0 })
	}
	return nil
}

// SetDeadline implements net.Conn.
func (c *memoryConn) SetDeadline(t time.Time) error {
	c.in.setDeadline(&c.in.readBy, t)
	c.out.setDeadline(&c.out.writeBy, t)
	return nil
}

// SetReadDeadline implements net.Conn.
func (c *memoryConn) SetReadDeadline(t time.Time) error {
	c.in.setDeadline(&c.in.readBy, t)
	return nil
}

// SetWriteDeadline implements net.Conn.
func (c *memoryConn) SetWriteDeadline(t time.Time) error {
	c.out.setDeadline(&c.out.writeBy, t)
	return nil
}

// RemoteAddr implements net.Conn.
func (c *memoryConn) RemoteAddr() net.Addr { return memoryAddr{} }

// LocalAddr implements net.Conn.
func (c *memoryConn) LocalAddr() net.Addr { return memoryAddr{} }

// memoryError is the form that the net package gives to the errors of a socket.
func memoryError(op string, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Addr: memoryAddr{}, Err: err}
}

type memoryAddr struct{}

func (memoryAddr) Network() string { return "tcp" }
func (memoryAddr) String() string  { return memoryAuthority }
