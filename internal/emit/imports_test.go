package emit

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestImportRules holds who may import what. A package is named by its path in
// the module.
func TestImportRules(t *testing.T) {
	const module = "github.com/genclient/genclient/"
	onlyIn := map[string]string{ // outside tests
		"github.com/PuerkitoBio/goquery":           "internal/scrape",
		"github.com/dave/jennifer":                 "internal/emit",
		"github.com/santhosh-tekuri/jsonschema/v5": "internal/schema",
		"github.com/google/go-cmp":                 "no package",
		"github.com/rogpeppe/go-internal":          "no package",
	}
	used := map[string]bool{}
	packages := listPackages(t)
	for _, p := range packages {
		path := strings.TrimPrefix(p.ImportPath, module)
		for _, imported := range p.Imports {
			for library, owner := range onlyIn {
				if imported != library && !strings.HasPrefix(imported, library+"/") {
					continue
				}
				used[library] = true
				if path != owner {
					t.Errorf("%s imports %s, which is for %s", path, imported, owner)
				}
			}
			own, isOwn := strings.CutPrefix(imported, module)
			switch {
			case path == "internal/ir" && isOwn && own != "internal/schema" && own != "internal/diag":
				t.Errorf("%s imports %s: the plan is made of schemas alone", path, own)
			case path == "internal/emit" && own == "internal/schema":
				t.Errorf("%s imports %s: the emitter knows the plan alone", path, own)
			case isStandardOnly(path) && strings.Contains(strings.SplitN(imported, "/", 2)[0], "."):
				t.Errorf("%s imports %s: only the standard library goes into a generated client", path, imported)
			}
		}
		for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
			used[imported] = true
		}
	}
	for _, library := range []string{"github.com/PuerkitoBio/goquery", "github.com/dave/jennifer", "github.com/santhosh-tekuri/jsonschema/v5", "github.com/google/go-cmp/cmp"} {
		if !used[library] {
			t.Errorf("nothing imports %s: the list of packages is not what it should be", library)
		}
	}
	if len(packages) < 10 {
		t.Errorf("only %d packages", len(packages))
	}
}

// isStandardOnly reports whether a package may import the standard library alone.
func isStandardOnly(path string) bool {
	return path == "templates/client" || strings.HasPrefix(path, "generated/")
}

type listed struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

// listPackages asks the go command for the packages of the module.
func listPackages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = filepath.Join("..", "..")
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
