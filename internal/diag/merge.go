package diag

import (
	"fmt"
	"slices"
)

// maxMerged is the most messages that one diagnostic joins.
const maxMerged = 10

// Merge returns a sorted list in which no rule is reported twice for one subject: the
// first by place stays, with the messages of the others joined to its own, each with
// its line. Diagnostics without a subject stay as they are.
func (l List) Merge() List {
	type key struct{ file, subject, rule string }
	out := slices.Clone(l)
	out.Sort()
	first := map[key]int{}
	messages := map[key][]string{}
	n := 0
	for _, d := range out {
		k := key{d.Pos.File, d.Subject, d.Rule}
		i, again := first[k]
		if d.Subject == "" || !again {
			first[k], messages[k] = n, []string{d.Message}
			out[n] = d
			n++
			continue
		}
		if slices.Contains(messages[k], d.Message) || len(messages[k]) > maxMerged {
			continue
		}
		messages[k] = append(messages[k], d.Message)
		switch {
		case len(messages[k]) > maxMerged:
			out[i].Message += "; and more"
		case d.Pos.Line != out[i].Pos.Line:
			out[i].Message += fmt.Sprintf("; line %d: %s", d.Pos.Line, d.Message)
		default:
			out[i].Message += "; " + d.Message
		}
	}
	return out[:n]
}
