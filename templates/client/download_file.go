package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// existing returns the file that an output has among the names in the folder, with
// Existed set, or no file. One of another length than the server announces is an error, as is one
// without content; a server that announces none, since the link has expired, does
// not matter.
func (d *downloader) existing(ctx context.Context, o outputFile, names []string) (File, error) {
	if d.open != nil {
		return File{}, nil
	}
	prefix := d.requestID + "-" + o.stem + "."
	for _, name := range names {
		ending, ok := strings.CutPrefix(name, prefix)
		if !ok || !d.mayHave(o, "."+ending) {
			continue
		}
		path := filepath.Join(d.dir, name)
		info, err := os.Stat(path)
		if err != nil {
			return File{}, err
		}
		if size := d.announced(ctx, o.url); !info.Mode().IsRegular() || info.Size() == 0 ||
			size >= 0 && size != info.Size() {
			different := fmt.Errorf("%w and is a different file: the server has one of %d bytes, this one has %d; move it away to fetch the other", fs.ErrExist, size, info.Size())
			return File{}, &fs.PathError{Op: "download", Path: path, Err: different}
		}
		format, err := formatOf(path, endingTypes["."+ending])
		return File{Output: o.place, Path: path, Bytes: info.Size(), Format: format.name, Existed: true}, err
	}
	return File{}, nil
}

// mayHave reports whether an ending is one that the file of an output can have. A
// page of text beside it is somebody else's, for example notes about the job.
func (d *downloader) mayHave(o outputFile, ending string) bool {
	u, err := url.Parse(o.url)
	if err == nil && strings.HasSuffix(strings.ToLower(u.Path), ending) {
		return endingTypes[ending] != ""
	}
	known := endingTypes[ending] != "" || ending == otherEnding
	return known && !(o.isMedia() && (isGeneric(ending) || ending == ".md" || ending == ".csv"))
}

// announced returns how long a file is on the server, -1 if that cannot be told.
func (d *downloader) announced(ctx context.Context, address string) int64 {
	ctx, cancel := context.WithTimeout(ctx, d.limits.MediaTimeout)
	defer cancel()
	resp, err := d.get(ctx, address, http.Header{"Range": {"bytes=0-0"}})
	if err != nil {
		return -1
	}
	defer resp.Body.Close()
	if page := contentEnding(resp.Header.Get("Content-Type")); resp.Uncompressed || page != "" && isGeneric(page) {
		return -1
	}
	switch _, size, ok := parseContentRange(resp.Header.Get("Content-Range")); {
	case resp.StatusCode == http.StatusPartialContent && ok:
		return size
	case resp.StatusCode == http.StatusOK:
		return resp.ContentLength
	}
	return -1
}

// isMedia reports whether the API's name for a file promises an image, a video or a
// sound.
func (o outputFile) isMedia() bool { return documentedOutputs[o.name] }

func formatOf(path, said string) (mediaFormat, error) {
	file, err := os.Open(path)
	if err != nil {
		return mediaFormat{}, err
	}
	defer file.Close()
	start, err := io.ReadAll(io.LimitReader(file, sniffLen))
	return recognize(start, said), err
}

// otherEnding is the ending of a file of which nothing tells the format.
const otherEnding = ".bin"

// deliver gives a complete file its final name, or hands it to the writer. A page
// of text in place of media is refused.
func (d *downloader) deliver(p *partial, o outputFile) (File, error) {
	start := make([]byte, min(pageLen, p.size))
	if _, err := p.file.ReadAt(start, 0); err != nil {
		return File{}, err
	}
	said := contentEnding(p.info.Type)
	if isGeneric(said) && endingTypes[p.ending] != "" {
		said = p.ending
	}
	format := recognize(start, endingTypes[said])
	ending := format.extension
	if format.name == "" {
		if o.isMedia() && isPage(start) && !p.asksForText(said, start) {
			p.discard()
			return File{}, d.pageError(start, o.url)
		}
		ending = said
		if root := rootEnding(start); root != "" && isGeneric(said) && said != p.ending {
			ending = root
		}
		if ending == "" {
			ending = otherEnding
		}
	}
	file := File{Output: o.place, Path: p.name + ending, Bytes: p.size, Format: format.name}
	if d.open != nil {
		return file, p.copyTo(d.open, file.Path)
	}
	file.Path = filepath.Join(d.dir, file.Path)
	err := p.publish(file.Path)
	if errors.Is(err, fs.ErrExist) && p.equals(file.Path) {
		p.discard()
		file.Existed, err = true, nil
	}
	return file, err
}

// equals reports whether the file at path has the same content.
func (p *partial) equals(path string) bool {
	other, err := os.Open(path)
	if err != nil {
		return false
	}
	defer other.Close()
	info, err := other.Stat()
	if err != nil || info.Size() != p.size {
		return false
	}
	a, b := make([]byte, 32<<10), make([]byte, 32<<10)
	for off := int64(0); off < p.size; off += int64(len(a)) {
		n, _ := p.file.ReadAt(a, off)
		m, _ := other.ReadAt(b, off)
		if n == 0 || !bytes.Equal(a[:n], b[:m]) {
			return false
		}
	}
	return true
}

// asksForText reports whether a page of text is what the URL or the Content-Type
// announces, of which said is the ending. Every server sends HTML, JSON and XML to
// report an error, so that these have to stand in the URL.
func (p *partial) asksForText(said string, start []byte) bool {
	if isGeneric(said) && said != p.ending {
		return false
	}
	html := said == ".html" || said == ".htm"
	return textEndings[said] && (html || !isHTML(start))
}

// pageError is the error of a page of text, with its beginning but no secret of it.
func (d *downloader) pageError(start []byte, address string) error {
	var own []string
	if u, err := url.Parse(address); err == nil && len(u.RawQuery) >= wholeSecret {
		own = []string{u.RawQuery}
	}
	return fmt.Errorf("the server sent a page of text, which holds no image, video or sound. It begins: %s", redact(string(start[:min(len(start), 300)]), own))
}

// publish writes a complete file out to the disk and gives it its final name.
func (p *partial) publish(path string) error {
	if err := p.file.Sync(); err != nil {
		return err
	}
	err := renameNew(p.file.Name(), path)
	if err != nil && !errors.Is(err, fs.ErrExist) { // an open file keeps its name on Windows
		_ = p.file.Close()
		err = renameNew(p.file.Name(), path)
	}
	p.moved = err == nil
	return err
}

// copyTo hands a complete file to a writer.
func (p *partial) copyTo(open func(string) (io.WriteCloser, error), name string) error {
	if _, err := p.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	w, err := open(name)
	if err != nil {
		return err
	}
	if w == nil {
		return errors.New("WithWriter returned neither a writer nor an error")
	}
	n, err := io.Copy(w, p.file)
	if err == nil && n != p.size {
		err = io.ErrShortWrite
	}
	if closed := w.Close(); err == nil {
		err = closed
	}
	p.moved = err == nil
	return err
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
