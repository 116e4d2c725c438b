package library

import (
	"net/url"
	"strings"

	"github.com/genclient/genclient/internal/schema"
)

// Coverage says what it means that a run did not see a model.
type Coverage struct {
	// Site and Catalog say that a site or a catalog was to be read whole.
	Site, Catalog bool
	// SiteListed and CatalogListed say that its whole list was read, so that
	// a model which is not in it has vanished.
	SiteListed, CatalogListed bool
	// Gone are the pages that answer 404 or 410, Unread those whose content is
	// not known.
	Gone, Unread []Page
}

// Page is the URL of a page of a model.
type Page struct {
	URL   string
	Named bool // by the user
}

// known is a document of the folder as far as an update has to have it in
// memory.
type known struct {
	id, file string // file is the path below the folder
	page     string // the path of its page's URL; "" when it has none
	removed  bool
	fromPage bool // what only a page has is in it
	fromList bool // what only a catalog has is in it
}

func newKnown(d *schema.Document, file string) known {
	k := known{id: d.ModelID, file: file, page: pagePath(d.URL), removed: d.Removed, fromPage: fromPage(d)}
	k.fromList = !k.fromPage || d.Price.USD != "" || len(d.Categories) > 0 || d.Catalog != nil
	return k
}

// pagePath is what the URLs of one page have in common: it may have been read
// from another host than the one that it names as its own.
func pagePath(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(u.EscapedPath(), "/")
}

// evidence is a Coverage made ready for questions about single documents.
type evidence struct {
	Coverage
	gone, unread map[string]bool
	strangers    bool // pages that no document names could not be read
}

func newEvidence(c Coverage, all []known) evidence {
	e := evidence{Coverage: c, gone: map[string]bool{}, unread: map[string]bool{}}
	pages := map[string]bool{}
	for _, k := range all {
		pages[k.page] = true
	}
	for _, p := range c.Gone {
		e.gone[pagePath(p.URL)] = true
	}
	for _, p := range c.Unread {
		e.unread[pagePath(p.URL)] = true
		e.strangers = e.strangers || !pages[pagePath(p.URL)]
	}
	return e
}

// expects reports whether the run was to meet a document's model.
func (e *evidence) expects(k known) bool {
	return !k.removed && (k.fromPage && e.Site || k.fromList && e.Catalog)
}

// vanished reports whether a model that the run did not see is gone. It is only
// when the whole list of every kind of source was read that its document came
// from; a page that does not exist any more is as good as a list without it.
func (e *evidence) vanished(k known) bool {
	if k.fromList && !e.CatalogListed {
		return false
	}
	if !k.fromPage {
		return true
	}
	if k.page != "" && e.gone[k.page] {
		return true
	}
	if !e.SiteListed || k.page != "" && e.unread[k.page] {
		return false
	}
	return k.page != "" || !e.strangers
}
