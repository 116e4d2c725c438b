package plan

import (
	"strings"
	"testing"

	"github.com/genclient/genclient/internal/schema"
)

// TestDigest: the digest changes with the id or a schema of a selected model and with
// nothing else: not with the order, spacing or texts of documents, nor with other models.
func TestDigest(t *testing.T) {
	read := func(text string) *schema.Document {
		d, diags := schema.Read("test.json", []byte(text))
		if d == nil {
			t.Fatal(diags)
		}
		return d
	}
	const a = `{"model_id": "acme/a", "title": "A", "input": {"type": "object", "properties": {"prompt": {"type": "string"}}}}`
	const b = `{"model_id": "acme/b", "title": "B", "input": {"type": "object", "properties": {"seed": {"type": "integer"}}}}`
	digest := func(only string, texts ...string) string {
		var docs []*schema.Document
		for _, text := range texts {
			docs = append(docs, read(text))
		}
		opts := Options{Package: "p"}
		if only != "" {
			opts.Select = func(id string) bool { return id == only }
		}
		pkg, _ := Build(docs, Pins{}, opts)
		return pkg.Digest
	}
	whole, one := digest("", a, b), digest("acme/a", a, b)
	if len(whole) != 64 || whole == one || digest("") == whole {
		t.Errorf("digests %q, %q", whole, one)
	}
	for name, same := range map[string]string{
		"order": digest("", b, a), "spacing": digest("", strings.ReplaceAll(a, ": ", ":\n "), b), "title": digest("", strings.Replace(a, `"A"`, `"Z"`, 1), b),
	} {
		if same != whole {
			t.Errorf("%s: another digest", name)
		}
	}
	if digest("acme/a", a, strings.Replace(b, "seed", "need", 1)) != one {
		t.Error("a model that is not selected changes the digest")
	}
	for name, other := range map[string]string{
		"property": strings.Replace(b, "seed", "need", 1), "type": strings.Replace(b, "integer", "number", 1), "id": strings.Replace(b, "acme/b", "acme/c", 1),
		"output": strings.Replace(b, `"input"`, `"output": {"type": "object", "properties": {"text": {"type": "string"}}}, "input"`, 1),
	} {
		if digest("", a, other) == whole {
			t.Errorf("%s: the same digest", name)
		}
	}
}
