package emit

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/genclient/genclient/internal/output"
	"github.com/genclient/genclient/templates"
)

// stampRuntime returns the files of templates/client with the banner in front
// and the package clause changed; nothing else differs.
func stampRuntime(pkg string) ([]output.File, error) {
	names, err := fs.Glob(templates.Client, "client/*.go")
	if err != nil {
		return nil, err
	}
	var files []output.File
	for _, name := range names {
		if base := path.Base(name); strings.HasSuffix(base, "_test.go") || base == "doc.go" {
			continue
		}
		src, err := fs.ReadFile(templates.Client, name)
		if err != nil {
			return nil, fmt.Errorf("reading the runtime: %w", err)
		}
		stamped, err := stamp(src, pkg)
		if err != nil {
			return nil, fmt.Errorf("stamping %s: %w", name, err)
		}
		stem := strings.TrimSuffix(path.Base(name), ".go")
		files = append(files, output.File{Path: stem + Suffix, Content: stamped})
	}
	return files, nil
}

const clause = "package client\n"

// stamp changes the header and the package clause of a runtime file.
func stamp(src []byte, pkg string) ([]byte, error) {
	at := 0
	if !bytes.HasPrefix(src, []byte(clause)) {
		if at = bytes.Index(src, []byte("\n"+clause)) + 1; at == 0 {
			return nil, fmt.Errorf("no line %q", strings.TrimSpace(clause))
		}
	}
	var b bytes.Buffer
	b.WriteString(Banner + "\n\n")
	b.Write(src[:at])
	b.WriteString("package " + pkg + "\n")
	b.Write(src[at+len(clause):])
	return b.Bytes(), nil
}
