package plan

import (
	"fmt"
	"go/token"
	"strconv"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/jsontree"
)

// wish is a name that something would like to have.
type wish struct {
	key   string // of its pin
	pure  string // what the pure rule says
	name  *string
	scope string          // of the struct for a field, "" for the package
	at    *jsontree.Value // what is named
}

// typeWish is the wish of a nested type, with the values its constants are
// named for.
type typeWish struct {
	path    string
	rest    string // the pure name behind the model's
	name    *string
	at      *jsontree.Value
	enum    *ir.Enum
	members []memberWish
}

// memberWish is what a constant is named for, and what stands for it in the key
// of its pin.
type memberWish struct {
	key, text string
	at        *jsontree.Value
}

// fieldScope is the fields of one struct, whose names are kept apart.
type fieldScope struct {
	input bool // the struct has the exported methods of an input
	paths []string
	at    []*jsontree.Value
	of    *ir.Struct
}

// A pin's key is the model id; the id with "#" and a JSON path for a field,
// with " type" behind it for the type made there and with "=" and the value for
// a constant.
func fieldKey(id, path string) string         { return id + "#" + path }
func typeKey(id, path string) string          { return id + "#" + path + " type" }
func memberKey(id, path, value string) string { return id + "#" + path + "=" + value }

// scope holds the names of one Go scope and the key of what has each.
type scope map[string]string

// reserve keeps the pinned name of a key, if it has one, from everything else.
func (s scope) reserve(key string, pins Pins) {
	if pin, ok := pins.get(key); ok {
		if _, taken := s[pin]; !taken {
			s[pin] = key
		}
	}
}

// allot gives every wish its name: the pinned one if it has a pin, else the pure
// one or the first of _2, _3 that is free.
func (s scope) allot(wishes []wish, pins Pins) {
	for _, w := range wishes {
		s.reserve(w.key, pins)
	}
	for _, w := range wishes {
		*w.name = s.take(w, pins)
	}
}

func (s scope) take(w wish, pins Pins) string {
	if pin, ok := pins.get(w.key); ok && s[pin] == w.key {
		s[pin] = givenAway // odd names of a page can make one key of two
		return pin
	}
	name := w.pure
	for n := 2; ; n++ {
		if _, taken := s[name]; !taken {
			break
		}
		name = numbered(w.pure, n)
	}
	s[name] = givenAway
	return name
}

// givenAway stands in a scope for the key of a name that has its place.
const givenAway = " "

func numbered(name string, n int) string { return name + "_" + strconv.Itoa(n) }

// settleNames gives everything in the package its Go name. Pinned models come
// first, with all that hangs on them, so that a new model never renames an old
// one; then the others in id order.
func settleNames(builders []*builder, pins Pins) diag.List {
	pkg, methods := scope{}, scope{}
	for _, name := range reserved {
		pkg[name], methods[name] = "runtime", "runtime"
	}
	for _, p := range pins.models() {
		takeModel(pkg, methods, p.name, p.key)
	}
	var pinned, fresh []*builder
	for _, b := range builders {
		if name, ok := pins.get(b.model.ID); ok && methods[name] == b.model.ID {
			b.model.Name = name
			pinned = append(pinned, b)
		} else {
			fresh = append(fresh, b)
		}
	}
	settleTypes(pkg, pinned, pins)
	for _, b := range fresh {
		b.model.Name = freeModelName(pkg, methods, b.model.ID)
		takeModel(pkg, methods, b.model.Name, b.model.ID)
	}
	settleTypes(pkg, fresh, pins)

	var diags diag.List
	for _, b := range builders {
		b.settleFields(pins)
		if name, ok := pins.get(b.model.ID); ok && name != b.model.Name {
			diags = append(diags, diag.New("pin-taken", pins.position(b.model.ID), b.model.ID,
				fmt.Sprintf("the pinned name %s is taken", name)))
		}
		b.noteNames(pins)
	}
	return diags
}

