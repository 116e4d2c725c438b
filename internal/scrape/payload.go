package scrape

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/genclient/genclient/internal/jsontree"
)

// payloads returns the data that a page's scripts carry: JSON scripts, but not
// the search engines' application/ld+json, and the Flight stream of a Next.js
// page, joined from the pieces it comes in. cut is where a script is cut off.
func (w *walker) payloads() (out []*text, cut *trouble) {
	stream := w.source.derive()
	for _, s := range w.scripts {
		switch s.kind {
		case "application/json":
			out = append(out, s.content)
		case "", "text/javascript", "module":
			if at := joinPushes(stream, s.content); at != nil {
				cut = at
			}
		}
	}
	if len(stream.data) > 0 {
		stream.stream = readFlight(stream.data)
		out = append(out, stream)
	}
	return out, cut
}

// joinPushes appends to the stream what a script pushes to it:
//
//	self.__next_f.push([1,"a piece of the stream"])
//
// A piece is a JSON string and may end anywhere, inside a value or an escape of
// the stream's own JSON. The result is the place of a push that is cut off.
func joinPushes(stream, script *text) *trouble {
	const array, push = "__next_f", ".push("
	for at := 0; ; {
		i := bytes.Index(script.data[at:], []byte(array))
		if i < 0 {
			return nil
		}
		at += i + len(array)
		i = bytes.Index(script.data[at:], []byte(push))
		if i < 0 {
			return nil
		}
		at += i + len(push)
		v, size, err := jsontree.Decode(script.data[at:], at)
		var syntax *jsontree.SyntaxError
		if errors.As(err, &syntax) && syntax.CutOff {
			return &trouble{place: place{script, at}, start: at}
		}
		if err != nil || len(v.Elems) != 2 || v.Elems[0].Text != "1" {
			continue
		}
		if piece := v.Elems[1]; piece.Kind == jsontree.String {
			origin := script.parentOffset(piece.Offset + len(`"`))
			stream.add([]byte(piece.Text), origin, jsonString)
		}
		at += size
	}
}

// flight is what the rows of a React Flight stream say of strings that stand
// in rows of their own.
type flight struct {
	texts map[string]string // by row id
	spans []span            // of the texts in the stream, in order
}

// readFlight reads the rows of a stream. A row is
//
//	ID ":" JSON NEWLINE, or
//	ID ":T" LENGTH "," TEXT
//
// with ID and LENGTH in hexadecimal, LENGTH in bytes. Long strings are written
// as text rows, and "$ID" in their place.
func readFlight(data []byte) *flight {
	f := &flight{texts: map[string]string{}}
	for at := 0; at < len(data); {
		id, rest, ok := strings.Cut(string(data[at:min(len(data), at+16)]), ":")
		if ok && strings.HasPrefix(rest, "T") {
			from := at + len(id) + len(":T")
			digits, _, _ := strings.Cut(string(data[from:min(len(data), from+10)]), ",")
			if n, err := strconv.ParseUint(digits, 16, 31); err == nil {
				from += len(digits) + len(",")
				to := from + int(n)
				if to > len(data) {
					return f
				}
				f.texts["$"+id] = string(data[from:to])
				f.spans = append(f.spans, span{from, to})
				at = to
				continue
			}
		}
		i := bytes.IndexByte(data[at:], '\n')
		if i < 0 {
			return f
		}
		at += i + 1
	}
	return f
}

// inText reports whether an offset of the stream stands in a text row, where
// "$" means itself.
func (f *flight) inText(offset int) bool {
	return slices.ContainsFunc(f.spans, func(s span) bool { return s.from <= offset && offset < s.to })
}

// resolve puts the text of rows in the place of references to them, in a value
// that stands in a stream, and takes off the "$" that escapes another. It
// returns the first reference that cannot be resolved, or nil.
func resolve(l located[*jsontree.Value]) (dangling *jsontree.Value) {
	if l.text == nil || l.text.stream == nil || l.text.stream.inText(l.offset) {
		return nil
	}
	return l.text.stream.resolve(l.value)
}

func (f *flight) resolve(v *jsontree.Value) *jsontree.Value {
	if reference, ok := strings.CutPrefix(v.Str(), "$"); ok {
		row, known := f.texts[v.Text]
		switch {
		case strings.HasPrefix(reference, "$"):
			v.Text = reference
		case known:
			v.Text = row
		default:
			return v
		}
	}
	for _, e := range v.Elems {
		if dangling := f.resolve(e); dangling != nil {
			return dangling
		}
	}
	for _, m := range v.Members {
		if dangling := f.resolve(m.Value); dangling != nil {
			return dangling
		}
	}
	return nil
}
