package validate

import (
	"fmt"
	"slices"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/jsontree"
)

// checkHabits warns of what the schema allows and is a mistake nearly always: a
// property that it does not name, and a required string that is empty. It leaves
// out the values that are broken already, by offset.
func (v *validation) checkHabits(s, value *jsontree.Value, path string, broken map[int]bool) {
	if value.Is(jsontree.Array) {
		for i, item := range value.Elems {
			v.checkHabits(s.Get("items"), item, fmt.Sprintf("%s[%d]", path, i), broken)
		}
		return
	}
	props := s.Get("properties")
	if !value.Is(jsontree.Object) || !props.Is(jsontree.Object) {
		return
	}
	required := s.Get("required").Strings()
	for _, m := range value.Members {
		at := m.Name
		if path != "" {
			at = path + "." + m.Name
		}
		prop := props.Get(m.Name)
		switch {
		case broken[m.Value.Offset]:
		case prop == nil:
			if !isOpen(s) {
				v.unknown(at, m, props)
			}
			continue
		case m.Value.Is(jsontree.String) && m.Value.Text == "" && slices.Contains(required, m.Name):
			v.report(diag.Diagnostic{Severity: diag.Warning, Rule: "empty-required", Subject: at,
				Message: "is required and empty", Hint: "a generated client refuses it"}, m.Value.Offset)
		}
		v.checkHabits(prop, m.Value, at, broken)
	}
}

// isOpen reports whether an object schema names properties outside of properties.
func isOpen(s *jsontree.Value) bool {
	return slices.ContainsFunc([]string{"additionalProperties", "patternProperties", "allOf", "anyOf", "oneOf", "if", "$ref"},
		func(keyword string) bool { return s.Get(keyword) != nil })
}

// unknown warns of a member that is not a property of its object's schema.
func (v *validation) unknown(path string, m jsontree.Member, props *jsontree.Value) {
	names := make([]string, len(props.Members))
	for i, p := range props.Members {
		names[i] = p.Name
	}
	hint := ""
	if near := diag.Near(m.Name, names); len(near) > 0 {
		hint = "did you mean " + near[0] + "?"
	}
	v.report(diag.Diagnostic{Severity: diag.Warning, Rule: "unknown-property", Subject: path,
		Message: "is not a property of the schema", Hint: hint}, m.Offset)
}
