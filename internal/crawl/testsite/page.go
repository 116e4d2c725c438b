package testsite

import (
	"encoding/json"
	"fmt"
	"html"
	"math/rand/v2"
	"strings"
)

// Model is a model of the site.
type Model struct {
	ID                   string
	Author, Object, Task string
	Slug                 string // of its page, below /models
	Twin                 bool   // /playground has its page too
	Input                string // its input schema, JSON
	Properties           []string
}

var (
	vendors = []string{"kling", "wan-ai", "minimax", "bytedance", "elevenlabs", "Black-Forest"}
	tasks   = []string{"image-to-video", "text-to-video", "text-to-image", "edit"}
	names   = []string{"prompt", "image_url", "aspect_ratio", "duration", "seed", "cfg_scale", "negative_prompt",
		"resolution", "generate_audio", "steps"}
	sentence = "The value that the model starts from; it is between what the page says & what the server takes. "
)

// newModel makes the i-th model, always the same.
func newModel(i int) Model {
	r := rand.New(rand.NewPCG(15, uint64(i)))
	vendor, task := vendors[i%len(vendors)], tasks[r.IntN(len(tasks))]
	object := fmt.Sprintf("family-%d", i)
	slug := strings.ToLower(vendor) + "/" + object
	m := Model{ID: fmt.Sprintf("%s/family %d.%d/%s", vendor, i/10, i%10, task), Author: strings.Split(slug, "/")[0],
		Object: object, Task: task, Slug: slug, Twin: i%10 == 3}
	if i%5 == 2 {
		m.Slug += "/" + task
	}
	m.Input, m.Properties = newInput(r)
	return m
}

// newInput draws an input schema as pages show it.
func newInput(r *rand.Rand) (text string, properties []string) {
	n := 5 + r.IntN(len(names)-5)
	var b strings.Builder
	b.WriteString("{\n  \"type\": \"object\",\n  \"title\": \"Input\",\n  \"required\": [\n    \"prompt\"\n  ],\n  \"properties\": {")
	for i, name := range names[:n] {
		if i > 0 {
			b.WriteString(",")
		}
		properties = append(properties, name)
		about, _ := json.Marshal(strings.Repeat(sentence, 1+r.IntN(3)))
		fmt.Fprintf(&b, "\n    %q: {\n      \"title\": %q,\n      \"description\": %s,", name, strings.ToUpper(name[:1])+name[1:], about)
		switch i % 4 {
		case 0, 1:
			b.WriteString("\n      \"type\": \"string\",\n      \"default\": \"A fox, it's running\"")
		case 2:
			b.WriteString("\n      \"type\": \"string\",\n      \"enum\": [\n        \"16:9\",\n        \"9:16\",\n        \"1:1\"\n      ],\n      \"default\": \"16:9\"")
		case 3:
			fmt.Fprintf(&b, "\n      \"type\": \"integer\",\n      \"minimum\": 1,\n      \"maximum\": %d,\n      \"default\": 5", 10+r.IntN(50))
		}
		b.WriteString("\n    }")
	}
	b.WriteString("\n  }\n}")
	return b.String(), properties
}

const output = `{
  "output": {
    "type": "object",
    "properties": {
      "video": {
        "type": "string",
        "format": "uri",
        "description": "single video URL"
      }
    }
  }
}`

// highlight writes code with a span per token.
func highlight(b *strings.Builder, code string) {
	b.WriteString(`<pre class="shiki"><code class="language-json">`)
	for len(code) > 0 {
		n := tokenSize(code)
		if strings.TrimSpace(code[:n]) == "" {
			b.WriteString(code[:n])
		} else {
			b.WriteString(`<span class="token" style="color:#abb2bf">` + html.EscapeString(code[:n]) + `</span>`)
		}
		code = code[n:]
	}
	b.WriteString("</code></pre>")
}

// tokenSize is the length of the token that code starts with, as a highlighter
// takes code apart: a string, a word, white space, or one character.
func tokenSize(code string) int {
	class := func(c byte) int {
		switch {
		case c == ' ' || c == '\n':
			return 1
		case c >= '0' && c <= '9', c|0x20 >= 'a' && c|0x20 <= 'z', c == '_', c == '-', c == '.':
			return 2
		}
		return 0
	}
	if code[0] == '"' {
		if end := strings.IndexByte(code[1:], '"'); end >= 0 {
			return end + 2
		}
	}
	n := 1
	for n < len(code) && class(code[0]) > 0 && class(code[n]) == class(code[0]) {
		n++
	}
	return n
}

// curl is the command at the top of a page.
func (m Model) curl() string {
	return "curl --request POST \\\n  --url https://model-api.runcomfy.net/v1/models/" + m.ID +
		" \\\n  --header \"Content-Type: application/json\" \\\n  --data '{\n    \"prompt\": \"A fox, it's running\"\n  }'"
}

// Page is the API page of a model: a Next.js page with the site around it, the
// code highlighted, and the same data once more in the script payload.
func (m Model) Page(chrome int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>%s | RunComfy</title>`+
		`<meta name="description" content="Run %s by its API."><link rel="canonical" href="https://www.runcomfy.com/models/%s/api">`+
		`<style>.token{display:inline}</style></head><body>`, html.EscapeString(m.Object+" "+m.Task), html.EscapeString(m.Object), m.Slug)
	b.WriteString(`<nav><ul>`)
	for i := range chrome {
		fmt.Fprintf(&b, `<li class="menu-item"><a href="/workflows/other-%d" class="block px-4 py-2"><span>Workflow %d</span></a></li>`, i, i)
	}
	b.WriteString(`</ul></nav><main><h1>` + html.EscapeString(m.Object) + `</h1><h2>1. Calling the API</h2>`)
	highlight(&b, m.curl())
	b.WriteString(`<h2>2. Input schema</h2>`)
	highlight(&b, m.Input)
	b.WriteString(`<h2>3. Output schema</h2>`)
	highlight(&b, output)
	b.WriteString(`</main><footer>RunComfy is the premier {platform}</footer>`)
	m.payload(&b)
	b.WriteString(`</body></html>`)
	return b.String()
}

// payload pushes the page's data as Next.js does: rows of a stream, cut anywhere.
func (m Model) payload(b *strings.Builder) {
	code, _ := json.Marshal(m.Input)
	command, _ := json.Marshal(m.curl())
	stream := fmt.Sprintf("1:\"$Sreact.fragment\"\n2:I[4711,[],\"Code\"]\n3:[\"$\",\"div\",null,{\"curl\":%s,\"inputSchema\":%s}]\n", command, code)
	push(b, stream)
}

// push writes a stream in pieces of some hundred bytes.
func push(b *strings.Builder, stream string) {
	b.WriteString(`<script>(self.__next_f=self.__next_f||[]).push([0])</script>`)
	for len(stream) > 0 {
		n := min(700, len(stream))
		piece, _ := json.Marshal(stream[:n])
		fmt.Fprintf(b, `<script>self.__next_f.push([1,%s])</script>`, piece)
		stream = stream[n:]
	}
}
