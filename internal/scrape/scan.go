package scrape

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/jsontree"
)

// location is an offset in a text.
type location struct {
	text   *text
	offset int
}

func (l location) position() diag.Position { return l.text.position(l.offset) }

// syntaxIssue is JSON that could not be read: where that shows, and why.
type syntaxIssue struct {
	location
	start  int    // where the JSON value starts in the text
	reason string // "" when it is cut off
	part   string // of what is cut off: "input", "output" or "example" where that can be seen
}

func (i syntaxIssue) isCut() bool { return i.reason == "" }

// endsText reports whether the issue is at the end of its text.
func (i syntaxIssue) endsText() bool { return i.offset == len(i.text.data) }

func (i syntaxIssue) message() string {
	if i.reason != "" {
		return i.reason
	}
	return fmt.Sprintf("the JSON value that starts at line %d is cut off", i.text.position(i.start).Line)
}

// A candidate is a JSON value that may be one of the page's.
type candidate struct {
	value *jsontree.Value
	location
	where *holder
	role  role   // by the names or the heading around it
	words string // the name or heading that gives the role
	tool  bool
	call  *mention // of an example: the endpoint whose command has it as its body
	after *mention // the last endpoint that the text itself names before it
	data  *data    // what holds it; nil for text
}

// candidates is what the texts of one origin hold.
type candidates struct {
	endpoints []*mention
	schemas   []candidate // of objects, whatever they describe
	outputs   []candidate // schemas that can be nothing but outputs
	examples  []candidate // bodies of commands
	bodies    []candidate // other objects after an endpoint
	issues    []syntaxIssue
	reasons   []syntaxIssue // what may be why there is no input schema
}

// scanner reads the JSON values out of texts.
type scanner struct {
	candidates
	data     *data // that is scanned; nil for text
	strings  int   // how deep the scan is in strings
	steps    int   // values walked so far
	stopped  bool  // because they are too many
	unfolded []*text
}

// maxBroken is how long an object that is no JSON may be for its end to be
// looked for.
const maxBroken = 64 << 10

// maxStrings is how deep JSON is looked for in the strings of JSON, and
// maxSteps how many values are looked at: rows of a stream may repeat others.
const (
	maxStrings = 4
	maxSteps   = 2_000_000
)

// scan decodes a text at each "{". What the end of the text or of its code
// block cuts off is not taken, nor is anything in it. A syntax error ends
// nothing, as at {request_id}; but what a broken value holds is not taken
// either.
func (s *scanner) scan(t *text, where *holder) {
	found := mentions(t)
	p := textScan{scanner: s, text: t, where: where, mentions: found, scopes: slices.Clone(t.marks.scopes)}
	slices.SortStableFunc(p.scopes, func(a, b scope) int { return (b.to - b.from) - (a.to - a.from) })
	p.scopes = p.scopes[max(0, len(p.scopes)-maxScopes):]
	for at := 0; at >= 0 && at < len(t.data); {
		at = p.step(at)
	}
	for _, m := range found {
		if p.inObject(m.offset) {
			continue
		}
		m.where = where
		s.endpoints = append(s.endpoints, m)
	}
}

// maxScopes is how many elements that name a model are looked at.
const maxScopes = 500

// textScan is the scan of one text.
type textScan struct {
	*scanner
	text      *text
	where     *holder
	mentions  []*mention
	last      *mention // the last one before the objects taken so far, and not in one
	seen      int      // how many mentions are before the objects taken so far
	scopes    []scope  // the widest first
	end       codeEnd  // of the code that was looked at last
	objects   []span   // decoded so far
	brokenEnd int      // of an object that is no JSON and that the scan is in; 0 for none
}

func (p *textScan) inObject(offset int) bool {
	i, found := slices.BinarySearchFunc(p.objects, offset, func(s span, o int) int { return s.from - o })
	return found || i > 0 && offset < p.objects[i-1].to
}

