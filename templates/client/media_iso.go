package client

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"time"
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

// measureHEIF reads the properties of the primary item of an AVIF or HEIC file
// (ISO/IEC 23008-12, section 6.5): its size, then the clean aperture cut out of
// it, then a turn. Thumbnails, tiles and alpha planes are items of their own.
func measureHEIF(h *header) (MediaInfo, error) {
	meta, err := h.find(0, h.end(), "meta", "moov")
	if err != nil {
		return MediaInfo{}, err
	}
	if meta.kind == "moov" { // an image sequence without a still
		return movie(h, meta)
	}
	meta.body += 4 // version and flags
	primary, err := primaryItem(h, meta)
	if err != nil {
		return MediaInfo{}, err
	}
	properties, err := h.find(meta.body, meta.end, "iprp")
	if err != nil {
		return MediaInfo{}, err
	}
	indexes, err := propertyIndexes(h, properties, primary)
	if err != nil {
		return MediaInfo{}, err
	}
	list, err := h.find(properties.body, properties.end, "ipco")
	if err != nil {
		return MediaInfo{}, err
	}
	return itemSize(h, list, indexes)
}

// primaryItem reads the id in the pitm box.
func primaryItem(h *header, meta box) (uint32, error) {
	pitm, err := h.find(meta.body, meta.end, "pitm")
	if err != nil {
		return 0, err
	}
	b, err := h.at(pitm.body, 6)
	if err != nil {
		return 0, err
	}
	if version := b[0]; version == 0 {
		return uint32(binary.BigEndian.Uint16(b[4:])), nil
	}
	if b, err = h.at(pitm.body+4, 4); err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint32(b), nil
}

// propertyIndexes returns the places in the ipco box, from 1 on, of the
// properties of an item, from the ipma boxes.
func propertyIndexes(h *header, properties box, item uint32) ([]int, error) {
	for off := properties.body; ; {
		ipma, err := h.find(off, properties.end, "ipma")
		if err != nil {
			return nil, err
		}
		indexes, err := associations(h, ipma, item)
		if indexes != nil || err != nil {
			return indexes, err
		}
		off = ipma.end
	}
}

// associations returns the properties of the item in one ipma box (ISO/IEC
// 14496-12, section 8.11.14), nil if it has none there.
func associations(h *header, ipma box, item uint32) ([]int, error) {
	b, err := h.at(ipma.body, 8)
	if err != nil {
		return nil, err
	}
	idLen, indexLen := 2, 1
	if version := b[0]; version > 0 {
		idLen = 4
	}
	if wide := b[3]&1 != 0; wide {
		indexLen = 2
	}
	off := ipma.body + 8
	for range binary.BigEndian.Uint32(b[4:]) {
		if off >= ipma.end {
			return nil, errTruncated
		}
		if b, err = h.at(off, idLen+1); err != nil {
			return nil, err
		}
		id := uint32(binary.BigEndian.Uint16(b))
		if idLen == 4 {
			id = binary.BigEndian.Uint32(b)
		}
		count := int(b[idLen])
		off += int64(idLen + 1)
		if id == item && count > 0 {
			if b, err = h.at(off, count*indexLen); err != nil {
				return nil, err
			}
			indexes := make([]int, count)
			for i := range indexes { // the top bit says "essential"
				if indexLen == 1 {
					indexes[i] = int(b[i] & 0x7f)
				} else {
					indexes[i] = int(binary.BigEndian.Uint16(b[2*i:]) & 0x7fff)
				}
			}
			return indexes, nil
		}
		off += int64(count * indexLen)
	}
	return nil, nil
}

// itemSize applies the ispe, clap and irot properties among the indexes. An
// essential turn is obeyed by every reader of these formats, except those that
// hand out the coded picture; so either orientation is accepted.
func itemSize(h *header, list box, indexes []int) (MediaInfo, error) {
	var info MediaInfo
	var aperture [2]int
	index := 0
	for off := list.body; off < list.end; {
		property, err := h.box(off, list.end)
		if err != nil {
			return MediaInfo{}, err
		}
		off = property.end
		if index++; !slices.Contains(indexes, index) {
			continue
		}
		switch property.kind {
		case "ispe": // version and flags, width, height
			b, err := h.at(property.body, 12)
			if err != nil {
				return MediaInfo{}, err
			}
			info.Width, info.Height = int(binary.BigEndian.Uint32(b[4:])), int(binary.BigEndian.Uint32(b[8:]))
		case "clap": // width and height as fractions, then offsets
			b, err := h.at(property.body, 16)
			if err != nil {
				return MediaInfo{}, err
			}
			aperture = [2]int{fraction(b), fraction(b[8:])}
		case "irot":
			b, err := h.at(property.body, 1)
			if err != nil {
				return MediaInfo{}, err
			}
			info.Rotated = b[0]&1 != 0
		}
	}
	if aperture[0] > 0 && aperture[0] <= info.Width && aperture[1] > 0 && aperture[1] <= info.Height {
		info.Width, info.Height = aperture[0], aperture[1]
	}
	if info.Rotated {
		info.Width, info.Height = info.Height, info.Width
	}
	_, err := nonzero(info.Width, info.Height)
	return info, err
}

