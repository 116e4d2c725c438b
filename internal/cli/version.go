package cli

import (
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

func (a *app) version() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the module version and the commit",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			info, ok := debug.ReadBuildInfo()
			if !ok {
				return fmt.Errorf("the binary carries no build information")
			}
			_, err := fmt.Fprintln(a.stdout, versionLine(info))
			return err
		},
	}
}

// versionLine returns, as far as the build knows,
//
//	genclient v1.2.3 (commit 0123456789ab, modified, go1.26.0)
//
// A binary built outside a checkout, as by "go tool", has no commit of its own;
// its version says it.
func versionLine(info *debug.BuildInfo) string {
	version := info.Main.Version
	if version == "" {
		version = "(devel)"
	}
	var details []string
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			details = append(details, "commit "+s.Value[:min(len(s.Value), 12)])
		case s.Key == "vcs.modified" && s.Value == "true":
			details = append(details, "modified")
		}
	}
	details = append(details, info.GoVersion)
	return fmt.Sprintf("genclient %s (%s)", version, strings.Join(details, ", "))
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
