package scrape

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/jsontree"
)

// A page is a documentation page taken apart.
type page struct {
	src       *jsontree.Source
	isText    bool     // the title and summary are in the text, if anywhere
	title     string   // "" when it is a leaked key
	summary   string   // the page's description
	address   string   // canonical link, else where the page was fetched; may be empty
	addresses []string // every address that the page is known by
	locale    string   // "" for English
	visible   *text
	payloads  []*data // the data in scripts and attributes, for what the visible text lacks
	hidden    []*text // what is not shown, for what both lack
	issues    []syntaxIssue
}

// readText makes a page of plain text or Markdown.
func readText(src *jsontree.Source, address string) *page {
	visible := sourceText(src)
	visible.marks.heads = markdownHeads(visible.data)
	return &page{src: src, isText: true, visible: normalize(visible, nil), address: address,
		addresses: []string{address}, locale: locale(address, "")}
}

// readHTML takes an HTML page apart. The parser accepts any mark-up, but not
// elements nested hundreds deep; then there is no page.
func readHTML(src *jsontree.Source, address string) (*page, diag.List) {
	root, err := html.Parse(bytes.NewReader(src.Text))
	if err != nil {
		return nil, diag.List{{Pos: src.Position(0), Severity: diag.Error, Rule: "html",
			Message: "the page cannot be parsed: " + err.Error(), Hint: "save the page as text"}}
	}
	doc := goquery.NewDocumentFromNode(root)
	w := walker{source: sourceText(src), tokens: textTokens(src.Text)}
	w.out = w.sheet(shown)
	w.node(root, false)
	p := &page{src: src, visible: w.out.finish()}
	for _, s := range w.hidden {
		p.hidden = append(p.hidden, s.finish())
	}
	p.payloads, p.issues = w.payloads()
	p.readHead(doc, address)
	return p, nil
}

// texts returns the page's texts of one origin.
func (p *page) texts(o origin) []*text {
	switch o {
	case shown:
		return []*text{p.visible}
	case payload:
		var out []*text
		for _, d := range p.payloads {
			out = append(out, d.text)
		}
		return out
	}
	return p.hidden
}

// selector picks an attribute of the first element that matches, or its text
// when no attribute is named.
type selector struct{ query, attribute string }

// Where a page says what it is, the best place first.
var (
	titleSelectors   = []selector{{"head title", ""}, {`meta[property="og:title"]`, "content"}, {"h1", ""}}
	summarySelectors = []selector{{`meta[name="description"]`, "content"}, {`meta[property="og:description"]`, "content"}}
	addressSelectors = []selector{{`link[rel="canonical"]`, "href"}, {`meta[property="og:url"]`, "content"}}
	localeSelector   = selector{"html", "lang"}
)

// in returns what the selector picks in a page.
func (s selector) in(doc *goquery.Document) string {
	match := doc.Find(s.query).First()
	if s.attribute == "" {
		return match.Text()
	}
	return match.AttrOr(s.attribute, "")
}

// readHead reads what a page says of itself, each from the first place that
// says something to the point.
func (p *page) readHead(doc *goquery.Document, address string) {
	for _, s := range titleSelectors {
		if p.title == "" {
			p.title = cleanTitle(s.in(doc))
		}
	}
	for _, s := range summarySelectors {
		if p.summary == "" {
			p.summary = cleanText(s.in(doc))
		}
	}
	for _, s := range addressSelectors {
		p.addresses = append(p.addresses, pageURL(s.in(doc)))
	}
	p.addresses = append(p.addresses, pageURL(address))
	p.addresses = slices.DeleteFunc(p.addresses, func(a string) bool { return a == "" })
	if len(p.addresses) > 0 {
		p.address = p.addresses[0]
	}
	p.locale = cmp.Or(locale(address, ""), locale(p.address, localeSelector.in(doc)))
}
