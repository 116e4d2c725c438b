package emit

import (
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/genclient/genclient/internal/ir"
)

// fieldDoc says what a field is, whether it has to be set, what the page says
// of it and what is checked.
//
//	// CfgScale (Prompt Strength) is optional. High strength ensures prompt accuracy but
//	// reduces diversity. From 0 to 1. Server default: 0.5.
func fieldDoc(f *ir.Field, output bool) comment {
	var c comment
	name := f.Name
	if title := strings.TrimSpace(f.Title); title != "" && !strings.EqualFold(squash(title), squash(f.Name)) {
		name += " (" + title + ")"
	}
	presence := [...]string{"is optional.", "is required.", "is required and may be null: nil."}[f.Presence]
	if output {
		presence = "may be absent."
	}
	c.para(append([]string{name, presence, mediaText(f), sentence(f.Description)}, facts(f)...)...)
	if rules := rulesText(f); rules != "" {
		c.para(rules)
	}
	if len(f.Unchecked) > 0 {
		c.para("Not checked here:", sentence(strings.Join(f.Unchecked, ", ")))
	}
	if f.Deprecated {
		c.para("Deprecated: the page says so.")
	}
	return c
}

// squash drops what separates words.
func squash(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '_' || r == '-' {
			return -1
		}
		return r
	}, s)
}

func mediaText(f *ir.Field) string {
	if f.Media == ir.NoMedia {
		return ""
	}
	what := [...]string{
		ir.MediaImage: "an image",
		ir.MediaVideo: "a video",
		ir.MediaAudio: "an audio file",
		ir.MediaOther: "a file",
	}[f.Media]
	if _, list := f.Type.(*ir.List); list {
		return "Each item is " + what + ": an https URL or a data URI."
	}
	return capital(what) + ": an https URL or a data URI."
}

// facts are the checks and the default, as sentences.
func facts(f *ir.Field) []string {
	out := checkTexts(f.Type, f.Checks)
	switch t := f.Type.(type) {
	case *ir.List, *ir.Map:
		out = append(out, itemTexts(t)...)
	case *ir.Struct, *ir.Enum, ir.Scalar:
	case ir.Raw:
		out = append(out, "Any JSON.")
	}
	if f.Default != "" {
		out = append(out, "Server default: "+sentence(f.Default))
	}
	return out
}

// itemTexts says what is asked of the items of a list or the values of a map,
// and of what those hold.
func itemTexts(t ir.Type) []string {
	var it ir.Item
	each := "Each item: "
	switch t := t.(type) {
	case *ir.List:
		it = t.Elem
	case *ir.Map:
		it = t.Elem
		each = "Each value: "
	default:
		return nil
	}
	var out []string
	for _, text := range append(checkTexts(it.Type, it.Checks), itemTexts(it.Type)...) {
		out = append(out, each+strings.ToLower(text[:1])+text[1:])
	}
	if len(it.Unchecked) > 0 {
		out = append(out, each+"not checked here: "+sentence(strings.Join(it.Unchecked, ", ")))
	}
	return out
}

// maxListed is the most enum members that a comment or a message lists.
const maxListed = 12

func checkTexts(t ir.Type, checks []ir.Check) []string {
	var out []string
	for _, c := range checks {
		switch c := c.(type) {
		case ir.Membership:
			if e, ok := t.(*ir.Enum); ok && len(e.Members) <= maxListed {
				out = append(out, "One of "+sentence(memberList(e)))
			} else if !ok {
				out = append(out, "Always "+strconv.FormatBool(c.Bool)+".")
			}
		case ir.Range:
			out = append(out, capital(rangeText(c))+".")
		case ir.Length:
			out = append(out, capital(spanText(c.Min, c.Max, "character"))+".")
		case ir.Count:
			out = append(out, capital(spanText(c.Min, c.Max, "item"))+".")
		case ir.MultipleOf:
			out = append(out, "A multiple of "+c.Step.String()+".")
		case ir.Pattern:
			out = append(out, "It matches the pattern "+sentence(plain(c.Source)))
		case ir.UniqueItems:
			out = append(out, "No two items are equal.")
		}
	}
	return out
}

