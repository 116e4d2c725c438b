package mock

import (
	"fmt"
	"io/fs"
	"strconv"
	"sync"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/schema"
	"github.com/genclient/genclient/schemas"

	"github.com/genclient/genclient/internal/dialect"
	"github.com/genclient/genclient/internal/library"
	"github.com/genclient/genclient/internal/validate"
)

// KnownModels returns the models whose schema documents genclient ships with.
// Bodies are validated by the schemas, media rules aside. They are served beside
// SampleModels unless WithModels says otherwise.
func KnownModels() []Model {
	models, err := SchemaModels(schemas.FS)
	if err != nil {
		panic("mock: the embedded schema documents: " + err.Error())
	}
	return models
}

// SchemaModels returns the models of a schemas folder as "genclient scrape"
// writes it, for WithModels:
//
//	models, err := mock.SchemaModels(os.DirFS("schemas"))
func SchemaModels(folder fs.FS) ([]Model, error) {
	read, err := library.Read(folder, "")
	if err != nil {
		return nil, err
	}
	for _, d := range read.Diags {
		if d.Severity == diag.Error {
			return nil, fmt.Errorf("%s: %s", d.Pos, d.Message)
		}
	}
	models := make([]Model, len(read.Documents))
	for i, d := range read.Documents {
		models[i] = Model{
			ID:          d.ModelID,
			DisplayName: d.Title,
			Categories:  d.Categories,
			Output:      OutputKind(dialect.OutputKind(d.ModelID, d.Categories, d.Output).String()),
			PriceUnit:   d.Price.Unit,
			InputSchema: []byte(d.Input.Compact()),
			Validate:    bodyCheck(d),
		}
		if usd, err := strconv.ParseFloat(d.Price.USD, 64); err == nil {
			models[i].BasePriceUSD = usd
		}
	}
	return models, nil
}

// bodyCheck judges bodies by a document's input schema, which it compiles when
// the first one comes.
func bodyCheck(d *schema.Document) func([]byte) []Problem {
	compiled := sync.OnceValue(func() *validate.Validator {
		v, _ := validate.Compile(d)
		return v
	})
	return func(body []byte) []Problem {
		v := compiled()
		if v == nil {
			return nil
		}
		var problems []Problem
		for _, f := range v.Validate(body) {
			problems = append(problems, Problem{Path: f.Steps, Type: f.Keyword, Message: f.Message})
		}
		return problems
	}
}
