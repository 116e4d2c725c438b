package scrape

import (
	"strings"
	"testing"
)

func TestAFormatIsToldByTheContent(t *testing.T) {
	for name, content := range map[string]string{
		"text":              textPage("v/m", oneProperty),
		"HTML":              "\n<!doctype html><pre>" + strings.ReplaceAll(textPage("v/m", oneProperty), `"`, "&quot;") + "</pre>",
		"text behind a BOM": "\ufeff" + textPage("v/m", oneProperty),
		"catalog":           `{"models": [{"model_id": "v/m", "input_schema": ` + oneProperty + `}]}`,
		"one entry":         `{"model_id": "v/m", "kind": null, "input_schema": ` + oneProperty + `}`,
		"list of entries":   `[{"model_id": "v/m", "input_schema": ` + oneProperty + `}]`,
		"a page's data":     `{"page": {"api": "` + endpointPrefix + `v/m", "in": ` + oneProperty + `}}`,
	} {
		content, diags := Read(Source{File: "-", Text: []byte(content)})
		if len(diags) > 0 || len(content.Models) != 1 || content.Models[0].ID != "v/m" {
			t.Errorf("%s: %v, %v", name, content, diags)
		}
	}
}

func TestSourcesThatCannotBeUsed(t *testing.T) {
	for name, tt := range map[string]struct{ content, rule, place string }{
		"huge":      {textPage("v/m", oneProperty) + strings.Repeat(" ", MaxPage), "source", "a.txt"},
		"not UTF-8": {textPage("v/m", "caf\xe9"+oneProperty), "encoding", "a.txt:3:4"},
		"empty":     {"", "no-model-id", "a.txt:1:1"},
	} {
		content, diags := Read(Source{File: "a.txt", MediaType: "text/plain", Text: []byte(tt.content)})
		if len(content.Models) > 0 || len(diags) != 1 || diags[0].Rule != tt.rule || diags[0].Pos.String() != tt.place {
			t.Errorf("%s: %v", name, diags)
		}
	}
}

func TestCatalogSaysHowMuchThereIs(t *testing.T) {
	for text, want := range map[string]Catalog{
		`{"models": [{"model_id": "a/b"}, {"kind": "x", "model_id": "c/d"}, {}], "total": 9}`: {IsList: true, Entries: 3, Total: 9},
		`{"models": []}`:                  {IsList: true, Total: -1},
		`{"models": [], "total": "many"}`: {IsList: true, Total: -1},
		`{"model_id": "a/b"}`:             {Entries: 1, Total: -1},
	} {
		content, _ := Read(Source{File: "c.json", Text: []byte(text)})
		got := content.Catalog
		if got == nil || got.IsList != want.IsList || got.Entries != want.Entries || got.Total != want.Total {
			t.Errorf("%s: %+v", text, got)
		}
	}
}
