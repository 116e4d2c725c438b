// Rulesdoc prints docs/lint.md, the page of all rules, from the one table of package
// diag. "make generate" writes the page, "make check" compares it.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/genclient/genclient/internal/diag"
)

func main() {
	if err := write(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "rulesdoc:", err)
		os.Exit(2)
	}
}

const intro = `<!-- Written by "make generate" from internal/diag/rules.go. -->
# Rules

Every diagnostic of genclient has a file, a line and a column where they are known, one of the rules below with its
severity, and what genclient does about it. A **note** is a convention of the site that needs no action. A **warning**
could surprise a caller: a constraint that is left to the server, a value that the page contradicts itself on. An
**error** is a part of the input that could not be used. Notes and warnings exit 0; with ` + "`--strict`" + `, warnings exit 1.

` + "`genclient lint`" + ` reports the rules on schemas, names and documents; ` + "`genclient generate --strict`" + ` reports the same.
` + "`generate`" + ` without it reports what planning the Go code meets. No rule is reported twice for one subject: further
places are listed in the message with their lines. The names of rules are stable. A subject such as ` + "`acme/model#loras[].path`" + `
is the model and the property: ` + "`[]`" + ` is an item of a list, ` + "`{}`" + ` a value of a map, ` + "`->`" + ` the output.
`

// titles say what the rules of a group are about.
var titles = map[diag.Group]string{
	diag.Schemas:   "Schemas: what a model's page says of its input and output",
	diag.Names:     "Names: the Go names of models, fields and constants",
	diag.Documents: "Documents: the files of a schemas folder",
	diag.Sources:   "Sources: pages and catalogs that scrape reads; milder where the document can do without",
	diag.Generate:  "Generate: the files of the package",
	diag.Requests:  "Requests: bodies that validate checks, beside the keywords and media rules themselves",
}

func write(w io.Writer) error {
	var b strings.Builder
	b.WriteString(intro)
	for _, group := range diag.Groups() {
		fmt.Fprintf(&b, "\n## %s\n\n| rule | severity | when | what to know |\n|---|---|---|---|\n", titles[group])
		for _, r := range diag.Rules() {
			if r.Group == group {
				fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", r.Name, r.Severity, r.Doc, r.Hint)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
