package cli

import (
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/ir"

	"github.com/genclient/genclient/internal/library"
	"github.com/genclient/genclient/internal/plan"
)

func (a *app) list() *cobra.Command {
	var dir string
	var asIR, asJSON bool
	cmd := &cobra.Command{
		Use:   "list [GLOB...]",
		Short: "List the models known",
		Long: `list prints the models, one a line: id, Go name, kind of output (image, video,
audio, other), title. With --ir it prints the plan that generate would write out.

--json prints one array of objects with the keys id, name, output, title, url,
removed; title and url are left out when empty, removed when false.`,
		Example: `  genclient list
  genclient list --json '**/text-to-video'
  genclient list --ir kling/kling-2-6/pro/text-to-video`,
		ValidArgsFunction: completeGlobs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if asIR && asJSON {
				return usagef(cmd, "--ir and --json exclude each other")
			}
			chosen := library.Globs(args)
			if err := checkGlobs(cmd, chosen); err != nil {
				return err
			}
			l, err := openLibrary(dir)
			if err != nil {
				return err
			}
			if _, err := choose(cmd, chosen, l.IDs()); err != nil {
				return err
			}
			pkg, planned := l.Plan(plan.Options{Package: "runcomfy", Select: chosen.Match})
			switch {
			case asIR:
				_, err = io.WriteString(a.stdout, pkg.Text())
			case asJSON:
				err = listJSON(a.stdout, pkg.Models)
			default:
				err = listTable(a.stdout, pkg.Models)
			}
			if err != nil {
				return err
			}
			diags := append(l.Diags, planned...)
			diags.Sort()
			a.tell(atLeast(diags, diag.Error), l.Source)
			return findings(diags, false)
		},
	}
	cmd.Flags().StringVar(&dir, "schemas", "", "`DIR` of schema documents (default: the embedded ones)")
	cmd.Flags().BoolVar(&asIR, "ir", false, "print the plan of the package")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the models as JSON")
	completeFlags(cmd, nil)
	return cmd
}

// listTable writes the models as columns for a reader. Ids and titles come from
// pages and must not drive the terminal.
func listTable(w io.Writer, models []ir.Model) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, m := range models {
		printf(t, "%s\t%s\t%s", diag.Printable(m.ID), m.Name, m.OutputKind)
		if m.Title != "" {
			printf(t, "\t%s", diag.Printable(m.Title))
		}
		if m.Removed {
			printf(t, " (removed upstream)")
		}
		printf(t, "\n")
	}
	return t.Flush()
}

// listed is a model as list --json prints it.
type listed struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Output  string `json:"output"`
	Title   string `json:"title,omitzero"`
	URL     string `json:"url,omitzero"`
	Removed bool   `json:"removed,omitzero"`
}

func listJSON(w io.Writer, models []ir.Model) error {
	out := make([]listed, len(models))
	for i, m := range models {
		out[i] = listed{ID: m.ID, Name: m.Name, Output: m.OutputKind.String(), Title: m.Title, URL: m.URL,
			Removed: m.Removed}
	}
	return writeJSON(w, out)
}
