package scrape

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/schema"
)

// readOne extracts the one model of a page given as text.
func readOne(t *testing.T, content string) *schema.Document {
	t.Helper()
	s, diags := extract(readText(&jsontree.Source{File: "page.txt", Text: []byte(content)}, ""))
	if s == nil {
		t.Fatalf("no document: %v", diags)
	}
	return s.Page
}

func TestModelIDInTheCurlLine(t *testing.T) {
	for name, tt := range map[string]struct{ line, want string }{
		"blanks and capitals":      {"minimax/Hailuo Video 01 Live \\\n --header", "minimax/Hailuo Video 01 Live"},
		"line end":                 {"wan-ai/wan-2.7/edit-video\n", "wan-ai/wan-2.7/edit-video"},
		"carriage return":          {"wan-ai/wan-2.7/edit-video\r\n", "wan-ai/wan-2.7/edit-video"},
		"one line":                 {"a/b --header x\n", "a/b"},
		"next option in short":     {"a/b -H x\n", "a/b"},
		"the longer of two nested": {"flux/image-to-video/draft \\\n", "flux/image-to-video/draft"},
		"quoted":                   {"a/b' \\\n", "a/b"},
		"query":                    {"a/b?x=1 \\\n", "a/b"},
		"percent-encoded":          {"minimax/Hailuo%20Video \\\n", "minimax/Hailuo Video"},
		"hyphens inside":           {"a/b--c-d \\\n", "a/b--c-d"},
	} {
		page := "curl --request POST --url " + endpointPrefix + tt.line + oneProperty
		if got := readOne(t, page).ModelID; got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// Other resources of the API, and templates, name no model.
func TestEndpointsOfNoModelAreNotTaken(t *testing.T) {
	page := "GET https://model-api.runcomfy.net/v1/models/categories\nGET " + endpointPrefix + "{vendor}/{name}\n" + textPage("v/m", oneProperty)
	if got := readOne(t, page).ModelID; got != "v/m" {
		t.Errorf("%q", got)
	}
}

// A client in another language names the endpoint in a string; curl decides
// when its example shows a neighbour.
func TestCurlDecidesAmongEndpoints(t *testing.T) {
	page := `requests.post("` + endpointPrefix + `v/other", json=body)` + "\n" + textPage("v/m", oneProperty)
	if got := readOne(t, page).ModelID; got != "v/m" {
		t.Errorf("%q", got)
	}
}

func TestValuesInText(t *testing.T) {
	const nested = `{"type": "object", "properties": {"wrong": {"type": "string"}}}`
	for name, page := range map[string]string{
		"fused with prose":          textPage("v/m", oneProperty+`{"output": `+otherProperty+"}RunComfy is the premier"),
		"behind a template":         "GET /{request_id}/result {a{b{" + textPage("v/m", oneProperty),
		"behind broken JSON":        `{"a": True, "b": ` + nested + `}` + "\n" + textPage("v/m", oneProperty),
		"behind an unclosed object": `{"a": oops` + "\n" + textPage("v/m", oneProperty),
		"inside another object":     textPage("v/m", `{"doc": {"input_schema": `+oneProperty+`, "output_schema": `+otherProperty+"}}"),
		"as a string":               textPage("v/m", `{"schema": "`+strings.ReplaceAll(oneProperty, `"`, `\"`)+`"}`),
		"twice":                     textPage("v/m", oneProperty+"\n"+oneProperty),
		"with a nested schema":      textPage("v/m", oneProperty+"\n"+`{"output": `+nested+"}"),
		"indented with NBSP":        textPage("v/m", strings.ReplaceAll(oneProperty, " ", "\u00a0")),
		"with zero-width blanks":    textPage("v/m", strings.ReplaceAll(oneProperty, "{", "{\u200b")),
	} {
		got := readOne(t, page).Input.Compact()
		want := strings.ReplaceAll(strings.ReplaceAll(oneProperty, ": ", ":"), ", ", ",")
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s:\n%s", name, d)
		}
	}
}

func TestTheOutermostSchemaWins(t *testing.T) {
	outer := `{"type": "object", "properties": {"inner": ` + oneProperty + `, "output": ` + otherProperty + `}}`
	doc := readOne(t, textPage("v/m", outer))
	if doc.Input.Get("properties").Get("inner") == nil || doc.Output != nil {
		t.Errorf("input %s, output %s", doc.Input.Compact(), doc.Output.Compact())
	}
}

// A blank of another kind that stands in a string is part of the value.
func TestBlanksInStringsAreKept(t *testing.T) {
	doc := readOne(t, textPage("v/m", "{\u00a0\"type\": \"object\", \"properties\": {\"a\": {\"default\": \"x\u00a0\\\"\u200by\"}}}"))
	if got := doc.Input.Get("properties").Get("a").Get("default").Str(); got != "x\u00a0\"\u200by" {
		t.Errorf("%q", got)
	}
}

// An array of numbers has consecutive numbers at its line starts too.
func TestNumbersInACodeBlockAreNotLineNumbers(t *testing.T) {
	doc := readOne(t, textPage("v/m", "{\n\"type\": \"object\", \"properties\": {\"a\": {\"enum\": [\n1,\n2,\n3,\n4\n]}}}"))
	if got := doc.Input.Get("properties").Get("a").Get("enum").Compact(); got != "[1,2,3,4]" {
		t.Errorf("%s", got)
	}
}

func TestLineNumbersInText(t *testing.T) {
	doc := readOne(t, textPage("v/m", "9{\n10 \"type\": \"object\",\n11\n12 \"properties\": {\"a\": {\"enum\": [\n1313,\n1414\n15]}}}"))
	if got := doc.Input.Get("properties").Get("a").Get("enum").Compact(); got != "[13,14]" {
		t.Errorf("%s", got)
	}
}

func TestExample(t *testing.T) {
	const two = `{"type": "object", "properties": {"a": {}, "output": {}}}`
	for name, tt := range map[string]struct{ page, want string }{
		"empty body":          {textPage("v/m", two), `{}`},
		"raw apostrophes":     {"--url " + endpointPrefix + "v/m \\\n -d '{\"a\": \"it's 'so' }\"}'" + two, `{"a":"it's 'so' }"}`},
		"json option, dollar": {"--url " + endpointPrefix + "v/m \\\n --json $'{\"a\": 1}'" + two, `{"a":1}`},
		"body like an output": {"--url " + endpointPrefix + "v/m \\\n --data '{\"output\": " + oneProperty + "}'" + two, `{"output":{"type":"object","title":"Input","properties":{"a":{"type":"string"}}}}`},
		"no curl option":      {"POST \"" + endpointPrefix + "v/m\"\n{\"request_id\": \"x\"}\n{\"a\": 1}\n" + two, `{"a":1}`},
		"only an answer":      {"POST \"" + endpointPrefix + "v/m\"\n{\"request_id\": \"x\"}\n" + two, `null`},
		"before the endpoint": {"--data '{\"a\": 1}'\nPOST \"" + endpointPrefix + "v/m\"\n" + two, `null`},
	} {
		if got := readOne(t, tt.page).Example.Compact(); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

// Numbers and order are the page's own.
func TestSpellingIsKept(t *testing.T) {
	const input = `{"properties":{"z":{"default":1.50},"a":{"maximum":4294967295,"minimum":-1e0}},"type":"object"}`
	if got := readOne(t, textPage("v/m", input)).Input.Compact(); got != input {
		t.Errorf("%s", got)
	}
}

// A payload of React elements nests deeper than any schema.
func TestPayloadRowsAndReferences(t *testing.T) {
	for name, tt := range map[string]struct{ stream, want string }{
		"text row":       {"a:T5,$$x\n{" + `0:{"url":"` + endpointPrefix + `v/m","in":{"type":"object","properties":{"p":{"default":"$a"}}}}`, "$$x\n{"},
		"escaped":        {`0:{"url":"` + endpointPrefix + `v/m","in":{"type":"object","properties":{"p":{"default":"$$5"}}}}`, "$5"},
		"schema as text": {"a:T3a," + `{"type":"object","properties":{"p":{"default":"$$kept"}}} ` + "\n" + `0:["` + endpointPrefix + `v/m"]`, "$$kept"},
		"in a string":    {`0:{"url":"` + endpointPrefix + `v/m","in":` + jsonLiteral(`{"type":"object","properties":{"p":{"default":"$a"}}}`) + "}", "$a"},
	} {
		page := "<body>" + nextPushes(tt.stream) + "</body>"
		s, diags := scrapeHTML(page)
		if len(s) != 1 {
			t.Errorf("%s: %v", name, diags)
			continue
		}
		if got := s[0].Page.Input.Get("properties").Get("p").Get("default").Str(); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
