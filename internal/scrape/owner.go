package scrape

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"

	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/schema"
)

// A claim is what an object, an element or a heading says of the model that it
// belongs to.
type claim struct {
	kind    claimKind
	value   string
	mention *mention // of a claim by an endpoint's URL, instead of the value
}

type claimKind uint8

const (
	byID     claimKind = iota // a model id
	bySlug                    // the slug of a page's address
	byEither                  // a member "id", which may be either
	byName                    // a heading, or the name of a member, which may be neither
	byHead                    // the head of a slug: the author and the object of a list of models
)

// A holder is where in the JSON of a page a value is: the object or array
// around it, with what that says of the model it belongs to. A nil holder is
// the text itself.
type holder struct {
	up     *holder
	name   string  // of the member that holds the object or array
	claims []claim // what the object's own members say
	label  string  // what a member of the object calls it, where that is a role: "kind": "output"
	tool   bool    // a definition of a tool for a language model
}

// within returns the holder of the values in a container.
func (c *holder) within(name string) *holder { return &holder{up: c, name: name} }

// keyed returns the holder of a member's value: where the member's name has the
// shape of a model's, that says whose it is.
func (c *holder) keyed(name string) *holder {
	if !modelName.MatchString(name) || mediaType.MatchString(name) {
		return c
	}
	return &holder{up: c, name: c.name, claims: []claim{{kind: byName, value: name}}, tool: c.tool}
}

// mediaType is a name with a slash that is no model's (RFC 6838, section 4.2.7).
var mediaType = regexp.MustCompile(`^(?:application|audio|font|image|message|model|multipart|text|video)/[\w.+-]+$`)

// ownership is whose a value is.
type ownership uint8

const (
	unnamed  ownership = iota // nothing around it names a model
	unproven                  // what names a model cannot be compared with the page's
	own                       // the page's model
	others                    // another model
)

// An identity is what a page's model is known by.
type identity struct {
	id    string
	slugs []string // of the page's addresses
}

// owner returns whose a value in a holder is: the nearest object that names a
// model decides. named is the claim that did, for messages.
func (who identity) owner(c *holder) (o ownership, named string) {
	o = unnamed
	for ; c != nil; c = c.up {
		switch decided, name := who.decide(c.claims); decided {
		case own, others:
			return decided, name
		case unproven:
			o, named = unproven, name
		}
	}
	return o, named
}

// decide compares what one object says with the page's model. Like is compared
// with like: the slug of a page is not its model id.
func (who identity) decide(claims []claim) (o ownership, named string) {
	o = unnamed
	better := func(next ownership, name string) {
		if o != own && next > o || next == own {
			o, named = next, name
		}
	}
	ids := slices.ContainsFunc(claims, func(c claim) bool { return c.kind == byID })
	for _, c := range claims {
		name := c.value
		if c.mention != nil {
			name = c.mention.id
		}
		switch {
		case c.kind == byID:
			better(verdict(name == who.id, true), name)
		case ids: // an id says more than a slug
		case c.kind == byName:
			switch {
			case name == who.id || who.hasSlug(name):
				better(own, name)
			case strings.Count(name, "/") > 1 || sameVendor(name, who.id):
				better(others, name)
			}
		case c.kind == byHead && who.hasSlugUnder(name):
			better(unproven, name) // a sibling may have the same head
		case c.kind == bySlug, c.kind == byHead:
			better(verdict(who.hasSlug(name), len(who.slugs) > 0), name)
		default:
			looksLikeID := strings.Count(name, "/") >= min(2, strings.Count(who.id, "/"))
			better(verdict(name == who.id || who.hasSlug(name), len(who.slugs) > 0 || looksLikeID), name)
		}
	}
	return o, named
}

func sameVendor(a, b string) bool {
	vendor, _, _ := strings.Cut(a, "/")
	return strings.HasPrefix(b, vendor+"/")
}

func verdict(equal, comparable bool) ownership {
	switch {
	case equal:
		return own
	case comparable:
		return others
	}
	return unproven
}

// hasSlug reports whether a slug is that of one of the page's addresses. It may
// be written without the vendor.
func (who identity) hasSlug(slug string) bool {
	return slices.ContainsFunc(who.slugs, func(s string) bool {
		return strings.EqualFold(s, slug) || len(s) > len(slug) && strings.EqualFold(s[len(s)-len(slug)-1:], "/"+slug)
	})
}

