package scrape

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// walker makes the texts of a page: what is shown, line by line as a reader
// sees it, and each part that is hidden.
type walker struct {
	source  *text
	out     *sheet // what is written to: the shown text, or a hidden one
	hidden  []*sheet
	tokens  []token
	next    int // the token that comes next
	scripts []script
	values  []attribute // in page order, like the scripts
}

// sheet is a text that is being made.
type sheet struct {
	*text
	flow []span // where white space is laid out anew
}

func (w *walker) sheet(o origin) *sheet {
	t := w.source.derive()
	t.origin = o
	return &sheet{text: t}
}

// finish returns the text as it is scanned.
func (s *sheet) finish() *text {
	t := normalize(s.text, s.flow)
	for i, h := range t.marks.heads {
		t.marks.heads[i].label = string(t.data[h.from:min(h.to, len(t.data))])
	}
	return t
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
			tok.data, at = rest, at+size // the parser drops a line end after <pre>
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

// addHere appends text that is nowhere in the source, or nowhere known.
func (w *walker) addHere(t *text, data string) { t.add([]byte(data), w.here(), verbatim) }

// here is the offset of the source that the walk has come to.
func (w *walker) here() int {
	if w.next == 0 {
		return 0
	}
	last := w.tokens[w.next-1]
	return last.at + len(last.data)
}

// node appends what a reader sees of a node. pre says that its white space
// counts.
func (w *walker) node(n *html.Node, pre bool) {
	switch {
	case n.Type == html.TextNode:
		from := len(w.out.data)
		w.addNode(w.out.text, n.Data, markup)
		if !pre {
			w.out.flow = append(w.out.flow, span{from, len(w.out.data)})
		}
	case n.Type == html.CommentNode:
	case n.DataAtom == atom.Script:
		w.script(n)
	case isSkipped(n):
		w.skip(n)
	case n.DataAtom == atom.Br:
		w.addHere(w.out.text, "\n")
	case n.DataAtom == atom.Wbr:
	default:
		w.readAttributes(n)
		if isHidden(n) && w.out.origin == shown {
			w.hide(n)
			return
		}
		w.element(n, pre)
	}
}

// element appends an element and marks what its tags say of the text.
func (w *walker) element(n *html.Node, pre bool) {
	out := w.out
	line := startsLine(n)
	if line {
		w.newline()
	} else if at := len(out.data); (n.DataAtom == atom.Td || n.DataAtom == atom.Th) &&
		at > 0 && out.data[at-1] != '\n' {
		w.addHere(out.text, "\t")
	}
	from, outermost := len(out.data), !pre && keepsSpace(n)
	out.marks.joints = append(out.marks.joints, from)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		w.node(c, pre || outermost)
	}
	here := span{from, len(out.data)}
	out.marks.joints = append(out.marks.joints, here.to)
	if outermost && n.DataAtom == atom.Pre {
		out.marks.blocks = append(out.marks.blocks, here)
	}
	if isHeading(n) {
		out.marks.heads = append(out.marks.heads, head{span: here})
	}
	if claims, label := attributeClaims(n), elementLabel(n); len(claims) > 0 || label != "" {
		out.marks.scopes = append(out.marks.scopes, scope{here, claims, label})
	}
	if line {
		w.newline()
	}
}

// hide writes an element that is not shown to a text of its own, and marks
// where the shown text lacks it.
func (w *walker) hide(n *html.Node) {
	before := w.out
	s := w.sheet(hidden)
	w.out = s
	w.element(n, false)
	w.out = before
	if len(bytes.TrimSpace(s.data)) > 0 {
		before.marks.folds = append(before.marks.folds, fold{len(before.data), string(s.data)})
		w.hidden = append(w.hidden, s)
	}
}

// skip passes over an element that is no text of the page, and over its tokens.
func (w *walker) skip(n *html.Node) {
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			w.addNode(w.source.derive(), c.Data, rawText)
		}
	}
}

// script keeps the content of a script for payloads.
func (w *walker) script(n *html.Node) {
	s := script{content: w.source.derive(), kind: strings.ToLower(strings.TrimSpace(attr(n, "type")))}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		w.addNode(s.content, c.Data, rawText)
	}
	w.scripts = append(w.scripts, s)
}

// newline ends the line that has been begun.
func (w *walker) newline() {
	if n := len(w.out.data); n > 0 && w.out.data[n-1] != '\n' {
		w.addHere(w.out.text, "\n")
	}
}

// isSkipped reports whether an element's text is no text of the page, shown or
// not.
func isSkipped(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Title, atom.Style, atom.Noscript, atom.Iframe, atom.Svg, atom.Object:
		return true
	}
	return false
}

// isHidden reports whether an element is part of the page but not shown: a tab
// that is not open, a template. The template of a declarative shadow root is
// shown (HTML, section 4.12.3).
func isHidden(n *html.Node) bool {
	if n.DataAtom == atom.Template {
		return attr(n, "shadowrootmode") == "" && attr(n, "shadowroot") == ""
	}
	for _, a := range n.Attr {
		switch a.Key {
		case "hidden", "popover":
			return true
		case "style":
			style := strings.ToLower(strings.Join(strings.Fields(a.Val), ""))
			if strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden") {
				return true
			}
		}
	}
	return n.DataAtom == atom.Dialog && !hasAttr(n, "open")
}

// isHeading reports whether an element is a heading, or is announced as one.
func isHeading(n *html.Node) bool {
	switch n.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Summary, atom.Legend, atom.Figcaption,
		atom.Caption, atom.Dt:
		return true
	}
	return attr(n, "role") == "heading"
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func hasAttr(n *html.Node, key string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
}

// startsLine reports whether an element stands on lines of its own: the block
// elements, and what highlighters make a line of code of.
func startsLine(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Address, atom.Article, atom.Aside, atom.Blockquote, atom.Body, atom.Button, atom.Dd, atom.Details,
		atom.Div, atom.Dl, atom.Dt, atom.Fieldset, atom.Figcaption, atom.Figure, atom.Footer, atom.Form,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Header, atom.Hr, atom.Li, atom.Main, atom.Nav,
		atom.Ol, atom.P, atom.Pre, atom.Section, atom.Summary, atom.Table, atom.Textarea, atom.Tr, atom.Ul,
		atom.Caption, atom.Legend, atom.Template, atom.Option:
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
