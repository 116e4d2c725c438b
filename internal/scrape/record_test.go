package scrape

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/schema"
)

func TestWhatIsPackedIsUnpackedTheSame(t *testing.T) {
	notes := diag.List{{Pos: diag.Position{File: "a", Line: 1}, Severity: diag.Warning, Rule: "r", Message: "m"}}
	texts := map[string]string{
		"page":              textPage("v/m", oneProperty),
		"catalog":           `{"model_id": "v/m", "display_name": "M", "base_price_usd": 1.50, "input_schema": ` + oneProperty + `}`,
		"catalog, no input": `{"model_id": "v/m", "categories": ["a"]}`,
	}
	for name, text := range texts {
		content, diags := Read(Source{File: "https://www.runcomfy.com/it/models/m/api", Address: "https://www.runcomfy.com/it/models/m/api", Text: []byte(text)})
		if diags.HasErrors() || len(content.Models) != 1 {
			t.Fatal(name, diags)
		}
		want := content.Models[0]
		packed := Pack(want, notes)
		id, gotNotes, err := PackedHead(packed)
		if err != nil || id != want.ID || cmp.Diff(notes, gotNotes) != "" {
			t.Errorf("%s: head %q, %v, %v", name, id, gotNotes, err)
		}
		got, diags, err := Unpack(packed)
		if err != nil || len(diags) > 0 || got.Locale != want.Locale || got.Pos != want.Pos || (got.Page == nil) != (want.Page == nil) {
			t.Errorf("%s: %+v, %v, %v", name, got, diags, err)
		}
		for _, docs := range [][2]*schema.Document{{want.Page, got.Page}, {want.Catalog, got.Catalog}} {
			if docs[0] != nil && (cmp.Diff(string(docs[0].Bytes()), string(docs[1].Bytes())) != "" || (docs[0].Input == nil) != (docs[1].Input == nil)) {
				t.Errorf("%s: %s", name, docs[1].Bytes())
			}
		}
	}
}

func TestDamagedRecordsAreErrors(t *testing.T) {
	for _, packed := range []string{"", "\n", "{}\n{}", "{\n{}", `{"id":"v/m"}`} {
		if _, _, err := Unpack([]byte(packed)); err == nil {
			t.Errorf("%q: no error", packed)
		}
	}
}

func TestADocumentThatCouldNotBeReadAgainIsAnError(t *testing.T) {
	const deepest = jsontree.MaxDepth - 2 // the schema and its properties are two levels
	page := textPage("v/m", `{"type": "object", "properties": {"a": `+strings.Repeat("[", deepest)+strings.Repeat("]", deepest)+"}}")
	content, diags := Read(Source{File: "a.txt", MediaType: "text/plain", Text: []byte(page)})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	_, diags, err := Unpack(Pack(content.Models[0], nil))
	if err != nil || len(diags) != 1 || diags[0].Subject != "v/m" || diags[0].Pos.File != "a.txt" {
		t.Errorf("%v, %v", diags, err)
	}
}
