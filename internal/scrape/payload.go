package scrape

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/net/html"

	"github.com/genclient/genclient/internal/jsontree"
)

// data is what a script or an attribute carries: JSON values, or a text that
// is scanned for them.
type data struct {
	text   *text
	values []*jsontree.Value // nil when the text has to be scanned
	rows   *flight           // of a React Flight stream, else nil
	claims []claim           // of the element that the attribute is on
}

// payloads returns the data that a page's scripts and attributes carry: JSON
// scripts, but not the search engines' application/ld+json, JSON that scripts
// assign to a variable or parse, and the Flight stream of a Next.js page, joined
// from the pieces it comes in. The issues are what could not be read of it.
func (w *walker) payloads() (out []*data, issues []syntaxIssue) {
	stream := w.source.derive()
	stream.origin = payload
	for _, s := range w.scripts {
		s.content.origin = payload
		switch {
		case isJSONType(s.kind):
			d, issue := jsonData(s.content)
			out, issues = append(out, d), append(issues, issue...)
		case s.kind == "" || s.kind == "module" || strings.HasSuffix(s.kind, "/javascript"):
			if bytes.Contains(s.content.data, []byte(pushArray)) {
				issues = append(issues, joinPushes(stream, s.content)...)
				continue
			}
			assigned, more := assignedData(s.content)
			out, issues = append(out, assigned...), append(issues, more...)
		}
	}
	if len(stream.data) > 0 {
		rows, more := readFlight(stream)
		out = append(out, &data{text: stream, values: rows.roots, rows: rows})
		issues = append(issues, more...)
	}
	for _, a := range w.values {
		d, issue := jsonData(a.value)
		d.claims = a.claims
		out, issues = append(out, d), append(issues, issue...)
	}
	return out, issues
}

// isJSONType reports whether a script of this type is data for the page.
func isJSONType(kind string) bool {
	media, _, _ := strings.Cut(kind, ";")
	switch media = strings.TrimSpace(media); media {
	case "application/json", "text/json", "text/x-json", "application/x-json":
		return true
	case "application/ld+json":
		return false
	}
	return strings.HasSuffix(media, "+json")
}

// jsonData decodes a text that is one JSON value. Where it is not, or an object
// in it repeats a name, the text is scanned instead.
func jsonData(t *text) (*data, []syntaxIssue) {
	v, end, err := decodeDeep(t.data, 0)
	if err == nil && len(bytes.TrimSpace(t.data[end:])) == 0 {
		return &data{text: t, values: []*jsontree.Value{v}}, nil
	}
	if err != nil && syntaxError(err).CutOff {
		return &data{text: t}, []syntaxIssue{{location: location{t, syntaxError(err).Offset}}}
	}
	return &data{text: t}, nil
}

// joinPushes appends to the stream what a script pushes to it:
//
//	self.__next_f.push([1,"a piece of the stream"])
//	self.__next_f.push([3,"a piece in base64"])
//
// A piece may end anywhere, inside a value or an escape of the stream's own
// JSON. [0] starts the stream, and [2,...] is a form's state. The issues are
// pushes that are cut off or of another kind.
func joinPushes(stream, script *text) (issues []syntaxIssue) {
	for at := 0; ; {
		m := pushCall.FindIndex(script.data[at:])
		if m == nil {
			return issues
		}
		at += m[1]
		v, end, err := jsontree.Decode(script.data[at:], at)
		if err != nil {
			issue := syntaxIssue{location: location{script, at}, start: at}
			if e := syntaxError(err); !e.CutOff {
				issue.reason = "a piece of the page's data cannot be read: " + e.Message
			}
			issues = append(issues, issue)
			continue
		}
		if reason := joinPiece(stream, script, v); reason != "" {
			issues = append(issues, syntaxIssue{location: location{script, at}, start: at, reason: reason})
		}
		at += end
	}
}

// pushArray is the array that a Next.js page pushes its stream to.
const pushArray = "__next_f"

// pushCall is what is written before the array that is pushed.
var pushCall = regexp.MustCompile(pushArray +
	`["'\]]*(?:\s*(?:=|\|\||\[\s*\]|\)|(?:self|window|globalThis)[.\w\["'\]]*))*\s*\.push\(\s*`)

// joinPiece appends one piece to the stream, or says why it cannot be.
func joinPiece(stream, script *text, v *jsontree.Value) (reason string) {
	const unknown = "the page's data has a piece of an unknown kind: "
	if !v.Is(jsontree.Array) || len(v.Elems) == 0 {
		return unknown + v.Compact()
	}
	kind := v.Elems[0].Text
	if kind == "0" || kind == "2" {
		return ""
	}
	if len(v.Elems) != 2 || !v.Elems[1].Is(jsontree.String) {
		return unknown + shorten(v.Compact())
	}
	piece := v.Elems[1]
	origin := script.parentOffset(piece.Offset + len(`"`))
	switch kind {
	case "1":
		stream.add([]byte(piece.Text), origin, jsonString)
	case "3":
		plain, err := base64.StdEncoding.DecodeString(piece.Text)
		if err != nil {
			return "a piece of the page's data is not base64"
		}
		stream.add(plain, origin, opaque)
	default:
		return unknown + shorten(v.Compact())
	}
	return ""
}