// takeModel takes what a model's name stands for. An owner that came first stays.
func takeModel(pkg, methods scope, name, id string) {
	if !modelFree(pkg, methods, name) {
		return
	}
	methods[name] = id
	for _, d := range derived(name) {
		pkg[d] = id
	}
}

func modelFree(pkg, methods scope, name string) bool {
	if _, taken := methods[name]; taken {
		return false
	}
	for _, d := range derived(name) {
		if _, taken := pkg[d]; taken {
			return false
		}
	}
	return true
}

// derived are the names in the package that come with a model's name, beside the
// client's method. The file is among them: it is in lower case, so that models
// whose names differ in case alone would share it.
func derived(name string) [4]string {
	return [...]string{name + "Input", name + "Output", "Decode" + name + "Output", fileName(name)}
}

// freeModelName is the pure name, or with the vendor in front, or that with _2, _3.
func freeModelName(pkg, methods scope, id string) string {
	if name := modelName(id); modelFree(pkg, methods, name) {
		return name
	}
	base := identifier(id)
	name := base
	for n := 2; !modelFree(pkg, methods, name); n++ {
		name = numbered(base, n)
	}
	return name
}

// settleTypes names the nested types of the models, then the constants, whose
// names begin with their type's.
func settleTypes(pkg scope, builders []*builder, pins Pins) {
	var types []wish
	for _, b := range builders {
		b.model.Input.Name = b.model.Name + "Input"
		if b.model.Output != nil {
			b.model.Output.Name = b.model.Name + "Output"
		}
		for _, t := range b.types {
			for _, m := range t.members {
				pkg.reserve(memberKey(b.model.ID, t.path, m.key), pins)
			}
			b.wishes = append(b.wishes, wish{typeKey(b.model.ID, t.path), b.model.Name + t.rest, t.name, "", t.at})
		}
		types = append(types, b.wishes...)
	}
	pkg.allot(types, pins)
	var members []wish
	for _, b := range builders {
		first := len(b.wishes)
		for _, t := range b.types {
			for i, m := range t.members {
				b.wishes = append(b.wishes, wish{memberKey(b.model.ID, t.path, m.key),
					memberName(*t.name, m.text), &t.enum.Members[i].Name, "", m.at})
			}
		}
		members = append(members, b.wishes[first:]...)
	}
	pkg.allot(members, pins)
}

// settleFields names the fields of every struct of the model.
func (b *builder) settleFields(pins Pins) {
	for _, fs := range b.scopes {
		taken := scope{"UnmarshalJSON": "method"}
		if fs.input {
			taken["ModelID"], taken["Validate"], taken["MediaRules"] = "method", "method", "method"
		}
		wishes := make([]wish, len(fs.of.Fields))
		for i := range fs.of.Fields {
			f := &fs.of.Fields[i]
			wishes[i] = wish{fieldKey(b.model.ID, fs.paths[i]), f.Name, &f.Name, fs.of.Name, fs.at[i]}
		}
		taken.allot(wishes, pins)
		b.wishes = append(b.wishes, wishes...)
	}
}

// noteNames reports the names that differ from the pure rule.
func (b *builder) noteNames(pins Pins) {
	for _, w := range b.wishes {
		if *w.name == w.pure {
			continue
		}
		message := fmt.Sprintf("is named %s: %s is taken", *w.name, w.pure)
		if pin, _ := pins.get(w.key); pin == *w.name {
			message = fmt.Sprintf("is pinned as %s, not %s", pin, w.pure)
		}
		b.diags = append(b.diags, diag.New("name-taken", b.doc.Position(w.at.Offset), w.key, message))
	}
	if pure := modelName(b.model.ID); b.model.Name != pure {
		b.diags = append(b.diags, diag.New("name-taken", diag.Position{File: b.doc.File()}, b.model.ID,
			fmt.Sprintf("is named %s, not %s", b.model.Name, pure)))
	}
}

// validName reports whether a pin can be a Go name.
func validName(name string) bool { return token.IsIdentifier(name) && token.IsExported(name) }
