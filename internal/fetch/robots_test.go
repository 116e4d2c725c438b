package fetch

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestRobots holds the cases of RFC 9309, by section, and those on which
// parsers are known to differ.
func TestRobots(t *testing.T) {
	const bot = "ExampleBot"
	for _, tt := range []struct {
		name, file     string
		allowed, refus string // paths, separated by blanks
	}{
		{"2.2 no file", "", "/ /a", ""},
		{"2.2.1 own group", "User-agent: ExampleBot\nDisallow: /foo\n", "/ /fo", "/foo /foobar /foo?x"},
		{"2.2.1 case of the token", "user-AGENT: EXAMPLEBOT\ndisallow: /foo\n", "/", "/foo"},
		{"2.2.1 token with a version", "User-agent: ExampleBot/2.1\nDisallow: /foo\n", "/", "/foo"},
		{"2.2.1 prefix of the token", "User-agent: Example\nDisallow: /\n", "/foo", ""},
		{"2.2.1 longer than the token", "User-agent: ExampleBotNews\nDisallow: /\n", "/foo", ""},
		{"2.2.1 star group", "User-agent: *\nDisallow: /foo\n", "/", "/foo"},
		{"2.2.1 own before star", "User-agent: *\nDisallow: /\n\nUser-agent: ExampleBot\nDisallow: /foo\n", "/ /bar", "/foo"},
		{"2.2.1 own without rules before star", "User-agent: *\nDisallow: /\n\nUser-agent: ExampleBot\nDisallow:\n", "/ /foo", ""},
		{"2.2.1 groups of one agent count together", "User-agent: ExampleBot\nDisallow: /foo\nUser-agent: other\nDisallow: /\n" +
			"User-agent: examplebot\nDisallow: /bar\n", "/ /baz", "/foo /bar"},
		{"2.2.1 stars count together", "User-agent: *\nDisallow: /foo\nUser-agent: x\nDisallow: /\nUser-agent: *\nDisallow: /bar\n", "/", "/foo /bar"},
		{"2.2.1 two agents of one group", "User-agent: a\nUser-agent: ExampleBot\nDisallow: /foo\n", "/", "/foo"},
		{"2.2.1 blank lines do not end a group", "User-agent: a\n\nUser-agent: ExampleBot\n\n\nDisallow: /foo\n", "/", "/foo"},
		{"2.2.1 rules before a group", "Disallow: /\nUser-agent: ExampleBot\nDisallow: /foo\n", "/", "/foo"},
		{"2.2.1 the next group", "User-agent: a\nDisallow: /\nUser-agent: ExampleBot\nAllow: /\n", "/ /x", ""},
		{"2.2.2 longest match", "User-agent: *\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif\n",
			"/example/page/ /example/page/x", "/example/page/disallowed.gif"},
		{"2.2.2 longest match, order", "User-agent: *\nDisallow: /a\nAllow: /a/b\n", "/a/b /a/bc", "/a /a/c"},
		{"2.2.2 a tie allows", "User-agent: *\nDisallow: /foo\nAllow: /foo\n", "/foo", ""},
		{"2.2.2 a tie allows, order", "User-agent: *\nAllow: /foo\nDisallow: /foo\n", "/foo", ""},
		{"2.2.2 case of a path", "User-agent: *\nDisallow: /Foo\n", "/foo", "/Foo"},
		{"2.2.2 empty values", "User-agent: *\nDisallow:\nAllow:\n", "/ /x", ""},
		{"2.2.2 robots.txt itself", "User-agent: *\nDisallow: /\n", "/robots.txt", "/ /robots.txt2 /x"},
		{"2.2.2 table, query", "User-agent: *\nDisallow: /foo/bar?baz=quz\n", "/foo/bar /foo/bar?baz=qu", "/foo/bar?baz=quz"},
		{"2.2.2 table, URL in a query", "User-agent: *\nDisallow: /foo/bar?baz=https://foo.bar\n", "/foo/bar?baz=https",
			"/foo/bar?baz=https%3A%2F%2Ffoo.bar /foo/bar?baz=https://foo.bar"},
		{"2.2.2 table, URL escaped in the rule", "User-agent: *\nDisallow: /foo/bar?baz=https%3A%2F%2Ffoo.bar\n", "/foo/bar?baz=https",
			"/foo/bar?baz=https%3A%2F%2Ffoo.bar /foo/bar?baz=https://foo.bar"},
		{"2.2.2 table, UTF-8", "User-agent: *\nDisallow: /foo/bar/\u30c4\n", "/foo/bar/", "/foo/bar/%E3%83%84 /foo/bar/%e3%83%84 /foo/bar/\u30c4"},
		{"2.2.2 table, UTF-8 escaped", "User-agent: *\nDisallow: /foo/bar/%e3%83%84\n", "/foo/bar/", "/foo/bar/%E3%83%84 /foo/bar/\u30c4"},
		{"2.2.2 table, ASCII escaped", "User-agent: *\nDisallow: /foo/bar/%62%61%7A\n", "/foo/bar/ba", "/foo/bar/baz /foo/bar/%62az"},
		{"2.2.2 reserved stays escaped", "User-agent: *\nDisallow: /a%2Fb\n", "/a/b", "/a%2Fb /a%2fb"},
		{"2.2.2 escapes cut off", "User-agent: *\nDisallow: /a%\nDisallow: /b%2\nDisallow: /c%zz\n", "/x", "/a%25 /b%252 /c%25zz"},
		{"2.2.3 comment", "User-agent: *  # all\nDisallow: /foo # not this\n#Disallow: /\n", "/", "/foo"},
		{"2.2.3 end of the path", "User-agent: *\nDisallow: /this/path/exactly$\n", "/this/path/exactly/ /this/path/exactly?x", "/this/path/exactly"},
		{"2.2.3 star", "User-agent: *\nDisallow: /this/*/exactly\n", "/this/exactly", "/this/path/exactly /this/a/b/exactlyno"},
		{"2.2.3 star and end", "User-agent: *\nDisallow: /*.gif$\n", "/a.gif2 /a.png /gif", "/a.gif /b/a.gif /.gif.gif"},
		{"2.2.3 star first", "User-agent: *\nDisallow: *.gif$\n", "/a", "/a.gif"},
		{"2.2.3 star last", "User-agent: *\nDisallow: /a*\n", "/", "/a /ab"},
		{"2.2.3 star before the end", "User-agent: *\nDisallow: /a*$\n", "/", "/a /ab"},
		{"2.2.3 stars in a row", "User-agent: *\nDisallow: /a**b***\n", "/a", "/ab /axbx"},
		{"2.2.3 parts must not overlap", "User-agent: *\nDisallow: /ab*ba$\n", "/aba", "/abba /abxba"},
		{"2.2.3 a literal star", "User-agent: *\nDisallow: /path/file-with-a-%2A.html\n", "/path/file-with-a-x.html",
			"/path/file-with-a-*.html /path/file-with-a-%2A.html"},
		{"2.2.3 a literal dollar", "User-agent: *\nDisallow: /path/foo-%24\n", "/path/foo-", "/path/foo-$ /path/foo-$x /path/foo-%24"},
		{"2.2.3 a dollar within", "User-agent: *\nDisallow: /a$b\n", "/a", "/a$b"},
		{"2.2.3 stars count as long", "User-agent: *\nAllow: /a*c\nDisallow: /ab\n", "/abc", "/abd"},
		{"2.2.4 other records", "User-agent: ExampleBot\nSitemap: https://x/s.xml\nUser-agent: b\nDisallow: /foo\nSitemap: https://x/t.xml\nDisallow: /bar\n",
			"/", "/foo /bar"},
		{"2.2.4 crawl-delay ends no group", "User-agent: ExampleBot\nCrawl-delay: 2\nUser-agent: b\nDisallow: /foo\n", "/", "/foo"},
		{"2.3 byte order mark", "\ufeffUser-agent: *\nDisallow: /foo\n", "/", "/foo"},
		{"2.3 line ends", "User-agent: *\rDisallow: /foo\r\nDisallow: /bar", "/", "/foo /bar"},
		{"2.3 blanks", "  User-agent :\t*  \n\tDisallow\t:  /foo  \n", "/", "/foo"},
		{"2.3 what is no file", "<!DOCTYPE html><html>\nUser-agent\n: /\n\x00\xff:\n", "/ /x", ""},
		{"5.1 simple example", "User-Agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /publications/\n\nUser-Agent: foobot\nDisallow:/\n" +
			"Allow:/example/page.html\nAllow:/example/allowed.gif\n\nUser-Agent: barbot\nUser-Agent: bazbot\nDisallow: /example/page.html\n\nUser-Agent: quxbot\n",
			"/publications/ /x", "/example/ /a.gif"},
	} {
		robots := ParseRobots([]byte(tt.file), bot)
		check := func(paths string, want bool) {
			for path := range strings.FieldsSeq(paths) {
				u, err := url.Parse("https://example.com" + path)
				if err != nil {
					t.Fatal(err)
				}
				if _, refused := robots.Refuses(u); refused != want {
					t.Errorf("%s: %s refused: %v", tt.name, path, refused)
				}
			}
		}
		check(tt.allowed, false)
		check(tt.refus, true)
	}
}