// shorten returns the start of a text that a message shows.
func shorten(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

// assignment is what scripts hand data to a page with: a variable, a property
// or an argument that is a JSON value, or text that is parsed.
var assignment = regexp.MustCompile(`(?:[\w$"'\]]\s*=|[\w$]\()\s*([\[{])` + "|JSON\\.parse\\(\\s*([\"'`])")

// assignedData returns the data that a script assigns or parses:
//
//	window.__STATE__ = {"props": {}}
//	const state = JSON.parse("{\"props\": {}}")
//
// What is no JSON, as an object with a function, is left alone.
func assignedData(script *text) (out []*data, issues []syntaxIssue) {
	for at := 0; ; {
		m := assignment.FindSubmatchIndex(script.data[at:])
		if m == nil {
			return out, issues
		}
		if m[4] >= 0 {
			open := at + m[4]
			literal, end := jsStringText(script, open)
			at = max(end, open+1)
			if literal == nil {
				issues = append(issues, syntaxIssue{location: location{script, open}, start: open})
				continue
			}
			d, issue := jsonData(literal)
			out, issues = append(out, d), append(issues, issue...)
			continue
		}
		open := at + m[2]
		v, end, err := decodeDeep(script.data[open:], open)
		at = open + 1
		switch {
		case err == nil:
			out = append(out, &data{text: script, values: []*jsontree.Value{v}})
			at = open + end
		case syntaxError(err).CutOff:
			issues = append(issues, syntaxIssue{location: location{script, len(script.data)}, start: open})
			return out, issues
		}
	}
}

// jsStringText returns the content of the JavaScript string that starts at
// open, and the offset after it; nil when it does not end.
func jsStringText(script *text, open int) (literal *text, end int) {
	quote := script.data[open]
	t := script.derive()
	from := open + 1
	for at := from; at < len(script.data); {
		switch c := script.data[at]; {
		case c == quote:
			t.add(script.data[from:at], from, verbatim)
			return t, at + 1
		case c == '\\':
			t.add(script.data[from:at], from, verbatim)
			size, plain := jsEscape(script.data[at:])
			t.add([]byte(plain), at, jsString)
			at += size
			from = at
		default:
			at++
		}
	}
	return nil, len(script.data)
}

// jsEscape returns the size of the escape that raw starts with, and what it
// stands for (ECMA-262, section 12.9.4).
func jsEscape(raw []byte) (size int, plain string) {
	if len(raw) < 2 {
		return len(raw), ""
	}
	switch c := raw[1]; c {
	case 'x':
		if len(raw) >= 4 {
			return 4, string(hexRune(raw[2:4]))
		}
	case 'u':
		if len(raw) > 3 && raw[2] == '{' {
			if i := bytes.IndexByte(raw[:min(len(raw), 12)], '}'); i > 0 {
				return i + 1, string(hexRune(raw[3:i]))
			}
		}
		size, _ := escapeUnit(raw)
		if size >= 6 {
			var s string
			if v, _, err := jsontree.Decode(fmt.Appendf(nil, `"%s"`, raw[:size]), 0); err == nil {
				s = v.Text
			}
			return size, s
		}
	case '\n':
		return 2, ""
	case '\r':
		if bytes.HasPrefix(raw, []byte("\\\r\n")) {
			return 3, ""
		}
		return 2, ""
	case 'n', 't', 'r', 'b', 'f', 'v', '0':
		return 2, string("\n\t\r\b\f\v\x00"[strings.IndexByte("ntrbfv0", c)])
	}
	return 2, string(raw[1:2])
}

// attribute is an attribute whose value carries data for the page.
type attribute struct {
	value  *text
	claims []claim // what its element says of a model
}

// readAttributes keeps the attributes of an element that hold JSON or a
// command: scripts of the page make code and forms of them.
func (w *walker) readAttributes(n *html.Node) {
	for _, a := range n.Attr {
		switch a.Key {
		case "href", "src", "action", "style", "class", "content", "srcdoc", "srcset":
			continue
		}
		value := strings.TrimSpace(a.Val)
		isJSON := len(value) > 1 && (value[0] == '{' || value[0] == '[') && strings.Contains(value, `"`)
		if !isJSON && !strings.Contains(value, apiHost) {
			continue
		}
		t := w.source.derive()
		t.origin = payload
		t.add([]byte(a.Val), w.attributeOffset(a), markup)
		w.values = append(w.values, attribute{normalizeBlanks(t), attributeClaims(n)})
	}
}

// attributeOffset returns where an attribute's value is in the source. The
// parsed tree keeps no offsets, so it is looked for from where the walk is.
func (w *walker) attributeOffset(a html.Attribute) int {
	from := w.here()
	i := bytes.Index(w.source.data[from:], []byte(a.Key+"="))
	if i < 0 {
		return from
	}
	at := from + i + len(a.Key) + len("=")
	if at < len(w.source.data) && (w.source.data[at] == '"' || w.source.data[at] == '\'') {
		at++
	}
	return at
}
