package scrape

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/schema"
)

func value(t *testing.T, text string) *jsontree.Value {
	t.Helper()
	v, _, err := jsontree.Decode([]byte(text), 0)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestCatalogAnswer(t *testing.T) {
	byID, diags := scrapeSources(t, pagesDir+"/catalog")
	if got := diagText(t, diags); got != "catalog/catalog.json:38:5: note: acme/painting-flow: the catalog entry is of the kind \"workflow\", not a model [catalog-kind]\n" {
		t.Errorf("%s", got)
	}
	var got []string
	for _, id := range []string{"acme/painter-1/text-to-image", "kling/kling-1-6/pro/image-to-video"} {
		doc := *byID[id].Catalog
		doc.Input = nil
		got = append(got, doc.Value().Compact())
	}
	want := []string{
		`{"model_id":"acme/painter-1/text-to-image","title":"Acme Painter 1","categories":["image","text-to-image"],"price":{"usd":0.030,"unit":"image"}}`,
		`{"model_id":"kling/kling-1-6/pro/image-to-video","title":"Kling 1.6 Pro I2V","categories":["video"],"price":{"usd":0.49,"unit":"video"}}`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestTwoCatalogsThatDiffer(t *testing.T) {
	entry := func(input string) string { return `{"model_id": "v/m", "input_schema": ` + input + `}` }
	for name, tt := range map[string]struct {
		second string
		rule   string
	}{"alike": {oneProperty, ""}, "not": {otherProperty, "schema-conflict"}} {
		byID, diags := scrapeSources(t, writeFiles(t, map[string]string{"a.json": entry(oneProperty), "b.json": entry(tt.second)}))
		if tt.rule == "" && (len(byID) != 1 || len(diags) > 0) || tt.rule != "" && (len(byID) > 0 || len(diags) != 1 || diags[0].Rule != tt.rule) {
			t.Errorf("%s: %v, %v", name, byID, diags)
		}
	}
}

func TestPricesThatAreNone(t *testing.T) {
	for _, usd := range []string{`"free"`, `"0.1 or so"`, `null`, `{}`, `"[1]"`, `""`} {
		if got := price(value(t, `{"base_price_usd": `+usd+`, "price_unit": "image"}`)); got != (schema.Price{}) {
			t.Errorf("%s: %v", usd, got)
		}
	}
}

// TestTextAfterACatalog: half of what two answers say must not pass for all of it.
func TestTextAfterACatalog(t *testing.T) {
	entry := `{"model_id": "v/m", "input_schema": ` + oneProperty + `}`
	for _, text := range []string{entry + entry, entry + " x", "[" + entry + "]\n]"} {
		byID, diags := scrapeSources(t, writeFiles(t, map[string]string{"a.json": text}))
		if len(byID) > 0 || len(diags) != 1 || diags[0].Rule != "json-syntax" {
			t.Errorf("%s: %v, %v", text, byID, diags)
		}
	}
}
