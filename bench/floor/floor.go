// Package floor prints the least Go for a package of models, as a measure of
// what the generated client adds: per model a struct, a straight-line Validate
// and a function that submits, one file each, above a runtime that posts JSON
// and no more. It has no enum types, no media rules, no client methods and no
// tests of what it prints but that it compiles: nobody is to use it.
package floor

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/output"
)

// Files prints the package, which has to be gen of module example.com/m: a file
// per model and the package rt below it.
func Files(pkg *ir.Package) []output.File {
	files := []output.File{{Path: "rt/rt.go", Content: []byte(runtimeSource)}}
	for i := range pkg.Models {
		m := &pkg.Models[i]
		files = append(files, output.File{Path: m.File + ".go", Content: model(pkg.Name, m)})
	}
	return files
}

// printer collects the source of one model.
type printer struct {
	bytes.Buffer
	depth int // of blocks, for the names of their variables
}

func (p *printer) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

func model(pkg string, m *ir.Model) []byte {
	var body printer
	for _, s := range append([]*ir.Struct{m.Input}, m.Structs...) {
		body.line("type %s struct {", s.Name)
		for _, f := range s.Fields {
			body.line("%s %s `json:%q`", f.Name, fieldType(f), f.JSON+",omitempty")
		}
		body.line("}\n")
	}
	body.line("func (in *%s) Validate() error {\nvar f rt.Faults", m.Input.Name)
	body.fields("in", "", m.Input, nil)
	body.line("return f.Err()\n}\n")
	body.line("func Submit%s(ctx context.Context, c *rt.Client, in *%s) (*rt.Submitted, error) {\nreturn c.Submit(ctx, %q, in)\n}",
		m.Name, m.Input.Name, m.ID)

	var file printer
	file.line("package %s\n\nimport (\n\"context\"", pkg)
	for _, name := range []string{"encoding/json", "regexp", "slices", "strconv", "unicode/utf8"} {
		if strings.Contains(body.String(), name[strings.LastIndex(name, "/")+1:]+".") {
			file.line("%q", name)
		}
	}
	file.line("\"example.com/m/gen/rt\"\n)\n")
	file.Write(body.Bytes())
	return file.Bytes()
}

func fieldType(f ir.Field) string {
	if f.Pointer {
		return "*" + goType(f.Type)
	}
	return goType(f.Type)
}

func goType(t ir.Type) string {
	switch t := t.(type) {
	case ir.Scalar:
		return [...]string{"string", "bool", "int64", "float64"}[t]
	case *ir.Enum:
		return [...]string{"string", "int64", "float64", "json.RawMessage"}[t.Base]
	case *ir.Struct:
		return t.Name
	case *ir.List:
		return "[]" + goType(t.Elem.Type)
	case *ir.Map:
		return "map[string]" + goType(t.Elem.Type)
	default:
		return "json.RawMessage"
	}
}

// fields prints the checks of a struct's fields. within are the structs around
// it, so that a recursive type ends.
func (p *printer) fields(x, path string, s *ir.Struct, within []*ir.Struct) {
	for _, outer := range within {
		if outer == s {
			return
		}
	}
	within = append(within, s)
	for _, f := range s.Fields {
		v, at := x+"."+f.Name, path+f.JSON
		if f.Pointer {
			if f.Presence == ir.Required {
				p.fault(v+" == nil", at, "required", "")
			}
			p.guarded("if "+v+" != nil", func(p *printer) { p.value("(*"+v+")", at, f.Type, f.Checks, within) })
			continue
		}
		switch f.Type.(type) {
		case *ir.List, *ir.Map, ir.Raw:
			if f.Presence == ir.Required {
				p.fault(v+" == nil", at, "required", "")
			}
		default:
			if f.Presence == ir.Required && goType(f.Type) == "string" {
				p.fault(v+` == ""`, at, "required", "")
			}
		}
		optional := f.Presence != ir.Required
		if e, ok := f.Type.(*ir.Enum); ok && optional && e.Base != ir.EnumMixed {
			p.guarded("if "+v+" != "+[...]string{`""`, "0", "0"}[e.Base], func(p *printer) { p.value(v, at, f.Type, f.Checks, within) })
			continue
		}
		p.value(v, at, f.Type, f.Checks, within)
	}
}

