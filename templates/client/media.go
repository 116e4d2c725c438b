package client

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

// A mediaFormat is a kind of media file, told by its first bytes.
type mediaFormat struct {
	name      string                  // of MediaInfo.Format
	mediaType string                  // of a data URI
	extension string                  // of a file's name, with its dot
	measure   func(*header) MediaInfo // nil where only the size of the file is measured
	starts    []string                // what files begin with; a question mark is any byte
}

// mediaFormats are looked through in order. Boxes without an ftyp in front are
// QuickTime from before it; ADTS and MPEG audio begin with sync words.
var mediaFormats = []mediaFormat{
	{"png", "image/png", ".png", measurePNG, []string{pngSignature}},
	{"jpeg", "image/jpeg", ".jpg", measureJPEG, []string{"\xff\xd8\xff"}},
	{"gif", "image/gif", ".gif", measureGIF, []string{"GIF87a", "GIF89a"}},
	{"webp", "image/webp", ".webp", measureWebP, []string{"RIFF????WEBP"}},
	{"avif", "image/avif", ".avif", measureHEIF, []string{"????ftypavif", "????ftypavis"}},
	{"heic", "image/heic", ".heic", measureHEIF,
		[]string{"????ftyphei", "????ftyphev", "????ftypmif1", "????ftypmsf1"}},
	{"mov", "video/quicktime", ".mov", measureMovie,
		[]string{"????ftypqt  ", "????moov", "????mdat", "????wide", "????pnot"}},
	{"m4a", "audio/mp4", ".m4a", measureMovie, []string{"????ftypM4A ", "????ftypM4B "}},
	{"mp4", "video/mp4", ".mp4", measureMovie, []string{"????ftyp"}},
	{"mkv", "video/x-matroska", ".mkv", nil, []string{"\x1aE\xdf\xa3matroska"}},
	{"webm", "video/webm", ".webm", nil, []string{"\x1aE\xdf\xa3"}},
	{"bmp", "image/bmp", ".bmp", nil, []string{"BM"}},
	{"svg", "image/svg+xml", ".svg", nil, []string{"<svg"}},
	{"wav", "audio/wav", ".wav", nil, []string{"RIFF????WAVE"}},
	{"ogg", "audio/ogg", ".ogg", nil, []string{"OggS\x00"}},
	{"flac", "audio/flac", ".flac", nil, []string{"fLaC"}},
	{"aac", "audio/aac", ".aac", nil, []string{"\xff\xf0", "\xff\xf1", "\xff\xf8", "\xff\xf9"}},
	{"mp3", "audio/mpeg", ".mp3", nil,
		[]string{"ID3", "\xff\xfb", "\xff\xfa", "\xff\xf3", "\xff\xf2", "\xff\xe3", "\xff\xe2"}},
}

const sniffLen = 512 // how many bytes sniffMedia wants

// sniffMedia tells the format of a file from its first bytes; what is no media has no name.
func sniffMedia(start []byte) mediaFormat {
	start = start[:min(len(start), sniffLen)]
	start = bytes.TrimLeft(start, "\ufeff \t\r\n")
	soon := start[:min(len(start), 64)]
	xml := beginsWith(start, "<?xml") || beginsWith(start, "<!--") || beginsWith(start, "<!DOCTYPE svg")
	switch { // some beginnings say less than what comes soon after
	case xml && bytes.Contains(start, []byte("<svg")):
		start = []byte("<svg")
	case beginsWith(start, "\x1aE\xdf\xa3") && bytes.Contains(soon, []byte("matroska")):
		start = []byte("\x1aE\xdf\xa3matroska")
	case beginsWith(start, "????ftypm?f1") && bytes.Contains(soon, []byte("avif")):
		start = []byte("????ftypavif") // one of the compatible brands
	}
	for _, f := range mediaFormats {
		for _, pattern := range f.starts {
			if beginsWith(start, pattern) {
				return f
			}
		}
	}
	return mediaFormat{}
}

func beginsWith(start []byte, pattern string) bool {
	if len(start) < len(pattern) {
		return false
	}
	for i := range len(pattern) {
		if pattern[i] != '?' && pattern[i] != start[i] {
			return false
		}
	}
	return true
}

// maxHeaderReads bounds the walk through a hostile file of endless tiny parts.
// Files that were seen need fewer than two hundred reads.
const maxHeaderReads = 4096

var (
	errNoSize       = errors.New("no width and height")
	errTruncated    = errors.New("the file is truncated")
	errTooManyParts = errors.New("too many parts before the size")
)

// probeMedia reads what the header of a media file tells, never its pixels.
// size is the length of the file in bytes, -1 if it is not known. Beside an error,
// of a truncated, damaged or too long header, stand the Bytes and the Format.
func probeMedia(r io.ReaderAt, size int64) (MediaInfo, error) {
	h := &header{r: r, size: size}
	if size < 0 {
		h.size = math.MaxInt64
	}
	n, err := r.ReadAt(h.buf[:], 0)
	switch {
	case n > 0 && errors.Is(err, io.EOF): // a file shorter than sniffLen
		err = nil
	case errors.Is(err, io.EOF):
		err = errors.New("the file is empty")
	}
	format := sniffMedia(h.buf[:n])
	var info MediaInfo
	if err == nil && format.measure != nil {
		info = format.measure(h)
		switch isImage := strings.HasPrefix(format.mediaType, "image/"); {
		case isImage && (info.Width == 0 || info.Height == 0):
			h.fail(errNoSize)
		case min(info.Width, info.Height) < 0 || max(info.Width, info.Height) > math.MaxInt32:
			h.fail(errors.New("impossible width or height"))
		}
		if h.err != nil {
			info, err = MediaInfo{}, fmt.Errorf("%s header: %w", format.name, h.err)
		}
	}
	info.Bytes, info.Format = max(size, 0), format.name
	return info, err
}

// A header reads parts of a file's header by position, so that a remote file is
// fetched only where it is looked at. After the first error it reads zeros:
// parsers look at err where they loop, and their caller at the end.
type header struct {
	r     io.ReaderAt
	size  int64 // of the file, beyond all that is if it is not known
	err   error
	reads int
	buf   [sniffLen]byte
}

func (h *header) fail(err error) {
	if h.err == nil {
		h.err = err
	}
}

// at returns the n bytes from off on, n at most sniffLen, until the next call.
func (h *header) at(off int64, n int) []byte {
	b := h.buf[:n]
	if h.reads++; h.reads > maxHeaderReads {
		h.fail(errTooManyParts)
	}
	if off < 0 || off > h.size-int64(n) {
		h.fail(errTruncated)
	}
	if h.err == nil {
		k, err := h.r.ReadAt(b, off)
		if k == n {
			return b
		}
		if err == nil || errors.Is(err, io.EOF) {
			err = errTruncated
		}
		h.fail(err)
	}
	clear(b)
	return b
}

// uint returns the big-endian number of n bytes at off.
func (h *header) uint(off int64, n int) int64 {
	var number int64
	for _, b := range h.at(off, n) {
		number = number<<8 | int64(b)
	}
	return number
}
