package client

import (
	"log/slog"
	"net/http"
	"time"
)

const defaultUserAgent = "runcomfy-go (genclient)"

// An Option configures a Client.
type Option interface{ applyClient(*clientSettings) }

// clientSettings is what options write and New reads.
type clientSettings struct {
	baseURL    string
	insecure   bool
	httpClient *http.Client
	userAgent  string
	log        *slog.Logger
	validate   bool
	check      MediaCheck
	media      mediaSettings
	journal    Journal
	limits     Limits
}

type option func(*clientSettings)

func (o option) applyClient(s *clientSettings) { o(s) }

// WithBaseURL sends all calls to another origin, a path prefix included, as
// https://proxy.example/runcomfy. The default is DefaultBaseURL.
func WithBaseURL(url string) Option {
	return option(func(s *clientSettings) { s.baseURL = url })
}

// WithInsecureHTTP allows a base URL of scheme http for a host that is not a
// loopback one. The token is then readable by anybody on the way.
func WithInsecureHTTP() Option {
	return option(func(s *clientSettings) { s.insecure = true })
}

// WithHTTPClient makes calls through the Transport of client, for a proxy, own
// certificates or a test. Its Timeout, Jar and CheckRedirect are not used. An
// *http.Transport is cloned and keeps the rules that this package has for
// submits: a fresh HTTP/1.1 connection, no redirect, no replay. Any other
// RoundTripper must not send a request twice; what it reports of a failed
// submit proves nothing, so every failure through it is ambiguous.
func WithHTTPClient(client *http.Client) Option {
	return option(func(s *clientSettings) { s.httpClient = client })
}

// WithUserAgent sets the User-Agent header.
func WithUserAgent(userAgent string) Option {
	return option(func(s *clientSettings) { s.userAgent = userAgent })
}

// WithLogger logs calls and retries. Neither the token nor a prompt nor the
// query of a URL is ever logged. By default nothing is.
func WithLogger(log *slog.Logger) Option {
	return option(func(s *clientSettings) {
		if log != nil {
			s.log = log
		}
	})
}

// WithoutValidation sends inputs without calling their Validate, when the API
// accepts more than this client knows of. Media checks go as well.
func WithoutValidation() Option {
	return option(func(s *clientSettings) { s.validate, s.check = false, MediaCheckOff })
}

// WithJournal keeps a record of keyed submits, which SubmitOnce and OnceKey
// need.
func WithJournal(j Journal) Option {
	return option(func(s *clientSettings) { s.journal = j })
}

// WithReadRate sets the budget of reads that all jobs of the client share:
// perSecond reads in the long run, burst at once. The default is 5 and 10.
func WithReadRate(perSecond float64, burst int) Option {
	return option(func(s *clientSettings) { s.limits.ReadRate, s.limits.ReadBurst = perSecond, burst })
}

// WithLimits changes any of the figures in Limits:
//
//	runcomfy.WithLimits(func(l *runcomfy.Limits) { l.Outage = time.Hour })
func WithLimits(change func(*Limits)) Option {
	return option(func(s *clientSettings) { change(&s.limits) })
}

// A SharedOption is an Option of New and a CallOption of one call.
type SharedOption interface {
	Option
	CallOption
}

// MediaCheck says how much of an input's media is measured before a submit.
type MediaCheck uint8

// The extents of a media check.
const (
	// MediaCheckLocal measures data URIs; it makes no call.
	MediaCheckLocal MediaCheck = iota
	// MediaCheckRemote also reads the headers of the media behind https URLs.
	MediaCheckRemote
	// MediaCheckOff measures nothing.
	MediaCheckOff
)

// WithMediaCheck sets how much of an input's media is measured before it is
// submitted, for all calls of a client or for one. The default is
// MediaCheckLocal.
func WithMediaCheck(m MediaCheck) SharedOption { return mediaCheckOption(m) }

type mediaCheckOption MediaCheck

func (o mediaCheckOption) applyClient(s *clientSettings) { s.check = MediaCheck(o) }
func (o mediaCheckOption) applyCall(s *callSettings)     { s.check = MediaCheck(o) }

// Limits are the figures of a client's behaviour. WithLimits changes them.
type Limits struct {
	// Dial and TLSHandshake bound the two steps of a new connection.
	Dial, TLSHandshake time.Duration // 10 s each
	// AnswerHeader bounds the time from the end of a submit's body to the
	// first byte of the answer.
	AnswerHeader time.Duration // 100 s
	// SubmitBase and SubmitRate bound a whole submit: base plus the body's
	// size over the rate.
	SubmitBase time.Duration // 130 s
	SubmitRate int64         // 128 KiB per second
	// WriteStall bounds the time in which no byte of a body is taken.
	WriteStall time.Duration // 30 s
	// SubmitGrace is how long the answer of a submit is awaited after the
	// caller's context has ended, so that the id of a paid job is not lost.
	SubmitGrace time.Duration // 20 s
	// SubmitRetries bounds the retries of a submit that was never sent;
	// RejectedRetries those of one answered with 429 or 425.
	SubmitRetries   int // 3
	RejectedRetries int // 5
	// RetryAfter is the longest Retry-After that is honoured.
	RetryAfter time.Duration // 60 s
	// Body is the largest body sent; ExpectContinue the size above which the
	// server is asked first whether it wants the body.
	Body           int64 // 64 MiB
	ExpectContinue int64 // 1 MiB
	// Read bounds one read of a status or a result; ReadRetries the retries
	// of a read outside of waiting.
	Read        time.Duration // 60 s
	ReadRetries int           // 4
	// Outage is how long waiting goes on while every read fails.
	Outage time.Duration // 10 min
	// NotFound is how long after its own submit a job that the API does not
	// know yet is asked for again.
	NotFound time.Duration // 15 s
	// ReadRate and ReadBurst are the budget of reads, in reads per second.
	ReadRate  float64 // 5
	ReadBurst int     // 10
}

func defaultLimits() Limits {
	return Limits{
		Dial:            10 * time.Second,
		TLSHandshake:    10 * time.Second,
		AnswerHeader:    100 * time.Second,
		SubmitBase:      130 * time.Second,
		SubmitRate:      128 << 10,
		WriteStall:      30 * time.Second,
		SubmitGrace:     20 * time.Second,
		SubmitRetries:   3,
		RejectedRetries: 5,
		RetryAfter:      60 * time.Second,
		Body:            64 << 20,
		ExpectContinue:  1 << 20,
		Read:            60 * time.Second,
		ReadRetries:     4,
		Outage:          10 * time.Minute,
		NotFound:        15 * time.Second,
		ReadRate:        5,
		ReadBurst:       10,
	}
}

// submitDeadline bounds the whole of one POST with a body of the given size.
func (l Limits) submitDeadline(size int) time.Duration {
	return l.SubmitBase + time.Duration(float64(size)/float64(max(l.SubmitRate, 1))*float64(time.Second))
}
