package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/genclient/genclient/internal/library"
)

// openLibrary reads the schemas that --schemas names, for "" the embedded ones.
func openLibrary(dir string) (*library.Library, error) {
	l, err := library.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("--schemas %s: %w", dir, err)
	}
	if dir != "" {
		if err := misplaced(l); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// checkGlobs refuses a malformed glob as wrong usage.
func checkGlobs(cmd *cobra.Command, globs library.Globs) error {
	if err := globs.Check(); err != nil {
		return &usageError{verb: cmd, err: err}
	}
	return nil
}

// choose returns the ids that the globs choose; that one chooses none is wrong usage.
func choose(cmd *cobra.Command, globs library.Globs, ids []string) ([]string, error) {
	chosen, err := globs.Choose(ids)
	if err != nil {
		return nil, &usageError{verb: cmd, err: err}
	}
	return chosen, nil
}
