package client

import (
	"crypto/x509"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// mediaSettings is what the options of media checks and downloads write. The
// zero value is the default.
type mediaSettings struct {
	strict bool
	limits *MediaLimits
	allow  func(netip.Addr) bool                 // nil: publicAddress
	roots  *x509.CertPool                        // nil: the system's
	proxy  func(*http.Request) (*url.URL, error) // nil: from the environment
}

// WithStrictMedia refuses an input unless every media rule of its model was
// checked and holds: a file that cannot be read or that the MediaCheck leaves
// out, and a rule that this client does not know, are violations then.
func WithStrictMedia() Option {
	return option(func(s *clientSettings) { s.media.strict = true })
}

// WithPrivateMedia lets media checks and downloads reach loopback and other
// private addresses, and trusts the certificates in roots instead of the
// system's unless it is nil. It is for tests: with it, whoever chooses a media
// URL can look into the network that the program runs in.
func WithPrivateMedia(roots *x509.CertPool) Option {
	return option(func(s *clientSettings) {
		s.media.allow = func(netip.Addr) bool { return true }
		s.media.roots = roots
	})
}

// MediaLimits are the figures of checks of remote media. WithMediaLimits
// changes them.
type MediaLimits struct {
	// Timeout bounds the check of one file, redirects included.
	Timeout time.Duration // 10 s
	// FirstRead is the size of the first range read of a file, Reads that of
	// all ranges of it together, in bytes.
	FirstRead, Reads int64 // 64 KiB, 2 MiB
	// Redirects bounds the redirects of one request.
	Redirects int // 3
	// Parallel bounds the files that are read at the same time.
	Parallel int // 4
}

// WithMediaLimits changes any of the figures in MediaLimits.
func WithMediaLimits(change func(*MediaLimits)) Option {
	return option(func(s *clientSettings) {
		limits := s.media.figures()
		change(&limits)
		s.media.limits = &limits
	})
}

func (s mediaSettings) figures() MediaLimits {
	if s.limits != nil {
		return *s.limits
	}
	return MediaLimits{
		Timeout:   10 * time.Second,
		FirstRead: 64 << 10,
		Reads:     2 << 20,
		Redirects: 3,
		Parallel:  4,
	}
}
