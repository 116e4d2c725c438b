package client

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	_ "golang.org/x/image/webp"
)

const mediaFolder = "../../testdata/media"

// mediaFile returns the content of a file of testdata/media.
func mediaFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(mediaFolder, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// mediaRow is what other programs read in one file; -1 where they do not.
type mediaRow struct {
	name, mediaType               string
	bytes                         int64
	identifyWidth, identifyHeight int
	orientation                   int
	ffprobeWidth, ffprobeHeight   int
	rotation                      int
	seconds                       float64
}

func mediaTable(t testing.TB) []mediaRow {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(string(mediaFile(t, "table.tsv"))), "\n")
	number := func(s string) float64 {
		if s == "-" {
			return -1
		}
		n, err := strconv.ParseFloat(s, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	var rows []mediaRow
	for _, line := range lines[1:] {
		c := strings.Split(line, "\t")
		rows = append(rows, mediaRow{
			name: c[0], bytes: int64(number(c[1])), mediaType: c[2],
			identifyWidth: int(number(c[3])), identifyHeight: int(number(c[4])), orientation: int(number(c[5])),
			ffprobeWidth: int(number(c[6])), ffprobeHeight: int(number(c[7])), rotation: int(number(c[8])),
			seconds: number(c[9]),
		})
	}
	return rows
}

// TestMediaTable compares every file with what file, identify, exiftool and
// ffprobe say of it.
func TestMediaTable(t *testing.T) {
	names := map[string]bool{"make.sh": true, "table.tsv": true}
	for _, row := range mediaTable(t) {
		names[row.name] = true
		t.Run(row.name, func(t *testing.T) {
			content := mediaFile(t, row.name)
			got, err := probeMedia(bytes.NewReader(content), int64(len(content)))
			if err != nil {
				t.Fatal(err)
			}
			if got.Bytes != row.bytes {
				t.Errorf("Bytes = %d, want %d", got.Bytes, row.bytes)
			}
			wantType := map[string]string{"audio/x-m4a": "audio/mp4", "audio/x-wav": "audio/wav"}[row.mediaType]
			if wantType == "" {
				wantType = row.mediaType
			}
			format := sniffMedia(content[:min(len(content), sniffLen)])
			if format.mediaType != wantType {
				t.Errorf("media type %q, want %q", format.mediaType, wantType)
			}
			if want := filepath.Ext(row.name); format.extension != want {
				t.Errorf("extension %q, want %q", format.extension, want)
			}
			wantWidth, wantHeight := row.identifyWidth, row.identifyHeight
			if wantWidth < 0 {
				wantWidth, wantHeight = row.ffprobeWidth, row.ffprobeHeight
			}
			if row.rotation == 90 || row.rotation == -90 {
				wantWidth, wantHeight = wantHeight, wantWidth
			}
			if format.measure == nil || wantWidth < 0 {
				wantWidth, wantHeight = 0, 0
			}
			if got.Width != wantWidth || got.Height != wantHeight {
				t.Errorf("%d x %d, want %d x %d", got.Width, got.Height, wantWidth, wantHeight)
			}
			// identify shows AVIF as turned, ffprobe as stored.
			turned := row.name == "rotated.avif"
			if want := row.orientation >= 5 || row.rotation != -1 || turned; got.Rotated != want {
				t.Errorf("Rotated = %v, want %v", got.Rotated, want)
			}
			wantSeconds := row.seconds
			if row.name == "fragmented.mp4" {
				wantSeconds = 0 // ffprobe adds the fragments up; the header does not tell
			}
			if d := math.Abs(got.Duration.Seconds() - max(wantSeconds, 0)); d > 0.05 {
				t.Errorf("Duration = %v, want %v s", got.Duration, wantSeconds)
			}
		})
	}
	entries, err := os.ReadDir(mediaFolder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !names[e.Name()] {
			t.Errorf("%s stands in no row of table.tsv", e.Name())
		}
	}
}

// TestMediaDecoders compares with the decoders of image and x/image, which read
// four of the formats.
func TestMediaDecoders(t *testing.T) {
	compared := 0
	for _, row := range mediaTable(t) {
		content := mediaFile(t, row.name)
		config, format, err := image.DecodeConfig(bytes.NewReader(content))
		if err != nil {
			continue
		}
		compared++
		got, err := probeMedia(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
		}
		want := MediaInfo{Width: config.Width, Height: config.Height, Bytes: row.bytes, Format: format, Rotated: got.Rotated}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-decoder +header):\n%s", row.name, diff)
		}
	}
	if compared < 15 {
		t.Errorf("only %d files were compared", compared)
	}
}

