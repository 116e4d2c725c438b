package emit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/genclient/genclient/internal/ir"
)

// ModelFile prints one model, not yet rendered.
func ModelFile(pkg string, m *ir.Model) *jen.File {
	f := newFile(pkg)
	f.Const().Id("_").Op("=").Id("format1")

	inputDoc(m).file(f)
	f.Add(structType(m.Input))
	for _, s := range m.Structs {
		nestedDoc(m, s).file(f)
		f.Add(structType(s))
	}
	for _, e := range m.Enums {
		enumType(f, m, e)
	}
	inputMethods(f, m)
	for _, s := range append([]*ir.Struct{m.Input}, m.Structs...) {
		unmarshalMethod(f, s)
	}
	for _, s := range checkedStructs(m) {
		f.Comment("// check records what breaks a rule, with paths relative to in.")
		f.Add(checkMethod(m.Name, s))
	}
	patterns(f, m)
	mediaRules(f, m)
	clientMethod(f, m)
	if m.Output != nil {
		outputType(f, m)
	}
	return f
}

func inputDoc(m *ir.Model) comment {
	var c comment
	c.para(m.Input.Name, "is the input of", sentence(m.ID), sentence(m.Title), sentence(m.Description))
	if m.URL != "" {
		c.para("Documentation:", m.URL)
	}
	if len(m.Input.Unchecked) > 0 {
		c.para("Not checked here:", sentence(strings.Join(m.Input.Unchecked, ", ")))
	}
	return c.deprecated(m)
}

// deprecated adds the paragraph by which tools know what should not be used.
func (c comment) deprecated(m *ir.Model) comment {
	if m.Removed {
		c.para("Deprecated: RunComfy no longer lists the model.")
	}
	return c
}

func nestedDoc(m *ir.Model, s *ir.Struct) comment {
	var c comment
	c.para(s.Name, "is a part of", whole(s.Output), sentence(m.ID), sentence(s.Doc))
	return c
}

// whole says what a nested type is a part of.
func whole(output bool) string {
	if output {
		return "the output of"
	}
	return "the input of"
}

// structType prints a struct. The first, blank field takes no room; it makes
// literals name their fields, so that a property the page inserts shifts no
// value, and rules out ==, so that the compiler makes no comparison for the
// type: a fifth of the time to compile a model.
//
//	type XInput struct {
//		_ [0]func()
//		// Prompt is required.
//		Prompt string `json:"prompt"`
//	}
func structType(s *ir.Struct) jen.Code {
	return jen.Type().Id(s.Name).StructFunc(func(g *jen.Group) {
		g.Id("_").Index(jen.Lit(0)).Func().Params()
		for i := range s.Fields {
			f := &s.Fields[i]
			fieldDoc(f, s.Output).jen(g)
			g.Id(f.Name).Add(fieldType(f)).Tag(map[string]string{"json": jsonTag(f)})
		}
	})
}

func jsonTag(f *ir.Field) string {
	if f.Presence == ir.Optional {
		return f.JSON + ",omitzero"
	}
	if f.JSON == "-" {
		return "-," // without the comma encoding/json leaves the field out
	}
	return f.JSON
}

func fieldType(f *ir.Field) jen.Code {
	if f.Pointer {
		return jen.Op("*").Add(goType(f.Type))
	}
	return goType(f.Type)
}

func goType(t ir.Type) jen.Code {
	switch t := t.(type) {
	case ir.Scalar:
		return jen.Id([...]string{"string", "bool", "int64", "float64"}[t])
	case *ir.Enum:
		return jen.Id(t.Name)
	case *ir.Struct:
		return jen.Id(t.Name)
	case *ir.List:
		return jen.Index().Add(itemType(t.Elem))
	case *ir.Map:
		return jen.Map(jen.String()).Add(itemType(t.Elem))
	case ir.Raw:
		return jen.Qual("encoding/json", "RawMessage")
	}
	panic(fmt.Sprintf("a type outside the closed set: %T", t))
}

func itemType(it ir.Item) jen.Code {
	if it.Pointer {
		return jen.Op("*").Add(goType(it.Type))
	}
	return goType(it.Type)
}

