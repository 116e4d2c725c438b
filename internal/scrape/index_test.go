package scrape

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestIndexPages(t *testing.T) {
	two := []Listing{{"kling", "kling-2-6", "image-to-video"}, {"wan-ai", "wan", ""}}
	const items = `{"author":"kling","object":"kling-2-6","task":"image-to-video","playground_type":"model"},` +
		`{"author":"wan-ai","object":"wan","task":"","playground_type":"model"},` +
		`{"author":"x","object":"flow","task":"","playground_type":"workflow"},{"author":"","object":"x"}`
	push := func(s string) string {
		return `<script>self.__next_f.push([1,"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"])</script>`
	}
	for name, tt := range map[string]struct {
		page string
		want Index
	}{
		"links": {`<base href="/models/"><a href="a/b">x</a><a href=a/b#top>y</a><a name="x">z</a><area href="//other/models/c"><a href="ht tp:%zz">`,
			Index{Links: []string{"https://site/models/a/b", "https://other/models/c"}}},
		"payload":               {push("5:[" + items + "]\n"), Index{Listed: two}},
		"payload in two pieces": {push("5:["+items[:50]) + push(items[50:]+"]\n"), Index{Listed: two}},
		"order of members": {push(`5:[{"task":"image-to-video","playground_type":"model","x":{"y":1},"object":"kling-2-6","author":"kling"}]`),
			Index{Listed: two[:1]}},
		"a JSON script":            {`<script id="__NEXT_DATA__" type="application/json">{"props":{"list":[` + items + `]}}</script>`, Index{Listed: two}},
		"JSON in a JSON":           {push(`5:["$","div",null,{"data":"[` + strings.ReplaceAll(items, `"`, `\"`) + `]"}]` + "\n"), Index{Listed: two}},
		"a script of another kind": {`<script>load("` + strings.ReplaceAll(items, `"`, `\"`) + `", )</script>`, Index{Listed: two}},
		"addresses in a payload": {push(`5:["$","a",null,{"href":"/models/kling/kling-2-6/api"}]` + "\n" + `6:["https:\/\/www.runcomfy.com\/playground\/x\/y"]`),
			Index{Payload: []string{"/models/kling/kling-2-6/api", "https://www.runcomfy.com/playground/x/y"}}},
		"nothing": {`<html><title>Log in</title>`, Index{}},
	} {
		got := ReadIndex([]byte(tt.page), "https://site/")
		if name == "addresses in a payload" {
			got.Links = nil
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// TestHostileIndexPages would take hours if each brace cost a scan to the end.
func TestHostileIndexPages(t *testing.T) {
	for _, page := range []string{
		strings.Repeat(`{"author":`, 200_000),
		`<script type="application/json">` + strings.Repeat(`{"author":"a","x":[`, 100_000),
		strings.Repeat(`"/models/`, 300_000),
		strings.Repeat(`<a href="/models/x">`, 100_000),
	} {
		if got := ReadIndex([]byte(page), "https://site/"); len(got.Listed) > 0 || len(got.Links) > 1 {
			t.Errorf("%.40s: %d listed", page, len(got.Listed))
		}
	}
}
