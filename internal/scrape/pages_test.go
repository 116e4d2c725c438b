package scrape

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/jsontree"
)

var update = flag.Bool("update", false, "rewrite the saved HTML pages")

// layouts are the saved HTML pages: for each kind of mark-up that sites write
// code in, one of the five models. The pages are made from the text as captured
// by the functions below and kept as files, so that they can be looked at.
var layouts = []struct {
	name  string
	model int // index into models
	page  func(p parts) string
}{
	{"all_nbsp", 0, func(p parts) string { return p.visible(pre(nbspEverywhere)) }},
	{"br_lines", 4, func(p parts) string { return p.visible(brLines) }},
	{"flight_payload", 3, func(p parts) string { return p.page("", nextPushes(flightRows(p))) }},
	{"flow_in_div", 1, func(p parts) string { return p.visible(flowDiv) }},
	{"gutter_lines", 2, func(p parts) string { return p.visible(gutterLines) }},
	{"gutter_spans", 2, func(p parts) string { return p.visible(pre(gutterSpans)) }},
	{"gutter_table", 3, func(p parts) string { return p.visible(gutterTable) }},
	{"line_divs_nbsp", 1, func(p parts) string { return p.visible(lineDivs) }},
	{"line_spans", 4, func(p parts) string { return p.visible(pre(lineSpansMarkup)) }},
	{"next_data_payload", 4, func(p parts) string { return p.page("", nextData(p)) }},
	{"schema_in_payload", 3, func(p parts) string {
		return p.page("<pre>"+html.EscapeString(p.curl)+"</pre>", nextPushes(schemaRow(p)))
	}},
	{"token_spans", 0, func(p parts) string { return p.visible(pre(tokenSpans)) }},
}

// parts are the pieces that a page is made of, taken from the text as captured.
type parts struct {
	id, head             string
	curl, input, output  string // as lines of code
	exampleRaw, inputRaw string
}