// enumType prints an enum with its constants.
//
//	type XDuration int64
//
//	const (
//		XDuration5  XDuration = 5
//		XDuration10 XDuration = 10
//	)
func enumType(f *jen.File, m *ir.Model, e *ir.Enum) {
	var c comment
	text := "Values other than its constants survive decoding but fail Validate."
	if e.Output {
		text = "Values other than its constants are newer than this client."
	}
	c.para(e.Name, "is a value of", e.Path, "in", whole(e.Output), sentence(m.ID), text)
	if e.Base == ir.EnumMixed {
		c.para("It holds the value as JSON text.")
	}
	c.file(f)
	base := [...]string{"string", "int64", "float64", "string"}[e.Base]
	f.Type().Id(e.Name).Id(base)
	f.Commentf("// The values of %s.", e.Name)
	f.Const().DefsFunc(func(g *jen.Group) {
		for _, member := range e.Members {
			if member.Doc != "" {
				var c comment
				c.para(member.Name+":", sentence(member.Doc))
				c.jen(g)
			}
			g.Id(member.Name).Id(e.Name).Op("=").Add(memberLit(e, member))
		}
	})
	if e.Base == ir.EnumMixed {
		mixedMethods(f, e)
	}
}

func memberLit(e *ir.Enum, m ir.EnumMember) jen.Code {
	switch e.Base {
	case ir.EnumInt:
		i, _ := m.Value.Num.Int64()
		return intLit(i)
	case ir.EnumFloat:
		return floatLit(m.Value.Num)
	}
	return jen.Lit(m.Value.String)
}

// intLit prints an integer as an untyped constant; jen.Lit would print a
// conversion around an int64.
func intLit(i int64) *jen.Statement { return jen.Op(strconv.FormatInt(i, 10)) }

// floatLit prints a number as an untyped constant, without a point if it has none.
func floatLit(n ir.Num) *jen.Statement {
	if i, ok := n.Int64(); ok {
		return intLit(i)
	}
	x, _ := n.Float64()
	return jen.Lit(x)
}

// mixedMethods let a mixed enum stand in JSON as what it is.
//
//	func (x XSize) MarshalJSON() ([]byte, error) { return marshalMixed(string(x)) }
func mixedMethods(f *jen.File, e *ir.Enum) {
	f.Comment("// MarshalJSON returns the value itself, null for an unset one.")
	f.Func().Params(jen.Id("x").Id(e.Name)).Id("MarshalJSON").Params().Params(jen.Index().Byte(), jen.Error()).Block(
		jen.Return(jen.Id("marshalMixed").Call(jen.String().Call(jen.Id("x")))))
	f.Comment("// UnmarshalJSON takes any JSON value; null is an unset one.")
	f.Func().Params(jen.Id("x").Op("*").Id(e.Name)).Id("UnmarshalJSON").
		Params(jen.Id("b").Index().Byte()).Error().Block(
		jen.Op("*").Id("x").Op("=").Id(e.Name).Call(jen.Id("unmarshalMixed").Call(jen.Id("b"))),
		jen.Return(jen.Nil()))
}

// unmarshalMethod lets a struct with integers take every JSON number that is one.
//
//	func (x *XInput) UnmarshalJSON(b []byte) error { return unmarshalStruct(b, x) }
func unmarshalMethod(f *jen.File, s *ir.Struct) {
	if !slices.ContainsFunc(s.Fields, func(field ir.Field) bool { return integral(field.Type) }) {
		return
	}
	f.Comment("// UnmarshalJSON fills in what fits, also beside an error; 42.0 and 1e2 are integers.")
	f.Func().Params(jen.Id("x").Op("*").Id(s.Name)).Id("UnmarshalJSON").
		Params(jen.Id("b").Index().Byte()).Error().Block(
		jen.Return(jen.Id("unmarshalStruct").Call(jen.Id("b"), jen.Id("x"))))
}

// integral reports whether a type holds integers of its own, not of a struct in it.
func integral(t ir.Type) bool {
	switch t := t.(type) {
	case ir.Scalar:
		return t == ir.Int
	case *ir.Enum:
		return t.Base == ir.EnumInt
	case *ir.List:
		return integral(t.Elem.Type)
	case *ir.Map:
		return integral(t.Elem.Type)
	}
	return false
}

