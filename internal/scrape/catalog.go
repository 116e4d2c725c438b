package scrape

import (
	"errors"
	"fmt"
	"strings"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/schema"
)

// readJSON reads a source that is one JSON value.
func readJSON(src *schema.Source) (*schema.Value, diag.List) {
	root, _, err := schema.Decode(src.Text, 0)
	var syntax *schema.SyntaxError
	if errors.As(err, &syntax) {
		d := diag.Diagnostic{Pos: src.Position(syntax.Offset), Severity: diag.Error, Rule: "json-syntax", Message: syntax.Message}
		if syntax.CutOff {
			d.Rule, d.Hint = "json-cut-off", "capture the whole answer; nothing was taken from it"
		}
		return nil, diag.List{d}
	}
	return root, nil
}

// isCatalog reports whether a value is a catalog answer: an object with
// "models", an array of entries, or one entry, which has a "model_id".
func isCatalog(root *schema.Value) bool {
	isEntry := func(v *schema.Value) bool { return v.Get("model_id") != nil }
	return root.Get("models").Is(schema.Array) || isEntry(root) || root.Is(schema.Array) && len(root.Elems) > 0 && isEntry(root.Elems[0])
}

// readCatalog reads the entries of a catalog answer.
func readCatalog(src *schema.Source, root *schema.Value) ([]Scraped, diag.List) {
	entries := []*schema.Value{root}
	if models := root.Get("models"); models != nil {
		entries = models.Elems
	} else if root.Kind == schema.Array {
		entries = root.Elems
	}
	var out []Scraped
	var diags diag.List
	for _, e := range entries {
		s, d := readEntry(e)
		if d != nil {
			d.Pos = src.Position(e.Offset)
			diags = append(diags, *d)
			continue
		}
		s.Pos = src.Position(e.Offset)
		if s.Catalog.Input != nil {
			s.Pos = src.Position(s.Catalog.Input.Offset)
		}
		out = append(out, s)
	}
	return out, diags
}

// readEntry reads one entry; with a diagnostic there is none to use.
func readEntry(e *schema.Value) (Scraped, *diag.Diagnostic) {
	id := e.Get("model_id")
	if !id.Is(schema.String) {
		return Scraped{}, &diag.Diagnostic{Severity: diag.Error, Rule: "no-model-id",
			Message: "the catalog entry has no model_id", Hint: "the entry is left out"}
	}
	if kind := e.Get("kind"); kind != nil && kind.Kind != schema.Null && kind.Str() != "model" {
		return Scraped{}, &diag.Diagnostic{Severity: diag.Note, Rule: "catalog-kind", Subject: id.Text,
			Message: fmt.Sprintf("the catalog entry is of the kind %s, not a model", kind.Compact())}
	}
	if reason := schema.InvalidModelID(id.Text); reason != "" {
		return Scraped{}, &diag.Diagnostic{Severity: diag.Error, Rule: "model-id",
			Message: fmt.Sprintf("the model id %q %s", id.Text, reason), Hint: "no document is written for it"}
	}
	input := e.Get("input_schema")
	if input != nil && !isObjectSchema(input) {
		if input.Kind != schema.Null {
			return Scraped{}, &diag.Diagnostic{Severity: diag.Error, Rule: "no-input-schema", Subject: id.Text,
				Message: "the input_schema of the catalog entry is no object schema",
				Hint:    `an input schema is a JSON object with "type": "object" and "properties"`}
		}
		input = nil
	}
	return Scraped{ID: id.Text, Catalog: &schema.Document{
		ModelID:    id.Text,
		Title:      cleanTitle(e.Get("display_name").Str()),
		Categories: e.Get("categories").Strings(),
		Price:      price(e),
		Input:      input,
	}}, nil
}

// price reads the base price of an entry, a number or a string that holds one.
func price(e *schema.Value) schema.Price {
	usd := e.Get("base_price_usd")
	if usd.Is(schema.String) {
		v, size, err := schema.Decode([]byte(usd.Text), 0)
		if err != nil || size != len(usd.Text) {
			return schema.Price{}
		}
		usd = v
	}
	if !usd.Is(schema.Number) {
		return schema.Price{}
	}
	return schema.Price{USD: usd.Text, Unit: cleanText(e.Get("price_unit").Str())}
}

// mediaFormats returns what a catalog's schema says beyond the page's: an
// object whose "formats" gives the media format of a property by name. It is
// nil when there is nothing to say.
func mediaFormats(catalog, page *schema.Value) *schema.Value {
	formats := schema.NewObject()
	for _, m := range catalog.Get("properties").Members {
		format, onPage := m.Value.Get("format"), page.Get("properties").Get(m.Name)
		if isMediaFormat(format.Str()) && onPage != nil && onPage.Get("format").Str() != format.Str() {
			formats.Members = append(formats.Members, schema.Member{Name: m.Name, Value: schema.NewString(format.Text)})
		}
	}
	if len(formats.Members) == 0 {
		return nil
	}
	return schema.NewObject(schema.Member{Name: "formats", Value: formats})
}

// isMediaFormat reports whether a format names a kind of media, as image_uri,
// video_uris or image_uri_with_mask_image_ideogramv3.
func isMediaFormat(format string) bool {
	for _, kind := range []string{"image", "video", "audio"} {
		if strings.HasPrefix(format, kind+"_") {
			return true
		}
	}
	return false
}
