package mock

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
)

// memoryNetwork is a listener and dialler over net.Pipe. Everything it waits
// for is a channel, so that a testing/synctest bubble can tell that it waits.
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
		return nil, memoryError("dial", "connect", syscall.ECONNREFUSED)
	}
	ours, theirs := memoryPipe()
	select {
	case m.conns <- theirs:
		return ours, nil
	case <-m.done:
		return nil, memoryError("dial", "connect", syscall.ECONNREFUSED)
	case <-ctx.Done():
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: memoryAddr{}, Err: ctx.Err()}
	}
}

// memoryConn is one end of a net.Pipe that can also be reset.
type memoryConn struct {
	net.Conn
	abort atomic.Bool  // set by SetLinger(0)
	reset *atomic.Bool // shared by both ends
}

func memoryPipe() (a, b *memoryConn) {
	x, y := net.Pipe()
	reset := new(atomic.Bool)
	return &memoryConn{Conn: x, reset: reset}, &memoryConn{Conn: y, reset: reset}
}

// SetLinger makes Close a reset if sec is 0, as net.TCPConn does.
func (c *memoryConn) SetLinger(sec int) error {
	c.abort.Store(sec == 0)
	return nil
}

// Close closes or resets the connection.
func (c *memoryConn) Close() error {
	if c.abort.Load() {
		c.reset.Store(true)
	}
	return c.Conn.Close()
}

// Read gives ECONNRESET once the connection was reset.
func (c *memoryConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil && c.reset.Load() {
		err = memoryError("read", "read", syscall.ECONNRESET)
	}
	return n, err
}

// Write gives ECONNRESET once the connection was reset, and EPIPE when the
// peer has closed it.
func (c *memoryConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	switch {
	case err != nil && c.reset.Load():
		err = memoryError("write", "write", syscall.ECONNRESET)
	case errors.Is(err, io.ErrClosedPipe):
		err = memoryError("write", "write", syscall.EPIPE)
	}
	return n, err
}

// RemoteAddr and LocalAddr look like those of a loopback socket.
func (c *memoryConn) RemoteAddr() net.Addr { return memoryAddr{} }

// LocalAddr implements net.Conn.
func (c *memoryConn) LocalAddr() net.Addr { return memoryAddr{} }

// memoryError is the error that a TCP socket gives for the same event.
func memoryError(op, call string, errno syscall.Errno) error {
	return &net.OpError{Op: op, Net: "tcp", Addr: memoryAddr{}, Err: os.NewSyscallError(call, errno)}
}

type memoryAddr struct{}

func (memoryAddr) Network() string { return "tcp" }
func (memoryAddr) String() string  { return memoryAuthority }
