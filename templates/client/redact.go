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
	maxSecrets = 256 << 10
)

// shownLimit is how much of a server's text is ever shown, in bytes.
const shownLimit = 512

// sealed keeps a value where no fmt verb reaches, as fmt prints functions as
// addresses. A pointer is not enough: %s of a struct prints what its pointers
// point to.
type sealed[T any] func() T

func seal[T any](v T) sealed[T] { return func() T { return v } }

// get returns the value; the zero value when nothing was sealed.
func (s sealed[T]) get() (v T) {
	if s != nil {
		v = s()
	}
	return v
}

// A redactor takes out of a text what no error and no log line may show: the
// token, the queries of URLs, the data of data URIs and the strings of the
// request. It also takes out control characters and cuts the text to
// shownLimit.
type redactor func(string) string

// newRedactor returns the redactor for calls about one request body, which is
// valid JSON or empty. The body itself is not kept: it may be large.
func (c *core) newRedactor(body []byte) redactor {
	var own []string
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
			own = append(own, s)
			size += len(s)
		}
	}
	return func(s string) string { return redact(s, c.token(), own) }
}

var (
	secretURL = regexp.MustCompile(`(?i)\b([a-z][a-z0-9+.-]*://)([^\s"'<>\\]*)`)
	dataURI   = regexp.MustCompile(`(?i)\bdata:[a-z0-9.+/;=-]*,[^\s"'<>\\]*`)
	escaped   = regexp.MustCompile(`\\u[0-9a-fA-F]{4}`)
)

func redact(s, token string, own []string) string {
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
		host, _, _ := strings.Cut(rest, "/")
		return m[1] + rest[strings.LastIndexByte(host, '@')+1:]
	})
	s = withoutParts(s, token)
	s = withoutParts(s, own...)
	s = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c == utf8.RuneError {
			return ' '
		}
		return c
	}, s)
	return cut(s, shownLimit)
}

// withoutParts takes out of s all that the strings in own have in common with it.
func withoutParts(s string, own ...string) string {
	secret := make([]bool, len(s))
	for _, o := range own {
		n := min(len(o), partSecret)
		if n == 0 {
			continue // no token
		}
		for i := 0; i+n <= len(s); i++ {
			if strings.Contains(o, s[i:i+n]) {
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
