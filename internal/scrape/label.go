package scrape

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/genclient/genclient/internal/jsontree"
)

// maxNameWords is how many words a member has at most that says what the object
// is for: longer ones are a model's title.
const maxNameWords = 3

// roleLabel returns the member of an object that gives what it holds a role, as
// {"kind": "output", "schema": {}} does, or "".
func roleLabel(v *jsontree.Value) string {
	for _, m := range v.Members {
		switch plainName(m.Name) {
		case "kind", "label", "role", "tab", "direction", "name", "title", "type", "heading", "key":
			if text := m.Value.Str(); len(strings.Fields(text)) <= maxNameWords && roleOf(text) != noRole {
				return text
			}
		}
	}
	return ""
}

// elementLabel returns what the attributes of an element, or the caption of a
// figure, call what it holds, where that gives it a role.
func elementLabel(n *html.Node) string {
	for _, a := range n.Attr {
		switch a.Key {
		case "aria-label", "aria-labelledby", "data-label", "data-title", "data-tab", "data-name", "id":
			if len(strings.Fields(a.Val)) <= maxLabelWords && roleOf(a.Val) != noRole {
				return a.Val
			}
		}
	}
	if n.DataAtom == atom.Figure {
		for c := range n.Descendants() {
			isCaption := c.Type == html.TextNode && c.Parent.DataAtom == atom.Figcaption
			if isCaption && isLabel(c.Data) && roleOf(c.Data) != noRole {
				return strings.TrimSpace(c.Data)
			}
		}
	}
	return ""
}

// scopeRole returns the role that the elements around an offset give, the
// nearest first. One that has an endpoint in it, too, holds the whole page.
func (p *textScan) scopeRole(at int) (role, string) {
	for _, s := range slices.Backward(p.scopes) {
		if s.label == "" || at < s.from || at >= s.to {
			continue
		}
		i, _ := slices.BinarySearchFunc(p.mentions, s.from, func(m *mention, from int) int { return m.offset - from })
		if i == len(p.mentions) || p.mentions[i].offset >= s.to {
			return roleOf(s.label), s.label
		}
	}
	return noRole, ""
}
