package scrape

import (
	"bytes"
	"slices"
	"strings"

	"github.com/genclient/genclient/internal/jsontree"
)

// codeEnd is where code ends.
type codeEnd struct {
	until    int // offsets before it are in the same code
	start    int // of the code block, or -1
	at       int // with its block, or with the text
	limit    int // of a value: outside a block it does not go on into one
	lastLine int // where the last line before at starts
}

// endOf returns the end of the code that an offset is in. Offsets are looked up
// in order.
func (p *textScan) endOf(open int) codeEnd {
	if open < p.end.until {
		return p.end
	}
	text, blocks := p.text.data, p.text.marks.blocks
	end := codeEnd{start: -1, until: len(text), at: len(text), limit: len(text)}
	i, found := slices.BinarySearchFunc(blocks, open, func(b span, o int) int { return b.from - o })
	if found {
		i++
	}
	if i > 0 && open < blocks[i-1].to {
		end.start, end.at, end.until = blocks[i-1].from, blocks[i-1].to, blocks[i-1].to
	} else if i < len(blocks) {
		end.limit, end.until = blocks[i].from, blocks[i].from
	}
	end.lastLine = bytes.LastIndexByte(bytes.TrimRight(text[:end.at], " \t\r\n"), '\n') + 1
	p.end = end
	return end
}

// startsBlock reports whether an offset is where the code of a block starts.
func (p *textScan) startsBlock(open int) bool {
	start := p.end.start
	return start >= 0 && len(bytes.TrimSpace(p.text.data[start:open])) == 0
}

// cutOff reports whether the value that starts at open goes on to the end of
// the text, or of its code block, and returns that end.
func (p *textScan) cutOff(open int, err *jsontree.SyntaxError) (end int, cut bool) {
	code := p.end
	if err.CutOff {
		return code.at, code.limit == len(p.text.data)
	}
	if err.Offset < code.lastLine {
		return code.at, false
	}
	// Line ends after the code are not the value's: in a string they are errors.
	whole := bytes.TrimRight(p.text.data[open:min(code.at, code.limit)], " \t\r\n")
	if err.Offset >= open+len(whole) {
		return code.at, code.limit == len(p.text.data)
	}
	_, _, again := jsontree.Decode(whole, 0)
	return code.at, again != nil && syntaxError(again).CutOff && code.limit == len(p.text.data)
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

// elides reports whether a value has a member "...", as code has that is cut
// by hand and kept valid.
func elides(v *jsontree.Value) bool {
	return slices.ContainsFunc(v.Elems, elides) || slices.ContainsFunc(v.Members, func(m jsontree.Member) bool {
		name := strings.TrimSpace(m.Name)
		return name == "..." || name == "…" || elides(m.Value)
	})
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

// unfolded returns the first candidate of which another shows a part only, as a
// viewer that folds objects and shortens strings does, or else that other one.
func unfolded(c candidate, wholes []candidate) candidate {
	for _, w := range wholes {
		if folds := 0; isFoldOf(c.value, w.value, &folds) && folds > 0 {
			return w
		}
	}
	return c
}

// isFoldOf reports whether two values are the same but for objects and arrays
// that the first has empty and strings that it has shortened, and counts those.
func isFoldOf(part, whole *jsontree.Value, folds *int) bool {
	if part.Kind != whole.Kind {
		return false
	}
	switch part.Kind {
	case jsontree.String:
		start, isShort := strings.CutSuffix(strings.TrimRight(part.Text, " "), "…")
		if !isShort {
			start, isShort = strings.CutSuffix(strings.TrimRight(part.Text, " "), "...")
		}
		if start = strings.TrimRight(start, " "); isShort && part.Text != whole.Text &&
			strings.HasPrefix(whole.Text, start) {
			*folds++
			return true
		}
	case jsontree.Array, jsontree.Object:
		if len(part.Elems)+len(part.Members) == 0 && len(whole.Elems)+len(whole.Members) > 0 {
			*folds++
			return true
		}
	}
	if part.Kind != jsontree.Array && part.Kind != jsontree.Object {
		return same(part, whole)
	}
	if len(part.Elems) != len(whole.Elems) || len(part.Members) != len(whole.Members) {
		return false
	}
	for i, e := range part.Elems {
		if !isFoldOf(e, whole.Elems[i], folds) {
			return false
		}
	}
	return !slices.ContainsFunc(part.Members, func(m jsontree.Member) bool {
		other := whole.Get(m.Name)
		return other == nil || !isFoldOf(m.Value, other, folds)
	})
}
