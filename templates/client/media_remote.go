package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// maxRange is the largest part of a remote file held in memory at a time.
const maxRange = 512 << 10

// A remoteFile reads parts of a file behind a URL by position. The part read
// last stays in memory. Each part is twice as large as the one before, until
// the budget is spent.
type remoteFile struct {
	*mediaClient
	ctx    context.Context
	url    string
	size   int64 // of the whole file, -1 while it is not known
	next   int64 // size of the next part
	budget int64 // bytes that may still be read
	off    int64 // where the part begins
	part   []byte
}

// measure measures a file behind an https URL. Without pixels its size alone is
// wanted, which HEAD tells on most servers, although signed URLs are often good
// for GET alone; with them a range at the beginning tells both at once.
func (m *mediaClient) measure(ctx context.Context, address string, pixels bool) (MediaInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, m.limits.Timeout)
	defer cancel()
	if !pixels {
		if resp, err := m.request(ctx, http.MethodHead, address); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK && resp.ContentLength > 0 {
				return MediaInfo{Bytes: resp.ContentLength}, nil
			}
		}
	}
	f := &remoteFile{mediaClient: m, ctx: ctx, url: address, size: -1, next: m.limits.FirstRead, budget: m.limits.Reads}
	if err := f.read(0); err != nil {
		return MediaInfo{}, err
	}
	return probeMedia(f, f.size)
}

// ReadAt implements io.ReaderAt for the reads of a header.
func (f *remoteFile) ReadAt(p []byte, off int64) (int, error) {
	// A part that begins at off has all that there is to be had.
	if off != f.off && (off < f.off || off+int64(len(p)) > f.off+int64(len(f.part))) {
		if err := f.read(off); err != nil {
			return 0, err
		}
	}
	n := copy(p, f.part[off-f.off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// read fetches the part that begins at off; it is shorter at the end of the
// file. Of a server that ignores ranges it takes the first part alone.
func (f *remoteFile) read(off int64) error {
	want := min(f.next, f.budget)
	if want <= 0 {
		return errors.New("the header goes beyond what is read of a remote file")
	}
	f.next = min(2*f.next, maxRange)
	resp, err := f.request(f.ctx, http.MethodGet, f.url, "Range", fmt.Sprintf("bytes=%d-%d", off, off+want-1))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	whole := resp.StatusCode == http.StatusOK && off == 0
	switch start, size, ok := parseContentRange(resp.Header.Get("Content-Range")); {
	case whole:
		f.size, f.budget = resp.ContentLength, want
	case resp.StatusCode != http.StatusPartialContent:
		return fmt.Errorf("the server answers %d", resp.StatusCode)
	case !ok || start != off || f.size >= 0 && size >= 0 && size != f.size:
		return errors.New("the server sent another range than it was asked for")
	default:
		f.size = max(f.size, size)
	}
	f.off = off
	f.part, err = io.ReadAll(io.LimitReader(resp.Body, want))
	f.budget -= int64(len(f.part))
	if whole && int64(len(f.part)) < want {
		f.size = int64(len(f.part)) // an answer of unknown length has ended
	}
	return err
}

// parseContentRange reads "bytes 0-65535/10485760" (RFC 9110, section 14.4);
// the size is -1 where the server writes an asterisk.
func parseContentRange(value string) (start, size int64, ok bool) {
	var end int64
	var total string
	if n, err := fmt.Sscanf(value, "bytes %d-%d/%s", &start, &end, &total); n != 3 || err != nil || start < 0 || end < start {
		return 0, 0, false
	}
	if total == "*" {
		return start, -1, true
	}
	size, err := strconv.ParseInt(total, 10, 64)
	return start, size, err == nil && size > end
}
