package scrape

import (
	"bytes"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/genclient/genclient/internal/jsontree"
)

// A flight is a React Flight stream, the format in which a Next.js page sends
// the data that it is made of (react-client, ReactFlightClient.js). A row is
//
//	ID ":" JSON NEWLINE, or
//	ID ":" TAG DATA NEWLINE, or
//	ID ":" TAG LENGTH "," DATA    for text (T) and binary data
//
// with ID and LENGTH in hexadecimal, LENGTH in bytes. Strings that start with
// "$" refer to other rows or stand for values that JSON does not have; every
// such string is replaced by what it means.
type flight struct {
	roots  []*jsontree.Value                   // the rows that no other refers to
	texts  map[*jsontree.Value]int             // strings that are text rows, with their offsets
	rows   map[string]*jsontree.Value          // by id
	ids    []string                            // in stream order
	used   map[string]bool                     // the rows that others refer to
	linked map[*jsontree.Value]*jsontree.Value // what stands for a value; nil while that is found out
	depth  int                                 // of links
}

// A marker is a value that JSON does not have: a null whose text is how the
// stream writes it, such as "$undefined" or "$2f" for a row that is not there.
func marker(v *jsontree.Value, text string) *jsontree.Value {
	return &jsontree.Value{Kind: jsontree.Null, Text: text, Offset: v.Offset}
}

func isMarker(v *jsontree.Value) bool { return v.Is(jsontree.Null) && strings.HasPrefix(v.Text, "$") }

const undefined = "$undefined"

// readFlight reads the rows of a stream and links them. The issues are rows
// that could not be read.
func readFlight(t *text) (*flight, []syntaxIssue) {
	f := &flight{texts: map[*jsontree.Value]int{}, rows: map[string]*jsontree.Value{},
		used: map[string]bool{}, linked: map[*jsontree.Value]*jsontree.Value{}}
	var issues []syntaxIssue
	for at := 0; at < len(t.data); {
		next, issue := f.readRow(t, at)
		if issue != nil {
			issues = append(issues, *issue)
		}
		at = next
	}
	for _, id := range f.ids {
		f.rows[id] = f.link(f.rows[id])
	}
	for _, id := range f.ids {
		if !f.used[id] || id == "0" {
			f.roots = append(f.roots, f.rows[id])
		}
	}
	return f, issues
}

// rowHead starts a row: its id and, where it has one, its tag.
var rowHead = regexp.MustCompile(`^([0-9a-f]*):([A-Z#rxosulgmb](?:([0-9a-f]+),)?)?`)

// readRow reads the row at an offset and returns where the next one starts.
func (f *flight) readRow(t *text, at int) (next int, issue *syntaxIssue) {
	lineEnd := len(t.data)
	if i := bytes.IndexByte(t.data[at:], '\n'); i >= 0 {
		lineEnd = at + i
	}
	m := rowHead.FindSubmatchIndex(t.data[at:])
	if m == nil {
		return lineEnd + 1, nil
	}
	id, from := string(t.data[at+m[2]:at+m[3]]), at+m[1]
	var tag byte
	if m[4] >= 0 {
		tag = t.data[at+m[4]]
	}
	switch {
	case m[6] >= 0 && strings.IndexByte("TAOobUSsLlGgMmV", tag) >= 0:
		n, err := strconv.ParseUint(string(t.data[at+m[6]:at+m[7]]), 16, 31)
		if err != nil || int(n) > len(t.data)-from {
			return len(t.data), &syntaxIssue{location: location{t, len(t.data)}, start: at}
		}
		if tag == 'T' {
			row := &jsontree.Value{Kind: jsontree.String, Text: string(t.data[from : from+int(n)]), Offset: from}
			f.texts[row] = from
			f.set(id, row)
		}
		return from + int(n), nil
	case tag != 0 && isRowTag(t.data[at+m[4]:lineEnd]):
		return lineEnd + 1, nil // modules, hints and errors of the page
	}
	from = at + m[3] + len(":")
	v, size, err := decodeDeep(t.data[from:], from)
	switch {
	case err == nil:
		f.set(id, v)
		return max(lineEnd, from+size) + 1, nil
	case syntaxError(err).CutOff:
		return len(t.data), &syntaxIssue{location: location{t, len(t.data)}, start: from}
	}
	return lineEnd + 1, &syntaxIssue{location{t, syntaxError(err).Offset}, from, syntaxError(err).Message, ""}
}

// isRowTag reports whether a row's data starts with a tag, and not with the
// JSON of a model row, which starts with no capital.
func isRowTag(row []byte) bool {
	return row[0] == '#' || row[0] == 'r' || row[0] == 'x' || row[0] < 'a'
}

func (f *flight) set(id string, v *jsontree.Value) {
	if _, ok := f.rows[id]; !ok {
		f.ids = append(f.ids, id)
	}
	f.rows[id] = v
}

// maxLinks is how many rows may refer to each other in a row.
const maxLinks = 5000

