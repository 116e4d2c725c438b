package dialect

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/genclient/genclient/internal/jsontree"
)

// Required returns the names that a schema requires, as they stand in it. What is not
// a string in the list is ignored.
func Required(v *jsontree.Value) []*jsontree.Value {
	return slices.DeleteFunc(slices.Clone(WellFormed(v, "required").Items()), func(e *jsontree.Value) bool {
		return e.Kind != jsontree.String
	})
}

// RequiredUnknown is the problem of a required name that is not a property of the
// schema at path. The site has such: the name is ignored.
func RequiredUnknown(name *jsontree.Value, path string) Problem {
	return Problem{Rule: "required-unknown", Offset: name.Offset, Path: JoinPath(path, name.Text),
		Message: fmt.Sprintf("%q is required and not a property", name.Text)}
}

// AdditionalProperties returns a problem when a schema that names properties also has
// a schema for others: a struct has no place for them.
func AdditionalProperties(properties, additional *jsontree.Value) *Problem {
	if !additional.Is(jsontree.Object) || !properties.Is(jsontree.Object) || len(properties.Members) == 0 {
		return nil
	}
	return &Problem{Rule: "additional-properties", Offset: additional.Offset, Message: "properties that are not named have a schema"}
}

// RootWithoutProperties is the problem of a root that names no properties.
func RootWithoutProperties(root *jsontree.Value) Problem {
	return Problem{Rule: "root-without-properties", Offset: root.Offset, Message: "the schema names no properties"}
}

// Taggable reports whether encoding/json takes a name from a struct tag: it is not
// empty and has letters, digits and ASCII punctuation only, but no quotes, backslash
// or comma (isValidTag of encoding/json).
func Taggable(name string) bool {
	for _, r := range name {
		if !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return false
		}
	}
	return name != ""
}

// PropertyName returns a problem when a property's name is not Taggable.
func PropertyName(m jsontree.Member) *Problem {
	if Taggable(m.Name) {
		return nil
	}
	return &Problem{Rule: "property-name", Offset: m.Offset, Message: fmt.Sprintf("no struct tag carries the name %q", m.Name)}
}
