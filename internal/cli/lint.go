package cli

import (
	"github.com/spf13/cobra"

	"github.com/genclient/genclient/internal/generate"
	"github.com/genclient/genclient/internal/library"
)

func (a *app) lint() *cobra.Command {
	var dir string
	var strict, asJSON bool
	cmd := &cobra.Command{
		Use:   "lint [GLOB...]",
		Short: "Report every irregularity of the schemas",
		Long: `lint reports every irregularity of the schema documents, with file, line and
column, the rule's name and a hint: what is irregular, and what generate does
about it.
Errors are findings, with --strict also warnings; notes never are.

The diagnostics are the result and go to standard output, the summary to standard
error. --json prints one array of objects with the keys pos {file, line, col},
severity (error, warning, note), rule, subject, message, hint; absent ones are
left out.`,
		Example: `  genclient lint
  genclient lint --schemas schemas 'kling/**' '!kling/kling-1-6/**'`,
		ValidArgsFunction: completeGlobs,
		RunE: func(cmd *cobra.Command, args []string) error {
			chosen := library.Globs(args)
			if err := checkGlobs(cmd, chosen); err != nil {
				return err
			}
			l, err := openLibrary(dir)
			if err != nil {
				return err
			}
			ids, err := choose(cmd, chosen, l.IDs())
			if err != nil {
				return err
			}
			diags := generate.Diagnose(l, chosen)
			if asJSON {
				err = diags.JSON(a.stdout)
			} else {
				err = a.printDiags(a.stdout, diags, l.Source)
			}
			if err != nil {
				return err
			}
			printf(a.stderr, "%s in %s: %s\n", plural(len(ids), "model"), l.Dir, tally(diags))
			return findings(diags, strict)
		},
	}
	cmd.Flags().StringVar(&dir, "schemas", "", "`DIR` of schema documents (default: the embedded ones)")
	cmd.Flags().BoolVar(&strict, "strict", false, "count warnings as findings")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the diagnostics as JSON")
	completeFlags(cmd, nil)
	return cmd
}
