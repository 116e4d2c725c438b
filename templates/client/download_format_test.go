package client

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A formatRow is what a server sends in place of a file, with the ending that it is
// kept under.
type formatRow struct {
	name, content     string
	path, contentType string
	ending, format    string // of what is kept; "" is refused
}

var formatRows = []formatRow{
	// Kept under the ending of what is announced: no magic number is asked for.
	{name: "raw PCM by type", content: "\x01\x00\xff\xff\x02\x00", path: "/a", contentType: "audio/pcm;rate=16000", ending: ".pcm"},
	{name: "raw PCM by L16", content: "\x01\x00\xff\xff\x02\x00", path: "/a", contentType: "audio/L16; rate=24000", ending: ".pcm"},
	{name: "raw PCM by URL", content: "\x01\x00\xff\xff\x02\x00", path: "/a.pcm", contentType: "application/octet-stream", ending: ".pcm"},
	{name: "raw PCM that begins as MP3", content: "\xff\xfb\x00\x01\x02\x03", path: "/a.pcm", ending: ".pcm"},
	{name: "raw PCM that begins as BMP", content: "BM\x00\x01\x02\x03", path: "/a", contentType: "audio/pcm", ending: ".pcm"},
	{name: "raw PCM that looks like text", content: "<<<<", path: "/a.pcm", ending: ".pcm"},
	{name: "TIFF", content: "II*\x00\x08\x00\x00\x00", path: "/a.tif", contentType: "image/tiff", ending: ".tiff"},
	{name: "JPEG XL", content: "\xff\x0a\x00\x01", path: "/a", contentType: "image/jxl", ending: ".jxl"},
	{name: "JPEG XL container", content: "\x00\x00\x00\x0cJXL \r\n\x87\n", path: "/a.jxl", ending: ".jxl"},
	{name: "AIFF", content: "FORM\x00\x00\x00\x10AIFFCOMM", path: "/a", contentType: "audio/x-aiff", ending: ".aiff"},
	{name: "AVI", content: "RIFF\x00\x00\x00\x10AVI LIST", path: "/a", contentType: "video/x-msvideo", ending: ".avi"},
	{name: "GLB", content: "glTF\x02\x00\x00\x00", path: "/a.glb?x=1", ending: ".glb"},
	{name: "EXR", content: "v/1\x01\x02\x00\x00\x00", path: "/A.EXR", ending: ".exr"},
	{name: "RF64", content: "RF64\xff\xff\xff\xffWAVEds64", path: "/a", contentType: "audio/wav", ending: ".wav"},
	{name: "MPEG-TS", content: "G@\x00\x10\x00", path: "/a", contentType: "video/MP2T", ending: ".ts"},
	{name: "SRT", content: "1\n00:00:00,000 --> 00:00:01,000\nHello\n", path: "/a", contentType: "application/x-subrip", ending: ".srt"},
	{name: "SRT as text", content: "1\n00:00:00,000 --> 00:00:01,000\n<i>Hello</i>\n", path: "/a.srt", contentType: "text/plain", ending: ".srt"},
	{name: "WebVTT", content: "WEBVTT\n", path: "/a", contentType: "text/vtt", ending: ".vtt"},
	{name: "TTML by type", content: `<?xml version="1.0"?><tt xmlns="http://www.w3.org/ns/ttml"/>`, path: "/a", contentType: "application/ttml+xml", ending: ".ttml"},
	{name: "TTML by root", content: `<?xml version="1.0"?><!-- made --><ttml:tt xmlns:ttml="x"/>`, path: "/a", contentType: "application/xml", ending: ".ttml"},
	{name: "XML by URL", content: `<?xml version="1.0"?><score/>`, path: "/a.xml", contentType: "application/xml", ending: ".xml"},
	{name: "glTF by type", content: `{"asset": {"version": "2.0"}}`, path: "/a", contentType: "model/gltf+json", ending: ".gltf"},
	{name: "glTF by URL", content: `{"buffers": []}`, path: "/a.gltf", contentType: "application/json", ending: ".gltf"},
	{name: "glTF by root", content: `{"asset": {"version": "2.0"}}`, path: "/a", contentType: "application/json", ending: ".gltf"},
	{name: "SVG", content: `<svg xmlns="http://www.w3.org/2000/svg"/>`, path: "/a", contentType: "text/plain", ending: ".svg", format: "svg"},
	{name: "SVG with a DOCTYPE", content: `<?xml version="1.0"?><!DOCTYPE svg><svg/>`, path: "/a", contentType: "application/xml", ending: ".svg", format: "svg"},
	{name: "JSON that was asked for", content: `{"words": []}`, path: "/a.json", contentType: "application/json", ending: ".json"},
	{name: "HTML that was asked for", content: "<!DOCTYPE html><html>", path: "/a.html", contentType: "text/html", ending: ".html"},
	{name: "OBJ", content: "# mesh\nv 0 0 0\n", path: "/a.obj", contentType: "text/plain", ending: ".obj"},
	{name: "plain text", content: "a poem", path: "/a", contentType: "text/plain", ending: ".txt"},
	{name: "nothing known", content: "\x01\x02\x03", path: "/a", contentType: "application/octet-stream", ending: ".bin"},
	{name: "nothing said", content: "\x01\x02\x03", path: "/", ending: ".bin"},
	{name: "an ending of programs", content: "MZ\x00", path: "/a.exe", contentType: "application/x-msdownload", ending: ".bin"},
	{name: "an ending with a path", content: "\x01\x02", path: "/a.png%2f..%2fb", ending: ".bin"},
	// The content is worth more than what is announced.
	{name: "PNG as anything", content: pngSignature + "x", path: "/a.jpg", contentType: "text/html", ending: ".png", format: "png"},
	{name: "MP3 as MP3", content: "\xff\xfb\x90\x00", path: "/a", contentType: "audio/mp3", ending: ".mp3", format: "mp3"},
	{name: "MP3 without a type", content: "ID3\x04", path: "/a", contentType: "application/octet-stream", ending: ".mp3", format: "mp3"},
	{name: "BMP as PNG", content: "BM\x00\x01", path: "/a.png", ending: ".bmp", format: "bmp"},
	// A page of text in place of a file.
	{name: "HTML", content: "<!DOCTYPE html><p>Please log in", path: "/a.png", contentType: "text/html"},
	{name: "HTML without DOCTYPE", content: "\n<html><body>", path: "/a", contentType: ""},
	{name: "HTML as PNG", content: "<html>", path: "/a.png", contentType: "image/png"},
	{name: "HTML as SVG", content: "<!-- x --><html>", path: "/a.svg", contentType: "image/svg+xml"},
	{name: "HTML fragment", content: "<h1>503</h1>", path: "/a", contentType: "text/plain"},
	{name: "JSON", content: `{"error": "expired"}`, path: "/a.mp4", contentType: "application/json"},
	{name: "JSON as bytes", content: " [\n{}]", path: "/a", contentType: "application/octet-stream"},
	{name: "JSON as an image", content: `{"error": "expired"}`, path: "/a", contentType: "image/png"},
	{name: "JSON string", content: `"not found"`, path: "/a"},
	{name: "XML", content: "\ufeff<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", path: "/a.png", contentType: "application/xml"},
	{name: "XML without declaration", content: "<Error/>", path: "/a.wav"},
}

