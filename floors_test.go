package genclient_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// floors are the layers of the module, lowest first, with the packages of each: a
// package imports those of lower floors only. A new package is added here, on the
// lowest floor that its imports allow. "go test -run Floors -v ." prints them.
var floors = [][]string{
	{"internal/diag", "schemas", "templates", "templates/client"},
	{"internal/diag/rulesdoc", "internal/jsontree", "internal/output", "internal/fetch", "internal/ir", "internal/config", "generated/..."},
	{"internal/dialect", "internal/emit"},
	{"internal/sample", "internal/schema"},
	{"internal/scrape", "internal/validate", "internal/plan", "internal/openapi", "internal/compat"},
	{"internal/lint", "internal/library"},
	{"internal/crawl/...", "internal/generate", "mock/..."},
	{"internal/update", "internal/session"},
	{"internal/ui", "internal/mcp"},
	{"internal/cli"},
	{"cmd/genclient"},
}

// owners are the libraries that one package has to itself, outside tests.
var owners = map[string]string{
	"github.com/PuerkitoBio/goquery":           "internal/scrape",
	"github.com/dave/jennifer":                 "internal/emit",
	"github.com/santhosh-tekuri/jsonschema/v5": "internal/validate",
	"github.com/spf13/cobra":                   "internal/cli",
	"github.com/google/go-cmp":                 "no package",
	"github.com/rogpeppe/go-internal":          "no package",
}

const module = "github.com/genclient/genclient"

// TestFloors holds every package of the module to the floors.
func TestFloors(t *testing.T) {
	for n, packages := range floors {
		t.Logf("floor %2d: %s", n, strings.Join(packages, ", "))
	}
	packages := listPackages(t)
	for _, problem := range checkFloors(packages) {
		t.Error(problem)
	}
	if len(packages) < 15 {
		t.Errorf("only %d packages", len(packages))
	}
	used := map[string]bool{}
	for _, p := range packages {
		for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
			used[ownedLibrary(imported)] = true
		}
	}
	for library := range owners {
		if !used[library] {
			t.Errorf("nothing imports %s: the list of packages or of libraries is not what it should be", library)
		}
	}
}

// TestFloorsFindsUpwardImports: what TestFloors must not miss.
func TestFloorsFindsUpwardImports(t *testing.T) {
	for _, tt := range []struct{ path, imported, want string }{
		{"internal/diag", "internal/jsontree", "floor 0 imports internal/jsontree of floor 1"},
		{"internal/plan", "internal/scrape", "floor 4 imports internal/scrape of floor 4"},
		{"internal/emit", "internal/schema", "floor 2 imports internal/schema of floor 3"},
		{"mock/internal/memnet", "internal/cli", "floor 6 imports internal/cli of floor 9"},
		{"mock", "mock/internal/memnet", ""},
		{"internal/new", "fmt", "is on no floor"},
		{"internal/cli", "internal/new", "imports internal/new, which is on no floor"},
		{"internal/plan", "internal/ir", ""},
		{"generated/runcomfy", "internal/diag", "only the standard library"},
		{"templates/client", "golang.org/x/sync/errgroup", "only the standard library"},
		{"internal/lint", "github.com/spf13/cobra/doc", "which is for internal/cli"},
		{"internal/cli", "github.com/spf13/cobra", ""},
		{"internal/cli", "testing", "is for tests"},
	} {
		imported := tt.imported
		if strings.HasPrefix(imported, "internal/") || strings.HasPrefix(imported, "mock/") {
			imported = module + "/" + imported
		}
		got := strings.Join(checkFloors([]listed{{ImportPath: module + "/" + tt.path, GoFiles: []string{"a.go"}, Imports: []string{imported}}}), "; ")
		if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s importing %s: %q, want %q", tt.path, tt.imported, got, tt.want)
		}
	}
}

// checkFloors returns what is wrong with the imports of the packages, tests aside.
func checkFloors(packages []listed) (problems []string) {
	report := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	for _, p := range packages {
		path := inModule(p.ImportPath)
		floor := floorOf(path)
		if floor < 0 && len(p.GoFiles) > 0 { // a folder of tests only is no layer
			report("%s is on no floor: add it to the table of this test", path)
		}
		for _, imported := range p.Imports {
			own := inModule(imported)
			switch of := floorOf(own); {
			case own != "" && of < 0:
				report("%s imports %s, which is on no floor", path, own)
			case own != "" && of >= floor && !sameTree(path, own):
				report("%s of floor %d imports %s of floor %d", path, floor, own, of)
			}
			if library := ownedLibrary(imported); library != "" && owners[library] != path {
				report("%s imports %s, which is for %s", path, imported, owners[library])
			}
			if isStandardOnly(path) && strings.Contains(strings.SplitN(imported, "/", 2)[0], ".") {
				report("%s imports %s: only the standard library goes into a generated client", path, imported)
			}
			if imported == "testing" {
				report("%s imports testing, which is for tests", path)
			}
		}
	}
	return problems
}

// floorOf returns the floor of a package, or -1. An entry that ends in /... stands
// for the package of that name and all below it.
func floorOf(path string) int {
	return slices.IndexFunc(floors, func(packages []string) bool {
		return slices.ContainsFunc(packages, func(entry string) bool {
			tree, isTree := strings.CutSuffix(entry, "/...")
			return path == tree || isTree && strings.HasPrefix(path, tree+"/")
		})
	})
}

// sameTree reports whether a package belongs to the other one, as those below
// mock/internal do.
func sameTree(path, below string) bool { return strings.HasPrefix(below, path+"/internal/") }

// inModule returns the path of a package in the module, "" for any other.
func inModule(path string) string {
	own, _ := strings.CutPrefix(path, module+"/")
	if own == path {
		return ""
	}
	return own
}

func ownedLibrary(imported string) string {
	for library := range owners {
		if imported == library || strings.HasPrefix(imported, library+"/") {
			return library
		}
	}
	return ""
}

// isStandardOnly reports whether a package may import the standard library only.
func isStandardOnly(path string) bool {
	return path == "templates/client" || strings.HasPrefix(path, "generated/")
}

type listed struct {
	ImportPath                                  string
	GoFiles, Imports, TestImports, XTestImports []string
}

// listPackages asks the go command for the packages of the module.
func listPackages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,GoFiles,Imports,TestImports,XTestImports", "./...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var packages []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}
