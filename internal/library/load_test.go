package library

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/genclient/genclient/internal/plan"
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

// TestTextAfterTheNames: a second object after the first, as two versions of a merge
// leave it, must not lose the pins of either without a word.
func TestTextAfterTheNames(t *testing.T) {
	for _, names := range []string{`{"a/b": "One"}{"a/b": "Two"}`, `{"a/b": "One"} x`, "{}\n{}"} {
		l, err := Read(fstest.MapFS{
			"a.json":     {Data: []byte(`{"model_id": "a/b", "input": {}}`)},
			"names.json": {Data: []byte(names)},
		}, "schemas")
		if err != nil {
			t.Fatal(err)
		}
		if !l.NamesBroken || len(l.Diags) != 1 || l.Diags[0].Rule != "names-file" || l.Diags[0].Message != "text follows the JSON value" {
			t.Errorf("%s: %v", names, l.Diags)
		}
	}
}

// TestManyNames: what scrape wrote for a hundred thousand models is read again.
func TestManyNames(t *testing.T) {
	var b strings.Builder
	b.WriteString("{")
	for n := range 100_000 {
		fmt.Fprintf(&b, "\n\"vendor/model-%06d\": \"Model%06d\",", n, n)
	}
	text := strings.TrimSuffix(b.String(), ",") + "\n}\n"
	l, err := Read(fstest.MapFS{"names.json": {Data: []byte(text)}}, "schemas")
	if err != nil || l.Diags != nil {
		t.Fatal(err, l.Diags)
	}
	if again := l.Pins.Bytes(); bytes.Count(again, []byte("\n")) != 100_002 {
		t.Errorf("%d bytes are written again", len(again))
	}
}

// TestByteOrderMark: editors on Windows put one in front.
func TestByteOrderMark(t *testing.T) {
	l, err := Read(fstest.MapFS{
		"a.json":     {Data: []byte("\ufeff" + `{"model_id": "a/b", "input": {}}`)},
		"names.json": {Data: []byte("\ufeff" + `{"a/b": "Other"}`)},
	}, "schemas")
	if err != nil || l.Diags != nil || len(l.Documents) != 1 {
		t.Fatal(err, l)
	}
	if pkg, _ := l.Plan(plan.Options{}); pkg.Models[0].Name != "Other" {
		t.Errorf("the model is named %s", pkg.Models[0].Name)
	}
}
