// Package ir is the typed plan that the emitter prints: every Go name resolved,
// every type chosen, every check decided, in the order of the page. It is data: it
// knows nothing of schemas, which package plan reads, nor of Go syntax.
package ir

// Package is one package to generate.
type Package struct {
	Name   string
	Models []Model // sorted by id
	// Digest is the SHA-256, in hexadecimal, of the ids and schemas of the models:
	// it tells which schemas a package was generated from.
	Digest string
}

// Model is one model of the API.
type Model struct {
	ID          string
	Name        string // Go name: the client's method, and the prefix of the model's types
	File        string // of the generated source, without .gen.go
	Title       string
	Description string
	URL         string // of the documentation page
	Removed     bool   // vanished upstream
	OutputKind  OutputKind

	Input *Struct
	// Output is the model's own output when the page has one that differs from
	// the block that all models share, else nil.
	Output *Struct
	// Structs and Enums are the nested types in the order of their first use,
	// each once.
	Structs []*Struct
	Enums   []*Enum
	// Patterns are the model's patterns as RE2 expressions; Pattern.Number counts
	// from 1 in them.
	Patterns []string
}

// OutputKind is what a model makes.
type OutputKind uint8

// The kinds of output.
const (
	OutputOther OutputKind = iota
	OutputImage
	OutputVideo
	OutputAudio
)

// String returns the kind in lower case.
func (k OutputKind) String() string {
	return [...]string{"other", "image", "video", "audio"}[k]
}

// Type is the type of a value: a Scalar, an *Enum, a *Struct, a *List, a *Map
// or a Raw, and nothing else.
type Type interface{ isType() }

// Scalar is a plain Go type.
type Scalar uint8

// The scalar types.
const (
	String Scalar = iota
	Bool
	Int
	Float
)

// Enum is an open named type with constants for the members.
type Enum struct {
	Name    string
	Path    string // JSON path of the property that has it first, [] for the items of a list
	Base    EnumBase
	Members []EnumMember // in page order, values distinct
	Output  bool         // a part of the model's own output
}

// EnumBase is what an enum's values are.
type EnumBase uint8

// The bases. A mixed enum has members of several JSON types; its Go values are
// JSON texts.
const (
	EnumString EnumBase = iota
	EnumInt
	EnumFloat
	EnumMixed
)

// EnumMember is one value of an enum.
type EnumMember struct {
	Name  string // of the Go constant
	Value Value
	Doc   string // the page's own text for it, often ""
}

// ZeroIsMember reports whether the Go zero value is a member, so that it cannot
// stand for "not set".
func (e *Enum) ZeroIsMember() bool {
	for _, m := range e.Members {
		switch e.Base {
		case EnumString:
			if m.Value.String == "" {
				return true
			}
		case EnumInt, EnumFloat:
			if m.Value.Num.IsZero() {
				return true
			}
		}
	}
	return false
}

// Value is a constant: a string, or a number, or for a member of a mixed enum
// its JSON text.
type Value struct {
	String string
	Num    Num
}

// Struct is an object with known properties.
type Struct struct {
	Name   string
	Doc    string
	Fields []Field
	// Unchecked are the constraints on the input as a whole that are left to the
	// server, as in Field; those of a nested object stand at its field.
	Unchecked []string
	Output    bool // the model's own output or a part of it: nothing is checked
}

// List is an array whose items are all alike.
type List struct{ Elem Item }

// Map is an object with free names.
type Map struct{ Elem Item }

// Raw is JSON that has no Go type.
type Raw struct{}

// Item is an element of a list or a map.
type Item struct {
	Type    Type
	Pointer bool // may be null
	// NotNull says of a list or a map that it may not be null: a nil one would
	// be sent as that.
	NotNull bool
	Checks  []Check
	// Unchecked are the constraints left to the server, as in Field.
	Unchecked []string
}

func (Scalar) isType()  {}
func (*Enum) isType()   {}
func (*Struct) isType() {}
func (*List) isType()   {}
func (*Map) isType()    {}
func (Raw) isType()     {}

// Field is one property.
type Field struct {
	Name        string // Go name
	JSON        string // name on the wire
	Title       string
	Description string
	Type        Type
	Presence    Presence
	// Pointer says that the Go type is a pointer, nil for unset or null.
	Pointer bool
	// Default is what the server takes for an absent value, as Go or JSON text
	// for the comment; "" where the page's default says nothing about it.
	Default    string
	Deprecated bool
	Checks     []Check
	Media      MediaKind
	// MediaSure says that the property is media by its format or its rules, not
	// by its name, default or description only: it may take an id then.
	MediaSure  bool
	MediaRules []MediaRule
	// Unchecked are the constraints that are left to the server, as text for
	// the comment.
	Unchecked []string
}

// Presence says what an unset field means.
type Presence uint8

// The presences.
const (
	// Optional fields are left out of the JSON when unset.
	Optional Presence = iota
	// Required fields are always sent and unset is a violation.
	Required
	// Nullable fields are required but may be null: always sent, nil as null.
	Nullable
)

// Check is one constraint on a value: a Length, a Range, a MultipleOf, a
// Pattern, a Count, a UniqueItems or a Membership, and nothing else. That a
// field is required is its Presence.
type Check interface{ isCheck() }

// Length bounds a string's length in runes; Max is -1 without a bound.
type Length struct{ Min, Max int }

// Range bounds a number. A nil bound is none.
type Range struct {
	Min, Max                   *Num
	ExclusiveMin, ExclusiveMax bool
}

// MultipleOf asks that a number is a multiple of Step, which is above zero.
type MultipleOf struct{ Step Num }

// Pattern asks that a string matches an expression somewhere.
type Pattern struct {
	Number int    // in the model's Patterns, from 1
	Source string // as the page has it, of ECMA-262
}

// Count bounds the number of items of a list or a map; Max is -1 without a bound.
type Count struct{ Min, Max int }

// UniqueItems asks that no two items of a list are equal.
type UniqueItems struct{}

// Membership asks that a value is one of a few: a member of its enum type, or
// for a Bool field the one constant allowed.
type Membership struct{ Bool bool }

func (Length) isCheck()      {}
func (Range) isCheck()       {}
func (MultipleOf) isCheck()  {}
func (Pattern) isCheck()     {}
func (Count) isCheck()       {}
func (UniqueItems) isCheck() {}
func (Membership) isCheck()  {}

// MediaKind is what a media property takes.
type MediaKind uint8

// The kinds of media. NoMedia is a property that takes none.
const (
	NoMedia MediaKind = iota
	MediaImage
	MediaVideo
	MediaAudio
	MediaOther
)

// String returns the kind in lower case.
func (k MediaKind) String() string {
	return [...]string{"none", "image", "video", "audio", "media"}[k]
}

// MediaRule is one rule of a property's "validations".
type MediaRule struct {
	Metric  string // as width_pixels
	Op      string // one of > < >= <= ==
	Bound   Num
	Message string // the page's own validation_error
	PerItem bool   // the property is a list and the rule holds for each item
}
