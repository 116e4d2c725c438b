package schema

import (
	"net/url"
	"strconv"
	"strings"
)

// Resolve returns the schema that a $ref names in the schema root, or nil. Only
// JSON pointers (RFC 6901) into root itself are followed, "#" and "#/...".
func Resolve(root *Value, ref string) *Value {
	target, _, _ := resolve(root, ref)
	return target
}

// resolve is Resolve that also says what is wrong, and by which lint rule.
func resolve(root *Value, ref string) (target *Value, problem, rule string) {
	pointer, local := strings.CutPrefix(ref, "#")
	if !local {
		return nil, "refers to another document, which is never loaded", "ref-external"
	}
	if unescaped, err := url.PathUnescape(pointer); err == nil {
		pointer = unescaped
	}
	if pointer == "" {
		return root, "", ""
	}
	v := root
	segments := strings.Split(pointer, "/")
	if segments[0] != "" {
		v = nil // an anchor
	}
	for _, segment := range segments[1:] {
		segment = strings.NewReplacer("~1", "/", "~0", "~").Replace(segment)
		if v.Is(Array) {
			i, err := strconv.Atoi(segment)
			if err != nil || i < 0 || i >= len(v.Elems) {
				v = nil
				break
			}
			v = v.Elems[i]
			continue
		}
		v = v.Get(segment)
	}
	if !v.Is(Object) && !v.Is(Bool) {
		return nil, "refers to no schema of this document", "ref-unresolvable"
	}
	return v, "", ""
}

// reference translates a $ref into one to the $defs of the translation.
func (t *translator) reference(ref *Value, path string) (string, bool) {
	target, problem, rule := resolve(t.root, ref.Text)
	if target == nil {
		t.report(rule, ref.Offset, path, ref.brief()+" "+problem)
		return "", false
	}
	if t.looping[ref] {
		t.report("ref-unresolvable", ref.Offset, path, ref.brief()+" leads back to itself")
		return "", false
	}
	if target == t.root {
		return "#", true
	}
	name, seen := t.defNames[target]
	if !seen {
		name = strconv.Itoa(len(t.defNames))
		t.defNames[target] = name
		t.defs[name] = t.schema(target, path)
	}
	return "#/$defs/" + name, true
}

// visit is the state of a schema in the search for loops.
type visit uint8

const (
	unseen visit = iota
	open
	closed
)

// inPlace are the keywords whose schemas apply to the same instance. A
// reference that comes back to itself through these alone has no meaning.
var inPlace = []string{"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas", "dependencies"}

// findLoops marks every $ref below v that closes such a loop.
func (t *translator) findLoops(v *Value) {
	for _, e := range v.Elems {
		t.findLoops(e)
	}
	for _, m := range v.Members {
		t.findLoops(m.Value)
	}
	t.followInPlace(v)
}

func (t *translator) followInPlace(v *Value) {
	if !v.Is(Object) || t.visited[v] != unseen {
		return
	}
	t.visited[v] = open
	if ref := v.Get("$ref"); ref.Is(String) {
		if target, _, _ := resolve(t.root, ref.Text); target != nil {
			if t.visited[target] == open {
				t.looping[ref] = true
			} else {
				t.followInPlace(target)
			}
		}
	}
	for _, name := range inPlace {
		switch kw := v.Get(name); {
		case kw.Is(Array):
			for _, e := range kw.Elems {
				t.followInPlace(e)
			}
		case kw.Is(Object) && keywords[name].form == formSchema:
			t.followInPlace(kw)
		case kw.Is(Object):
			for _, m := range kw.Members {
				t.followInPlace(m.Value)
			}
		}
	}
	t.visited[v] = closed
}
