package scrape

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/genclient/genclient/internal/schema"
)

// cleanText makes one line of a title or description: white space collapsed,
// control and bidirectional format characters taken out, "" for a leaked key.
func cleanText(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if leaked(s) {
		return ""
	}
	s = strings.Join(strings.Fields(s), " ")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, s)
}

// siteName is the site's name behind a title, with whatever separates it.
var siteName = regexp.MustCompile(`(?i)\s*[|\p{Pd}·•]\s*RunComfy(\.com)?\s*$`)

// cleanTitle is cleanText without the site's name.
func cleanTitle(s string) string { return siteName.ReplaceAllString(cleanText(s), "") }

// pageURL returns the URL of a page without query and fragment, or "" when it
// is not an https URL of the site: it goes into a comment that users follow.
func pageURL(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Scheme != "https" || u.User != nil || u.Port() != "" || !schema.SiteHost(u.Hostname()) {
		return ""
	}
	clean := url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host), Path: u.Path, RawPath: u.RawPath}
	return clean.String()
}

// locale returns the language of a page, "" for English: from the prefix of
// its address, else from the language its mark-up names.
func locale(address, lang string) string {
	if prefix := schema.Locale(address); prefix != "" {
		return prefix
	}
	base, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(lang)), "-")
	if base == "en" || cleanText(lang) != lang {
		return ""
	}
	return lang
}

// textHead returns the title and description of a page that came as text, by
// the shape of the lines before its first code:
//
//   - where one line is the model id alone, the line before it is the title and
//     the line behind it the description;
//   - else, where the second line is a sentence, the first is the title.
//
// Anything else, as the menus of a site around the page, tells neither.
func textHead(text []byte, id string) (title, description string) {
	lines := headLines(text)
	for i, line := range lines {
		if line == id && i > 0 && isTitle(lines[i-1]) {
			if i+1 < len(lines) && isSentence(lines[i+1]) {
				description = lines[i+1]
			}
			return lines[i-1], description
		}
	}
	if len(lines) > 1 && isTitle(lines[0]) && isSentence(lines[1]) {
		return lines[0], lines[1]
	}
	return "", ""
}

// maxHead is how many lines a title is looked for in.
const maxHead = 60

// headLines returns the lines that hold text before the first code, Markdown's
// heading marks taken off.
func headLines(text []byte) []string {
	var lines []string
	for line := range strings.Lines(string(text[:min(len(text), 64<<10)])) {
		line = strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(line), "#"))
		if strings.ContainsAny(line, "{}") || strings.HasPrefix(line, "curl ") || strings.HasPrefix(line, "```") ||
			len(lines) == maxHead {
			break
		}
		if line != "" {
			lines = append(lines, strings.Trim(line, "`"))
		}
	}
	return lines
}

// maxTitle is the longest line, in runes, that is taken for a title.
const maxTitle = 200

// isTitle reports whether a line can be a title: several words, no sentence.
func isTitle(line string) bool {
	return utf8.RuneCountInString(line) <= maxTitle && strings.Contains(line, " ") && !isSentence(line) && !leaked(line)
}

// isSentence reports whether a line ends as a sentence does.
func isSentence(line string) bool {
	last, _ := utf8.DecodeLastRuneInString(strings.TrimRight(line, `"')]`))
	return utf8.RuneCountInString(line) >= 20 && unicode.Is(unicode.Sentence_Terminal, last) && !leaked(line)
}
