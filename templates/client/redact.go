package client

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// A text is recognised as the user's when it is a whole string of the request
// of at least wholeSecret bytes, or any run of partSecret bytes of one, since
// servers repeat prompts cut short; in capitals or not, and in the codings of JSON,
// URLs, HTML, base64 and hexadecimal.
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
	for _, h := range c.headers { // which may be credentials of a gateway
		if len(h[1]) >= wholeSecret {
			own = append(own, h[1])
		}
	}
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
	known := sync.OnceValue(func() []string { return foldAll(own) }) // most requests never need it
	return func(s string) string { return redact(s, known()) }
}

var (
	secretURL = regexp.MustCompile(`(?i)\b([a-z][a-z0-9+.-]*://)(?:[^\s"'<>\\/?#]*@)?([^\s"<>\\?#]*)([?#][^\s"<>\\]*)?`)
	query     = regexp.MustCompile(`[?#][^\s"<>\\?#]*=[^\s"<>\\]*`)
	dataURI   = regexp.MustCompile(`(?i)\bdata:[a-z0-9.+/;=-]*,[^\s"'<>\\]*`)
	percents  = regexp.MustCompile(`(?:%[0-9a-fA-F]{2})+`)
	coded     = regexp.MustCompile(`[A-Za-z0-9+/_-]{8,}`) // perhaps in base64 or hexadecimal
	control   = regexp.MustCompile(`[[:cntrl:]\x{FFFD}]`) // invalid UTF-8 matches too
)

// maxTextCodings is how many codings of a text that is redacted are undone: a JSON
// text may lie in a string of another.
const maxTextCodings = 8

// redact takes out of s what own, which is folded, and the forms of URLs give away.
func redact(s string, own []string) string {
	s = cut(undoCodings(cut(s, 8*shownLimit)), 8*shownLimit)
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

// undoCodings undoes escapes of JSON and URLs and entities of HTML.
func undoCodings(s string) string {
	for n := 0; strings.ContainsAny(s, `\%&`) && n < maxTextCodings; n++ {
		before := s
		s = html.UnescapeString(percents.ReplaceAllStringFunc(unescapeAll(s), func(e string) string {
			decoded, _ := url.PathUnescape(e) // cannot fail: the pattern has the form of an escape
			return decoded
		}))
		if s == before {
			break
		}
	}
	return s
}

// foldAll prepares texts for being found in one whose codings are undone.
func foldAll(texts []string) []string {
	folded := make([]string, len(texts))
	for i, s := range texts {
		folded[i] = fold(undoCodings(s))
		// Of a few blanks nothing is left.
		if words, _ := squeeze(strings.TrimSpace(folded[i])); len(words) >= wholeSecret {
			folded[i] = words
		}
	}
	return folded
}

// fold returns s in lower case, with the blanks of a form, byte for byte at the
// same place.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		lower := unicode.ToLower(r)
		switch {
		case r == '+':
			return ' '
		case utf8.RuneLen(lower) != utf8.RuneLen(r) || r == utf8.RuneError:
			return r
		}
		return lower
	}, s)
}

// unescapeAll takes JSON's escapes out of a text until none is left: a JSON text may lie
// in a string of another, any number of times. Each byte is looked at once, and
// again only with what an escape before it has become.
func unescapeAll(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		out = append(out, s[i])
		for size := escapeBefore(out); size > 0; size = escapeBefore(out) {
			r, _ := unescape(out[len(out)-size:])
			out = utf8.AppendRune(out[:len(out)-size], r)
		}
	}
	return string(out)
}

// escapeBefore returns the length of the escape that b ends with, 0 if it ends with
// none, or with the first half of a surrogate pair, whose other half may follow.
func escapeBefore(b []byte) int {
	for _, size := range []int{2, 12, 6} {
		if len(b) < size {
			continue
		}
		r, n := unescape(b[len(b)-size:])
		if n != size {
			continue
		}
		if unit, ok := codeUnit(b[len(b)-size:]); ok && r == utf8.RuneError && unit >= 0xd800 && unit < 0xdc00 {
			return 0
		}
		return size
	}
	return 0
}

// secretBytes marks the bytes of s, and one more, that lie in what it has in common
// with the strings in own, which are folded.
func secretBytes(s string, own []string) []bool {
	s = fold(s)
	all := make([]bool, len(s)+1)
	s, place := squeeze(s)
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
	for i := range len(s) {
		all[place[i]] = secret[i]
		for k := place[i] + 1; secret[i] && secret[i+1] && k < place[i+1]; k++ {
			all[k] = true
		}
	}
	return all
}

// squeeze returns s with a run of white space as one blank and without characters that
// have no width, and the place in s of each byte of that.
func squeeze(s string) (string, []int) {
	out, place := make([]byte, 0, len(s)), make([]int, 0, len(s))
	for i, r := range s {
		switch {
		case unicode.IsSpace(r) && len(out) > 0 && out[len(out)-1] == ' ', unicode.Is(unicode.Cf, r):
			continue
		case unicode.IsSpace(r):
			out, place = append(out, ' '), append(place, i)
			continue
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		for k := i; k < i+size; k++ {
			out, place = append(out, s[k]), append(place, k)
		}
	}
	return string(out), place
}

// withoutParts takes out of s all that the strings in own have in common with it, and
// what is base64 or hexadecimal of such a text. Where a coding begins is not known.
func withoutParts(s string, own []string) string {
	runs := coded.FindAllStringIndex(s, -1)
	ends := make([]int, len(runs)) // of what a run may stand for, behind s
	var all strings.Builder
	all.WriteString(s)
	plain := strings.NewReplacer("-", "+", "_", "/")
	for i, at := range runs {
		run := plain.Replace(s[at[0]:at[1]])
		for skip := range 4 {
			part := run[skip:]
			if len(part)%4 == 1 {
				part = part[:len(part)-1]
			}
			text, _ := base64.RawStdEncoding.DecodeString(part) // what is none has nothing in common
			all.WriteString("\x00" + strings.ToValidUTF8(string(text), "?"))
			text, _ = hex.DecodeString(part[:len(part)/2*2])
			all.WriteString("\x00" + strings.ToValidUTF8(string(text), "?"))
		}
		ends[i] = all.Len()
	}
	secret := secretBytes(all.String(), own)
	for i, from := 0, len(s); i < len(runs); i, from = i+1, ends[i] {
		if slices.Contains(secret[from:ends[i]], true) {
			for k := runs[i][0]; k < runs[i][1]; k++ {
				secret[k] = true
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
	if len(s) > n {
		s = strings.ToValidUTF8(s[:n], "")
	}
	return s
}