// TestDownloadFormats keeps what a job made, whatever its format, and refuses a page
// of text in its place.
func TestDownloadFormats(t *testing.T) {
	for _, row := range formatRows {
		t.Run(row.name, func(t *testing.T) {
			host, roots := newMediaHost(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header()["Content-Type"] = []string{row.contentType}
				w.Write([]byte(row.content))
			})
			dir, files, err := downloadFrom(t, roots, Output{Audio: host.URL + row.path})
			if row.ending == "" {
				text := failures(t, err)["audio"]
				begin := strings.Trim(strings.Split(strings.Trim(row.content, "\ufeff \n"), "\n")[0], "\ufeff")
				if !strings.Contains(text, "page of text") || !strings.Contains(text, begin) || len(folder(t, dir)) != 0 {
					t.Errorf("%q, folder %v", text, folder(t, dir))
				}
				return
			}
			want := File{Output: "audio", Path: filepath.Join(dir, "req_1-audio"+row.ending), Bytes: int64(len(row.content)), Format: row.format}
			if err != nil || len(files) != 1 || files[0] != want {
				t.Fatalf("%+v, %v, want %+v", files, err, want)
			}
			if got, err := os.ReadFile(want.Path); err != nil || string(got) != row.content {
				t.Errorf("%q, %v", got, err)
			}
			// The next call finds it, whatever its ending.
			again, err := New("token", WithPrivateMedia(roots)).Download(t.Context(), &Result{RequestID: "req_1", Output: Output{Audio: host.URL + row.path}}, dir, WithDownloadHosts("127.0.0.1"))
			if want.Existed = true; err != nil || len(again) != 1 || again[0] != want {
				t.Errorf("again %+v, %v", again, err)
			}
		})
	}
}

