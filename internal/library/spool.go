package library

import (
	"fmt"
	"os"
)

// spool keeps pieces of text out of memory until they are wanted: in a file
// without a name, as far as the system allows, that goes with the process.
type spool struct {
	file *os.File
	size int64
}

// piece is a text in a spool.
type piece struct{ at, size int64 }

func newSpool() (*spool, error) {
	f, err := os.CreateTemp("", "genclient-*")
	if err != nil {
		return nil, fmt.Errorf("making a temporary file: %w", err)
	}
	os.Remove(f.Name()) // Windows removes it on close
	return &spool{file: f}, nil
}

func (s *spool) put(text []byte) (piece, error) {
	if _, err := s.file.WriteAt(text, s.size); err != nil {
		return piece{}, fmt.Errorf("writing a temporary file: %w", err)
	}
	p := piece{s.size, int64(len(text))}
	s.size += p.size
	return p, nil
}

// get may be called concurrently with itself.
func (s *spool) get(p piece) ([]byte, error) {
	text := make([]byte, p.size)
	if _, err := s.file.ReadAt(text, p.at); err != nil {
		return nil, fmt.Errorf("reading a temporary file: %w", err)
	}
	return text, nil
}

func (s *spool) close() {
	name := s.file.Name()
	s.file.Close()
	os.Remove(name)
}
