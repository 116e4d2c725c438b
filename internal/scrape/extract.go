package scrape

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/schema"
)

// extract reads the model out of a page. Without an error in the list the
// result is not nil.
func extract(p *page) (*Scraped, diag.List) {
	w, diags := weigh(p)
	if diags.HasErrors() {
		return nil, diags
	}
	if w.id == nil {
		return nil, append(diags, w.missingID())
	}
	body := w.chooseExample()
	if body.value != nil {
		for _, m := range body.value.Members {
			w.keys = append(w.keys, m.Name)
		}
	}
	input, more := w.chooseInput()
	diags = append(diags, more...)
	if more.HasErrors() {
		return nil, diags
	}
	if input.value == nil {
		return nil, append(diags, w.missingInput())
	}
	if body.value == nil {
		body = w.exampleAmong(input.value)
	}
	output, more := w.chooseOutput()
	diags = append(append(diags, more...), w.unread(input, output, body)...)
	doc := &schema.Document{ModelID: w.who.id, URL: pageURL(p.address)}
	for _, part := range []struct {
		name string
		to   **jsontree.Value
		candidate
	}{{"input", &doc.Input, input}, {"output", &doc.Output, output}, {"example", &doc.Example, body}} {
		v, more := w.finish(part.candidate, part.name)
		diags = append(diags, more...)
		*part.to = v
	}
	if diags.HasErrors() {
		return nil, diags
	}
	if p.isText {
		p.title, p.summary = textHead(p.src.Text, w.who.id)
	}
	doc.Title, doc.Description = cleanTitle(p.title), cleanText(p.summary)
	return &Scraped{ID: w.who.id, Page: doc, Locale: p.locale, Pos: input.position()}, diags
}

// missingID reports a page that names no model.
func (w *weigher) missingID() diag.Diagnostic {
	for _, issue := range w.of[payload].issues {
		return payloadIssue(issue)
	}
	if issue, is := w.firstIssue(syntaxIssue.isCut); is {
		return cutOffDiagnostic(issue)
	}
	return diag.Diagnostic{Pos: w.page.src.Position(0), Severity: diag.Error, Rule: "no-model-id",
		Message: "the page names no model: it has no URL " + endpointPrefix + "<model id>",
		Hint:    "give the API page of a model, with its curl example"}
}

// missingInput reports a page without an input schema, with the reason: what
// could not be read, or what speaks against the schemas that it has.
func (w *weigher) missingInput() diag.Diagnostic {
	for _, issue := range slices.Concat(w.of[payload].issues, w.of[payload].reasons) {
		return payloadIssue(issue)
	}
	if issue, is := w.firstIssue(syntaxIssue.isCut); is {
		return cutOffDiagnostic(issue)
	}
	d := diag.Diagnostic{Pos: w.page.src.Position(0), Severity: diag.Error, Rule: "no-input-schema",
		Subject: w.who.id, Message: "the page has no input schema",
		Hint: `an input schema is a JSON object with "type": "object" and "properties"`}
	if len(w.denied) > 0 {
		d.Pos = w.denied[0].position()
		d.Message += ": the schema here is not taken, " + w.denied[0].reason
		d.Hint = "give a page that shows the model's own input schema"
		return d
	}
	if issue, is := w.firstIssue(func(syntaxIssue) bool { return true }); is {
		d.Pos = issue.position()
		d.Message += ": the JSON here cannot be read: " + issue.message()
	}
	return d
}

// firstIssue returns the first issue of its kind that the page has.
func (w *weigher) firstIssue(is func(syntaxIssue) bool) (syntaxIssue, bool) {
	for o := range origins {
		if i := slices.IndexFunc(w.of[o].issues, is); i >= 0 {
			return w.of[o].issues[i], true
		}
	}
	return syntaxIssue{}, false
}

func cutOffDiagnostic(i syntaxIssue) diag.Diagnostic {
	return diag.Diagnostic{Pos: i.position(), Severity: diag.Error, Rule: "json-cut-off",
		Message: i.message(), Hint: "capture the whole page; nothing was taken from it"}
}

// leftOut makes a warning of what costs the document a part, and not the whole.
func leftOut(d diag.Diagnostic, hint string) diag.Diagnostic {
	d.Severity, d.Rule, d.Hint = diag.Warning, "part-left-out", hint
	return d
}

// payloadIssue reports data in scripts that could not be read.
func payloadIssue(i syntaxIssue) diag.Diagnostic {
	if i.isCut() {
		return cutOffDiagnostic(i)
	}
	return diag.Diagnostic{Pos: i.position(), Severity: diag.Error, Rule: "payload",
		Message: "the data in the page's scripts cannot be read: " + i.message(),
		Hint:    "give the page as text, or as HTML with its code visible"}
}

