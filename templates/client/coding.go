package client

import (
	"bufio"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// An answer may have this many content codings, servers use one, and what the outer
// one holds this many bytes.
const (
	maxCodings = 2
	maxCoded   = 256 << 20
)

// A contentCoding is a coding of RFC 9110, section 8.4.1, that this package takes
// off. It asks for none where Go's own transport does not, but without the header
// any is allowed, and there are servers that use one in spite of it (section 12.5.3).
type contentCoding struct {
	begins func(head []byte) bool // of its first two bytes
	open   func(r io.Reader) (io.Reader, error)
}

var (
	gzipCoding = contentCoding{
		func(head []byte) bool { return head[0] == 0x1f && head[1] == 0x8b }, // RFC 1952, section 2.3.1
		func(r io.Reader) (io.Reader, error) {
			z, err := gzip.NewReader(r)
			if err == nil {
				z.Multistream(false)
			}
			return z, err
		},
	}
	zlibCoding = contentCoding{
		// RFC 1950, section 2.2.
		func(head []byte) bool { return head[0]&15 == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 },
		func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) },
	}
	contentCodings = map[string]contentCoding{"gzip": gzipCoding, "x-gzip": gzipCoding, "deflate": zlibCoding}
)

// decodeBody takes the content codings off the body of an answer, as it is read:
// of one that is cut, all that came before the cut can be read. It sets
// Uncompressed and removes what describes the coded bytes: their length, and the
// validators that belong to a range of them. A coding that is not known is an error,
// and the body is left as it is.
func decodeBody(resp *http.Response) error {
	var names []string
	for _, line := range resp.Header.Values("Content-Encoding") {
		for _, name := range strings.Split(line, ",") {
			if name = strings.ToLower(strings.TrimSpace(name)); name != "" && name != "identity" {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 || resp.Body == nil {
		return nil
	}
	body := io.Reader(resp.Body)
	for _, name := range slices.Backward(names) { // the last was applied last
		coding, known := contentCodings[name]
		if !known || len(names) > maxCodings {
			return fmt.Errorf("the answer has the content coding %.64q, which was not asked for", strings.Join(names, ", "))
		}
		body = coding.reader(io.LimitReader(body, maxCoded))
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{body, resp.Body}
	resp.ContentLength, resp.Uncompressed = -1, true
	for _, name := range []string{"Content-Encoding", "Content-Length", "ETag", "Last-Modified"} {
		resp.Header.Del(name)
	}
	return nil
}

// reader returns r without the coding, or as it is when it does not begin like
// one: proxies that take a coding off may leave its name.
func (c contentCoding) reader(r io.Reader) io.Reader {
	return &codedReader{coding: c, in: bufio.NewReader(r)}
}

// A codedReader decodes one stream after another, as gzip allows, and ignores
// what follows the last one.
type codedReader struct {
	coding contentCoding
	in     *bufio.Reader
	plain  io.Reader // nil before the first stream and between two
	begun  bool
	err    error // of opening a stream
}

func (c *codedReader) Read(p []byte) (int, error) {
	for {
		if c.plain == nil {
			if c.err = c.next(); c.err != nil {
				return 0, c.err
			}
		}
		n, err := c.plain.Read(p)
		if err == io.EOF && c.plain != io.Reader(c.in) {
			c.plain, err = nil, nil
		}
		if n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
	}
}

// next opens the stream that begins here. The error is io.EOF when there is none.
func (c *codedReader) next() (err error) {
	if c.err != nil {
		return c.err
	}
	head, err := c.in.Peek(2)
	coded := len(head) == 2 && c.coding.begins(head)
	switch first := !c.begun; {
	case !coded && !first && err != nil:
		return err // also of a connection that broke where a stream ends
	case !coded && !first:
		return io.EOF
	case !coded:
		c.plain = c.in
	default:
		c.plain, err = c.coding.open(c.in)
		if err != nil {
			c.plain = nil
			return err
		}
	}
	c.begun = true
	return nil
}