func TestRobotsDelayAndSitemaps(t *testing.T) {
	got := ParseRobots([]byte("Sitemap: https://x/a.xml\nUser-agent: *\nCrawl-delay: 9\nUser-agent: bot\nCrawl-delay: 1.5\nCrawl-delay: x\n"+
		"Crawl-delay: -1\nDisallow: /a\nsitemap:/b.xml\n"), "bot")
	if got.Delay != 1500*time.Millisecond {
		t.Errorf("delay %v", got.Delay)
	}
	if d := cmp.Diff([]string{"https://x/a.xml", "/b.xml"}, got.Sitemaps); d != "" {
		t.Error(d)
	}
	if got := ParseRobots([]byte("User-agent: *\nCrawl-delay: 1e300\n"), "bot"); got.Delay < time.Hour {
		t.Errorf("delay %v", got.Delay)
	}
}

// TestRobotsBeyondTheLimit has a rule across the limit: half of it would refuse
// everything.
func TestRobotsBeyondTheLimit(t *testing.T) {
	head := "User-agent: *\nDisallow: /a\n#"
	text := head + strings.Repeat("x", maxRobots-len(head)-len("\nDisallow: /")) + "\nDisallow: /b\nDisallow: /c\n"
	robots := ParseRobots([]byte(text), "bot")
	for path, want := range map[string]bool{"/a": true, "/b": false, "/c": false, "/": false} {
		if _, refused := robots.Refuses(&url.URL{Path: path}); refused != want {
			t.Errorf("%s refused: %v", path, refused)
		}
	}
}

