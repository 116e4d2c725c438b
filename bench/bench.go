// Package bench measures genclient: how long a run of generate takes, what the
// generated package costs its users to compile and to link, and how fast the
// generated Validate is. The benchmarks are run with "go test -bench"; the
// comparisons with peers, as ratios within one run, are cmd/compare.
package bench

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/emit"
	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/output"

	"github.com/genclient/genclient/internal/generate"
	"github.com/genclient/genclient/internal/library"
	"github.com/genclient/genclient/internal/plan"
)

// Package is the name of the packages that the measurements generate.
const Package = "gen"

// Load reads a schemas folder and plans a package of the models that keep
// selects; nil selects all.
func Load(dir string, keep func(modelID string) bool) (*ir.Package, error) {
	l, err := library.Open(dir)
	if err != nil {
		return nil, err
	}
	pkg, planned := l.Plan(plan.Options{Package: Package, Select: keep})
	if err := firstError(dir, l.Diags, planned); err != nil {
		return nil, err
	}
	if len(pkg.Models) == 0 {
		return nil, errors.New(dir + ": no model")
	}
	return pkg, nil
}

// firstError returns the first diagnostic that is an error, as one.
func firstError(dir string, lists ...diag.List) error {
	for _, list := range lists {
		for _, d := range list {
			if d.Severity >= diag.Error {
				return fmt.Errorf("%s: %s: %s", dir, d.Subject, d.Message)
			}
		}
	}
	return nil
}

// Compare takes the steps of "genclient generate --check": it reads the schemas
// folder and compares what is generated from it with the folder out.
func Compare(schemas, out string) (*output.Plan, error) {
	l, err := library.Open(schemas)
	if err != nil {
		return nil, err
	}
	result, err := generate.Run(generate.Options{Package: Package, Out: out, Library: l})
	if err != nil {
		return nil, err
	}
	if !result.Proceed {
		return nil, firstError(schemas, result.Diags)
	}
	return result.Files, nil
}

// Generate takes the steps of "genclient generate" and returns the plan that it
// carried out.
func Generate(schemas, out string) (*output.Plan, error) {
	files, err := Compare(schemas, out)
	if err != nil {
		return nil, err
	}
	return files, files.Apply()
}

// Renderings returns what renders each model of a package: jennifer's own work,
// gofmt included, with nothing of genclient's around it.
func Renderings(pkg *ir.Package) []func(io.Writer) error {
	out := make([]func(io.Writer) error, len(pkg.Models))
	for i := range pkg.Models {
		out[i] = emit.ModelFile(pkg.Name, &pkg.Models[i]).Render
	}
	return out
}

// Render calls all renderings, as many at once as generate does, and writes a
// file each into the folder out, which it makes; for "" it writes nothing.
func Render(renderings []func(io.Writer) error, out string) error {
	if out != "" {
		if err := os.MkdirAll(out, 0o755); err != nil {
			return err
		}
	}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, render := range renderings {
		group.Go(func() error {
			var text bytes.Buffer
			if err := render(&text); err != nil || out == "" {
				return err
			}
			return os.WriteFile(filepath.Join(out, strconv.Itoa(i)+".go"), text.Bytes(), 0o644)
		})
	}
	return group.Wait()
}
