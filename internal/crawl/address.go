package crawl

import (
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/genclient/genclient/internal/fetch"
)

// kind is what a URL is read as.
type kind uint8

const (
	otherPage kind = iota // no page of models
	modelPage             // documents one model
	indexPage             // lists models
	sitemapFile
	catalogAnswer
	siteRoot  // leads to the sitemaps and index pages of a whole site
	localFile // a file or the standard input
)

// isSite reports whether a URL belongs to the site of another.
func isSite(u, site *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.User == nil && fetch.SameSite(u, site)
}

// localePrefix is the first segment of a localized page's path.
var localePrefix = regexp.MustCompile(`^/([a-z]{2}(?:-[A-Za-z]{2,4})?)(?:/|$)`)

// pathLocale returns the language in a URL's path, "" for English.
func pathLocale(u *url.URL) string {
	if m := localePrefix.FindStringSubmatch(u.Path); m != nil && m[1] != "en" {
		return m[1]
	}
	return ""
}

// withoutLocale returns the path of the page in English.
func withoutLocale(escaped string) string {
	if m := localePrefix.FindStringSubmatch(escaped); m != nil {
		return "/" + strings.TrimPrefix(strings.TrimPrefix(escaped, "/"+m[1]), "/")
	}
	return escaped
}

// files are the endings of what lies beside pages and is none.
var files = []string{".png", ".jpg", ".jpeg", ".webp", ".gif", ".svg", ".ico", ".avif", ".mp4", ".webm", ".mp3",
	".css", ".js", ".json", ".xml", ".txt", ".woff", ".woff2", ".pdf", ".zip"}

// resolve says what a URL of the site is and where it is read: at the site's own
// host, in English, a model at its API page. Of
//
//	https://runcomfy.com/it/models/kling/kling-2-6/pro?x=1
//
// it makes https://www.runcomfy.com/models/kling/kling-2-6/pro/api.
func resolve(u, site *url.URL) (kind, *url.URL) {
	at := strings.Trim(path.Clean(withoutLocale(u.EscapedPath())), "/")
	segments := strings.Split(at, "/")
	if segments[0] != "models" && segments[0] != "playground" || slices.Contains(files, strings.ToLower(path.Ext(at))) {
		return otherPage, nil
	}
	out := url.URL{Scheme: site.Scheme, Host: site.Host}
	k := modelPage
	rest := segments[1:]
	switch {
	case len(rest) > 1 && rest[len(rest)-1] == "api":
	case segments[0] == "playground" && len(rest) < 2:
		return otherPage, nil
	case len(rest) < 2, rest[0] == "all", rest[0] == "collections", rest[0] == "feature":
		k = indexPage
		if page := u.Query().Get("page"); page != "" && len(page) < 6 {
			out.RawQuery = url.Values{"page": {page}}.Encode()
		}
	default:
		at += "/api"
	}
	full, err := url.Parse("/" + at)
	if err != nil {
		return otherPage, nil
	}
	out.Path, out.RawPath = full.Path, full.RawPath
	return k, &out
}

// knownIndex are the index pages that every user may name; /models/x may well be
// a model.
var knownIndex = regexp.MustCompile(`^/models(/all|/collections(/.*)?|/feature(/.*)?)?$`)

// namedKind says what a URL is that a user names, as it stands. otherPage is
// decided by the answer.
func namedKind(u *url.URL) kind {
	at := strings.Trim(path.Clean(u.Path), "/")
	switch {
	case strings.Contains("/"+at+"/", "/v1/models/"):
		return catalogAnswer
	case strings.HasSuffix(at, ".xml"), strings.HasSuffix(at, ".xml.gz"):
		return sitemapFile
	}
	if k, page := resolve(u, u); k == indexPage && knownIndex.MatchString(page.Path) {
		return indexPage
	}
	return modelPage
}

// isRoot reports whether a URL names a whole site.
func isRoot(u *url.URL) bool {
	return strings.Trim(withoutLocale(u.EscapedPath()), "/") == "" && u.RawQuery == ""
}
