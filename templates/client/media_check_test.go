package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// mediaInput is an input of any body and rules.
type mediaInput struct {
	body  any
	rules []MediaRule
}

func (in *mediaInput) ModelID() string              { return "test/media" }
func (in *mediaInput) Validate() error              { return nil }
func (in *mediaInput) MediaRules() []MediaRule      { return in.rules }
func (in *mediaInput) MarshalJSON() ([]byte, error) { return json.Marshal(in.body) }

// imageRules are the rules of kling/kling-1-6/pro/image-to-video for its
// image_url, with the page's own texts.
func imageRules(path string) []MediaRule {
	return []MediaRule{
		{Path: path, Kind: MediaKindImage, Metric: "width_pixels", Op: ">", Bound: 300, Message: "Width must be at least 300px"},
		{Path: path, Kind: MediaKindImage, Metric: "height_pixels", Op: ">", Bound: 300, Message: "Height must be at least 300px"},
		{Path: path, Kind: MediaKindImage, Metric: "width/height", Op: ">", Bound: 0.4, Message: "Too narrow"},
		{Path: path, Kind: MediaKindImage, Metric: "width/height", Op: "<", Bound: 2.5, Message: "Too wide"},
		{Path: path, Kind: MediaKindImage, Metric: "file_size_mb", Op: "<", Bound: 10, Message: "File size must be less than 10MB"},
	}
}

func pngOf(t testing.TB, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// broken returns the violations of a *ValidationError as "path rule measured".
func broken(t testing.TB, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var v *ValidationError
	if !errors.As(err, &v) {
		t.Fatalf("error %v, want a *ValidationError", err)
	}
	var lines []string
	for _, violation := range v.Violations {
		lines = append(lines, violation.Path+" "+violation.Rule)
	}
	return lines
}

// TestCheckMediaSources enforces the rules of kling 1.6 for one picture as a
// URL, a data URI and a file: 300 pixels are too few, since comparison is strict.
func TestCheckMediaSources(t *testing.T) {
	host, roots := newMediaHost(t, func(w http.ResponseWriter, r *http.Request) {
		size := map[string][2]int{"/small": {300, 400}, "/good": {301, 301}, "/flat": {900, 301}, "/large": {400, 400}, "/unclear": {400, 400}}[r.URL.Path]
		padding := map[string]int{"/large": 11 << 20, "/unclear": 10_200_000}[r.URL.Path]
		serveRanges(append(pngOf(t, size[0], size[1]), make([]byte, padding)...))(w, r)
	})
	file := func(width, height int) string {
		path := filepath.Join(t.TempDir(), "image.png")
		if err := os.WriteFile(path, pngOf(t, width, height), 0o600); err != nil {
			t.Fatal(err)
		}
		uri, err := FileURI(path)
		if err != nil {
			t.Fatal(err)
		}
		return uri
	}
	c := New("token", WithPrivateMedia(roots))
	for value, want := range map[string]string{
		host.URL + "/small?signature=1":            "width_pixels>",
		host.URL + "/good?signature=1":             "",
		host.URL + "/flat":                         "width/height<",
		toDataURI("image/png", pngOf(t, 300, 400)): "width_pixels>",
		toDataURI("image/png", pngOf(t, 301, 301)): "",
		file(300, 400):                             "width_pixels>",
		file(301, 301):                             "",
		host.URL + "/large":                        "file_size_mb<",
		// 10.2 MB of 10^6 bytes are 9.7 of 2^20: one of the two keeps the rule.
		host.URL + "/unclear":              "",
		"data:image/png;base64,AAAA":       "", // unreadable media break nothing
		"http://example.com/a.png":         "format",
		"https://user:a@example.com/a.png": "",
		"":                                 "",
	} {
		in := &mediaInput{body: map[string]any{"prompt": "a", "image_url": value}, rules: imageRules("image_url")}
		got := broken(t, c.CheckMedia(t.Context(), in))
		var wanted []string
		if want != "" {
			wanted = []string{"image_url " + want}
		}
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Errorf("%.60s (-want +got):\n%s", value, diff)
		}
	}
}

