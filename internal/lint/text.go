package lint

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"github.com/genclient/genclient/internal/jsontree"

	"github.com/genclient/genclient/internal/dialect"
)

// text reports what does not belong in a title or a description.
func (l *linter) text(v *jsontree.Value, path string) {
	if !v.Is(jsontree.String) {
		return
	}
	if dialect.HasLeakedKey(v.Text) {
		l.report("leaked-i18n-key", v.Offset, path, "an untranslated key of the site: "+v.Brief())
	}
	if i := strings.IndexFunc(v.Text, unprintable); i >= 0 {
		r := []rune(v.Text[i:])[0]
		l.report("control-characters", v.Offset, path, fmt.Sprintf("the text holds %U", r))
	}
	if tag := htmlPattern.FindString(v.Text); tag != "" {
		l.report("html-in-text", v.Offset, path, fmt.Sprintf("the text holds %q", tag))
	}
}

// unprintable reports whether r has no place in text: control characters but
// line ends and tabs, marks that turn the direction of writing, and the
// replacement of what could not be decoded.
func unprintable(r rune) bool {
	switch r {
	case '\n', '\r', '\t', '\u200c', '\u200d': // the joiners belong to scripts and emoji
		return false
	case unicode.ReplacementChar:
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp)
}

// htmlPattern finds elements and entities of HTML. Placeholders such as <image1>
// are not meant.
var htmlPattern = regexp.MustCompile(`(?i)</?(a|b|br|code|div|em|h[1-6]|hr|i|iframe|img|li|ol|p|pre|script|span|strong|style|table|td|tr|u|ul)(\s[^<>]*)?/?>|&(amp|lt|gt|quot|apos|nbsp|#\d{1,7}|#x[0-9a-f]{1,6});`)

// names reports property names that a struct tag cannot carry, and those that
// differ too little.
func (l *linter) names(props *jsontree.Value, path string) {
	first := map[string]string{}
	for _, p := range props.Members {
		at := dialect.JoinPath(path, p.Name)
		l.problem(dialect.PropertyName(p), at)
		folded := fold(p.Name)
		if other, ok := first[folded]; ok && folded != "" {
			l.report("names-alike", p.Offset, at, fmt.Sprintf("%q differs from %q in case or punctuation only", p.Name, other))
			continue
		}
		first[folded] = p.Name
	}
}

func fold(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}
