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
	return jen.Func().Params(jen.Id("in").Op("*").Id(s.Name)).Id("Validate").Params().Error().BlockFunc(func(g *jen.Group) {
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
		if checked(s, nil) {
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
		if len(f.Checks) > 0 || f.Type == ir.Float || f.Presence == ir.Required && requirable(f) || typeChecked(f.Type, within) {
			return true
		}
	}
	return false
}

func typeChecked(t ir.Type, within []*ir.Struct) bool {
	switch t := t.(type) {
	case *ir.Struct:
		return checked(t, within)
	case *ir.List:
		return itemChecked(t.Elem, within)
	case *ir.Map:
		return itemChecked(t.Elem, within)
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
			required: f.Presence == ir.Required && requirable(f)}
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
		if c.required {
			g.If(x.Clone().Op("==").Nil()).Block(c.report("required"))
		}
	}
}

// when prints "if x != nil && cond { then }", without the guard for a plain value.
func (c checker) when(g *jen.Group, x, cond *jen.Statement, then jen.Code) {
	if c.pointer {
		cond = x.Clone().Op("!=").Nil().Op("&&").Add(cond)
	}
	g.If(cond).Block(then)
}

func (c checker) scalar(g *jen.Group, x, v *jen.Statement, t ir.Scalar, checks []ir.Check) {
	if t == ir.String && c.required && !c.pointer {
		// An empty string that is required is one violation, whatever else is asked.
		empty := jen.If(v.Clone().Op("==").Lit("")).Block(c.report("required"))
		if len(checks) == 0 {
			g.Add(empty)
			return
		}
		g.Add(empty.Else().BlockFunc(func(g *jen.Group) {
			for _, check := range checks {
				c.check(g, x, v, check)
			}
		}))
		return
	}
	bounded := false
	for _, check := range checks {
		_, is := check.(ir.Range)
		bounded = bounded || is
		if r, ok := check.(ir.Range); ok && t == ir.Int {
			c.intRange(g, x, v, r)
			continue
		}
		if m, ok := check.(ir.MultipleOf); ok && t == ir.Int {
			step, _ := m.Step.Int64()
			c.when(g, x, v.Clone().Op("%").Add(intLit(step)).Op("!=").Lit(0),
				c.report("int", jen.Lit("multipleOf"), jen.Lit("must be a multiple of "+m.Step.String()), v.Clone()))
			continue
		}
		c.check(g, x, v, check)
	}
	if t == ir.Float && !bounded {
		c.when(g, x, jen.Op("!").Id("finite").Call(v.Clone()), c.report("float", jen.Lit("type"), jen.Lit("must be a finite number"), v.Clone()))
	}
}

// check prints one check that needs no knowledge of the Go type.
func (c checker) check(g *jen.Group, x, v *jen.Statement, check ir.Check) {
	switch check := check.(type) {
	case ir.Length:
		message := jen.Lit("must have " + spanText(check.Min, check.Max, "character"))
		if check.Min > 0 {
			c.when(g, x, jen.Id("shorter").Call(v.Clone(), jen.Lit(check.Min)), c.report("length", jen.Lit("minLength"), message.Clone(), v.Clone()))
		}
		if check.Max >= 0 {
			c.when(g, x, jen.Id("longer").Call(v.Clone(), jen.Lit(check.Max)), c.report("length", jen.Lit("maxLength"), message.Clone(), v.Clone()))
		}
	case ir.Pattern:
		c.when(g, x, jen.Op("!").Id(patternName(c.model, check.Number)).Dot("match").Call(v.Clone()),
			c.report("add", jen.Lit("pattern"), jen.Lit("must match the pattern "+check.Source)))
	case ir.Range:
		c.floatRange(g, x, v, check)
	case ir.MultipleOf:
		digits, pow10, _ := check.Step.Decimal()
		c.when(g, x, jen.Op("!").Id("multipleOf").Call(v.Clone(), number(digits), number(pow10)),
			c.report("float", jen.Lit("multipleOf"), jen.Lit("must be a multiple of "+check.Step.String()), v.Clone()))
	case ir.Membership:
		cond := v.Clone()
		if check.Bool {
			cond = jen.Op("!").Add(v.Clone())
		}
		c.when(g, x, cond, c.report("add", jen.Lit("enum"), jen.Lit("must be "+strconv.FormatBool(check.Bool))))
	}
}

