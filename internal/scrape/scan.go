package scrape

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/genclient/genclient/internal/diag"

	"github.com/genclient/genclient/internal/jsontree"
)

// place is an offset in a text.
type place struct {
	text   *text
	offset int
}

func (p place) position() diag.Position { return p.text.position(p.offset) }

// located is a JSON value or a model id with its place.
type located[T any] struct {
	value T
	place
}

// endpoint is the URL of a model's endpoint as found, its id not yet judged.
type endpoint struct {
	id   string
	curl bool // the operand of a curl command's --url
}

// found is what a text, or one object in it, says of a model.
type found struct {
	endpoints []located[endpoint]
	inputs    []located[*jsontree.Value]
	outputs   []located[*jsontree.Value]
	examples  []located[*jsontree.Value] // bodies of curl commands
	bodies    []located[*jsontree.Value] // other objects behind an endpoint
}

func (f *found) add(g found) {
	f.endpoints = append(f.endpoints, g.endpoints...)
	f.inputs = append(f.inputs, g.inputs...)
	f.outputs = append(f.outputs, g.outputs...)
	f.examples = append(f.examples, g.examples...)
	f.bodies = append(f.bodies, g.bodies...)
}

// trouble is JSON that could not be read: where that shows, and why.
type trouble struct {
	place
	start  int    // where the JSON value starts in the text
	reason string // "" when it is cut off
}

func (t trouble) message() string {
	if t.reason != "" {
		return t.reason
	}
	return fmt.Sprintf("the JSON value that starts at line %d is cut off", t.text.position(t.start).Line)
}

// scanner reads the JSON values out of texts.
type scanner struct {
	// found holds what stands in the texts themselves; records hold what an
	// object says that names an endpoint and holds an input schema: the entries
	// of a script payload, of which a page may carry those of its neighbours.
	found
	records []found
	cut     *trouble  // the value that the end of a text cut off
	broken  []trouble // other objects that are no JSON
}

// maxStrings is how deep JSON is looked for in the strings of JSON.
const maxStrings = 4

// maxDeep is how many objects that are nested too deep a Flight stream may
// have around the ones of interest: elements of the page hold each other there.
const maxDeep = 1000

// scan decodes at each "{". A value that the end of the text cuts off ends the
// scan, lest a schema nested in it be taken for the page's. A syntax error does
// not, as at {request_id}; but what a broken value holds is not taken either.
func (s *scanner) scan(t *text, strings int) {
	gap, deep, afterBroken, seen := 0, 0, false, false
	for at := 0; ; {
		i := bytes.IndexByte(t.data[at:], '{')
		if i < 0 {
			break
		}
		open := at + i
		if afterBroken && insideValue(t.data[:open]) {
			at = open + 1
			continue
		}
		if !mayBeginObject(t.data[open:]) {
			at = open + 1
			continue
		}
		v, size, err := jsontree.Decode(t.data[open:], open)
		if err == nil {
			seen = s.findEndpoints(t, span{gap, open}) || seen
			s.take(t, v, seen, strings)
			at = open + size
			gap = at
			continue
		}
		var syntax *jsontree.SyntaxError
		if !errors.As(err, &syntax) {
			panic("jsontree.Decode returns syntax errors only: " + err.Error())
		}
		if t.stream != nil && syntax.TooDeep && deep < maxDeep {
			deep++
			at = open + 1
			continue
		}
		if end, cut := cutOff(t, open, syntax); cut {
			s.cut = &trouble{place: place{t, end}, start: open}
			break
		}
		at = open + 1
		if beginsObject(t.data[open:]) {
			s.broken = append(s.broken, trouble{place{t, syntax.Offset}, open, syntax.Message})
			afterBroken = true
			at = max(at, syntax.Offset)
		}
	}
	s.findEndpoints(t, span{gap, len(t.data)})
}

// cutOff reports whether the value that starts at open goes on to the end of
// the text, or of its code block, and returns that end.
func cutOff(t *text, open int, err *jsontree.SyntaxError) (end int, cut bool) {
	if err.CutOff {
		return len(t.data), true
	}
	i, found := slices.BinarySearchFunc(t.blocks, open, func(b span, o int) int { return b.from - o })
	if !found {
		i--
	}
	if i < 0 || open >= t.blocks[i].to || err.Offset < t.blocks[i].to {
		return 0, false
	}
	return t.blocks[i].to, true
}

// mayBeginObject reports whether the first character in the brace can be JSON,
// as that of {request_id} can not.
func mayBeginObject(text []byte) bool {
	rest := bytes.TrimLeft(text[1:], " \t\r\n")
	return len(rest) == 0 || rest[0] == '"' || rest[0] == '}'
}

// beginsObject reports whether text starts as a JSON object with a member
// does. Only then is a syntax error worth telling.
func beginsObject(text []byte) bool {
	rest := bytes.TrimLeft(text[1:], " \t\r\n")
	if len(rest) == 0 || rest[0] != '"' {
		return false
	}
	_, size, err := jsontree.Decode(rest, 0)
	return err == nil && bytes.HasPrefix(bytes.TrimLeft(rest[size:], " \t\r\n"), []byte(":"))
}

