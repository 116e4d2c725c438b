package library

import (
	"bytes"
	"slices"
	"strings"

	"github.com/genclient/genclient/internal/dialect"
	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/schema"

	"github.com/genclient/genclient/internal/jsontree"
)

// Changes are the ids of the models scraped, by what the run did to their
// documents; each list is sorted.
type Changes struct {
	Added, Changed, Unchanged []string
}

// Merge brings the documents of a folder up to date with what was scraped and
// returns them sorted by model id, one per id. A document that stays as it is
// is returned as it came in; the others are new and the existing ones are left
// alone.
//
// What a source does not know is kept: a catalog does not wipe the output or
// description of a page, nor a page without a description the one that was
// there. The page's input wins over the catalog's, which then only adds its
// media formats; English wins over another language.
func Merge(existing []*schema.Document, scraped []schema.Scraped) ([]*schema.Document, Changes) {
	docs := slices.Clone(existing)
	slices.SortStableFunc(docs, func(a, b *schema.Document) int { return strings.Compare(a.ModelID, b.ModelID) })
	var changes Changes
	for _, s := range slices.SortedFunc(slices.Values(scraped),
		func(a, b schema.Scraped) int { return strings.Compare(a.ID, b.ID) }) {
		i, known := slices.BinarySearchFunc(docs, s.ID,
			func(d *schema.Document, id string) int { return strings.Compare(d.ModelID, id) })
		var old *schema.Document
		if known {
			old = docs[i]
		}
		doc := apply(s, old)
		switch {
		case doc.Input == nil: // a catalog entry without a schema, and no page
		case !known:
			docs = slices.Insert(docs, i, doc)
			changes.Added = append(changes.Added, s.ID)
		case bytes.Equal(doc.Bytes(), old.Bytes()):
			changes.Unchanged = append(changes.Unchanged, s.ID)
		default:
			docs[i] = doc
			changes.Changed = append(changes.Changed, s.ID)
		}
	}
	return docs, changes
}

// apply returns a new document: the old one, which may be nil, with what was
// scraped. A model that is seen again is not removed.
func apply(s schema.Scraped, old *schema.Document) *schema.Document {
	doc := &schema.Document{ModelID: s.ID}
	if old != nil {
		doc = &schema.Document{
			ModelID: s.ID, Title: old.Title, Description: old.Description, URL: old.URL, Categories: old.Categories,
			Price: old.Price, Example: old.Example, Input: old.Input, Output: old.Output, Catalog: old.Catalog,
		}
	}
	localized := schema.Locale(doc.URL) != ""
	if s.Page != nil && localized && s.Locale == "" {
		doc.Title, doc.Description, doc.URL = "", "", "" // they were in the other language
	}
	if s.Page != nil && (s.Locale == "" || localized || !fromPage(doc)) {
		applyPage(doc, s.Page)
	}
	if s.Catalog != nil {
		applyCatalog(doc, s.Catalog)
	}
	return doc
}

// fromPage reports whether a document holds what only a page has. One known
// from the catalog alone does not.
func fromPage(d *schema.Document) bool {
	return d.Output != nil || d.Example != nil || d.URL != "" || d.Description != ""
}

func applyPage(doc, page *schema.Document) {
	if doc.Input != nil && !fromPage(doc) {
		doc.Catalog = mediaFormats(doc.Input, page.Input)
	}
	doc.Input = page.Input
	if page.Output != nil {
		doc.Output = page.Output
	}
	if page.Example != nil {
		doc.Example = page.Example
	}
	replace(&doc.Title, page.Title)
	replace(&doc.Description, page.Description)
	replace(&doc.URL, page.URL)
}

func applyCatalog(doc, entry *schema.Document) {
	if len(entry.Categories) > 0 {
		doc.Categories = entry.Categories
	}
	if entry.Price.USD != "" {
		doc.Price = entry.Price
	}
	switch {
	case !fromPage(doc):
		replace(&doc.Title, entry.Title)
		if entry.Input != nil {
			doc.Input = entry.Input
		}
	case entry.Input != nil:
		doc.Catalog = mediaFormats(entry.Input, doc.Input)
	}
	if doc.Title == "" {
		doc.Title = entry.Title
	}
}

// replace sets a text that the source knows.
func replace(to *string, from string) {
	if from != "" {
		*to = from
	}
}

// mediaFormats returns what a catalog's schema says beyond the page's: an
// object whose "formats" gives the media format of a property by name. It is
// nil when there is nothing to say.
func mediaFormats(catalog, page *jsontree.Value) *jsontree.Value {
	formats := jsontree.NewObject()
	for _, m := range catalog.Get("properties").Members {
		format, onPage := m.Value.Get("format"), page.Get("properties").Get(m.Name)
		if dialect.MediaFormat(format.Str()) != ir.NoMedia && onPage != nil &&
			onPage.Get("format").Str() != format.Str() {
			formats.Members = append(formats.Members,
				jsontree.Member{Name: m.Name, Value: jsontree.NewString(format.Text)})
		}
	}
	if len(formats.Members) == 0 {
		return nil
	}
	return jsontree.NewObject(jsontree.Member{Name: "formats", Value: formats})
}