// TestRobotsOfAnOrigin shows what each answer for robots.txt means for a page.
func TestRobotsOfAnOrigin(t *testing.T) {
	page := answer{status: 200, body: text("page")}
	moved := func(to string) answer { return answer{status: 301, header: header("Location", to)} }
	refusing := answer{status: 200, body: text("User-agent: genclient\nDisallow: /\n")}
	times := func(n int, a answer) (list []answer) {
		for range n {
			list = append(list, a)
		}
		return list
	}
	for name, tt := range map[string]struct {
		robots   []answer
		want     string // of the error; "" is none
		requests int
	}{
		"allowing":            {[]answer{{status: 200, body: text("User-agent: *\nDisallow: /other\n")}}, "", 2},
		"refusing":            {[]answer{refusing}, "robots.txt refuses it: Disallow: /", 1},
		"none":                {[]answer{{status: 404}}, "", 2},
		"forbidden":           {[]answer{{status: 403}}, "", 2},
		"login":               {[]answer{{status: 401}}, "", 2},
		"moved, refusing":     {[]answer{moved("/r"), moved("https://www.example.org/r"), refusing}, "robots.txt refuses", 3},
		"moved five times":    {append(times(5, moved("/robots.txt")), refusing), "robots.txt refuses", 6},
		"moved too often":     {times(6, moved("/robots.txt")), "", 7},
		"too many requests":   {times(4, answer{status: 429}), "must not be crawled now: robots.txt cannot be read (the server answers 429", 4},
		"server error":        {times(4, answer{status: 503}), "must not be crawled now", 4},
		"server error, then":  {[]answer{{status: 503}, refusing}, "robots.txt refuses", 2},
		"wait for an hour":    {[]answer{{status: 503, header: header("Retry-After", "3600")}}, "asks to wait for 1h0m0s", 1},
		"unreachable":         {times(4, answer{err: errors.New("connection refused")}), "must not be crawled now", 4},
		"a day between":       {[]answer{{status: 200, body: text("User-agent: *\nCrawl-delay: 86400\n")}}, "asks for 24h0m0s between requests", 1},
		"not implemented":     {[]answer{{status: 501}}, "must not be crawled now", 1},
		"longer than is read": {[]answer{{status: 200, body: text("User-agent: *\nDisallow: /\n" + strings.Repeat("#\n", maxRobots))}}, "robots.txt refuses", 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				transport := &answers{list: append(tt.robots, page)}
				_, err := New(Options{Transport: transport}).Get(t.Context(), request("https://www.example.com/page"))
				if got := fmt.Sprint(err); !strings.Contains(got, tt.want) || (err == nil) != (tt.want == "") {
					t.Errorf("error %v", err)
				}
				if len(transport.requests) != tt.requests {
					t.Errorf("%d requests", len(transport.requests))
				}
				if got := transport.requests[0].URL.String(); got != "https://www.example.com/robots.txt" {
					t.Errorf("first %s", got)
				}
			})
		})
	}
}

