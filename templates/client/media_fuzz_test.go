package client

import (
	"bytes"
	"image"
	"math"
	"slices"
	"testing"
)

// fuzzMedia runs one header parser, with the committed files that it reads as
// seeds. Whatever the input, the parser ends after a bounded number of reads in
// an error or in a size that an int of 32 bits holds; and where a decoder of
// the standard library or x/image reads the file too, the sizes agree.
func fuzzMedia(f *testing.F, measure func(*header) MediaInfo, formats ...string) {
	for _, row := range mediaTable(f) {
		content := mediaFile(f, row.name)
		if slices.Contains(formats, sniffMedia(content[:min(len(content), sniffLen)]).name) {
			f.Add(content)
		}
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, size := range []int64{int64(len(content)), math.MaxInt64} {
			h := &header{r: bytes.NewReader(content), size: size}
			got := measure(h)
			if h.reads > maxHeaderReads+300 {
				t.Fatalf("%d reads", h.reads)
			}
			if h.err != nil {
				continue
			}
			if got.Duration < 0 {
				t.Fatalf("impossible %+v", got)
			}
			if impossible(got) {
				continue // probeMedia refuses it
			}
			config, format, err := image.DecodeConfig(bytes.NewReader(content))
			if err == nil && slices.Contains(formats, format) && (config.Width != got.Width || config.Height != got.Height) {
				t.Fatalf("%d x %d, the decoder says %d x %d", got.Width, got.Height, config.Width, config.Height)
			}
		}
	})
}

// impossible reports a size that would not fit an int of 32 bits.
func impossible(m MediaInfo) bool {
	return min(m.Width, m.Height) < 0 || max(m.Width, m.Height) > math.MaxInt32
}

func FuzzMediaPNG(f *testing.F)   { fuzzMedia(f, measurePNG, "png") }
func FuzzMediaJPEG(f *testing.F)  { fuzzMedia(f, measureJPEG, "jpeg") }
func FuzzMediaGIF(f *testing.F)   { fuzzMedia(f, measureGIF, "gif") }
func FuzzMediaWebP(f *testing.F)  { fuzzMedia(f, measureWebP, "webp") }
func FuzzMediaHEIF(f *testing.F)  { fuzzMedia(f, measureHEIF, "avif", "heic") }
func FuzzMediaMovie(f *testing.F) { fuzzMedia(f, measureMovie, "mp4", "mov", "m4a") }

// FuzzMediaProbe runs the whole of probeMedia, sniffing included, also through
// a data URI.
func FuzzMediaProbe(f *testing.F) {
	for _, row := range mediaTable(f) {
		f.Add(mediaFile(f, row.name))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		got, err := probeMedia(bytes.NewReader(content), int64(len(content)))
		if err == nil && impossible(got) {
			t.Fatalf("impossible %+v", got)
		}
		again, againErr := measureDataURI(toDataURI("", content))
		if again != got || (err == nil) != (againErr == nil) {
			t.Fatalf("%+v, %v; as a data URI %+v, %v", got, err, again, againErr)
		}
	})
}
