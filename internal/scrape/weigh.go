package scrape

import (
	"fmt"
	"slices"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/jsontree"
)

// A weigher decides which of a page's candidates are the model's. Each kind of
// them is looked for in what is shown first, then in scripts, then in what is
// hidden. Within one of these the names decide: what an object or a heading
// says of the model and of the schema's use. Then the keys of the request body
// do. What evidence speaks against is not taken.
type weigher struct {
	page    *page
	of      [origins]candidates
	who     identity
	id      *mention
	keys    []string          // of the request body of the page's command
	denied  []refusal         // schemas that were not taken
	holding map[*mention]bool // the endpoints of objects that hold a schema
	looked  int               // how often the page was searched for an id
}

// refusal is a schema that was not taken as the input, and why.
type refusal struct {
	candidate
	reason string
}

// weigh scans a page and finds out which model it is about.
func weigh(p *page) (*weigher, diag.List) {
	w := &weigher{page: p}
	for _, address := range p.addresses {
		if slug := slugOf(address); slug != "" {
			w.who.slugs = append(w.who.slugs, slug)
		}
	}
	w.scan()
	w.resolveIDs()
	diags := w.chooseID()
	return w, diags
}

// scan fills the candidates of each origin.
func (w *weigher) scan() {
	visible := scanner{}
	visible.scan(w.page.visible, nil)
	w.of[shown] = visible.candidates
	var script scanner
	for _, d := range w.page.payloads {
		script.data = d
		var where *holder
		if len(d.claims) > 0 {
			where = &holder{claims: d.claims}
		}
		for _, v := range d.values {
			script.walk(d.text, v, where, "", nil)
		}
		if d.values == nil {
			script.scan(d.text, where)
		}
	}
	w.of[payload] = script.candidates
	w.of[payload].issues = append(w.page.issues, w.of[payload].issues...)
	var rest scanner
	for _, t := range slices.Concat(w.page.hidden, visible.unfolded) {
		part := &holder{}
		before := len(rest.endpoints)
		rest.scan(t, part)
		for _, m := range rest.endpoints[before:] {
			if m.where == part {
				part.claims = append(part.claims, claim{kind: byID, mention: m})
			}
		}
	}
	w.of[hidden] = rest.candidates
}

// chooseExample returns the body of the page's own command.
func (w *weigher) chooseExample() candidate {
	for o := range origins {
		for _, c := range w.of[o].examples {
			if owner, _ := w.who.owner(c.where); c.call.id == w.who.id && owner != others &&
				c.value.Is(jsontree.Object) {
				return c
			}
		}
	}
	return candidate{}
}

// exampleAmong returns the first object after the endpoint that can be a
// request body: its members are properties of the input schema.
func (w *weigher) exampleAmong(input *jsontree.Value) candidate {
	properties := input.Get("properties")
	for o := range origins {
		for _, c := range w.of[o].bodies {
			if owner, _ := w.who.owner(c.where); owner == others || c.after.id != w.who.id || c.role > forInput {
				continue
			}
			isOther := func(m jsontree.Member) bool { return properties.Get(m.Name) == nil }
			if len(c.value.Members) > 0 && !slices.ContainsFunc(c.value.Members, isOther) {
				return c
			}
		}
	}
	return candidate{}
}

// chooseInput returns the input schema. Without an error in the list and
// without a candidate there is none.
func (w *weigher) chooseInput() (candidate, diag.List) {
	for o := range origins {
		good := w.goodInputs(w.of[o].schemas, o)
		if len(good) == 0 {
			continue
		}
		for _, c := range good[1:] {
			if !sameSchema(good[0].value, c.value) {
				return candidate{}, diag.List{conflict(w.who.id, good[0].position(), c.position())}
			}
		}
		best := good[0]
		if o == shown && len(w.keys) == 0 {
			best = w.namedInstead(best)
		}
		for later := o + 1; later < origins; later++ {
			best = unfolded(best, w.goodInputs(w.of[later].schemas, later))
		}
		return best, w.doubts(best)
	}
	return candidate{}, nil
}

// goodInputs returns the schemas that nothing speaks against, those with the
// best evidence where there is a choice.
func (w *weigher) goodInputs(schemas []candidate, o origin) []candidate {
	var good []candidate
	for _, c := range schemas {
		if reason := w.against(c, o); reason != "" {
			w.denied = append(w.denied, refusal{c, reason})
			continue
		}
		good = append(good, c)
	}
	for _, better := range []func(candidate) bool{
		w.isOwn,
		func(c candidate) bool { return w.keyMatch(c) == allKeys },
		func(c candidate) bool { return c.role == forInput },
	} {
		if some := filter(good, better); len(some) > 0 {
			good = some
		}
	}
	return good
}

func (w *weigher) isOwn(c candidate) bool {
	owner, _ := w.who.owner(c.where)
	return owner == own
}

