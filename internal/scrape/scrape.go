// Package scrape turns documentation pages and catalog answers into schema
// documents: it finds the JSON values in them by their shape and settles what
// several sources say of one model. It is pure, bytes in and models out. Nothing
// on a page is trusted, and nothing but shapes, the endpoint's URL and curl's own
// syntax is relied on: headings, labels and prose vary, are translated, or are
// missing.
package scrape

import (
	"slices"
	"strings"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/schema"
)

// Scraped is what the sources of one run say of one model.
type Scraped = schema.Scraped

// Combine makes one of all that was scraped of each model, sorted by id. Of
// pages in several languages the English one counts, of equals the first. Two
// schemas of one model that differ, in one language or in two catalogs, are an
// error, and the model is left out.
func Combine(all []Scraped) ([]Scraped, diag.List) {
	slices.SortStableFunc(all, func(a, b Scraped) int { return strings.Compare(a.ID, b.ID) })
	var out []Scraped
	var diags diag.List
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].ID == all[0].ID {
			n++
		}
		s, list := combineModel(all[:n])
		if !list.HasErrors() {
			out = append(out, s)
		}
		diags = append(diags, list...)
		all = all[n:]
	}
	return out, diags
}

// combineModel is Combine for one model.
func combineModel(all []Scraped) (Scraped, diag.List) {
	var pages, entries []Scraped
	for _, s := range all {
		if s.Page != nil {
			pages = append(pages, s)
		} else {
			entries = append(entries, s)
		}
	}
	pages, diags := oneLocale(pages)
	out := Scraped{ID: all[0].ID, Pos: all[0].Pos}
	for _, s := range pages {
		if out.Page == nil {
			out.Page, out.Locale, out.Pos = s.Page, s.Locale, s.Pos
			continue
		}
		if !sameSchema(out.Page.Input, s.Page.Input) {
			diags = append(diags, conflict(s.ID, out.Pos, s.Pos))
			continue
		}
		out.Page = fillPage(out.Page, s.Page)
	}
	for _, s := range entries {
		switch {
		case out.Catalog == nil || out.Catalog.Input == nil:
			out.Catalog = s.Catalog
			if out.Page == nil {
				out.Pos = s.Pos
			}
		case s.Catalog.Input != nil && !sameSchema(out.Catalog.Input, s.Catalog.Input):
			diags = append(diags, conflict(s.ID, out.Pos, s.Pos))
		}
	}
	if out.Catalog != nil && out.Catalog.Input == nil {
		diags = append(diags, withoutSchema(out))
	}
	return out, diags
}

// withoutSchema is the diagnostic for a catalog entry that has no schema. Its
// price and categories still count where a document is there to take them.
func withoutSchema(s Scraped) diag.Diagnostic {
	d := diag.Diagnostic{Pos: s.Pos, Severity: diag.Error, Rule: "no-input-schema", Subject: s.ID,
		Message: "the catalog entry has no input schema",
		Hint:    "ask the catalog with include_schema=true, or give the model's page"}
	if s.Page != nil {
		d.Severity, d.Hint = diag.Note, "the schema of the model's page is used"
	}
	return d
}

// oneLocale keeps the English pages of a model, or without one those of the
// first language by name, with a note for each page passed over.
func oneLocale(pages []Scraped) ([]Scraped, diag.List) {
	if len(pages) == 0 {
		return nil, nil
	}
	first := slices.MinFunc(pages, func(a, b Scraped) int { return strings.Compare(a.Locale, b.Locale) })
	var kept []Scraped
	var diags diag.List
	for _, s := range pages {
		if s.Locale == first.Locale {
			kept = append(kept, s)
			continue
		}
		diags = append(diags, diag.Diagnostic{Pos: s.Pos, Severity: diag.Note, Rule: "localized-page", Subject: s.ID,
			Message: "the page in the language " + s.Locale + " is passed over for the one at " + first.Pos.String(),
			Hint:    "localized pages translate descriptions and alter defaults"})
	}
	return kept, diags
}

// fillPage adds to a page's document what another page of the model says
// beyond it. Of two schemas that say the same the one without leaked keys is
// kept.
func fillPage(doc, other *schema.Document) *schema.Document {
	out := *doc
	fill := func(to *string, from string) {
		if *to == "" {
			*to = from
		}
	}
	fill(&out.Title, other.Title)
	fill(&out.Description, other.Description)
	fill(&out.URL, other.URL)
	if leaked(out.Input.Compact()) && !leaked(other.Input.Compact()) {
		out.Input = other.Input
	}
	if out.Output == nil || other.Output != nil && leaked(out.Output.Compact()) && !leaked(other.Output.Compact()) {
		out.Output = other.Output
	}
	if out.Example == nil {
		out.Example = other.Example
	}
	return &out
}