func memberList(e *ir.Enum) string {
	var b strings.Builder
	for i, m := range e.Members {
		if i > 0 {
			b.WriteString(", ")
		}
		switch text := m.Value.String; {
		case e.Base == ir.EnumInt, e.Base == ir.EnumFloat:
			b.WriteString(m.Value.Num.String())
		case e.Base == ir.EnumString && (text == "" || strings.ContainsAny(text, ", \"")):
			b.WriteString(strconv.Quote(text))
		case e.Base == ir.EnumString:
			b.WriteString(plain(text))
		default:
			b.WriteString(text)
		}
	}
	return b.String()
}

// plain returns a text as it is, or quoted if it holds what does not print: a
// message may reach a terminal.
func plain(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(s)
	}
	return s
}

// rangeText is a range as the end of "must be ".
func rangeText(r ir.Range) string {
	switch {
	case r.Max == nil && r.ExclusiveMin:
		return "above " + r.Min.String()
	case r.Max == nil:
		return "at least " + r.Min.String()
	case r.Min == nil && r.ExclusiveMax:
		return "below " + r.Max.String()
	case r.Min == nil:
		return "at most " + r.Max.String()
	case !r.ExclusiveMin && !r.ExclusiveMax:
		return "from " + r.Min.String() + " to " + r.Max.String()
	}
	low, high := r, r
	low.Max, high.Min = nil, nil
	return rangeText(low) + " and " + rangeText(high)
}

// spanText is a length or a count as the end of "must have ".
func spanText(low, high int, noun string) string {
	plural := func(n int) string {
		if n == 1 {
			return "1 " + noun
		}
		return strconv.Itoa(n) + " " + noun + "s"
	}
	switch {
	case high < 0:
		return "at least " + plural(low)
	case low <= 0:
		return "at most " + plural(high)
	case low == high:
		return "exactly " + plural(low)
	}
	return "from " + strconv.Itoa(low) + " to " + plural(high)
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// rulesText lists the media rules as the page writes them.
func rulesText(f *ir.Field) string {
	if len(f.MediaRules) == 0 {
		return ""
	}
	var parts []string
	for _, r := range f.MediaRules {
		parts = append(parts, r.Metric+" "+r.Op+" "+r.Bound.String())
	}
	who := "The file must have "
	if f.MediaRules[0].PerItem {
		who = "Each file must have "
	}
	return who + sentence(strings.Join(parts, ", "))
}

// docFile prints the package's comment with an example of use.
func docFile(pkg *ir.Package) *jen.File {
	f := newFile(pkg.Name)
	for _, l := range []string{
		"// Package " + pkg.Name + " calls the models of RunComfy's serverless API. It depends on the standard",
		"// library alone.",
		"//",
		"// Every submit is paid. One call never becomes two charges, and an accepted job is",
		"// never lost: errors tell with Charged whether money was spent, and carry the job",
		"// if there is one.",
	} {
		f.PackageComment(l)
	}
	if m := exampleModel(pkg); m != nil {
		for _, l := range exampleLines(pkg.Name, m) {
			f.PackageComment(l)
		}
	}
	f.Const().Id("_").Op("=").Id("format1")
	f.Comment("// schemaDigest is the SHA-256 of the ids and schemas that this client was generated from. Its\n" +
		"// beginning is in the User-Agent header.")
	f.Const().Id("schemaDigest").Op("=").Lit(pkg.Digest)
	return f
}

// exampleModel is the model the package comment shows: the first with a
// required string.
func exampleModel(pkg *ir.Package) *ir.Model {
	for i := range pkg.Models {
		for _, f := range pkg.Models[i].Input.Fields {
			if f.Presence == ir.Required && f.Type == ir.String {
				return &pkg.Models[i]
			}
		}
	}
	return nil
}

func exampleLines(pkg string, m *ir.Model) []string {
	lines := []string{"//", "//\tclient := " + pkg + ".New(\"\") // the token is read from RUNCOMFY_API_TOKEN",
		"//\tres, err := client." + m.Name + "(ctx, &" + pkg + "." + m.Input.Name + "{"}
	for _, f := range m.Input.Fields {
		if f.Presence == ir.Required && f.Type == ir.String {
			lines = append(lines, "//\t\t"+f.Name+": \"...\",")
		}
	}
	return append(lines, "//\t})")
}