func partsOf(t testing.TB, model int, layout string) parts {
	m := models[model]
	content := readPage(t, "text/"+m.file+".txt")
	indent := func(s span) string {
		var b bytes.Buffer
		if err := json.Indent(&b, content[s.from:s.to], "", "  "); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	p := parts{id: m.id, input: indent(m.input), output: indent(m.output),
		exampleRaw: string(content[m.example.from:m.example.to]), inputRaw: string(content[m.input.from:m.input.to])}
	p.curl = "curl --request POST \\\n  --url https://model-api.runcomfy.net/v1/models/" + m.id +
		" \\\n  --header \"Authorization: Bearer <token>\" \\\n  --data '" + indent(m.example) + "'"
	p.head = heads[layout]
	return p
}

// heads are the heads of the pages that have a special one.
var heads = map[string]string{
	"token_spans": `<title>Kling 1.6: AI Video Generation &#124; Image to Video – RunComfy</title>
<meta name="description" content="Deliver vivid results with strong prompt&#10;  adherence &amp; refined motion.">
<meta property="og:title" content="not this one"><link rel="canonical" href="https://www.runcomfy.com/models/kling/kling-1-6-pro/api?utm=1#input">`,
	"line_divs_nbsp": `<meta property="og:title" content="Kling 1.6: AI Video Generation | Text to Video | RunComfy">
<meta property="og:description" content="High-fidelity video generation."><meta property="og:url" content="https://www.runcomfy.com/models/kling/kling-1-6-text/api">`,
	"gutter_spans": `<title>modelApiDoc_title | RunComfy</title><meta name="description" content="modelApiDoc_description">
<link rel="canonical" href="javascript:alert(1)">`,
}

// page is a whole page around its code and its scripts.
func (p parts) page(code, scripts string) string {
	return "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">" + p.head +
		"<script type=\"application/ld+json\">{\"@type\":\"object\",\"type\":\"object\",\"properties\":{\"decoy\":{}}}</script>" +
		"<style>.line{display:block}</style></head>\n<body><nav><ul><li>Models</li><li>API</li></ul></nav>" +
		"<h1>modelApiDoc_heading</h1><p>Use it to run <code>" + p.id + "</code>.</p>\n" + code +
		"<footer>RunComfy is the premier platform {really}</footer>\n" + scripts + "</body></html>\n"
}

// visible is a page with its code set by one function.
func (p parts) visible(code func(string) string) string {
	status := "curl --request GET \\\n  --url https://model-api.runcomfy.net/v1/requests/{request_id}/status"
	return p.page("<section>"+code(p.curl)+"<p>modelApiDoc_monitorBody</p>"+code(status)+"</section><section>"+code(p.input)+
		code(p.output)+"</section>", "")
}

func pre(code func(string) string) func(string) string {
	return func(s string) string { return "<pre><code class=\"language-json\">" + code(s) + "</code></pre>" }
}

var tokenPattern = regexp.MustCompile(`"(?:[^"\\\n]|\\.)*"|[A-Za-z0-9.]+|[^\sA-Za-z0-9."]`)

// tokenSpans makes one span of each token, quotes as entities:
//
//	<span class="token string">&quot;type&quot;</span><span class="token">:</span> ...
func tokenSpans(code string) string {
	return tokenPattern.ReplaceAllStringFunc(code, func(token string) string {
		return `<span class="token">` + strings.ReplaceAll(html.EscapeString(token), "&#34;", "&quot;") + "</span>"
	})
}

func eachLine(code string, f func(n int, line string) string) string {
	var b strings.Builder
	for i, line := range strings.Split(code, "\n") {
		b.WriteString(f(i+1, line))
	}
	return b.String()
}

var indentation = regexp.MustCompile(`^ +`)

func nbspIndent(line string) string {
	blanks := indentation.FindString(line)
	return strings.Repeat("&nbsp;", len(blanks)) + html.EscapeString(line[len(blanks):])
}

func lineDivs(code string) string {
	return "<div class=\"code\">" + eachLine(code, func(_ int, line string) string { return "<div>" + nbspIndent(line) + "</div>" }) + "</div>"
}

func brLines(code string) string {
	return "<code>" + eachLine(code, func(_ int, line string) string { return nbspIndent(line) + "<br>" }) + "</code>"
}

// flowDiv wraps the mark-up where the text has a blank.
func flowDiv(code string) string {
	return "<div>" + strings.ReplaceAll(html.EscapeString(code), " ", "\n        ") + "</div>"
}

func nbspEverywhere(code string) string {
	return strings.ReplaceAll(html.EscapeString(code), " ", "&nbsp;")
}

// gutterSpans puts the number of a line before it and no line end behind it:
// a line is a block by its style.
func gutterSpans(code string) string {
	return eachLine(code, func(n int, line string) string {
		return fmt.Sprintf(`<span style="display: block"><span class="linenumber" style="user-select: none">%d</span>%s</span>`, n, tokenSpans(line))
	})
}

func gutterLines(code string) string {
	return "<div>" + eachLine(code, func(n int, line string) string {
		return fmt.Sprintf("<div>%d</div><div>%s</div>", n, html.EscapeString(line))
	}) + "</div>"
}

func gutterTable(code string) string {
	return "<table>" + eachLine(code, func(n int, line string) string {
		return fmt.Sprintf("<tr><td>%d</td><td>%s</td></tr>", n, tokenSpans(line))
	}) + "</table>"
}

func lineSpansMarkup(code string) string {
	return eachLine(code, func(n int, line string) string {
		if n%2 == 0 {
			return `<span data-line="">` + tokenSpans(line) + "</span>"
		}
		return `<span class="line">` + tokenSpans(line) + "</span>"
	})
}

// jsonLiteral writes s as Next.js does in a script: a JSON string without "<".
func jsonLiteral(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// flightRows is a page as a stream: the curl command in a text row, the schemas
// as a component's data deep in the tree, a long default in a text row.
func flightRows(p parts) string {
	const long = "In a bright rehearsal room"
	from := strings.Index(p.inputRaw, `"`+long)
	to := from + strings.Index(p.inputRaw[from:], "\"\n") + 1
	var prompt string
	if err := json.Unmarshal([]byte(p.inputRaw[from:to]), &prompt); err != nil {
		panic(err)
	}
	var input, output bytes.Buffer
	for to, raw := range map[*bytes.Buffer]string{&input: p.inputRaw[:from] + `"$2c"` + p.inputRaw[to:], &output: p.output} {
		if err := json.Compact(to, []byte(raw)); err != nil {
			panic(err)
		}
	}
	const deep = 40
	tree := strings.Repeat(`["$","div",null,{"children":`, deep) +
		`["$","$L7",null,{"endpoint":` + jsonLiteral(endpointPrefix+p.id) + `,"code":"$2b","inputSchema":` + input.String() +
		`,"outputSchema":` + output.String() + `,"next":` + neighbour + `}]` + strings.Repeat("}]", deep)
	return "1:\"$Sreact.fragment\"\n7:I[1234,[],\"Code\"]\n" +
		fmt.Sprintf("2b:T%x,%s2c:T%x,%s", len(p.curl), p.curl, len(prompt), prompt) +
		"0:" + tree + "\n"
}

// schemaRow is a stream that has the schemas alone.
func schemaRow(p parts) string {
	return "0:[\"$\",\"$L7\",null,{\"schemas\":[" + strings.ReplaceAll(p.input, "\n", "") + "," + strings.ReplaceAll(p.output, "\n", "") + "]}]\n"
}

// nextPushes cuts a stream into pieces, inside words and escapes alike.
func nextPushes(stream string) string {
	const size = 61
	b := "<script>(self.__next_f=self.__next_f||[]).push([0])</script>"
	for len(stream) > 0 {
		n := min(size, len(stream))
		b += "<script>self.__next_f.push([1," + jsonLiteral(stream[:n]) + "])</script>"
		stream = stream[n:]
	}
	return b
}

// nextData is a page's data as one JSON script: the curl command and the input
// schema are strings, and the neighbours have endpoints and schemas too.
func nextData(p parts) string {
	return `<script id="__NEXT_DATA__" type="application/json">{"props":{"pageProps":{"related":{"endpoint":"` + endpointPrefix +
		`kling/third"},"model":{"docs":{"curl":` + jsonLiteral(p.curl) + `,"schema":` + jsonLiteral(p.input) + `,"result":` + p.output + `}},"nested":` +
		neighbour + `}}}</script>`
}

// neighbour is what a payload says of another model.
const neighbour = `{"endpoint":"` + endpointPrefix + `kling/other","inputSchema":{"type":"object","properties":{"other":{"type":"string"}}}}`

func TestSavedPagesAreWhatTheLayoutsMake(t *testing.T) {
	for _, l := range layouts {
		path := filepath.Join(pagesDir, "html", l.name+".html")
		want := l.page(partsOf(t, l.model, l.name))
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if d := cmp.Diff(want, string(readPage(t, "html/"+l.name+".html"))); d != "" {
			t.Errorf("%s (run with -update):\n%s", l.name, d)
		}
	}
}

func TestEveryLayoutGivesTheValuesOfTheText(t *testing.T) {
	for _, l := range layouts {
		t.Run(l.name, func(t *testing.T) {
			byID, diags := scrapeSources(t, pagesDir+"/html/"+l.name+".html")
			if len(diags) > 0 {
				t.Errorf("diagnostics: %v", diags)
			}
			s, ok := byID[models[l.model].id]
			if !ok {
				t.Fatalf("no %s", models[l.model].id)
			}
			checkModel(t, l.model, s.Page)
			// The position leads to the schema in the mark-up.
			src := jsontree.Source{File: s.Pos.File, Text: readPage(t, "html/"+l.name+".html")}
			at := bytes.IndexByte(src.Text, '{')
			for src.Position(at) != s.Pos {
				next := bytes.IndexByte(src.Text[at+1:], '{')
				if next < 0 {
					t.Fatalf("no brace stands at %s", s.Pos)
				}
				at += 1 + next
			}
			if !bytes.Contains(src.Text[at:min(len(src.Text), at+400)], []byte("object")) {
				t.Errorf("no schema stands at %s", s.Pos)
			}
		})
	}
}

func TestAllLayoutsAgree(t *testing.T) {
	byID, diags := scrapeSources(t, pagesDir+"/html", pagesDir+"/text", pagesDir+"/markdown")
	if len(diags) > 0 || len(byID) != len(models) {
		t.Errorf("%d models, diagnostics: %v", len(byID), diags)
	}
	type head struct{ Title, Description, URL string }
	got := map[string]head{}
	for id, s := range byID {
		got[id] = head{s.Page.Title, s.Page.Description, s.Page.URL}
	}
	want := map[string]head{
		"kling/kling-1-6/pro/image-to-video": {"Kling 1.6: AI Video Generation | Image to Video",
			"Deliver vivid results with strong prompt adherence & refined motion.", "https://www.runcomfy.com/models/kling/kling-1-6-pro/api"},
		"kling/kling-1-6/pro/text-to-video": {"Kling 1.6: AI Video Generation | Text to Video",
			"High-fidelity video generation.", "https://www.runcomfy.com/models/kling/kling-1-6-text/api"},
		"kling/kling-2-1/pro/image-to-video": {}, // nothing but leaked keys
		"kling/kling-2-6/pro/image-to-video": {"Kling 2.6 Pro: Realistic Image-to-Video with Sound Sync on playground and API",
			"Transform images into cinematic videos with synchronized sound, lifelike motion, and expressive voices, delivering fast, " +
				"high-fidelity storytelling for creators, marketers, and developers.", ""},
		"kling/kling-2-6/pro/text-to-video": {"Kling 2.6 Pro text to video: AI Synced Audio & 1080p Story Creation",
			"Generate 1080p videos with synchronized audio directly from text. Supports native English/Chinese prompts and flexible aspect ratios " +
				"for creation from scratch.", ""},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestEverySelectorMatchesASavedPage(t *testing.T) {
	var files []string
	for _, l := range layouts {
		files = append(files, pagesDir+"/html/"+l.name+".html")
	}
	var docs []*goquery.Document
	for _, f := range files {
		content, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := goquery.NewDocumentFromReader(bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, doc)
	}
	for _, s := range slices.Concat(titleSelectors, summarySelectors, addressSelectors, []selector{localeSelector}) {
		if !slices.ContainsFunc(docs, func(doc *goquery.Document) bool { return s.in(doc) != "" }) {
			t.Errorf("no saved page has %v", s)
		}
	}
}
