package scrape

import (
	"fmt"
	"strconv"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/schema"
)

// isCatalog reports whether a value is a catalog answer: an object with
// "models", an array of entries, or one entry, which has a "model_id".
func isCatalog(root *jsontree.Value) bool {
	isEntry := func(v *jsontree.Value) bool { return v.Get("model_id") != nil }
	return root.Get("models").Is(jsontree.Array) || isEntry(root) ||
		root.Is(jsontree.Array) && len(root.Elems) > 0 && isEntry(root.Elems[0])
}

// readCatalog reads the entries of a catalog answer.
func readCatalog(src *jsontree.Source, root *jsontree.Value) ([]Scraped, diag.List) {
	entries := []*jsontree.Value{root}
	if models := root.Get("models"); models != nil {
		entries = models.Elems
	} else if root.Kind == jsontree.Array {
		entries = root.Elems
	}
	var out []Scraped
	var diags diag.List
	for _, e := range entries {
		if e.Text == unreadableEntry {
			continue // it is reported already
		}
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

// catalogInfo says how much a catalog answer holds.
func catalogInfo(root *jsontree.Value) *Catalog {
	c := &Catalog{Total: -1}
	entries := []*jsontree.Value{root}
	if models := root.Get("models"); models != nil {
		entries, c.IsList = models.Elems, true
	} else if root.Kind == jsontree.Array {
		entries, c.IsList = root.Elems, true
	}
	c.Entries = len(entries)
	for _, e := range entries {
		if id := e.Get("model_id").Str(); id != "" {
			c.IDs = append(c.IDs, id)
		}
	}
	if total := root.Get("total"); total.Is(jsontree.Number) {
		if n, err := strconv.Atoi(total.Text); err == nil && n >= 0 {
			c.Total = n
		}
	}
	return c
}

// readEntry reads one entry; with a diagnostic there is none to use.
func readEntry(e *jsontree.Value) (Scraped, *diag.Diagnostic) {
	id := e.Get("model_id")
	if !id.Is(jsontree.String) {
		return Scraped{}, &diag.Diagnostic{Severity: diag.Error, Rule: "no-model-id",
			Message: "the catalog entry has no model_id", Hint: "the entry is left out"}
	}
	if kind := e.Get("kind"); kind != nil && kind.Kind != jsontree.Null && kind.Str() != "model" {
		return Scraped{}, &diag.Diagnostic{Severity: diag.Note, Rule: "catalog-kind", Subject: id.Text,
			Message: fmt.Sprintf("the catalog entry is of the kind %s, not a model", kind.Compact())}
	}
	if reason := schema.InvalidModelID(id.Text); reason != "" {
		return Scraped{}, &diag.Diagnostic{Severity: diag.Error, Rule: "model-id",
			Message: fmt.Sprintf("the model id %q %s", id.Text, reason), Hint: "no document is written for it"}
	}
	input := e.Get("input_schema")
	if input != nil && !isObjectSchema(input) {
		if input.Kind != jsontree.Null {
			return Scraped{}, &diag.Diagnostic{Severity: diag.Error, Rule: "no-input-schema", Subject: id.Text,
				Message: "the input_schema of the catalog entry is not an object schema",
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
func price(e *jsontree.Value) schema.Price {
	usd := e.Get("base_price_usd")
	if usd.Is(jsontree.String) {
		v, size, err := jsontree.Decode([]byte(usd.Text), 0)
		if err != nil || size != len(usd.Text) {
			return schema.Price{}
		}
		usd = v
	}
	if !usd.Is(jsontree.Number) {
		return schema.Price{}
	}
	return schema.Price{USD: usd.Text, Unit: cleanText(e.Get("price_unit").Str())}
}