// TestDownloadInline takes the files that stand in an answer themselves.
func TestDownloadInline(t *testing.T) {
	png := mediaFile(t, "rgb.png")
	dir := t.TempDir()
	res := &Result{RequestID: "req_1", Output: Output{Image: toDataURI("", png), Audio: toDataURI("audio/pcm;rate=8000", []byte{1, 0, 2})}}
	for _, existed := range []bool{false, true} {
		files, err := New("token").Download(t.Context(), res, dir)
		want := []File{
			{Output: "image", Path: filepath.Join(dir, "req_1-image.png"), Bytes: int64(len(png)), Format: "png", Existed: existed},
			{Output: "audio", Path: filepath.Join(dir, "req_1-audio.pcm"), Bytes: 3, Existed: existed},
		}
		if diff := cmp.Diff(want, files); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	if got, err := os.ReadFile(filepath.Join(dir, "req_1-image.png")); err != nil || !bytes.Equal(got, png) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// TestFileURIFormats takes the same files, with the type of the ending where the
// content is not recognised.
func TestFileURIFormats(t *testing.T) {
	for name, file := range map[string]struct{ content, want string }{
		"voice.pcm":  {"\xff\xfb\x00\x01", "audio/pcm"},
		"scan.TIF":   {"II*\x00\x08", "image/tiff"},
		"a.jxl":      {"\xff\x0a", "image/jxl"},
		"mesh.glb":   {"glTF", "model/gltf-binary"},
		"mesh.gltf":  {`{"asset": {}}`, "model/gltf+json"},
		"talk.srt":   {"1\n00:00", "application/x-subrip"},
		"words.json": {`{"words": []}`, "application/json"},
		"page.html":  {"<html>", "text/html"},
		"a.png":      {"\xff\xd8\xff\xe0", "image/jpeg"},
		"song.mp3":   {"\xff\xfb\x90", "audio/mpeg"},
		"unknown":    {"\x01\x02", "application/octet-stream"},
		"a.xyz":      {"\x01\x02", "application/octet-stream"},
		"fake.png":   {"<html>", ""},
		"fake.mp4":   {`{"error": 1}`, ""},
		"noname":     {"<?xml version='1.0'?><Error/>", ""},
		"empty.pcm":  {"", ""},
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(file.content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := FileURI(path)
		want := toDataURI(file.want, []byte(file.content))
		if file.want == "" {
			want = ""
		}
		if got != want || (err == nil) != (file.want != "") {
			t.Errorf("%s: %q, %v, want %q", name, got, err, want)
		}
	}
}

// TestDataURI makes data URIs of readers.
func TestDataURI(t *testing.T) {
	for _, test := range []struct{ content, mediaType, want string }{
		{"abc", "audio/wav", "data:audio/wav;base64,YWJj"},
		{"abc", "audio/pcm; rate=16000", "data:audio/pcm;rate=16000;base64,YWJj"},
		{"abc", "Image/PNG", "data:image/png;base64,YWJj"},
		{"GIF89a", "", "data:image/gif;base64,R0lGODlh"},
		{"abc", "", ""},
		{"", "audio/wav", ""},
		{"abc", "audio", ""},
		{"abc", "image/png,x", ""},
		{"abc", "image/png;a=\"b c\"", ""},
		{strings.Repeat("x", maxFileURI+1), "audio/wav", ""},
	} {
		got, err := DataURI(strings.NewReader(test.content), test.mediaType)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%.10q as %q: %q, %v", test.content, test.mediaType, got, err)
		}
		if err != nil {
			as[*MediaError](t, err)
		} else if !fetchable(got) {
			t.Errorf("%q is not taken", got)
		}
	}
	if _, err := DataURI(nil, "image/png"); err == nil {
		t.Error("a nil reader")
	}
	if _, err := DataURI(bytes.NewReader(make([]byte, maxFileURI)), "image/png"); err != nil {
		t.Error(err)
	}
}
