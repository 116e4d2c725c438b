package client

import (
	"net/netip"
	"net/url"
	"path"
	"strings"
	"unicode"
)

// ruleMediaValue is the rule of a violation by a media value that no server can
// fetch, whatever the file behind it is.
const ruleMediaValue = "format"

// fetchable reports whether a value of a property that is surely media, by its
// format or its rules, is a URL that a server can fetch or a data URI. "" is a
// property that is not set. It reads the beginning and the end of the value only.
func fetchable(s string) bool {
	// Most values are https URLs; what follows must not slow them down.
	if len(s) > 9 && s[:8] == "https://" && alphanumeric(s[8]) &&
		s[len(s)-1] > ' ' && s[len(s)-1] <= '~' && strings.IndexByte(s, '@') < 0 {
		return true
	}
	return mediaProblem(s, true) == ""
}

// perhapsFetchable is fetchable for a property that is media by its name, its
// default or its description only: it may take an id or a preset, so that nothing
// but values that are surely mistakes are refused.
func perhapsFetchable(s string) bool {
	if len(s) > 9 && s[:8] == "https://" && s[len(s)-1] > ' ' && s[len(s)-1] <= '~' {
		return true
	}
	return mediaProblem(s, false) == ""
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}

// media records a value that fetchable or perhapsFetchable refuses, or an empty
// item of a list.
//
//go:noinline
func (v *violations) media(path, s string) {
	problem := mediaProblem(s, true)
	if s == "" {
		problem = problemEmptyItem
	}
	v.add(path, ruleMediaValue, mediaMessage(problem))
}

func mediaMessage(problem string) string {
	return problem + ": give an https URL, or a data URI as FileURI makes it of a file"
}

// What is wrong with a media value. None of the texts repeats the value.
const (
	problemEmptyItem  = "is empty"
	problemBlanks     = "begins or ends with a blank"
	problemLocal      = "is a local path, which no server can read"
	problemFileName   = "is the name of a file, which no server can read"
	problemLocator    = "has a scheme that no server can fetch (file, s3, gs or blob)"
	problemScheme     = "has another scheme than https, http and data"
	problemNoScheme   = "has no scheme"
	problemHost       = "is a URL without a host"
	problemDataType   = "is a data URI without a media type such as data:image/png;base64,"
	problemNoData     = "is a data URI without content"
	problemBareBase64 = "is base64 without a beginning such as data:image/png;base64,"
	problemHTTP       = "is an http URL, which is not fetched"
)

// mediaProblem returns what makes a media value one that no server can fetch, or
// "". Where the property is not surely media only what can be no id is a problem.
func mediaProblem(s string, sure bool) string {
	if s == "" {
		return ""
	}
	if strings.TrimFunc(s, blankAround) != s {
		return problemBlanks
	}
	scheme, rest := splitScheme(s)
	switch {
	case equalFoldAny(scheme, "file", "s3", "gs", "blob"):
		return problemLocator
	case scheme == "" && startsBase64(s):
		if sure {
			return problemBareBase64
		}
	case scheme == "" && localPath(s):
		return problemLocal
	case scheme == "" && mediaFileName(s):
		return problemFileName
	case !sure:
	case scheme == "":
		return problemNoScheme
	case equalFoldAny(scheme, "https", "http"):
		if !hasHost(rest) {
			return problemHost
		}
	case equalFoldAny(scheme, "data"):
		return dataProblem(rest)
	default:
		return problemScheme
	}
	return ""
}

// blankAround reports whether r is invisible at the end of a value: a blank, a
// control character, or what is copied along with text (a byte order mark, a
// zero-width space).
func blankAround(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || r == '\ufeff' || r == '\u200b'
}

func equalFoldAny(s string, words ...string) bool {
	for _, w := range words {
		if strings.EqualFold(s, w) {
			return true
		}
	}
	return false
}

// splitScheme splits a URI after its scheme (RFC 3986, section 3.1). One letter
// is not a scheme but a drive.
func splitScheme(s string) (scheme, rest string) {
	for i := range len(s) {
		switch c := s[i]; {
		case c == ':' && i > 1:
			return s[:i], s[i+1:]
		case alphanumeric(c) && (i > 0 || c > '9'), i > 0 && (c == '+' || c == '-' || c == '.'):
		default:
			return "", s
		}
	}
	return "", s
}

// startsBase64 recognises the JPEG files in base64 that look like a path, and the
// PNG, GIF and WebP files.
func startsBase64(s string) bool {
	for _, start := range []string{"/9j/", "iVBORw0KGgo", "R0lGOD", "UklGR"} {
		if strings.HasPrefix(s, start) && len(s) > 64 {
			return true
		}
	}
	return false
}

// localPath recognises the paths of Unix and of Windows, also the shares there
// (\\host\share), and URLs that lack their scheme (//host/path).
func localPath(s string) bool {
	for _, start := range []string{"/", "./", "../", `.\`, `..\`, `\`, "~/", `~\`} {
		if strings.HasPrefix(s, start) {
			return true
		}
	}
	drive := len(s) > 2 && alphanumeric(s[0]) && s[0] > '9' && s[1] == ':' && (s[2] == '/' || s[2] == '\\')
	return drive || s == "." || s == ".." || s == "~"
}

// longestFileName is more than the file systems take.
const longestFileName = 1024

// mediaFileName recognises the name of a media file, with folders before it or
// without, by its ending. What has a line break is a text.
func mediaFileName(s string) bool {
	if len(s) > longestFileName || strings.ContainsAny(s, "\r\n") {
		return false
	}
	if mediaEnding(s) {
		return true
	}
	i := strings.IndexAny(s, "?#")
	return i > 0 && mediaEnding(s[:i])
}

func mediaEnding(s string) bool {
	ext := path.Ext(s)
	return mediaEndings[strings.ToLower(ext)] && len(ext) < len(s)
}

// hasHost reports whether what follows the scheme of a URL names a host.
func hasHost(rest string) bool {
	authority, ok := strings.CutPrefix(rest, "//")
	if !ok {
		return false
	}
	if end := strings.IndexAny(authority, `/\?#`); end >= 0 {
		authority = authority[:end]
	}
	host := authority[strings.LastIndexByte(authority, '@')+1:]
	if !strings.HasPrefix(host, "[") { // an IPv6 address has colons of its own
		host, _, _ = strings.Cut(host, ":")
	}
	named := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	return strings.ContainsFunc(host, named) && !strings.ContainsFunc(host, unicode.IsSpace)
}

// dataProblem looks at a data URI after its scheme (RFC 2397).
func dataProblem(rest string) string {
	kind, data, ok := strings.Cut(rest, ",")
	mediaType, _, _ := strings.Cut(kind, ";")
	major, minor, slash := strings.Cut(strings.TrimSpace(mediaType), "/")
	switch {
	case !ok || !slash || major == "" || minor == "":
		return problemDataType
	case data == "":
		return problemNoData
	}
	return ""
}

// localMediaProblem is mediaProblem of a property that is surely media, and
// refuses http: only the host of the emulator is reached by it. Data URIs are
// decoded by their measurement.
func localMediaProblem(s string) string {
	if problem := mediaProblem(s, true); problem != "" {
		return problem
	}
	if scheme, _ := splitScheme(s); !strings.EqualFold(scheme, "http") {
		return ""
	}
	if u, err := url.Parse(s); err != nil || !loopbackHost(u.Hostname()) {
		return problemHTTP
	}
	return ""
}

// loopbackHost reports whether a host name or address is this machine's (RFC 6761,
// section 6.3).
func loopbackHost(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback() || strings.EqualFold(host, "localhost")
}
