package client

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

func TestSniffSVG(t *testing.T) {
	for text, want := range map[string]string{
		"\n<svg xmlns=\"http://www.w3.org/2000/svg\">":                    "svg",
		"<!-- Generator: x --><svg xmlns=\"http://www.w3.org/2000/svg\">": "svg",
		"\ufeff<?xml version=\"1.0\"?><svg>":                              "svg",
		"<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\"><svg>":          "svg",
		"<!DOCTYPE html><body><svg>":                                      "", // an error page with a picture in it
		"<!-- nothing -->":                                                "",
	} {
		if f := sniffMedia([]byte(text)); f.name != want {
			t.Errorf("%q: %q, want %q", text, f.name, want)
		}
	}
}

// A matrix of zeros, as some writers leave it, is no turn.
func TestMovieZeroMatrix(t *testing.T) {
	content := bytes.Clone(mediaFile(t, "end.mp4"))
	matrix := bytes.Index(content, []byte("tkhd")) + 4 + 40
	clear(content[matrix : matrix+36])
	m, err := probeMedia(bytes.NewReader(content), int64(len(content)))
	if err != nil || m.Rotated || m.Width != 64 {
		t.Errorf("%+v %v", m, err)
	}
}

// What stands in moov behind the picture track is not looked at: it may be damaged,
// and a remote file would be fetched for it.
func TestMovieEndsEarly(t *testing.T) {
	content := bytes.Clone(mediaFile(t, "end.mp4"))
	moov := bytes.Index(content, []byte("moov")) - 4
	binary.BigEndian.PutUint32(content[moov:], binary.BigEndian.Uint32(content[moov:])+4)
	content = append(content, 0, 0, 0, 3)
	m, err := probeMedia(bytes.NewReader(content), int64(len(content)))
	if err != nil || m.Width != 64 {
		t.Errorf("%+v %v", m, err)
	}
}

// Orientation is a SHORT by the standard; some cameras write a LONG.
func TestEXIFLong(t *testing.T) {
	for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
		exif := "II"
		if order == binary.AppendByteOrder(binary.BigEndian) {
			exif = "MM"
		}
		data := order.AppendUint32(order.AppendUint16([]byte(exif), 42), 8)
		data = order.AppendUint16(order.AppendUint16(order.AppendUint16(data, 1), 0x0112), 4)
		data = order.AppendUint32(order.AppendUint32(data, 1), 6)
		segment := append([]byte("\xff\xe1\x00"+string(rune(2+6+len(data)))+"Exif\x00\x00"), data...)
		content := padded(mediaFile(t, "baseline.jpg"), 2, string(segment))
		if m, err := probeMedia(bytes.NewReader(content), int64(len(content))); err != nil || !m.Rotated {
			t.Errorf("%s: %+v, %v", exif, m, err)
		}
	}
}

// The parameter base64 counts wherever it stands: as plain text a file is a third
// larger, which breaks rules that it keeps.
func TestDataURIParameters(t *testing.T) {
	content := append(pngOf(t, 400, 400), make([]byte, 8_000_000)...)
	for _, kind := range []string{"image/png;base64;charset=utf-8", "image/png;BASE64 ", "image/png; base64"} {
		m, err := measureDataURI("data:" + kind + "," + base64.StdEncoding.EncodeToString(content))
		if err != nil || m.Bytes != int64(len(content)) || m.Width != 400 {
			t.Errorf("%s: %+v, %v", kind, m, err)
		}
	}
}

// A context with a cause of its own is a canceled context too.
func TestMediaCancelCause(t *testing.T) {
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(enough)
	in := &mediaInput{body: map[string]string{"image_url": toDataURI("", pngOf(t, 9, 9))}, rules: imageRules("image_url")}
	_, err := New("token").Download(ctx, &Result{RequestID: "req_1", Output: Output{Image: "https://x.runcomfy.net/a"}}, t.TempDir())
	for _, err := range []error{New("token").CheckMedia(ctx, in), err} {
		if !errors.Is(err, context.Canceled) || !errors.Is(err, enough) {
			t.Error(err)
		}
	}
}

