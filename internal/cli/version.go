package cli

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

func (a *app) version() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the module version and the commit",
		Long: `version prints the module version, and the commit and the Go version of the build
as far as they are known. genclient --version prints the same.

--json prints one object with the keys version, commit, modified (whether the
checkout had changes), go; commit is left out when unknown, modified when false.`,
		Example: `  genclient version
  genclient version --json`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			info, ok := debug.ReadBuildInfo()
			if !ok {
				return fmt.Errorf("the binary carries no build information")
			}
			if asJSON {
				return writeJSON(a.stdout, builtFrom(info))
			}
			_, err := fmt.Fprintln(a.stdout, versionLine(info))
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the version as JSON")
	return cmd
}

// built is the version as version --json prints it.
type built struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitzero"`
	Modified bool   `json:"modified,omitzero"`
	Go       string `json:"go"`
}

func builtFrom(info *debug.BuildInfo) built {
	b := built{Version: info.Main.Version, Go: info.GoVersion}
	if b.Version == "" {
		b.Version = "(devel)"
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

// versionLine returns, as far as the build knows,
//
//	genclient v1.2.3 (commit 0123456789ab, modified, go1.26.0)
//
// A binary built outside a checkout, as by "go tool", has no commit of its own;
// its version says it.
func versionLine(info *debug.BuildInfo) string {
	b := builtFrom(info)
	var details []string
	if b.Commit != "" {
		details = append(details, "commit "+b.Commit[:min(len(b.Commit), 12)])
	}
	if b.Modified {
		details = append(details, "modified")
	}
	details = append(details, b.Go)
	return fmt.Sprintf("genclient %s (%s)", b.Version, strings.Join(details, ", "))
}

// moduleVersion returns the version of the module, "" for one that is not
// released.
func moduleVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || !strings.HasPrefix(info.Main.Version, "v") {
		return ""
	}
	return info.Main.Version
}
