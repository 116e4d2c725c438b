package client

import (
	"context"
	"io"
	"os"
	"sync"
	"time"
)

// A File is one downloaded output.
type File struct {
	Output string // where its URL stands in Result.Output, as image or images[2]
	Path   string // in the folder that was given; with WithWriter the name that the writer was made for
	Bytes  int64
	Format string // found by the content, for example png or mp4; empty where it is not recognised. See MediaInfo
	// Existed means that the file was there under its name and that nothing was
	// fetched.
	Existed bool
}

// A DownloadError lists the outputs that did not arrive, in their order. With none
// in the list the result of a finished job names no file.
type DownloadError struct {
	Failed []FailedDownload
	about
}

// A FailedDownload is one output that did not arrive.
type FailedDownload struct {
	Output string // as File.Output
	Err    error
}

func (e *DownloadError) Error() string {
	text := "runcomfy: download of job " + e.requestID
	if len(e.Failed) == 0 {
		return text + ": no file was found in its output; the whole answer is in the Raw of the result"
	}
	for _, f := range e.Failed {
		text += "; " + f.Output + ": " + f.Err.Error()
	}
	return text
}

// Unwrap returns the error of each failed download.
func (e *DownloadError) Unwrap() []error {
	errs := make([]error, len(e.Failed))
	for i, f := range e.Failed {
		errs[i] = f.Err
	}
	return errs
}

// A DownloadOption changes one Download.
type DownloadOption func(*downloader)

// WithDownloadHosts also allows downloads from the given hosts, names as
// example.com without scheme and port, and from those below them. Without it only
// runcomfy.net and runcomfy.com are.
func WithDownloadHosts(hosts ...string) DownloadOption {
	return func(d *downloader) { d.hosts = append(d.hosts, hosts...) }
}

// WithWriter hands each file to a writer that open makes for its name, for example
// the upload to a storage, in place of a file in the folder. A writer gets a whole
// file that was checked, and its Close says whether it is stored. Until then the
// file lies in the folder, or in a temporary one if that is "". open may be called
// for several files at the same time.
func WithWriter(open func(name string) (io.WriteCloser, error)) DownloadOption {
	return func(d *downloader) { d.open = open }
}

// A downloader fetches the files of one result.
type downloader struct {
	*mediaClient
	core           *core
	dir, requestID string
	names          []string // in dir, at the start
	open           func(name string) (io.WriteCloser, error)
	renewed        func() ([]outputFile, error)            // of the result read again: once for all files
	write          func(f *os.File, p []byte) (int, error) // stands in for a full disk in tests
}

// Download fetches every file that a result names, each URL once, into the
// folder dir, which it makes if need be. It sends no credential, and asks only
// RunComfy's hosts, those of WithDownloadHosts and, where the base URL is one of
// this machine, its own. It returns the files in the order of Output.URLs, and
// beside them a *DownloadError that lists those that failed; a finished job without
// any file is one too.
//
// The names are the request id, the field, the place in a list from 1 on, and
// an extension that follows from the content, else from its Content-Type or URL:
// ID-video.mp4, ID-images-2.png. A file gets its name when it is complete and
// written to disk. One that is there already is never replaced and not fetched
// again: it is returned with Existed set, unless the server says that its length
// differs, an error that is fs.ErrExist.
//
// Until it is complete, a file is a hidden one ending in .part. A download that is
// cut is resumed, also by the next call and by another process, if the server can
// tell whether the file is still the same; what is left for seven days is removed.
// A file that is not there yet is waited for, and when links have expired the
// result is read again, once. A page of text (HTML, JSON, XML) in place of an
// image, a video or a sound is refused; no other content is.
func (c *Client) Download(ctx context.Context, res *Result, dir string, opts ...DownloadOption) ([]File, error) {
	if c == nil || c.core == nil || res == nil || !validRequestID(res.RequestID) { // which becomes part of file names
		return nil, &ConfigError{Reason: "a download needs a client that New made and a result with an id that the API gave"}
	}
	outputs := res.Output.files()
	if len(outputs) == 0 {
		return nil, noFile(res)
	}
	d := c.newDownloader(ctx, res.RequestID, dir)
	defer d.closeIdle()
	for _, o := range opts {
		o(d)
	}
	if err := d.openFolder(); err != nil {
		return nil, failedDownloads(res.RequestID, outputs, func(int) error { return err })
	}
	if d.dir != dir {
		defer os.RemoveAll(d.dir)
	}
	d.sweep(d.names)
	files, errs := make([]File, len(outputs)), make([]error, len(outputs))
	inParallel(d.limits.MediaParallel, len(outputs), func(i int) {
		files[i], errs[i] = d.fetch(ctx, outputs[i])
		if errs[i] == nil && !files[i].Existed {
			c.observe(ctx, Event{Kind: EventDownloaded, Op: opDownload, JobID: res.RequestID,
				Path: files[i].Path, Bytes: files[i].Bytes})
		}
	})
	var arrived []File
	for i, f := range files {
		if errs[i] == nil {
			arrived = append(arrived, f)
		}
	}
	return arrived, failedDownloads(res.RequestID, outputs, func(i int) error { return errs[i] })
}

// noFile returns why a result has no file; a Result that the caller made, without a
// state, may have none.
func noFile(res *Result) error {
	e := &DownloadError{about: about{ChargedYes, res.RequestID}}
	switch res.State {
	case "":
		return nil
	case StateQueued, StateRunning, StateUnknown:
		e.Failed = []FailedDownload{{Output: "output", Err: ErrNotFinished}}
	}
	return e
}

// failedDownloads returns a *DownloadError with the outputs that have an error, or
// nil if none has.
func failedDownloads(requestID string, outputs []outputFile, errOf func(i int) error) error {
	var failed []FailedDownload
	for i, o := range outputs {
		if err := errOf(i); err != nil {
			failed = append(failed, FailedDownload{Output: o.place, Err: err})
		}
	}
	if failed == nil {
		return nil
	}
	return &DownloadError{Failed: failed, about: about{ChargedYes, requestID}}
}

func (c *Client) newDownloader(ctx context.Context, requestID, dir string) *downloader {
	return &downloader{
		mediaClient: newMediaClient(c.clientSettings, "runcomfy.net", "runcomfy.com"),
		core:        c.core,
		dir:         dir,
		requestID:   requestID,
		renewed: sync.OnceValues(func() ([]outputFile, error) {
			job, err := c.Job(requestID)
			if err != nil {
				return nil, err
			}
			job.lag.asked(time.Now())
			job.lag.found(false) // res was read before: this is not the first read of its job
			now, err := job.Result(ctx)
			if err != nil {
				return nil, err
			}
			return now.Output.all(), nil
		}),
		write: (*os.File).Write,
	}
}

// openFolder makes the folder of the files and lists what is there. If they go to a
// writer and no folder is given, it makes a temporary one.
func (d *downloader) openFolder() (err error) {
	if d.dir == "" && d.open != nil {
		d.dir, err = os.MkdirTemp("", "runcomfy-")
		return err
	}
	if err := os.MkdirAll(d.dir, 0o777); err != nil {
		return err
	}
	d.names, err = d.list()
	return err
}
