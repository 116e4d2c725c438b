package scrape

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

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
	unfolded []*text
}

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
	text        *text
	where       *holder
	mentions    []*mention
	last        *mention // the last one before the objects taken so far, and not in one
	seen        int      // how many mentions are before the objects taken so far
	scopes      []scope  // the widest first
	objects     []span   // decoded so far
	afterBroken bool
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
	if p.afterBroken && insideValue(t.data[:open]) || !mayBeginObject(t.data[open:]) {
		return open + 1
	}
	v, size, err := jsontree.Decode(t.data[open:], open)
	if err == nil {
		if !p.isFolded(open, open+size) {
			p.take(v, open+size)
		}
		p.objects = append(p.objects, span{open, open + size})
		return open + size
	}
	syntax := syntaxError(err)
	if end, cut := cutOff(t, open, syntax); cut {
		p.unfold(open, end)
		p.issues = append(p.issues, syntaxIssue{location: location{t, end}, start: open, part: p.partAt(open)})
		return max(end, open+1)
	}
	if beginsObject(t.data[open:]) {
		p.issues = append(p.issues, syntaxIssue{location{t, syntax.Offset}, open, syntax.Message, ""})
		p.afterBroken = true
		return max(open+1, syntax.Offset)
	}
	return open + 1
}

// cutOff reports whether the value that starts at open goes on to the end of
// the text, or of its code block, and returns that end.
func cutOff(t *text, open int, err *jsontree.SyntaxError) (end int, cut bool) {
	if err.CutOff {
		return len(t.data), true
	}
	end = len(t.data)
	i, found := slices.BinarySearchFunc(t.marks.blocks, open, func(b span, o int) int { return b.from - o })
	if found {
		i++
	}
	if i > 0 && open < t.marks.blocks[i-1].to {
		end = t.marks.blocks[i-1].to
	}
	// Line ends after it are not the value's: in a string they are an error.
	whole := bytes.TrimRight(t.data[open:end], " \t\r\n")
	if err.Offset < open+len(whole) && !bytes.Contains(whole[err.Offset-open:], []byte("\n")) {
		_, _, again := jsontree.Decode(whole, 0)
		cut = again != nil && syntaxError(again).CutOff
	}
	return end, cut || err.Offset >= open+len(whole)
}

// isFolded reports whether a value has a part that is not shown: where the
// hidden text in it makes another value of it. The whole value is then scanned
// as hidden text.
func (p *textScan) isFolded(open, end int) bool {
	whole := p.unfold(open, end)
	if whole == nil {
		return false
	}
	if _, size, err := jsontree.Decode(whole.data, 0); err != nil || len(bytes.TrimSpace(whole.data[size:])) > 0 {
		return false
	}
	p.issues = append(p.issues, syntaxIssue{location: location{p.text, open}, start: open, part: p.partAt(open)})
	return true
}

// unfold makes a text of a value and the hidden text in it, to be scanned as
// hidden, and returns it; nil when nothing in the value is hidden.
func (p *textScan) unfold(open, end int) *text {
	folds := p.text.marks.folds
	i, _ := slices.BinarySearchFunc(folds, open, func(f fold, o int) int { return f.at - o - 1 })
	if i == len(folds) || folds[i].at > end {
		return nil
	}
	whole := p.text.derive()
	at := open
	for ; i < len(folds) && folds[i].at <= end; i++ {
		whole.add(p.text.data[at:folds[i].at], at, verbatim)
		whole.add([]byte(folds[i].hidden), folds[i].at, opaque)
		at = folds[i].at
	}
	whole.add(p.text.data[at:end], at, verbatim)
	whole = normalizeBlanks(whole)
	p.unfolded = append(p.unfolded, whole)
	return whole
}

// partAt returns what the value that starts at an offset seems to be.
func (p *textScan) partAt(open int) string {
	t := p.text
	if isCommandBody(t.data[:open]) {
		return "example"
	}
	start := string(bytes.TrimLeft(t.data[open+1:min(len(t.data), open+200)], " \t\r\n"))
	if strings.HasPrefix(start, `"output"`) || roleOf(t.label(p.gap(open), open)) == forOutput {
		return "output"
	}
	for _, name := range []string{`"type"`, `"title"`, `"properties"`, `"required"`, `"$schema"`} {
		if strings.HasPrefix(start, name) {
			return "input"
		}
	}
	return ""
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
	if id := claimOf("id", label); len(id) > 0 && strings.Count(label, "/") > 1 {
		here.where = &holder{up: here.where, claims: id}
	}
	schemas, outputs := len(p.schemas), len(p.outputs)
	p.walk(t, v, here.where, "", here.after)
	for _, list := range [][]candidate{p.schemas[schemas:], p.outputs[outputs:]} {
		for i := range list {
			if list[i].role == noRole && list[i].text == t {
				list[i].role, list[i].words = roleOf(label), label
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

// callOf returns the endpoint that the command with a body calls: the one
// before the body, unless another command starts between them, else the one
// after it.
func callOf(t *text, before, after *mention, body span) *mention {
	from := max(0, body.from-maxCommand)
	if before != nil {
		from = before.end
	}
	if body.from-from > maxCommand {
		return nil
	}
	starts := command.Match(t.data[from:body.from])
	if before != nil && !starts {
		return before
	}
	if after != nil && starts && !command.Match(t.data[body.to:after.start]) {
		return after
	}
	return nil
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

// bodyOptions are the options of curl and other commands that take a request
// body.
var bodyOptions = []string{"--data", "--data-raw", "--data-binary", "--data-ascii", "--json", "--raw", "--body-data", "--post-data",
	"-Body", " -d", "\n-d"}

// isCommandBody reports whether the text before a value ends in a command's
// option that takes a request body. The body ends with its JSON value, not with
// the next apostrophe: prompts hold raw ones.
func isCommandBody(before []byte) bool {
	const blanks = " \t\r\n\\^`"
	before = bytes.TrimRight(before, blanks)
	before = bytes.TrimSuffix(bytes.TrimRight(before, `'"`), []byte("$"))
	before = bytes.TrimRight(before, blanks+"=")
	return slices.ContainsFunc(bodyOptions, func(option string) bool { return bytes.HasSuffix(before, []byte(option)) })
}
