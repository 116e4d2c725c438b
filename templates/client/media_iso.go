package client

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
)

// isoFormat tells the formats that are built of boxes (ISO/IEC 14496-12) by the
// brands of their ftyp box.
func isoFormat(start []byte) mediaFormat {
	var (
		avif = mediaFormat{"avif", "image/avif", ".avif", measureHEIF}
		heic = mediaFormat{"heic", "image/heic", ".heic", measureHEIF}
	)
	if len(start) < 12 {
		return mediaFormat{"mp4", "video/mp4", ".mp4", measureMovie}
	}
	switch string(start[8:12]) {
	case "avif", "avis":
		return avif
	case "heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs":
		return heic
	case "mif1", "msf1": // any coding: the compatible brands tell
		end := min(int64(binary.BigEndian.Uint32(start)), int64(len(start)))
		for off := int64(16); off+4 <= end; off += 4 {
			if brand := string(start[off : off+4]); brand == "avif" || brand == "avis" {
				return avif
			}
		}
		return heic
	case "qt  ":
		return mediaFormat{"mov", "video/quicktime", ".mov", measureMovie}
	case "M4A ", "M4B ":
		return mediaFormat{"m4a", "audio/mp4", ".m4a", measureMovie}
	}
	return mediaFormat{"mp4", "video/mp4", ".mp4", measureMovie}
}

// A box is one box of a file: its type and where its payload lies.
type box struct {
	kind      string
	body, end int64
}

// box reads the head of the box at off in a container that ends at end.
func (h *header) box(off, end int64) (box, error) {
	b, err := h.at(off, 8)
	if err != nil {
		return box{}, err
	}
	size, head := int64(binary.BigEndian.Uint32(b)), int64(8)
	kind := string(b[4:8])
	switch size {
	case 0: // to the end of the container
		return box{kind, off + head, end}, nil
	case 1: // 64 bits behind the type
		if b, err = h.at(off+8, 8); err != nil {
			return box{}, err
		}
		large := binary.BigEndian.Uint64(b)
		if large > math.MaxInt64 {
			return box{}, errors.New("impossible size of a box")
		}
		size, head = int64(large), 16
	}
	if size < head {
		return box{}, errors.New("a box shorter than its head")
	}
	if size > end-off {
		return box{}, errTruncated
	}
	return box{kind, off + head, off + size}, nil
}

// find returns the first box of one of the kinds between off and end, looking
// at no box behind it.
func (h *header) find(off, end int64, kinds ...string) (box, error) {
	for off < end {
		b, err := h.box(off, end)
		if err != nil {
			return box{}, err
		}
		if slices.Contains(kinds, b.kind) {
			return b, nil
		}
		off = b.end
	}
	return box{}, errNoSize
}

// end returns where the file ends: far away if its size is not known.
func (h *header) end() int64 {
	if h.size < 0 {
		return math.MaxInt64
	}
	return h.size
}
