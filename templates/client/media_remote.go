package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// maxRange is the largest part of a remote file held in memory at a time.
const maxRange = 512 << 10

// A remoteMedia reads parts of a file behind a URL by position. The first part
// stays in memory, beside it the part read last. Each further part is twice as
// large as the one before, until the budget is spent.
type remoteMedia struct {
	ctx       context.Context
	client    *http.Client
	url       string
	userAgent string
	size      int64 // of the whole file, -1 while it is not known
	next      int64 // size of the next part
	budget    int64 // bytes that may still be read
	first     part
	last      part
	// body is the running answer of a server that ignores Range: read on from
	// where it stands, and never to its end unless the header goes so far.
	body     io.ReadCloser
	position int64
}

// A part is a run of bytes of a file.
type part struct {
	off  int64
	data []byte
}

// holds reports whether the bytes from off on, n of them or up to the end of
// the file, are in the part.
func (p part) holds(off int64, n int, size int64) bool {
	end := p.off + int64(len(p.data))
	return len(p.data) > 0 && off >= p.off && (off+int64(n) <= end || size >= 0 && end >= size && off <= end)
}

// measureRemote measures a file behind an https URL. Without pixels its size
// alone is wanted, which HEAD tells on most servers; with them a range at the
// beginning tells both at once.
func measureRemote(ctx context.Context, client *http.Client, limits MediaLimits, userAgent, rawURL string, pixels bool) (MediaInfo, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return MediaInfo{}, errNotHTTPS // err repeats the URL with its query
	}
	ctx, cancel := context.WithTimeout(ctx, limits.Timeout)
	defer cancel()
	m := &remoteMedia{ctx: ctx, client: client, url: rawURL, userAgent: userAgent, size: -1, next: limits.FirstRead, budget: limits.Reads}
	defer m.close()
	if !pixels {
		if size := m.head(); size > 0 {
			return MediaInfo{Bytes: size}, nil
		}
	}
	if m.first, err = m.read(0); err != nil {
		return MediaInfo{}, err
	}
	return probeMedia(m, m.size)
}

// head asks for the size of the file; -1 if the server does not tell it so.
// Signed URLs are often good for GET alone.
func (m *remoteMedia) head() int64 {
	resp, err := m.request(http.MethodHead, "")
	if err != nil {
		return -1
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return -1
	}
	return resp.ContentLength
}

// ReadAt implements io.ReaderAt for the reads of a header.
func (m *remoteMedia) ReadAt(p []byte, off int64) (int, error) {
	from := m.first
	if !from.holds(off, len(p), m.size) {
		if !m.last.holds(off, len(p), m.size) {
			var err error
			if m.last, err = m.read(off); err != nil {
				return 0, err
			}
		}
		from = m.last
	}
	n := copy(p, from.data[off-from.off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// read fetches the next part, which begins at off.
func (m *remoteMedia) read(off int64) (part, error) {
	want := min(m.next, m.budget)
	if want <= 0 {
		return part{}, errors.New("the header is longer than what is read of a remote file")
	}
	m.next = min(2*m.next, maxRange)
	if m.body != nil {
		return m.readOn(off, want)
	}
	resp, err := m.request(http.MethodGet, fmt.Sprintf("bytes=%d-%d", off, off+want-1))
	if err != nil {
		return part{}, err
	}
	switch resp.StatusCode {
	case http.StatusPartialContent:
		defer resp.Body.Close()
		start, size, ok := parseContentRange(resp.Header.Get("Content-Range"))
		if !ok || start != off || m.size >= 0 && size >= 0 && size != m.size {
			return part{}, errors.New("the server sent another range than it was asked for")
		}
		if size >= 0 {
			m.size = size
		}
		return m.take(resp.Body, off, want)
	case http.StatusOK:
		m.body = resp.Body
		if m.size < 0 {
			m.size = resp.ContentLength
		}
		return m.readOn(off, want)
	}
	resp.Body.Close()
	return part{}, fmt.Errorf("the server answers %d", resp.StatusCode)
}

// readOn reads from the running answer, up to the part that is wanted.
func (m *remoteMedia) readOn(off, want int64) (part, error) {
	skip := off - m.position
	if skip < 0 || skip+want > m.budget {
		return part{}, errors.New("the server sends no ranges, and the header is far into the file")
	}
	n, err := io.CopyN(io.Discard, m.body, skip)
	m.position += n
	m.budget -= n
	if err != nil {
		return part{}, err
	}
	p, err := m.take(m.body, off, want)
	m.position += int64(len(p.data))
	if err == nil && int64(len(p.data)) < want {
		m.size = m.position // an answer of unknown length has ended
	}
	return p, err
}

// take reads a part of at most want bytes; it is shorter at the end of the file.
func (m *remoteMedia) take(r io.Reader, off, want int64) (part, error) {
	data, err := io.ReadAll(io.LimitReader(r, want))
	m.budget -= int64(len(data))
	if err != nil {
		return part{}, err
	}
	return part{off, data}, nil
}

func (m *remoteMedia) request(method, byteRange string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(m.ctx, method, m.url, nil)
	if err != nil {
		return nil, errNotHTTPS
	}
	req.Header.Set("User-Agent", m.userAgent)
	if byteRange != "" {
		req.Header.Set("Range", byteRange)
	}
	resp, err := m.client.Do(req)
	if err != nil {
		return nil, withoutURL(err)
	}
	if encoding := resp.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		resp.Body.Close()
		return nil, errors.New("the server sends the file compressed")
	}
	return resp, nil
}

func (m *remoteMedia) close() {
	if m.body != nil {
		m.body.Close()
	}
}

// parseContentRange reads "bytes 0-65535/10485760" (RFC 9110, section 14.4);
// the size is -1 where the server writes an asterisk.
func parseContentRange(value string) (start, size int64, ok bool) {
	rest, ok := strings.CutPrefix(value, "bytes ")
	if !ok {
		return 0, 0, false
	}
	span, total, ok := strings.Cut(rest, "/")
	if !ok {
		return 0, 0, false
	}
	from, to, ok := strings.Cut(span, "-")
	if !ok {
		return 0, 0, false
	}
	start, startErr := strconv.ParseInt(from, 10, 64)
	end, endErr := strconv.ParseInt(to, 10, 64)
	if startErr != nil || endErr != nil || start < 0 || end < start {
		return 0, 0, false
	}
	if total == "*" {
		return start, -1, true
	}
	size, err := strconv.ParseInt(total, 10, 64)
	return start, size, err == nil && size > end
}
