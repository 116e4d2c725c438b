package scrape

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/PuerkitoBio/goquery"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/genclient/genclient/internal/diag"

	"github.com/genclient/genclient/internal/jsontree"
)

// A page is a documentation page taken apart.
type page struct {
	src      *jsontree.Source
	isText   bool   // the title and summary are in the text, if anywhere
	title    string // "" when it is a leaked key
	summary  string // the page's description
	address  string // canonical link, else where the page was fetched; may be empty
	locale   string // "" for English
	visible  *text
	payloads []*text  // the data in scripts, for what the visible text lacks
	cut      *trouble // where a script is cut off
}

// readText makes a page of plain text or Markdown.
func readText(src *jsontree.Source, address string) *page {
	return &page{src: src, isText: true, visible: normalize(sourceText(src), nil), address: address, locale: locale(address, "")}
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
	w.visible = w.source.derive()
	w.node(root, false)
	p := &page{src: src, visible: normalize(w.visible, w.flow)}
	p.payloads, p.cut = w.payloads()
	p.readHead(doc, address)
	return p, nil
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
		if p.address == "" {
			p.address = pageURL(s.in(doc))
		}
	}
	if p.address == "" {
		p.address = pageURL(address)
	}
	p.locale = cmp.Or(locale(address, ""), locale(p.address, localeSelector.in(doc)))
}

// walker makes the visible text of a page, line by line as a reader sees it.
type walker struct {
	source  *text
	visible *text
	tokens  []token
	flow    []span   // of visible: where white space is laid out anew
	next    int      // the token that comes next
	scripts []script // in page order
}

// script is the content of a script element.
type script struct {
	kind    string // its type attribute
	content *text
}

// token is one text token of the page's mark-up.
type token struct {
	at   int    // offset in the source
	data string // unescaped
}

// textTokens returns the text between a page's tags, with its offsets, which
// the parsed tree does not keep.
func textTokens(page []byte) []token {
	var tokens []token
	at := 0
	for z := html.NewTokenizer(bytes.NewReader(page)); ; {
		kind := z.Next()
		if kind == html.ErrorToken {
			return tokens
		}
		size := len(z.Raw())
		if kind == html.TextToken {
			tokens = append(tokens, token{at, string(z.Text())})
		}
		at += size
	}
}

// lookahead is how many tokens are searched for the one that a text node was
// made of: the parser drops some, and moves text out of tables.
const lookahead = 64

// addNode appends a text node to t, piece by piece of the tokens it is made of.
func (w *walker) addNode(t *text, data string, enc encoding) {
	for i := w.next; i < min(len(w.tokens), w.next+lookahead); i++ {
		tok := w.tokens[i]
		at := tok.at
		if rest, ok := strings.CutPrefix(tok.data, "\n"); ok && !strings.HasPrefix(data, tok.data) {
			size, _ := unit(w.source.data[at:], enc)
			tok.data, at = rest, at+size // the parser drops a line end behind <pre>
		}
		if tok.data == "" || !strings.HasPrefix(data, tok.data) {
			continue
		}
		t.add([]byte(tok.data), at, enc)
		w.next = i + 1
		data = data[len(tok.data):]
		if data == "" {
			return
		}
	}
	w.addHere(t, data)
}

// addHere appends text that stands nowhere in the source, or nowhere known.
func (w *walker) addHere(t *text, data string) {
	at := 0
	if w.next > 0 {
		at = w.tokens[w.next-1].at + len(w.tokens[w.next-1].data)
	}
	t.add([]byte(data), at, verbatim)
}

// node appends what a reader sees of a node. pre says that its white space
// counts.
func (w *walker) node(n *html.Node, pre bool) {
	switch {
	case n.Type == html.TextNode:
		from := len(w.visible.data)
		w.addNode(w.visible, n.Data, markup)
		if !pre {
			w.flow = append(w.flow, span{from, len(w.visible.data)})
		}
		return
	case n.DataAtom == atom.Script:
		w.script(n)
		return
	case isHidden(n):
		w.skip(n)
		return
	case n.DataAtom == atom.Br:
		w.addHere(w.visible, "\n")
		return
	}
	line := startsLine(n)
	if line {
		w.newline()
	}
	from, outermost := len(w.visible.data), !pre && keepsSpace(n)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		w.node(c, pre || outermost)
	}
	if outermost && n.DataAtom == atom.Pre {
		w.visible.blocks = append(w.visible.blocks, span{from, len(w.visible.data)})
	}
	if line {
		w.newline()
	}
}

// skip passes over an element that is not seen, and over its tokens.
func (w *walker) skip(n *html.Node) {
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			w.addNode(w.source.derive(), c.Data, rawText)
		}
	}
}

// script keeps the content of a script for payloads.
func (w *walker) script(n *html.Node) {
	s := script{content: w.source.derive()}
	for _, a := range n.Attr {
		if a.Key == "type" {
			s.kind = strings.ToLower(strings.TrimSpace(a.Val))
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		w.addNode(s.content, c.Data, rawText)
	}
	w.scripts = append(w.scripts, s)
}

// newline ends the line that has been begun.
func (w *walker) newline() {
	if n := len(w.visible.data); n > 0 && w.visible.data[n-1] != '\n' {
		w.addHere(w.visible, "\n")
	}
}

// isHidden reports whether an element shows no text.
func isHidden(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Title, atom.Style, atom.Template, atom.Noscript, atom.Iframe, atom.Svg, atom.Object:
		return true
	}
	return false
}

// startsLine reports whether an element stands on lines of its own: the block
// elements, and what highlighters make a line of code of.
func startsLine(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Address, atom.Article, atom.Aside, atom.Blockquote, atom.Body, atom.Button, atom.Dd, atom.Details,
		atom.Div, atom.Dl, atom.Dt, atom.Fieldset, atom.Figcaption, atom.Figure, atom.Footer, atom.Form,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Header, atom.Hr, atom.Li, atom.Main, atom.Nav,
		atom.Ol, atom.P, atom.Pre, atom.Section, atom.Summary, atom.Table, atom.Textarea, atom.Tr, atom.Ul:
		return true
	}
	for _, a := range n.Attr {
		switch a.Key {
		case "data-line":
			return true
		case "class":
			if slices.Contains(strings.Fields(a.Val), "line") {
				return true
			}
		case "style":
			if strings.Contains(strings.ReplaceAll(a.Val, " ", ""), "display:block") {
				return true
			}
		}
	}
	return false
}

// keepsSpace reports whether white space in an element counts.
func keepsSpace(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Pre, atom.Code, atom.Textarea:
		return true
	}
	for _, a := range n.Attr {
		if a.Key == "style" && strings.Contains(strings.ReplaceAll(a.Val, " ", ""), "white-space:pre") {
			return true
		}
	}
	return false
}
