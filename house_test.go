package genclient_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/genclient/genclient/internal/diag"
)

// The limits of the house: a file and a function fit in the head, a line on the screen.
const (
	maxFileLines     = 350
	maxFunctionLines = 60
	maxColumns       = 120
)

// flat are files that are tables.
var flat = map[string]bool{"internal/diag/rules.go": true, "internal/plan/reserved.go": true}

// TestHouse holds the Go files that are written by hand to the limits and every package
// to a comment that says what it holds; tests may be longer.
func TestHouse(t *testing.T) {
	documented, packages := map[string]bool{}, map[string]bool{}
	files := trackedFiles(t)
	for _, name := range files {
		src, err := os.ReadFile(name)
		if os.IsNotExist(err) {
			continue // deleted and not committed
		}
		if err != nil {
			t.Fatal(err)
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, src, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		isTest := strings.HasSuffix(name, "_test.go")
		if !isTest {
			packages[path.Dir(name)] = true
			documented[path.Dir(name)] = documented[path.Dir(name)] || saysWhatItHolds(file)
		}
		if !isTest && !strings.HasPrefix(name, "templates/") {
			checkRuleNames(t, fset, file)
		}
		if !isTest && !flat[name] {
			for _, problem := range checkLimits(fset, file, name, src) {
				t.Error(problem)
			}
		}
	}
	for dir := range packages {
		if !documented[dir] {
			t.Errorf("%s: the package comment does not begin with a sentence that says what the package holds", dir)
		}
	}
	if len(packages) < 15 {
		t.Errorf("only %d packages in %d files", len(packages), len(files))
	}
}

// TestHouseFindsWhatIsTooLong: what TestHouse must not miss.
func TestHouseFindsWhatIsTooLong(t *testing.T) {
	long := strings.Repeat("x", maxColumns)
	for text, want := range map[string]int{
		"package p\n":                                                                           0,
		"package p\n\n// " + long + "\n":                                                        1,
		"package p\n\nvar a = \"" + long + "\"\n":                                               0,
		"package p\n\nvar a" + long + " = \"\"\n":                                               1,
		"package p\n" + strings.Repeat("\n", maxFileLines):                                      1,
		"package p\n\nfunc f() {" + strings.Repeat("\n", maxFunctionLines) + "}\n":              1,
		"package p\n\nvar f = func() {" + strings.Repeat("\n", maxFunctionLines) + "}\n":        1,
		"package p\n\nfunc f() {" + strings.Repeat("\n", maxFunctionLines-1) + "}\n":            0,
		"package p\n\nvar a = `\n" + long + "\n" + long + long + "`\n":                          0,
		"package p\n\nvar a = []string{\n" + strings.Repeat("\t\"x\",\n", maxFileLines) + "}\n": 1,
	} {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, "a.go", text, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if got := checkLimits(fset, file, "a.go", []byte(text)); len(got) != want {
			t.Errorf("%.60q: %q, want %d problems", text, got, want)
		}
	}
}

// checkLimits returns what is too long in a file.
func checkLimits(fset *token.FileSet, file *ast.File, name string, src []byte) (problems []string) {
	lines := bytes.Split(bytes.TrimSuffix(src, []byte("\n")), []byte("\n"))
	if len(lines) > maxFileLines {
		problems = append(problems, fmt.Sprintf("%s has %d lines, more than %d", name, len(lines), maxFileLines))
	}
	literal := map[int]bool{} // lines on which a string literal stands
	function := func(from, to token.Pos) {
		if n := fset.Position(to).Line - fset.Position(from).Line + 1; n > maxFunctionLines {
			problems = append(problems, fmt.Sprintf("%s: a function of %d lines, more than %d", fset.Position(from), n, maxFunctionLines))
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BasicLit:
			if n.Kind == token.STRING && n.End()-n.Pos() > 20 {
				for line := fset.Position(n.Pos()).Line; line <= fset.Position(n.End()).Line; line++ {
					literal[line] = true
				}
			}
		case *ast.FuncDecl:
			function(n.Pos(), n.End())
		case *ast.FuncLit:
			function(n.Pos(), n.End())
		}
		return true
	})
	for i, line := range lines {
		columns := utf8.RuneCount(line) + 3*bytes.Count(line, []byte("\t"))
		if columns > maxColumns && !literal[i+1] {
			problems = append(problems, fmt.Sprintf("%s:%d: %d columns, more than %d", name, i+1, columns, maxColumns))
		}
	}
	return problems
}

// saysWhatItHolds reports whether a file has a package comment of at least one sentence.
func saysWhatItHolds(file *ast.File) bool {
	doc := strings.TrimSpace(file.Doc.Text())
	first, _, _ := strings.Cut(doc, "\n\n")
	named := strings.HasPrefix(doc, "Package "+file.Name.Name+" ") || file.Name.Name == "main" && doc != ""
	return named && len(strings.Fields(first)) > 5 && strings.Contains(first, ".")
}

// checkRuleNames holds the rule of every diagnostic to the one table.
func checkRuleNames(t *testing.T, fset *token.FileSet, file *ast.File) {
	check := func(e ast.Expr) {
		lit, ok := e.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return
		}
		name, _ := strconv.Unquote(lit.Value)
		for _, r := range diag.Rules() {
			if r.Name == name {
				return
			}
		}
		t.Errorf("%s: no rule of internal/diag is named %q", fset.Position(lit.Pos()), name)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		c, ok := n.(*ast.CompositeLit)
		if !ok || !isDiagnostic(c.Type) {
			return true
		}
		for _, e := range c.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				if key, ok := kv.Key.(*ast.Ident); ok && key.Name == "Rule" {
					check(kv.Value)
				}
			}
		}
		return true
	})
}

// isDiagnostic reports whether a composite literal's type is one with a Rule of the
// table; elements of a list have none.
func isDiagnostic(e ast.Expr) bool {
	switch e := e.(type) {
	case nil:
		return true
	case *ast.SelectorExpr:
		return e.Sel.Name == "Diagnostic" || e.Sel.Name == "Problem"
	case *ast.Ident:
		return e.Name == "Problem"
	}
	return false
}

// trackedFiles returns the Go files of the module that are written by hand.
func trackedFiles(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard", "*.go").Output()
	if err != nil {
		t.Skip("not a git checkout: ", err)
	}
	var files []string
	for _, name := range strings.Fields(string(out)) {
		if !strings.HasPrefix(name, "generated/") && !strings.HasPrefix(name, "examples/") && !strings.HasPrefix(name, "bench/") {
			files = append(files, name)
		}
	}
	return files
}
