package scrape

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/genclient/genclient/internal/jsontree"
)

// isOpenAPI reports whether a value is an OpenAPI document (OpenAPI 3.1,
// section 4.8.1).
func isOpenAPI(v *jsontree.Value) bool {
	return v.Is(jsontree.Object) && v.Get("openapi").Is(jsontree.String) && v.Get("paths").Is(jsontree.Object)
}

// walkOpenAPI files what an OpenAPI document says of models: the schema of a
// POST operation's request body is an input, and the server's URL with the path
// is its endpoint. Schemas of responses are none of the page's.
func (s *scanner) walkOpenAPI(t *text, doc *jsontree.Value, where *holder) {
	for _, p := range doc.Get("paths").Members {
		post := p.Value.Get("post")
		body := pointed(doc, post.Get("requestBody"))
		content := jsonContent(body.Get("content"))
		if content == nil {
			continue
		}
		inside := &holder{up: where, name: p.Name}
		for _, servers := range []*jsontree.Value{post.Get("servers"), p.Value.Get("servers"), doc.Get("servers")} {
			if m := endpointOf(t, servers, p, p.Offset); m != nil {
				m.where = inside
				s.endpoints = append(s.endpoints, m)
				inside.claims = append(inside.claims, claim{kind: byID, mention: m})
				break
			}
		}
		if len(inside.claims) == 0 { // the operation of another server, or of no one model
			_, id, _ := strings.Cut(p.Name, "/models/")
			inside.claims = []claim{{kind: byID, value: cmp.Or(strings.Trim(id, "/"), p.Name)}}
		}
		in := inliner{doc: doc}
		input := in.inline(content.Get("schema"))
		if in.failed != "" {
			at := content.Get("schema").Offset
			s.issues = append(s.issues, syntaxIssue{location{t, at}, at,
				"the OpenAPI document's reference " + in.failed + " cannot be resolved", ""})
			continue
		}
		if isObjectSchema(input) {
			s.schemas = append(s.schemas, candidate{value: input, location: location{t, input.Offset}, where: inside,
				role: forInput, words: "requestBody", data: s.data})
		}
		if example := exampleOf(content); example.Is(jsontree.Object) && inside.claims[0].mention != nil {
			s.examples = append(s.examples, candidate{value: example, location: location{t, example.Offset},
				where: inside, call: inside.claims[0].mention, data: s.data})
		}
	}
}

// exampleOf returns the example of a media type, or nil.
func exampleOf(content *jsontree.Value) *jsontree.Value {
	if example := content.Get("example"); example != nil {
		return example
	}
	if examples := content.Get("examples"); examples.Is(jsontree.Object) && len(examples.Members) > 0 {
		return examples.Members[0].Value.Get("value")
	}
	return nil
}

// jsonContent returns the media type of JSON among those of a body.
func jsonContent(content *jsontree.Value) *jsontree.Value {
	if content == nil {
		return nil
	}
	for _, m := range content.Members {
		media, _, _ := strings.Cut(strings.ToLower(m.Name), ";")
		switch media = strings.TrimSpace(media); {
		case media == "application/json", strings.HasSuffix(media, "+json"), media == "*/*":
			return m.Value
		}
	}
	return nil
}

// endpointOf returns the endpoint at a path of the first server that has one.
func endpointOf(t *text, servers *jsontree.Value, path jsontree.Member, offset int) *mention {
	for _, server := range servers.Items() {
		base := server.Get("url").Str()
		if variables := server.Get("variables"); variables != nil {
			for _, v := range variables.Members {
				base = strings.ReplaceAll(base, "{"+v.Name+"}", v.Value.Get("default").Str())
			}
		}
		address := strings.TrimRight(base, "/") + "/" + strings.TrimLeft(path.Name, "/")
		found := mentions(&text{data: []byte(address), up: t, src: t.src, pieces: []piece{{0, offset, opaque}}})
		if len(found) == 1 && found[0].start == 0 {
			m := found[0]
			m.location, m.start, m.end = location{t, offset}, offset, offset
			return m
		}
	}
	return nil
}

// pointed follows a reference to another part of the document.
func pointed(doc, v *jsontree.Value) *jsontree.Value {
	const most = 8
	for range most {
		ref := v.Get("$ref")
		if !ref.Is(jsontree.String) {
			return v
		}
		path, ok := strings.CutPrefix(ref.Text, "#/")
		if !ok {
			return nil
		}
		v = doc
		for step := range strings.SplitSeq(path, "/") {
			step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
			if plain, err := url.PathUnescape(step); err == nil {
				step = plain
			}
			v = v.Get(step)
		}
	}
	return nil
}

// inliner puts the parts of a document that a schema refers to in their places:
// the schema is kept without the document.
type inliner struct {
	doc    *jsontree.Value
	depth  int
	steps  int
	failed string // the first reference that could not be resolved
}

func (in *inliner) inline(v *jsontree.Value) *jsontree.Value {
	if in.steps++; v == nil || in.failed != "" {
		return v
	}
	if ref := v.Get("$ref"); ref.Is(jsontree.String) && strings.HasPrefix(ref.Text, "#") {
		to := pointed(in.doc, v)
		if to == nil || in.depth > jsontree.MaxDepth || in.steps > maxSteps/100 {
			in.failed = ref.Text
			return v
		}
		in.depth++
		out := *in.inline(to)
		in.depth--
		out.Members = append([]jsontree.Member(nil), out.Members...)
		for _, m := range v.Members { // what is written beside the reference says more
			if m.Name == "$ref" {
				continue
			}
			m.Value = in.inline(m.Value)
			if i := slices.IndexFunc(out.Members, func(o jsontree.Member) bool { return o.Name == m.Name }); i >= 0 {
				out.Members[i] = m
			} else {
				out.Members = append(out.Members, m)
			}
		}
		return &out
	}
	out := *v
	out.Elems, out.Members = nil, nil
	for _, e := range v.Elems {
		out.Elems = append(out.Elems, in.inline(e))
	}
	for _, m := range v.Members {
		out.Members = append(out.Members, jsontree.Member{Name: m.Name, Value: in.inline(m.Value), Offset: m.Offset})
	}
	return &out
}
