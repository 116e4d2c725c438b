package client

import (
	"bytes"
	"errors"
	"math"
)

const pngSignature = "\x89PNG\r\n\x1a\n"

const (
	maxPNGChunks = 64       // before the image data; writers have fewer than twenty
	pngTail      = 64 << 10 // bytes at the end of a file in which EXIF data are looked for
)

// measurePNG reads the IHDR chunk, which is the first (PNG, section 11.2.1) but in
// the files that Apple's tools optimise, where CgBI stands before it. The
// orientation is that of the eXIf chunk (section 11.3.4.5), before the image data or
// after them.
func measurePNG(h *header) (info MediaInfo) {
	off, seen := int64(8), false
	for range maxPNGChunks {
		if off > 8 && off > h.size-12 {
			break // without its end
		}
		length, kind := h.uint(off, 4), string(h.at(off+4, 4))
		switch {
		case kind == "IHDR" && !seen:
			seen = true
			info.Width, info.Height = int(h.uint(off+8, 4)), int(h.uint(off+12, 4))
		case !seen && kind != "CgBI":
			h.fail(errors.New("no IHDR chunk"))
		case kind == "eXIf":
			info.Rotated = exifRotated(h, off+8, length)
			return info
		case kind == "IDAT" || kind == "IEND":
			info.Rotated = pngTailRotated(h, off+8)
			return info
		}
		if off += 12 + length; h.err != nil {
			return info
		}
	}
	if !seen {
		h.fail(errors.New("no IHDR chunk"))
	}
	return info
}

// pngTailRotated looks for an eXIf chunk at the end of the file, not before from:
// the image data between may be long and are not walked through. To find none, or
// no end, is not an error.
func pngTailRotated(h *header, from int64) bool {
	if h.size == math.MaxInt64 {
		return false
	}
	walk := *h
	defer func() { h.reads = walk.reads }()
	start := max(from, h.size-pngTail)
	for off := start; off < h.size-8 && walk.err == nil; {
		n := min(sniffLen, h.size-off)
		i := int64(bytes.Index(walk.at(off, int(n)), []byte("eXIf")))
		if i < 0 {
			off += n - 3 // the name may be cut by the end of what was read
			continue
		}
		if off += i + 4; off-8 < start {
			continue
		}
		length := walk.uint(off-8, 4)
		if length > h.size-off-4 {
			continue
		}
		switch string(walk.at(off, 2)) { // image data may hold the name by chance
		case "II", "MM", "Ex":
			return exifRotated(&walk, off, length)
		}
	}
	return false
}