// number prints a whole float64.
func number(x float64) jen.Code { return jen.Op(strconv.FormatFloat(x, 'f', -1, 64)) }

func (c checker) intRange(g *jen.Group, x, v *jen.Statement, r ir.Range) {
	message := jen.Lit("must be " + rangeText(r))
	least, most := jen.Code(nil), jen.Code(nil)
	if r.Min != nil {
		i, _ := r.Min.Int64()
		least = intLit(i)
	}
	if r.Max != nil {
		i, _ := r.Max.Int64()
		most = intLit(i)
	}
	switch {
	case r.Max == nil:
		c.when(g, x, v.Clone().Op("<").Add(least), c.report("int", jen.Lit("minimum"), message, v.Clone()))
	case r.Min == nil:
		c.when(g, x, v.Clone().Op(">").Add(most), c.report("int", jen.Lit("maximum"), message, v.Clone()))
	default:
		outside := v.Clone().Op("<").Add(least).Op("||").Add(v.Clone()).Op(">").Add(most)
		if c.pointer {
			outside = jen.Parens(outside)
		}
		c.when(g, x, outside, c.report("intRange", message, v.Clone(), least))
	}
}

// floatRange prints the negation of "inside", so that NaN is outside; a range
// open to one side lets an infinity in, which finite keeps out.
func (c checker) floatRange(g *jen.Group, x, v *jen.Statement, r ir.Range) {
	message := jen.Lit("must be " + rangeText(r))
	low, lowOp, lowRule := bound(r.Min, r.ExclusiveMin, ">", "minimum", "exclusiveMinimum")
	high, highOp, highRule := bound(r.Max, r.ExclusiveMax, "<", "maximum", "exclusiveMaximum")
	switch {
	case low != nil && high != nil && (r.ExclusiveMin || r.ExclusiveMax):
		c.floatRange(g, x, v, ir.Range{Min: r.Min, ExclusiveMin: r.ExclusiveMin})
		c.floatRange(g, x, v, ir.Range{Max: r.Max, ExclusiveMax: r.ExclusiveMax})
	case high == nil:
		inside := v.Clone().Op(lowOp).Add(low).Op("&&").Id("finite").Call(v.Clone())
		c.when(g, x, jen.Op("!").Parens(inside), c.report("float", jen.Lit(lowRule), message, v.Clone()))
	case low == nil:
		inside := v.Clone().Op(highOp).Add(high).Op("&&").Id("finite").Call(v.Clone())
		c.when(g, x, jen.Op("!").Parens(inside), c.report("float", jen.Lit(highRule), message, v.Clone()))
	default:
		inside := v.Clone().Op(lowOp).Add(low).Op("&&").Add(v.Clone()).Op(highOp).Add(high)
		c.when(g, x, jen.Op("!").Parens(inside), c.report("floatRange", message, v.Clone(), low.Clone(), high.Clone()))
	}
}