// namedInstead returns the schema that a script has under the page's model, in
// place of one that is shown and that shares no property with it: nothing says
// whose that is.
func (w *weigher) namedInstead(c candidate) candidate {
	if w.isOwn(c) {
		return c
	}
	for _, n := range w.goodInputs(w.of[payload].schemas, payload) {
		if w.isOwn(n) && !slices.ContainsFunc(n.value.Get("properties").Members, func(m jsontree.Member) bool {
			return c.value.Get("properties").Get(m.Name) != nil
		}) {
			return n
		}
	}
	return c
}

// against returns what speaks against a schema as the page's input, or "".
func (w *weigher) against(c candidate, o origin) string {
	owner, named := w.who.owner(c.where)
	looks, sure := looksLikeAnswer(c.value)
	match := w.keyMatch(c)
	switch {
	case owner == others:
		return fmt.Sprintf("it belongs to %q, not to this page's model", named)
	case owner == unnamed && c.after != nil && c.after.id != w.who.id && match != allKeys:
		return fmt.Sprintf("it follows the endpoint of the model %q", c.after.id)
	case c.tool:
		return "it is in the definition of a tool"
	case c.role == forOutput || c.role == forAnswer:
		return fmt.Sprintf("%q says that it describes an answer", shorten(c.words))
	case c.role != forInput && match != allKeys && roleOf(c.value.Get("title").Str()) > forInput:
		return fmt.Sprintf("its title %q says that it describes an answer", shorten(c.value.Get("title").Text))
	case sure:
		return "its properties are those of an answer"
	case looks && c.role != forInput && match != allKeys && !looksLikeInput(c.value):
		return "its properties are those of an output"
	case owner != own && (match == noKeys || match == someKeys && o != shown):
		return "the keys of the request body are not its properties"
	}
	return ""
}

// doubts returns the warnings for an input that little speaks for.
func (w *weigher) doubts(c candidate) diag.List {
	owner, named := w.who.owner(c.where)
	match := w.keyMatch(c)
	doubt := ""
	switch {
	case match == noKeys || match == someKeys:
		doubt = "the request body has keys that are not properties of the input schema"
	case match == allKeys || owner == own:
	case owner == unproven:
		doubt = fmt.Sprintf("the input schema is taken from %q: nothing shows whether that is this page's model", named)
	case c.text.origin == hidden && w.id.text.origin != hidden && c.role != forInput:
		doubt = "the input schema is taken from a hidden part of the page that does not name the model"
	}
	if doubt == "" {
		return nil
	}
	return diag.List{{Pos: c.position(), Severity: diag.Warning, Rule: "input-schema-doubtful", Subject: w.who.id,
		Message: doubt, Hint: "compare the document with the page"}}
}

// keyMatch is how the keys of the request body compare with a schema.
type keyMatch uint8

const (
	noBody   keyMatch = iota // there are no keys to compare
	noKeys                   // none is a property
	someKeys                 // some are
	allKeys                  // all are
)

// keyMatch compares the keys of the page's request body with a schema's
// properties. A required property that is not there counts: pages make the
// body of the required ones.
func (w *weigher) keyMatch(c candidate) keyMatch {
	if len(w.keys) == 0 {
		return noBody
	}
	properties, required := c.value.Get("properties"), c.value.Get("required").Strings()
	n := 0
	for _, key := range w.keys {
		if properties.Get(key) != nil || slices.Contains(required, key) {
			n++
		}
	}
	switch n {
	case 0:
		return noKeys
	case len(w.keys):
		return allKeys
	}
	return someKeys
}

// chooseOutput returns the output schema. Of several that differ none is taken,
// with a warning.
func (w *weigher) chooseOutput() (candidate, diag.List) {
	var best candidate
	for o := range origins {
		good := w.goodOutputs(o)
		if best.value != nil {
			best = unfolded(best, good)
			continue
		}
		for i, c := range good {
			if i > 0 && !same(good[0].value, c.value) {
				return candidate{}, diag.List{{Pos: c.position(), Severity: diag.Warning, Rule: "output-schema-conflict",
					Subject: w.who.id, Message: "the output schema differs from the one at " + good[0].position().String(),
					Hint: "neither is taken"}}
			}
		}
		if len(good) > 0 {
			best = good[0]
		}
	}
	return best, nil
}

// goodOutputs returns the schemas of outputs that nothing speaks against, those
// of the page's own model where they are named.
func (w *weigher) goodOutputs(o origin) []candidate {
	var good []candidate
	for _, c := range slices.Concat(w.of[o].outputs, w.of[o].schemas) {
		owner, _ := w.who.owner(c.where)
		isOutput := isOutputSchema(c.value) || c.role == forOutput && !hasAnswerMembers(c.value)
		isStray := owner == unnamed && c.after != nil && c.after.id != w.who.id
		if isOutput && owner != others && !isStray && !c.tool {
			good = append(good, c)
		}
	}
	if some := filter(good, w.isOwn); len(some) > 0 {
		return some
	}
	return good
}
