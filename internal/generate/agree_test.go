package generate

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/library"
	"github.com/genclient/genclient/internal/schema"
)

// TestLintAndGenerateAgree: what lint reports on a schema is what generate --strict
// does, and what generate reports without it is among that; each rule has one severity,
// is reported once for one subject, and both commands end with one exit code.
func TestLintAndGenerateAgree(t *testing.T) {
	inputs := agreeInputs(t)
	r := rand.New(rand.NewPCG(11, 2))
	const mutated = 1000
	for n := range mutated {
		v := clone(inputs[n%len(inputs)])
		for range 1 + r.IntN(4) {
			mutate(r, v)
		}
		inputs = append(inputs, v)
	}
	reported := map[string]bool{}
	for n, input := range inputs {
		name := fmt.Sprintf("vendor/model-%d/text-to-image", n)
		doc := &schema.Document{ModelID: name, Input: input}
		l, err := library.Read(fstest.MapFS{"a.json": {Data: doc.Bytes()}}, "schemas")
		if err != nil {
			t.Fatal(err)
		}
		linted := Diagnose(l, nil)
		checkOnce(t, linted)
		for _, d := range linted {
			reported[d.Rule] = true
		}
		if l.Diags.HasErrors() {
			continue // too deep inside of a document
		}
		for _, strict := range []bool{false, true} {
			_, diags := diagnose(l, nil, "client", strict)
			checkOnce(t, diags)
			if strict {
				if d := cmp.Diff(triples(linted), triples(diags)); d != "" {
					t.Errorf("%s: -lint +generate --strict\n%s", doc.Bytes(), d)
				}
			}
			for _, triple := range triples(diags) {
				if !slices.Contains(triples(linted), triple) {
					t.Errorf("generate reports %s, lint does not\n%s", triple, doc.Bytes())
				}
			}
			limit := Options{Strict: strict}.Limit()
			if (linted.Count(limit) > 0) != (diags.Count(limit) > 0) {
				t.Errorf("strict %t: exit codes differ\n%s", strict, doc.Bytes())
			}
		}
		if t.Failed() {
			return
		}
	}
	if len(reported) < 40 {
		t.Errorf("only %d rules were reported: %v", len(reported), reported)
	}
}

// TestAgreementOnFilesAndExitCodes takes the whole way of generate for the schemas of
// the repository's own folder and for one that lint warns about.
func TestAgreementOnFilesAndExitCodes(t *testing.T) {
	warned := `{"model_id": "a/b", "input": {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1.2, "maximum": 1.8}}, "required": ["ghost"]}}`
	clean := `{"model_id": "a/b", "input": {"type": "object", "properties": {"n": {"type": "integer"}}}}`
	for text, finds := range map[string]bool{warned: true, clean: false} {
		l, err := library.Read(fstest.MapFS{"a.json": {Data: []byte(text)}}, "schemas")
		if err != nil {
			t.Fatal(err)
		}
		result, err := Run(Options{Package: "client", Out: filepath.Join(t.TempDir(), "out"), Library: l, Strict: true})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(triples(Diagnose(l, nil)), triples(result.Diags)); d != "" {
			t.Errorf("-lint +generate --strict\n%s", d)
		}
		if result.Proceed == finds || (result.Diags.Count(diag.Warning) > 0) != finds {
			t.Errorf("%s: proceed %t with %v", text, result.Proceed, result.Diags)
		}
	}
}

// TestOneBoundIsReportedOnce: two bounds that no value satisfies, in two drafts' forms.
func TestOneBoundIsReportedOnce(t *testing.T) {
	for input, want := range map[string][]string{
		`"n": {"type": "number", "minimum": 1, "exclusiveMinimum": 7, "maximum": 6}`: {"warning unsatisfiable a/b#n"},
		`"n": {"type": "integer", "minimum": 1.2, "maximum": 1.8}`:                   {"warning unsatisfiable a/b#n"},
		`"s": {"type": "string", "pattern": "(?=a)"}`:                                {"warning pattern-not-re2 a/b#s"},
		`"s": {"type": "string", "minLength": 3, "maxLength": 1}`:                    {"warning unsatisfiable a/b#s"},
		`"a,b": {"type": "string"}`:                                                  {"warning property-name a/b#a,b"},
	} {
		text := `{"model_id": "a/b", "input": {"type": "object", "properties": {` + input + `}}}`
		l, err := library.Read(fstest.MapFS{"a.json": {Data: []byte(text)}}, "schemas")
		if err != nil || l.Diags != nil {
			t.Fatal(err, l)
		}
		if d := cmp.Diff(want, triples(Diagnose(l, nil))); d != "" {
			t.Errorf("%s: lint: %s", input, d)
		}
		if _, diags := diagnose(l, nil, "client", false); !cmp.Equal(want, triples(diags)) {
			t.Errorf("%s: generate: %v", input, diags)
		}
	}
}

// triples are the severity, rule and subject of each diagnostic, sorted.
func triples(l diag.List) []string {
	var out []string
	for _, d := range l {
		out = append(out, fmt.Sprintf("%s %s %s", d.Severity, d.Rule, d.Subject))
	}
	slices.Sort(out)
	return out
}

// checkOnce holds a list to the table of rules and to one report of a rule for a subject.
func checkOnce(t *testing.T, l diag.List) {
	t.Helper()
	seen := map[string]bool{}
	for _, d := range l {
		if want := diag.RuleNamed(d.Rule).Severity; d.Severity != want {
			t.Errorf("the severity of %+v is not %s", d, want)
		}
		if key := d.Rule + " " + d.Subject; d.Subject != "" && seen[key] {
			t.Errorf("%s is reported twice", key)
		}
		seen[d.Rule+" "+d.Subject] = true
	}
}

