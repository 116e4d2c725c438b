package scrape

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/jsontree"
)

// Source is a page or a catalog answer to be read.
type Source struct {
	File      string // its name in diagnostics: a file, a URL or "-"
	Address   string // where it was fetched, "" for a file
	MediaType string // without parameters; "" is told by the content
	Text      []byte
}

// Content is what a source holds.
type Content struct {
	Models  []Scraped
	Catalog *Catalog // nil for a page
}

// Catalog says how much a catalog answer holds and how much there is.
type Catalog struct {
	IsList  bool     // not one entry by itself
	Entries int      // of whatever kind, usable or not
	IDs     []string // of the entries that have one
	Total   int      // as the answer names it, -1 when it does not
}

// Limits on what is read, in bytes.
const (
	MaxPage    = jsontree.MaxBytes
	MaxCatalog = 32 << 20 // the whole catalog with its schemas is about 2 MiB
)

// format is how the bytes of a source are to be read.
type format uint8

const (
	htmlFormat format = iota
	textFormat        // Markdown too
	jsonFormat
)

// Read reads the models out of a source: one of a page, all of a catalog. A
// model with an error in the list is left out.
func Read(source Source) (Content, diag.List) {
	text := jsontree.TrimBOM(source.Text)
	src := &jsontree.Source{File: source.File, Text: text}
	format := formatOf(source.MediaType, text)
	limit := MaxPage
	if format == jsonFormat {
		limit = MaxCatalog
	}
	if len(text) > limit {
		return Content{}, diag.List{{Pos: diag.Position{File: source.File}, Severity: diag.Error, Rule: "source",
			Message: fmt.Sprintf("larger than %d MiB", limit>>20)}}
	}
	if at := invalidUTF8(text); at >= 0 {
		return Content{}, diag.List{{Pos: src.Position(at), Severity: diag.Error, Rule: "encoding",
			Message: "the text is not UTF-8", Hint: "save the page as UTF-8; its values would not be kept as they are"}}
	}
	var p *page
	switch format {
	case htmlFormat:
		var diags diag.List
		if p, diags = readHTML(src, source.Address); p == nil {
			return Content{}, diags
		}
	case jsonFormat:
		root, diags := readJSON(src)
		if root == nil {
			return Content{}, diags
		}
		if isCatalog(root) {
			models, more := readCatalog(src, root)
			return Content{Models: models, Catalog: catalogInfo(root)}, append(diags, more...)
		}
		p = readText(src, source.Address)
	default:
		p = readText(src, source.Address)
	}
	s, diags := extract(p)
	if s == nil {
		return Content{}, diags
	}
	return Content{Models: []Scraped{*s}}, diags
}

// formatOf returns the format that a media type names, or that a text without
// one has by how it starts.
func formatOf(mediaType string, text []byte) format {
	switch start := strings.TrimLeft(string(text[:min(len(text), 1024)]), " \t\r\n"); {
	case mediaType == "text/html", mediaType == "application/xhtml+xml":
		return htmlFormat
	case mediaType == "text/plain", mediaType == "text/markdown":
		return textFormat
	case mediaType != "":
		return jsonFormat
	case strings.HasPrefix(start, "<"):
		return htmlFormat
	case strings.HasPrefix(start, "{"), strings.HasPrefix(start, "["):
		return jsonFormat
	}
	return textFormat
}

// invalidUTF8 returns the offset of the first byte that is not UTF-8, or -1.
func invalidUTF8(content []byte) int {
	if utf8.Valid(content) {
		return -1
	}
	at := 0
	for {
		r, size := utf8.DecodeRune(content[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
}