// unread reports what could not be read and may belong to what was chosen: a
// value that is cut off where nothing else has it, and a payload with a part
// missing from which something was taken.
func (w *weigher) unread(input, output, example candidate) (diags diag.List) {
	for o := range origins {
		for _, i := range w.of[o].issues {
			switch {
			case o == payload && !i.isCut() && (w.id.text.origin == payload || input.text.origin == payload):
				diags = append(diags, payloadIssue(i))
			case o == payload && !i.isCut() && output.value == nil:
				diags = append(diags, leftOut(payloadIssue(i), "the document has no output"))
			case i.isCut() && o == shown && i.part == "example" && example.value == nil:
				diags = append(diags, leftOut(cutOffDiagnostic(i), "the document has no example"))
			case i.isCut() && output.value == nil &&
				(i.part == "output" || i.part == "" && o != hidden && i.endsText()):
				diags = append(diags, cutOffDiagnostic(i))
			}
		}
	}
	return diags
}

// finish returns the value of a candidate as a document holds it. In a stream
// a value may refer to what is not there: that is an error for the input, and
// any other value is left out.
func (w *weigher) finish(c candidate, part string) (*jsontree.Value, diag.List) {
	if c.value == nil || c.data == nil || c.data.rows == nil {
		return c.value, nil
	}
	var diags diag.List
	r := resolver{}
	v := r.resolve(c.value)
	report := func(v *jsontree.Value, message, hint string) {
		diags = append(diags, diag.Diagnostic{Pos: c.text.position(v.Offset), Severity: diag.Error,
			Rule: "payload-reference", Subject: w.who.id, Message: message, Hint: hint})
		if part != "input" || r.dangling == nil {
			diags[len(diags)-1] = leftOut(diags[len(diags)-1], hint)
		}
	}
	switch {
	case r.dangling != nil && part == "input":
		report(r.dangling, fmt.Sprintf("the script payload refers to %q, which is not in it", r.dangling.Text),
			"give the page as text, or as HTML with its code visible")
	case r.dangling != nil:
		report(r.dangling, fmt.Sprintf("the script payload refers to %q, which is not in it", r.dangling.Text),
			"the "+part+" is left out")
		return nil, diags
	}
	for _, m := range r.dropped {
		report(m, fmt.Sprintf("the %s has the value %q, which JSON does not have", part, m.Text),
			"the value is left out")
	}
	return v, diags
}

// resolver makes a value of its own of one in a stream, where values may be
// shared.
type resolver struct {
	steps    int
	dangling *jsontree.Value   // the first reference that leads nowhere
	dropped  []*jsontree.Value // numbers that JSON does not have
}

// maxResolved is how many values a schema may have; one of the site has some
// hundred.
const maxResolved = 200_000

func (r *resolver) resolve(v *jsontree.Value) *jsontree.Value {
	if r.steps++; r.steps > maxResolved && r.dangling == nil {
		r.dangling = marker(v, "$")
	}
	if isMarker(v) && r.dangling == nil {
		r.dangling = v
	}
	if r.dangling != nil {
		return v
	}
	out := *v
	out.Elems, out.Members = nil, nil
	for _, e := range v.Elems {
		if !r.drops(e) {
			out.Elems = append(out.Elems, r.resolve(e))
		}
	}
	for _, m := range v.Members {
		if !r.drops(m.Value) {
			member := jsontree.Member{Name: m.Name, Value: r.resolve(m.Value), Offset: m.Offset}
			out.Members = append(out.Members, member)
		}
	}
	return &out
}

// drops reports whether a value is left out: one that JSON does not have.
func (r *resolver) drops(v *jsontree.Value) bool {
	if !isMarker(v) {
		return false
	}
	switch v.Text {
	case undefined, "$NaN", "$Infinity", "$-Infinity":
		r.dropped = append(r.dropped, v)
		return true
	}
	return false
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

// same reports whether two values are equal but for the order of members and
// the spelling of numbers.
func same(a, b *jsontree.Value) bool {
	if a == b {
		return true
	}
	if a.Kind != b.Kind || len(a.Elems) != len(b.Elems) || len(a.Members) != len(b.Members) {
		return false
	}
	switch a.Kind {
	case jsontree.String:
		return a.Text == b.Text || leaked(a.Text) || leaked(b.Text)
	case jsontree.Number:
		return sameNumber(a.Text, b.Text)
	}
	if a.Text != b.Text || !slices.EqualFunc(a.Elems, b.Elems, same) {
		return false
	}
	members := make(map[string]*jsontree.Value, len(b.Members))
	for _, m := range b.Members {
		members[m.Name] = m.Value
	}
	return !slices.ContainsFunc(a.Members, func(m jsontree.Member) bool {
		other := members[m.Name]
		return other == nil || !same(m.Value, other)
	})
}

// sameNumber compares numbers as written; jsontree.Decode bounds their size.
func sameNumber(a, b string) bool {
	if a == b {
		return true
	}
	x, okX := new(big.Rat).SetString(a)
	y, okY := new(big.Rat).SetString(b)
	return okX && okY && x.Cmp(y) == 0
}

// leakedKey starts the keys that the site shows where a translation is missing.
const leakedKey = "modelApiDoc_"

func leaked(s string) bool { return strings.Contains(s, leakedKey) }
