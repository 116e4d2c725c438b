package jsontree

import (
	"bytes"
	"encoding/json"
	"strings"
)

// AppendIndent appends the canonical form of v: two blanks per level, one
// member or element a line, no HTML escaping, strings escaped as encoding/json
// does, numbers as they were written. prefix is the indentation of the line
// that v starts on.
func (v *Value) AppendIndent(b []byte, prefix string) []byte {
	switch {
	case v == nil || v.Kind == Null:
		return append(b, "null"...)
	case v.Kind == String:
		return appendString(b, v.Text)
	case v.Kind == Bool || v.Kind == Number:
		return append(b, v.Text...)
	case len(v.Elems)+len(v.Members) == 0 && v.Kind == Array:
		return append(b, "[]"...)
	case len(v.Elems)+len(v.Members) == 0:
		return append(b, "{}"...)
	}
	inner := prefix + "  "
	open, end := byte('['), byte(']')
	if v.Kind == Object {
		open, end = '{', '}'
	}
	b = append(b, open)
	for i, e := range v.Elems {
		b = appendLine(b, i, inner)
		b = e.AppendIndent(b, inner)
	}
	for i, m := range v.Members {
		b = appendLine(b, i, inner)
		b = appendString(b, m.Name)
		b = append(b, ": "...)
		b = m.Value.AppendIndent(b, inner)
	}
	b = append(b, '\n')
	b = append(b, prefix...)
	return append(b, end)
}

// appendLine starts the line of element or member i.
func appendLine(b []byte, i int, prefix string) []byte {
	if i > 0 {
		b = append(b, ',')
	}
	b = append(b, '\n')
	return append(b, prefix...)
}

// appendString appends s as a JSON string.
func appendString(b []byte, s string) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		panic("encoding a string cannot fail: " + err.Error())
	}
	return append(b, bytes.TrimSuffix(buf.Bytes(), []byte("\n"))...)
}

// Compact returns v as JSON on one line, in the source's order and spelling.
func (v *Value) Compact() string {
	var b strings.Builder
	v.compact(&b)
	return b.String()
}

func (v *Value) compact(b *strings.Builder) {
	switch {
	case v.Is(Array):
		b.WriteByte('[')
		for i, e := range v.Elems {
			if i > 0 {
				b.WriteByte(',')
			}
			e.compact(b)
		}
		b.WriteByte(']')
	case v.Is(Object):
		b.WriteByte('{')
		for i, m := range v.Members {
			if i > 0 {
				b.WriteByte(',')
			}
			b.Write(appendString(nil, m.Name))
			b.WriteByte(':')
			m.Value.compact(b)
		}
		b.WriteByte('}')
	default:
		b.Write(v.AppendIndent(nil, ""))
	}
}

// NewString, NewArray and NewObject build values that stand in no source.
func NewString(s string) *Value { return &Value{Kind: String, Text: s} }

// NewArray returns an array of the elements.
func NewArray(elems ...*Value) *Value { return &Value{Kind: Array, Elems: elems} }

// NewObject returns an object of the members, leaving out those without a value.
func NewObject(members ...Member) *Value {
	v := &Value{Kind: Object}
	for _, m := range members {
		if m.Value != nil {
			v.Members = append(v.Members, m)
		}
	}
	return v
}
