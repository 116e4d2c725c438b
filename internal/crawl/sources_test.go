package crawl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const oneProperty = `{"type": "object", "title": "Input", "properties": {"a": {"type": "string"}}}`

// textPage is a small page of a model.
func textPage(id string) string {
	return "curl --url https://model-api.runcomfy.net/v1/models/" + id + " \\\n --data '{}'\n" + oneProperty + "\n"
}

// writeFiles makes a folder of files.
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

func TestSourcesThatCannotBeMeant(t *testing.T) {
	dir := writeFiles(t, map[string]string{"a.pdf": "x", "empty/notes.rst": "x", "ok.txt": textPage("v/m")})
	run := func(sources ...string) error {
		_, _, err := Run(t.Context(), Options{Sources: sources}, func(Model) error { return nil })
		return err
	}
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
		if err := run(dir+"/ok.txt", arg); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", arg, err)
		}
	}
	if err := run(); err == nil {
		t.Error("no error without a source")
	}
	// Every argument is reported.
	if err := run(dir+"/a.pdf", dir+"/empty"); err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("error %v", err)
	}
}

func TestFoldersAreWalkedInOrder(t *testing.T) {
	dir := writeFiles(t, map[string]string{"b.TXT": "", "a/z.html": "", "a/x.md": "", "c.json": "", "skip.png": "", "d.htm": ""})
	sources, err := expand([]string{dir, dir + "/a/x.md"})
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
	// A file that is named twice is read once.
	if d := cmp.Diff([]string{"a/x.md", "a/z.html", "b.TXT", "c.json", "d.htm"}, names); d != "" {
		t.Error(d)
	}
}

func TestFilesAndStandardInput(t *testing.T) {
	dir := writeFiles(t, map[string]string{"ok.txt": textPage("v/m"), "empty.json": `{"models": []}`,
		"part.json": `{"models": [{"model_id": "v/n", "input_schema": ` + oneProperty + `}], "total": 2}`})
	if err := os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "gone.txt")); err != nil {
		t.Fatal(err)
	}
	got := crawl(t, Options{Sources: []string{dir, "-"}, Stdin: strings.NewReader(textPage("v/o"))})
	want := map[string]int{"error source": 1, "error no-models": 1, "error catalog-incomplete": 1}
	if d := cmp.Diff(want, got.rules()); d != "" || len(got.models) != 3 || got.Outcomes[Read] != 3 {
		t.Error(d, got.diags)
	}
	if got := crawl(t, Options{Sources: []string{"-"}}); !got.diags.HasErrors() {
		t.Error("no error without a standard input")
	}
}