func TestIgnoreRobotsNeedsTheWord(t *testing.T) {
	for name, robots := range map[string]answer{
		"refused": {status: 200, body: text("User-agent: *\nDisallow: /\nCrawl-delay: 50\n")}, "broken": {status: 501},
	} {
		synctest.Test(t, func(t *testing.T) {
			c := New(Options{Transport: &answers{list: []answer{robots, {status: 200, body: text("a")}}}, IgnoreRobots: true})
			if _, err := c.Robots(t.Context(), request("https://x.example/").URL); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			start := time.Now()
			for range 2 {
				if _, err := c.Get(t.Context(), request("https://x.example/a")); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("%s: took %v", name, took)
			}
		})
	}
}

func TestCrawlDelayIsAFloorOfTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		transport := &answers{list: []answer{{status: 200, body: text("User-agent: *\nCrawl-delay: 5\n")}, {status: 200}}}
		c := New(Options{Transport: transport, Rate: -1})
		start := time.Now()
		for range 4 {
			if _, err := c.Get(t.Context(), request("https://x.example/")); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took < 15*time.Second || took > 20*time.Second {
			t.Errorf("took %v", took)
		}
		if got := c.Pace(request("https://x.example/").URL); got != "one request per 5s, as robots.txt asks" {
			t.Errorf("pace %q", got)
		}
	})
}

// TestHostileRobotsCostsLittle would take hours if a rule's stars were tried in
// every way, or if reading one grew with the square of them.
func TestHostileRobotsCostsLittle(t *testing.T) {
	u := &url.URL{Scheme: "https", Host: "x.example", Path: "/" + strings.Repeat("a", maxURL)}
	for file, want := range map[string]bool{
		"User-agent: *\nDisallow: /" + strings.Repeat("*", maxRobots-100) + "\n":           true,
		"User-agent: *\nDisallow: /" + strings.Repeat("*a", maxRobots/3) + "$\n":           false,
		"User-agent: *\n" + strings.Repeat("Disallow: /*a*a*a*a*a*b$\n", 10_000):           false,
		strings.Repeat("User-agent: *\n", 30_000) + "Disallow: /" + strings.Repeat("a", 9): true,
	} {
		if _, refused := ParseRobots([]byte(file), "bot").Refuses(u); refused != want {
			t.Errorf("%.40q...: refused: %v", file, refused)
		}
	}
}
