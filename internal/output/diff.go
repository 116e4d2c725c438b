package output

import (
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// Diff returns the plan as a unified diff that patch -p1 applies in the folder;
// empty when nothing changes.
func (p *Plan) Diff() string {
	var b strings.Builder
	for _, c := range p.Changes {
		from, to := "a/"+c.Path, "b/"+c.Path
		switch c.Action {
		case Create:
			from = "/dev/null"
		case Delete:
			if c.New == nil {
				to = "/dev/null"
			}
		}
		b.WriteString(udiff.Unified(from, to, string(c.Old), string(c.New)))
	}
	return b.String()
}
