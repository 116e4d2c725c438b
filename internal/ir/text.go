package ir

import (
	"fmt"
	"strconv"
	"strings"
)

// Text returns the plan as text, the form that "genclient list --ir" prints:
// one line a model, a type, a field and a rule, indented by nesting, texts of
// the page as quoted Go strings. It is stable and made for comparing.
func (p *Package) Text() string {
	var w textWriter
	for i := range p.Models {
		w.model(&p.Models[i])
	}
	return w.String()
}

type textWriter struct{ strings.Builder }

func (w *textWriter) line(depth int, format string, args ...any) {
	w.WriteString(strings.Repeat("  ", depth))
	fmt.Fprintf(w, format, args...)
	w.WriteByte('\n')
}

func (w *textWriter) model(m *Model) {
	w.line(0, "model %s", strconv.Quote(m.ID))
	w.line(1, "go %s, file %s, output %s", m.Name, m.File, m.OutputKind)
	for _, text := range []struct{ key, value string }{
		{"title", m.Title}, {"description", m.Description}, {"url", m.URL},
	} {
		if text.value != "" {
			w.line(1, "%s %s", text.key, strconv.Quote(text.value))
		}
	}
	if m.Removed {
		w.line(1, "removed")
	}
	w.object(m.Input)
	for _, s := range m.Structs {
		w.object(s)
	}
	if m.Output != nil {
		w.object(m.Output)
	}
	for _, e := range m.Enums {
		w.line(1, "enum %s %s", e.Name, [...]string{"string", "int64", "float64", "mixed"}[e.Base])
		for _, member := range e.Members {
			value := strconv.Quote(member.Value.String)
			if e.Base == EnumInt || e.Base == EnumFloat {
				value = member.Value.Num.Text
			}
			w.line(2, "%s %s%s", member.Name, value, quotedAfter(" ", member.Doc))
		}
	}
}

func quotedAfter(before, s string) string {
	if s == "" {
		return ""
	}
	return before + strconv.Quote(s)
}

func (w *textWriter) object(s *Struct) {
	w.line(1, "struct %s%s", s.Name, quotedAfter(" ", s.Doc))
	for i := range s.Fields {
		w.field(&s.Fields[i])
	}
	for _, text := range s.Unchecked {
		w.line(2, "unchecked %s", strconv.Quote(text))
	}
}

func (w *textWriter) field(f *Field) {
	typ := typeText(f.Type)
	if f.Pointer {
		typ = "*" + typ
	}
	line := fmt.Sprintf("%s %s %s %s", f.Name, strconv.Quote(f.JSON), f.Presence, typ)
	if f.Media != NoMedia {
		line += " " + f.Media.String()
	}
	line += checksText(f.Type, f.Checks)
	if f.Default != "" {
		line += " default=" + f.Default
	}
	if f.Deprecated {
		line += " deprecated"
	}
	w.line(2, "%s", line)
	w.items("item", f.Type)
	for _, text := range []struct{ key, value string }{{"title", f.Title}, {"description", f.Description}} {
		if text.value != "" {
			w.line(3, "%s %s", text.key, strconv.Quote(text.value))
		}
	}
	if f.MediaSure {
		w.line(3, "surely media")
	}
	for _, r := range f.MediaRules {
		each := ""
		if r.PerItem {
			each = " per item"
		}
		w.line(3, "rule %s %s%s%s", strconv.Quote(r.Metric+r.Op), r.Bound.Text, each, quotedAfter(" ", r.Message))
	}
	for _, text := range f.Unchecked {
		w.line(3, "unchecked %s", strconv.Quote(text))
	}
}

// items writes what is asked of the items of a list or a map, and of theirs.
func (w *textWriter) items(key string, t Type) {
	var it Item
	switch t := t.(type) {
	case *List:
		it = t.Elem
	case *Map:
		it = t.Elem
	default:
		return
	}
	if it.NotNull {
		w.line(3, "%s not null", key)
	}
	if checks := checksText(it.Type, it.Checks); checks != "" {
		w.line(3, "%s%s", key, checks)
	}
	for _, text := range it.Unchecked {
		w.line(3, "%s unchecked %s", key, strconv.Quote(text))
	}
	w.items(key+" item", it.Type)
}

// String returns the presence in lower case.
func (p Presence) String() string { return [...]string{"optional", "required", "nullable"}[p] }

func typeText(t Type) string {
	switch t := t.(type) {
	case Scalar:
		return [...]string{"string", "bool", "int64", "float64"}[t]
	case *Enum:
		return t.Name
	case *Struct:
		return t.Name
	case *List:
		return "[]" + itemText(t.Elem)
	case *Map:
		return "map[string]" + itemText(t.Elem)
	case Raw:
		return "json"
	}
	panic(fmt.Sprintf("a type outside the closed set: %T", t))
}

func itemText(it Item) string {
	if it.Pointer {
		return "*" + typeText(it.Type)
	}
	return typeText(it.Type)
}

func checksText(t Type, checks []Check) string {
	var b strings.Builder
	for _, c := range checks {
		switch c := c.(type) {
		case Length:
			b.WriteString(" length=" + spanText(c.Min, c.Max))
		case Count:
			b.WriteString(" count=" + spanText(c.Min, c.Max))
		case Range:
			b.WriteString(" range=" + rangeText(c))
		case MultipleOf:
			b.WriteString(" multiple=" + c.Step.Text)
		case Pattern:
			b.WriteString(" pattern=" + strconv.Quote(c.Source))
		case UniqueItems:
			b.WriteString(" unique")
		case Membership:
			if t == Bool {
				b.WriteString(" only=" + strconv.FormatBool(c.Bool))
			}
		}
	}
	return b.String()
}

func spanText(low, high int) string {
	if high < 0 {
		return strconv.Itoa(low) + ".."
	}
	return strconv.Itoa(low) + ".." + strconv.Itoa(high)
}

// rangeText writes a range as an interval, [0,1) for 0 <= x < 1.
func rangeText(r Range) string {
	low, high, open, end := "", "", "[", "]"
	if r.Min != nil {
		low = r.Min.Text
	}
	if r.Max != nil {
		high = r.Max.Text
	}
	if r.Min == nil || r.ExclusiveMin {
		open = "("
	}
	if r.Max == nil || r.ExclusiveMax {
		end = ")"
	}
	return open + low + "," + high + end
}
