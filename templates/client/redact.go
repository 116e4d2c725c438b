package client

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// A text is recognised as the user's when it is a whole string of the request
// of at least wholeSecret bytes, or any run of partSecret bytes of one, since
// servers repeat prompts cut short.
const (
	wholeSecret = 6
	partSecret  = 12
	maxSecrets  = 256 << 10    // bytes kept of one request
	shownLimit  = 512          // bytes of a server's text that are ever shown
	redacted    = "[redacted]" // stands where something secret stood
)

// A redactor takes out of a text what no error and no log line may show: the
// token, the queries of URLs, the data of data URIs and the strings of the
// request; control characters too, and what exceeds shownLimit.
type redactor func(string) string

// newRedactor returns the redactor for calls about one request body, which is
// JSON or empty. The body itself is not kept: it may be large.
func (c *core) newRedactor(body []byte) redactor {
	own := []string{c.token()}
	var texts []string
	var value any
	_ = json.Unmarshal(body, &value) // which may be empty
	eachString(value, "", func(_, s string) {
		if !strings.HasPrefix(s, "data:") { // which is found by itself
			texts = append(texts, s)
		}
	})
	slices.SortFunc(texts, func(a, b string) int { return len(a) - len(b) }) // prompts before data
	left := maxSecrets
	for _, s := range texts {
		if s = cut(s, left); len(s) >= wholeSecret {
			own = append(own, strings.Clone(s)) // of a long one the rest need not live on
			left -= len(s)
		}
	}
	return func(s string) string { return redact(s, own) }
}

var (
	secretURL = regexp.MustCompile(`(?i)\b([a-z][a-z0-9+.-]*://)(?:[^\s"'<>\\/?#]*@)?([^\s"<>\\?#]*)([?#][^\s"<>\\]*)?`)
	query     = regexp.MustCompile(`[?#][^\s"<>\\?#]*=[^\s"<>\\]*`)
	dataURI   = regexp.MustCompile(`(?i)\bdata:[a-z0-9.+/;=-]*,[^\s"'<>\\]*`)
	escaped   = regexp.MustCompile(`(?:\\(?:u[0-9a-fA-F]{4}|["\\/bfnrt]))+`)
	control   = regexp.MustCompile(`[[:cntrl:]\x{FFFD}]`) // invalid UTF-8 matches too
)

func redact(s string, own []string) string {
	s = cut(s, 8*shownLimit)
	for before := ""; s != before; { // a JSON text may lie in a string of another
		before = s
		s = escaped.ReplaceAllStringFunc(s, func(e string) string { return textOf([]byte(`"` + e + `"`)) })
	}
	s = dataURI.ReplaceAllString(s, "data:"+redacted)
	s = secretURL.ReplaceAllStringFunc(s, func(u string) string {
		m := secretURL.FindStringSubmatch(u)
		if m[3] != "" {
			m[3] = "?" + redacted
		}
		return m[1] + m[2] + m[3]
	})
	s = query.ReplaceAllString(s, "?"+redacted) // of a URL without its scheme
	s = withoutParts(s, own)
	return cut(control.ReplaceAllString(s, " "), shownLimit)
}

// withoutParts takes out of s all that the strings in own have in common with it.
func withoutParts(s string, own []string) string {
	secret := make([]bool, len(s)+1)
	runs := map[int]map[string][]int{} // by length, where each run of bytes stands in s that was not found yet
	for _, o := range own {
		n := min(len(o), partSecret)
		at := runs[n]
		if at == nil {
			at = map[string][]int{}
			for i := 0; i+n <= len(s); i++ {
				at[s[i:i+n]] = append(at[s[i:i+n]], i)
			}
			runs[n] = at
		}
		for k := 0; k+n <= len(o) && len(at) > 0; k++ {
			for _, i := range at[o[k:k+n]] {
				for m := i; m < i+n; m++ {
					secret[m] = true
				}
			}
			delete(at, o[k:k+n])
		}
	}
	var b strings.Builder
	for i := range len(s) {
		if !secret[i] {
			b.WriteByte(s[i])
		} else if !secret[i+1] { // once for a whole run
			b.WriteString(redacted)
		}
	}
	return b.String()
}

// cut shortens s to at most n bytes without splitting a rune.
func cut(s string, n int) string {
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "")
	}
	return s
}
