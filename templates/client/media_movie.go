package client

import (
	"encoding/binary"
	"math"
	"time"
)

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