func bound(n *ir.Num, exclusive bool, op, rule, exclusiveRule string) (*jen.Statement, string, string) {
	if n == nil {
		return nil, "", ""
	}
	if exclusive {
		return floatLit(*n), op, exclusiveRule
	}
	return floatLit(*n), op + "=", rule
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

// nested prints the check of a struct and completes the paths of what it found.
//
//	if in.Camera != nil {
//		from := v.len()
//		in.Camera.check(&v)
//		v.within(from, "camera")
//	}
func (c checker) nested(g *jen.Group, x *jen.Statement, s *ir.Struct) {
	if !checked(s, nil) {
		return
	}
	body := []jen.Code{x.Clone().Dot("check").Call(c.collector.Clone())}
	if !c.item {
		body = []jen.Code{
			jen.Id("from").Op(":=").Id("v").Dot("len").Call(),
			body[0],
			jen.Id("v").Dot("within").Call(jen.Id("from"), jen.Lit(c.path)),
		}
	}
	switch {
	case c.pointer:
		g.If(x.Clone().Op("!=").Nil()).Block(body...)
	case c.item:
		g.Add(body[0])
	default:
		g.Block(body...)
	}
}

// list prints the checks of a list, then those of its items.
//
//	for i, item := range in.Scales {
//		from := v.len()
//		if !(item >= 0 && item <= 1) {
//			v.floatRange("", "must be from 0 to 1", item, 0, 1)
//		}
//		v.item(from, "scales", i)
//	}
func (c checker) list(g *jen.Group, x *jen.Statement, l *ir.List, checks []ir.Check) {
	if c.required {
		g.If(x.Clone().Op("==").Nil()).Block(c.report("required"))
	}
	count := jen.Len(x.Clone())
	for _, check := range checks {
		switch check := check.(type) {
		case ir.Count:
			message := jen.Lit("must have " + spanText(check.Min, check.Max, "item"))
			if check.Min > 0 {
				g.If(x.Clone().Op("!=").Nil().Op("&&").Add(count.Clone()).Op("<").Lit(check.Min)).Block(
					c.report("int", jen.Lit("minItems"), message.Clone(), jen.Int64().Call(count.Clone())))
			}
			if check.Max >= 0 {
				g.If(count.Clone().Op(">").Lit(check.Max)).Block(
					c.report("int", jen.Lit("maxItems"), message.Clone(), jen.Int64().Call(count.Clone())))
			}
		case ir.UniqueItems:
			g.If(jen.Op("!").Id("unique").Call(x.Clone())).Block(
				c.report("add", jen.Lit("uniqueItems"), jen.Lit("must have no two equal items")))
		}
	}
	if !itemChecked(l.Elem, nil) {
		return
	}
	g.For(jen.List(jen.Id("i"), jen.Id("item")).Op(":=").Range().Add(x.Clone())).BlockFunc(func(g *jen.Group) {
		c.element(g, l.Elem)
		g.Id("v").Dot("item").Call(jen.Id("from"), jen.Lit(c.path), jen.Id("i"))
	})
}

// entries prints the checks of a map's values, in the order of the keys.
func (c checker) entries(g *jen.Group, x *jen.Statement, m *ir.Map) {
	if c.required {
		g.If(x.Clone().Op("==").Nil()).Block(c.report("required"))
	}
	if !itemChecked(m.Elem, nil) {
		return
	}
	g.For(jen.List(jen.Id("_"), jen.Id("key")).Op(":=").Range().Id("sortedKeys").Call(x.Clone())).BlockFunc(func(g *jen.Group) {
		g.Id("item").Op(":=").Add(x.Clone()).Index(jen.Id("key"))
		c.element(g, m.Elem)
		g.Id("v").Dot("entry").Call(jen.Id("from"), jen.Lit(c.path), jen.Id("key"))
	})
}

// element prints the checks of the variable item.
func (c checker) element(g *jen.Group, it ir.Item) {
	g.Id("from").Op(":=").Id("v").Dot("len").Call()
	c = checker{model: c.model, collector: c.collector, item: true, pointer: it.Pointer, required: it.NotNull}
	c.value(g, jen.Id("item"), it.Type, it.Checks)
}

// patterns prints the model's patterns, each compiled at its first use.
//
//	var patternX_1 = lazyPattern{source: "^[a-z]+$"}
func patterns(f *jen.File, m *ir.Model) {
	for i, source := range m.Patterns {
		f.Var().Id(patternName(m.Name, i+1)).Op("=").Id("lazyPattern").Values(jen.Id("source").Op(":").Lit(source))
	}
}

func patternName(model string, number int) string {
	return "pattern" + model + "_" + strconv.Itoa(number)
}
