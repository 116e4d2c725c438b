package client

import (
	"encoding/binary"
	"errors"
)

const pngSignature = "\x89PNG\r\n\x1a\n"

// errNoSize is for a header that is well formed as far as it goes and holds no
// size.
var errNoSize = errors.New("no width and height")

// nonzero returns the size as a MediaInfo, or an error if a side is 0, which no
// image format allows.
func nonzero(width, height int) (MediaInfo, error) {
	if width == 0 || height == 0 {
		return MediaInfo{}, errNoSize
	}
	return MediaInfo{Width: width, Height: height}, nil
}

// measurePNG reads the IHDR chunk, which must be the first (PNG, section 11.2.2).
func measurePNG(h *header) (MediaInfo, error) {
	b, err := h.at(8, 16)
	if err != nil {
		return MediaInfo{}, err
	}
	if string(b[:8]) != "\x00\x00\x00\x0dIHDR" {
		return MediaInfo{}, errors.New("no IHDR chunk")
	}
	return nonzero(int(binary.BigEndian.Uint32(b[8:])), int(binary.BigEndian.Uint32(b[12:])))
}

// measureGIF reads the logical screen, not a frame (GIF89a, section 18).
func measureGIF(h *header) (MediaInfo, error) {
	b, err := h.at(6, 4)
	if err != nil {
		return MediaInfo{}, err
	}
	return nonzero(int(binary.LittleEndian.Uint16(b)), int(binary.LittleEndian.Uint16(b[2:])))
}

// measureWebP reads the first chunk of a WebP file (RFC 9649, section 2).
func measureWebP(h *header) (MediaInfo, error) {
	b, err := h.at(12, 8)
	if err != nil {
		return MediaInfo{}, err
	}
	switch string(b[:4]) {
	case "VP8 ": // the frame header of RFC 6386, section 9.1; 2 bits of each side are a scale
		if b, err = h.at(20, 10); err != nil {
			return MediaInfo{}, err
		}
		if b[0]&1 != 0 || string(b[3:6]) != "\x9d\x01\x2a" {
			return MediaInfo{}, errors.New("no VP8 key frame")
		}
		return nonzero(int(binary.LittleEndian.Uint16(b[6:])&0x3fff), int(binary.LittleEndian.Uint16(b[8:])&0x3fff))
	case "VP8L": // 14 bits each, less one (RFC 9649, section 3.4)
		if b, err = h.at(20, 5); err != nil {
			return MediaInfo{}, err
		}
		if b[0] != 0x2f {
			return MediaInfo{}, errors.New("no VP8L signature")
		}
		bits := binary.LittleEndian.Uint32(b[1:])
		return MediaInfo{Width: int(bits&0x3fff) + 1, Height: int(bits>>14&0x3fff) + 1}, nil
	case "VP8X": // 24 bits each, less one (RFC 9649, section 2.7)
		if b, err = h.at(20, 10); err != nil {
			return MediaInfo{}, err
		}
		info := MediaInfo{Width: int(uint24(b[4:])) + 1, Height: int(uint24(b[7:])) + 1}
		if hasEXIF := b[0]&0x08 != 0; hasEXIF {
			info.Rotated = quarterTurn(webpOrientation(h))
		}
		return info, nil
	}
	return MediaInfo{}, errors.New("no VP8, VP8L or VP8X chunk")
}

func uint24(b []byte) uint32 {
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16
}

// webpOrientation looks for the EXIF chunk, which stands behind the image. It
// returns 0 if it cannot be read: the size is known without it.
func webpOrientation(h *header) uint16 {
	for off := int64(12); ; {
		b, err := h.at(off, 8)
		if err != nil {
			return 0
		}
		size := int64(binary.LittleEndian.Uint32(b[4:]))
		if string(b[:4]) == "EXIF" {
			return exifOrientation(h, off+8, off+8+size)
		}
		off += 8 + size + size&1
	}
}

// measureJPEG walks the segments up to the frame header (ITU-T T.81, section
// B.2.2) and reads the orientation from an EXIF segment on its way.
func measureJPEG(h *header) (MediaInfo, error) {
	rotated := false
	for off := int64(2); ; {
		b, err := h.at(off, 2)
		if err != nil {
			return MediaInfo{}, err
		}
		marker := b[1]
		switch {
		case b[0] != 0xff:
			return MediaInfo{}, errors.New("no marker where one must be")
		case marker == 0xff: // a fill byte
			off++
			continue
		case marker == 0x01, marker >= 0xd0 && marker <= 0xd8: // markers without a segment
			off += 2
			continue
		case marker == 0xd9, marker == 0xda: // the end, or the scan: no frame came before
			return MediaInfo{}, errNoSize
		}
		if b, err = h.at(off+2, 2); err != nil {
			return MediaInfo{}, err
		}
		length := int64(binary.BigEndian.Uint16(b))
		if length < 2 {
			return MediaInfo{}, errors.New("a segment shorter than its length")
		}
		if startOfFrame(marker) {
			if b, err = h.at(off+5, 4); err != nil {
				return MediaInfo{}, err
			}
			info, err := nonzero(int(binary.BigEndian.Uint16(b[2:])), int(binary.BigEndian.Uint16(b)))
			info.Rotated = rotated
			return info, err
		}
		if marker == 0xe1 && !rotated {
			rotated = quarterTurn(exifOrientation(h, off+4, off+2+length))
		}
		off += 2 + length
	}
}

// startOfFrame reports whether a marker is SOF0 to SOF15: DHT, JPG and DAC
// stand in the same range.
func startOfFrame(marker byte) bool {
	return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc
}

// quarterTurn reports whether an EXIF orientation swaps width and height.
func quarterTurn(orientation uint16) bool { return orientation >= 5 && orientation <= 8 }

// maxEXIFEntries bounds the walk through the first directory: cameras write
// fewer than fifty.
const maxEXIFEntries = 256

// exifOrientation reads tag 0x0112 of the first directory of the EXIF data
// between start and end (CIPA DC-008, section 4.6.4), with or without the
// "Exif" identifier in front. It returns 0 if there is none that can be read.
func exifOrientation(h *header, start, end int64) uint16 {
	at := func(off int64, n int) []byte {
		if off < start || off+int64(n) > end {
			return nil
		}
		b, err := h.at(off, n)
		if err != nil {
			return nil
		}
		return b
	}
	if string(at(start, 6)) == "Exif\x00\x00" {
		start += 6
	}
	b := at(start, 8)
	if b == nil {
		return 0
	}
	var order binary.ByteOrder = binary.BigEndian
	if string(b[:2]) == "II" {
		order = binary.LittleEndian
	}
	if order.Uint16(b[2:]) != 42 {
		return 0
	}
	directory := start + int64(order.Uint32(b[4:]))
	if b = at(directory, 2); b == nil {
		return 0
	}
	for i := range min(int64(order.Uint16(b)), maxEXIFEntries) {
		if b = at(directory+2+12*i, 12); b == nil {
			return 0
		}
		const orientation, short = 0x0112, 3
		if order.Uint16(b) == orientation && order.Uint16(b[2:]) == short {
			return order.Uint16(b[8:])
		}
	}
	return 0
}
