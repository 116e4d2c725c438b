package mock_test

import (
	"testing"
	"testing/fstest"

	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/sample"
	"github.com/genclient/genclient/mock"
)

// TestKnownModelsAcceptTheirSamples: every model that genclient ships is served,
// accepts a valid body, with the optional properties or without, and refuses an
// empty one without a charge.
func TestKnownModelsAcceptTheirSamples(t *testing.T) {
	models := mock.KnownModels()
	s := mock.New(t, mock.WithModels(models...))
	for i, m := range models {
		input, _, err := jsontree.Decode(m.InputSchema, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, optional := range []bool{false, true} {
			if r := mustSend(t, s, "POST", "/v1/models/"+m.ID, sample.Of(input, optional).Compact()); r.status != 200 {
				t.Errorf("%s: %d %s", m.ID, r.status, r.body)
			}
		}
		if r := mustSend(t, s, "POST", "/v1/models/"+m.ID, `{}`); r.status != 422 || len(s.Ledger()) != 2*(i+1) {
			t.Errorf("%s: an empty body: %d, %d charges", m.ID, r.status, len(s.Ledger()))
		}
	}
}

// TestSchemaModels: bodies are held against the documents of a folder. A name
// with a dot or a bracket is one name in the location of a problem.
func TestSchemaModels(t *testing.T) {
	models, err := mock.SchemaModels(fstest.MapFS{"a/b.json": {Data: []byte(`{
  "model_id": "a/b",
  "input": {"type": "object", "required": ["x.y"], "properties": {
    "x.y": {"type": "string"},
    "l[0]": {"type": "array", "items": {"type": "integer"}}}}}`)}})
	if err != nil {
		t.Fatal(err)
	}
	s := mock.New(t, mock.WithModels(models...))
	r := mustSend(t, s, "POST", "/v1/models/a/b", `{"l[0]": [1, "2"]}`)
	const want = `{"detail":[{"loc":["body","l[0]",1],"msg":"expected integer, but got string","type":"type"},` +
		`{"loc":["body","x.y"],"msg":"is required","type":"required"}]}`
	if r.status != 422 || string(r.body) != want {
		t.Errorf("%d %s\nwant %s", r.status, r.body, want)
	}
	if r := mustSend(t, s, "POST", "/v1/models/a/b", `{"x.y": "z", "l[0]": [1]}`); r.status != 200 {
		t.Errorf("%d %s", r.status, r.body)
	}
}
