package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Robots is what a robots.txt file (RFC 9309) says to one crawler.
type Robots struct {
	rules []rule // the most specific first
	// Delay is the time between requests that the file asks for, 0 without one.
	// It is no part of the RFC, but sites use it.
	Delay time.Duration
	// Sitemaps are the URLs that the file names, as written.
	Sitemaps []string
}

// rule is one Allow or Disallow line.
type rule struct {
	allow   bool
	written string   // as the file has it
	size    int      // in octets, normalized: the longest match counts
	parts   []string // between the "*", normalized
	toEnd   bool     // it ends in "$"
}

// The limits of a robots.txt file.
const (
	maxRobots     = 500 << 10 // what is parsed, as RFC 9309 section 2.5 asks at the least
	maxSitemaps   = 100
	maxCrawlDelay = 60 * time.Second // a longer one is no pace to read a site at
)

// ParseRobots reads a robots.txt file for the crawler with a product token. The
// lines of all groups that name the token count together, else those of the
// groups for "*". Lines that cannot be read are passed over.
func ParseRobots(text []byte, token string) *Robots {
	if len(text) > maxRobots {
		text = text[:maxRobots]
		text = text[:bytes.LastIndexAny(text, "\r\n")+1] // half a rule is another rule
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	var own, any Robots
	named, inRules, toOwn, toAny := false, true, false, false
	for line := range bytes.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		key, value, ok := robotsLine(line)
		if !ok {
			continue
		}
		if key == "user-agent" {
			if inRules {
				inRules, toOwn, toAny = false, false, false
			}
			switch agent := productToken(value); {
			case strings.HasPrefix(value, "*"):
				toAny = true
			case strings.EqualFold(agent, token):
				toOwn, named = true, true
			}
			continue
		}
		if key == "sitemap" {
			if len(own.Sitemaps) < maxSitemaps {
				own.Sitemaps = append(own.Sitemaps, value)
			}
			continue
		}
		if key == "allow" || key == "disallow" {
			inRules = true
		}
		if toOwn {
			own.add(key, value)
		}
		if toAny {
			any.add(key, value)
		}
	}
	if !named {
		own.rules, own.Delay = any.rules, any.Delay
	}
	slices.SortStableFunc(own.rules, func(a, b rule) int {
		if a.size != b.size {
			return b.size - a.size
		}
		return strings.Compare(strconv.FormatBool(b.allow), strconv.FormatBool(a.allow)) // a tie allows
	})
	return &own
}

// robotsLine parses "key: value # comment".
func robotsLine(line []byte) (key, value string, ok bool) {
	line, _, _ = bytes.Cut(line, []byte("#"))
	k, v, ok := bytes.Cut(line, []byte(":"))
	return strings.ToLower(string(bytes.TrimSpace(k))), string(bytes.TrimSpace(v)), ok
}

// productToken returns the token at the start of a User-agent line: letters,
// "_" and "-" (RFC 9309, section 2.2.1). "Bot/1.2" names "Bot", not "Bo".
func productToken(value string) string {
	end := strings.IndexFunc(value, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_' || r == '-')
	})
	if end < 0 {
		return value
	}
	return value[:end]
}

// add takes one line of a group.
func (r *Robots) add(key, value string) {
	switch key {
	case "allow", "disallow":
		if value != "" {
			r.rules = append(r.rules, newRule(key == "allow", value))
		}
	case "crawl-delay":
		seconds, err := strconv.ParseFloat(value, 64)
		if err == nil && seconds > 0 {
			r.Delay = max(r.Delay, time.Duration(min(seconds, 1e6)*float64(time.Second)))
		}
	}
}

func newRule(allow bool, path string) rule {
	r := rule{allow: allow, written: path}
	path, r.toEnd = strings.CutSuffix(path, "$")
	r.parts = strings.Split(path, "*")
	inQuery := false
	for i, p := range r.parts {
		r.parts[i] = normalizePath(p, inQuery)
		r.size += len(r.parts[i])
		inQuery = inQuery || strings.Contains(p, "?")
	}
	r.size += len(r.parts) - 1
	if r.toEnd {
		r.size++
	}
	return r
}

// Refuses returns the rule by which a URL must not be read. The longest rule
// that matches decides; of two as long, the one that allows (RFC 9309, section
// 2.2.2).
func (r *Robots) Refuses(u *url.URL) (disallow string, refused bool) {
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	if path == "/robots.txt" {
		return "", false // always allowed
	}
	if u.RawQuery != "" || u.ForceQuery {
		path += "?" + u.RawQuery
	}
	path = normalizePath(path, false)
	for _, rule := range r.rules {
		if rule.matches(path) {
			return rule.written, !rule.allow
		}
	}
	return "", false
}

