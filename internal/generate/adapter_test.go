package generate

import (
	"os"
	"path/filepath"
	"testing"
)

func TestImportPath(t *testing.T) {
	for _, test := range []struct{ name, mod, dir, want string }{
		{"root", "module example.com/a\n", "", "example.com/a"},
		{"below", "module example.com/a\n", "internal/b", "example.com/a/internal/b"},
		{"quoted", "module \"example.com/a\" // note\n", "b", "example.com/a/b"},
		{"raw", "module `example.com/a`\n", "b", "example.com/a/b"},
		{"block", "module (\n\t// note\n\texample.com/a\n)\n", "b", "example.com/a/b"},
		{"Windows", "module example.com/a\r\ngo 1.26\r\n", "b", "example.com/a/b"},
		{"no module", "go 1.26\n", "b", ""},
		{"a word that begins like it", "modules example.com/a\n", "b", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			if err := os.WriteFile(filepath.Join(root, "go.mod"), []byte(test.mod), 0o666); err != nil {
				t.Fatal(err)
			}
			got, err := ImportPath(filepath.Join(root, filepath.FromSlash(test.dir)))
			if got != test.want || (err != nil) != (test.want == "") {
				t.Errorf("%q, %v; want %q", got, err, test.want)
			}
		})
	}
}
