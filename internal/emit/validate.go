package emit

import (
	"fmt"
	"strconv"

	"github.com/dave/jennifer/jen"

	"github.com/genclient/genclient/internal/ir"
)

// validateMethod prints Validate of an input.
//
//	func (in *XInput) Validate() error {
//		if in == nil {
//			return nilInput()
//		}
//		var v violations
//		if in.Prompt == "" {
//			v.required("prompt")
//		}
//		return v.err()
//	}
func validateMethod(model string, s *ir.Struct) jen.Code {
	method := jen.Func().Params(jen.Id("in").Op("*").Id(s.Name)).Id("Validate").Params().Error()
	return method.BlockFunc(func(g *jen.Group) {
		g.If(jen.Id("in").Op("==").Nil()).Block(jen.Return(jen.Id("nilInput").Call()))
		if !checked(s, nil) {
			g.Return(jen.Nil())
			return
		}
		g.Var().Id("v").Id("violations")
		fieldChecks(g, model, s, jen.Op("&").Id("v"))
		g.Return(jen.Id("v").Dot("err").Call())
	})
}

// checkMethod prints the check of a nested struct: its violations have paths
// relative to it, which the caller completes.
//
//	func (in *XLorasItem) check(v *violations) { ... }
func checkMethod(model string, s *ir.Struct) jen.Code {
	return jen.Func().Params(jen.Id("in").Op("*").Id(s.Name)).Id("check").Params(jen.Id("v").Op("*").Id("violations")).
		BlockFunc(func(g *jen.Group) { fieldChecks(g, model, s, jen.Id("v")) })
}

// checkedStructs returns the nested structs that a check method is printed for.
func checkedStructs(m *ir.Model) []*ir.Struct {
	var out []*ir.Struct
	for _, s := range m.Structs {
		if !s.Output && checked(s, nil) {
			out = append(out, s)
		}
	}
	return out
}

// checked reports whether anything of the struct is checked. within are the
// structs being looked at, so that a recursive type ends.
func checked(s *ir.Struct, within []*ir.Struct) bool {
	for _, outer := range within {
		if outer == s {
			return false
		}
	}
	within = append(within, s)
	for i := range s.Fields {
		f := &s.Fields[i]
		if len(f.Checks) > 0 || f.Media != ir.NoMedia || f.Type == ir.Float ||
			f.Presence == ir.Required && requirable(f) || typeChecked(f.Type, within) {
			return true
		}
	}
	return false
}

// typeChecked reports whether anything of the type is checked: of texts and of raw
// JSON it is that they can be sent as they are.
func typeChecked(t ir.Type, within []*ir.Struct) bool {
	switch t := t.(type) {
	case ir.Scalar:
		return t == ir.String
	case ir.Raw:
		return true
	case *ir.Struct:
		return checked(t, within)
	case *ir.List:
		return itemChecked(t.Elem, within)
	case *ir.Map:
		return true // its keys are texts
	}
	return false
}

func itemChecked(it ir.Item, within []*ir.Struct) bool {
	return len(it.Checks) > 0 || it.NotNull || it.Type == ir.Float || typeChecked(it.Type, within)
}

// requirable reports whether the Go type has a value that says "not given".
func requirable(f *ir.Field) bool {
	if f.Pointer {
		return true
	}
	switch t := f.Type.(type) {
	case ir.Scalar:
		return t == ir.String
	case *ir.Enum:
		return !t.ZeroIsMember()
	case *ir.List, *ir.Map, ir.Raw:
		return true
	}
	return false
}

// fieldChecks prints the checks of the fields; collector is the expression for
// a *violations.
func fieldChecks(g *jen.Group, model string, s *ir.Struct, collector *jen.Statement) {
	for i := range s.Fields {
		f := &s.Fields[i]
		c := checker{model: model, collector: collector, path: f.JSON, pointer: f.Pointer,
			required: f.Presence == ir.Required && requirable(f), fetchable: fetchable(f)}
		c.value(g, jen.Id("in").Dot(f.Name), f.Type, f.Checks)
	}
}

// checker prints the checks of one value.
type checker struct {
	model     string         // Go name, for the names of its patterns
	collector *jen.Statement // expression for a *violations
	path      string         // relative to the struct; "" for an item
	item      bool           // the value is an item of a list or a map
	pointer   bool           // the value is a pointer, nil for unset or null
	required  bool
	fetchable string // function of the runtime that takes a media value, "" for other values
}

