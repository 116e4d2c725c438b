package synth_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/bench/synth"
	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/schema"

	"github.com/genclient/genclient/internal/lint"
	"github.com/genclient/genclient/internal/plan"
)

// Figures of different machines and days are of the same input. A change of the
// generator on purpose changes the hash, and then the recorded figures.
func TestDocumentsAreAlwaysTheSame(t *testing.T) {
	hash := sha256.New()
	for _, d := range synth.Documents(1000) {
		hash.Write(d.Bytes())
	}
	const want = "26598588b7d9b78c8f6a1f94698d2075c583f5acba291c0ca1a032a553577626"
	if got := hex.EncodeToString(hash.Sum(nil)); got != want {
		t.Errorf("the documents hash to %s, want %s", got, want)
	}
}

func TestMoreDocumentsChangeNone(t *testing.T) {
	texts := map[string]string{}
	for _, d := range synth.Documents(60) {
		texts[d.ModelID] = string(d.Bytes())
	}
	for _, d := range synth.Documents(40) {
		if got, want := string(d.Bytes()), texts[d.ModelID]; got != want {
			t.Errorf("%s: %s", d.ModelID, cmp.Diff(want, got))
		}
	}
}

// The documents are read, found without an error and planned; everything that
// the site's dialect has stands in them.
func TestDocumentsAreUsable(t *testing.T) {
	docs := synth.Documents(1000)
	var all strings.Builder
	for _, d := range docs {
		text := d.Bytes()
		read, diags := schema.Read("test.json", text)
		if read == nil || len(diags) > 0 {
			t.Fatalf("%s: %v", d.ModelID, diags)
		}
		if got := string(read.Bytes()); got != string(text) {
			t.Errorf("%s: written again it differs: %s", d.ModelID, cmp.Diff(string(text), got))
		}
		for _, found := range lint.Document(read) {
			if found.Severity >= diag.Error {
				t.Errorf("%s: %s", found.Subject, found.Message)
			}
		}
		all.Write(text)
	}
	pkg, diags := plan.Build(docs, plan.Pins{}, plan.Options{Package: "gen"})
	if len(pkg.Models) != 1000 || diags.HasErrors() {
		t.Errorf("planned %d of 1000 models: %v", len(pkg.Models), diags)
	}
	for _, part := range []string{`"type": "float"`, `"type": "boolean"`, `"enum": [`, `"exclusiveMinimum"`, `"multipleOf"`,
		`"pattern"`, `"maxLength"`, `"maxItems"`, `"minItems"`, `"uniqueItems"`, `"validations"`, `"width/height<"`, `"format": "image_uris"`,
		`"additionalProperties"`, `"null"`, `"loras"`, `"241_positive_prompt"`, `"promptImage"`, `4294967295`, `20.0`, `"1152:864 (4:3)"`} {
		if !strings.Contains(all.String(), part) {
			t.Errorf("no document has %s", part)
		}
	}
}

func TestReadTable(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"models.tsv":    "b-two\tb/two\na-one\ta/one\n",
		"a-one.json":    `{"type": "object", "properties": {"prompt": {"type": "string"}}}`,
		"b-two.json":    `{"type": "object", "properties": {"seed": {"type": "integer"}}}`,
		"output.schema": `{"type": "object"}`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	docs, err := synth.ReadTable(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range docs {
		got = append(got, d.ModelID+" "+d.Input.Get("properties").Compact()+" "+d.Output.Compact())
	}
	want := []string{
		`a/one {"prompt":{"type":"string"}} {"output":{"type":"object"}}`,
		`b/two {"seed":{"type":"integer"}} {"output":{"type":"object"}}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
