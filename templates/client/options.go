package client

import (
	"cmp"
	"crypto/x509"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// An Option configures a Client.
type Option interface{ applyClient(*clientSettings) }

// A CallOption changes one call of a model method.
type CallOption interface{ applyCall(*callSettings) }

// A WaitOption changes one Wait or Updates; it is a CallOption too.
type WaitOption interface {
	CallOption
	applyWait(*callSettings)
}

// clientSettings is what the options of New write.
type clientSettings struct {
	baseURL    string
	insecure   bool
	httpClient *http.Client
	user       string      // value of the User-Agent header
	headers    [][2]string // of every call, names in canonical form
	log        *slog.Logger
	observer   func(Event)
	validate   bool
	check      MediaCheck
	strict     bool                                  // media that cannot be checked are refused
	allow      func(netip.Addr) bool                 // the addresses that media may come from
	roots      *x509.CertPool                        // that their hosts are trusted by; nil: the system's
	proxy      func(*http.Request) (*url.URL, error) // for media
	journal    Journal
	limits     Limits
}

// callSettings is what the options of one call, or of one wait, write.
type callSettings struct {
	check      MediaCheck
	onceKey    *string
	onAccepted func(*Job)
	onUpdate   func(Status)
	onCancel   OnCancelPolicy
	maxWait    time.Duration
	cost       bool
}

type option func(*clientSettings)
type callOption func(*callSettings)

func (o option) applyClient(s *clientSettings) { o(s) }
func (o callOption) applyCall(s *callSettings) { o(s) }
func (o callOption) applyWait(s *callSettings) { o(s) }

// WithBaseURL sends all calls to another origin, a path prefix included, as
// https://proxy.example/runcomfy. The default is DefaultBaseURL, also for "": given
// os.Getenv("RUNCOMFY_BASE_URL"), one program runs under an emulator and without one.
// With a base URL on this machine, media and downloads may be of its origin too.
func WithBaseURL(url string) Option {
	return option(func(s *clientSettings) { s.baseURL = cmp.Or(url, DefaultBaseURL) })
}

// WithInsecureHTTP allows a base URL of scheme http for a host that is not a
// loopback one. The token is then readable by anybody on the way.
func WithInsecureHTTP() Option { return option(func(s *clientSettings) { s.insecure = true }) }

// WithHTTPClient makes calls through the Transport of client alone, for a proxy,
// own certificates or a test. An *http.Transport is cloned and keeps this
// package's rules for submits: a fresh HTTP/1.1 connection, no redirect, no
// replay. Any other RoundTripper must not send a request twice; what it reports
// proves nothing, so that every submit that fails through it is ambiguous: to
// observe calls, use WithObserver, or an httptrace.ClientTrace in the context of
// the call, which works without a wrapper.
func WithHTTPClient(client *http.Client) Option {
	return option(func(s *clientSettings) { s.httpClient = client })
}

// WithUserAgent sets the User-Agent header. The default is genclient-go/ and the first 8
// hexadecimal digits of the digest of the schemas, see doc.gen.go.
func WithUserAgent(userAgent string) Option {
	return option(func(s *clientSettings) { s.user = userAgent })
}

// WithLogger logs what WithObserver calls for, by default nowhere: at Info that a job was
// accepted, with its charge, that it ended, with its duration and its cost, and
// that a file was downloaded; at Debug each attempt and each change of state. Neither
// the token nor a prompt nor the query of a URL is ever logged.
func WithLogger(log *slog.Logger) Option {
	return option(func(s *clientSettings) { s.log = cmp.Or(log, s.log) })
}

// WithoutValidation sends inputs without calling their Validate, when the API
// accepts more than this client knows of. Media checks go as well.
func WithoutValidation() Option {
	return option(func(s *clientSettings) { s.validate, s.check = false, MediaCheckOff })
}

// WithJournal keeps a record of keyed submits, for SubmitOnce and OnceKey.
func WithJournal(j Journal) Option { return option(func(s *clientSettings) { s.journal = j }) }

// WithReadRate sets the budget of reads that all jobs of the client share: how
// many per second in the long run, and how many at once, both above 0.
func WithReadRate(perSecond float64, burst int) Option {
	return option(func(s *clientSettings) { s.limits.ReadRate, s.limits.ReadBurst = perSecond, burst })
}

// WithLimits changes any of the figures in Limits.
func WithLimits(change func(*Limits)) Option {
	return option(func(s *clientSettings) { change(&s.limits) })
}

// Limits are the figures of a client's behaviour, here with their defaults.
type Limits struct {
	Dial            time.Duration // 10 s: the connecting of a new connection
	TLSHandshake    time.Duration // 10 s: its TLS handshake
	AnswerHeader    time.Duration // 100 s: from the end of a submit's body to the first byte of the answer
	SubmitBase      time.Duration // 130 s: a whole submit, to which its size over SubmitRate is added
	SubmitRate      int64         // 128 KiB per second
	WriteStall      time.Duration // 30 s: in which no byte of a submit's body is taken
	SubmitGrace     time.Duration // 20 s: for the answer of a submit after the caller's context has ended
	SubmitRetries   int           // 3: of a submit that was never sent
	RejectedRetries int           // 5: of one answered with 429 or 425
	RetryAfter      time.Duration // 60 s: the longest Retry-After that is honoured
	Body            int64         // 64 MiB: the largest body that is sent
	ExpectContinue  int64         // 1 MiB: above it the server is asked first whether it wants the body
	Answer          int64         // 32 MiB: what is read of one answer, unpacked
	Read            time.Duration // 60 s: one read of a status or a result
	ReadRetries     int           // 4: of a read outside of waiting
	Outage          time.Duration // 10 min: of failing reads, before waiting ends
	NotFound        time.Duration // 15 s: after its own submit, in which an unknown job is asked for again
	ReadRate        float64       // 5 reads per second, see WithReadRate
	ReadBurst       int           // 10 reads
	RetryDelay      time.Duration // 0.5 s: before the first retry of any call, at most; it doubles from retry to retry
	MediaParallel   int           // 4: files that one check or one download reads at the same time
	MediaRedirects  int           // 3: of one request for a file
	MediaTimeout    time.Duration // 10 s: the check of one file
	MediaFirstRead  int64         // 64 KiB: the first range that a check reads of a file
	MediaReads      int64         // 2 MiB: all ranges that it reads of it
	DownloadSize    int64         // 2 GiB: the largest file that is downloaded
	DownloadTries   int           // 5: requests for the download of one file
	DownloadStall   time.Duration // 60 s: in which a download brings nothing
}

func defaultLimits() Limits {
	const s = time.Second
	return Limits{
		Dial: 10 * s, TLSHandshake: 10 * s, AnswerHeader: 100 * s, SubmitBase: 130 * s, SubmitRate: 128 << 10,
		WriteStall: 30 * s, SubmitGrace: 20 * s, SubmitRetries: 3, RejectedRetries: 5, RetryAfter: 60 * s,
		Body: 64 << 20, ExpectContinue: 1 << 20,
		Answer: 32 << 20, Read: 60 * s, ReadRetries: 4, Outage: 600 * s, NotFound: 15 * s, ReadRate: 5, ReadBurst: 10,
		RetryDelay: s / 2, MediaParallel: 4, MediaRedirects: 3, MediaTimeout: 10 * s,
		MediaFirstRead: 64 << 10, MediaReads: 2 << 20,
		DownloadSize: 2 << 30, DownloadTries: 5, DownloadStall: 60 * s,
	}
}

// submitDeadline bounds the whole of one POST with a body of the given size.
func (l Limits) submitDeadline(size int) time.Duration {
	return l.SubmitBase + time.Duration(float64(size)/float64(max(l.SubmitRate, 1))*float64(time.Second))
}

// MediaCheck says how much of an input's media is measured before a submit.
type MediaCheck uint8

// The extents of a media check.
const (
	MediaCheckLocal  MediaCheck = iota // data URIs; it makes no call
	MediaCheckRemote                   // also the headers of the media behind https URLs
	MediaCheckOff                      // nothing
)

func (m MediaCheck) applyClient(s *clientSettings) { s.check = m }
func (m MediaCheck) applyCall(s *callSettings)     { s.check = m }

// WithMediaCheck sets the MediaCheck of all calls of a client, by default
// MediaCheckLocal, or of one call: it is an Option and a CallOption.
func WithMediaCheck(m MediaCheck) MediaCheck { return m }

// OnAccepted calls f with the job as soon as the API has accepted it, before
// any waiting: the place to store its id.
func OnAccepted(f func(*Job)) CallOption {
	return callOption(func(s *callSettings) { s.onAccepted = f })
}

// OnceKey submits through SubmitOnce with the given key. The default of OnCancel
// is then OnCancelDetach: the same call finds the job again.
func OnceKey(key string) CallOption { return callOption(func(s *callSettings) { s.onceKey = &key }) }

// OnUpdate calls f with the first status seen and then with every change.
func OnUpdate(f func(Status)) WaitOption {
	return callOption(func(s *callSettings) { s.onUpdate = f })
}

// OnCancelPolicy says what becomes of a job when the wait for it ends early,
// since the context has ended or MaxWait has passed.
type OnCancelPolicy uint8

// The policies of OnCancel. In either case the *WaitError leads back to the job.
const (
	OnCancelDetach   OnCancelPolicy = iota // leave it alone; the default of Wait and Updates
	OnCancelIfQueued                       // cancel it if it was not seen to run yet; the default of model methods
	onCancelDefault                        // of a model method, until its options are known
)

// OnCancel sets the policy of a wait.
func OnCancel(p OnCancelPolicy) WaitOption {
	return callOption(func(s *callSettings) { s.onCancel = p })
}

// MaxWait bounds the wait for the result. Without it, and without a deadline
// on the context, a wait ends after 20 times the usual duration of the model's
// kind of output, at least 10 minutes and at most 2 hours.
func MaxWait(d time.Duration) WaitOption { return callOption(func(s *callSettings) { s.maxWait = d }) }

// WithCost asks for the cost of the job with its result.
func WithCost() WaitOption { return callOption(func(s *callSettings) { s.cost = true }) }
