package client

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"
)

// Readers of headers are no stricter than the decoders that the file is for: each
// of these files is shown by common ones.

// pngChunk is a chunk of a PNG file (PNG, section 5.3).
func pngChunk(kind, data string) string {
	body := kind + data
	return be32(uint32(len(data))) + body + be32(crc32.ChecksumIEEE([]byte(body)))
}

// exifOf are EXIF data of one tag, the orientation.
func exifOf(order binary.AppendByteOrder, turn uint16) string {
	start := "II"
	if order == binary.AppendByteOrder(binary.BigEndian) {
		start = "MM"
	}
	data := order.AppendUint32(order.AppendUint16([]byte(start), 42), 8)
	data = order.AppendUint16(order.AppendUint16(order.AppendUint16(data, 1), 0x0112), 3)
	data = order.AppendUint16(order.AppendUint16(order.AppendUint32(data, 1), turn), 0)
	return string(order.AppendUint32(data, 0))
}

// TestPNGLenient reads CgBI before IHDR, and the orientation wherever eXIf stands.
func TestPNGLenient(t *testing.T) {
	ihdr := pngChunk("IHDR", be32(97)+be32(61)+"\x08\x00\x00\x00\x00")
	cgbi := pngChunk("CgBI", "\x50\x00\x20\x02")
	exif := pngChunk("eXIf", exifOf(binary.BigEndian, 6))
	idat := pngChunk("IDAT", strings.Repeat("x", 200_000)) + pngChunk("IDAT", strings.Repeat("data", 20_000)+strings.Repeat("eXIf", 100))
	end := pngChunk("IEND", "")
	for name, file := range map[string]struct {
		content string
		rotated bool
	}{
		"plain":              {ihdr + idat + end, false},
		"CgBI":               {cgbi + ihdr + idat + end, false},
		"before the data":    {ihdr + pngChunk("gAMA", "1234") + exif + idat + end, true},
		"little-endian":      {ihdr + pngChunk("eXIf", exifOf(binary.LittleEndian, 8)) + idat + end, true},
		"with an identifier": {ihdr + pngChunk("eXIf", "Exif\x00\x00"+exifOf(binary.BigEndian, 5)) + idat + end, true},
		"after the data":     {cgbi + ihdr + idat + exif + end, true},
		"and a text after":   {ihdr + idat + exif + pngChunk("tEXt", strings.Repeat("t", 3000)) + end, true},
		"not turned":         {ihdr + pngChunk("eXIf", exifOf(binary.BigEndian, 3)) + idat + end, false},
		"damaged":            {ihdr + pngChunk("eXIf", "MM\x00\x2a\xff") + idat + end, false},
		"without an end":     {ihdr, false},
	} {
		content := pngSignature + file.content
		m, err := probeMedia(strings.NewReader(content), int64(len(content)))
		if err != nil || m.Width != 97 || m.Height != 61 || m.Rotated != file.rotated {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
		host, roots := newMediaHost(t, serveRanges([]byte(content)))
		if m, err := measureAt(t, roots, host.URL); err != nil || m.Width != 97 || m.Rotated != file.rotated || host.requests.Load() > 2 {
			t.Errorf("%s behind a URL: %+v, %v, %d requests", name, m, err, host.requests.Load())
		}
	}
}

// TestJPEGStrayBytes skips what stands between two segments (libjpeg, next_marker).
func TestJPEGStrayBytes(t *testing.T) {
	plain := mediaFile(t, "baseline.jpg")
	want, err := probeMedia(bytes.NewReader(plain), int64(len(plain)))
	if err != nil {
		t.Fatal(err)
	}
	for _, stray := range []string{"\x00", "\x00\x00\x00", "\x00\xff\x00", "\xff\xff\xff", strings.Repeat("junk", 1000), "\xff\x00\xff\x01"} {
		first := 4 + int(binary.BigEndian.Uint16(plain[4:]))
		second := first + 2 + int(binary.BigEndian.Uint16(plain[first+2:]))
		content := padded(padded(plain, second, stray), first, stray)
		m, err := probeMedia(bytes.NewReader(content), int64(len(content)))
		if m.Bytes = want.Bytes; err != nil || m != want {
			t.Errorf("%.10q: %+v, %v, want %+v", stray, m, err, want)
		}
	}
}

// TestMovieTracks measures the first track that shows pictures and is switched on,
// whatever stands before it.
func TestMovieTracks(t *testing.T) {
	plain := mediaFile(t, "end.mp4")
	moov := bytes.Index(plain, []byte("moov")) - 4
	trak := bytes.Index(plain, []byte("trak")) - 4
	size := int(binary.BigEndian.Uint32(plain[trak:]))
	video := plain[trak : trak+size]
	if !bytes.Contains(video, []byte("vide")) {
		t.Fatal("the first track shows no pictures")
	}
	off := bytes.Clone(video)
	flags := bytes.Index(off, []byte("tkhd")) + 7
	off[flags] &^= 1
	entry := bytes.Index(off, []byte("stsd")) + 4 + 8 + 8
	binary.BigEndian.PutUint16(off[entry+24:], 999)
	with := func(first []byte) []byte {
		content := padded(plain, trak, string(first))
		binary.BigEndian.PutUint32(content[moov:], binary.BigEndian.Uint32(content[moov:])+uint32(len(first)))
		return content
	}
	for name, content := range map[string][]byte{
		"switched off":       with(off),
		"without mdia":       with([]byte(isoBox("trak", isoBox("tkhd", strings.Repeat("\x00", 84))))),
		"without anything":   with([]byte(isoBox("trak"))),
		"without a handler":  with([]byte(isoBox("trak", isoBox("mdia")))),
		"with a damaged box": with([]byte(isoBox("trak", "\x00\x00\x00\x03mdia"))),
	} {
		if m, err := probeMedia(bytes.NewReader(content), int64(len(content))); err != nil || m.Width != 64 || m.Height == 0 {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
	alone := bytes.Clone(plain)
	copy(alone[trak:], off)
	if m, err := probeMedia(bytes.NewReader(alone), int64(len(alone))); err != nil || m.Width != 0 || m.Duration == 0 {
		t.Errorf("a movie without a track that is on: %+v, %v", m, err)
	}
}

// TestBase64Lenient decodes what decoders take for base64.
func TestBase64Lenient(t *testing.T) {
	content := append(mediaFile(t, "rgb.png"), "\xfb\xff\xbf"...)
	text := base64.StdEncoding.EncodeToString(content)
	if !strings.ContainsAny(text, "+") || !strings.ContainsAny(text, "/") {
		t.Fatal("the alphabets do not differ")
	}
	lines := ""
	for i := 0; i < len(text); i += 76 {
		lines += text[i:min(i+76, len(text))] + "\r\n"
	}
	for name, data := range map[string]string{
		"URL alphabet":       base64.URLEncoding.EncodeToString(content),
		"raw URL alphabet":   base64.RawURLEncoding.EncodeToString(content),
		"lines":              lines,
		"blanks":             strings.ReplaceAll(text, "A", " A\t"),
		"escaped blanks":     strings.ReplaceAll(text, "A", "%20A%0A"),
		"too much padding":   text + "==",
		"padding and blanks": strings.TrimRight(text, "=") + " = =\n",
	} {
		m, err := measureDataURI("data:image/png;base64," + data)
		if err != nil || m.Width != 97 || m.Bytes != int64(len(content)) {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
}
