package fetch

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Cache keeps pages for the next run, which then asks only whether they
// changed. A folder holds one file per URL, named by its SHA-256. A file carries
// the digests of its parts, so that one of which a killed run or a crash of the
// machine left a part counts as none; one that takes the place of another is
// written beside it and renamed. Several runs may share a folder.
type Cache struct{ dir string }

// OpenCache opens a cache folder, which is made when it does not exist.
func OpenCache(dir string) (*Cache, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("opening the cache: %w", err)
	}
	c := &Cache{dir: dir}
	c.sweep()
	return c, nil
}

// entry is what a cache knows of a URL. In the file it is one line of JSON,
// before what was kept and the body:
//
//	{"url":"https://...","etag":"\"1\"",...}
//	<kept><body>
type entry struct {
	URL          string `json:"url"`
	Final        string `json:"final"` // where redirects led
	MediaType    string `json:"media_type"`
	ETag         string `json:"etag,omitzero"`
	LastModified string `json:"last_modified,omitzero"`
	Reader       string `json:"reader,omitzero"` // who made what was kept
	KeptSize     int64  `json:"kept_size"`
	KeptSum      string `json:"kept_sum"`
	BodySize     int64  `json:"body_size"`
	BodySum      string `json:"body_sum"`

	header int64  // bytes before what was kept
	kept   []byte // nil unless it is of the reader that asks
}

// newEntry returns the entry of a fresh answer.
func newEntry(r Request, final *url.URL, mediaType string, h http.Header) *entry {
	return &entry{URL: r.URL.String(), Final: final.String(), MediaType: mediaType, Reader: r.Reader,
		ETag: h.Get("ETag"), LastModified: h.Get("Last-Modified")}
}

// renewed returns the entry for another reader with the validators of an
// answer 304, which may be new.
func (e *entry) renewed(reader string, h http.Header) *entry {
	out := *e
	out.Reader = reader
	if v := h.Get("ETag"); v != "" {
		out.ETag = v
	}
	if v := h.Get("Last-Modified"); v != "" {
		out.LastModified = v
	}
	return &out
}

func (e *entry) sameValidators(other *entry) bool {
	return e.ETag == other.ETag && e.LastModified == other.LastModified
}

// condition makes a request conditional (RFC 9110, section 13.1).
func (e *entry) condition(h http.Header) {
	if e.ETag != "" {
		h.Set("If-None-Match", e.ETag)
	}
	if e.LastModified != "" {
		h.Set("If-Modified-Since", e.LastModified)
	}
}

// mayStore reports whether a server lets an answer be kept and be asked for
// again by a validator.
func mayStore(h http.Header) bool {
	for _, directive := range strings.Split(strings.Join(h.Values("Cache-Control"), ","), ",") {
		if strings.EqualFold(strings.TrimSpace(directive), "no-store") {
			return false
		}
	}
	return h.Get("ETag") != "" || h.Get("Last-Modified") != ""
}

func (c *Cache) path(url string) string {
	sum := sha256.Sum256([]byte(url))
	return filepath.Join(c.dir, hex.EncodeToString(sum[:]))
}

// maxHeader is the longest first line of a file, in bytes. An answer with more
// to say of itself is not kept.
const maxHeader = 8 << 10

// load returns the entry of a URL, with what the reader kept. It returns nil
// when there is none that is whole.
func (c *Cache) load(u *url.URL, reader string) *entry {
	f, err := os.Open(c.path(u.String()))
	if err != nil {
		return nil
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil
	}
	r := bufio.NewReaderSize(f, maxHeader)
	line, err := r.ReadSlice('\n')
	e := &entry{header: int64(len(line))}
	if err != nil || json.Unmarshal(line, e) != nil || e.URL != u.String() ||
		e.KeptSize < 0 || e.BodySize < 0 || info.Size()-e.header != e.KeptSize+e.BodySize {
		return nil
	}
	if e.Reader == reader && e.KeptSize > 0 {
		kept := make([]byte, e.KeptSize)
		if _, err := io.ReadFull(r, kept); err != nil || digest(kept) != e.KeptSum {
			return nil
		}
		e.kept = kept
	}
	return e
}

// body reads the body of an entry.
func (c *Cache) body(e *entry) ([]byte, error) {
	f, err := os.Open(c.path(e.URL))
	if err != nil {
		return nil, fmt.Errorf("reading the cache: %w", err)
	}
	defer f.Close()
	body := make([]byte, e.BodySize)
	if _, err := io.ReadFull(io.NewSectionReader(f, e.header+e.KeptSize, e.BodySize), body); err != nil {
		return nil, fmt.Errorf("reading the cache: %w", err)
	}
	if digest(body) != e.BodySum {
		return nil, errors.New("reading the cache: the body is damaged")
	}
	return body, nil
}

// refresh writes an entry again with other validators.
func (c *Cache) refresh(old, fresh *entry) error {
	body, err := c.body(old)
	if err != nil {
		return err
	}
	return c.store(fresh, body, old.kept)
}

// store writes an entry with its body and what was kept.
func (c *Cache) store(e *entry, body, kept []byte) error {
	e.KeptSize, e.KeptSum = int64(len(kept)), digest(kept)
	e.BodySize, e.BodySum = int64(len(body)), digest(body)
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("writing the cache: %w", err)
	}
	if len(line) >= maxHeader {
		return nil
	}
	name := c.path(e.URL)
	content := joinEntry(line, kept, body)
	if done, err := create(name, content); done || err != nil {
		return err
	}
	temp := name + "." + rand.Text() + tempEnding
	err = os.WriteFile(temp, content, 0o600)
	if err == nil {
		err = os.Rename(temp, name)
	}
	if err != nil {
		os.Remove(temp)
		return fmt.Errorf("writing the cache: %w", err)
	}
	return nil
}

// create writes a file in place, unless there is one: the entry of a URL that
// had none needs no detour, as half of it counts as none.
func create(name string, content []byte) (done bool, err error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err == nil {
		_, err = f.Write(content)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return false, fmt.Errorf("writing the cache: %w", err)
	}
	return true, nil
}

func joinEntry(line, kept, body []byte) []byte {
	out := make([]byte, 0, len(line)+1+len(kept)+len(body))
	out = append(append(out, line...), '\n')
	return append(append(out, kept...), body...)
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Files that a killed run was writing end in tempEnding; they are removed when
// no run can be writing them any more.
const (
	tempEnding = ".tmp"
	tempAge    = time.Hour
)

func (c *Cache) sweep() {
	names, _ := fs.Glob(os.DirFS(c.dir), "*"+tempEnding)
	for _, name := range names {
		name = filepath.Join(c.dir, filepath.FromSlash(name))
		if info, err := os.Stat(name); err == nil && time.Since(info.ModTime()) > tempAge {
			os.Remove(name)
		}
	}
}