// step reads the next object from an offset on and returns where to go on, or
// -1 at the end.
func (p *textScan) step(at int) int {
	t := p.text
	i := bytes.IndexByte(t.data[at:], '{')
	if i < 0 {
		return -1
	}
	open := at + i
	code := p.endOf(open)
	if open >= p.brokenEnd {
		p.brokenEnd = 0
	}
	if p.brokenEnd > 0 && !p.startsBlock(open) && insideValue(t.data[:open]) || !mayBeginObject(t.data[open:]) {
		return open + 1
	}
	v, size, err := jsontree.Decode(t.data[open:code.limit], open)
	if err == nil {
		if elides(v) {
			p.issues = append(p.issues, syntaxIssue{location: location{t, open}, start: open, part: p.partAt(open)})
		} else if !p.isFolded(open, open+size) {
			p.take(v, open+size)
		}
		p.objects = append(p.objects, span{open, open + size})
		return open + size
	}
	syntax := syntaxError(err)
	if end, cut := p.cutOff(open, syntax); cut {
		p.unfold(open, end)
		p.issues = append(p.issues, syntaxIssue{location: location{t, end}, start: open, part: p.partAt(open)})
		return max(end, open+1)
	}
	if beginsObject(t.data[open:]) {
		p.issues = append(p.issues, syntaxIssue{location{t, syntax.Offset}, open, syntax.Message, ""})
		p.brokenEnd = len(t.data)
		if _, size := skipValue(t.data[open:min(len(t.data), open+maxBroken)]); size > 0 {
			p.brokenEnd = open + size
		}
		return max(open+1, syntax.Offset)
	}
	return open + 1
}

// gap returns where the text between the last object and an offset starts.
func (p *textScan) gap(at int) int {
	if n := len(p.objects); n > 0 {
		return min(at, p.objects[n-1].to)
	}
	return 0
}

// take files an object of the text itself that ends at an offset.
func (p *textScan) take(v *jsontree.Value, end int) {
	t := p.text
	here := candidate{value: v, location: location{t, v.Offset}, where: p.scopeAt(v.Offset), data: p.data}
	for ; p.seen < len(p.mentions) && p.mentions[p.seen].offset < v.Offset; p.seen++ {
		if m := p.mentions[p.seen]; !p.inObject(m.offset) {
			p.last = m
		}
	}
	here.after = p.last
	if isCommandBody(t.data[:v.Offset]) {
		var next *mention
		i, _ := slices.BinarySearchFunc(p.mentions, end, func(m *mention, o int) int { return m.start - o })
		if i < len(p.mentions) {
			next = p.mentions[i]
		}
		if here.call = callOf(t, here.after, next, span{v.Offset, end}); here.call != nil {
			p.examples = append(p.examples, here)
		}
		return
	}
	label := t.label(p.gap(v.Offset), v.Offset)
	if id := modelIn(label); id != "" {
		here.where = &holder{up: here.where, claims: []claim{{kind: byName, value: id}}}
	}
	schemas, outputs := len(p.schemas), len(p.outputs)
	p.walk(t, v, here.where, "", here.after)
	for _, list := range [][]candidate{p.schemas[schemas:], p.outputs[outputs:]} {
		for i := range list {
			if list[i].role == noRole && list[i].text == t {
				list[i].role, list[i].words = roleOf(label), label
				if list[i].role == noRole {
					list[i].role, list[i].words = p.scopeRole(v.Offset)
				}
			}
		}
	}
	if here.after != nil && len(p.schemas) == schemas && len(p.outputs) == outputs {
		here.role = roleOf(label)
		p.bodies = append(p.bodies, here)
	}
}

// scopeAt returns the holder of a value in the text: the elements around it
// that name a model.
func (p *textScan) scopeAt(offset int) *holder {
	where := p.where
	for _, s := range p.scopes {
		if s.from <= offset && offset < s.to {
			where = &holder{up: where, claims: s.claims}
		}
	}
	return where
}

// mayBeginObject reports whether the first character in the brace can be JSON,
// as that of {request_id} can not.
func mayBeginObject(text []byte) bool {
	rest := bytes.TrimLeft(text[1:], " \t\r\n")
	return len(rest) == 0 || rest[0] == '"' || rest[0] == '}'
}

// beginsObject reports whether text starts as a JSON object with a member
// does. Only then is a syntax error worth reporting.
func beginsObject(text []byte) bool {
	rest := bytes.TrimLeft(text[1:], " \t\r\n")
	if len(rest) == 0 || rest[0] != '"' {
		return false
	}
	_, size, err := jsontree.Decode(rest, 0)
	return err == nil && bytes.HasPrefix(bytes.TrimLeft(rest[size:], " \t\r\n"), []byte(":"))
}

// insideValue reports whether a "{" after this text can only be inside another
// JSON value: as the value of a member or as an element.
func insideValue(before []byte) bool {
	before = bytes.TrimRight(before, " \t\r\n")
	if bytes.HasSuffix(before, []byte(",")) || bytes.HasSuffix(before, []byte("[")) {
		return true
	}
	name, isMember := bytes.CutSuffix(before, []byte(":"))
	return isMember && bytes.HasSuffix(bytes.TrimRight(name, " \t\r\n"), []byte(`"`))
}
