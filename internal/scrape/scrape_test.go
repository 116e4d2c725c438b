package scrape

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/schema"
)

const pagesDir = "../../testdata/pages"

// models are the five models of the saved pages, with the byte ranges at which
// a reader with an editor finds the values in text/FILE.txt.
var models = []struct {
	file, id               string
	title                  string
	example, input, output span
}{
	{"kling-1-6-pro-image-to-video", "kling/kling-1-6/pro/image-to-video",
		"Kling 1.6: AI Video Generation | Image to Video",
		span{570, 683}, span{2537, 4944}, span{4958, 5410}},
	{"kling-1-6-pro-text-to-video", "kling/kling-1-6/pro/text-to-video",
		"Kling 1.6: AI Video Generation | Text to Video",
		span{580, 813}, span{2786, 3709}, span{3723, 4175}},
	{"kling-2-1-pro-image-to-video", "kling/kling-2-1/pro/image-to-video",
		"",
		span{383, 687}, span{1893, 3077}, span{3077, 3557}},
	{"kling-2-6-pro-image-to-video", "kling/kling-2-6/pro/image-to-video",
		"Kling 2.6 Pro: Realistic Image-to-Video with Sound Sync on playground and API",
		span{631, 1210}, span{3530, 5152}, span{5166, 5618}},
	{"kling-2-6-pro-text-to-video", "kling/kling-2-6/pro/text-to-video",
		"Kling 2.6 Pro text to video: AI Synced Audio & 1080p Story Creation",
		span{1004, 1351}, span{3478, 5104}, span{5121, 5789}},
}

// scrapeSources scrapes sources that can all be read, and returns the result by model id.
func scrapeSources(t *testing.T, sources ...string) (map[string]Scraped, diag.List) {
	t.Helper()
	report, diags, err := Run(t.Context(), Options{Sources: sources})
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]Scraped{}
	for _, s := range report.Scraped {
		byID[s.ID] = s
	}
	return byID, diags
}

// readPage returns a file of the saved pages.
func readPage(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(pagesDir, name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// compactJSON is encoding/json's reading of a piece of text: order and spelling
// are kept.
func compactJSON(t *testing.T, text []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// checkModel compares a document's values with those in the text as captured.
func checkModel(t *testing.T, i int, doc *schema.Document) {
	t.Helper()
	m := models[i]
	content := readPage(t, "text/"+m.file+".txt")
	for _, v := range []struct {
		name string
		got  *schema.Value
		at   span
	}{{"example", doc.Example, m.example}, {"input", doc.Input, m.input}, {"output", doc.Output, m.output}} {
		if v.got == nil {
			t.Errorf("%s: no %s", m.id, v.name)
			continue
		}
		if d := cmp.Diff(compactJSON(t, content[v.at.from:v.at.to]), v.got.Compact()); d != "" {
			t.Errorf("%s: %s (-want +got):\n%s", m.id, v.name, d)
		}
	}
}

func TestTextPagesAsCaptured(t *testing.T) {
	byID, diags := scrapeSources(t, pagesDir+"/text")
	if len(diags) > 0 {
		t.Errorf("diagnostics: %v", diags)
	}
	if len(byID) != len(models) {
		t.Errorf("%d models, want %d", len(byID), len(models))
	}
	for i, m := range models {
		s, ok := byID[m.id]
		if !ok {
			t.Errorf("no %s", m.id)
			continue
		}
		checkModel(t, i, s.Page)
		if s.Page.Title != m.title {
			t.Errorf("%s: title %q, want %q", m.id, s.Page.Title, m.title)
		}
		file := pagesDir + "/text/" + m.file + ".txt"
		src := schema.Source{File: file, Text: readPage(t, "text/"+m.file+".txt")}
		if want := src.Position(m.input.from); s.Pos != want {
			t.Errorf("%s: input at %s, want %s", m.id, s.Pos, want)
		}
	}
}
