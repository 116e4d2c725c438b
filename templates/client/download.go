package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
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
	texts := make([]string, len(e.Failed))
	for i, f := range e.Failed {
		texts[i] = f.Output + ": " + f.Err.Error()
	}
	return "runcomfy: download of job " + e.requestID + ": " + strings.Join(texts, "; ")
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

// WithDownloadHosts also allows downloads from the given hosts and the hosts
// below them. Without it only runcomfy.net and runcomfy.com are.
func WithDownloadHosts(hosts ...string) DownloadOption {
	return func(d *downloader) { d.hosts = append(d.hosts, hosts...) }
}

// A downloader fetches the files of one result.
type downloader struct {
	*mediaClient
	dir, requestID string
	refresh        func() (*Result, error)                 // reads the result again, once for all files
	write          func(f *os.File, p []byte) (int, error) // stands in for a full disk in tests
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
	d := &downloader{
		mediaClient: newMediaClient(c.media, c.user, "runcomfy.net", "runcomfy.com"),
		dir:         dir,
		requestID:   res.RequestID,
		refresh: sync.OnceValues(func() (*Result, error) {
			job, err := c.Job(res.RequestID)
			if err != nil {
				return nil, err
			}
			return job.Result(ctx)
		}),
		write: (*os.File).Write,
	}
	defer d.closeIdle()
	for _, o := range opts {
		o(d)
	}
	outputs := outputsOf(res.Output)
	files, errs := make([]File, len(outputs)), make([]error, len(outputs))
	inParallel(d.limits.Parallel, len(outputs), func(i int) { files[i], errs[i] = d.fetch(ctx, outputs[i]) })
	var arrived []File
	failed := &DownloadError{about: about{ChargedYes, d.requestID}}
	for i, o := range outputs {
		if errs[i] != nil {
			failed.Failed = append(failed.Failed, FailedDownload{Output: o.place, Err: errs[i]})
		} else {
			arrived = append(arrived, files[i])
		}
	}
	if failed.Failed != nil {
		return arrived, failed
	}
	return arrived, nil
}

// An output is one URL of a result.
type output struct {
	place string // as File.Output
	name  string // in the names of files
	url   string
}

// outputsOf lists the URLs of an output. Results often repeat the first of a
// list in the field for one: the list's name is kept.
func outputsOf(o Output) []output {
	var all []output
	seen := map[string]bool{"": true}
	add := func(place, name, url string) {
		if !seen[url] {
			seen[url] = true
			all = append(all, output{place, name, url})
		}
	}
	for _, kind := range []struct {
		field, single string
		list          []string
	}{{"image", o.Image, o.Images}, {"video", o.Video, o.Videos}, {"audio", o.Audio, o.Audios}} {
		for i, url := range kind.list {
			add(fmt.Sprintf("%ss[%d]", kind.field, i), fmt.Sprintf("%ss-%d", kind.field, i+1), url)
		}
		add(kind.field, kind.field, kind.single)
	}
	return all
}

// fetch downloads one output under its final name. A request id holds nothing
// that could lead out of the folder, see validRequestID.
func (d *downloader) fetch(ctx context.Context, o output) (File, error) {
	p, err := newPartial(d.dir, d.requestID+"-"+o.name)
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
			return File{}, context.Cause(ctx)
		case errors.Is(err, errExpired) && !refreshed:
			refreshed = true
			res, refreshErr := d.refresh()
			if refreshErr != nil {
				return File{}, fmt.Errorf("%w; reading the result again: %w", err, refreshErr)
			}
			o.url = ""
			for _, now := range outputsOf(res.Output) {
				if now.place == o.place {
					o.url = now.url
				}
			}
			continue
		case !retry || try >= d.limits.Tries:
			return File{}, err
		}
		if !sleep(ctx, backoff(try, d.limits.RetryDelay, 8*time.Second)) {
			return File{}, context.Cause(ctx)
		}
	}
}

var (
	errExpired = errors.New("the link has expired or is wrong")
	errStalled = errors.New("the server sends nothing any more")
)

// attempt makes one request and appends what it brings to p; retry says whether
// another may go better. It asks for the rest of the file if p has a beginning
// that can be told to be of the same version (RFC 9110, section 13.1.5).
func (d *downloader) attempt(ctx context.Context, address string, p *partial) (retry bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stall := time.AfterFunc(d.limits.Stall, func() { cancel(errStalled) })
	defer stall.Stop()
	var header []string
	if p.size > 0 && p.version != "" {
		header = []string{"Range", fmt.Sprintf("bytes=%d-", p.size), "If-Range", p.version}
	}
	resp, err := d.request(ctx, http.MethodGet, address, header...)
	if err != nil {
		var refused refusal
		return !errors.As(err, &refused) && !permanent(err), causeOf(ctx, err)
	}
	defer resp.Body.Close()
	if retry, err := p.begin(resp, header != nil); err != nil {
		return retry, err
	}
	return d.receive(ctx, resp.Body, p, stall)
}

// receive appends the body of an answer to p.
func (d *downloader) receive(ctx context.Context, body io.Reader, p *partial, stall *time.Timer) (retry bool, err error) {
	buf := make([]byte, 64<<10)
	for {
		n, readErr := body.Read(buf)
		stall.Reset(d.limits.Stall)
		if max(p.total, p.size+int64(n)) > d.limits.FileSize {
			return false, fmt.Errorf("the file is larger than the limit of %d bytes", d.limits.FileSize)
		}
		written, err := d.write(p.file, buf[:n])
		p.size += int64(written)
		switch {
		case err != nil:
			return false, err
		case readErr == io.EOF && p.size == 0:
			return true, errors.New("the server sent an empty file")
		case readErr == io.EOF && p.total >= 0 && p.size != p.total:
			return true, fmt.Errorf("the server announced %d bytes and sent %d", p.total, p.size)
		case readErr == io.EOF:
			return false, nil
		case readErr != nil:
			return true, fmt.Errorf("cut after %d bytes: %w", p.size, causeOf(ctx, readErr))
		}
	}
}

// causeOf returns why ctx ended if it did: the error of a read that was stopped
// tells less.
func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}