// TestCheckMediaReport holds the whole of a violation: the page's own text,
// what was measured, the bound, the order of the page and of the items.
func TestCheckMediaReport(t *testing.T) {
	small, good, flat := toDataURI("", pngOf(t, 300, 300)), toDataURI("", pngOf(t, 400, 400)), toDataURI("", pngOf(t, 1000, 400))
	in := &mediaInput{
		body:  map[string]any{"image_urls": []any{good, small, nil, 7, flat, small}},
		rules: imageRules("image_urls[*]")[:4],
	}
	err := New("token").CheckMedia(t.Context(), in)
	var v *ValidationError
	if !errors.As(err, &v) {
		t.Fatal(err)
	}
	want := []Violation{
		{Path: "image_urls[1]", Rule: "width_pixels>", Message: "Width must be at least 300px", Measured: 300, Bound: 300},
		{Path: "image_urls[5]", Rule: "width_pixels>", Message: "Width must be at least 300px", Measured: 300, Bound: 300},
		{Path: "image_urls[1]", Rule: "height_pixels>", Message: "Height must be at least 300px", Measured: 300, Bound: 300},
		{Path: "image_urls[5]", Rule: "height_pixels>", Message: "Height must be at least 300px", Measured: 300, Bound: 300},
		{Path: "image_urls[4]", Rule: "width/height<", Message: "Too wide", Measured: 2.5, Bound: 2.5},
	}
	if diff := cmp.Diff(want, v.Violations, cmpopts.IgnoreUnexported(Violation{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestMediaValues finds values in nested bodies, also under names that hold a
// dot, and passes over what is no text.
func TestMediaValues(t *testing.T) {
	body := `{"image_url": "a", "loras": [{"path": "b", "scale": 1}, {"scale": 2}, {"path": "c"}, 3],
		"a.b": "d", "deep": {"er": {"image": "e"}}, "list": ["f", null, {"x": 1}, ""], "grid": [["g"], ["h", "i"]],
		"image": ["not", "one"], "none": null, "number": 5}`
	var rules []MediaRule
	for _, path := range []string{"image_url", "image_url", "loras[*].path", "a.b", "deep.er.image", "list[*]", "grid[*][*]", "image", "none", "number", "absent", "absent[*].x"} {
		rules = append(rules, MediaRule{Path: path})
	}
	want := map[string]string{"image_url": "a", "loras[0].path": "b", "loras[2].path": "c", "a.b": "d", "deep.er.image": "e",
		"list[0]": "f", "list[3]": "", "grid[0][0]": "g", "grid[1][0]": "h", "grid[1][1]": "i"}
	got := map[string]string{}
	for path, value := range mediaValues([]byte(body), rules) {
		got[path] = value.text
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, body := range []string{"", "null", "[]", `"text"`, "{"} {
		if got := mediaValues([]byte(body), rules); len(got) != 0 {
			t.Errorf("%q: %v", body, got)
		}
	}
}

// TestCheckMediaMeasuresOnce names one URL at three places and asks for it once.
func TestCheckMediaMeasuresOnce(t *testing.T) {
	host, roots := newMediaHost(t, serveRanges(pngOf(t, 100, 100)))
	in := &mediaInput{
		body:  map[string]any{"image_url": host.URL, "image_urls": []string{host.URL, host.URL}},
		rules: append(imageRules("image_url")[:1], imageRules("image_urls[*]")[0]),
	}
	want := []string{"image_url width_pixels>", "image_urls[0] width_pixels>", "image_urls[1] width_pixels>"}
	if diff := cmp.Diff(want, broken(t, New("token", WithPrivateMedia(roots)).CheckMedia(t.Context(), in))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := host.requests.Load(); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

// TestCheckMediaModes holds what each mode looks at, through checkMedia as
// Submit calls it.
func TestCheckMediaModes(t *testing.T) {
	host, roots := newMediaHost(t, serveRanges(pngOf(t, 100, 400)))
	body, err := json.Marshal(map[string]string{"image_url": host.URL, "tail_image_url": toDataURI("", pngOf(t, 100, 400))})
	if err != nil {
		t.Fatal(err)
	}
	rules := append(imageRules("image_url")[:1], imageRules("tail_image_url")[0])
	c := New("token", WithPrivateMedia(roots))
	for mode, want := range map[MediaCheck][]string{
		MediaCheckOff:    nil,
		MediaCheckLocal:  {"tail_image_url width_pixels>"},
		MediaCheckRemote: {"image_url width_pixels>", "tail_image_url width_pixels>"},
	} {
		before := host.requests.Load()
		if diff := cmp.Diff(want, broken(t, c.checkMedia(t.Context(), "m", rules, body, mode))); diff != "" {
			t.Errorf("mode %d (-want +got):\n%s", mode, diff)
		}
		if asked := host.requests.Load() != before; asked != (mode == MediaCheckRemote) {
			t.Errorf("mode %d asked the host: %v", mode, asked)
		}
	}
}

// TestStrictMedia blocks on what is only passed over otherwise: unreadable
// files, unknown metrics, files that the mode leaves out.
func TestStrictMedia(t *testing.T) {
	unknown := MediaRule{Path: "image_url", Metric: "bits_per_pixel", Op: "<", Bound: 32}
	tests := []struct {
		name, value string
		mode        MediaCheck
		rule        MediaRule
		message     string
	}{
		{"unreadable", "data:image/png;base64,iVBORw0KGgo=", MediaCheckLocal, imageRules("image_url")[0], "could not be checked: png header: the file is truncated"},
		{"unknown_metric", toDataURI("", pngOf(t, 9, 9)), MediaCheckLocal, unknown, "could not be checked: the rule is not known here, or the file does not tell"},
		{"left_out", "https://example.com/a.png", MediaCheckLocal, imageRules("image_url")[0], "could not be checked: not measured without MediaCheckRemote"},
		{"refused", "https://user:pw@example.com/a.png", MediaCheckRemote, imageRules("image_url")[0], "could not be checked: " + errNotHTTPS.Error()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body, err := json.Marshal(map[string]string{"image_url": tt.value})
			if err != nil {
				t.Fatal(err)
			}
			rules := []MediaRule{tt.rule}
			if err := New("token").checkMedia(t.Context(), "m", rules, body, tt.mode); err != nil {
				t.Errorf("without WithStrictMedia: %v", err)
			}
			err = New("token", WithStrictMedia()).checkMedia(t.Context(), "m", rules, body, tt.mode)
			want := &ValidationError{Violations: []Violation{{Path: "image_url", Rule: tt.rule.Name(), Message: tt.message}}}
			if diff := cmp.Diff(error(want), err, cmpopts.IgnoreUnexported(Violation{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCheckMediaContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	reason := errors.New("enough")
	host, roots := newMediaHost(t, func(w http.ResponseWriter, r *http.Request) {
		cancel(reason)
		<-r.Context().Done()
	})
	in := &mediaInput{body: map[string]string{"image_url": host.URL}, rules: imageRules("image_url")}
	err := New("token", WithPrivateMedia(roots)).CheckMedia(ctx, in)
	var mediaError *MediaError
	if !errors.As(err, &mediaError) || !errors.Is(err, reason) || mediaError.Charged() != ChargedNo {
		t.Errorf("error %v, want a *MediaError of the cause", err)
	}
}

func TestCheckMediaBadCalls(t *testing.T) {
	if err := New("token").CheckMedia(t.Context(), nil); broken(t, err) == nil {
		t.Error("a nil input passed")
	}
	var config *ConfigError
	if err := new(Client).CheckMedia(t.Context(), &mediaInput{}); !errors.As(err, &config) {
		t.Errorf("zero Client: %v", err)
	}
	in := &mediaInput{body: map[string]any{"x": func() {}}, rules: imageRules("x")}
	if err := New("token").CheckMedia(t.Context(), in); broken(t, err) == nil {
		t.Error("an input that JSON cannot hold passed")
	}
}

// TestRotatedPair lets a turned file satisfy width and height either way round,
// and never with the width of one way and the height of the other.
func TestRotatedPair(t *testing.T) {
	rule := func(metric, op string, bound float64) MediaRule {
		return MediaRule{Path: "image_url", Metric: metric, Op: op, Bound: bound}
	}
	tests := []struct {
		name  string
		rules []MediaRule
		info  MediaInfo
		want  []string
	}{
		{"upright_fails", []MediaRule{rule("width_pixels", ">", 500)}, MediaInfo{Width: 400, Height: 600}, []string{"image_url width_pixels>"}},
		{"turned_passes", []MediaRule{rule("width_pixels", ">", 500)}, MediaInfo{Width: 400, Height: 600, Rotated: true}, nil},
		{"turned_pair_passes", []MediaRule{rule("width_pixels", ">", 500), rule("height_pixels", "<", 500), rule("width/height", ">", 1)},
			MediaInfo{Width: 400, Height: 600, Rotated: true}, nil},
		{"no_mixture", []MediaRule{rule("width_pixels", ">", 500), rule("height_pixels", ">", 500)},
			MediaInfo{Width: 400, Height: 600, Rotated: true}, []string{"image_url width_pixels>"}},
		{"stored_passes", []MediaRule{rule("width_pixels", "<", 500)}, MediaInfo{Width: 400, Height: 600, Rotated: true}, nil},
		{"size_counts_once", []MediaRule{rule("width_pixels", ">", 500), rule("file_size_mb", "<", 1)},
			MediaInfo{Width: 400, Height: 600, Bytes: 2 << 20, Rotated: true}, []string{"image_url file_size_mb<"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := broken(t, EvaluateMedia(&mediaInput{rules: tt.rules}, map[string]MediaInfo{"image_url": tt.info}))
			slices.Sort(got)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if err := EvaluateMedia(nil, nil); broken(t, err) == nil {
		t.Error("a nil input passed")
	}
}

// TestRotatedFiles measures the committed files that ask for a quarter turn and
// lets them satisfy rules either way round.
func TestRotatedFiles(t *testing.T) {
	for _, name := range []string{"exif6.jpg", "exif8.jpg", "exif.webp", "rotated.avif", "rotated.mp4"} {
		content := mediaFile(t, name)
		got, err := measureDataURI(toDataURI("", content))
		if err != nil {
			t.Fatal(err)
		}
		for _, ratio := range []string{"<", ">"} {
			in := &mediaInput{rules: []MediaRule{{Path: "v", Metric: "width/height", Op: ratio, Bound: 1}}}
			if err := EvaluateMedia(in, map[string]MediaInfo{"v": got}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
