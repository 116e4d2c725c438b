package scrape

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSourcesThatCannotBeMeant(t *testing.T) {
	dir := writeFiles(t, map[string]string{"a.pdf": "x", "empty/notes.rst": "x", "ok.txt": textPage("v/m", oneProperty)})
	for arg, want := range map[string]string{
		dir + "/a.pdf":              "unknown file ending; known are .html, .htm, .txt, .md, .json",
		dir + "/empty":              "holds no file that ends in .html",
		dir + "/missing.html":       "no such file",
		"ftp://example.com/x":       `the scheme "ftp" is neither http nor https`,
		"file:///etc/passwd":        `the scheme "file" is neither http nor https`,
		"https://user:secret@x.com": "a URL with credentials is not fetched",
		"https://":                  "neither http nor https",
		"http://a b":                "not a URL",
	} {
		_, _, err := Run(t.Context(), Options{Sources: []string{dir + "/ok.txt", arg}})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", arg, err)
		}
	}
	if _, _, err := Run(t.Context(), Options{}); err == nil {
		t.Error("no error without a source")
	}
	// Every argument is reported.
	_, _, err := Run(t.Context(), Options{Sources: []string{dir + "/a.pdf", dir + "/empty"}})
	if err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("error %v", err)
	}
}

func TestFoldersAreWalkedInOrder(t *testing.T) {
	dir := writeFiles(t, map[string]string{"b.TXT": "", "a/z.html": "", "a/x.md": "", "c.json": "", "skip.png": "", "d.htm": ""})
	sources, err := expand([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range sources {
		rel, err := filepath.Rel(dir, s.name)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, filepath.ToSlash(rel))
	}
	if d := cmp.Diff([]string{"a/x.md", "a/z.html", "b.TXT", "c.json", "d.htm"}, names); d != "" {
		t.Error(d)
	}
}

func TestStandardInputIsToldByItsContent(t *testing.T) {
	for name, content := range map[string]string{
		"text":              textPage("v/m", oneProperty),
		"HTML":              "\n<!doctype html><pre>" + strings.ReplaceAll(textPage("v/m", oneProperty), `"`, "&quot;") + "</pre>",
		"text behind a BOM": "\ufeff" + textPage("v/m", oneProperty),
		"catalog":           `{"models": [{"model_id": "v/m", "input_schema": ` + oneProperty + `}]}`,
		"one entry":         `{"model_id": "v/m", "kind": null, "input_schema": ` + oneProperty + `}`,
		"list of entries":   `[{"model_id": "v/m", "input_schema": ` + oneProperty + `}]`,
		"a page's data":     `{"page": {"api": "` + endpointPrefix + `v/m", "in": ` + oneProperty + `}}`,
	} {
		report, diags, err := Run(t.Context(), Options{Sources: []string{"-"}, Stdin: strings.NewReader(content)})
		if err != nil || len(diags) > 0 || len(report.Scraped) != 1 || report.Scraped[0].ID != "v/m" {
			t.Errorf("%s: %v, %v, %v", name, report, diags, err)
		}
	}
	_, diags, err := Run(t.Context(), Options{Sources: []string{"-"}})
	if err != nil || !diags.HasErrors() {
		t.Errorf("without a standard input: %v, %v", diags, err)
	}
}

func TestFilesThatCannotBeUsed(t *testing.T) {
	for name, tt := range map[string]struct{ content, rule, place string }{
		"huge":      {textPage("v/m", oneProperty) + strings.Repeat(" ", maxPage), "source", ""},
		"not UTF-8": {textPage("v/m", "caf\xe9"+oneProperty), "encoding", ":3:4"},
		"empty":     {"", "no-model-id", ":1:1"},
	} {
		file := filepath.ToSlash(writeFiles(t, map[string]string{"a.txt": tt.content})) + "/a.txt"
		byID, diags := scrapeSources(t, file)
		if len(byID) > 0 || len(diags) != 1 || diags[0].Rule != tt.rule || diags[0].Pos.String() != file+tt.place {
			t.Errorf("%s: %v", name, diags)
		}
	}
}

func TestAFileThatCannotBeOpenedIsADiagnostic(t *testing.T) {
	dir := writeFiles(t, map[string]string{"ok.txt": textPage("v/m", oneProperty)})
	if err := os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "gone.txt")); err != nil {
		t.Fatal(err)
	}
	byID, diags := scrapeSources(t, dir)
	if len(byID) != 1 || len(diags) != 1 || diags[0].Rule != "source" {
		t.Errorf("%v, %v", byID, diags)
	}
}
