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
	change []func(*MediaLimits)
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

// MediaLimits are the figures of media checks and of downloads.
type MediaLimits struct {
	// Redirects bounds the redirects of one request, Parallel the files that
	// are read at the same time.
	Redirects, Parallel int // 3 and 4
	// Timeout bounds the check of one file, redirects included.
	Timeout time.Duration // 10 s
	// FirstRead is the size of the first range that a check reads of a file,
	// Reads that of all ranges of it together, in bytes.
	FirstRead, Reads int64 // 64 KiB, 2 MiB
	// FileSize is the largest file downloaded, in bytes.
	FileSize int64 // 2 GiB
	// Tries bounds the requests for the download of one file.
	Tries int // 5
	// RetryDelay is the longest pause before the second try; it doubles with
	// each up to 8 s.
	RetryDelay time.Duration // 0.5 s
	// Stall is how long a server may send nothing of a download.
	Stall time.Duration // 60 s
}

// WithMediaLimits changes any of the figures in MediaLimits.
func WithMediaLimits(change func(*MediaLimits)) Option {
	return option(func(s *clientSettings) { s.media.change = append(s.media.change, change) })
}

func (s mediaSettings) figures() MediaLimits {
	l := MediaLimits{
		Redirects: 3, Parallel: 4,
		Timeout: 10 * time.Second, FirstRead: 64 << 10, Reads: 2 << 20,
		FileSize: 2 << 30, Tries: 5, RetryDelay: 500 * time.Millisecond, Stall: 60 * time.Second,
	}
	for _, change := range s.change {
		change(&l)
	}
	return l
}
