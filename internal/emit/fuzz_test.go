package emit

import (
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/genclient/genclient/internal/schema"

	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/plan"
)

// FuzzComment writes any text as the doc comment of a declaration: it is
// nothing but comments, gofmt leaves it alone, and every word is there.
func FuzzComment(f *testing.F) {
	for _, s := range hostileTexts(f) {
		f.Add(s)
	}
	f.Add("`````````)```````") // gofmt makes something else of it each time
	f.Add("```json\n{\"a\": ``b''}```")
	f.Fuzz(func(t *testing.T, text string) {
		var c comment
		c.para("X is a test.", sentence(text))
		c.para("Not checked here:", text)
		lines := c.lines()
		src := "package p\n\n" + strings.Join(lines, "\n") + "\ntype X struct {\n\t" + strings.Join(lines, "\n\t") + "\n\tF int\n}\n"
		file, err := parser.ParseFile(token.NewFileSet(), "", src, parser.ParseComments)
		if err != nil {
			t.Fatalf("%v in\n%s", err, src)
		}
		if len(file.Decls) != 1 || file.Decls[0].(*ast.GenDecl).Doc == nil || len(file.Comments) != 2 {
			t.Errorf("%d declarations, %d comments in\n%s", len(file.Decls), len(file.Comments), src)
		}
		for _, problem := range commentProblems(file) {
			t.Error(problem)
		}
		formatted, err := format.Source([]byte(src))
		if err != nil {
			t.Fatal(err)
		}
		if string(formatted) != src {
			t.Errorf("gofmt makes of\n%s\n%s", src, formatted)
		}
		written := strings.Fields(strings.Join(lines, " "))
		for _, word := range strings.Fields(clean(text)) {
			if !slices.Contains(written, word) {
				t.Errorf("the word %q is lost in\n%s", word, strings.Join(lines, "\n"))
			}
		}
	})
}

// hostileTexts are the descriptions of the goldens.
func hostileTexts(t testing.TB) (texts []string) {
	for _, path := range archives(t, "generate") {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range archived(t, archive) {
			for _, m := range d.Input.Get("properties").Members {
				if s := m.Value.Get("description").Str(); s != "" {
					texts = append(texts, s)
				}
			}
		}
	}
	return texts
}

// FuzzEmit takes any schema that can be read through the plan to its file:
// planning never fails, the file is Go, gofmt leaves it alone, and nothing in it
// is from the page but texts.
func FuzzEmit(f *testing.F) {
	for _, folder := range []string{"ir", "generate"} {
		for _, path := range archives(f, folder) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				f.Fatal(err)
			}
			for _, d := range archived(f, archive) {
				output := "null"
				if d.Output != nil {
					output = d.Output.Compact()
				}
				f.Add(d.ModelID, d.Title, []byte(d.Input.Compact()), []byte(output))
			}
		}
	}
	for _, properties := range oddProperties {
		f.Add("acme/odd", "", []byte(`{"type": "object", "properties": {`+properties+`}}`), []byte("null"))
	}
	f.Fuzz(func(t *testing.T, id, title string, input, output []byte) {
		doc := schema.Document{ModelID: id, Title: title}
		var err error
		if doc.Input, _, err = jsontree.Decode(input, 0); err != nil || !doc.Input.Is(jsontree.Object) {
			return
		}
		if doc.Output, _, err = jsontree.Decode(output, 0); err != nil || !doc.Output.Is(jsontree.Object) {
			doc.Output = nil
		}
		read, _ := schema.Read("fuzz.json", doc.Bytes())
		if read == nil {
			return
		}
		pkg := planned(t, []*schema.Document{read})
		pkg.Text()
		m := &pkg.Models[0]
		src := rendered(t, pkg, 0).Content
		file, err := parser.ParseFile(token.NewFileSet(), m.File, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, problem := range slices.Concat(commentProblems(file), literalProblems(file, m), identifierProblems(file, m), tagProblems(file, m)) {
			t.Error(problem)
		}
		if !slices.Equal(plannedNames(m), declaredNames(file)) {
			t.Errorf("declared are %v", declaredNames(file))
		}
		if pins, diags := plan.Pin(nil, []*schema.Document{read}, plan.Pins{}); diags.HasErrors() || len(pins.Bytes()) == 0 {
			t.Error(diags)
		}
	})
}
