package scrape

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/jsontree"
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

// scrapeSources scrapes files, and folders of them, and returns the result by
// model id.
func scrapeSources(t *testing.T, sources ...string) (map[string]Scraped, diag.List) {
	t.Helper()
	var all []Scraped
	var diags diag.List
	for _, source := range sources {
		err := filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			got, list := Read(Source{File: filepath.ToSlash(path), MediaType: mediaTypes[filepath.Ext(path)], Text: content})
			all, diags = append(all, got.Models...), append(diags, list...)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	combined, list := Combine(all)
	diags = append(diags, list...)
	diags.Sort()
	byID := map[string]Scraped{}
	for _, s := range combined {
		byID[s.ID] = s
	}
	return byID, diags
}

// mediaTypes are those of the saved pages.
var mediaTypes = map[string]string{".html": "text/html", ".txt": "text/plain", ".md": "text/markdown", ".json": "application/json"}

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
		got  *jsontree.Value
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
		src := jsontree.Source{File: file, Text: readPage(t, "text/"+m.file+".txt")}
		if want := src.Position(m.input.from); s.Pos != want {
			t.Errorf("%s: input at %s, want %s", m.id, s.Pos, want)
		}
	}
}

// golden compares text with a file of the saved pages, or rewrites it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(filepath.Join(pagesDir, name), []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(string(readPage(t, name)), got); d != "" {
		t.Errorf("%s (-want +got, -update rewrites it):\n%s", name, d)
	}
}

// diagText is a list as the command line prints it, with file names from the
// folder of saved pages on.
func diagText(t *testing.T, diags diag.List) string {
	t.Helper()
	var b strings.Builder
	if err := diags.Text(&b, nil); err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(b.String(), pagesDir+"/", "")
}

func TestBadPages(t *testing.T) {
	byID, diags := scrapeSources(t, pagesDir+"/bad")
	golden(t, "bad.golden", diagText(t, diags))
	for id, s := range byID {
		if s.Page != nil || s.Catalog.Input != nil {
			t.Errorf("a document for %q", id)
		}
	}
	files, err := os.ReadDir(pagesDir + "/bad")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !slices.ContainsFunc(diags, func(d diag.Diagnostic) bool {
			return d.Severity == diag.Error && strings.HasSuffix(d.Pos.File, "/"+f.Name()) && d.Pos.Line > 0 && d.Pos.Col > 0 && d.Hint != ""
		}) {
			t.Errorf("%s: no error with a place and a hint", f.Name())
		}
	}
}

func TestGoodPagesComeThroughBesideBadOnes(t *testing.T) {
	byID, diags := scrapeSources(t, pagesDir+"/bad", pagesDir+"/text")
	if !diags.HasErrors() {
		t.Error("no error")
	}
	for i, m := range models {
		checkModel(t, i, byID[m.id].Page)
	}
}

func TestEnglishWinsOverALocalizedPage(t *testing.T) {
	const id = "kling/kling-1-6/pro/image-to-video"
	localized, english := pagesDir+"/localized", pagesDir+"/text/kling-1-6-pro-image-to-video.txt"
	for _, sources := range [][]string{{localized, english}, {english, localized}} {
		byID, diags := scrapeSources(t, sources...)
		if s := byID[id]; s.Locale != "" {
			t.Errorf("the page in %q won", s.Locale)
		}
		checkModel(t, 0, byID[id].Page)
		if len(diags) != 1 || diags[0].Severity != diag.Note || diags[0].Rule != "localized-page" {
			t.Errorf("diagnostics: %v", diags)
		}
	}
	byID, diags := scrapeSources(t, localized)
	if s := byID[id]; s.Locale != "it" || s.Page.Title != "Kling 1.6: generazione video" || len(diags) > 0 {
		t.Errorf("alone: %+v, %v", s, diags)
	}
}

func TestMarkdownPage(t *testing.T) {
	byID, diags := scrapeSources(t, pagesDir+"/markdown")
	if len(diags) > 0 {
		t.Errorf("diagnostics: %v", diags)
	}
	checkModel(t, 4, byID[models[4].id].Page)
	got := byID[models[4].id].Page
	if got.Title != "Kling 2.6 Pro text to video" || got.Description != "Generate 1080p videos with synchronized audio directly from text." {
		t.Errorf("title %q, description %q", got.Title, got.Description)
	}
}

// writeFiles makes a folder of pages.
func writeFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// textPage is a small page of a model.
func textPage(id, input string) string {
	return "curl --url " + endpointPrefix + id + " \\\n --data '{}'\n" + input + "\n"
}

const (
	oneProperty   = `{"type": "object", "title": "Input", "properties": {"a": {"type": "string"}}}`
	otherTitle    = `{"type": "object", "title": "Input schema", "properties": {"a": {"type": "string"}}}`
	otherProperty = `{"type": "object", "title": "Input", "properties": {"a": {"type": "number"}}}`
)

func TestTwoSchemasOfOneModelNameBothPlaces(t *testing.T) {
	dir := writeFiles(t, map[string]string{"a.txt": textPage("v/m", oneProperty), "b.txt": "\n" + textPage("v/m", otherProperty),
		"c.txt": textPage("v/other", oneProperty)})
	byID, diags := scrapeSources(t, dir)
	if _, ok := byID["v/m"]; ok || byID["v/other"].Page == nil {
		t.Errorf("scraped: %v", byID)
	}
	if len(diags) != 1 || diags[0].Pos.String() != filepath.ToSlash(dir)+"/b.txt:4:1" ||
		!strings.HasSuffix(diags[0].Message, filepath.ToSlash(dir)+"/a.txt:3:1") {
		t.Errorf("diagnostics: %v", diags)
	}
}

// The site writes its own heading into the schema's title, so that two pages of
// one model differ in it.
func TestTheHeadingInTheSchemaIsNoDifference(t *testing.T) {
	dir := writeFiles(t, map[string]string{"a.txt": textPage("v/m", oneProperty), "b.txt": textPage("v/m", otherTitle)})
	byID, diags := scrapeSources(t, dir)
	if len(diags) > 0 {
		t.Errorf("diagnostics: %v", diags)
	}
	if got := byID["v/m"].Page.Input.Get("title").Str(); got != "Input" {
		t.Errorf("title %q, want the first page's", got)
	}
}

func TestAPageWithLeakedKeysYieldsToOneWithout(t *testing.T) {
	leaky := strings.Replace(oneProperty, `"string"`, `"string", "description": "modelApiDoc_x"`, 1)
	clean := strings.Replace(oneProperty, `"string"`, `"string", "description": "words"`, 1)
	dir := writeFiles(t, map[string]string{"a.txt": textPage("v/m", leaky), "b.txt": textPage("v/m", clean)})
	byID, diags := scrapeSources(t, dir)
	if len(diags) > 0 {
		t.Errorf("diagnostics: %v", diags)
	}
	if got := byID["v/m"].Page.Input.Get("properties").Get("a").Get("description").Str(); got != "words" {
		t.Errorf("description %q", got)
	}
}
