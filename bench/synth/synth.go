// Package synth makes schema documents to measure with, as many as wanted and
// always the same: of the variety of the site's pages, every feature of their
// dialect at about its real rate.
package synth

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/genclient/genclient/internal/schema"

	"github.com/genclient/genclient/internal/jsontree"
)

// Documents returns n documents sorted by model id. Whatever n is, the i-th one
// made is the same: each draws from a source of its own.
func Documents(n int) []*schema.Document {
	docs := make([]*schema.Document, n)
	for i := range docs {
		docs[i] = document(i)
	}
	sortByID(docs)
	return docs
}

// sortByID puts documents in the order in which package ir takes them.
func sortByID(docs []*schema.Document) {
	slices.SortFunc(docs, func(a, b *schema.Document) int { return strings.Compare(a.ModelID, b.ModelID) })
}

// draw is the source of one document's variety.
type draw struct{ *rand.Rand }

func (d draw) chance(percent int) bool { return d.IntN(100) < percent }

func (d draw) pick(words []string) string { return words[d.IntN(len(words))] }

// document makes one document. Vendor and version together are its own, so
// that every model id is.
func document(i int) *schema.Document {
	d := draw{rand.New(rand.NewPCG(0x67656e63, uint64(i)))}
	vendor, version := vendors[i%len(vendors)], i/len(vendors)
	task := tasks[d.IntN(len(tasks))]
	id := fmt.Sprintf("%s/%s-%d.%d/%s", vendor, d.pick(families), 1+version/10, version%10, task.name)
	if d.chance(50) {
		id += "/" + d.pick(tiers)
	}
	input, example := body(d, task)
	doc := &schema.Document{
		ModelID:     id,
		URL:         pageURL(id),
		Title:       strings.ToUpper(vendor[:1]) + vendor[1:] + " " + strings.ReplaceAll(task.name, "-", " "),
		Categories:  []string{task.name},
		Price:       schema.Price{USD: fmt.Sprintf("0.%02d", 1+d.IntN(60)), Unit: d.pick([]string{"second", "image", "request"})},
		Example:     example,
		Input:       input,
		Output:      sharedOutput(),
		Description: d.pick(sentences),
	}
	return doc
}

func pageURL(id string) string { return "https://www.runcomfy.com/models/" + id + "/api" }

// body draws the input schema and the example of a task: its media, then the
// properties that any model may have.
func body(d draw, task task) (input, example *jsontree.Value) {
	properties, required := jsontree.NewObject(), jsontree.NewArray()
	example = jsontree.NewObject()
	for _, c := range slices.Concat(task.media, shared) {
		if !d.chance(c.percent) {
			continue
		}
		name := d.pick(c.names)
		if properties.Get(name) != nil {
			continue
		}
		v := described(d, name, c.make(d))
		properties.Members = append(properties.Members, jsontree.Member{Name: name, Value: v})
		if d.chance(c.required) {
			required.Elems = append(required.Elems, jsontree.NewString(name))
			example.Members = append(example.Members, jsontree.Member{Name: name, Value: exampleOf(v)})
		}
	}
	input = object("type", "object", "title", "Input", "required", required, "properties", properties)
	if d.chance(2) { // a page that asks for what it does not have
		required.Elems = append(required.Elems, jsontree.NewString("source_url"))
	}
	return input, example
}

// described puts a title and a description in front, as pages do.
func described(d draw, name string, v *jsontree.Value) *jsontree.Value {
	var front []jsontree.Member
	if d.chance(70) {
		front = append(front, jsontree.Member{Name: "title", Value: jsontree.NewString(title(name))})
	}
	if d.chance(80) {
		text := ""
		for range d.IntN(3) {
			text += d.pick(sentences) + " "
		}
		front = append(front, jsontree.Member{Name: "description", Value: jsontree.NewString(strings.TrimSpace(text))})
	}
	return jsontree.NewObject(append(front, v.Members...)...)
}

func title(name string) string {
	words := strings.Split(name, "_")
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, " ")
}

// exampleOf is what a page's example has for a required property: its default,
// or an empty value, often one that is not valid.
func exampleOf(v *jsontree.Value) *jsontree.Value {
	if def := v.Get("default"); def != nil {
		return def
	}
	switch v.Get("type").Str() {
	case "array":
		return jsontree.NewArray()
	case "object":
		return jsontree.NewObject()
	case "integer", "number", "float":
		return number("0")
	case "boolean":
		return boolean(false)
	}
	return jsontree.NewString("")
}

// sharedOutput is the output block that nearly all pages have.
func sharedOutput() *jsontree.Value {
	one := func(kind string) *jsontree.Value {
		return object("type", "string", "format", "uri", "description", "single "+kind+" URL")
	}
	many := func(kind string) *jsontree.Value {
		return object("type", "array", "description", "multiple "+kind+" URLs", "items", object("type", "string", "format", "uri"))
	}
	return object("output", object("type", "object", "properties",
		object("image", one("image"), "video", one("video"), "images", many("image"), "videos", many("video"))))
}

// object builds a JSON object of names and values in turn.
func object(pairs ...any) *jsontree.Value {
	o := jsontree.NewObject()
	for i := 0; i < len(pairs); i += 2 {
		o.Members = append(o.Members, jsontree.Member{Name: pairs[i].(string), Value: value(pairs[i+1])})
	}
	return o
}

// value builds a JSON value; a json.Number keeps its spelling.
func value(v any) *jsontree.Value {
	switch v := v.(type) {
	case *jsontree.Value:
		return v
	case string:
		return jsontree.NewString(v)
	case bool:
		return boolean(v)
	case int:
		return number(strconv.Itoa(v))
	case json.Number:
		return number(v.String())
	case []string:
		return array(v)
	case []int:
		return array(v)
	case []any:
		return array(v)
	}
	panic(fmt.Sprintf("no JSON for %T", v))
}

func array[T any](items []T) *jsontree.Value {
	a := jsontree.NewArray()
	for _, item := range items {
		a.Elems = append(a.Elems, value(item))
	}
	return a
}

func number(text string) *jsontree.Value { return &jsontree.Value{Kind: jsontree.Number, Text: text} }

func boolean(b bool) *jsontree.Value {
	return &jsontree.Value{Kind: jsontree.Bool, Text: strconv.FormatBool(b)}
}
