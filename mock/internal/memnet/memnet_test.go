package memnet

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// TestListener: dialling waits for Accept, a context ends the wait, and after
// Close the port is one that nobody serves.
func TestListener(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Listen("127.0.0.1:1")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := l.DialContext(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("without Accept: %v", err)
		}
		go func() {
			c, err := l.Accept()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = c.Write([]byte("hello"))
			_ = c.Close()
		}()
		c, err := l.DialContext(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(c); string(got) != "hello" || err != nil {
			t.Errorf("read %q, %v", got, err)
		}
		if c.RemoteAddr().String() != "127.0.0.1:1" || l.Addr().Network() != "tcp" {
			t.Errorf("address %v of %v", c.RemoteAddr(), l.Addr())
		}
		_ = l.Close()
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("accepting after Close: %v", err)
		}
		if _, err := l.DialContext(t.Context()); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("dialling after Close: %v", err)
		}
	})
}

// TestConn: the errors and the blocking are those of a socket.
func TestConn(t *testing.T) {
	t.Run("data, then the end", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a, b := pipe("127.0.0.1:1")
			text := strings.Repeat("0123456789", 20_000) // more than the buffer
			go func() {
				if n, err := a.Write([]byte(text)); n != len(text) || err != nil {
					t.Errorf("wrote %d, %v", n, err)
				}
				_ = a.Close()
			}()
			got, err := io.ReadAll(b)
			if string(got) != text || err != nil {
				t.Errorf("read %d bytes, %v", len(got), err)
			}
		})
	})
	t.Run("reset drops what was written", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a, b := pipe("127.0.0.1:1")
			if _, err := a.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
			_ = a.SetLinger(0)
			_ = a.Close()
			if _, err := b.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("read: %v", err)
			}
			if _, err := b.Write([]byte("x")); !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("write: %v", err)
			}
			if _, err := a.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
				t.Errorf("own read: %v", err)
			}
		})
	})
	t.Run("closed by the peer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a, b := pipe("127.0.0.1:1")
			_ = a.Close()
			if _, err := b.Write([]byte("x")); !errors.Is(err, syscall.EPIPE) {
				t.Errorf("write: %v", err)
			}
			if _, err := b.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("read: %v", err)
			}
		})
	})
	t.Run("deadlines", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			a, b := pipe("127.0.0.1:1")
			begin := time.Now()
			_ = a.SetReadDeadline(begin.Add(time.Second))
			_ = b.SetWriteDeadline(begin.Add(2 * time.Second))
			var timeout net.Error
			if _, err := a.Read(make([]byte, 1)); !errors.As(err, &timeout) || !timeout.Timeout() || time.Since(begin) != time.Second {
				t.Errorf("read: %v after %v", err, time.Since(begin))
			}
			if n, err := b.Write(make([]byte, 2*streamBuffer)); n != streamBuffer || !errors.As(err, &timeout) || time.Since(begin) != 2*time.Second {
				t.Errorf("wrote %d: %v after %v", n, err, time.Since(begin))
			}
			_ = a.SetDeadline(time.Time{})
			if n, err := a.Read(make([]byte, streamBuffer)); n != streamBuffer || err != nil {
				t.Errorf("read %d: %v", n, err)
			}
		})
	})
}
