package emit

import (
	"github.com/dave/jennifer/jen"

	"github.com/genclient/genclient/internal/ir"
)

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
//			v.floatRange("", "must be from 0 to 1", item, 0)
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
	if c.fetchable == "" && !itemChecked(l.Elem, nil) {
		return
	}
	g.For(jen.List(jen.Id("i"), jen.Id("item")).Op(":=").Range().Add(x.Clone())).BlockFunc(func(g *jen.Group) {
		c.element(g, l.Elem)
		g.Id("v").Dot("item").Call(jen.Id("from"), jen.Lit(c.path), jen.Id("i"))
	})
}

// entries prints the checks of a map's keys and values. A map is ranged over in any order,
// so what was found is brought in order behind it.
//
//	if start := v.len(); len(in.Scales) > 0 {
//		for key, item := range in.Scales {
//			if !validText(key) {
//				v.text(key)
//			}
//			from := v.len()
//			if !(item >= 0 && item <= 1) {
//				v.floatRange("", "must be from 0 to 1", item, 0)
//			}
//			v.within(from, key)
//		}
//		v.entries(start, "scales")
//	}
func (c checker) entries(g *jen.Group, x *jen.Statement, m *ir.Map) {
	if c.required {
		g.If(x.Clone().Op("==").Nil()).Block(c.report("required"))
	}
	keys := jen.If(jen.Op("!").Id("validText").Call(jen.Id("key"))).Block(jen.Id("v").Dot("text").Call(jen.Id("key")))
	members := jen.List(jen.Id("key"), jen.Id("item")).Op(":=").Range().Add(x.Clone())
	each := jen.For(members).BlockFunc(func(g *jen.Group) {
		g.Add(keys)
		c.element(g, m.Elem)
		g.Id("v").Dot("within").Call(jen.Id("from"), jen.Id("key"))
	})
	if c.fetchable == "" && !itemChecked(m.Elem, nil) {
		each = jen.For(jen.Id("key").Op(":=").Range().Add(x.Clone())).Block(keys)
	}
	g.If(jen.Id("start").Op(":=").Id("v").Dot("len").Call(), jen.Len(x.Clone()).Op(">").Lit(0)).Block(
		each,
		jen.Id("v").Dot("entries").Call(jen.Id("start"), jen.Lit(c.path)),
	)
}

// element prints the checks of the variable item.
func (c checker) element(g *jen.Group, it ir.Item) {
	g.Id("from").Op(":=").Id("v").Dot("len").Call()
	c = checker{model: c.model, collector: c.collector, item: true, pointer: it.Pointer, required: it.NotNull,
		fetchable: c.fetchable}
	c.value(g, jen.Id("item"), it.Type, it.Checks)
}
