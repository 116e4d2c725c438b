// Package emit prints the plan of package ir as Go source: one file per model,
// made with jennifer, beside the fixed runtime of templates/client, stamped with
// the package's name. Scraped text reaches the source as string literals
// (jen.Lit), as struct tags and through the comment writer, never otherwise.
package emit

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/dave/jennifer/jen"
	"golang.org/x/sync/errgroup"

	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/output"
)

// Suffix ends the name of every generated file.
const Suffix = ".gen.go"

// Files returns the package: its comment, the runtime and a file per model,
// sorted by path, gofmt-formatted. An error is a defect of the generator.
func Files(pkg *ir.Package) ([]output.File, error) {
	var stamped []output.File
	models := make([]output.File, len(pkg.Models)+1)
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range pkg.Models {
		group.Go(func() (err error) {
			m := &pkg.Models[i]
			if models[i], err = render(m.File, ModelFile(pkg.Name, m)); err != nil {
				return fmt.Errorf("model %s: %w", m.ID, err)
			}
			return nil
		})
	}
	group.Go(func() (err error) {
		models[len(pkg.Models)], err = render("doc", docFile(pkg))
		return err
	})
	group.Go(func() (err error) {
		stamped, err = stampRuntime(pkg.Name)
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("emitting Go: %w", err)
	}
	files := append(stamped, models...)
	slices.SortFunc(files, func(a, b output.File) int { return strings.Compare(a.Path, b.Path) })
	return files, nil
}

// render formats a file; jennifer parses it on the way, so that nothing that is
// not Go is ever returned.
func render(stem string, f *jen.File) (output.File, error) {
	var b bytes.Buffer
	if err := f.Render(&b); err != nil {
		return output.File{}, err
	}
	return output.File{Path: stem + Suffix, Content: b.Bytes()}, nil
}

func newFile(pkg string) *jen.File {
	f := jen.NewFile(pkg)
	f.HeaderComment(output.Banner)
	return f
}