// TestMediaTruncated cuts every file at every byte: the answer is an error or
// the same as for the whole file, whether the size is known or not.
func TestMediaTruncated(t *testing.T) {
	for _, row := range mediaTable(t) {
		content := mediaFile(t, row.name)
		whole, err := probeMedia(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			t.Fatal(err)
		}
		for n := range content {
			for _, size := range []int64{int64(n), -1} {
				got, err := probeMedia(bytes.NewReader(content[:n]), size)
				if err != nil || sniffMedia(content[:min(n, sniffLen)]).measure == nil {
					continue
				}
				got.Bytes = whole.Bytes
				// The EXIF chunk of WebP stands at the end; it is no reason to fail.
				got.Rotated = whole.Rotated
				// The name of a format that its brands tell may stand behind the cut.
				got.Format = whole.Format
				if diff := cmp.Diff(whole, got); diff != "" {
					t.Fatalf("%s cut to %d bytes (-whole +cut):\n%s", row.name, n, diff)
				}
			}
		}
	}
}

// be32 is a 32-bit big-endian number, what most headers are made of.
func be32(n uint32) string { return string(binary.BigEndian.AppendUint32(nil, n)) }

// isoBox is one box of an MP4, AVIF or HEIC file.
func isoBox(kind string, payload ...string) string {
	body := strings.Join(payload, "")
	return be32(uint32(8+len(body))) + kind + body
}

// heif is an AVIF file whose ipma and ipco boxes are given.
func heif(pitm, ipma, ipco string) string {
	return isoBox("ftyp", "avif", be32(0)) +
		isoBox("meta", be32(0), isoBox("pitm", pitm), isoBox("iprp", ipco, ipma))
}

