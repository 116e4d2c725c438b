package client

import (
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// DefaultBaseURL is where the RunComfy model API answers.
const DefaultBaseURL = "https://model-api.runcomfy.net"

// parseBaseURL reads the origin that all calls go to. A path prefix is kept; a
// final slash or /v1 is taken off, since the paths of the calls begin with it.
// http is refused unless the host is a loopback one or insecure is set: the
// token would cross the network in clear text.
func parseBaseURL(raw string, insecure bool) (string, error) {
	u, err := url.Parse(raw)
	reason := ""
	switch {
	case err != nil:
		reason = "the base URL is not a URL" // err repeats raw, which may hold a password
	case u.Scheme != "https" && u.Scheme != "http":
		reason = "the base URL must begin with https://"
	case u.Hostname() == "":
		reason = "the base URL has no host"
	case u.User != nil:
		reason = "the base URL must not hold a user or a password"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		reason = "the base URL must have neither query nor fragment"
	case u.Scheme == "http" && !insecure && !loopback(u.Hostname()):
		reason = "the base URL is http, which would send the token in clear text; see WithInsecureHTTP"
	}
	if reason != "" {
		return "", &ConfigError{Reason: reason}
	}
	path := strings.TrimRight(u.JoinPath().EscapedPath(), "/") // cleans . and .. and doubled slashes
	path = strings.TrimRight(strings.TrimSuffix(path, "/v1"), "/")
	return u.Scheme + "://" + strings.ToLower(u.Host) + path, nil
}

// loopback reports whether host can only mean this machine (RFC 6761 section
// 6.3 for localhost).
func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.IsLoopback()
}

// modelPath returns the path of a submit. The id is escaped segment by
// segment, so that no id reaches another endpoint.
func modelPath(id string) (string, error) {
	segments := strings.Split(id, "/")
	for i, s := range segments {
		if s == "" || s == "." || s == ".." || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return "", &ConfigError{Reason: "a model id must not have an empty, . or .. segment or a control character"}
		}
		segments[i] = url.PathEscape(s)
	}
	return "/v1/models/" + strings.Join(segments, "/"), nil
}

var requestIDForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// validRequestID reports whether id has the form that the API documents for
// request ids.
func validRequestID(id string) bool { return requestIDForm.MatchString(id) }