// fraction reads a numerator and a denominator; 0 if there is no quotient.
func fraction(b []byte) int {
	n, d := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	if d == 0 {
		return 0
	}
	return int(n / d)
}

// measureMovie finds the moov box of an MP4 or QuickTime file, in front of the
// media data or behind it. A file with sound alone has no width and no height.
func measureMovie(h *header) (MediaInfo, error) {
	moov, err := h.find(0, h.end(), "moov")
	if err != nil {
		return MediaInfo{}, err
	}
	return movie(h, moov)
}

// movie reads the length of a movie and the size of its first picture track
// (ISO/IEC 14496-12, sections 8.2.2 and 8.3.2). A fragmented movie has no
// length here.
func movie(h *header, moov box) (MediaInfo, error) {
	var info MediaInfo
	for off := moov.body; off < moov.end; {
		b, err := h.box(off, moov.end)
		if err != nil {
			return MediaInfo{}, err
		}
		off = b.end
		switch {
		case b.kind == "mvhd":
			if info.Duration, err = movieDuration(h, b); err != nil {
				return MediaInfo{}, err
			}
		case b.kind == "trak" && info.Width == 0:
			if err := track(h, b, &info); err != nil {
				return MediaInfo{}, err
			}
		}
	}
	return info, nil
}

// movieDuration reads an mvhd box; 0 if the length is not set.
func movieDuration(h *header, mvhd box) (time.Duration, error) {
	b, err := h.at(mvhd.body, 20)
	if err != nil {
		return 0, err
	}
	var scale uint32
	var ticks uint64
	if version := b[0]; version == 0 {
		scale, ticks = binary.BigEndian.Uint32(b[12:]), uint64(binary.BigEndian.Uint32(b[16:]))
		if ticks == math.MaxUint32 {
			return 0, nil
		}
	} else {
		if b, err = h.at(mvhd.body+20, 12); err != nil {
			return 0, err
		}
		scale, ticks = binary.BigEndian.Uint32(b), binary.BigEndian.Uint64(b[4:])
	}
	seconds := float64(ticks) / float64(scale)
	if scale == 0 || seconds > math.MaxInt64/float64(2*time.Second) {
		return 0, nil
	}
	return time.Duration(seconds * float64(time.Second)), nil
}

// track takes the size of a track whose handler shows pictures. The size stands
// before the matrix is applied; a matrix that maps x to y turns by a quarter.
func track(h *header, trak box, info *MediaInfo) error {
	mdia, err := h.find(trak.body, trak.end, "mdia")
	if err != nil {
		return err
	}
	hdlr, err := h.find(mdia.body, mdia.end, "hdlr")
	if err != nil {
		return err
	}
	b, err := h.at(hdlr.body, 12)
	if err != nil {
		return err
	}
	if kind := string(b[8:12]); kind != "vide" && kind != "pict" && kind != "auxv" {
		return nil
	}
	tkhd, err := h.find(trak.body, trak.end, "tkhd")
	if err != nil {
		return err
	}
	if b, err = h.at(tkhd.body, 1); err != nil {
		return err
	}
	matrix := tkhd.body + 40
	if version := b[0]; version > 0 {
		matrix += 12 // three times of 64 bits
	}
	if b, err = h.at(matrix, 44); err != nil {
		return err
	}
	const half = 1 << 15 // sizes are 16.16
	info.Width = int((uint64(binary.BigEndian.Uint32(b[36:])) + half) >> 16)
	info.Height = int((uint64(binary.BigEndian.Uint32(b[40:])) + half) >> 16)
	xx, yy := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[16:])
	if info.Rotated = xx == 0 && yy == 0; info.Rotated {
		info.Width, info.Height = info.Height, info.Width
	}
	return nil
}
