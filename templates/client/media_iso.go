package client

import (
	"errors"
	"iter"
	"math"
	"slices"
	"time"
)

// A box of a file (ISO/IEC 14496-12, section 4.2): its type and its payload.
type box struct {
	kind      string
	body, end int64
}

// boxes walks the boxes inside in, until the first error.
func (h *header) boxes(in box) iter.Seq[box] {
	return func(yield func(box) bool) {
		for off := in.body; off < in.end; {
			size, head, kind := h.uint(off, 4), int64(8), string(h.at(off+4, 4))
			switch size {
			case 0: // to the end of the container
				size = in.end - off
			case 1: // 64 bits behind the type
				size, head = h.uint(off+8, 8), 16
			}
			switch {
			case size < head:
				h.fail(errors.New("a box shorter than its head"))
			case size > in.end-off:
				h.fail(errTruncated)
			}
			if h.err != nil || !yield(box{kind, off + head, off + size}) {
				return
			}
			off += size
		}
	}
}

// find returns the first box of one of the kinds inside in.
func (h *header) find(in box, kinds ...string) box {
	for b := range h.boxes(in) {
		if slices.Contains(kinds, b.kind) {
			return b
		}
	}
	h.fail(errNoSize)
	return box{}
}

// measureMovie finds the moov box of an MP4 or QuickTime file, in front of the
// media data or behind it. A file with sound alone has no width and no height.
func measureMovie(h *header) MediaInfo { return movie(h, h.find(box{end: h.size}, "moov")) }

// movie reads the length of a movie, of which a fragmented one tells none, and
// the size of its first picture track (ISO/IEC 14496-12, 8.2.2 and 8.3.2).
func movie(h *header, moov box) MediaInfo {
	var info MediaInfo
	var damaged error // the first track that could not be read; another may be whole
	for b := range h.boxes(moov) {
		switch {
		case b.kind == "mvhd":
			info.Duration = movieDuration(h, b.body)
		case b.kind == "trak" && info.Width == 0:
			one := *h
			track(&one, b, &info)
			h.reads = one.reads
			if one.err == nil {
				continue
			}
			info.Width, info.Height, info.Rotated = 0, 0, false
			if !errors.Is(one.err, errNoSize) && damaged == nil {
				damaged = one.err
			}
		}
		if info.Width > 0 && info.Duration > 0 {
			return info // what follows may have to be fetched
		}
	}
	if damaged != nil && info.Width == 0 {
		h.fail(damaged)
	}
	return info
}

// movieDuration reads the payload of an mvhd box; 0 if the length is not set.
func movieDuration(h *header, body int64) time.Duration {
	scale, ticks := h.uint(body+12, 4), h.uint(body+16, 4)
	if version := h.uint(body, 1); version > 0 {
		scale, ticks = h.uint(body+20, 4), h.uint(body+24, 8)
	} else if ticks == math.MaxUint32 {
		return 0
	}
	seconds := float64(ticks) / float64(scale)
	if scale == 0 || seconds < 0 || seconds > math.MaxInt64/float64(2*time.Second) {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}

// track takes the size of a track whose handler shows pictures, unless the track is
// switched off (section 8.3.2). The size stands before the matrix is applied; a
// matrix that maps x to y turns by a quarter.
func track(h *header, trak box, info *MediaInfo) {
	mdia := h.find(trak, "mdia")
	if !slices.Contains([]string{"vide", "pict", "auxv"}, string(h.at(h.find(mdia, "hdlr").body+8, 4))) {
		return
	}
	tkhd := h.find(trak, "tkhd")
	if enabled := h.uint(tkhd.body+3, 1)&1 != 0; !enabled {
		return
	}
	matrix := tkhd.body + 40
	if version := h.uint(tkhd.body, 1); version > 0 {
		matrix += 12 // three times of 64 bits
	}
	stsd := h.find(h.find(h.find(mdia, "minf"), "stbl"), "stsd") // tkhd has the size stretched to square pixels
	stsd.body += 8
	for entry := range h.boxes(stsd) {
		info.Width, info.Height = int(h.uint(entry.body+24, 2)), int(h.uint(entry.body+26, 2))
		break
	}
	if info.Rotated = h.uint(matrix, 4) == 0 && h.uint(matrix+4, 4) != 0; info.Rotated {
		*info = info.turned()
	}
}

// measureHEIF reads the properties of the primary item of an AVIF or HEIC file
// (ISO/IEC 23008-12, section 6.5): its size, then the clean aperture cut out of
// it, then a turn. Thumbnails, tiles and alpha planes are items of their own.
// Readers obey a turn, except those that hand out the coded picture.
func measureHEIF(h *header) MediaInfo {
	meta := h.find(box{end: h.size}, "meta", "moov")
	if meta.kind == "moov" { // an image sequence without a still
		return movie(h, meta)
	}
	meta.body += 4 // version and flags
	pitm := h.find(meta, "pitm").body
	primary := h.uint(pitm+4, 2)
	if version := h.uint(pitm, 1); version > 0 {
		primary = h.uint(pitm+4, 4)
	}
	properties := h.find(meta, "iprp")
	var places []int64
	for b := range h.boxes(properties) {
		if b.kind == "ipma" && places == nil {
			places = associations(h, b, primary)
		}
	}
	var info MediaInfo
	width, height, place := math.MaxInt, math.MaxInt, int64(0)
	for property := range h.boxes(h.find(properties, "ipco")) {
		if place++; !slices.Contains(places, place) {
			continue
		}
		switch body := property.body; property.kind {
		case "ispe":
			info.Width, info.Height = int(h.uint(body+4, 4)), int(h.uint(body+8, 4))
		case "clap": // fractions
			width = int(h.uint(body, 4) / max(h.uint(body+4, 4), 1))
			height = int(h.uint(body+8, 4) / max(h.uint(body+12, 4), 1))
		case "irot":
			info.Rotated = h.uint(body, 1)&1 != 0
		}
	}
	info.Width, info.Height = min(info.Width, width), min(info.Height, height)
	if info.Rotated {
		return info.turned()
	}
	return info
}

// associations returns where in the ipco box, from 1 on, an item's properties
// stand, or nil if it is not in the ipma box (ISO/IEC 14496-12, section 8.11.14).
func associations(h *header, ipma box, item int64) []int64 {
	off := ipma.body
	next := func(n int) int64 {
		off += int64(n)
		return h.uint(off-int64(n), n)
	}
	idLen, placeLen := 2, 1
	if version := next(1); version > 0 {
		idLen = 4
	}
	if flags := next(3); flags&1 != 0 {
		placeLen = 2
	}
	for n := next(4); n > 0 && h.err == nil; n-- {
		id, count := next(idLen), next(1)
		if id != item || count == 0 {
			off += count * int64(placeLen)
			continue
		}
		places := make([]int64, count)
		for i := range places {
			places[i] = next(placeLen) &^ (1 << (8*placeLen - 1)) // the top bit says "essential"
		}
		return places
	}
	return nil
}
