package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// errExpired reports a link behind which nothing is to be had.
var errExpired = errors.New("the link has expired or is wrong")

// A failedTry is the error of one request for a file.
type failedTry struct {
	error
	again   bool          // another request may go better
	expired bool          // so may another link
	missing bool          // the file may not be there yet
	asked   time.Duration // for which the server wants to be left alone
}

func (f *failedTry) Unwrap() error { return f.error }

func finally(err error) error { return &failedTry{error: err} }
func again(err error) error   { return &failedTry{error: err, again: true} }

// fetch downloads one output under its final name, if it is not there.
func (d *downloader) fetch(ctx context.Context, o outputFile) (File, error) {
	if file, err := d.existing(ctx, o, d.names); err != nil || file.Existed {
		return file, err
	}
	p, err := d.openPartial(ctx, o)
	if err != nil {
		return File{}, err
	}
	defer p.close()
	names, err := d.list()
	if err != nil {
		return File{}, err
	}
	if file, err := d.existing(ctx, o, names); err != nil || file.Existed { // of another process, until a moment ago
		p.discard()
		return file, err
	}
	if err := d.fill(ctx, p, o); err != nil {
		return File{}, err
	}
	return d.deliver(p, o)
}

// fill makes requests until p is complete. Those that brought bytes do not count
// against the tries, nor those that the server puts off for a time it names.
func (d *downloader) fill(ctx context.Context, p *partial, o outputFile) error {
	if isDataURI(o.url) {
		return d.inline(p, o.url)
	}
	var refreshed bool
	var missing time.Time // since when the file is said not to be there
	started := time.Now() // when the file grew the last time
	most, waits, requests := p.size, 0, 0
	for try := 1; !p.complete(); try++ {
		requests++
		err := d.observed(ctx, o.url, p, requests)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return contextError(ctx)
		}
		var failed *failedTry
		if !errors.As(err, &failed) {
			return err
		}
		if p.size > most {
			most, try, waits, started = p.size, 0, 0, time.Now()
		}
		if failed.expired && !refreshed {
			refreshed = true
			if err := d.refresh(&o, failed); err != nil {
				return err
			}
			continue
		}
		if failed.missing && missing.IsZero() {
			missing = time.Now()
		}
		switch {
		case failed.missing && time.Since(missing) < d.limits.NotFound,
			failed.asked > 0 && time.Since(started) < d.limits.Outage:
			try--
			waits++
		case !failed.again || try >= d.limits.DownloadTries:
			return failed.error
		}
		asked := min(failed.asked, d.limits.RetryAfter)
		sleep(ctx, max(asked, backoff(max(try+waits, 1), d.limits.RetryDelay, 8*time.Second)))
	}
	return nil
}

// opDownload is the Op of events of downloads.
const opDownload = "download"

// observed is attempt, the nth for a file, with its event.
func (d *downloader) observed(ctx context.Context, address string, p *partial, n int) error {
	e := Event{Kind: EventAttempt, Op: opDownload, JobID: d.requestID, Attempt: n, Method: http.MethodGet}
	if u, err := url.Parse(address); err == nil {
		e.Path = u.Path
	}
	started := time.Now()
	p.status = 0
	err := d.attempt(ctx, address, p)
	e.Status, e.Duration = p.status, time.Since(started)
	if err != nil {
		e.Error = err.Error()
	}
	d.core.observe(ctx, e)
	return err
}

// inline writes a file that stands in the answer itself.
func (d *downloader) inline(p *partial, uri string) error {
	mediaType, content, err := decodeDataURI(uri)
	switch {
	case err != nil:
		return fmt.Errorf("the output %w", err)
	case len(content) == 0:
		return errors.New("the output is a data URI without content")
	}
	if err := p.begin(partialInfo{Size: int64(len(content)), Type: mediaType}); err != nil {
		return err
	}
	written, err := d.write(p.file, content)
	p.size = int64(written)
	return err
}

// refresh gives o the link that the result has when it is read again. A file that
// may not be there yet is waited for when the result cannot be read.
func (d *downloader) refresh(o *outputFile, failed *failedTry) error {
	outputs, err := d.renewed()
	var gone *NotFoundError
	if err != nil && failed.missing && !errors.As(err, &gone) {
		return nil
	}
	i := slices.IndexFunc(outputs, func(again outputFile) bool { return again.place == o.place })
	if i < 0 || outputs[i].url == "" {
		return fmt.Errorf("%w; reading the result again: %w", failed.error, cmp.Or(err, errors.New("it names the file no longer")))
	}
	o.url = outputs[i].url
	return nil
}