// matches takes each part at the first place where it fits, which finds a match
// if there is one, in one pass over the path.
func (r *rule) matches(path string) bool {
	rest, ok := strings.CutPrefix(path, r.parts[0])
	if !ok {
		return false
	}
	for i, part := range r.parts[1:] {
		if r.toEnd && i == len(r.parts)-2 {
			return strings.HasSuffix(rest, part)
		}
		at := strings.Index(rest, part)
		if at < 0 {
			return false
		}
		rest = rest[at+len(part):]
	}
	return !r.toEnd || rest == ""
}

// normalizePath writes a path, or a part of a rule, so that equal ones have
// equal bytes (RFC 9309, section 2.2.2): unreserved characters as themselves,
// what no URL holds as it is in escapes of capitals. "*" and "$" are escaped
// too: in a rule they are special unless they were. Behind the "?" the
// delimiters of a URL count as escaped, as in the RFC's table.
func normalizePath(s string, inQuery bool) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		escaped := false
		if c == '%' && i+2 < len(s) {
			if v, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				c, escaped = byte(v), true
				i += 2
			}
		}
		switch {
		case isUnreserved(c), !escaped && isDelimiter(c, inQuery):
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
		if c == '?' && !escaped {
			inQuery = true
		}
	}
	return b.String()
}

// isUnreserved is of RFC 3986, section 2.3.
func isUnreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

// isDelimiter reports the reserved characters that stay as they are.
func isDelimiter(c byte, inQuery bool) bool {
	if inQuery {
		return strings.IndexByte("!&'()+,;=", c) >= 0
	}
	return strings.IndexByte("/:?@[]!&'()+,;=", c) >= 0
}

// Robots returns what robots.txt says at the origin of a URL. The error is a
// NotNowError when the origin must not be crawled, or the context's.
func (c *Client) Robots(ctx context.Context, u *url.URL) (*Robots, error) {
	return c.robots(ctx, c.host(u))
}

// checkRobots reports why a URL must not be read.
func (c *Client) checkRobots(ctx context.Context, h *host, u *url.URL) error {
	robots, err := c.robots(ctx, h)
	if err != nil {
		return err
	}
	if rule, refused := robots.Refuses(u); refused {
		return &RobotsError{rule}
	}
	return nil
}

// robots reads robots.txt of an origin once.
func (c *Client) robots(ctx context.Context, h *host) (*Robots, error) {
	h.robotsOnce.Lock()
	defer h.robotsOnce.Unlock()
	if h.robots != nil || h.robotsErr != nil {
		return h.robots, h.robotsErr
	}
	robots, err := c.readRobots(ctx, h)
	switch {
	case ctx.Err() != nil:
		return nil, err
	case err == nil && robots.Delay > maxCrawlDelay && !c.opts.IgnoreRobots:
		err = &NotNowError{fmt.Sprintf("robots.txt asks for %s between requests", robots.Delay)}
	case err == nil && !c.opts.IgnoreRobots:
		h.slowDown(robots.Delay)
	case err != nil && c.opts.IgnoreRobots:
		robots, err = &Robots{}, nil
	}
	if h.robotsErr = err; err == nil {
		h.robots = robots
	}
	return h.robots, h.robotsErr
}

// readRobots reads and parses the file. One that does not exist (a 4xx, or more
// redirects than five) allows everything; one that cannot be reached nothing
// (RFC 9309, section 2.3.1).
func (c *Client) readRobots(ctx context.Context, h *host) (*Robots, error) {
	u, err := url.Parse(h.origin + "/robots.txt")
	if err != nil {
		return nil, fmt.Errorf("reading robots.txt: %w", err)
	}
	// One byte more than is parsed shows that the file was cut.
	p := &retrieval{client: c, ofRobots: true, request: Request{URL: u, MaxBytes: maxRobots + 1}}
	response, err := p.run(ctx)
	var status *StatusError
	var redirect *redirectError
	switch {
	case err == nil:
		_ = response.Store(nil) // costs the next run one request that is not conditional
		return ParseRobots(response.Body, Agent), nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("reading robots.txt: %w", context.Cause(ctx))
	case errors.As(err, &redirect):
		return &Robots{}, nil
	case errors.As(err, &status) && status.Code < 500 && status.Code != http.StatusTooManyRequests:
		return &Robots{}, nil
	}
	return nil, &NotNowError{fmt.Sprintf("robots.txt cannot be read (%v)", err)}
}
