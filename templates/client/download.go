package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A File is one downloaded output.
type File struct {
	// Output is where its URL stands in Result.Output, as image or images[2].
	Output string
	// Path is the file, in the folder that was given.
	Path string
	// Bytes is its size.
	Bytes int64
	// Format is told by the content, as png or mp4; see MediaInfo.
	Format string
}

// A DownloadError lists the outputs that did not arrive, in their order.
type DownloadError struct {
	Failed []FailedDownload

	requestID string
}

// A FailedDownload is one output that did not arrive.
type FailedDownload struct {
	Output string // as File.Output
	Err    error
}

func (e *DownloadError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "runcomfy: download of job %s: ", e.requestID)
	for i, f := range e.Failed {
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(f.Output + ": " + f.Err.Error())
	}
	return b.String()
}

// Unwrap returns the error of each failed download.
func (e *DownloadError) Unwrap() []error {
	errs := make([]error, len(e.Failed))
	for i, f := range e.Failed {
		errs[i] = f.Err
	}
	return errs
}

// Charged returns ChargedYes: the job was done.
func (e *DownloadError) Charged() Charged { return ChargedYes }

// RequestID returns the id of the job.
func (e *DownloadError) RequestID() string { return e.requestID }

// A DownloadOption changes one Download.
type DownloadOption interface{ applyDownload(*downloadSettings) }

type downloadOption func(*downloadSettings)

func (o downloadOption) applyDownload(s *downloadSettings) { o(s) }

type downloadSettings struct {
	hosts  []string
	limits DownloadLimits
	write  func(f *os.File, p []byte) (int, error) // stands in for a full disk in tests
}

// WithDownloadHosts also allows downloads from the given hosts and the hosts
// below them. Without it only runcomfy.net and runcomfy.com are.
func WithDownloadHosts(hosts ...string) DownloadOption {
	return downloadOption(func(s *downloadSettings) { s.hosts = append(s.hosts, hosts...) })
}

// DownloadLimits are the figures of a Download. WithDownloadLimits changes them.
type DownloadLimits struct {
	// FileSize is the largest file taken, in bytes.
	FileSize int64 // 2 GiB
	// Tries bounds the requests for one file; RetryDelay is the longest pause
	// before the second of them, and doubles with each up to 8 s.
	Tries      int           // 5
	RetryDelay time.Duration // 0.5 s
	// Stall is how long a server may send nothing.
	Stall time.Duration // 60 s
	// Redirects bounds the redirects of one request.
	Redirects int // 3
	// Parallel bounds the files that are fetched at the same time.
	Parallel int // 4
}

// WithDownloadLimits changes any of the figures in DownloadLimits.
func WithDownloadLimits(change func(*DownloadLimits)) DownloadOption {
	return downloadOption(func(s *downloadSettings) { change(&s.limits) })
}

// Download fetches every file that a result names into the folder dir, which
// it makes if need be, and returns the files in the order of Result.Output. A
// URL that is named twice is fetched once.
//
// The names are the request id, the field, the place in a list from 1 on, and
// an extension that follows from the content: ID-video.mp4, ID-images-2.png. A
// file gets its name when it is complete, written to disk and of a known
// format; until then it is a hidden one ending in .part. An existing file is
// never replaced: the same content counts as downloaded, another is an error.
//
// Files come from https URLs of RunComfy's hosts alone, without a credential.
// A download that is cut is resumed; one whose link has expired reads the
// result again, once. If any file fails, the others are fetched all the same
// and returned beside a *DownloadError that lists the failed ones.
func (c *Client) Download(ctx context.Context, res *Result, dir string, opts ...DownloadOption) ([]File, error) {
	switch {
	case c == nil || c.core == nil:
		return nil, &ConfigError{Reason: "the client was not made by New"}
	case res == nil:
		return nil, &ConfigError{Reason: "the result to download is nil"}
	case !validRequestID(res.RequestID): // it becomes part of file names
		return nil, &ConfigError{Reason: "the result's request id is not one that the API gives"}
	}
	s := downloadSettings{
		hosts: []string{"runcomfy.net", "runcomfy.com"},
		limits: DownloadLimits{
			FileSize:   2 << 30,
			Tries:      5,
			RetryDelay: 500 * time.Millisecond,
			Stall:      60 * time.Second,
			Redirects:  3,
			Parallel:   4,
		},
		write: (*os.File).Write,
	}
	for _, o := range opts {
		o.applyDownload(&s)
	}
	outputs := outputsOf(res.Output)
	if len(outputs) == 0 {
		return nil, nil
	}
	transport := newMediaTransport(c.media)
	defer transport.closeIdle()
	d := &downloader{
		downloadSettings: s,
		dir:              filepath.Clean(dir),
		requestID:        res.RequestID,
		userAgent:        c.user,
		refresh: sync.OnceValues(func() (*Result, error) {
			job, err := c.Job(res.RequestID)
			if err != nil {
				return nil, err
			}
			return job.Result(ctx)
		}),
	}
	d.client = transport.client(s.limits.Redirects, d.checkURL)
	return d.all(ctx, outputs)
}

