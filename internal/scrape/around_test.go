package scrape

import (
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/jsontree"
)

// ways are the ways in which a page has its model, as HTML with a placeholder
// for what may be around it: <before/>, <between/> (between the command and the
// schema) and <after/>.
var ways = map[string]string{
	"shown": "<before/><pre>@CURL@</pre><between/><h2>Input schema</h2><pre>@IN@</pre><h2>Output schema</h2><pre>@OUT@</pre><after/>",
	"shown in lines": "<before/><div><div>@CURL@</div></div><between/><p>Input schema</p><div>@IN@</div><p>Output schema</p>" +
		"<div>@OUT@</div><after/>",
	"hidden tabs": "<before/><pre>@CURL@</pre><between/><div hidden><pre>@IN@</pre></div><div style=\"display:none\"><pre>@OUT@</pre></div><after/>",
	"shadow roots": "<before/><x-a><template shadowrootmode=open><pre>@CURL@</pre></template></x-a><between/>" +
		"<h3>Input</h3><x-b><template shadowrootmode=open><pre>@IN@</pre><h3>Output</h3><pre>@OUT@</pre></template></x-b><after/>",
	"next data": "<before/><between/><after/><script id=__NEXT_DATA__ type=\"application/json\">" +
		`{"props":{"model_id":"acme/alpha/text-to-video","curl":"@CURL:json@","docs":{"input":@IN@,"output_schema":@OUT@}}}</script>`,
	"command shown": "<before/><pre>@CURL@</pre><between/><after/><script type=\"application/json\">" +
		`{"schemas":{"inputSchema":@IN@,"outputSchema":@OUT@}}</script>`,
	"flight":     "<before/><between/><after/>" + nextPushes("1:@IN:raw@\n0:[\"$\",\"div\",null,{\"endpoint\":\"@URL:raw@\",\"code\":\"$2\",\"in\":\"$1\",\"out\":@OUT:raw@}]\n2:@CURL:text@"),
	"assigned":   "<before/><between/><after/><script>window.__DATA__ = {\"endpoint\":\"@URL@\",\"code\":\"@CURL:json@\",\"input\":@IN@,\"output\":{\"schema\":@OUT@}};</script>",
	"attributes": "<before/><between/><after/><api-doc data-endpoint=\"@URL@\" command=\"@CURL:attr@\" in=\"@IN:attr@\" out=\"@OUT:attr@\"></api-doc>",
}