// insideValue reports whether a "{" behind this text can only stand inside
// another JSON value: as the value of a member or as an element.
func insideValue(before []byte) bool {
	before = bytes.TrimRight(before, " \t\r\n")
	if bytes.HasSuffix(before, []byte(",")) || bytes.HasSuffix(before, []byte("[")) {
		return true
	}
	name, isMember := bytes.CutSuffix(before, []byte(":"))
	return isMember && bytes.HasSuffix(bytes.TrimRight(name, " \t\r\n"), []byte(`"`))
}

// take files an object that stands in the text itself. seen says that an
// endpoint stands before it.
func (s *scanner) take(t *text, v *jsontree.Value, seen bool, strings int) {
	here := located[*jsontree.Value]{v, place{t, v.Offset}}
	if seen && isCurlData(t.data[:v.Offset]) {
		s.examples = append(s.examples, here)
		return
	}
	f := s.walk(t, v, "", strings)
	if seen && len(f.inputs)+len(f.outputs) == 0 {
		s.bodies = append(s.bodies, here)
	}
	s.add(f)
}

// walk collects what stands inside a value. The outermost schema counts, not
// one nested in it. name is the member that the value belongs to.
func (s *scanner) walk(t *text, v *jsontree.Value, name string, strings int) found {
	var f found
	here := located[*jsontree.Value]{v, place{t, v.Offset}}
	switch {
	case v.Kind == jsontree.String:
		return s.walkString(t, v, strings)
	case isOutputSchema(v), isObjectSchema(v) && namesOutput(name):
		f.outputs = append(f.outputs, here)
	case isObjectSchema(v):
		f.inputs = append(f.inputs, here)
	default:
		for _, e := range v.Elems {
			f.add(s.walk(t, e, name, strings))
		}
		for _, m := range v.Members {
			f.add(s.walk(t, m.Value, m.Name, strings))
		}
		if len(f.endpoints) > 0 && len(f.inputs) > 0 {
			s.records = append(s.records, f)
			return found{}
		}
	}
	return f
}

// walkString looks into a string: it may be an endpoint, a curl command or
// JSON once more.
func (s *scanner) walkString(t *text, v *jsontree.Value, strings int) found {
	if strings == maxStrings || !bytes.ContainsAny([]byte(v.Text), "{/") {
		return found{}
	}
	inner := t.derive()
	inner.add([]byte(v.Text), v.Offset+len(`"`), jsonString)
	var sub scanner
	sub.scan(inner, strings+1)
	s.records = append(s.records, sub.records...)
	s.broken = append(s.broken, sub.broken...)
	if sub.cut != nil {
		s.broken = append(s.broken, *sub.cut)
	}
	return sub.found
}

// isObjectSchema reports whether v has the shape of an input schema: type
// object, and properties.
func isObjectSchema(v *jsontree.Value) bool {
	return v.Is(jsontree.Object) && v.Get("type").Str() == "object" && v.Get("properties").Is(jsontree.Object)
}

// isOutputSchema reports whether v has the shape of an output schema: the one
// member "output", an object schema.
func isOutputSchema(v *jsontree.Value) bool {
	return v.Is(jsontree.Object) && len(v.Members) == 1 && isObjectSchema(v.Get("output"))
}

// namesOutput reports whether a member of this name holds an output schema
// even without the wrapper, as "outputSchema".
func namesOutput(name string) bool { return strings.Contains(strings.ToLower(name), "output") }

// isCurlData reports whether the text before a value ends in a curl option
// that takes a request body. The body ends with its JSON value, not with the
// next apostrophe: prompts hold raw ones.
func isCurlData(before []byte) bool {
	before = bytes.TrimRight(before, " \t\r\n\\")
	before = bytes.TrimSuffix(bytes.TrimRight(before, `'"`), []byte("$"))
	before = bytes.TrimRight(before, " \t\r\n\\=")
	for _, option := range []string{"--data", "--data-raw", "--data-binary", "--json", " -d", "\n-d"} {
		if bytes.HasSuffix(before, []byte(option)) {
			return true
		}
	}
	return false
}

// endpointPrefix is what stands before the model id in an endpoint's URL.
const endpointPrefix = "https://model-api.runcomfy.net/v1/models/"

// findEndpoints files the endpoint URLs in a range of the text, and reports
// whether there is one.
func (s *scanner) findEndpoints(t *text, in span) bool {
	seen := false
	for at := in.from; ; {
		i := bytes.Index(t.data[at:in.to], []byte(endpointPrefix))
		if i < 0 {
			return seen
		}
		url := at + i
		at = url + len(endpointPrefix)
		id := endpointID(t.data[at:in.to])
		// One segment is another resource of the API ("categories") and braces
		// are a template; neither names a model.
		if !strings.Contains(id, "/") || strings.ContainsAny(id, "{}") {
			continue
		}
		before := bytes.TrimRight(t.data[in.from:url], " \t\r\n'\"\\=")
		s.endpoints = append(s.endpoints, located[endpoint]{
			endpoint{id, bytes.HasSuffix(before, []byte("--url"))}, place{t, at}})
		seen = true
	}
}

// endpointID returns the model id at the start of text. An id may hold blanks,
// so it goes on to the line end, to " \", to the next option, or to what cannot
// stand in a URL.
func endpointID(text []byte) string {
	if i := bytes.IndexAny(text, "\r\n\t\\\"'`<>"); i >= 0 {
		text = text[:i]
	}
	id, _, _ := strings.Cut(string(text), " -")
	if i := strings.IndexAny(id, "?#"); i >= 0 {
		id = id[:i]
	}
	return strings.TrimRight(id, " ")
}
