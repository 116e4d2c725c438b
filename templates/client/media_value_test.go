package client

import (
	"encoding/base64"
	"strings"
	"testing"
)

// A mediaValueRow is a value of a media property with what is wrong with it: on
// every media property, on one that is surely media, and for the local check,
// which looks at all of the value.
type mediaValueRow struct {
	value               string
	likely, sure, local bool // refused
}

// mediaValueRows are the values of RUNTIME's section on media and their siblings.
func mediaValueRows() []mediaValueRow {
	png := base64.StdEncoding.EncodeToString([]byte(pngSignature + strings.Repeat("\xfb\xff\x00", 40)))
	var rows []mediaValueRow
	add := func(likely, sure, local bool, values ...string) {
		for _, value := range values {
			rows = append(rows, mediaValueRow{value, likely, sure, local})
		}
	}
	add(false, false, false, "", "https://example.com/a.png", "HTTPS://example.com", "https://example.com/no-ending?x=1#f", "https://h/a b.png",
		"https://[2001:db8::1]/a", "https://xn--bcher-kva.example/a", "https://bücher.example/a", "https://1.2.3.4:8443/a", "https://user@example.com/a",
		"http://127.0.0.1:8080/a.png", "http://localhost/a.png", "HTTP://[::1]:1/a", "https://a/ü",
		"data:image/png;base64,"+png, "DATA:Image/PNG;BASE64,"+png, "data:image/svg+xml,<svg/>", "data:audio/pcm;rate=16000;base64,AAAA",
		"data:image/png;base64,"+strings.TrimRight(png, "="), "data:image/png;base64,"+strings.NewReplacer("+", "-", "/", "_").Replace(png),
		"data:image/png;base64,"+png[:20]+"\n "+png[20:])
	// What no property takes that may be media.
	add(true, true, true, "start.png", "start.PNG", "my photo 1.jpeg", "Screenshot 2026-01-01 at 10:30:00.png", "images/start.webp", `images\start.gif`,
		"example.com/a.png", "clip.mp4", "clip.mov", "voice.wav", "voice.mp3", "scan.tiff", "x.jxl", "mesh.glb", "a.avi", "a.aiff", "start.png?x=1", "start.png#x",
		"@start.png", "/home/me/start", "/start.png", "./start", "../start", "~/start", `.\start`, `..\start`, `~\start`, `C:\start.png`, `C:\start`, "c:/start", "C:start.png",
		`\\host\share\start`, `\start`, "//cdn.example.com/a.png", "//cdn.example.com/a", ".", "~",
		"file:///home/me/start.png", "file:start", "FILE:///c:/start", "s3://bucket/key", "S3://bucket/key.png", "gs://bucket/key", "blob:https://example.com/1", "Blob:x",
		" https://example.com/a.png", "https://example.com/a.png ", "https://example.com/a.png\n", "\thttps://example.com/a", "\u00a0https://example.com/a", "https://example.com/a\u200b", "\ufeffhttps://example.com/a",
		" ", "\n", " id", "data:image/png;base64,"+png+"\n")
	// What may be an id, a preset or a text.
	add(false, true, true, "start", "preset-1", "asset:123", "user/asset", "urn:uuid:00000000-0000-4000-8000-000000000000", "12:34", "v1.5", ".png", "www.example.com/a", "localhost:8080/a.png",
		"ftp://example.com/a.png", "gcs://bucket/key", "content://media/1", "az://x/y", "javascript:x", "about:blank",
		"a line\nstart.png", strings.Repeat("a", 2000)+".png", "[https://example.com/a.png]", `"https://example.com/a.png"`, "<https://example.com/a>",
		"https:", "https://", "https:///a.png", "https:/example.com/a", "https:example.com", "http://", "http:///a", "https://?a", "https://#a", "https://:8080/a", "https://user@/a", "https://...", "https://[]/a", "https:// /a",
		"data:", "data:,", "data:,x", "data:;base64,"+png, "data:base64,"+png, "data:image;base64,"+png, "data:/png;base64,"+png, "data:image/;base64,"+png,
		"data:image/png", "data:image/png;base64", "data:image/png;base64,", "data:image/png,",
		png, "/9j/"+strings.Repeat("4AAQSkZJRgAB", 10))
	// What a look at the whole value finds.
	add(false, false, true, "http://example.com/a.png", "HTTP://example.com", "http://10.0.0.1/a", "http://localhost.example.com/a", "http://127.0.0.1.example.com/",
		"data:image/png;base64,!!!!", "data:image/png;base64,A", "data:image/png;base64,"+png+"=x", "data:image/png;base64,%zz", "data:image/png;base64,\u00e4")
	return rows
}

// TestMediaValueTable holds what is refused of which kind of media property. The
// two kinds of violations say the same.
func TestMediaValueTable(t *testing.T) {
	c := New("token")
	for _, row := range mediaValueRows() {
		if got := !perhapsFetchable(row.value); got != row.likely {
			t.Errorf("%.60q where it may be media: refused %v", row.value, got)
		}
		if got := !fetchable(row.value); got != row.sure {
			t.Errorf("%.60q where it is media: refused %v", row.value, got)
		}
		for _, list := range []bool{false, true} {
			body, path, refused := any(map[string]any{"image": row.value}), "image", row.local
			if list {
				body, path = map[string]any{"image": []string{"https://example.com/1", row.value}}, "image[1]"
				refused = refused || row.value == ""
			}
			for _, rules := range [][]MediaRule{{{Path: "image"}, {Path: "image[*]"}}, append(imageRules("image"), append(imageRules("image[*]"), MediaRule{Path: "image"}, MediaRule{Path: "image[*]"})...)} {
				raw, err := encodeJSON(body)
				if err != nil {
					t.Fatal(err)
				}
				var want []string
				if refused {
					want = []string{path + " format"}
				}
				err = c.checkMedia(t.Context(), "m", rules, raw, MediaCheckLocal)
				if got := broken(t, err); strings.Join(got, " ") != strings.Join(want, " ") {
					t.Errorf("%.60q with %d rules: %v, want %v", row.value, len(rules), got, want)
				}
				shown := len(row.value) > 3 && !strings.Contains(problemDataType, row.value) && err != nil && strings.Contains(err.Error(), row.value)
				if shown || err != nil && !strings.Contains(err.Error(), "FileURI") {
					t.Errorf("%.60q: the text %q", row.value, err)
				}
			}
		}
	}
}

// TestMediaValueAllocations holds that a valid value is checked without memory.
func TestMediaValueAllocations(t *testing.T) {
	values := []string{"https://example.com/a.png", "http://127.0.0.1/a", "data:image/png;base64," + strings.Repeat("A", 1<<20), "", "HTTPS://user@example.com"}
	if n := testing.AllocsPerRun(10, func() {
		for _, value := range values {
			if !fetchable(value) || !perhapsFetchable(value) {
				t.Fatal("refused")
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