// hasSlugUnder reports whether a slug of the page's addresses goes on after a head.
func (who identity) hasSlugUnder(head string) bool {
	return slices.ContainsFunc(who.slugs, func(s string) bool {
		return len(s) > len(head) && s[len(head)] == '/' && strings.EqualFold(s[:len(head)], head)
	})
}

// slugPath is the path of a model's page.
var slugPath = regexp.MustCompile(`^(?:/[a-z]{2}(?:-[A-Za-z]{2,4})?)?/(?:models|playground)/(.+?)(/api)?/?$`)

// slugOf returns the slug in the address or path of a model's page, or "". Lists
// of models lie beside the pages.
func slugOf(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host != "" && !schema.SiteHost(u.Hostname()) {
		return ""
	}
	m := slugPath.FindStringSubmatch(u.Path)
	if m == nil || m[2] == "" && !strings.Contains(m[1], "/") {
		return ""
	}
	switch vendor, _, _ := strings.Cut(m[1], "/"); vendor {
	case "collections", "feature", "all":
		return ""
	}
	return m[1]
}

// modelName is the shape of a model id or a slug in a member that may hold
// anything else: segments without blanks at their ends.
var modelName = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._ -]*(?:/[\p{L}\p{N}][\p{L}\p{N}._ -]*)+$`)

// claimsOf returns what the members of an object say of its model, but for
// endpoints' URLs.
func claimsOf(v *jsontree.Value) []claim {
	var claims []claim
	if author, object := v.Get("author").Str(), v.Get("object").Str(); modelName.MatchString(author + "/" + object) {
		claims = append(claims, claim{kind: byHead, value: author + "/" + object})
	}
	for _, m := range v.Members {
		switch {
		case m.Value.Is(jsontree.String):
			claims = append(claims, claimOf(m.Name, m.Value.Text)...)
		case m.Value.Is(jsontree.Object) && plainName(m.Name) == "model":
			claims = append(claims, claimsOf(m.Value)...)
		}
	}
	return claims
}

// claimOf returns what a name and its text say of a model.
func claimOf(name, text string) []claim {
	text = strings.Trim(strings.TrimSpace(text), "/")
	switch plainName(name) {
	case "modelid", "model", "modelname", "modelkey", "modelpath", "endpoint", "endpointid", "apimodelid", "apiid":
		text = strings.TrimPrefix(text, "v1/models/")
		if modelName.MatchString(text) {
			return []claim{{kind: byID, value: text}}
		}
	case "slug", "modelslug", "pageslug":
		text = strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(text, "models/"), "playground/"), "/api")
		if text != "" {
			return []claim{{kind: bySlug, value: text}}
		}
	case "path", "href", "url", "link", "pageurl", "pathname", "permalink", "canonical", "canonicalurl", "docsurl":
		if strings.HasPrefix(text, "models/") || strings.HasPrefix(text, "playground/") {
			text = "/" + text
		}
		if slug := slugOf(text); slug != "" {
			return []claim{{kind: bySlug, value: slug}}
		}
	case "id":
		if modelName.MatchString(text) {
			return []claim{{kind: byEither, value: text}}
		}
	case "name", "title", "displayname":
		// "Image/Video" is a name too; only what can be nothing but an id counts.
		if modelName.MatchString(text) && strings.Count(text, "/") >= 2 && !strings.Contains(text, " ") {
			return []claim{{kind: byEither, value: text}}
		}
	}
	return nil
}

// plainName returns a member's name without its spelling: model_id, modelId and
// data-model-id are one.
func plainName(name string) string {
	name = strings.TrimPrefix(strings.ToLower(name), "data-")
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == ' ' || r == '.' || r == ':' {
			return -1
		}
		return r
	}, name)
}

// attributeClaims returns what the attributes of an element say of its model.
func attributeClaims(n *html.Node) []claim {
	var claims []claim
	for _, a := range n.Attr {
		switch plainName(a.Key) {
		case "modelid", "model", "slug", "modelslug", "endpoint", "endpointid":
			claims = append(claims, claimOf(a.Key, a.Val)...)
		}
	}
	return claims
}