// inputMethods print what makes the struct an Input.
func inputMethods(f *jen.File, m *ir.Model) {
	receiver := jen.Op("*").Id(m.Input.Name)
	f.Comment("// ModelID returns the model's id.")
	f.Func().Params(receiver.Clone()).Id("ModelID").Params().String().Block(jen.Return(jen.Lit(m.ID)))

	f.Line()
	f.Func().Params(receiver.Clone()).Id("outputKind").Params().Id("OutputKind").Block(
		jen.Return(jen.Id("OutputKind" + strings.ToUpper(m.OutputKind.String()[:1]) + m.OutputKind.String()[1:])))

	f.Comment("// Validate returns a *ValidationError with every violation, or nil. It needs no network.")
	f.Add(validateMethod(m.Name, m.Input))
}

// mediaRules prints the model's table of media rules.
//
//	var mediaRulesX = []MediaRule{
//		{Path: "image_url", Kind: MediaKindImage},
//		{Path: "image_url", Kind: MediaKindImage, Metric: "width_pixels", Op: ">", Bound: 300, Message: "..."},
//	}
func mediaRules(f *jen.File, m *ir.Model) {
	var rows []jen.Code
	for _, r := range m.MediaTable() {
		if r.Likely {
			continue
		}
		row := []jen.Code{jen.Id("Path").Op(":").Lit(r.Path), jen.Id("Kind").Op(":").Id(mediaKinds[r.Kind])}
		if r.Metric != "" {
			row = append(row,
				jen.Id("Metric").Op(":").Lit(r.Metric),
				jen.Id("Op").Op(":").Lit(r.Op),
				jen.Id("Bound").Op(":").Add(floatLit(r.Bound)),
				jen.Id("Message").Op(":").Lit(r.Message))
		}
		rows = append(rows, jen.Line().Values(row...))
	}
	result := jen.Nil()
	if len(rows) > 0 {
		name := "mediaRules" + m.Name
		f.Line()
		f.Var().Id(name).Op("=").Index().Id("MediaRule").Values(append(rows, jen.Line())...)
		result = jen.Id(name)
	}
	f.Comment("// MediaRules returns the page's rules for the media of the input; the table is not to be changed.")
	f.Func().Params(jen.Op("*").Id(m.Input.Name)).Id("MediaRules").Params().Index().Id("MediaRule").Block(
		jen.Return(result))
}

var mediaKinds = [...]string{"MediaKindOther", "MediaKindImage", "MediaKindVideo", "MediaKindAudio", "MediaKindOther"}

// clientMethod prints the one call that runs the model.
//
//	func (c *Client) X(ctx context.Context, in *XInput, opts ...CallOption) (*Result, error) {
//		return c.run(ctx, in, opts)
//	}
func clientMethod(f *jen.File, m *ir.Model) {
	var c comment
	c.para(m.Name, "runs", m.ID, "and waits for its result. It submits once; an error tells whether that was charged.")
	c.deprecated(m).file(f)
	f.Func().Params(jen.Id("c").Op("*").Id("Client")).Id(m.Name).Params(
		jen.Id("ctx").Qual("context", "Context"),
		jen.Id("in").Op("*").Id(m.Input.Name),
		jen.Id("opts").Op("...").Id("CallOption"),
	).Params(jen.Op("*").Id("Result"), jen.Error()).Block(
		jen.Return(jen.Id("c").Dot("run").Call(jen.Id("ctx"), jen.Id("in"), jen.Id("opts"))))
}

// outputType prints a model's own output and the function that reads it.
func outputType(f *jen.File, m *ir.Model) {
	var c comment
	c.para(m.Output.Name, "is the output of", sentence(m.ID), "What is absent from an answer is nil.")
	c.file(f)
	f.Add(structType(m.Output))
	unmarshalMethod(f, m.Output)
	c = nil
	c.para("Decode"+m.Output.Name, "reads the model's own output from a result of it. What fits is filled in, also beside an error.")
	c.file(f)
	f.Func().Id("Decode"+m.Output.Name).Params(jen.Id("res").Op("*").Id("Result")).
		Params(jen.Op("*").Id(m.Output.Name), jen.Error()).Block(
		jen.Return(jen.Id("decodeOutput").Types(jen.Id(m.Output.Name)).Call(jen.Id("res"))))
}
