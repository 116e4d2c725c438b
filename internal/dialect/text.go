package dialect

import (
	"regexp"
	"strings"
)

// leakedKey is one of the site's translation keys; where a page shows one, its
// translation is missing and the key says nothing.
var leakedKey = regexp.MustCompile(`\bmodelApiDoc_\w*\s*`)

// PlainText returns a text of the page without leaked translation keys.
func PlainText(s string) string {
	if !strings.Contains(s, "modelApiDoc_") {
		return s
	}
	return strings.TrimSpace(leakedKey.ReplaceAllString(s, ""))
}

// HasLeakedKey reports whether a text holds an untranslated key of the site.
func HasLeakedKey(s string) bool { return leakedKey.MatchString(s) }
