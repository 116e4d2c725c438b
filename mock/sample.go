package mock

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"sync"
)

// sampleFiles returns the files of the media host, made at the first call and
// never changed: every test has a server of its own.
var sampleFiles = sync.OnceValues(makeSampleFiles)

// makeSampleFiles makes two images, a video and a sound. They hold noise, so
// that they do not compress and are long enough for ranges.
func makeSampleFiles() (map[string][]byte, error) {
	rng := rand.New(rand.NewPCG(1, 2))
	files := map[string][]byte{
		"video.mp4": sampleVideo(rng),
		"audio.wav": sampleAudio(rng),
	}
	for _, name := range []string{"image.png", "image-2.png"} {
		data, err := sampleImage(rng)
		if err != nil {
			return nil, fmt.Errorf("encoding a sample image: %w", err)
		}
		files[name] = data
	}
	return files, nil
}

func noise(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// sampleImage is a PNG of 160 x 120 pixels.
func sampleImage(rng *rand.Rand) ([]byte, error) {
	img := image.NewGray(image.Rect(0, 0, 160, 120))
	copy(img.Pix, noise(rng, len(img.Pix)))
	var b bytes.Buffer
	err := png.Encode(&b, img)
	return b.Bytes(), err
}

// sampleAudio is a WAV file (RIFF, 16 bit PCM, mono, 8 kHz) of one second.
func sampleAudio(rng *rand.Rand) []byte {
	const rate, size = 8000, 16000
	le := binary.LittleEndian
	b := append([]byte("RIFF"), le.AppendUint32(nil, 36+size)...)
	b = append(b, "WAVEfmt "...)
	b = le.AppendUint32(b, 16)
	b = le.AppendUint16(b, 1) // PCM
	b = le.AppendUint16(b, 1) // channels
	b = le.AppendUint32(b, rate)
	b = le.AppendUint32(b, rate*2)
	b = le.AppendUint16(b, 2)
	b = le.AppendUint16(b, 16)
	b = append(b, "data"...)
	b = le.AppendUint32(b, size)
	return append(b, noise(rng, size)...)
}

// sampleVideo is an MP4 file (ISO/IEC 14496-12) whose headers tell of one
// track of 320 x 180 pixels and five seconds. It has no sample tables: readers
// of headers accept it, players do not.
func sampleVideo(rng *rand.Rand) []byte {
	const timescale, duration, width, height = 1000, 5000, 320, 180
	be := binary.BigEndian
	mvhd := make([]byte, 100) // full box, version 0
	be.PutUint32(mvhd[12:], timescale)
	be.PutUint32(mvhd[16:], duration)
	be.PutUint32(mvhd[96:], 2) // next track id
	tkhd := make([]byte, 84)   // full box, version 0
	tkhd[3] = 7                // enabled, in movie, in preview
	be.PutUint32(tkhd[12:], 1) // track id
	be.PutUint32(tkhd[20:], duration)
	be.PutUint32(tkhd[76:], width<<16)
	be.PutUint32(tkhd[80:], height<<16)
	file := mp4Box("ftyp", []byte("isom\x00\x00\x02\x00isommp42"))
	file = append(file, mp4Box("moov", mp4Box("mvhd", mvhd), mp4Box("trak", mp4Box("tkhd", tkhd)))...)
	return append(file, mp4Box("mdat", noise(rng, 200_000))...)
}

func mp4Box(kind string, parts ...[]byte) []byte {
	payload := bytes.Join(parts, nil)
	box := binary.BigEndian.AppendUint32(nil, uint32(8+len(payload)))
	box = append(box, kind...)
	return append(box, payload...)
}
