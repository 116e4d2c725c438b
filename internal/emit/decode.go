package emit

import (
	"github.com/dave/jennifer/jen"

	"github.com/genclient/genclient/internal/ir"
)

// decodeFile prints the function that reads a stored body back into its typed
// input. It is the one place that names every model, and no type or method leads
// to it: the linker drops it, and with it the models, from a program that does not
// call it.
//
//	func DecodeInput(modelID string, body []byte) (Input, error) {
//		switch modelID {
//		case "vendor/model":
//			return decodeInput(new(ModelInput), body)
//		}
//		return nil, unknownModel(modelID)
//	}
func decodeFile(pkg *ir.Package) *jen.File {
	f := newFile(pkg.Name)
	f.Const().Id("_").Op("=").Id("format1")
	for _, line := range []string{
		"// DecodeInput returns the typed input of a stored request, whose body encoding/json",
		"// has written or can read: the input encodes to the same JSON value again. A body that",
		"// the input type would alter or could not hold is refused, as a *ValidationError with the",
		"// path of each difference, so that the request can still be sent with SubmitRaw as it is.",
		"// For a model that this client does not have the error is a *ConfigError. DecodeInput does",
		"// not call Validate.",
	} {
		f.Comment(line)
	}
	f.Func().Id("DecodeInput").Params(jen.Id("modelID").String(), jen.Id("body").Index().Byte()).
		Params(jen.Id("Input"), jen.Error()).Block(
		jen.Switch(jen.Id("modelID")).BlockFunc(func(g *jen.Group) {
			for i := range pkg.Models {
				m := &pkg.Models[i]
				g.Case(jen.Lit(m.ID)).Block(
					jen.Return(jen.Id("decodeInput").Call(jen.New(jen.Id(m.Input.Name)), jen.Id("body"))))
			}
		}),
		jen.Return(jen.Nil(), jen.Id("unknownModel").Call(jen.Id("modelID"))))
	return f
}
