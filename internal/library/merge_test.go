package library

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/schema"

	"github.com/genclient/genclient/internal/jsontree"

	"github.com/genclient/genclient/internal/scrape"
)

func value(t *testing.T, text string) *jsontree.Value {
	t.Helper()
	v, _, err := jsontree.Decode([]byte(text), 0)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

const (
	pagesDir      = "../../testdata/pages"
	oneProperty   = `{"type": "object", "title": "Input", "properties": {"a": {"type": "string"}}}`
	otherProperty = `{"type": "object", "title": "Input", "properties": {"a": {"type": "number"}}}`
)

// scrapeSources returns what the sources say, by model id.
func scrapeSources(t *testing.T, sources ...string) (map[string]scrape.Scraped, diag.List) {
	t.Helper()
	var all []scrape.Scraped
	var diags diag.List
	for _, source := range sources {
		err := filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			got, list := scrape.Read(scrape.Source{File: path, Text: text})
			all, diags = append(all, got.Models...), append(diags, list...)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	combined, list := scrape.Combine(all)
	diags = append(diags, list...)
	byID := map[string]scrape.Scraped{}
	for _, s := range combined {
		byID[s.ID] = s
	}
	return byID, diags
}

func TestACatalogEntryWithoutSchemaBesideAPage(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.txt":  "curl --url https://model-api.runcomfy.net/v1/models/v/m \\\n --data '{}'\n" + oneProperty + "\n",
		"b.json": `{"model_id": "v/m", "base_price_usd": 2}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	byID, diags := scrapeSources(t, dir)
	if len(diags) != 1 || diags[0].Severity != diag.Note {
		t.Errorf("diagnostics: %v", diags)
	}
	docs, _ := Merge(nil, []scrape.Scraped{byID["v/m"]})
	if docs[0].Price.USD != "2" || docs[0].Input == nil {
		t.Errorf("%s", docs[0].Bytes())
	}
}

// The page and the catalog meet in every order, in one run and in several; the
// document is the same.
func TestPageAndCatalogMeet(t *testing.T) {
	const id = "kling/kling-1-6/pro/image-to-video"
	page, catalog := pagesDir+"/text/kling-1-6-pro-image-to-video.txt", pagesDir+"/catalog"
	scrapeOf := func(sources ...string) []scrape.Scraped {
		byID, _ := scrapeSources(t, sources...)
		return []scrape.Scraped{byID[id]}
	}
	docs := map[string]*schema.Document{}
	both, changes := Merge(nil, scrapeOf(catalog, page))
	if d := cmp.Diff(Changes{Added: []string{id}}, changes); d != "" {
		t.Error(d)
	}
	docs["one run"] = both[0]
	pageFirst, _ := Merge(nil, scrapeOf(page))
	pageFirst, changes = Merge(pageFirst, scrapeOf(catalog))
	if d := cmp.Diff(Changes{Changed: []string{id}}, changes); d != "" {
		t.Error(d)
	}
	docs["page first"] = pageFirst[0]
	catalogFirst, _ := Merge(nil, scrapeOf(catalog))
	catalogFirst, _ = Merge(catalogFirst, scrapeOf(page))
	docs["catalog first"] = catalogFirst[0]
	onPage := scrapeOf(page)[0].Page
	for name, doc := range docs {
		if !doc.Input.Equal(onPage.Input) || !doc.Output.Equal(onPage.Output) || !doc.Example.Equal(onPage.Example) {
			t.Errorf("%s: the values are not the page's", name)
		}
		if got, want := doc.Catalog.Compact(), `{"formats":{"image_url":"image_uri","tail_image_url":"image_uri"}}`; got != want {
			t.Errorf("%s: catalog %s", name, got)
		}
		if doc.Title != "Kling 1.6: AI Video Generation | Image to Video" || doc.Price.USD != "0.49" || doc.Description == "" {
			t.Errorf("%s: %s", name, doc.Bytes())
		}
	}
	// Each source again changes nothing, and leaves the document itself.
	for _, source := range []string{page, catalog} {
		again, changes := Merge(both, scrapeOf(source))
		if d := cmp.Diff(Changes{Unchanged: []string{id}}, changes); d != "" || again[0] != both[0] {
			t.Errorf("%s again: %s", source, d)
		}
	}
}

func TestMergeKeepsWhatASourceDoesNotKnow(t *testing.T) {
	old := &schema.Document{ModelID: "v/m", Title: "Old", Description: "Words.", URL: "https://www.runcomfy.com/models/m/api",
		Categories: []string{"image"}, Price: schema.Price{USD: "1"}, Removed: true,
		Example: value(t, `{"a":"x"}`), Input: value(t, oneProperty), Output: value(t, `{"output":`+oneProperty+`}`)}
	before := string(old.Bytes())
	bare := &schema.Document{ModelID: "v/m", Input: value(t, otherProperty)}
	docs, changes := Merge([]*schema.Document{old}, []scrape.Scraped{{ID: "v/m", Page: bare}})
	want := *old
	want.Input, want.Removed = bare.Input, false
	if d := cmp.Diff(string(want.Bytes()), string(docs[0].Bytes())); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(Changes{Changed: []string{"v/m"}}, changes); d != "" {
		t.Error(d)
	}
	if string(old.Bytes()) != before {
		t.Error("the existing document was written to")
	}
}

func TestALocalizedPageDoesNotReplaceAnEnglishDocument(t *testing.T) {
	english := &schema.Document{ModelID: "v/m", Description: "Words.", Input: value(t, oneProperty)}
	italian := &schema.Document{ModelID: "v/m", Description: "Parole.", URL: "https://www.runcomfy.com/it/models/m/api", Input: value(t, otherProperty)}
	docs, changes := Merge([]*schema.Document{english}, []scrape.Scraped{{ID: "v/m", Page: italian, Locale: "it"}})
	if docs[0] != english || len(changes.Unchanged) != 1 {
		t.Errorf("%s, %v", docs[0].Bytes(), changes)
	}
	docs, _ = Merge([]*schema.Document{italian}, []scrape.Scraped{{ID: "v/m", Page: english}})
	if docs[0].Description != "Words." || docs[0].Input != english.Input || docs[0].URL != "" {
		t.Errorf("%s", docs[0].Bytes())
	}
}

func TestMergeKeepsDocumentsThatWereNotScrapedAndSorts(t *testing.T) {
	doc := func(id string) *schema.Document { return &schema.Document{ModelID: id, Input: value(t, oneProperty)} }
	docs, changes := Merge([]*schema.Document{doc("v/c"), doc("v/a")},
		[]scrape.Scraped{{ID: "v/d", Page: doc("v/d")}, {ID: "v/b", Page: doc("v/b")}, {ID: "v/bare", Catalog: &schema.Document{ModelID: "v/bare"}}})
	var ids []string
	for _, d := range docs {
		ids = append(ids, d.ModelID)
	}
	if d := cmp.Diff([]string{"v/a", "v/b", "v/c", "v/d"}, ids); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(Changes{Added: []string{"v/b", "v/d"}}, changes); d != "" {
		t.Error(d)
	}
}
