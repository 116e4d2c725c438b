// Package jsontree holds JSON text as an ordered tree that knows where each of
// its values stands and how each number is written, and writes it back.
package jsontree

import (
	"slices"
)

// Kind is the type of a JSON value.
type Kind uint8

// The kinds of JSON values.
const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
)

// String returns the JSON name of the kind.
func (k Kind) String() string {
	return [...]string{"null", "boolean", "number", "string", "array", "object"}[k]
}

// WithArticle returns the JSON name of the kind with its article, for messages.
func (k Kind) WithArticle() string {
	switch k {
	case Null:
		return "null"
	case Array, Object:
		return "an " + k.String()
	}
	return "a " + k.String()
}

// Value is a JSON value that remembers what encoding/json forgets: the order of
// members, the spelling of numbers and the place in the source. A nil *Value is
// an absent value; all methods take one.
type Value struct {
	Kind    Kind
	Text    string   // the string decoded, the number as written, "true" or "false"
	Elems   []*Value // of an array
	Members []Member // of an object, in source order, names unique
	Offset  int      // bytes from the start of the source
}

// Member is one name and value of an object.
type Member struct {
	Name   string
	Value  *Value
	Offset int // of the name
}

// Get returns the member of an object, or nil.
func (v *Value) Get(name string) *Value {
	if v != nil {
		for i := range v.Members {
			if v.Members[i].Name == name {
				return v.Members[i].Value
			}
		}
	}
	return nil
}

// Is reports whether the value is there and of kind k.
func (v *Value) Is(k Kind) bool { return v != nil && v.Kind == k }

// Str returns the text of a string, or "" for anything else.
func (v *Value) Str() string {
	if v.Is(String) {
		return v.Text
	}
	return ""
}

// True reports whether the value is the literal true.
func (v *Value) True() bool { return v.Is(Bool) && v.Text == "true" }

// Items returns the elements of an array, or nil.
func (v *Value) Items() []*Value {
	if v == nil {
		return nil
	}
	return v.Elems
}

// Strings returns the strings of an array, leaving out what is none.
func (v *Value) Strings() []string {
	if v == nil {
		return nil
	}
	var out []string
	for _, e := range v.Elems {
		if e.Kind == String {
			out = append(out, e.Text)
		}
	}
	return out
}

// Equal reports whether two values have the same kinds, texts, elements and
// members in the same order; offsets do not count.
func (v *Value) Equal(w *Value) bool {
	if v == nil || w == nil {
		return v == w
	}
	return v.Kind == w.Kind && v.Text == w.Text &&
		slices.EqualFunc(v.Elems, w.Elems, (*Value).Equal) &&
		slices.EqualFunc(v.Members, w.Members, func(a, b Member) bool {
			return a.Name == b.Name && a.Value.Equal(b.Value)
		})
}

// Brief describes a value in a message: scalars by their text.
func (v *Value) Brief() string {
	if v.Kind == Array || v.Kind == Object {
		return v.Kind.WithArticle()
	}
	const most = 40
	text := v.Compact()
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "..."
	}
	return text
}