// TestMediaVariants holds what the files of testdata/media do not show.
func TestMediaVariants(t *testing.T) {
	ispe := isoBox("ispe", be32(0), be32(640), be32(480))
	other := isoBox("ispe", be32(0), be32(1), be32(1))
	wide := isoBox("ipma", "\x01\x00\x00\x01", be32(2), be32(7), "\x01", "\x00\x01", be32(70000), "\x01", "\x80\x02")
	tkhd := isoBox("tkhd", "\x01\x00\x00\x01", strings.Repeat("\x00", 48), // version 1
		be32(0), be32(1<<16), be32(0), be32(0xffff0000), be32(0), be32(0), be32(0), be32(0), be32(1<<30),
		be32(640<<16), be32(200<<16)) // stretched to square pixels
	entry := isoBox("avc1", strings.Repeat("\x00", 24), "\x01\x40\x00\xc8", strings.Repeat("\x00", 50))
	handler := isoBox("mdia", isoBox("hdlr", be32(0), be32(0), "vide"), isoBox("minf", isoBox("stbl", isoBox("stsd", be32(0), be32(1), entry))))
	mvhd := isoBox("mvhd", "\x01\x00\x00\x00", be32(0), be32(0), be32(0), be32(0), be32(1000), be32(0), be32(2500))
	tests := []struct {
		name, content string
		want          MediaInfo
	}{
		{"heif_32_bit_ids_15_bit_indexes", heif("\x01\x00\x00\x00"+be32(70000), wide, isoBox("ipco", other, ispe)),
			MediaInfo{Width: 640, Height: 480, Format: "avif"}},
		{"heif_second_ipma", heif("\x00\x00\x00\x00\x00\x02",
			isoBox("ipma", be32(0), be32(1), "\x00\x01\x01\x01")+isoBox("ipma", be32(0), be32(1), "\x00\x02\x01\x82"), isoBox("ipco", other, ispe)),
			MediaInfo{Width: 640, Height: 480, Format: "avif"}},
		{"mif1_with_avif_brand", strings.Replace(heif("\x00\x00\x00\x00\x00\x02", isoBox("ipma", be32(0), be32(1), "\x00\x02\x01\x82"), isoBox("ipco", other, ispe)),
			isoBox("ftyp", "avif", be32(0)), isoBox("ftyp", "mif1", be32(0), "heix", "avif"), 1),
			MediaInfo{Width: 640, Height: 480, Format: "avif"}},
		{"movie_version_1_turned", isoBox("ftyp", "isom", be32(0)) + isoBox("moov", mvhd, isoBox("trak", tkhd, handler)),
			MediaInfo{Width: 200, Height: 320, Duration: 2500e6, Format: "mp4", Rotated: true}},
		{"movie_64_bit_box_and_last_without_size", isoBox("ftyp", "isom", be32(0)) + be32(1) + "mdat" + be32(0) + be32(20) + "data" +
			be32(0) + "moov" + mvhd + isoBox("trak", tkhd, handler),
			MediaInfo{Width: 200, Height: 320, Duration: 2500e6, Format: "mp4", Rotated: true}},
		{"quicktime_without_ftyp", isoBox("wide") + isoBox("moov", mvhd, isoBox("trak", tkhd, handler)),
			MediaInfo{Width: 200, Height: 320, Duration: 2500e6, Format: "mov", Rotated: true}},
		{"movie_without_length", isoBox("ftyp", "isom", be32(0)) + isoBox("moov", isoBox("mvhd", be32(0), be32(0), be32(0), be32(1000), be32(math.MaxUint32))),
			MediaInfo{Format: "mp4"}},
		{"jpeg_fill_bytes_and_restart", "\xff\xd8\xff\xff\xff\x01\xff\xd0\xff\xc1\x00\x0b\x08\x00\x10\x00\x20\x01\x01\x11\x00",
			MediaInfo{Width: 32, Height: 16, Format: "jpeg"}},
		{"jpeg_damaged_exif_keeps_size", "\xff\xd8\xff\xe1\x00\x12Exif\x00\x00MM\x00\x2a\xff\xff\xff\xff\x00\x00\xff\xc0\x00\x0b\x08\x00\x10\x00\x20\x01\x01\x11\x00",
			MediaInfo{Width: 32, Height: 16, Format: "jpeg"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := probeMedia(strings.NewReader(tt.content), int64(len(tt.content)))
			if err != nil {
				t.Fatal(err)
			}
			tt.want.Bytes = int64(len(tt.content))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestMediaHostile feeds headers made to break a parser. Each must end in an
// error after little work and little memory.
func TestMediaHostile(t *testing.T) {
	avif := func(ipma string) string {
		return heif("\x00\x00\x00\x00\x00\x02", ipma, isoBox("ipco", isoBox("ispe", be32(0), be32(9), be32(9))))
	}
	tests := []struct {
		name, content, want string
	}{
		{"empty", "", "the file is empty"},
		{"png_zero_width", pngSignature + "\x00\x00\x00\x0dIHDR" + be32(0) + be32(9), "no width"},
		{"png_beyond_int32", pngSignature + "\x00\x00\x00\x0dIHDR" + be32(math.MaxUint32) + be32(9), "impossible"},
		{"png_other_first_chunk", pngSignature + "\x00\x00\x00\x0dCgBI" + be32(9) + be32(9), "no IHDR"},
		{"gif_zero_height", "GIF89a\x01\x00\x00\x00", "no width"},
		{"jpeg_endless_fill", "\xff\xd8" + strings.Repeat("\xff", 1<<20), "too many parts"},
		{"jpeg_endless_segments", "\xff\xd8" + strings.Repeat("\xff\xe0\x00\x02", 1<<18), "too many parts"},
		{"jpeg_short_segment", "\xff\xd8\xff\xe0\x00\x01\xff", "shorter"},
		{"jpeg_scan_without_frame", "\xff\xd8\xff\xda\x00\x04\x00\x00", "no width"},
		{"jpeg_no_marker", "\xff\xd8\xff\xe0\x00\x02\x00\x00", "no marker"},
		{"jpeg_exif_many_entries", "\xff\xd8" + strings.Repeat("\xff\xe1\xff\xffExif\x00\x00MM\x00\x2a\x00\x00\x00\x08\xff\xff"+strings.Repeat("\x00", 0xffff-18), 40) + "\xff\xd9", "too many parts"},
		{"webp_unknown_chunk", "RIFF\x10\x00\x00\x00WEBPJUNK\x00\x00\x00\x00", "no VP8"},
		{"webp_interframe", "RIFF\x20\x00\x00\x00WEBPVP8 \x0a\x00\x00\x00\x01\x00\x00\x9d\x01\x2a\x10\x00\x10\x00", "no VP8 key frame"},
		{"box_size_7", isoBox("ftyp", "isom", be32(0)) + be32(7) + "moov", "shorter than its head"},
		{"box_size_64_bit_negative", isoBox("ftyp", "isom", be32(0)) + be32(1) + "moov" + strings.Repeat("\xff", 8), "shorter than its head"},
		{"box_size_64_bit_huge", isoBox("ftyp", "isom", be32(0)) + be32(1) + "moov\x7f" + strings.Repeat("\xff", 7), "truncated"},
		{"box_larger_than_file", isoBox("ftyp", "isom", be32(0)) + be32(1<<30) + "moov", "truncated"},
		{"box_endless_empty", isoBox("ftyp", "isom", be32(0)) + strings.Repeat(isoBox("free"), 1<<16), "too many parts"},
		{"box_moov_endless_traks", isoBox("ftyp", "isom", be32(0)) + isoBox("moov", strings.Repeat(isoBox("trak", isoBox("mdia", isoBox("hdlr", be32(0), be32(0), "soun"))), 1<<14)), "too many parts"},
		{"movie_without_moov", isoBox("ftyp", "isom", be32(0)) + isoBox("mdat", "x"), "no width"},
		{"ipma_four_billion_entries", avif(isoBox("ipma", be32(0), be32(math.MaxUint32), "\x00\x01\x00")), "truncated"},
		{"ipma_without_the_item", avif(isoBox("ipma", be32(0), be32(0))), "no width"},
		{"ipma_index_out_of_range", avif(isoBox("ipma", be32(0), be32(1), "\x00\x02\x01\x7f")), "no width"},
		{"heif_without_primary", isoBox("ftyp", "heic", be32(0)) + isoBox("meta", be32(0)), "no width"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, size := range []int64{int64(len(tt.content)), -1} {
				got, err := probeMedia(strings.NewReader(tt.content), size)
				// With an unknown size the end of the file shows only as missing bytes.
				if err == nil || !strings.Contains(err.Error(), tt.want) && !(size < 0 && errors.Is(err, errTruncated)) {
					t.Errorf("size %d: %+v, error %v, want one with %q", size, got, err, tt.want)
				}
			}
		})
	}
}

// TestMediaAllocation holds the memory that measuring takes to a small part of
// the 1 MiB that is promised, for real files and for the largest claims that
// headers can make.
func TestMediaAllocation(t *testing.T) {
	contents := map[string][]byte{
		"jpeg_segments": []byte("\xff\xd8" + strings.Repeat("\xff\xe0\xff\xff"+strings.Repeat("x", 0xfffd), 100)),
		"ipma":          []byte(heif("\x00\x00\x00\x00\x00\x02", isoBox("ipma", be32(0), be32(math.MaxUint32), strings.Repeat("\x00\x01\x00", 1<<20)), isoBox("ipco"))),
	}
	for _, row := range mediaTable(t) {
		contents[row.name] = mediaFile(t, row.name)
	}
	for name, content := range contents {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _ = probeMedia(bytes.NewReader(content), int64(len(content))) // errors are another test's
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 64<<10 {
			t.Errorf("%s: %d bytes allocated", name, n)
		}
	}
}

// TestSniffMedia holds the formats of which no file is committed, and what is
// no media at all.
func TestSniffMedia(t *testing.T) {
	tests := map[string]string{
		"\xff\xf1\x50\x80": "aac",
		"\xff\xfb\x90\x00": "mp3",
		"<svg xmlns=":      "svg",
		"\x00\x00\x00\x10ftypM4B \x00\x00\x00\x00": "m4a",
		"\x00\x00\x00\x10ftypmsf1\x00\x00\x00\x00": "heic",
		"\x00\x00\x00\x18ftyp":                     "mp4",
		"<!DOCTYPE html><html>":                    "",
		`{"error": "expired"}`:                     "",
		"<?xml version=\"1.0\"?><Error>":           "",
		"\x00\x00\x00\x08oov ":                     "",
		"\xff\xfeh\x00i\x00":                       "",
		"":                                         "",
	}
	var got []string
	for start, want := range tests {
		if name := sniffMedia([]byte(start)).name; name != want {
			got = append(got, strconv.Quote(start)+" is "+name+", want "+want)
		}
	}
	slices.Sort(got)
	for _, line := range got {
		t.Error(line)
	}
}
