package cli

import (
	"context"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/templates/client"
)

// journalFlags are the flags of journal.
type journalFlags struct {
	accepted                string
	notAccepted             bool
	inDoubt, asJSON, strict bool
}

func (a *app) journal() *cobra.Command {
	var f journalFlags
	cmd := &cobra.Command{
		Use:   "journal FILE [list | settle KEY...]",
		Short: "List the keys of a journal, and settle those in doubt",
		Long: `journal reads the journal of a generated client (OpenJournal), which no other
process may have open.

list, the default, prints one key a line: key, state, request id, model, start of
the submit, note. States are accepted, rejected, ambiguous, and sending of a process
that died in a submit. Keys in state ambiguous or sending are in doubt: nothing is
submitted under them until they are settled. --in-doubt lists only those; --strict
ends with exit code 1 if there are any. --json prints one array of objects with the
keys of the file.

settle writes what the account's history shows of a key in doubt:
  genclient journal FILE settle KEY --accepted REQUEST_ID
      its submit was accepted as this job; the key then leads to it
  genclient journal FILE settle KEY... --not-accepted
      its submit was not accepted; the same request may use the key again, and is
      charged then
A key that begins with a dash follows --. Of several keys, those before one that
cannot be settled are settled.`,
		Example: `  genclient journal jobs.journal
  genclient journal jobs.journal list --in-doubt --json
  genclient journal jobs.journal settle order-4711 --accepted 5d3f6b1e
  genclient journal jobs.journal settle order-4712 --not-accepted`,
		ValidArgsFunction: func(_ *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			switch len(args) {
			case 0:
				return nil, cobra.ShellCompDirectiveDefault
			case 1:
				return startingWith([]string{"list", "settle"}, "", word), cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.runJournal(cmd, f, args) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.accepted, "accepted", "", "settle: the submit was accepted as the job `REQUEST_ID`")
	flags.BoolVar(&f.notAccepted, "not-accepted", false, "settle: the submit was not accepted")
	flags.BoolVar(&f.inDoubt, "in-doubt", false, "list: only the keys in doubt")
	flags.BoolVar(&f.strict, "strict", false, "list: count keys in doubt as findings")
	flags.BoolVar(&f.asJSON, "json", false, "list: print the records as JSON")
	return cmd
}

func (a *app) runJournal(cmd *cobra.Command, f journalFlags, args []string) error {
	if len(args) == 0 {
		return usagef(cmd, "the FILE of the journal is missing")
	}
	verb, keys := "list", []string(nil)
	if len(args) > 1 {
		verb, keys = args[1], args[2:]
	}
	accepted := cmd.Flags().Changed("accepted")
	switch {
	case verb != "list" && verb != "settle":
		return usagef(cmd, "%q is neither list nor settle", verb)
	case verb == "list" && (len(keys) > 0 || accepted || f.notAccepted):
		return usagef(cmd, "list takes no keys, and neither --accepted nor --not-accepted")
	case verb == "settle" && (f.inDoubt || f.asJSON || f.strict):
		return usagef(cmd, "--in-doubt, --json and --strict belong to list")
	case verb == "settle" && len(keys) == 0:
		return usagef(cmd, "settle takes the KEY that is settled")
	case verb == "settle" && accepted == f.notAccepted:
		return usagef(cmd, "settle takes either --accepted REQUEST_ID or --not-accepted")
	case accepted && len(keys) > 1:
		return usagef(cmd, "one job belongs to one key, got %d", len(keys))
	}
	if _, err := os.Stat(args[0]); err != nil { // opening would make one
		return err
	}
	journal, err := client.OpenJournal(args[0])
	if err != nil {
		return err
	}
	defer journal.Close()
	if verb == "list" {
		return a.listJournal(cmd.Context(), journal, f, args[0])
	}
	for _, key := range keys {
		if accepted {
			err = client.SettleAccepted(cmd.Context(), journal, key, f.accepted)
		} else {
			err = client.SettleNotAccepted(cmd.Context(), journal, key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *app) listJournal(ctx context.Context, journal client.JournalLister, f journalFlags, file string) error {
	shown := []client.JournalRecord{}
	keys, doubts := 0, 0
	for r, err := range journal.Records(ctx) {
		if err != nil {
			return err
		}
		keys++
		if r.InDoubt() {
			doubts++
		}
		if r.InDoubt() || !f.inDoubt {
			shown = append(shown, r)
		}
	}
	write := journalTable
	if f.asJSON {
		write = func(w io.Writer, records []client.JournalRecord) error { return writeJSON(w, records) }
	}
	if err := write(a.stdout, shown); err != nil {
		return err
	}
	printf(a.stderr, "%s, %d in doubt\n", plural(keys, "key"), doubts)
	if doubts > 0 {
		printf(a.stderr, "Look up each key in doubt in the account's history, by its model and the time of its start. Then run:\n"+
			"genclient journal %[1]s settle KEY --accepted REQUEST_ID, or: genclient journal %[1]s settle KEY --not-accepted\n", shellQuote(file))
	}
	if doubts > 0 && f.strict {
		return errFindings
	}
	return nil
}

// journalTable writes records as columns. What they hold may come from anywhere and
// must not drive the terminal.
func journalTable(w io.Writer, records []client.JournalRecord) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range records {
		id := r.RequestID
		if id == "" {
			id = "-"
		}
		printf(t, "%s\t%s\t%s\t%s\t%s", diag.Printable(r.Key), diag.Printable(string(r.State)), id,
			diag.Printable(r.Model), r.Started.UTC().Format(time.RFC3339))
		if r.Note != "" {
			printf(t, "\t%s", diag.Printable(r.Note))
		}
		printf(t, "\n")
	}
	return t.Flush()
}
