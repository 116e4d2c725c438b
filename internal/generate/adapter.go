package generate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/genclient/genclient/internal/emit"
	"github.com/genclient/genclient/internal/output"
)

// Adapters are the names that Options.With takes.
func Adapters() []string { return []string{"river"} }

// BadAdapter says why there is no adapter of this name, or "".
func BadAdapter(name string) string {
	if slices.Contains(Adapters(), name) {
		return ""
	}
	return fmt.Sprintf("--with %q is not an adapter; there is %s", name, strings.Join(Adapters(), ", "))
}

// adapters returns the files of the packages that were asked for beside the client.
func (g *run) adapters() ([]output.File, error) {
	if !slices.Contains(g.With, "river") {
		return nil, nil
	}
	importPath, err := ImportPath(g.Out)
	if err != nil {
		return nil, fmt.Errorf("the River adapter imports the client: %w", err)
	}
	return emit.River(g.Package, importPath)
}

// folders are the folders of the adapters that were asked for, below the client's.
// Others are not touched.
func (o Options) folders() []string {
	if !slices.Contains(o.With, "river") {
		return nil
	}
	return []string{emit.RiverPackage(o.Package)}
}

// packageAt is the name of the package that a file below the client's folder is in.
func (o Options) packageAt(name string) string {
	if folder := path.Dir(name); folder != "." {
		return folder
	}
	return o.Package
}

// ImportPath returns the import path of the folder dir, which need not exist: the
// module path of the nearest go.mod above and the way down from there.
func ImportPath(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for root := abs; ; root = filepath.Dir(root) {
		text, err := os.ReadFile(filepath.Join(root, "go.mod"))
		if errors.Is(err, fs.ErrNotExist) {
			if root == filepath.Dir(root) {
				return "", fmt.Errorf("there is no go.mod in %s or above: run go mod init", dir)
			}
			continue
		}
		if err != nil {
			return "", fmt.Errorf("reading go.mod: %w", err)
		}
		module := modulePath(string(text))
		if module == "" {
			return "", fmt.Errorf("%s names no module", filepath.Join(root, "go.mod"))
		}
		below, err := filepath.Rel(root, abs)
		if err != nil {
			return "", err
		}
		return path.Join(module, filepath.ToSlash(below)), nil
	}
}

// modulePath returns the path of the module directive of a go.mod file, which may be
// quoted or stand in a block; "" if there is none.
func modulePath(text string) string {
	inBlock := false
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "//")
		words := strings.Fields(line)
		switch {
		case inBlock && len(words) > 0 && words[0] != ")":
			return unquote(words[0])
		case len(words) == 2 && words[0] == "module" && words[1] == "(":
			inBlock = true
		case len(words) == 2 && words[0] == "module":
			return unquote(words[1])
		}
	}
	return ""
}

func unquote(s string) string {
	if plain, err := strconv.Unquote(s); err == nil {
		return plain
	}
	return s
}
