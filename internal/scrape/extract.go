package scrape

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/schema"

	"github.com/genclient/genclient/internal/jsontree"
)

// reading is what a page says of its one model.
type reading struct {
	id      located[endpoint]
	input   located[*jsontree.Value]
	output  located[*jsontree.Value]
	example located[*jsontree.Value]
	broken  []trouble
}

// extract reads the model out of a page. Without an error in the list the
// result is not nil.
func extract(p *page) (*Scraped, diag.List) {
	r, diags := p.read()
	if diags.HasErrors() {
		return nil, diags
	}
	id, reason := modelID(r.id.value.id)
	if reason != "" {
		return nil, append(diags, diag.Diagnostic{Pos: r.id.position(), Severity: diag.Error, Rule: "model-id",
			Message: fmt.Sprintf("the model id %q %s", id, reason), Hint: "no document is written for it"})
	}
	for _, l := range []located[*jsontree.Value]{r.input, r.output, r.example} {
		if ref := resolve(l); ref != nil {
			return nil, append(diags, diag.Diagnostic{Pos: l.text.position(ref.Offset), Severity: diag.Error, Rule: "payload-reference",
				Subject: id, Message: fmt.Sprintf("the script payload refers to %q, which is not in it", ref.Text),
				Hint: "give the page as text, or as HTML with its code visible"})
		}
	}
	if p.isText {
		p.title, p.summary = textHead(p.src.Text, id)
	}
	doc := &schema.Document{
		ModelID: id, Title: cleanTitle(p.title), Description: cleanText(p.summary), URL: pageURL(p.address),
		Example: r.example.value, Input: r.input.value, Output: r.output.value,
	}
	return &Scraped{ID: id, Page: doc, Locale: p.locale, Pos: r.input.position()}, diags
}

// modelID undoes the percent-encoding of an id taken from a URL, and says why
// it can name no model.
func modelID(raw string) (id, invalid string) {
	id = raw
	if plain, err := url.PathUnescape(raw); err == nil {
		id = plain
	}
	return id, schema.InvalidModelID(id)
}

// read finds the model's id and values: in the visible text, and in the
// scripts' payloads what that lacks.
func (p *page) read() (reading, diag.List) {
	r, diags := readTexts([]*text{p.visible}, "")
	if diags.HasErrors() {
		return r, diags
	}
	if r.id.text == nil || r.input.text == nil || r.output.text == nil || r.example.text == nil {
		rest, more := readTexts(p.payloads, r.id.value.id)
		needed := r.id.text == nil || r.input.text == nil
		if needed && more.HasErrors() {
			return r, append(diags, more...)
		}
		if !more.HasErrors() && (r.id.text == nil || rest.id.text == nil || rest.id.value.id == r.id.value.id) {
			r.fill(rest)
		}
	}
	return r, append(diags, p.missing(r)...)
}

// missing reports what a document cannot be without.
func (p *page) missing(r reading) diag.List {
	pos, because := diag.Position{File: p.src.File, Line: 1, Col: 1}, ""
	if len(r.broken) > 0 {
		pos, because = r.broken[0].position(), ": the JSON here cannot be read: "+r.broken[0].message()
	}
	switch {
	case p.cut != nil && (r.id.text == nil || r.input.text == nil):
		return diag.List{cutOffDiagnostic(*p.cut)}
	case r.id.text == nil:
		return diag.List{{Pos: diag.Position{File: p.src.File, Line: 1, Col: 1}, Severity: diag.Error, Rule: "no-model-id",
			Message: "the page names no model: it has no URL " + endpointPrefix + "<model id>",
			Hint:    "give the API page of a model, with its curl example"}}
	case r.input.text == nil:
		return diag.List{{Pos: pos, Severity: diag.Error, Rule: "no-input-schema", Subject: r.id.value.id,
			Message: "the page has no input schema" + because,
			Hint:    `an input schema is a JSON object with "type": "object" and "properties"`}}
	}
	return nil
}

func (r *reading) fill(rest reading) {
	r.broken = append(r.broken, rest.broken...)
	if r.id.text == nil {
		r.id = rest.id
	}
	for _, v := range []struct{ to, from *located[*jsontree.Value] }{
		{&r.input, &rest.input}, {&r.output, &rest.output}, {&r.example, &rest.example},
	} {
		if v.to.text == nil {
			*v.to = *v.from
		}
	}
}

// readTexts scans texts that belong together and settles what they say of one
// model. id, when known, chooses among several.
func readTexts(texts []*text, id string) (reading, diag.List) {
	var s scanner
	for _, t := range texts {
		s.scan(t, 0)
		if s.cut != nil {
			return reading{}, diag.List{cutOffDiagnostic(*s.cut)}
		}
	}
	r, diags := s.choose(id).settle()
	r.broken = s.broken
	return r, diags
}

func cutOffDiagnostic(t trouble) diag.Diagnostic {
	return diag.Diagnostic{Pos: t.position(), Severity: diag.Error, Rule: "json-cut-off",
		Message: t.message(), Hint: "capture the whole page; nothing was taken from it"}
}

