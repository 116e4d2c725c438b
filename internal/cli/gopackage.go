package cli

import (
	"errors"
	"fmt"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/genclient/genclient/internal/output"
)

// badPackageName says why no client can be generated into a package of this
// name, or "".
func badPackageName(name string) string {
	switch {
	case name == "":
		return "--package is missing, and $GOPACKAGE is not set as it is under go generate"
	case name == "_" || !token.IsIdentifier(name):
		return fmt.Sprintf("--package %q is no Go package name", name)
	case name == "main":
		return "--package main cannot be imported: give the client a package and with --out a folder of its own"
	case name == "documentation":
		return "--package documentation: the go command ignores packages of that name"
	case strings.HasSuffix(name, "_test"):
		return fmt.Sprintf("--package %s: the ending _test is for tests", name)
	}
	return ""
}

// packageConflict returns an error when the folder dir has hand-written Go files
// of another package: beside them the generated ones would not compile.
func packageConflict(dir, name string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("reading the folder: %w", err)
	}
	owns := output.GoPackage().Owns
	for _, entry := range entries {
		file := entry.Name()
		if filepath.Ext(file) != ".go" || !entry.Type().IsRegular() {
			continue
		}
		// Files that the build leaves out, as programs behind "ignore", do not count.
		if built, err := build.Default.MatchFile(dir, file); err != nil || !built {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			return fmt.Errorf("reading a file: %w", err)
		}
		if owns(file, text) {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.PackageClauseOnly)
		if err != nil {
			continue // the compiler will tell
		}
		other := parsed.Name.Name
		if other != name && !(strings.HasSuffix(file, "_test.go") && other == name+"_test") {
			return fmt.Errorf("%s is of package %s: use --package %s, or --out with another folder",
				filepath.Join(dir, file), other, other)
		}
	}
	return nil
}
