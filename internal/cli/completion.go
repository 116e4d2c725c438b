package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/genclient/genclient/internal/library"
	"github.com/genclient/genclient/mock"
)

func (a *app) completion() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print the completion script of a shell",
		Long: `completion prints the script that lets a SHELL, one of bash, zsh, fish and
powershell, complete commands, flags, model ids, GLOBs and scenarios. Ids are those
of --schemas as typed so far, or the embedded ones.

To have it in each new shell:
  bash        source <(genclient completion bash)                  in ~/.bashrc
  zsh         source <(genclient completion zsh)                   in ~/.zshrc, after compinit
  fish        genclient completion fish | source                   in ~/.config/fish/config.fish
  powershell  genclient completion powershell | Out-String | Invoke-Expression   in $PROFILE

bash needs the package bash-completion.`,
		Example: `  genclient completion bash
  genclient completion zsh`,
		ValidArgs: shells,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || !slices.Contains(shells, args[0]) {
				return usagef(cmd, "completion takes the name of a shell: %s", strings.Join(shells, ", "))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.stdout, true)
			case "zsh":
				return root.GenZshCompletion(a.stdout)
			case "fish":
				return root.GenFishCompletion(a.stdout, true)
			}
			return root.GenPowerShellCompletionWithDesc(a.stdout)
		},
	}
}

// completions are what a shell offers for a word.
type completions = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective)

// completeFlags sets what is offered for the values of a verb's flags.
func completeFlags(cmd *cobra.Command, values map[string]completions) {
	for _, name := range []string{"schemas", "out", "cache"} {
		if cmd.Flags().Lookup(name) != nil && values[name] == nil {
			_ = cmd.MarkFlagDirname(name) // an error says that the flag is absent
		}
	}
	for name, offered := range values {
		if err := cmd.RegisterFlagCompletionFunc(name, offered); err != nil {
			panic(err) // the flag is absent, or set twice
		}
	}
}

// completeGlobs offers model ids and, for each folder of them, the GLOB of all below
// it; after "!" the same ones, excluded.
func completeGlobs(cmd *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
	ids := knownIDs(cmd)
	seen := map[string]bool{}
	var offered []string
	for _, id := range ids {
		offered = append(offered, id)
		for i, r := range id {
			if glob := id[:i] + "/**"; r == '/' && !seen[glob] {
				seen[glob] = true
				offered = append(offered, glob)
			}
		}
	}
	bang := ""
	if rest, excludes := strings.CutPrefix(word, "!"); excludes {
		bang, word = "!", rest
	}
	return startingWith(offered, bang, word), cobra.ShellCompDirectiveNoFileComp
}

// completeModel offers a model id as the first argument, then files.
func completeModel(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return startingWith(knownIDs(cmd), "", word), cobra.ShellCompDirectiveNoFileComp
}

// completeScenario offers the emulator's scenarios with what they do.
func completeScenario(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
	var offered []string
	for _, s := range mock.Scenarios() {
		if strings.HasPrefix(s.Name, word) {
			offered = append(offered, cobra.CompletionWithDesc(s.Name, s.Doc))
		}
	}
	return offered, cobra.ShellCompDirectiveNoFileComp
}

// completeAmong offers fixed values.
func completeAmong(values ...string) completions {
	return func(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
		return startingWith(values, "", word), cobra.ShellCompDirectiveNoFileComp
	}
}

// knownIDs returns the ids of the schemas that the command line names so far.
// A shell has no place for an error.
func knownIDs(cmd *cobra.Command) []string {
	dir := ""
	if flag := cmd.Flags().Lookup("schemas"); flag != nil {
		dir = flag.Value.String()
	}
	l, err := library.Open(dir)
	if err != nil {
		return nil
	}
	return l.IDs()
}

// startingWith returns the values that start with a word, each after prefix.
func startingWith(values []string, prefix, word string) []string {
	var out []string
	for _, v := range values {
		if strings.HasPrefix(v, word) {
			out = append(out, prefix+v)
		}
	}
	return out
}
