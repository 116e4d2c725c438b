package cli

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
)

// exampleFolder is a script's beginning, and its files the folder in which the examples
// of the commands run.
const exampleFolder = `exec genclient scrape saved-pages --out schemas
chmod 755 bin/go
env PATH=$WORK${/}bin${:}$PATH
`

const exampleFiles = `
-- bin/go --
#!/bin/sh
-- body.json --
{"prompt": "A fox in the snow."}
-- saved-pages/page.txt --
curl --url https://model-api.runcomfy.net/v1/models/kling/kling-2-6/pro/text-to-video \
--data '{"prompt": ""}'
{"type": "object", "required": ["prompt"], "properties": {"prompt": {"type": "string"}}}
-- saved-pages/other.txt --
curl --url https://model-api.runcomfy.net/v1/models/kling/kling-1-6/pro/text-to-video \
--data '{"prompt": ""}'
{"type": "object", "required": ["prompt"], "properties": {"prompt": {"type": "string"}}}
-- jobs.journal --
{"key":"order-4711","revision":1,"state":"ambiguous","request":"s","model":"acme/draw","origin":"https://model-api.runcomfy.net","started":"2026-01-02T03:04:06Z","updated":"2026-01-02T03:04:06Z"}
{"key":"order-4712","revision":1,"state":"ambiguous","request":"t","model":"acme/draw","origin":"https://model-api.runcomfy.net","started":"2026-01-02T03:04:06Z","updated":"2026-01-02T03:04:06Z"}
`

// TestExamples runs the examples of every command, which every command has. Of those
// with a URL, only the flags are checked.
func TestExamples(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the examples are written for a POSIX shell")
	}
	dir := t.TempDir()
	root := (&app{}).root()
	for _, cmd := range append([]*cobra.Command{root}, root.Commands()...) {
		if cmd.Example == "" {
			t.Errorf("%s has no example", cmd.CommandPath())
			continue
		}
		script := exampleFolder
		for line := range strings.Lines(cmd.Example) {
			line = strings.TrimSpace(line)
			if strings.Contains(line, "https://") {
				line += " --help"
			}
			script += "exec " + line + "\n"
		}
		name := filepath.Join(dir, cmd.Name()+".txtar")
		if err := os.WriteFile(name, []byte(script+exampleFiles), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	testscript.Run(t, testscript.Params{Dir: dir})
}
