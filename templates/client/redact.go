package client

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// redacted stands where something secret stood.
const redacted = "[redacted]"

// How a text is recognised as the user's: a whole string of the request of at
// least wholeSecret bytes, or any run of partSecret bytes of one, since servers
// repeat prompts cut short.
const (
	wholeSecret = 6
	partSecret  = 12
	// maxSecrets bounds what is kept of one request, in bytes.
	maxSecrets = 256 << 10
)

// shownLimit is how much of a server's text is ever shown, in bytes.
const shownLimit = 512

// A redactor takes out of a text what no error and no log line may show: the
// token, the queries of URLs, the data of data URIs and the strings of the
// request. It also takes out control characters and cuts the text to
// shownLimit.
type redactor func(string) string

// newRedactor returns the redactor for calls about one request body, which is
// JSON or empty. The body itself is not kept: it may be large.
func (c *core) newRedactor(body []byte) redactor {
	own := []string{c.token()}
	var value any
	_ = json.Unmarshal(body, &value)
	collectSecrets(value, &own, maxSecrets)
	return func(s string) string { return redact(s, own) }
}

// collectSecrets adds the strings in a JSON value to own, up to left bytes, and
// returns what is then left. Names of properties are no secrets: errors may show
// them; data URIs are found by themselves.
func collectSecrets(value any, own *[]string, left int) int {
	switch value := value.(type) {
	case string:
		if s := cut(value, left); len(s) >= wholeSecret && !strings.HasPrefix(s, "data:") {
			*own = append(*own, s)
			left -= len(s)
		}
	case []any:
		for _, item := range value {
			left = collectSecrets(item, own, left)
		}
	case map[string]any:
		for _, member := range value {
			left = collectSecrets(member, own, left)
		}
	}
	return left
}

var (
	secretURL = regexp.MustCompile(`(?i)\b([a-z][a-z0-9+.-]*://)(?:[^\s"'<>\\/?#]*@)?([^\s"'<>\\?#]*)([?#][^\s"'<>\\]*)?`)
	dataURI   = regexp.MustCompile(`(?i)\bdata:[a-z0-9.+/;=-]*,[^\s"'<>\\]*`)
	escaped   = regexp.MustCompile(`\\u[0-9a-fA-F]{4}`)
)

func redact(s string, own []string) string {
	s = cut(s, 8*shownLimit)
	s = escaped.ReplaceAllStringFunc(s, func(e string) string {
		n, _ := strconv.ParseUint(e[2:], 16, 16) // the expression lets only digits through
		return string(rune(n))
	})
	s = strings.ReplaceAll(s, `\/`, `/`)
	s = dataURI.ReplaceAllString(s, "data:"+redacted)
	s = secretURL.ReplaceAllStringFunc(s, func(u string) string {
		m := secretURL.FindStringSubmatch(u)
		if m[3] != "" {
			m[3] = "?" + redacted
		}
		return m[1] + m[2] + m[3]
	})
	s = withoutParts(s, own)
	s = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c == utf8.RuneError {
			return ' '
		}
		return c
	}, s)
	return cut(s, shownLimit)
}

// withoutParts takes out of s all that the strings in own have in common with it.
func withoutParts(s string, own []string) string {
	secret := make([]bool, len(s)+1)
	for _, o := range own {
		n := min(len(o), partSecret)
		for i := 0; i+n <= len(s); i++ {
			if strings.Contains(o, s[i:i+n]) {
				for k := i; k < i+n; k++ {
					secret[k] = true
				}
			}
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
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