// fetchable returns the name of the runtime's function that reports whether a
// media value can be fetched.
func fetchable(f *ir.Field) string {
	switch {
	case f.Media == ir.NoMedia:
		return ""
	case f.MediaSure:
		return "fetchable"
	}
	return "perhapsFetchable"
}

// report prints v.METHOD(PATH, ARGS...).
func (c checker) report(method string, args ...jen.Code) *jen.Statement {
	return jen.Id("v").Dot(method).Call(append([]jen.Code{jen.Lit(c.path)}, args...)...)
}

// value prints everything that is checked of x.
func (c checker) value(g *jen.Group, x *jen.Statement, t ir.Type, checks []ir.Check) {
	v := x
	if c.pointer {
		v = jen.Op("*").Add(x)
		if c.required {
			g.If(x.Clone().Op("==").Nil()).Block(c.report("required"))
		}
	}
	switch t := t.(type) {
	case ir.Scalar:
		c.scalar(g, x, v, t, checks)
	case *ir.Enum:
		c.enum(g, x, v, t)
	case *ir.Struct:
		c.nested(g, x, t)
	case *ir.List:
		c.list(g, x, t, checks)
	case *ir.Map:
		c.entries(g, x, t)
	case ir.Raw:
		c.raw(g, x)
	}
}

// raw prints the check of raw JSON.
//
//	if in.Extra != nil && !validJSON(in.Extra) {
//		v.json("extra")
//	}
func (c checker) raw(g *jen.Group, x *jen.Statement) {
	invalid := jen.Op("!").Id("validJSON").Call(x.Clone())
	if c.required {
		g.If(x.Clone().Op("==").Nil()).Block(c.report("required")).Else().If(invalid).Block(c.report("json"))
		return
	}
	g.If(x.Clone().Op("!=").Nil().Op("&&").Add(invalid)).Block(c.report("json"))
}

// when prints "if x != nil && cond { then }", without the guard for a plain value.
func (c checker) when(g *jen.Group, x, cond *jen.Statement, then jen.Code) {
	if c.pointer {
		cond = x.Clone().Op("!=").Nil().Op("&&").Add(cond)
	}
	g.If(cond).Block(then)
}

// enum prints the membership as a switch, with the zero value as "unset" where
// it is no member.
//
//	switch in.Duration {
//	case 0, 5, 10:
//	default:
//		v.int("duration", "enum", "must be one of 5, 10", int64(in.Duration))
//	}
func (c checker) enum(g *jen.Group, x, v *jen.Statement, e *ir.Enum) {
	zero := jen.Lit("")
	if e.Base == ir.EnumInt || e.Base == ir.EnumFloat {
		zero = jen.Lit(0)
	}
	unset := !c.pointer && !c.item && !e.ZeroIsMember()
	var members []jen.Code
	if unset && !c.required {
		members = append(members, zero)
	}
	for _, m := range e.Members {
		members = append(members, memberLit(e, m))
	}
	message := "must be one of " + memberList(e)
	if len(e.Members) > maxListed {
		message = fmt.Sprintf("must be one of the %d values of %s", len(e.Members), e.Name)
	}
	var failure jen.Code
	switch e.Base {
	case ir.EnumInt:
		failure = c.report("int", jen.Lit("enum"), jen.Lit(message), jen.Int64().Call(v.Clone()))
	case ir.EnumFloat:
		failure = c.report("float", jen.Lit("enum"), jen.Lit(message), jen.Float64().Call(v.Clone()))
	default:
		failure = c.report("add", jen.Lit("enum"), jen.Lit(message))
	}
	cases := []jen.Code{jen.Case(members...)}
	if unset && c.required {
		cases = append(cases, jen.Case(zero).Block(c.report("required")))
	}
	cases = append(cases, jen.Default().Block(failure))
	if c.pointer {
		g.If(x.Clone().Op("!=").Nil()).Block(jen.Switch(v.Clone()).Block(cases...))
		return
	}
	g.Switch(v.Clone()).Block(cases...)
}

// patterns prints the model's patterns, each compiled at its first use.
//
//	var patternX_1 = lazyPattern{source: "^[a-z]+$"}
func patterns(f *jen.File, m *ir.Model) {
	for i, source := range m.Patterns {
		f.Line()
		f.Var().Id(patternName(m.Name, i+1)).Op("=").Id("lazyPattern").Values(jen.Id("source").Op(":").Lit(source))
	}
}

func patternName(model string, number int) string {
	return "pattern" + model + "_" + strconv.Itoa(number)
}
