package emit

import (
	"fmt"
	"iter"
	"path"
	"regexp"
	"strings"

	"github.com/genclient/genclient/internal/output"
	"github.com/genclient/genclient/templates"
)

// The names in templates/river that stamping changes.
const (
	riverPackage = "runcomfyriver"
	riverClient  = `runcomfy "github.com/genclient/genclient/generated/runcomfy"`
)

// importPathForm are the import paths that are put into source.
var importPathForm = regexp.MustCompile(`^[A-Za-z0-9._~+/-]+$`)

// RiverPackage is the name of the River adapter of a client package, and of the
// folder below the client's that it is written to.
func RiverPackage(pkg string) string { return pkg + "river" }

// River returns the files of the River adapter of the client package pkg, which
// has the given import path: templates/river with the banner in front and package
// name and import path changed. Their paths are below the client's folder.
func River(pkg, importPath string) ([]output.File, error) {
	if !importPathForm.MatchString(importPath) {
		return nil, fmt.Errorf("%q is not an import path", importPath)
	}
	var files []output.File
	for name, source := range riverFiles(templates.River) {
		if !strings.HasSuffix(name, ".go") {
			continue
		}
		source = strings.ReplaceAll(source, riverClient, `runcomfy "`+importPath+`"`)
		source = strings.ReplaceAll(source, riverPackage, RiverPackage(pkg))
		files = append(files, output.File{
			Path:    path.Join(RiverPackage(pkg), strings.TrimSuffix(name, ".go")+Suffix),
			Content: []byte(Banner + "\n\n" + source),
		})
	}
	return files, nil
}

// RiverNeeds returns the modules that a module with the River adapter requires, each
// as module@version, and the Go version that it is lifted to. What only the tests of
// the adapter import is not among them.
func RiverNeeds() (modules []string, goVersion string) {
	var sources strings.Builder
	goMod := ""
	for name, text := range riverFiles(templates.River) {
		if name == "go.mod" {
			goMod = text
		} else {
			sources.WriteString(text)
		}
	}
	for line := range strings.Lines(goMod) {
		words := strings.Fields(line)
		switch {
		case len(words) == 2 && words[0] == "go":
			goVersion = words[1]
		case len(words) == 2 && strings.HasPrefix(words[1], "v") && strings.Contains(sources.String(), `"`+words[0]) &&
			!strings.HasPrefix(riverClient, `runcomfy "`+words[0]):
			modules = append(modules, words[0]+"@"+words[1])
		}
	}
	return modules, goVersion
}

// riverFiles returns names and texts of the files in a txtar archive. A library for it
// would be one more requirement of every module that runs genclient as a tool.
func riverFiles(archive string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		name := ""
		var text strings.Builder
		for line := range strings.Lines(archive) {
			marked, ok := strings.CutPrefix(line, "-- ")
			if next, found := strings.CutSuffix(marked, " --\n"); ok && found {
				if name != "" && !yield(name, text.String()) {
					return
				}
				name = next
				text.Reset()
				continue
			}
			text.WriteString(line)
		}
		if name != "" {
			yield(name, text.String())
		}
	}
}