// An output is one URL of a result.
type output struct {
	field string
	index int // in a list, -1 in a field for one
	url   string
}

// String returns the place in Result.Output, as images[2].
func (o output) String() string {
	if o.index < 0 {
		return o.field
	}
	return o.field + "[" + strconv.Itoa(o.index) + "]"
}

// outputsOf lists the URLs of an output. Results often repeat the first of a
// list in the field for one: the list's name is kept.
func outputsOf(o Output) []output {
	var all []output
	add := func(field, single string, list []string) {
		for i, u := range list {
			all = append(all, output{field + "s", i, u})
		}
		all = append(all, output{field, -1, single})
	}
	add("image", o.Image, o.Images)
	add("video", o.Video, o.Videos)
	add("audio", o.Audio, o.Audios)
	seen := map[string]bool{"": true}
	return slices.DeleteFunc(all, func(o output) bool {
		known := seen[o.url]
		seen[o.url] = true
		return known
	})
}

// A downloader fetches the files of one result.
type downloader struct {
	downloadSettings
	dir, requestID, userAgent string
	client                    *http.Client
	refresh                   func() (*Result, error) // reads the result again, once for all files
}

// all fetches the outputs, a few at a time.
func (d *downloader) all(ctx context.Context, outputs []output) ([]File, error) {
	files, errs := make([]File, len(outputs)), make([]error, len(outputs))
	slots := make(chan struct{}, max(d.limits.Parallel, 1))
	var running sync.WaitGroup
	for i, o := range outputs {
		slots <- struct{}{}
		running.Add(1)
		go func() {
			defer running.Done()
			files[i], errs[i] = d.fetch(ctx, o)
			<-slots
		}()
	}
	running.Wait()
	var arrived []File
	failed := &DownloadError{requestID: d.requestID}
	for i, o := range outputs {
		if errs[i] != nil {
			failed.Failed = append(failed.Failed, FailedDownload{Output: o.String(), Err: errs[i]})
			continue
		}
		arrived = append(arrived, files[i])
	}
	if failed.Failed != nil {
		return arrived, failed
	}
	return arrived, nil
}

// name is the file name of an output without its extension. A request id holds
// nothing that could lead out of the folder, see validRequestID.
func (d *downloader) name(o output) string {
	name := d.requestID + "-" + o.field
	if o.index >= 0 {
		name += "-" + strconv.Itoa(o.index+1)
	}
	return name
}

var errForeignHost = errors.New("the URL is not of an allowed host, see WithDownloadHosts")

// checkURL refuses every URL but https ones of the allowed hosts.
func (d *downloader) checkURL(u *url.URL) error {
	if u.Scheme != "https" || u.User != nil {
		return errNotHTTPS
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	for _, allowed := range d.hosts {
		allowed = strings.ToLower(allowed)
		if host == allowed || strings.HasSuffix(host, "."+allowed) {
			return nil
		}
	}
	return errForeignHost
}

// fresh returns the URL that the output has now.
func (d *downloader) fresh(o output) (string, error) {
	res, err := d.refresh()
	if err != nil {
		return "", err
	}
	for _, now := range outputsOf(res.Output) {
		if now.field == o.field && now.index == o.index {
			return now.url, nil
		}
	}
	return "", errors.New("the result names the file no longer")
}
