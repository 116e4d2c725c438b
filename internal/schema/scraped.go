package schema

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/genclient/genclient/internal/diag"
)

// Scraped is what the sources of one run say of one model.
type Scraped struct {
	ID      string
	Page    *Document     // from its pages; nil when only the catalog has it
	Catalog *Document     // from the catalog, its Input nil when that came without; nil when only pages have it
	Locale  string        // of Page: "" is English
	Pos     diag.Position // of the input schema
}

// SiteHost reports whether a host is the site's.
func SiteHost(host string) bool {
	host = strings.ToLower(host)
	return host == "runcomfy.com" || strings.HasSuffix(host, ".runcomfy.com")
}

// localePrefix is the first segment of a localized page's path.
var localePrefix = regexp.MustCompile(`^/([a-z]{2}(?:-[A-Za-z]{2,4})?)(?:/|$)`)

// Locale returns the language that a page's address names by its prefix, for
// example zh-CN; "" for English and for addresses outside the site.
func Locale(address string) string {
	if u, err := url.Parse(strings.TrimSpace(address)); err == nil && SiteHost(u.Hostname()) {
		if m := localePrefix.FindStringSubmatch(u.Path); m != nil && m[1] != "en" {
			return m[1]
		}
	}
	return ""
}
