package library

import (
	"fmt"
	"slices"
	"strings"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/schema"
)

// summary says in a few lines what differs between two documents of a model:
//
//   - seed (required)
//   - style
//     aspect_ratio: - 1:1
//     duration: maximum 10 -> 12
//     price: 9.99
//
// The texts of a page stand in it escaped and cut.
func summary(before, after *schema.Document) []string {
	s := summarizer{}
	s.text("title", before.Title, after.Title)
	s.text("description", before.Description, after.Description)
	s.text("url", before.URL, after.URL)
	s.members("categories", before.Categories, after.Categories)
	if before.Price != after.Price {
		s.add("price: " + priceText(after.Price))
	}
	if before.Removed != after.Removed {
		s.add(map[bool]string{true: "removed", false: "no longer removed"}[after.Removed])
	}
	s.schema("", before.Input, after.Input, 0)
	for _, part := range []struct {
		name          string
		before, after *jsontree.Value
	}{{"example", before.Example, after.Example}, {"output", before.Output, after.Output}} {
		if !part.before.Equal(part.after) {
			s.add(part.name + ": changed")
		}
	}
	if !before.Catalog.Equal(after.Catalog) {
		s.values("", before.Catalog.Get("formats"), after.Catalog.Get("formats"), "format of ")
	}
	if len(s.lines) == 0 {
		s.add("the order or the spelling of its values")
	}
	return s.lines
}

// maxSummary is how many lines say what changed in one model.
const maxSummary = 40

type summarizer struct{ lines []string }

func (s *summarizer) add(line string) {
	switch {
	case len(s.lines) < maxSummary:
		s.lines = append(s.lines, line)
	case len(s.lines) == maxSummary:
		s.lines = append(s.lines, "...")
	}
}

func (s *summarizer) text(name, before, after string) {
	switch {
	case before == after:
	case after == "":
		s.add(name + ": none")
	default:
		s.add(name + ": " + shown(after))
	}
}

func priceText(p schema.Price) string {
	switch {
	case p.USD == "":
		return "none"
	case p.Unit == "":
		return p.USD
	}
	return p.USD + " per " + shown(p.Unit)
}

// shown is a page's text for one line.
func shown(text string) string {
	const most = 80
	text = diag.Printable(text)
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "..."
	}
	return text
}

func shownValue(v *jsontree.Value) string {
	if v == nil {
		return "none"
	}
	if v.Is(jsontree.String) && v.Text != "" {
		return shown(v.Text)
	}
	return shown(v.Compact())
}

// members says what was added to a set and what went.
func (s *summarizer) members(name string, before, after []string) {
	var changes []string
	for _, v := range after {
		if !slices.Contains(before, v) {
			changes = append(changes, "+ "+shown(v))
		}
	}
	for _, v := range before {
		if !slices.Contains(after, v) {
			changes = append(changes, "- "+shown(v))
		}
	}
	if len(changes) > 0 {
		s.add(name + ": " + strings.Join(changes, ", "))
	}
}

// schema compares two schemas at a path of properties: first the properties of
// an object, then the other keywords.
func (s *summarizer) schema(path string, before, after *jsontree.Value, depth int) {
	if before.Equal(after) {
		return
	}
	if !before.Is(jsontree.Object) || !after.Is(jsontree.Object) || depth > 8 {
		s.add(at(path, shownValue(before)+" -> "+shownValue(after)))
		return
	}
	s.properties(path, before, after, depth)
	if items := before.Get("items"); items != nil && after.Get("items") != nil {
		s.schema(path+"[]", items, after.Get("items"), depth+1)
	}
	s.enum(path, before.Get("enum"), after.Get("enum"))
	for _, name := range memberNames(before, after) {
		switch name {
		case "properties", "required":
			continue
		case "items", "enum":
			if before.Get(name) != nil && after.Get(name) != nil {
				continue
			}
		case "title", "description":
			if !before.Get(name).Equal(after.Get(name)) {
				s.add(at(path, name))
			}
			continue
		}
		if b, a := before.Get(name), after.Get(name); !b.Equal(a) {
			s.add(at(path, fmt.Sprintf("%s %s -> %s", shown(name), shownValue(b), shownValue(a))))
		}
	}
}

// at puts the path of a property in front.
func at(path, text string) string {
	if path == "" {
		return text
	}
	return path + ": " + text
}

// memberNames are the names of both objects, in order, each once.
func memberNames(objects ...*jsontree.Value) []string {
	var names []string
	for _, o := range objects {
		for _, m := range o.Members {
			if !slices.Contains(names, m.Name) {
				names = append(names, m.Name)
			}
		}
	}
	return names
}

func (s *summarizer) properties(path string, before, after *jsontree.Value, depth int) {
	old, now := before.Get("properties"), after.Get("properties")
	requiredBefore, requiredAfter := before.Get("required").Strings(), after.Get("required").Strings()
	child := func(name string) string {
		if path == "" {
			return shown(name)
		}
		return path + "." + shown(name)
	}
	if now.Is(jsontree.Object) {
		for _, m := range now.Members {
			was, required := old.Get(m.Name), slices.Contains(requiredAfter, m.Name)
			switch {
			case was == nil && required:
				s.add("+ " + child(m.Name) + " (required)")
			case was == nil:
				s.add("+ " + child(m.Name))
			default:
				if required != slices.Contains(requiredBefore, m.Name) {
					s.add(child(m.Name) + ": " + map[bool]string{true: "required", false: "optional"}[required])
				}
				s.schema(child(m.Name), was, m.Value, depth+1)
			}
		}
	}
	if old.Is(jsontree.Object) {
		for _, m := range old.Members {
			if now.Get(m.Name) == nil {
				s.add("- " + child(m.Name))
			}
		}
	}
}

func (s *summarizer) enum(path string, before, after *jsontree.Value) {
	if before == nil || after == nil || before.Equal(after) {
		return
	}
	texts := func(v *jsontree.Value) []string {
		out := make([]string, len(v.Elems))
		for i, e := range v.Elems {
			if out[i] = e.Compact(); e.Is(jsontree.String) {
				out[i] = e.Text
			}
		}
		return out
	}
	n := len(s.lines)
	name := path
	if name == "" {
		name = "enum"
	}
	s.members(name, texts(before), texts(after))
	if len(s.lines) == n {
		s.add(at(path, "enum in another order"))
	}
}

// values compares two objects of plain values.
func (s *summarizer) values(path string, before, after *jsontree.Value, what string) {
	if before == nil {
		before = jsontree.NewObject()
	}
	if after == nil {
		after = jsontree.NewObject()
	}
	for _, name := range memberNames(before, after) {
		if b, a := before.Get(name), after.Get(name); !b.Equal(a) {
			s.add(at(path, what+shown(name)+": "+shownValue(a)))
		}
	}
}
