package mock

import (
	"fmt"
	"io/fs"
	"strconv"
	"sync"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/schema"
	"github.com/genclient/genclient/schemas"
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
	set, diags, err := schema.Load(folder, "")
	if err != nil {
		return nil, err
	}
	for _, d := range diags {
		if d.Severity == diag.Error {
			return nil, fmt.Errorf("%s: %s", d.Pos, d.Message)
		}
	}
	pkg, _ := ir.Build(set.Documents, ir.Pins{}, ir.Options{})
	models := make([]Model, len(set.Documents))
	for i, d := range set.Documents {
		models[i] = Model{
			ID:          d.ModelID,
			DisplayName: d.Title,
			Categories:  d.Categories,
			Output:      OutputKind(pkg.Models[i].OutputKind.String()),
			PriceUnit:   d.Price.Unit,
			InputSchema: []byte(d.Input.Compact()),
			Validate:    validator(d),
		}
		if usd, err := strconv.ParseFloat(d.Price.USD, 64); err == nil {
			models[i].BasePriceUSD = usd
		}
	}
	return models, nil
}

// validator judges bodies by a document's input schema, which it compiles when
// the first one comes.
func validator(d *schema.Document) func([]byte) []Problem {
	compiled := sync.OnceValue(func() *schema.Judge {
		judge, _ := schema.Compile(d)
		return judge
	})
	return func(body []byte) []Problem {
		judge := compiled()
		if judge == nil {
			return nil
		}
		var problems []Problem
		for _, f := range judge.Validate(body, nil) {
			problems = append(problems, Problem{Path: f.Steps, Type: f.Keyword, Message: f.Message})
		}
		return problems
	}
}
