package cli

import (
	"fmt"
	"strings"

	"github.com/genclient/genclient/internal/crawl"
	"github.com/genclient/genclient/internal/diag"
)

// printScraped prints the outcome of scrape.
func (a *app) printScraped(f scrapeFlags, out scraped) error {
	if f.asJSON {
		for _, list := range []*[]string{&out.Added, &out.Unchanged, &out.Removed, &out.Pruned} {
			*list = append([]string{}, *list...)
		}
		out.Changed = append([]changed{}, out.Changed...)
		out.Diagnostics = append(diag.List{}, out.Diagnostics...)
		if err := writeJSON(a.stdout, out); err != nil {
			return err
		}
		return findings(out.Diagnostics, false)
	}
	a.tell(out.Diagnostics, sourceFile)
	if out.Requests > 0 {
		printf(a.stderr, "%s\n", crawlSummary(out))
	}
	if !out.Written {
		printf(a.stderr, "nothing was written: %s\n", tally(out.Diagnostics))
		return findings(out.Diagnostics, false)
	}
	a.printDocuments(out)
	gone := ""
	if n := len(out.Removed); n > 0 {
		gone += fmt.Sprintf(", %d removed", n)
	}
	if n := len(out.Pruned); n > 0 {
		gone += fmt.Sprintf(", %d pruned", n)
	}
	printf(a.stdout, "%s read into %s: %d added, %d changed, %d unchanged%s\n", plural(out.Read, "source"), f.Dir,
		len(out.Added), len(out.Changed), len(out.Unchanged), gone)
	if n := len(out.Diagnostics); n > 0 {
		printf(a.stderr, "%s\n", tally(out.Diagnostics))
	}
	return findings(out.Diagnostics, false)
}

// printDocuments prints what happened to each document; those that stay are
// only counted.
func (a *app) printDocuments(out scraped) {
	list := func(what string, ids []string) {
		for _, id := range ids {
			printf(a.stdout, "%s: %s\n", what, diag.Printable(id))
		}
	}
	list("added", out.Added)
	for _, c := range out.Changed {
		printf(a.stdout, "changed: %s\n", diag.Printable(c.ID))
		for _, line := range c.Changes {
			printf(a.stdout, "  %s\n", line)
		}
	}
	list("removed", out.Removed)
	list("pruned", out.Pruned)
}

// crawlSummary says how the URLs of a run ended and which way found the models:
//
//	1012 URLs: 990 read, 10 unchanged, 8 not a model, 4 failed; 1030 requests, 10 of them retries
//	models found by sitemap: 990, links: 412
func crawlSummary(out scraped) string {
	var ends, ways []string
	total := 0
	for o := crawl.Read; o <= crawl.Skipped; o++ {
		if n := out.Outcomes[o.String()]; n > 0 {
			total += n
			ends = append(ends, fmt.Sprintf("%d %s", n, o))
		}
	}
	for _, w := range crawl.Ways {
		if n := out.Found[w.Name]; n > 0 {
			ways = append(ways, fmt.Sprintf("%s: %d", w.Name, n))
		}
	}
	text := fmt.Sprintf("%s: %s; %s, %d of them retries", plural(total, "URL"), strings.Join(ends, ", "), plural(out.Requests, "request"), out.Retries)
	if len(ways) > 0 {
		text += "\nmodels found by " + strings.Join(ways, ", ")
	}
	return text
}

// statusText says what is being read, how fast and why not faster, and what went
// wrong so far.
func statusText(s crawl.Status) string {
	text := diag.Printable(s.URL)
	if runes := []rune(text); len(runes) > 60 {
		text = "..." + string(runes[len(runes)-57:])
	}
	if s.Pace != "" {
		text += " (" + s.Pace + ")"
	}
	if s.Failed > 0 {
		text += fmt.Sprintf(", %d failed", s.Failed)
	}
	if s.Retries > 0 {
		text += fmt.Sprintf(", %s", strings.Replace(plural(s.Retries, "retry"), "retrys", "retries", 1))
	}
	return text
}
