package fetch

import (
	"fmt"
	"strings"
)

// mediaType reads a content type. What servers write after it, or twice, is no
// reason to refuse a page.
func (p *retrieval) mediaType(header string) (string, error) {
	if strings.TrimSpace(header) == "" {
		return "", nil
	}
	media := plainMediaType(header)
	if media == "" {
		return "", fmt.Errorf("the content type %q cannot be read", header)
	}
	for _, t := range p.request.Types {
		if media == t || strings.HasPrefix(t, "+") && strings.HasSuffix(media, t) {
			return media, nil
		}
	}
	if len(p.request.Types) > 0 {
		return "", &TypeError{media}
	}
	return media, nil
}

// plainMediaType returns the media type of a content type without parameters,
// whether those can be read or not, and "" when it names none: the first of a
// list, which is what a repeated header becomes on its way (RFC 9110, section
// 5.3), and the registered name for one from before it was registered.
func plainMediaType(header string) string {
	for part := range strings.SplitSeq(header, ",") {
		media, _, _ := strings.Cut(part, ";")
		media = strings.ToLower(strings.TrimSpace(media))
		kind, name, _ := strings.Cut(media, "/")
		if kind == "" || name == "" || strings.ContainsAny(media, " \t\"") {
			continue
		}
		switch media {
		case "text/x-markdown", "text/x-web-markdown":
			return "text/markdown"
		case "text/json", "text/x-json", "application/x-json":
			return "application/json"
		}
		return media
	}
	return ""
}
