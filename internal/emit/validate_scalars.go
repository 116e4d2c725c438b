package emit

import (
	"strconv"

	"github.com/dave/jennifer/jen"

	"github.com/genclient/genclient/internal/ir"
)

func (c checker) scalar(g *jen.Group, x, v *jen.Statement, t ir.Scalar, checks []ir.Check) {
	if t == ir.String && c.required && !c.pointer {
		// An empty string that is required is one violation, whatever else is asked.
		empty := jen.If(v.Clone().Op("==").Lit("")).Block(c.report("required"))
		if len(checks) > 0 {
			g.Add(empty.Else().BlockFunc(func(g *jen.Group) {
				for _, check := range checks {
					c.check(g, x, v, check)
				}
				c.media(g, x, v)
				c.text(g, x, v)
			}))
			return
		}
		if c.fetchable != "" {
			empty.Else().If(jen.Op("!").Id(c.fetchable).Call(v.Clone())).Block(c.report("media", v.Clone()))
		}
		g.Add(empty.Else().If(jen.Op("!").Id("validText").Call(v.Clone())).Block(c.report("text")))
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
	if t == ir.String {
		c.media(g, x, v)
		c.text(g, x, v)
	}
	if t == ir.Float && !bounded {
		c.when(g, x, jen.Op("!").Id("finite").Call(v.Clone()), c.report("float", jen.Lit("type"), jen.Lit("must be a finite number"), v.Clone()))
	}
}

// text prints the check that a text can be sent as it is.
//
//	if !validText(in.Prompt) {
//		v.text("prompt")
//	}
func (c checker) text(g *jen.Group, x, v *jen.Statement) {
	c.when(g, x, jen.Op("!").Id("validText").Call(v.Clone()), c.report("text"))
}

// media prints the check of a media value. "" is a property that is not set, but
// not an item.
//
//	if !fetchable(in.ImageURL) {
//		v.media("image_url", in.ImageURL)
//	}
func (c checker) media(g *jen.Group, x, v *jen.Statement) {
	if c.fetchable == "" {
		return
	}
	refused := jen.Op("!").Id(c.fetchable).Call(v.Clone())
	if c.item {
		refused = v.Clone().Op("==").Lit("").Op("||").Add(refused)
		if c.pointer {
			refused = jen.Parens(refused)
		}
	}
	c.when(g, x, refused, c.report("media", v.Clone()))
}

// check prints one check that needs no knowledge of the Go type.
func (c checker) check(g *jen.Group, x, v *jen.Statement, check ir.Check) {
	switch check := check.(type) {
	case ir.Length:
		message := jen.Lit("must have " + spanText(check.Min, check.Max, "character"))
		if check.Min > 0 {
			c.when(g, x, jen.Id("shorter").Call(v.Clone(), jen.Lit(check.Min)),
				c.report("length", jen.Lit("minLength"), message.Clone(), v.Clone()))
		}
		if check.Max >= 0 {
			c.when(g, x, jen.Id("longer").Call(v.Clone(), jen.Lit(check.Max)),
				c.report("length", jen.Lit("maxLength"), message.Clone(), v.Clone()))
		}
	case ir.Pattern:
		c.when(g, x, jen.Op("!").Id(patternName(c.model, check.Number)).Dot("match").Call(v.Clone()),
			c.report("add", jen.Lit("pattern"), jen.Lit("must match the pattern "+plain(check.Source))))
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
		// A NaN fails the first alone, an infinity one of the two.
		below, above := r, r
		below.Max, above.Min = nil, nil
		beyond := map[bool]string{false: ">", true: ">="}[r.ExclusiveMax]
		c.when(g, x, jen.Op("!").Parens(v.Clone().Op(lowOp).Add(low)),
			c.report("float", jen.Lit(lowRule), jen.Lit("must be "+rangeText(below)), v.Clone()))
		c.when(g, x, v.Clone().Op(beyond).Add(high),
			c.report("float", jen.Lit(highRule), jen.Lit("must be "+rangeText(above)), v.Clone()))
	case high == nil:
		inside := v.Clone().Op(lowOp).Add(low).Op("&&").Id("finite").Call(v.Clone())
		c.when(g, x, jen.Op("!").Parens(inside), c.report("float", jen.Lit(lowRule), message, v.Clone()))
	case low == nil:
		inside := v.Clone().Op(highOp).Add(high).Op("&&").Id("finite").Call(v.Clone())
		c.when(g, x, jen.Op("!").Parens(inside), c.report("float", jen.Lit(highRule), message, v.Clone()))
	default:
		inside := v.Clone().Op(lowOp).Add(low).Op("&&").Add(v.Clone()).Op(highOp).Add(high)
		c.when(g, x, jen.Op("!").Parens(inside), c.report("floatRange", message, v.Clone(), low.Clone()))
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