// unwritable is an input of the caller's own whose error repeats a value.
type unwritable struct{ mediaInput }

func (unwritable) MarshalJSON() ([]byte, error) { return nil, fmt.Errorf("bad value %q", testPrompt) }

func TestCheckMediaHidesValues(t *testing.T) {
	err := New("token").CheckMedia(t.Context(), &unwritable{mediaInput{rules: imageRules("a")}})
	if as[*ValidationError](t, err); strings.Contains(err.Error(), testPrompt) {
		t.Error(err)
	}
}

// A server may send a few bytes for each range: what was asked for counts.
func TestRemoteShortRanges(t *testing.T) {
	content := []byte("\xff\xd8" + strings.Repeat("\xff\xe0\x00\x02", 1<<16))
	host, roots := newMediaHost(t, func(w http.ResponseWriter, r *http.Request) {
		start, _, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Range"), "bytes="), "-")
		from, _ := strconv.Atoi(start)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, from+2, len(content)))
		w.WriteHeader(http.StatusPartialContent)
		w.Write(content[from : from+3])
	})
	if _, err := measureAt(t, roots, host.URL); err == nil || host.requests.Load() > 10 {
		t.Errorf("%d requests, %v", host.requests.Load(), err)
	}
}

// multipleOf agrees with exact arithmetic, also where 16 digits are not enough.
func TestMultipleOfExact(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		digits, pow10 := float64(1+random.IntN(500)), []float64{1, 10, 100, 1000}[random.IntN(4)]
		text := fmt.Sprintf("%.2f", float64(random.Uint64N(1<<60))/float64(uint64(1)<<random.IntN(50)))
		x, _ := strconv.ParseFloat(text, 64)
		exact, _ := new(big.Rat).SetString(strconv.FormatFloat(x, 'e', -1, 64))
		step := new(big.Rat).Quo(new(big.Rat).SetFloat64(digits), new(big.Rat).SetFloat64(pow10))
		if want := exact.Quo(exact, step).IsInt(); multipleOf(x, digits, pow10) != want {
			t.Errorf("multipleOf(%v, %v, %v) is not %v", x, digits, pow10, want)
		}
	}
	if multipleOf(83568098015328.16, 5, 100) {
		t.Error("83568098015328.16 passes for a multiple of 0.05")
	}
}

// A query of one letter does not eat the text of the error.
func TestShortQueryLeavesText(t *testing.T) {
	m := newMediaClient(New(testToken).clientSettings)
	_, err := m.get(t.Context(), "https://127.0.0.1/x.png?a", nil)
	if err == nil || !strings.Contains(err.Error(), string(errPrivateAddress)) {
		t.Errorf("%v", err)
	}
}

// An stsd box without an entry tells no size; the next box is not looked into.
func TestMovieWithoutEntry(t *testing.T) {
	content := bytes.Clone(mediaFile(t, "end.mp4"))
	stsd := bytes.Index(content, []byte("stsd")) - 4
	size := int(binary.BigEndian.Uint32(content[stsd:]))
	// the same bytes: stsd of 16 bytes with no entry, then a free box with what was its entry
	binary.BigEndian.PutUint32(content[stsd:], 16)
	binary.BigEndian.PutUint32(content[stsd+12:], 0)
	binary.BigEndian.PutUint32(content[stsd+16:], uint32(size-16))
	copy(content[stsd+20:], "free")
	binary.BigEndian.PutUint16(content[stsd+8+40:], 7)
	m, err := probeMedia(bytes.NewReader(content), int64(len(content)))
	if m.Width == 7 {
		t.Errorf("%+v %v: the size stands in another box", m, err)
	}
}

// The end of a context is one line, said once.
func TestContextTextOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := New(testToken)
	_, err := c.Download(ctx, &Result{RequestID: "job-1", Output: Output{Image: "https://v.runcomfy.net/a.png"}}, t.TempDir())
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("%q", err)
	}
}
