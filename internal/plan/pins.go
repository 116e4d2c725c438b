package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/schema"
)

// Pins are the published Go names, schemas/names.json: the name of every model,
// and every name of a field, a nested type or a constant that others wanted too.
// The zero value has no pins.
type Pins struct {
	names  map[string]string
	source *jsontree.Source
	places map[string]int // offset of a name in source
}

type pin struct{ key, name string }

func (p Pins) get(key string) (string, bool) {
	name, ok := p.names[key]
	return name, ok
}

func (p Pins) position(key string) diag.Position { return p.source.Position(p.places[key]) }

// models returns the pins of models, sorted by id.
func (p Pins) models() []pin {
	var out []pin
	for _, key := range slices.Sorted(maps.Keys(p.names)) {
		if !strings.Contains(key, "#") {
			out = append(out, pin{key, p.names[key]})
		}
	}
	return out
}

// ReadPins reads names.json; a nil source holds none.
func ReadPins(src *jsontree.Source) (Pins, diag.List) {
	p := Pins{names: map[string]string{}, source: src, places: map[string]int{}}
	if src == nil {
		return p, nil
	}
	var diags diag.List
	fail := func(offset int, message, hint string) {
		d := diag.New("names-file", src.Position(offset), "", message)
		d.Hint = cmp.Or(hint, d.Hint)
		diags = append(diags, d)
	}
	root, err := jsontree.Parse(src.Text, jsontree.Own)
	if err != nil {
		fail(err.(*jsontree.SyntaxError).Offset, err.Error(), "")
		return p, diags
	}
	if !root.Is(jsontree.Object) {
		fail(root.Offset, "the pinned names are one JSON object", `for example {"vendor/model": "Model"}`)
		return p, diags
	}
	owner := map[string]string{}
	for _, m := range root.Members {
		name := m.Value.Str()
		switch {
		case !validName(name):
			fail(m.Value.Offset, fmt.Sprintf("%s is not an exported Go identifier", m.Value.Compact()), "")
			continue
		case !strings.Contains(m.Name, "#") && owner[name] != "":
			fail(m.Value.Offset, fmt.Sprintf("%s is the name of %s already", name, owner[name]), "names.json is written by scrape; change the later of the two")
			continue
		case !strings.Contains(m.Name, "#"):
			owner[name] = m.Name
		}
		p.names[m.Name], p.places[m.Name] = name, m.Value.Offset
	}
	return p, diags
}

// Has reports whether the name of a model is pinned.
func (p Pins) Has(modelID string) bool { return p.names[modelID] != "" }

// Bytes returns the canonical names.json: sorted by key, a newline at the end.
func (p Pins) Bytes() []byte {
	root := jsontree.NewObject()
	for _, key := range slices.Sorted(maps.Keys(p.names)) {
		root.Members = append(root.Members, jsontree.Member{Name: key, Value: jsontree.NewString(p.names[key])})
	}
	return append(root.AppendIndent(nil, ""), '\n')
}

// Pin returns the pins with those that the documents add: every model, in id
// order, and every name within one that is not the pure rule's or that another
// place would have got under another page order. old are the documents as they
// were before: their names are kept where they still mean the same thing. Pins
// of models that have vanished stay, so that their names are not given away.
func Pin(old, docs []*schema.Document, pins Pins) (Pins, diag.List) {
	before := pins
	if len(old) > 0 {
		builders := buildAll(old)
		settleNames(builders, pins)
		before = Pins{names: maps.Clone(pins.names), source: pins.source, places: pins.places}
		for _, b := range builders {
			before.add(b.model.ID, b.model.Name)
			for _, w := range b.wishes {
				before.add(w.key, *w.name)
			}
		}
	}
	builders := buildAll(docs)
	diags := settleNames(builders, before)
	out := Pins{names: maps.Clone(pins.names), source: pins.source, places: pins.places}
	wanted := map[[2]string]int{}
	for _, b := range builders {
		for _, w := range b.wishes {
			wanted[[2]string{w.scope, w.pure}]++
		}
	}
	for _, b := range builders {
		out.add(b.model.ID, b.model.Name)
		for _, w := range b.wishes {
			if *w.name != w.pure || wanted[[2]string{w.scope, w.pure}] > 1 {
				out.add(w.key, *w.name)
			}
		}
	}
	return out, diags
}

func (p *Pins) add(key, name string) {
	if p.names == nil {
		p.names = map[string]string{}
	}
	if _, ok := p.names[key]; !ok {
		p.names[key] = name
	}
}
