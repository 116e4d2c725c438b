package crawl

import (
	"bytes"
	"context"
	"html"
	"regexp"
	"strings"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/fetch"
	"github.com/genclient/genclient/internal/scrape"
)

// pageTypes are the media types that can hold a model.
var pageTypes = []string{"text/html", "application/xhtml+xml", "application/json", "+json", "text/markdown",
	"text/plain"}

// readPage reads the page of a model, or a URL that a user names, which may be
// a catalog.
func (r *run) readPage(ctx context.Context, it *item) (Outcome, error) {
	limit := int64(scrape.MaxPage)
	if it.named {
		limit = scrape.MaxCatalog
	}
	request := fetch.Request{URL: it.url, Types: pageTypes, MaxBytes: limit, Reader: r.opts.Reader}
	response, err := r.client.Get(ctx, request)
	if api := r.apiPage(it); isGone(err) && api != nil {
		it.spare = api
		return NotAModel, nil
	}
	if err != nil {
		return r.failure(it, err), nil
	}
	if response.Kept != nil {
		if id, notes, err := scrape.PackedHead(response.Kept); err == nil {
			r.note(it.source, notes...)
			return Unchanged, r.emit(it, id, response.Kept)
		}
	}
	content, diags := scrape.Read(scrape.Source{File: it.name(), Address: response.URL.String(),
		MediaType: response.MediaType, Text: response.Body})
	if content.Catalog != nil && it.named {
		return r.readCatalog(ctx, it)
	}
	if len(content.Models) != 1 || diags.HasErrors() {
		return r.unusable(it, response, diags), nil
	}
	s := content.Models[0]
	if s.Locale != "" && !it.named {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.cannotRead(it)
		d := diag.New("localized-page", s.Pos, s.ID, "the server answers in the language "+s.Locale)
		d.Hint = "it is not used: localized pages translate descriptions and alter defaults"
		r.diags = append(r.diags, d)
		return Skipped, nil
	}
	packed := scrape.Pack(s, diags)
	r.store(response, packed)
	r.note(it.source, diags...)
	if response.Unchanged {
		return Unchanged, r.emit(it, s.ID, packed)
	}
	return Read, r.emit(it, s.ID, packed)
}

// store keeps an answer for the next run. A cache that cannot be written is
// reported once.
func (r *run) store(response *fetch.Response, kept []byte) {
	if err := response.Store(kept); err != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.uncache = true
	}
}

// unusable ends a page that answered and holds no model that can be used. One
// that names no model may never have been a page of one; what else is wrong is
// an error of its own.
func (r *run) unusable(it *item, response *fetch.Response, diags diag.List) Outcome {
	strange := false
	for _, d := range diags {
		strange = strange || d.Rule == "no-model-id" && d.Severity == diag.Error
	}
	if api := r.apiPage(it); strange && api != nil {
		it.spare = api
		return NotAModel
	}
	if !strange || it.named {
		r.note(it.source, diags...)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.cannotRead(it)
		return Failed
	}
	derived := r.frontier.isDerived(it)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cannotRead(it)
	if !derived {
		title := pageTitle(response.Body)
		r.strange[title] = append(r.strange[title], it.name())
	}
	return NotAModel
}

// apiPage returns the API page that belongs to a named page which is none.
func (r *run) apiPage(it *item) *item {
	k, at := resolve(it.url, it.url)
	if !it.named || k != modelPage || at.EscapedPath() == it.url.EscapedPath() {
		return nil
	}
	return &item{url: at, kind: modelPage, way: Named, source: it.source}
}

var titleElement = regexp.MustCompile(`(?is)<title[^>]*>(.{0,300}?)</title>`)

// pageTitle returns the title of a page for a message: what a reader sees when
// a site serves something else than its pages.
func pageTitle(body []byte) string {
	m := titleElement.FindSubmatch(body[:min(len(body), 64<<10)])
	if m == nil {
		return ""
	}
	title := strings.Join(strings.Fields(html.UnescapeString(string(bytes.ToValidUTF8(m[1], nil)))), " ")
	if runes := []rune(title); len(runes) > 80 {
		title = string(runes[:80]) + "..."
	}
	return title
}
