package client

import (
	"encoding/binary"
	"slices"
)

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