// link replaces the strings in a value that stand for something else, and
// returns what stands for the value itself. A reference to a value that it is
// in is left as a marker.
func (f *flight) link(v *jsontree.Value) *jsontree.Value {
	to, started := f.linked[v]
	switch {
	case to != nil:
		return to
	case started, f.depth == maxLinks:
		return marker(v, "$cycle")
	}
	f.linked[v] = nil
	f.depth++
	to = f.linkOnce(v)
	f.depth--
	f.linked[v] = to
	return to
}

func (f *flight) linkOnce(v *jsontree.Value) *jsontree.Value {
	switch v.Kind {
	case jsontree.String:
		if f.isReference(v) {
			return f.meaning(v)
		}
	case jsontree.Array:
		for i, e := range v.Elems {
			if i > 0 || e.Str() != "$" { // the mark of an element
				v.Elems[i] = f.link(e)
			}
		}
	case jsontree.Object:
		for i, m := range v.Members {
			v.Members[i].Value = f.link(m.Value)
		}
		v.Members = slices.DeleteFunc(v.Members, func(m jsontree.Member) bool {
			return m.Value.Is(jsontree.Null) && m.Value.Text == undefined
		})
	}
	return v
}

// isReference reports whether a string stands for something else than itself.
func (f *flight) isReference(v *jsontree.Value) bool {
	_, isText := f.texts[v]
	return !isText && strings.HasPrefix(v.Str(), "$")
}

// meaning returns what a string that starts with "$" stands for.
func (f *flight) meaning(v *jsontree.Value) *jsontree.Value {
	rest := v.Text[1:]
	number := func(s string) *jsontree.Value {
		return &jsontree.Value{Kind: jsontree.Number, Text: s, Offset: v.Offset}
	}
	switch {
	case strings.HasPrefix(rest, "$"):
		return &jsontree.Value{Kind: jsontree.String, Text: rest, Offset: v.Offset}
	case rest == "-0":
		return number("-0")
	case rest == "NaN", rest == "Infinity", rest == "-Infinity", rest == "undefined":
		return marker(v, v.Text)
	case strings.HasPrefix(rest, "n") && bigInt.MatchString(rest[1:]):
		return number(rest[1:])
	case strings.HasPrefix(rest, "D"):
		return &jsontree.Value{Kind: jsontree.String, Text: rest[1:], Offset: v.Offset}
	case strings.HasPrefix(rest, "L"), strings.HasPrefix(rest, "@"):
		return f.follow(v, rest[1:])
	case strings.HasPrefix(rest, "W"):
		return f.follow(v, rest[1:])
	case strings.HasPrefix(rest, "Q"):
		return object(f.follow(v, rest[1:]))
	}
	return f.follow(v, rest)
}

// bigInt is what follows "$n"; longer ones no schema has.
var bigInt = regexp.MustCompile(`^-?(?:0|[1-9][0-9]{0,99})$`)

// object makes an object of the entries of a map.
func object(entries *jsontree.Value) *jsontree.Value {
	out := &jsontree.Value{Kind: jsontree.Object, Offset: entries.Offset}
	for _, e := range entries.Items() {
		if len(e.Elems) != 2 || !e.Elems[0].Is(jsontree.String) || out.Get(e.Elems[0].Text) != nil {
			return marker(entries, "$Q")
		}
		key := e.Elems[0]
		out.Members = append(out.Members, jsontree.Member{Name: key.Text, Value: e.Elems[1], Offset: key.Offset})
	}
	return out
}

// follow returns what a reference, a row's id and a path in it, leads to.
func (f *flight) follow(v *jsontree.Value, reference string) *jsontree.Value {
	id, path, _ := strings.Cut(reference, ":")
	to, ok := f.rows[id]
	if !ok {
		return marker(v, v.Text)
	}
	if path == "" {
		f.used[id] = true
		if to = f.link(to); isMarker(to) {
			return marker(v, v.Text)
		}
		return to
	}
	for step := range strings.SplitSeq(path, ":") {
		if f.isReference(to) {
			to = f.link(to)
		}
		if to = member(to, step); to == nil {
			return marker(v, v.Text)
		}
	}
	if to = f.link(to); isMarker(to) {
		return marker(v, v.Text)
	}
	return to
}

// member returns what one step of a path leads to: a member, an element, or a
// part of an element ["$", type, key, props] by its name.
func member(v *jsontree.Value, step string) *jsontree.Value {
	if v.Is(jsontree.Object) {
		if m := v.Get(step); m != nil || step != "props" {
			return m
		}
		return v // "3" led to the props already
	}
	if len(v.Items()) == 0 {
		return nil
	}
	if v.Elems[0].Str() == "$" {
		if i := slices.Index([]string{"type", "key", "props"}, step); i >= 0 {
			step = strconv.Itoa(i + 1)
		}
	}
	i, err := strconv.ParseUint(step, 10, 31)
	if err != nil || i >= uint64(len(v.Elems)) || i > math.MaxInt32 {
		return nil
	}
	return v.Elems[i]
}
