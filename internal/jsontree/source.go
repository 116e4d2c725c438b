package jsontree

import (
	"bytes"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/genclient/genclient/internal/diag"
)

// Source is a text with the name it is known by in diagnostics. It must not be copied or
// changed once a position was asked for.
type Source struct {
	File string
	Text []byte

	once  sync.Once
	marks []mark
}

// A mark is a place in a text from which lines and columns are counted on.
type mark struct {
	offset int
	line   int // from 1
	col    int // in runes, from 1
}

// markEvery is how many bytes at most are counted from a mark on: a lookup costs no more
// than that, wherever in the text it is and however long the line.
const markEvery = 1024

// Position turns an offset into a place: lines and columns from 1, columns in
// runes. The text is gone through once, at the first call.
func (s *Source) Position(offset int) diag.Position {
	if s == nil {
		return diag.Position{}
	}
	s.once.Do(s.index)
	offset = min(max(offset, 0), len(s.Text))
	i, found := slices.BinarySearchFunc(s.marks, offset, func(m mark, offset int) int { return m.offset - offset })
	if !found {
		i--
	}
	m := s.marks[i].advance(s.Text[s.marks[i].offset:offset])
	return diag.Position{File: s.File, Line: m.line, Col: m.col}
}

// index sets the marks, each at the start of a rune.
func (s *Source) index() {
	m := mark{line: 1, col: 1}
	s.marks = append(make([]mark, 0, len(s.Text)/markEvery+1), m)
	for m.offset < len(s.Text) {
		end := min(m.offset+markEvery, len(s.Text))
		for end < len(s.Text) && !utf8.RuneStart(s.Text[end]) && end > m.offset+markEvery-utf8.UTFMax {
			end--
		}
		m = m.advance(s.Text[m.offset:end])
		s.marks = append(s.marks, m)
	}
}

// advance returns the place after some more text.
func (m mark) advance(text []byte) mark {
	m.offset += len(text)
	if last := bytes.LastIndexByte(text, '\n'); last >= 0 {
		m.line += bytes.Count(text, []byte("\n"))
		m.col, text = 1, text[last+1:]
	}
	m.col += utf8.RuneCount(text)
	return m
}
