package plan

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/templates"
)

// TestReservedNames compares the list with the runtime's source: every exported
// name of the package and every method of Client is in it, and in it once.
func TestReservedNames(t *testing.T) {
	exported := runtimeNames(t)
	for _, name := range exported {
		if !slices.Contains(reserved, name) {
			t.Errorf("the runtime has the name %s, which a model could take", name)
		}
	}
	for i, name := range reserved {
		if !validName(name) || slices.Contains(reserved[:i], name) {
			t.Errorf("%q is no exported name, or there twice", name)
		}
	}
	if len(exported) < 50 || !slices.Contains(exported, "Submit") || !slices.Contains(exported, "RuleVerdictFail") {
		t.Errorf("the runtime's source is not read as it should: %v", exported)
	}
}

// runtimeNames returns the exported names at the top level of the runtime and
// the exported methods of Client and what it embeds.
func runtimeNames(t *testing.T) []string {
	t.Helper()
	files, err := fs.Glob(templates.Client, "client/*.go")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	add := func(id *ast.Ident) {
		if id.IsExported() {
			names[id.Name] = true
		}
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		src, err := fs.ReadFile(templates.Client, name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if decl.Recv == nil || slices.Contains([]string{"Client", "core"}, receiver(decl)) {
					add(decl.Name)
				}
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						add(spec.Name)
					case *ast.ValueSpec:
						for _, id := range spec.Names {
							add(id)
						}
					}
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// receiver returns the name of a method's receiver type.
func receiver(decl *ast.FuncDecl) string {
	typ := decl.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if id, ok := typ.(*ast.Ident); ok {
		return id.Name
	}
	return ""
}

// TestRuntimeHasNoModelNames keeps the other direction: the unexported names
// and the files that a model brings along are not the runtime's.
func TestRuntimeHasNoModelNames(t *testing.T) {
	files, err := fs.Glob(templates.Client, "client/*_model.go")
	if err != nil || len(files) > 0 {
		t.Errorf("files of the runtime named as those of models: %v %v", files, err)
	}
	for _, prefix := range []string{"mediaRules", "pattern", "Decode"} {
		for _, name := range topLevel(t) {
			rest, ok := strings.CutPrefix(name, prefix)
			if ok && validName(rest) {
				t.Errorf("the runtime's %s could be the %s of a model %s", name, prefix, rest)
			}
		}
	}
	if d := cmp.Diff([]string(nil), clashing(topLevel(t))); d != "" {
		t.Errorf("names that hide a predeclared one, which generated code uses\n%s", d)
	}
}

// clashing returns the names that generated code uses in their predeclared sense.
func clashing(names []string) []string {
	var out []string
	for _, name := range names {
		if slices.Contains([]string{"string", "bool", "int64", "float64", "byte", "error", "nil", "len"}, name) {
			out = append(out, name)
		}
	}
	return out
}

// topLevel returns every name at the top level of the runtime.
func topLevel(t *testing.T) []string {
	t.Helper()
	files, err := fs.Glob(templates.Client, "client/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, name := range files {
		src, err := fs.ReadFile(templates.Client, name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, src, 0)
		if err != nil {
			t.Fatal(err)
		}
		names = slices.AppendSeq(names, maps.Keys(file.Scope.Objects))
	}
	return names
}
