package scrape

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/jsontree"
)

// scrapeHTML reads one page given as HTML.
func scrapeHTML(content string) ([]Scraped, diag.List) {
	read, diags := Read(Source{File: "page.html", MediaType: "text/html", Text: []byte(content)})
	return read.Models, diags
}

func TestVisibleText(t *testing.T) {
	for name, tt := range map[string]struct{ html, want string }{
		"hidden elements": {"<head><title>T</title><style>s{}</style></head><body>a<noscript>n</noscript><template>t</template>" +
			"<svg><text>v</text></svg><iframe>i</iframe><script>{}</script>b", "ab\n"},
		"blocks":               {"<p>a<p>b<div>c</div>d", "a\nb\nc\nd\n"},
		"inline":               {"<b>a</b><i>b</i><span>c</span>", "abc\n"},
		"line break":           {"a<br>b", "a\nb\n"},
		"line class":           {`<span class="code line">a</span><span class="outline">b</span>`, "a\nb\n"},
		"line attribute":       {`<span data-line="1">a</span>b`, "a\nb\n"},
		"line style":           {`<span style="color: red; display: block">a</span>b`, "a\nb\n"},
		"wrapped mark-up":      {"<p>a\n    b", "a b\n"},
		"kept by pre":          {"<pre>\na\n  b</pre>", "a\n  b\n"},
		"kept by code":         {"<code>a\n  b</code>", "a\n  b\n"},
		"kept by style":        {`<div style="white-space: pre-wrap">a` + "\n  b</div>", "a\n  b\n"},
		"entities":             {"&lt;a&gt;&amp;&quot;&quot;&#123;&nbsp;b", "<a>&\"\"{ b\n"},
		"carriage return":      {"<pre>a\r\nb</pre>", "a\nb\n"},
		"moved out of a table": {"<table>a<tr><td>b</td></tr></table>", "a\nb\n"},
	} {
		p, diags := readHTML(&jsontree.Source{Text: []byte(tt.html)}, "")
		if p == nil {
			t.Errorf("%s: %v", name, diags)
			continue
		}
		if d := cmp.Diff(tt.want, string(p.visible.data)); d != "" {
			t.Errorf("%s:\n%s", name, d)
		}
	}
}

// A place in the text leads back to the mark-up, whatever stands before it.
func TestPlacesInMarkup(t *testing.T) {
	const mark = `{&quot;type&quot;: "object", "properties": {}}`
	curl := "curl --url " + endpointPrefix + "v/m \\\n"
	for name, page := range map[string]string{
		"entities":          "<pre>&amp;&nbsp;&lt; " + curl + mark,
		"line end in pre":   "<p>x</p><pre>\n" + mark + "</pre>" + curl,
		"CRLF":              "<pre>\r\n\r\n" + curl + "\r\n  " + mark,
		"skipped text":      "<title>x</title>" + strings.Repeat("<svg><text>v</text></svg>", 100) + "<pre>" + curl + mark,
		"entity without ;":  "<pre>" + curl + "&amp &notit; &copy;\n" + mark,
		"a table moves":     "<table>moved<tr><td><pre>" + curl + mark + "</pre></td></tr></table>",
		"no-break indented": "<div>" + curl + "</div><div>&nbsp;&nbsp;" + mark + "</div>",
	} {
		s, diags := scrapeHTML(page)
		src := jsontree.Source{File: "page.html", Text: []byte(page)}
		if want := src.Position(strings.Index(page, mark)); len(s) != 1 || s[0].Pos != want {
			t.Errorf("%s: %v, want %v; %v", name, s, want, diags)
		}
	}
}

// A payload fills in what the visible text lacks. Its error counts when that is
// the id or the input schema; what is whole in it is taken all the same.
func TestErrorOfAPayload(t *testing.T) {
	const (
		output = `{"type": "object", "properties": {"video": {"type": "string"}}}`
		two    = oneProperty + `, {"type": "object", "properties": {"other": {}}}`
		curl   = "<pre>curl --url " + endpointPrefix + "v/m</pre>"
		schema = "<pre>" + oneProperty + "</pre>"
	)
	for name, tt := range map[string]struct{ visible, payload, rule string }{
		"in order":                        {curl + schema, `{"output_schema": ` + output + `}`, ""},
		"conflict, nothing visible":       {"", `"` + endpointPrefix + `v/m", ` + two, "schema-conflict"},
		"conflict, only the id visible":   {curl, two, "schema-conflict"},
		"conflict, only the input":        {schema, `"` + endpointPrefix + `v/m", "` + endpointPrefix + `v/n"`, "several-models"},
		"cut off, only the id visible":    {curl, oneProperty + `, {"type": "object", "properties": {"a`, "json-cut-off"},
		"conflict, only the output lacks": {curl + schema, two + `, {"output_schema": ` + output + `}`, ""},
		"cut off, only the output lacks":  {curl + schema, `{"output_schema": ` + output + `}, {"type": "object", "properties": {"a`, ""},
	} {
		s, diags := scrapeHTML("<body>" + tt.visible + `<script type="application/json">[` + tt.payload + "]</script>")
		switch {
		case tt.rule == "" && (len(s) != 1 || diags.HasErrors() || s[0].Page.Output == nil):
			t.Errorf("%s: %v, %v", name, s, diags)
		case tt.rule != "" && (len(s) > 0 || !slices.ContainsFunc(diags, func(d diag.Diagnostic) bool {
			return d.Rule == tt.rule && d.Severity == diag.Error
		})):
			t.Errorf("%s: %v, %v", name, s, diags)
		}
	}
}

// A page shows the command of one model; its payload has neighbours.
func TestNeighboursInThePayload(t *testing.T) {
	entry := func(id, input string) string {
		return `{"api": "` + endpointPrefix + id + `", "in": ` + input + `}`
	}
	const foreign = `{"type": "object", "properties": {"foreign": {}}}`
	for name, tt := range map[string]struct{ visible, payload, want string }{
		"the model's own":      {"v/m", entry("v/n", foreign) + "," + entry("v/m", oneProperty), "v/m"},
		"only a neighbour's":   {"v/m", entry("v/n", foreign), ""},
		"a neighbour's beside": {"v/m", entry("v/n", foreign) + `,{"in": ` + oneProperty + `}`, "v/m"},
		"several endpoints":    {"v/m", `"` + endpointPrefix + `v/n","` + endpointPrefix + `v/m",{"in": ` + oneProperty + `}`, "v/m"},
		"another endpoint":     {"v/m", `"` + endpointPrefix + `v/n",{"in": ` + foreign + `}`, ""},
		"nobody's":             {"", entry("v/n", foreign) + "," + entry("v/m", oneProperty), ""},
		"one that is alone":    {"", entry("v/m", oneProperty), "v/m"},
	} {
		page := "<body>"
		if tt.visible != "" {
			page += "<pre>curl --url " + endpointPrefix + tt.visible + "</pre>"
		}
		page += `<script type="application/json">[` + tt.payload + "]</script>"
		s, diags := scrapeHTML(page)
		switch {
		case tt.want == "" && (len(s) > 0 || !diags.HasErrors()):
			t.Errorf("%s: %v, %v", name, s, diags)
		case tt.want != "" && (len(s) != 1 || s[0].ID != tt.want || s[0].Page.Input.Get("properties").Get("a") == nil):
			t.Errorf("%s: %v, %v", name, s, diags)
		}
	}
}
