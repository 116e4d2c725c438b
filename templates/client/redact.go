package client

import (
	"bytes"
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
	maxSecrets = 32 << 10
)

// shownLimit is how much of a server's text is ever shown, in bytes.
const shownLimit = 512

// A redactor takes out of texts what no error and no log line may show: the
// token, the queries of URLs, the data of data URIs and the strings of the
// request. It is always held by pointer, which is all that fmt prints of it.
type redactor struct {
	token   func() string
	strings []string
}

// newRedactor returns the redactor for calls about one request body, which is
// valid JSON or empty. The body itself is not kept: it may be large.
func (c *core) newRedactor(body []byte) *redactor {
	r := &redactor{token: c.token}
	for size := 0; size < maxSecrets; {
		start := bytes.IndexByte(body, '"')
		if start < 0 {
			break
		}
		end := start + 1
		for {
			end += bytes.IndexAny(body[end:], `"\\`) + 1
			if body[end-1] == '"' {
				break
			}
			end++ // behind a backslash
		}
		literal := body[start:end]
		body = bytes.TrimLeft(body[end:], " \t\r\n")
		if bytes.HasPrefix(body, []byte(":")) || bytes.HasPrefix(literal, []byte(`"data:`)) {
			continue // the name of a property, which errors may show; a data URI, which is found by itself
		}
		if s := cut(textOf(literal), maxSecrets-size); len(s) >= wholeSecret {
			r.strings = append(r.strings, s)
			size += len(s)
		}
	}
	return r
}

var (
	secretURL = regexp.MustCompile(`(?i)\b([a-z][a-z0-9+.-]*://)([^\s"'<>\\]*)`)
	dataURI   = regexp.MustCompile(`(?i)\bdata:[a-z0-9.+/;=-]*,[^\s"'<>\\]*`)
	escaped   = regexp.MustCompile(`\\u[0-9a-fA-F]{4}`)
)

// text returns s without secrets, without control characters and cut to
// shownLimit.
func (r *redactor) text(s string) string {
	s = cut(s, 8*shownLimit)
	s = escaped.ReplaceAllStringFunc(s, func(e string) string {
		n, _ := strconv.ParseUint(e[2:], 16, 16) // the expression lets only digits through
		return string(rune(n))
	})
	s = strings.ReplaceAll(s, `\/`, `/`)
	s = dataURI.ReplaceAllString(s, "data:"+redacted)
	s = secretURL.ReplaceAllStringFunc(s, func(u string) string {
		m := secretURL.FindStringSubmatch(u)
		rest := m[2]
		if end := strings.IndexAny(rest, "?#"); end >= 0 {
			rest = rest[:end] + "?" + redacted
		}
		if host, path, _ := strings.Cut(rest, "/"); strings.Contains(host, "@") {
			rest = host[strings.LastIndexByte(host, '@')+1:] + "/" + path
		}
		return m[1] + rest
	})
	if r != nil {
		if token := r.token(); token != "" {
			s = strings.ReplaceAll(s, token, redacted)
		}
		s = r.own(s)
	}
	s = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c == utf8.RuneError {
			return ' '
		}
		return c
	}, s)
	return cut(s, shownLimit)
}

// own takes out of s what the request holds.
func (r *redactor) own(s string) string {
	secret := make([]bool, len(s))
	for _, own := range r.strings {
		n := min(len(own), partSecret)
		for i := 0; i+n <= len(s); i++ {
			if strings.Contains(own, s[i:i+n]) {
				for k := i; k < i+n; k++ {
					secret[k] = true
				}
			}
		}
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if !secret[i] {
			b.WriteByte(s[i])
			i++
			continue
		}
		for i < len(s) && secret[i] {
			i++
		}
		b.WriteString(redacted)
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