// guarded prints statements below the head of an if or a for, and nothing when
// there are none.
func (p *printer) guarded(head string, statements func(inner *printer)) {
	inner := printer{depth: p.depth + 1}
	statements(&inner)
	if inner.Len() > 0 {
		p.line("%s {\n%s}", head, inner.String())
	}
}

// fault prints one check: what is wrong, and the fault it makes.
func (p *printer) fault(wrong, path, rule, got string) {
	if got == "" {
		got = `""`
	}
	p.line("if %s {\nf = append(f, rt.Fault{Path: %q, Rule: %q, Got: %s})\n}", wrong, path, rule, got)
}

func (p *printer) value(v, path string, t ir.Type, checks []ir.Check, within []*ir.Struct) {
	show := ""
	switch goType(t) {
	case "int64":
		show = "strconv.FormatInt(" + v + ", 10)"
	case "float64":
		show = "strconv.FormatFloat(" + v + ", 'g', -1, 64)"
	}
	for _, check := range checks {
		switch check := check.(type) {
		case ir.Length:
			p.fault("n := utf8.RuneCountInString("+v+"); "+outside("n", check.Min, check.Max), path, "length", "strconv.Itoa(n)")
		case ir.Count:
			p.fault(outside("len("+v+")", check.Min, check.Max), path, "number of items", "strconv.Itoa(len("+v+"))")
		case ir.Range:
			p.fault("!("+inside(v, check)+")", path, "range", show)
		case ir.Pattern:
			p.fault("!regexp.MustCompile("+strconv.Quote(check.Source)+").MatchString("+v+")", path, "pattern", "")
		case ir.MultipleOf:
			if goType(t) == "int64" {
				p.fault(v+"%"+check.Step.String()+" != 0", path, "multiple of "+check.Step.String(), show)
			}
		}
	}
	switch t := t.(type) {
	case *ir.Enum:
		p.enum(v, path, show, t)
	case *ir.Struct:
		p.fields(v, path+".", t, within)
	case *ir.List:
		p.items(v, path+"[]", t.Elem, within)
	case *ir.Map:
		p.items(v, path+".*", t.Elem, within)
	}
}

func (p *printer) enum(v, path, show string, e *ir.Enum) {
	if e.Base == ir.EnumMixed {
		return
	}
	var conds, members []string
	for _, m := range e.Members {
		text, literal := m.Value.String, strconv.Quote(m.Value.String)
		if e.Base != ir.EnumString {
			text = m.Value.Num.String()
			literal = text
		}
		conds, members = append(conds, v+" != "+literal), append(members, text)
	}
	if show == "" {
		show = v
	}
	p.fault(strings.Join(conds, " && "), path, "one of "+strings.Join(members, ", "), show)
}

func (p *printer) items(v, path string, elem ir.Item, within []*ir.Struct) {
	item := "item" + strconv.Itoa(p.depth)
	p.guarded("for _, "+item+" := range "+v, func(p *printer) { p.value(item, path, elem.Type, elem.Checks, within) })
}

func outside(n string, low, high int) string {
	var conds []string
	if low > 0 {
		conds = append(conds, n+" < "+strconv.Itoa(low))
	}
	if high >= 0 {
		conds = append(conds, n+" > "+strconv.Itoa(high))
	}
	return strings.Join(conds, " || ")
}

func inside(v string, r ir.Range) string {
	var conds []string
	if r.Min != nil {
		conds = append(conds, v+map[bool]string{false: " >= ", true: " > "}[r.ExclusiveMin]+r.Min.String())
	}
	if r.Max != nil {
		conds = append(conds, v+map[bool]string{false: " <= ", true: " < "}[r.ExclusiveMax]+r.Max.String())
	}
	return strings.Join(conds, " && ")
}