// decorations are what pages have around a model and what must not change the
// document: each is HTML.
var decorations = map[string]string{
	"neighbour by id":               `<script type="application/json">{"related":[{"model_id":"acme/beta/image-to-video","input_schema":@BETAIN@,"output_schema":@BETAOUT@}]}</script>`,
	"neighbour by modelId":          `<script type="application/json">[{"modelId":"acme/gamma/text-to-video","inputSchema":{"type":"object","properties":{"prompt":{"maxLength":3}}}}]</script>`,
	"neighbour by endpoint":         `<script type="application/json">{"next":{"endpoint":"@BETA@","in":@BETAIN@,"curl":"@BETACURL:json@","out":@BETAOUT@}}</script>`,
	"neighbour by key":              `<script type="application/json">{"acme/beta/image-to-video":{"input":@BETAIN@,"output":@BETAOUT@}}</script>`,
	"neighbour in state":            `<script>window.__OTHER__ = {"model_id":"acme/beta/image-to-video","schema":@BETAIN@}</script>`,
	"neighbour in attribute":        `<model-card model-id="acme/beta/image-to-video" schema="@BETAIN:attr@"></model-card>`,
	"neighbour in element":          `<div data-model-id="acme/beta/image-to-video"><pre>@BETAIN@</pre><pre>@BETAOUT@</pre></div>`,
	"neighbour hidden":              "<div hidden><pre>@BETACURL@</pre><pre>@BETAIN@</pre><pre>@BETAOUT@</pre></div>",
	"neighbour in template":         "<template><pre>@BETACURL@</pre><pre>@BETAIN@</pre><pre>@BETAOUT@</pre></template>",
	"neighbour in a heading":        "<h3>acme/beta/image-to-video</h3><pre>@BETAIN@</pre><h3>Next</h3>",
	"catalog answer":                `<h2>List models</h2><pre>{"models":[{"model_id":"acme/beta/image-to-video","input_schema":@BETAIN@,"output_schema":@BETAOUT@}],"total":1}</pre>`,
	"submit answer":                 `<h2>Response</h2><pre>{"request_id":"r","status_url":"u","result_url":"v","cancel_url":"w"}</pre>`,
	"answer schema":                 "<h2>Response</h2><pre>@ANSWER@</pre>",
	"answer schema without heading": "<pre>@ANSWER@</pre>",
	"webhook schema":                `<h2>Webhook</h2><pre>{"type":"object","properties":{"event":{"type":"string"}}}</pre>`,
	"tool":                          `<pre>{"name":"get_weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}</pre>`,
	"tool list":                     `<script type="application/json">{"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"city":{}}}}}]}</script>`,
	"prose with the URL":            "<p>Send a POST to @URL@ with your input.</p>",
	"prose with its end":            "<p>The endpoint is @URL@.</p><p>(@URL@)</p>",
	"URL and label":                 "<div><span>@URL@</span><span>Copy</span></div>",
	"table":                         "<table><tr><td>Endpoint</td><td>@URL@</td><td>POST</td></tr></table>",
	"request line":                  "<pre>POST @URL@ HTTP/1.1\nHost: model-api.runcomfy.net</pre>",
	"HTTPie":                        "<pre>http POST @URL@ prompt=hello Authorization:'Bearer x'</pre>",
	"wget":                          "<pre>wget -qO- @URL@ > out.json</pre>",
	"Python":                        "<pre>requests.post(\"@URL@\", headers={\"a\": \"b\"})</pre>",
	"status command":                "<pre>curl --request GET \\\n  --url https://model-api.runcomfy.net/v1/requests/{request_id}/status</pre>",
	"upload command":                `<pre>curl --url https://model-api.runcomfy.net/v1/files --data '{"name": "x"}'</pre>`,
	"templates":                     "<p>https://model-api.runcomfy.net/v1/models/{model_id}/x and https://model-api.runcomfy.net/v1/models/categories</p>",
	"broken JSON":                   `<pre>{"a": True, "b": {"type": "object", "properties": {"x": {}}}}</pre>`,
	"cut answer":                    `<pre>{"request_id": "r", "status</pre>`,
	"open brace":                    `<p>Use {"a": [ as a start,</p>`,
	"linked data":                   `<script type="application/ld+json">{"type":"object","properties":{"decoy":{}}}</script>`,
	"code":                          `<script>function f(a={}){ return {"b": a, c: [1]} }</script>`,
	"twin":                          `<div hidden><pre>{"properties":{"seed":{"minimum":0.0,"type":"integer"},"prompt":{"type":"string"}},"required":["prompt"],"title":"Input","type":"object"}</pre></div>`,
	"form state":                    `<script>self.__next_f.push([2,null])</script>`,
	"styles":                        "<style>.x{display:none}</style><noscript>{\"a\": 1}</noscript><svg><text>@BETA@</text></svg>",
	"link to a neighbour":           `<a href="https://www.runcomfy.com/models/acme/beta/api">Beta</a><a href="@BETA@">API</a>`,
}

// aroundPage puts parts around the model of a page.
func aroundPage(t testing.TB, way, before, between, after string) string {
	page := expandAround(t, ways[way])
	for place, part := range map[string]string{"<before/>": before, "<between/>": between, "<after/>": after} {
		page = strings.ReplaceAll(page, place, part)
	}
	return "<!DOCTYPE html><html><head><title>Alpha</title></head><body>" + page + "</body></html>"
}

// expandAround is expandKind with the spellings that a stream needs: raw inside
// a pushed string, text as a text row.
func expandAround(t testing.TB, page string) string {
	for name, v := range kindValues {
		quote := func(s string) string {
			b, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			return string(b[1 : len(b)-1])
		}
		page = strings.ReplaceAll(page, "@"+name+":raw@", quote(v))
		page = strings.ReplaceAll(page, "@"+name+":text@", quote(fmt.Sprintf("T%x,%s", len(v), v)))
	}
	return expandKind(t, page)
}

