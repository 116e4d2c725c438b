package scrape

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/schema"
)

// stands reports whether a JSON value stands in a text, or in a JSON string in
// it, by encoding/json's reading at every brace.
func stands(text []byte, want any, depth int) bool {
	for at := range text {
		if text[at] != '{' {
			continue
		}
		dec := json.NewDecoder(bytes.NewReader(text[at:]))
		dec.UseNumber()
		var got any
		if dec.Decode(&got) == nil && holds(got, want, depth) {
			return true
		}
	}
	return false
}

func holds(v, want any, depth int) bool {
	if reflect.DeepEqual(v, want) {
		return true
	}
	switch v := v.(type) {
	case string:
		return depth < maxStrings && stands([]byte(v), want, depth+1)
	case []any:
		for _, e := range v {
			if holds(e, want, depth) {
				return true
			}
		}
	case map[string]any:
		for _, e := range v {
			if holds(e, want, depth) {
				return true
			}
		}
	}
	return false
}

// checkPage extracts a page: no panic, places inside the source, and an input
// that stands in one of the page's texts.
func checkPage(t *testing.T, p *page) {
	s, diags := extract(p)
	for _, d := range diags {
		if d.Pos.Line < 1 || d.Pos.Line > bytes.Count(p.src.Text, []byte("\n"))+1 {
			t.Errorf("a place outside the page: %v", d)
		}
	}
	if s == nil {
		if !diags.HasErrors() {
			t.Error("neither a document nor an error")
		}
		return
	}
	if reason := schema.InvalidModelID(s.ID); reason != "" {
		t.Errorf("the id %q %s", s.ID, reason)
	}
	dec := json.NewDecoder(strings.NewReader(s.Page.Input.Compact()))
	dec.UseNumber()
	var want any
	if err := dec.Decode(&want); err != nil {
		t.Fatal(err)
	}
	for o := range origins {
		for _, text := range p.texts(o) {
			if stands(text.data, want, 0) {
				return
			}
		}
	}
	if len(p.payloads) > 0 || len(p.visible.marks.folds) > 0 {
		return // references are resolved there, and hidden parts put in their places
	}
	t.Errorf("the input stands nowhere in the page: %s", s.Page.Input.Compact())
}

// maxFuzzed keeps the oracle, which reads at every brace, quick.
const maxFuzzed = 20 << 10

func addPages(f *testing.F, patterns ...string) {
	for _, pattern := range patterns {
		files, err := filepath.Glob(filepath.Join(pagesDir, pattern))
		if err != nil || len(files) == 0 {
			f.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, name := range files {
			content, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(content)
		}
	}
}

func FuzzText(f *testing.F) {
	addPages(f, "text/*.txt", "markdown/*.md", "bad/*.txt")
	f.Add([]byte(textPage("v/m", oneProperty)))
	f.Fuzz(func(t *testing.T, content []byte) {
		if len(content) > maxFuzzed || invalidUTF8(content) >= 0 {
			return
		}
		checkPage(t, readText(&jsontree.Source{File: "page.txt", Text: content}, ""))
	})
}

func FuzzHTML(f *testing.F) {
	addPages(f, "html/*.html", "localized/*.html", "bad/*.html")
	f.Add([]byte("<pre>" + textPage("v/m", oneProperty) + "</pre>"))
	f.Fuzz(func(t *testing.T, content []byte) {
		if len(content) > maxFuzzed || invalidUTF8(content) >= 0 {
			return
		}
		if p, _ := readHTML(&jsontree.Source{File: "page.html", Text: content}, ""); p != nil {
			checkPage(t, p)
		}
	})
}

// BenchmarkPage extracts one page, as text and as highlighted HTML.
func BenchmarkPage(b *testing.B) {
	for _, name := range []string{"text/kling-1-6-pro-image-to-video.txt", "html/token_spans.html", "html/flight_payload.html"} {
		content := readPage(b, name)
		source := Source{File: name, MediaType: mediaTypes[filepath.Ext(name)], Text: content}
		b.Run(strings.TrimSuffix(filepath.Base(name), filepath.Ext(name)), func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			b.ReportAllocs()
			for b.Loop() {
				if _, diags := Read(source); diags.HasErrors() {
					b.Fatal(diags)
				}
			}
		})
	}
}

// BenchmarkCatalog reads catalog answers of several sizes, as one line: the time
// for each entry must not grow with their number.
func BenchmarkCatalog(b *testing.B) {
	for _, n := range []int{1000, 4000, 16000} {
		var text bytes.Buffer
		for i := range n {
			fmt.Fprintf(&text, `,{"model_id": "acme/model-%d/make", "kind": "model", "input_schema": %s}`, i, kindValues["IN"])
		}
		content := append(append([]byte(`{"models": [`), text.Bytes()[1:]...), fmt.Sprintf(`], "total": %d}`, n)...)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				read, diags := Read(Source{File: "catalog.json", MediaType: "application/json", Text: content})
				if len(read.Models) != n || len(diags) > 0 {
					b.Fatal(len(read.Models), diags)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/entry")
		})
	}
}