// choose returns what belongs to the page's model: what stands in the texts
// themselves when that is enough, else what the objects say that name its
// endpoint and hold a schema. Of several such objects, as a payload has them
// for the model's neighbours, id decides, else a curl command.
func (s *scanner) choose(id string) found {
	rest := s.found
	rest.endpoints = principal(rest.endpoints, id)
	if len(rest.endpoints) > 0 && len(rest.inputs) > 0 {
		return rest
	}
	if id == "" && len(rest.endpoints) > 0 && rest.endpoints[0].value.curl {
		id = rest.endpoints[0].value.id
	}
	var endpoints []located[endpoint]
	for _, r := range s.records {
		endpoints = append(endpoints, r.endpoints...)
	}
	endpoints = principal(endpoints, id)
	var f found
	for _, r := range s.records {
		own := principal(r.endpoints, id)
		if slices.Contains(endpoints, own[0]) && (id == "" || own[0].value.id == id) {
			r.endpoints = own
			f.add(r)
		}
	}
	if len(f.inputs) > 0 {
		rest.endpoints, rest.inputs = nil, nil
	}
	f.add(rest)
	return f
}

// principal returns the endpoints that count: those of the model sought, else
// those in curl commands, else all.
func principal(endpoints []located[endpoint], id string) []located[endpoint] {
	for _, counts := range []func(located[endpoint]) bool{
		func(e located[endpoint]) bool { return e.value.id == id },
		func(e located[endpoint]) bool { return e.value.curl },
	} {
		var some []located[endpoint]
		for _, e := range endpoints {
			if counts(e) {
				some = append(some, e)
			}
		}
		if len(some) > 0 {
			return some
		}
	}
	return endpoints
}

func severalModels(a, b located[endpoint]) diag.List {
	return diag.List{{Pos: b.position(), Severity: diag.Error, Rule: "several-models",
		Message: fmt.Sprintf("the page names the model %q, and %q at %s", b.value.id, a.value.id, a.position()),
		Hint:    "give a page that documents one model"}}
}

// settle makes one reading of what was found. The same value may stand on a
// page twice.
func (f found) settle() (reading, diag.List) {
	var r reading
	for _, e := range f.endpoints {
		if r.id.text == nil {
			r.id = e
		} else if e.value.id != r.id.value.id {
			return r, severalModels(r.id, e)
		}
	}
	for _, in := range f.inputs {
		if r.input.text == nil {
			r.input = in
		} else if !sameSchema(r.input.value, in.value) {
			return r, diag.List{conflict(r.id.value.id, r.input.position(), in.position())}
		}
	}
	if len(f.outputs) > 0 {
		r.output = f.outputs[0]
	}
	if len(f.examples) > 0 {
		r.example = f.examples[0]
	} else {
		r.example = exampleAmong(f.bodies, r.input.value)
	}
	return r, nil
}

// exampleAmong returns the first object that can be a request body: its
// members are properties of the input schema.
func exampleAmong(bodies []located[*jsontree.Value], input *jsontree.Value) located[*jsontree.Value] {
next:
	for _, body := range bodies {
		for _, m := range body.value.Members {
			if input.Get("properties").Get(m.Name) == nil {
				continue next
			}
		}
		if len(body.value.Members) > 0 {
			return body
		}
	}
	return located[*jsontree.Value]{}
}

// conflict is the diagnostic for two schemas of one model.
func conflict(id string, first, second diag.Position) diag.Diagnostic {
	return diag.Diagnostic{Pos: second, Severity: diag.Error, Rule: "schema-conflict", Subject: id,
		Message: "the input schema differs from the one at " + first.String(),
		Hint:    "neither is written; leave out the source that is out of date"}
}

// sameSchema reports whether two input schemas say the same. Their own titles
// do not count: there the site writes the heading of its page ("Input", "Input
// schema", a translation). Nor does a text whose place a leaked key takes.
func sameSchema(a, b *jsontree.Value) bool { return same(withoutTitle(a), withoutTitle(b)) }

func withoutTitle(v *jsontree.Value) *jsontree.Value {
	out := &jsontree.Value{Kind: v.Kind}
	for _, m := range v.Members {
		if m.Name != "title" {
			out.Members = append(out.Members, m)
		}
	}
	return out
}

func same(a, b *jsontree.Value) bool {
	if a.Is(jsontree.String) && b.Is(jsontree.String) && (leaked(a.Text) || leaked(b.Text)) {
		return true
	}
	if a.Kind != b.Kind || a.Text != b.Text || len(a.Elems) != len(b.Elems) || len(a.Members) != len(b.Members) {
		return false
	}
	for i := range a.Elems {
		if !same(a.Elems[i], b.Elems[i]) {
			return false
		}
	}
	for i := range a.Members {
		if a.Members[i].Name != b.Members[i].Name || !same(a.Members[i].Value, b.Members[i].Value) {
			return false
		}
	}
	return true
}

// leakedKey starts the keys that the site shows where a translation is missing.
const leakedKey = "modelApiDoc_"

func leaked(s string) bool { return strings.Contains(s, leakedKey) }
