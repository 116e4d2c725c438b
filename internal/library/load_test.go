package library

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestLoad(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	doc := func(id string) *fstest.MapFile { return file(`{"model_id": "` + id + `", "input": {}}`) }
	set, diags, err := load(fstest.MapFS{
		"z/a.json":     doc("b/b"), // the id counts, not the path
		"a/z.json":     doc("a/a"),
		"a/names.json": doc("c/c"), // only the one at the root holds names
		"c/twice.json": doc("a/a"),
		"broken.json":  file(`{"model_id": `),
		"names.json":   file(`{}`),
		"README.md":    file(`# schemas`),
	}, "schemas")
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, d := range set.documents {
		ids = append(ids, d.ModelID+" "+d.File())
	}
	if diff := cmp.Diff([]string{"a/a schemas/a/z.json", "b/b schemas/z/a.json", "c/c schemas/a/names.json"}, ids); diff != "" {
		t.Errorf("documents (-want +got):\n%s", diff)
	}
	var problems []string
	for _, d := range diags {
		problems = append(problems, d.Pos.File+" "+d.Rule)
	}
	if diff := cmp.Diff([]string{"schemas/broken.json json-syntax", "schemas/c/twice.json model-id-repeated"}, problems); diff != "" {
		t.Errorf("diagnostics (-want +got):\n%s", diff)
	}
	if set.names == nil || set.names.File != "schemas/names.json" || string(set.names.Text) != "{}" {
		t.Errorf("names: %+v", set.names)
	}
}

func TestLoadWithoutNames(t *testing.T) {
	set, diags, err := load(fstest.MapFS{}, ".")
	if err != nil || len(diags) > 0 || set.names != nil || len(set.documents) > 0 {
		t.Errorf("an empty folder: %+v, %v, %v", set, diags, err)
	}
}

// TestLoadError has a file system that lists a file it cannot read.
func TestLoadError(t *testing.T) {
	_, _, err := load(fstest.MapFS{"a.json/": {Data: []byte("x")}, "b": {Mode: 0}}, ".")
	if err == nil || !strings.HasPrefix(err.Error(), "reading ") {
		t.Errorf("error %v", err)
	}
}