// readAround reads a page and returns its document.
func readAround(page string) (string, diag.List) {
	read, diags := Read(Source{File: "page.html", MediaType: "text/html", Text: []byte(page)})
	scraped := read.Models
	if len(scraped) != 1 {
		return "", diags
	}
	return string(scraped[0].Page.Bytes()), diags
}

// wantAround is the document of every way.
func wantAround(t testing.TB) string {
	var want strings.Builder
	fmt.Fprintf(&want, `{"model_id":"acme/alpha/text-to-video","title":"Alpha","example":{"prompt":"a"},"input":%s,"output":%s}`,
		kindValues["IN"], kindValues["OUT"])
	v, _, err := jsontree.Decode([]byte(want.String()), 0)
	if err != nil {
		t.Fatal(err)
	}
	return string(v.AppendIndent(nil, "")) + "\n"
}

// TestWhatIsAroundAModelDoesNotChangeIt reads every way to have a model with
// every decoration in every place, and two of them in one way each.
func TestWhatIsAroundAModelDoesNotChangeIt(t *testing.T) {
	want := wantAround(t)
	all, names := slices.Sorted(maps.Keys(ways)), slices.Sorted(maps.Keys(decorations))
	check := func(way, about, page string) {
		if got, diags := readAround(page); got != want || diags.HasErrors() {
			t.Errorf("%s with %s: %v\n%s\n%s", way, about, diags, got, page)
		}
	}
	for n, way := range all {
		check(way, "nothing", aroundPage(t, way, "", "", ""))
		for i, first := range names {
			if isTwin(way, first) {
				continue
			}
			part := expandAround(t, decorations[first])
			check(way, first+" before", aroundPage(t, way, part, "", ""))
			check(way, first+" between", aroundPage(t, way, "", part, ""))
			check(way, first+" after", aroundPage(t, way, "", "", part))
			for j, second := range names[i+1:] {
				if (i+j)%len(ways) != n || isTwin(way, second) {
					continue
				}
				other := expandAround(t, decorations[second])
				check(way, first+" and "+second, aroundPage(t, way, part, "", other))
			}
		}
	}
}

// isTwin reports whether a decoration has the schema in another order in the
// place where the page has it: the first counts.
func isTwin(way, decoration string) bool { return way == "hidden tabs" && decoration == "twin" }

// FuzzAroundModel puts decorations and random text around a model.
func FuzzAroundModel(f *testing.F) {
	all, names := slices.Sorted(maps.Keys(ways)), slices.Sorted(maps.Keys(decorations))
	f.Add([]byte{0, 1, 2, 3}, "Use it, then wait.", `{"a": "b`)
	f.Add([]byte{1, 30, 31, 32, 4}, "Schema {\"x\": [", "curl | jq . && echo; ^ # >")
	f.Add([]byte{2, 9, 200, 77}, "\u200b\u00a0\u202eRTL", "`$(x)` <b> & \"q\" 'r'")
	f.Add([]byte{6, 5, 4}, "1\n2\n3\n{", "}}]]")
	want := wantAround(f)
	f.Fuzz(func(t *testing.T, choice []byte, prose, more string) {
		if len(choice) == 0 || len(choice) > 8 || len(prose)+len(more) > 2000 || strings.Contains(strings.ToLower(prose+more), "runcomfy") ||
			rolesIn(prose) != nil || rolesIn(more) != nil || !utf8.ValidString(prose) || !utf8.ValidString(more) || strings.ContainsRune(prose+more, 0) {
			return // the words "response" or "input" in a heading mean something
		}
		var parts [3]string
		way := all[int(choice[0])%len(all)]
		for i, c := range choice[1:] {
			if name := names[int(c)%len(names)]; !isTwin(way, name) {
				parts[i%3] += expandAround(t, decorations[name])
			}
		}
		parts[0] += "<p>" + html.EscapeString(prose) + "</p>"
		parts[2] += "<pre>" + html.EscapeString(more) + "</pre><div>" + html.EscapeString(prose) + "</div>"
		page := aroundPage(t, way, parts[0], parts[1], parts[2])
		if got, diags := readAround(page); got != want {
			t.Errorf("%v\n%s\n%s", diags, got, page)
		}
	})
}
