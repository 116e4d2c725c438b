package cli

import (
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/library"
	"github.com/genclient/genclient/internal/plan"
	"github.com/genclient/genclient/internal/validate"
)

// validateFlags are the flags of validate.
type validateFlags struct {
	schemas        string
	strict, asJSON bool
}

func (a *app) validate() *cobra.Command {
	var f validateFlags
	cmd := &cobra.Command{
		Use:   "validate MODEL [FILE|-]",
		Short: "Check a request body against a model's schema",
		Long: `validate checks a request body, a JSON object in FILE or on standard input,
against the schema document of MODEL, a model id. Media that the model's page has
rules for are measured by their headers, in data URIs and at https URLs; what
cannot be measured is a warning, and with --strict a finding. Nothing is sent to
the API and nothing costs money.

The diagnostics are the result and go to standard output. A diagnostic's rule is
the JSON Schema keyword or the page's media rule that the body violates,
json-syntax for a body that is not a JSON value, or one of three warnings: unknown-property,
empty-required (a generated client refuses a required "") and media-unchecked.
--json prints them as lint does.`,
		Example: `  genclient validate kling/kling-2-6/pro/text-to-video body.json
  genclient validate --strict --schemas schemas kling/kling-2-6/pro/text-to-video body.json`,
		ValidArgsFunction: completeModel,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return usagef(cmd, "validate takes a model id and at most one file, got %s", plural(len(args), "argument"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			file := "-"
			if len(args) == 2 {
				file = args[1]
			}
			return a.runValidate(cmd, f, args[0], file)
		},
	}
	cmd.Flags().StringVar(&f.schemas, "schemas", "", "`DIR` of schema documents (default: the embedded ones)")
	cmd.Flags().BoolVar(&f.strict, "strict", false, "count warnings as findings")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print the diagnostics as JSON")
	completeFlags(cmd, nil)
	return cmd
}

func (a *app) runValidate(cmd *cobra.Command, f validateFlags, model, file string) error {
	l, err := openLibrary(f.schemas)
	if err != nil {
		return err
	}
	if l.Diags.HasErrors() {
		a.report(l.Diags, l)
	}
	doc := l.Document(model)
	if doc == nil {
		return usagef(cmd, "there is no model %q%s", model, library.NearHint(model, l.IDs()))
	}
	body, err := a.readBody(file)
	if err != nil {
		return err
	}
	pkg, _ := l.Plan(plan.Options{Select: func(id string) bool { return id == model }})
	diags, err := validate.Body(cmd.Context(), doc, &jsontree.Source{File: file, Text: body},
		validate.Options{Media: pkg.Models[0].MediaTable()})
	if err != nil {
		return err
	}
	if f.asJSON {
		err = diags.JSON(a.stdout)
	} else {
		err = a.printDiags(a.stdout, diags, func(string) []byte { return body })
	}
	if err != nil {
		return err
	}
	return findings(diags, f.strict)
}

// readBody reads a file, or standard input for "-".
func (a *app) readBody(file string) ([]byte, error) {
	in := a.stdin
	if file == "-" && isTerminal(in) {
		end := "Ctrl-D"
		if runtime.GOOS == "windows" {
			end = "Ctrl-Z and Enter"
		}
		printf(a.stderr, "reading the body from standard input, to its end by %s\n", end)
	}
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("reading the body: %w", err)
		}
		defer opened.Close()
		in = opened
	}
	// One byte more than the API takes shows that a body is too large.
	body, err := io.ReadAll(io.LimitReader(in, maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("reading the body: %w", err)
	}
	if len(body) > maxBody {
		return nil, fmt.Errorf("%s: the API takes bodies of at most 64 MiB", file)
	}
	return body, nil
}

const maxBody = 64 << 20