// agreeInputs returns the input schemas of the catalog that GENCLIENT_CORPUS names, of
// the documents in testdata's archives, and of schemas/.
func agreeInputs(t *testing.T) []*jsontree.Value {
	t.Helper()
	var inputs []*jsontree.Value
	if file := os.Getenv("GENCLIENT_CORPUS"); file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		v, _, err := jsontree.Decode(text, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range v.Get("models").Items() {
			inputs = append(inputs, m.Get("input_schema"))
		}
	}
	own, err := library.Open("")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range own.Documents {
		inputs = append(inputs, d.Input)
	}
	err = filepath.WalkDir(filepath.Join("..", "..", "testdata"), func(file string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(file) != ".txtar" {
			return err
		}
		archive, err := txtar.ParseFile(file)
		if err != nil {
			return err
		}
		for _, f := range archive.Files {
			if d, _ := schema.Read(f.Name, f.Data); d != nil && strings.HasSuffix(f.Name, ".json") {
				inputs = append(inputs, d.Input)
			}
		}
		return nil
	})
	if err != nil || len(inputs) < 100 {
		t.Fatal(errors.Join(err, fmt.Errorf("%d schemas", len(inputs))))
	}
	return inputs
}

func clone(v *jsontree.Value) *jsontree.Value {
	w := *v
	w.Elems, w.Members = nil, nil
	for _, e := range v.Elems {
		w.Elems = append(w.Elems, clone(e))
	}
	for _, m := range v.Members {
		m.Value = clone(m.Value)
		w.Members = append(w.Members, m)
	}
	return &w
}

// keywordsToSet are what mutate sets in a schema, well-formed or not.
var keywordsToSet = []string{
	`"type": "integer"`, `"type": "float"`, `"type": ["string", "null"]`, `"type": "file"`, `"type": 5`, `"type": ["string", "integer"]`,
	`"minimum": 3`, `"exclusiveMinimum": 7`, `"maximum": 6`, `"exclusiveMaximum": true`, `"minimum": 1.2`, `"maximum": 1.8`, `"minimum": "3"`,
	`"minimum": 1e309`, `"maximum": 18446744073709551615`, `"minimum": 9223372036854775808`, `"multipleOf": 0`, `"multipleOf": 0.1`,
	`"minLength": 5`, `"maxLength": 2`, `"maxLength": 1e30`, `"minItems": 3`, `"maxItems": 1`, `"minLength": -1`, `"uniqueItems": "yes"`,
	`"pattern": "^(?=a)"`, `"pattern": "^a$"`, `"pattern": 5`, `"patternProperties": {"(?!a)": true}`, `"enum": []`, `"enum": ["a", 1, null, "a"]`,
	`"enum": [0, 1, 2.0, 2]`, `"enum": 7`, `"const": "c"`, `"default": "input.png"`, `"default": 7`, `"nullable": true`, `"readOnly": true`,
	`"deprecated": true`, `"x-order": 3`, `"not": {}`, `"if": {"type": "string"}`, `"$ref": "#/$defs/none"`, `"$ref": "#"`, `"$ref": "other.json"`,
	`"required": ["ghost", "ghost", 5]`, `"required": "ghost"`, `"properties": {"a,b": {"type": "string"}, "A.b": {"type": "float"}}`,
	`"properties": []`, `"additionalProperties": {"type": "string"}`, `"additionalProperties": false`, `"items": {"title": "Item"}`,
	`"items": [{"type": "string"}]`, `"items": false`, `"allOf": [{"minimum": 3}, {"maximum": 2}]`, `"anyOf": [{"type": "string"}, {"type": "null"}]`,
	`"oneOf": [{"const": 1}, {"const": "b"}]`, `"anyOf": {}`, `"format": "image_uris"`, `"format": "odd"`, `"title": "<b>x</b> modelApiDoc_x \u202e"`,
	`"validations": [{"validation_rule": "width_pixels>", "validation_value": 1e309}, {"validation_rule": "frames<", "validation_value": 3}]`,
	`"validations": {}`, `"dependencies": {"a": ["b"], "c": 5}`, `"$defs": {"d": {"type": "object", "properties": {"n": {"minimum": 3, "maximum": 2}}}}`,
}

// mutate changes one object or value somewhere in a tree.
func mutate(r *rand.Rand, root *jsontree.Value) {
	var objects []*jsontree.Value
	var collect func(v *jsontree.Value)
	collect = func(v *jsontree.Value) {
		if v.Kind == jsontree.Object {
			objects = append(objects, v)
		}
		for _, e := range v.Elems {
			collect(e)
		}
		for _, m := range v.Members {
			collect(m.Value)
		}
	}
	collect(root)
	v := objects[r.IntN(len(objects))]
	switch n := len(v.Members); {
	case n > 0 && r.IntN(4) == 0:
		v.Members = slices.Delete(v.Members, r.IntN(n), n)
	case n > 1 && r.IntN(5) == 0:
		i, k := r.IntN(n), r.IntN(n)
		v.Members[i].Value, v.Members[k].Value = v.Members[k].Value, v.Members[i].Value
	default:
		parsed, _, err := jsontree.Decode([]byte("{"+keywordsToSet[r.IntN(len(keywordsToSet))]+"}"), 0)
		if err != nil {
			panic(err)
		}
		set := parsed.Members[0]
		v.Members = slices.DeleteFunc(v.Members, func(m jsontree.Member) bool { return m.Name == set.Name })
		v.Members = append(v.Members, set)
	}
}
