package lint

import (
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/diag"

	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/library"
	"github.com/genclient/genclient/internal/schema"
	"github.com/genclient/genclient/internal/validate"
)

// corpus returns the models of a catalog: of the file that GENCLIENT_CORPUS
// names, else of the committed sample.
func corpus(t testing.TB) []*jsontree.Value {
	t.Helper()
	file := os.Getenv("GENCLIENT_CORPUS")
	if file == "" {
		file = "testdata/catalog.json"
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	v, _, err := jsontree.Decode(text, 0)
	if err != nil || len(v.Get("models").Elems) == 0 {
		t.Fatalf("no models in %s: %v", file, err)
	}
	return v.Get("models").Elems
}

// TestCorpus takes every model of the catalog through the package: its document
// is written, read and written again, judged and linted.
func TestCorpus(t *testing.T) {
	severities := map[diag.Severity]int{}
	models := corpus(t)
	for _, m := range models {
		id := m.Get("model_id").Str()
		first := &schema.Document{ModelID: id, Title: m.Get("display_name").Str(), Input: m.Get("input_schema")}
		d, diags := schema.Read(id, first.Bytes())
		if len(diags) > 0 {
			t.Errorf("%s: %v", id, diags)
			continue
		}
		if string(d.Bytes()) != string(first.Bytes()) || !d.Input.Equal(first.Input) {
			t.Errorf("%s is not the same after writing and reading", id)
		}
		judge, diags := validate.Compile(d)
		if judge == nil {
			t.Errorf("%s: %v", id, diags)
			continue
		}
		// The judge knows the required names: an empty body lacks each of them.
		if required := d.Input.Get("required").Strings(); len(judge.Validate([]byte(`{}`))) != len(required) {
			t.Errorf("%s: an empty body breaks %v, required are %q", id, judge.Validate([]byte(`{}`)), required)
		}
		for _, finding := range Document(d) {
			severities[finding.Severity]++
			if finding.Severity > diag.Note {
				t.Logf("%s: %s: %s [%s]", finding.Pos, finding.Subject, finding.Message, finding.Rule)
			}
			if finding.Severity == diag.Error || finding.Pos.Line == 0 {
				t.Errorf("%+v", finding)
			}
		}
	}
	t.Logf("%d models: %d errors, %d warnings, %d notes", len(models), severities[diag.Error], severities[diag.Warning], severities[diag.Note])
}

// committed returns the documents of the schemas folder.
func committed(t testing.TB) []*schema.Document {
	t.Helper()
	l, err := library.Read(os.DirFS("../../schemas"), "schemas")
	if err != nil || len(l.Diags) > 0 || len(l.Documents) == 0 {
		t.Fatalf("the committed schemas: %+v, %v", l, err)
	}
	return l.Documents
}

// TestCommittedSchemas holds the documents of the repository to their canonical
// form and their place.
func TestCommittedSchemas(t *testing.T) {
	docs := committed(t)
	var ids []string
	for _, d := range docs {
		ids = append(ids, d.ModelID)
	}
	for i, file := range schema.Paths(ids) {
		d := docs[i]
		if d.File() != "schemas/"+file {
			t.Errorf("%s stands in %s, not in %s", d.ModelID, d.File(), file)
		}
		if diff := cmp.Diff(string(d.Source()), string(d.Bytes())); diff != "" {
			t.Errorf("%s is not canonical (-file +canonical):\n%s", d.File(), diff)
		}
		if diags := Document(d); diags.HasErrors() {
			t.Errorf("%s: %v", d.File(), diags)
		}
		if judge, diags := validate.Compile(d); judge == nil || len(diags) > 0 {
			t.Errorf("%s: %v", d.File(), diags)
		}
	}
}

// FuzzLint lints and judges whatever the decoder accepts.
func FuzzLint(f *testing.F) {
	for _, tt := range lintCases {
		if tt.input[0] == '{' {
			f.Add([]byte(tt.input), []byte(`{}`))
		} else {
			f.Add([]byte(`{"type": "object", "properties": {`+tt.input+`}}`), []byte(`{"s": null, "l": [1]}`))
		}
	}
	for _, m := range corpus(f) {
		f.Add(m.Get("input_schema").AppendIndent(nil, ""), []byte(`{"prompt": ""}`))
	}
	for _, d := range committed(f) {
		f.Add([]byte(d.Input.Compact()), []byte(d.Example.Compact()))
	}
	f.Fuzz(func(t *testing.T, input, body []byte) {
		v, _, err := jsontree.Decode(input, 0)
		if err != nil || v.Kind != jsontree.Object {
			return
		}
		example, _, err := jsontree.Decode(body, 0)
		if err != nil {
			example = nil
		}
		d, diags := schema.Read("fuzz.json", (&schema.Document{ModelID: "a/b", Example: example, Input: v, Output: v}).Bytes())
		if len(diags) > 0 {
			return // nested too deep inside of a document
		}
		Document(d)
		judge, diags := validate.Compile(d)
		unusable := slices.ContainsFunc(diags, func(d diag.Diagnostic) bool { return d.Rule == "schema-unusable" })
		if (judge == nil) != unusable {
			t.Fatalf("validator %v with %v", judge, diags)
		}
		if judge == nil {
			return
		}
		findings := judge.Validate(body)
		if diff := cmp.Diff(findings, judge.Validate(body)); diff != "" {
			t.Fatalf("two runs differ:\n%s", diff)
		}
		for _, finding := range findings {
			if finding.Keyword == "" || finding.Message == "" {
				t.Fatalf("the finding %+v", finding)
			}
		}
	})
}
