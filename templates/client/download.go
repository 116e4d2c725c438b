package client

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// A File is one downloaded output.
type File struct {
	Output string // where its URL stands in Result.Output, as image or images[2]
	Path   string // in the folder that was given
	Bytes  int64
	Format string // told by the content, as png or mp4; see MediaInfo
}

// A DownloadError lists the outputs that did not arrive, in their order.
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

// A downloader fetches the files of one result.
type downloader struct {
	*mediaClient
	dir, requestID string
	renewed        func() ([]outputFile, error)            // of the result read again: once for all files
	write          func(f *os.File, p []byte) (int, error) // stands in for a full disk in tests
}

// Download fetches every file that a result names, each URL once, into the
// folder dir, which it makes if need be, from RunComfy's hosts alone and without
// a credential. It returns the files in the order of Output.URLs, and beside
// them a *DownloadError that lists those that failed.
//
// The names are the request id, the field, the place in a list from 1 on, and
// an extension that follows from the content: ID-video.mp4, ID-images-2.png. A
// file gets its name when it is complete, written to disk and of a known
// format; until then it is a hidden one ending in .part. An existing file is
// never replaced, and not fetched again: its error is fs.ErrExist. A download that is cut is resumed;
// when links have expired the result is read again, once.
func (c *Client) Download(ctx context.Context, res *Result, dir string, opts ...DownloadOption) ([]File, error) {
	if c == nil || c.core == nil || res == nil || !validRequestID(res.RequestID) { // which becomes part of file names
		return nil, &ConfigError{Reason: "a download needs a client that New made and a result with an id that the API gave"}
	}
	d := &downloader{
		mediaClient: newMediaClient(c.clientSettings, "runcomfy.net", "runcomfy.com"),
		dir:         dir,
		requestID:   res.RequestID,
		renewed: sync.OnceValues(func() ([]outputFile, error) {
			job, err := c.Job(res.RequestID)
			if err != nil {
				return nil, err
			}
			now, err := job.Result(ctx)
			if err != nil {
				return nil, err
			}
			return now.Output.all(), nil
		}),
		write: (*os.File).Write,
	}
	defer d.closeIdle()
	for _, o := range opts {
		o(d)
	}
	outputs := res.Output.files()
	files, errs := make([]File, len(outputs)), make([]error, len(outputs))
	inParallel(d.limits.MediaParallel, len(outputs), func(i int) { files[i], errs[i] = d.fetch(ctx, outputs[i]) })
	var arrived []File
	var failed []FailedDownload
	for i, o := range outputs {
		if errs[i] == nil {
			arrived = append(arrived, files[i])
		} else {
			failed = append(failed, FailedDownload{Output: o.place, Err: errs[i]})
		}
	}
	if failed == nil {
		return arrived, nil
	}
	return arrived, &DownloadError{Failed: failed, about: about{ChargedYes, d.requestID}}
}

var errExpired = errors.New("the link has expired or is wrong")

// fetch downloads one output under its final name.
func (d *downloader) fetch(ctx context.Context, o outputFile) (File, error) {
	p, err := newPartial(d.dir, d.requestID+"-"+o.stem)
	if err != nil {
		return File{}, err
	}
	defer p.discard()
	refreshed := false
	for try := 1; ; try++ {
		retry, err := d.attempt(ctx, o.url, p)
		switch {
		case err == nil:
			return p.publish(o.place)
		case ctx.Err() != nil:
			return File{}, contextError(ctx)
		case errors.Is(err, errExpired) && !refreshed:
			refreshed = true
			outputs, failure := d.renewed()
			i := slices.IndexFunc(outputs, func(again outputFile) bool { return again.place == o.place })
			if i < 0 || outputs[i].url == "" {
				return File{}, fmt.Errorf("%w; reading the result again: %w", err, cmp.Or(failure, errors.New("it names the file no longer")))
			}
			o = outputs[i]
		case !retry || try >= d.limits.DownloadTries:
			return File{}, err
		default:
			sleep(ctx, backoff(try, d.limits.RetryDelay, 8*time.Second))
		}
	}
}

