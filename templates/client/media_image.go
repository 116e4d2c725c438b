package client

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// measureGIF reads the logical screen, not a frame (GIF89a, section 18).
func measureGIF(h *header) MediaInfo {
	b := h.at(6, 4)
	return MediaInfo{Width: int(binary.LittleEndian.Uint16(b)), Height: int(binary.LittleEndian.Uint16(b[2:]))}
}

// measureWebP reads the first chunk of a WebP file (RFC 9649, section 2).
func measureWebP(h *header) MediaInfo {
	switch string(h.at(12, 4)) {
	case "VP8 ": // the frame header of RFC 6386, section 9.1; 2 bits of each side are a scale
		b := h.at(20, 10)
		if b[0]&1 != 0 || string(b[3:6]) != "\x9d\x01\x2a" {
			h.fail(errors.New("no VP8 key frame"))
		}
		return MediaInfo{
			Width:  int(binary.LittleEndian.Uint16(b[6:]) & 0x3fff),
			Height: int(binary.LittleEndian.Uint16(b[8:]) & 0x3fff),
		}
	case "VP8L": // 14 bits each, less one (RFC 9649, section 3.4)
		b := h.at(20, 5)
		if b[0] != 0x2f {
			h.fail(errors.New("no VP8L signature"))
		}
		bits := binary.LittleEndian.Uint32(b[1:])
		return MediaInfo{Width: int(bits&0x3fff) + 1, Height: int(bits>>14&0x3fff) + 1}
	case "VP8X": // 24 bits each, less one (RFC 9649, section 2.7)
		b := h.at(20, 10)
		info := MediaInfo{
			Width:  int(binary.LittleEndian.Uint32(b[4:])&0xffffff) + 1,
			Height: int(binary.LittleEndian.Uint32(b[6:])>>8) + 1,
		}
		if hasEXIF := b[0]&0x08 != 0; hasEXIF {
			info.Rotated = webpRotated(h)
		}
		return info
	}
	h.fail(errors.New("no VP8, VP8L or VP8X chunk"))
	return MediaInfo{}
}

// webpRotated looks behind the image for the EXIF chunk; to find none is no error.
func webpRotated(h *header) bool {
	walk := *h
	for off := int64(12); walk.err == nil; {
		b := walk.at(off, 8)
		size := int64(binary.LittleEndian.Uint32(b[4:]))
		if string(b[:4]) == "EXIF" {
			return exifRotated(&walk, off+8, size)
		}
		off += 8 + size + size&1
	}
	return false
}

// measureJPEG walks the segments up to the frame header (ITU-T T.81, section
// B.2.2) and reads the orientation from an EXIF segment on its way. Stray bytes
// between two segments are skipped, as decoders do.
func measureJPEG(h *header) MediaInfo {
	var info MediaInfo
	for off := int64(2); h.err == nil; {
		switch marker := h.uint(off, 2); {
		case marker == 0xffff: // a fill byte
			off++
		case marker < 0xff00: // stray bytes
			off = h.nextMarker(off + 1)
		case marker <= 0xff01, marker >= 0xffd0 && marker <= 0xffd8: // markers without a segment
			off += 2
		case marker == 0xffd9, marker == 0xffda: // the end, or the scan: no frame came before
			h.fail(errNoSize)
		case marker >= 0xffc0 && marker <= 0xffcf && marker != 0xffc4 && marker != 0xffc8 && marker != 0xffcc:
			// SOF0 to SOF15, without DHT, JPG and DAC in their midst.
			info.Height, info.Width = int(h.uint(off+5, 2)), int(h.uint(off+7, 2))
			return info
		default:
			length := h.uint(off+2, 2)
			if length < 2 {
				h.fail(errors.New("a segment shorter than its length"))
			} else if marker == 0xffe1 && !info.Rotated {
				info.Rotated = exifRotated(h, off+4, length-2)
			}
			off += 2 + length
		}
	}
	return info
}

// nextMarker returns the offset of the first byte 0xff from off on.
func (h *header) nextMarker(off int64) int64 {
	for h.err == nil {
		n := min(sniffLen, h.size-off)
		if n <= 0 {
			h.fail(errors.New("no marker where one must be"))
			break
		}
		if i := bytes.IndexByte(h.at(off, int(n)), 0xff); i >= 0 {
			return off + int64(i)
		}
		off += n
	}
	return off
}

// exifRotated reads tag 0x0112 of the first directory of the EXIF data at start
// (CIPA DC-008, section 4.6.4), with or without the "Exif" identifier in front,
// and reports whether it swaps width and height. Damaged data are no error of h.
func exifRotated(h *header, start, size int64) bool {
	e := &header{r: io.NewSectionReader(h.r, start, size), size: size, reads: h.reads}
	defer func() { h.reads = e.reads }()
	base := int64(0)
	if string(e.at(0, 6)) == "Exif\x00\x00" {
		base = 6
	}
	var order binary.ByteOrder = binary.BigEndian
	if string(e.at(base, 2)) == "II" {
		order = binary.LittleEndian
	}
	if order.Uint16(e.at(base+2, 2)) != 42 {
		return false
	}
	directory := base + int64(order.Uint32(e.at(base+4, 4)))
	const maxEntries, orientation, long = 256, 0x0112, 4 // cameras write fewer than fifty entries
	for i := range min(int64(order.Uint16(e.at(directory, 2))), maxEntries) {
		if b := e.at(directory+2+12*i, 12); order.Uint16(b) == orientation {
			turn := uint32(order.Uint16(b[8:]))
			if order.Uint16(b[2:]) == long {
				turn = order.Uint32(b[8:])
			}
			return turn >= 5 && turn <= 8
		}
	}
	return false
}
