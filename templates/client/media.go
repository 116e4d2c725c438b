package client

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
)

// A mediaFormat is a kind of media file, told by its first bytes.
type mediaFormat struct {
	name      string // of MediaInfo.Format
	mediaType string // of a data URI
	extension string // of a file's name, with its dot
	// measure reads width, height and duration; nil where only the size of the
	// file is measured.
	measure func(*header) (MediaInfo, error)
}

// sniffLen is how many bytes sniffMedia wants: the window of
// http.DetectContentType, which also holds the brands of an ftyp box.
const sniffLen = 512

// probeMedia reads what the header of a media file tells, never its pixels.
// size is the length of the file in bytes, or -1 if it is not known. An error
// means that the header is truncated, damaged or too long; the Bytes and the
// Format returned beside it hold all the same.
func probeMedia(r io.ReaderAt, size int64) (MediaInfo, error) {
	info := MediaInfo{Bytes: max(size, 0)}
	h := &header{r: r, size: size}
	start, err := h.start()
	if err != nil {
		return info, err
	}
	format := sniffMedia(start)
	info.Format = format.name
	if format.measure == nil {
		return info, nil
	}
	measured, err := format.measure(h)
	if err == nil {
		err = plausible(measured.Width, measured.Height)
	}
	if err != nil {
		return info, fmt.Errorf("%s header: %w", format.name, err)
	}
	measured.Bytes, measured.Format = info.Bytes, info.Format
	return measured, nil
}

// plausible refuses sizes that would not fit an int of 32 bits.
func plausible(width, height int) error {
	if width < 0 || height < 0 || width > math.MaxInt32 || height > math.MaxInt32 {
		return errors.New("impossible width or height")
	}
	return nil
}

// sniffMedia tells the format of a file from its first bytes, at most sniffLen.
// A format that is no media has an empty name.
func sniffMedia(start []byte) mediaFormat {
	has := func(prefix string) bool { return bytes.HasPrefix(start, []byte(prefix)) }
	switch {
	case has(pngSignature):
		return mediaFormat{"png", "image/png", ".png", measurePNG}
	case has("\xff\xd8\xff"):
		return mediaFormat{"jpeg", "image/jpeg", ".jpg", measureJPEG}
	case has("GIF87a"), has("GIF89a"):
		return mediaFormat{"gif", "image/gif", ".gif", measureGIF}
	case has("RIFF") && len(start) >= 12 && string(start[8:12]) == "WEBP":
		return mediaFormat{"webp", "image/webp", ".webp", measureWebP}
	case len(start) >= 8 && string(start[4:8]) == "ftyp":
		return isoFormat(start)
	case len(start) >= 8 && slices.Contains([]string{"moov", "mdat", "wide", "pnot"}, string(start[4:8])):
		// QuickTime files from before the ftyp box.
		return mediaFormat{"mov", "video/quicktime", ".mov", measureMovie}
	case has("fLaC"):
		return mediaFormat{name: "flac", mediaType: "audio/flac", extension: ".flac"}
	case len(start) >= 2 && start[0] == 0xff && start[1]&0xf6 == 0xf0:
		// The sync word of ADTS with its layer of 00 (ISO/IEC 14496-3, 1.A.2).
		return mediaFormat{name: "aac", mediaType: "audio/aac", extension: ".aac"}
	case len(start) >= 2 && start[0] == 0xff && start[1]&0xe6 == 0xe2:
		// The sync word of MPEG audio, layer III: a file without an ID3 tag.
		return mediaFormat{name: "mp3", mediaType: "audio/mpeg", extension: ".mp3"}
	case has("II*\x00"), has("MM\x00*"):
		return mediaFormat{name: "tiff", mediaType: "image/tiff", extension: ".tiff"}
	case has("<svg"), has("<?xml") && bytes.Contains(start, []byte("<svg")):
		return mediaFormat{name: "svg", mediaType: "image/svg+xml", extension: ".svg"}
	}
	switch http.DetectContentType(start) {
	case "audio/mpeg":
		return mediaFormat{name: "mp3", mediaType: "audio/mpeg", extension: ".mp3"}
	case "audio/wave":
		return mediaFormat{name: "wav", mediaType: "audio/wav", extension: ".wav"}
	case "application/ogg":
		return mediaFormat{name: "ogg", mediaType: "audio/ogg", extension: ".ogg"}
	case "video/webm":
		return mediaFormat{name: "webm", mediaType: "video/webm", extension: ".webm"}
	case "video/avi":
		return mediaFormat{name: "avi", mediaType: "video/x-msvideo", extension: ".avi"}
	case "image/bmp":
		return mediaFormat{name: "bmp", mediaType: "image/bmp", extension: ".bmp"}
	}
	return mediaFormat{}
}

// maxHeaderReads bounds the walk through segments, chunks and boxes, so that a
// hostile file of endless tiny parts ends in an error. Files that were seen
// need fewer than a hundred.
const maxHeaderReads = 4096

var (
	errTruncated    = errors.New("the file is truncated")
	errTooManyParts = errors.New("too many parts before the size")
)

// A header reads parts of a file's header by position, so that a remote file is
// fetched only where it is looked at.
type header struct {
	r     io.ReaderAt
	size  int64 // of the file, -1 if not known
	reads int
	buf   [sniffLen]byte
}

// start returns the first bytes of the file, fewer than sniffLen only if the
// file is shorter.
func (h *header) start() ([]byte, error) {
	n, err := h.r.ReadAt(h.buf[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if n == 0 {
		return nil, errors.New("the file is empty")
	}
	return h.buf[:n], nil
}

// at returns the n bytes from off on, n at most sniffLen. They hold until the
// next call.
func (h *header) at(off int64, n int) ([]byte, error) {
	if h.reads++; h.reads > maxHeaderReads {
		return nil, errTooManyParts
	}
	if off < 0 || off > math.MaxInt64-int64(n) || h.size >= 0 && off+int64(n) > h.size {
		return nil, errTruncated
	}
	k, err := h.r.ReadAt(h.buf[:n], off)
	if k == n {
		return h.buf[:n], nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = errTruncated
	}
	return nil, err
}