// attempt makes one request and appends what it brings to p; retry says whether
// another may go better. If p has a beginning whose version can be told it asks
// for the rest (RFC 9110, section 13.1.5).
func (d *downloader) attempt(ctx context.Context, address string, p *partial) (retry bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stall := time.AfterFunc(d.limits.DownloadStall, func() { cancel(errors.New("the server sends nothing any more")) })
	defer stall.Stop()
	var header http.Header
	resuming := p.size > 0 && p.version != ""
	if resuming {
		header = http.Header{"Range": {fmt.Sprintf("bytes=%d-", p.size)}, "If-Range": {p.version}}
	}
	resp, err := d.get(ctx, address, header)
	if err != nil {
		var refused refusal
		return !errors.As(err, &refused) && !permanent(err), cmp.Or(context.Cause(ctx), err)
	}
	defer resp.Body.Close()
	start, size, ok := parseContentRange(resp.Header.Get("Content-Range"))
	version := resp.Header.Get("ETag")
	if strings.HasPrefix(version, "W/") {
		version = ""
	}
	switch code := resp.StatusCode; {
	case code == http.StatusOK && resp.ContentLength < 0 && resp.TransferEncoding == nil && !resp.Uncompressed: // a coding has an end of its own
		return true, errors.New("the server does not tell where the file ends")
	case code == http.StatusOK:
		if err := p.reset(); err != nil {
			return false, err
		}
		p.total, p.version = resp.ContentLength, version
		return d.receive(ctx, resp.Body, p, stall)
	case code == http.StatusPartialContent && resuming && ok && start == p.size && version == p.version &&
		(size < 0 || p.total < 0 || size == p.total):
		p.total = max(p.total, size)
		return d.receive(ctx, resp.Body, p, stall)
	case code == http.StatusPartialContent && resuming, code == http.StatusRequestedRangeNotSatisfiable:
		return true, errors.Join(errors.New("the file changed while it was fetched"), p.reset())
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusNotFound, code == http.StatusGone:
		return false, fmt.Errorf("%w: HTTP status %d", errExpired, code)
	default:
		return repeatable(code) || code == http.StatusRequestTimeout || code >= 500, fmt.Errorf("HTTP status %d", code)
	}
}

// receive appends the body of an answer to p.
func (d *downloader) receive(ctx context.Context, body io.Reader, p *partial, stall *time.Timer) (retry bool, err error) {
	buf := make([]byte, 64<<10)
	for {
		n, readErr := body.Read(buf)
		stall.Reset(d.limits.DownloadStall)
		if max(p.total, p.size+int64(n)) > d.limits.DownloadSize {
			return false, fmt.Errorf("the file is larger than the limit of %d bytes", d.limits.DownloadSize)
		}
		written, err := d.write(p.file, buf[:n])
		p.size += int64(written)
		switch {
		case err != nil:
			return false, err
		case readErr != nil && (readErr != io.EOF || ctx.Err() != nil): // a server may end in good order what we gave up
			return true, fmt.Errorf("cut after %d bytes: %w", p.size, cmp.Or(context.Cause(ctx), readErr))
		case readErr == io.EOF && p.size == 0:
			return true, errors.New("the server sent an empty file")
		case readErr == io.EOF && p.total >= 0 && p.size != p.total:
			return true, fmt.Errorf("the server announced %d bytes and sent %d", p.total, p.size)
		case readErr == io.EOF:
			return false, nil
		}
	}
}

// A partial is a file on its way, hidden in the target folder.
type partial struct {
	file    *os.File
	target  string // the final path without its extension
	size    int64  // bytes written so far
	total   int64  // bytes announced for the whole, -1 if not known
	version string // strong entity tag, for If-Range; a date does not tell two files of one second apart
}

func newPartial(dir, name string) (*partial, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	for _, f := range mediaFormats { // before a byte is fetched
		path := filepath.Join(dir, name+f.extension)
		if _, err := os.Lstat(path); err == nil {
			return nil, &fs.PathError{Op: "download", Path: path, Err: fs.ErrExist}
		}
	}
	path := filepath.Join(dir, "."+name+"."+rand.Text()+".part") // not that of another download of the result
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	return &partial{file: f, target: filepath.Join(dir, name), total: -1}, err
}

// reset makes the file empty again.
func (p *partial) reset() error {
	p.size, p.total, p.version = 0, -1, ""
	_, err := p.file.Seek(0, io.SeekStart)
	return errors.Join(err, p.file.Truncate(0))
}

// discard removes the hidden name; a published file keeps its other one.
func (p *partial) discard() {
	_ = p.file.Close() // its content is given up, or synced already
	_ = os.Remove(p.file.Name())
}

// publish writes a complete file out to the disk and gives it its final name,
// whose extension follows from the content.
func (p *partial) publish(output string) (File, error) {
	start := make([]byte, min(sniffLen, p.size))
	if _, err := p.file.ReadAt(start, 0); err != nil {
		return File{}, err
	}
	format := sniffMedia(start)
	if format.name == "" {
		return File{}, errNotMedia
	}
	if err := errors.Join(p.file.Sync(), p.file.Close()); err != nil {
		return File{}, err
	}
	path := p.target + format.extension
	if err := renameNew(p.file.Name(), path); err != nil {
		return File{}, err
	}
	return File{Output: output, Path: path, Bytes: p.size, Format: format.name}, nil
}

// renameNew gives a file a name that must not be taken: by a hard link, or where
// the file system has none after a look.
func renameNew(from, to string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		return &fs.PathError{Op: "rename", Path: to, Err: fs.ErrExist}
	}
	return os.Rename(from, to)
}