// attempt makes one request and appends what it brings to p. If p has a beginning
// whose version can be told it asks for the rest (RFC 9110, section 13.1.5). Unless
// the context ends or the disk fails, the error is a *failedTry.
func (d *downloader) attempt(ctx context.Context, address string, p *partial) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stall := time.AfterFunc(d.limits.DownloadStall, func() { cancel(errors.New("the server sends nothing any more")) })
	defer stall.Stop()
	var header http.Header
	resuming := p.size > 0 && p.info.Version != ""
	if resuming {
		header = http.Header{"Range": {fmt.Sprintf("bytes=%d-", p.size)}, "If-Range": {p.info.Version}}
	}
	resp, err := d.get(ctx, address, header)
	if err != nil {
		var refused refusal
		return &failedTry{error: cmp.Or(context.Cause(ctx), err), again: !errors.As(err, &refused) && !permanent(err)}
	}
	defer resp.Body.Close()
	p.status = resp.StatusCode
	start, size, ok := parseContentRange(resp.Header.Get("Content-Range"))
	version := strongTag(resp.Header)
	switch code := resp.StatusCode; {
	case code == http.StatusOK && resp.ContentLength < 0 && resp.TransferEncoding == nil &&
		!resp.Uncompressed: // a coding has an end of its own
		return again(errors.New("the server does not tell where the file ends"))
	case code == http.StatusOK:
		info := partialInfo{Version: version, Size: resp.ContentLength, Type: resp.Header.Get("Content-Type")}
		if err := p.begin(info); err != nil {
			return err
		}
		return d.receive(ctx, resp.Body, p, stall)
	case code == http.StatusPartialContent && resuming && ok && start == p.size &&
		version == p.info.Version && p.fits(size):
		return d.receive(ctx, resp.Body, p, stall)
	case code == http.StatusPartialContent && resuming, code == http.StatusRequestedRangeNotSatisfiable:
		return again(errors.Join(errors.New("the file changed while it was fetched"), p.reset()))
	}
	return d.refused(resp)
}

// refused returns the error of an answer without a file.
func (d *downloader) refused(resp *http.Response) error {
	code := resp.StatusCode
	failed := &failedTry{error: fmt.Errorf("HTTP status %d", code), asked: retryAfter(resp.Header, time.Now())}
	switch {
	case code == http.StatusUnauthorized, code == http.StatusForbidden,
		code == http.StatusNotFound, code == http.StatusGone:
		failed.error = fmt.Errorf("%w: HTTP status %d", errExpired, code)
		failed.expired, failed.missing, failed.asked = true, code == http.StatusNotFound, 0
	case repeatable(code) || code == http.StatusRequestTimeout || code >= 500:
		failed.again = true
	default:
		failed.asked = 0
	}
	return failed
}

// strongTag returns the entity tag of an answer if it is a strong one; a date does
// not tell two files of one second apart (RFC 9110, section 8.8.1).
func strongTag(h http.Header) string {
	tag := h.Get("ETag")
	if strings.HasPrefix(tag, "W/") || len(tag) > maxTag {
		return ""
	}
	return tag
}

const maxTag = 1 << 10 // bytes of an entity tag that is kept

// receive appends the body of an answer to p.
func (d *downloader) receive(ctx context.Context, body io.Reader, p *partial, stall *time.Timer) error {
	buf := make([]byte, 64<<10)
	for {
		n, readErr := body.Read(buf)
		stall.Reset(d.limits.DownloadStall)
		if max(p.info.Size, p.size+int64(n)) > d.limits.DownloadSize {
			p.spoiled = true
			return finally(fmt.Errorf("the file is larger than the limit of %d bytes", d.limits.DownloadSize))
		}
		written, err := d.write(p.file, buf[:n])
		p.size += int64(written)
		switch {
		case err != nil:
			return err
		case readErr != nil && (readErr != io.EOF || ctx.Err() != nil):
			// A server may end in good order what we gave up.
			return again(fmt.Errorf("cut after %d bytes: %w", p.size, cmp.Or(context.Cause(ctx), readErr)))
		case readErr == io.EOF && p.size == 0:
			return again(errors.New("the server sent an empty file"))
		case readErr == io.EOF && p.info.Size >= 0 && p.size != p.info.Size:
			return again(fmt.Errorf("the server announced %d bytes and sent %d", p.info.Size, p.size))
		case readErr == io.EOF:
			return p.finish()
		}
	}
}
