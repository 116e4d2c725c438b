package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// fetchVerdict is what an attempt to fetch a file leads to.
type fetchVerdict uint8

const (
	fetchFailed  fetchVerdict = iota // and would again
	fetchDone                        // the file is complete
	fetchRetry                       // may go better next time
	fetchExpired                     // the URL is good no longer
)

var errStalled = errors.New("the server sends nothing any more")

// fetch downloads one output under its final name.
func (d *downloader) fetch(ctx context.Context, o output) (File, error) {
	p, err := newPartial(d.dir, d.name(o))
	if err != nil {
		return File{}, err
	}
	defer p.discard()
	address, refreshed := o.url, false
	for try := 1; ; try++ {
		verdict, err := d.attempt(ctx, address, p)
		switch {
		case verdict == fetchDone:
			return d.finish(o, p)
		case ctx.Err() != nil:
			return File{}, context.Cause(ctx)
		case verdict == fetchExpired && !refreshed:
			refreshed = true
			fresh, freshErr := d.fresh(o)
			if freshErr != nil {
				return File{}, fmt.Errorf("%w; reading the result again: %w", err, freshErr)
			}
			address = fresh
			continue
		case verdict != fetchRetry || try >= d.limits.Tries:
			return File{}, err
		}
		if !sleep(ctx, backoff(try, d.limits.RetryDelay, 8*time.Second)) {
			return File{}, context.Cause(ctx)
		}
	}
}

// finish gives a complete file its name, which follows from its content.
func (d *downloader) finish(o output, p *partial) (File, error) {
	start := make([]byte, min(sniffLen, p.size))
	if _, err := p.file.ReadAt(start, 0); err != nil {
		return File{}, err
	}
	format := sniffMedia(start)
	if format.name == "" {
		return File{}, errors.New("the server sent no image, video or sound that is known here")
	}
	path, err := p.publish(format.extension)
	if err != nil {
		return File{}, err
	}
	return File{Output: o.String(), Path: path, Bytes: p.size, Format: format.name}, nil
}

// attempt makes one request and appends what it brings to p. It asks for the
// rest of the file if p has a beginning that can be told to be of the same
// version (RFC 9110, section 13.1.5).
func (d *downloader) attempt(ctx context.Context, address string, p *partial) (fetchVerdict, error) {
	u, err := url.Parse(address)
	if err != nil {
		return fetchFailed, errNotHTTPS // err repeats the URL with its signature
	}
	if err := d.checkURL(u); err != nil {
		return fetchFailed, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stall := time.AfterFunc(d.limits.Stall, func() { cancel(errStalled) })
	defer stall.Stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fetchFailed, errNotHTTPS
	}
	req.Header.Set("User-Agent", d.userAgent)
	resuming := p.size > 0 && p.version != ""
	if resuming {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", p.size))
		req.Header.Set("If-Range", p.version)
	}
	resp, err := d.client.Do(req)
	if err != nil {
		err = withoutURL(err)
		for _, final := range []error{errForeignHost, errNotHTTPS, errPrivateAddress, errTooManyRedirects} {
			if errors.Is(err, final) {
				return fetchFailed, err
			}
		}
		if permanent(err) {
			return fetchFailed, err
		}
		return fetchRetry, causeOf(ctx, err)
	}
	defer resp.Body.Close()
	if verdict, err := p.begin(resp, resuming); err != nil {
		return verdict, err
	}
	if p.total > d.limits.FileSize {
		return fetchFailed, fmt.Errorf("the file of %d bytes is larger than the limit of %d", p.total, d.limits.FileSize)
	}
	return d.receive(ctx, resp.Body, p, stall)
}

// receive appends the body of an answer to p.
func (d *downloader) receive(ctx context.Context, body io.Reader, p *partial, stall *time.Timer) (fetchVerdict, error) {
	buf := make([]byte, 64<<10)
	for {
		n, readErr := body.Read(buf)
		stall.Reset(d.limits.Stall)
		if p.size+int64(n) > d.limits.FileSize {
			return fetchFailed, fmt.Errorf("the file is larger than the limit of %d bytes", d.limits.FileSize)
		}
		written, err := d.write(p.file, buf[:n])
		p.size += int64(written)
		if err != nil {
			return fetchFailed, err
		}
		switch {
		case readErr == io.EOF && p.size == 0:
			return fetchRetry, errors.New("the server sent an empty file")
		case readErr == io.EOF && p.total >= 0 && p.size != p.total:
			return fetchRetry, fmt.Errorf("the server announced %d bytes and sent %d", p.total, p.size)
		case readErr == io.EOF:
			return fetchDone, nil
		case readErr != nil:
			return fetchRetry, fmt.Errorf("cut after %d bytes: %w", p.size, causeOf(ctx, readErr))
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

// begin judges the head of an answer and makes p ready for its body; the verdict
// counts only beside an error. A file that has changed, or a server that sends
// another range, starts over.
func (p *partial) begin(resp *http.Response, resuming bool) (fetchVerdict, error) {
	switch code := resp.StatusCode; {
	case code == http.StatusPartialContent && resuming:
		start, total, ok := parseContentRange(resp.Header.Get("Content-Range"))
		if now := versionOf(resp.Header); !ok || start != p.size || total >= 0 && p.total >= 0 && total != p.total || now != "" && now != p.version {
			return fetchRetry, errors.Join(errors.New("the file changed while it was fetched"), p.reset())
		}
		return fetchDone, nil
	case code == http.StatusOK:
		if encoding := resp.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
			return fetchFailed, errors.New("the server sends the file compressed")
		}
		if err := p.reset(); err != nil {
			return fetchFailed, err
		}
		p.total, p.version = resp.ContentLength, versionOf(resp.Header)
		return fetchDone, nil
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusNotFound, code == http.StatusGone:
		return fetchExpired, fmt.Errorf("the link has expired or is wrong: HTTP status %d", code)
	case code == http.StatusRequestedRangeNotSatisfiable:
		return fetchRetry, errors.Join(errors.New("the file changed while it was fetched"), p.reset())
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code >= 500:
		return fetchRetry, fmt.Errorf("HTTP status %d", code)
	default:
		return fetchFailed, fmt.Errorf("HTTP status %d", code)
	}
}

// versionOf returns what If-Range can tell a version of a file by: a strong
// entity tag, or else the date of its last change.
func versionOf(h http.Header) string {
	if tag := h.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		return tag
	}
	return h.Get("Last-Modified")
}
