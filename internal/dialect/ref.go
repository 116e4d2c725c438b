package dialect

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/genclient/genclient/internal/jsontree"
)

// References knows what the references of one schema mean: which document each is
// relative to (draft 2020-12 core, section 8.2; draft 7, section 8.2), and whether the
// keywords beside it apply. It must not be changed once made.
type References struct {
	root      *resource
	resources map[string]*resource                // by address; nil where two have one
	of        map[*jsontree.Value]*resource       // of each $ref, the schema that it is relative to
	alone     map[*jsontree.Value]*jsontree.Value // schemas of old drafts, without what stands beside $ref
}

// A resource is a schema with an address of its own.
type resource struct {
	schema  *jsontree.Value
	base    *url.URL                   // nil when it is not known
	anchors map[string]*jsontree.Value // nil where two schemas have one
	draft   draft
}

// A draft is what depends on "$schema".
type draft struct {
	id  string // the keyword of a schema's address
	old bool   // up to draft 7: $ref stands alone, and "$id": "#a" is an anchor
}

// readDraft reads the value of "$schema". Without one, or with one that is not known,
// it is draft 2020-12.
func readDraft(schema *jsontree.Value) draft {
	_, address, _ := strings.Cut(strings.TrimSuffix(schema.Str(), "#"), ":")
	switch address {
	case "//json-schema.org/draft-03/schema", "//json-schema.org/draft-04/schema":
		return draft{id: "id", old: true}
	case "//json-schema.org/draft-06/schema", "//json-schema.org/draft-07/schema":
		return draft{id: "$id", old: true}
	}
	return draft{id: "$id"}
}

// unnamed is the address of a document without an $id. Only references of the document
// itself are relative to it.
const unnamed = "genclient:///schema.json"

// ReadReferences reads the addresses, anchors and references of the schema root.
func ReadReferences(root *jsontree.Value) *References {
	r := &References{
		resources: map[string]*resource{},
		of:        map[*jsontree.Value]*resource{},
		alone:     map[*jsontree.Value]*jsontree.Value{},
	}
	base, _ := url.Parse(unnamed)
	r.root = &resource{schema: root, base: base, draft: readDraft(root.Get("$schema"))}
	r.root.anchors = map[string]*jsontree.Value{}
	r.read(root, r.root)
	return r
}

// read notes what the schema v holds; in is the schema with an address that it is in.
func (r *References) read(v *jsontree.Value, in *resource) {
	if !v.Is(jsontree.Object) {
		return
	}
	ref := v.Get("$ref")
	in = r.address(v, ref, in)
	if ref.Is(jsontree.String) {
		r.of[ref] = in
		if in.draft.old {
			r.alone[v] = withoutSiblings(v)
		}
	}
	children := map[*jsontree.Value]bool{}
	for _, c := range Children(v, "") {
		children[c.Schema] = true
		r.read(c.Schema, in)
	}
	for _, m := range v.Members {
		r.readValue(m.Value, in, children)
	}
}

// readValue notes the references in what is not a schema: a pointer may lead there all
// the same. An address or an anchor there is none.
func (r *References) readValue(v *jsontree.Value, in *resource, schemas map[*jsontree.Value]bool) {
	if v == nil || schemas[v] {
		return
	}
	if ref := v.Get("$ref"); ref.Is(jsontree.String) && r.of[ref] == nil {
		r.of[ref] = in
	}
	for _, e := range v.Elems {
		r.readValue(e, in, schemas)
	}
	for _, m := range v.Members {
		r.readValue(m.Value, in, schemas)
	}
}

// address returns the resource that the schema v is, or is part of, and notes its
// address and anchors.
func (r *References) address(v, ref *jsontree.Value, in *resource) *resource {
	now := in.draft
	if declared := v.Get("$schema"); declared.Is(jsontree.String) {
		now = readDraft(declared)
	}
	id := v.Get(now.id)
	if now.old && ref.Is(jsontree.String) {
		id = nil // ignored beside $ref
	}
	text, anchor, _ := strings.Cut(id.Str(), "#")
	if text != "" && (anchor == "" || now.old) {
		if in = r.resource(v, text, now, in); anchor != "" {
			in.anchor(anchor, v)
		}
	}
	if text == "" && anchor != "" && now.old {
		in.anchor(anchor, v)
	}
	if !now.old {
		for _, keyword := range []string{"$anchor", "$dynamicAnchor"} {
			if name := v.Get(keyword); name.Str() != "" {
				in.anchor(name.Str(), v)
			}
		}
	}
	return in
}

// resource notes a schema with an address: the root, which in is then, or one inside.
func (r *References) resource(v *jsontree.Value, id string, now draft, in *resource) *resource {
	made := in
	if v != in.schema {
		made = &resource{schema: v, base: in.base, anchors: map[string]*jsontree.Value{}, draft: now}
	}
	parsed, err := url.Parse(id)
	switch {
	case err != nil || made.base == nil && !parsed.IsAbs():
		made.base = nil // only references within it can be followed
		return made
	case made.base == nil:
		made.base = parsed
	default:
		made.base = made.base.ResolveReference(parsed)
	}
	r.note(made)
	return made
}

// note makes a resource known by its address. Of two with one address, none is.
func (r *References) note(in *resource) {
	key := addressKey(in.base)
	if known, taken := r.resources[key]; taken && known != in {
		in = nil
	}
	r.resources[key] = in
}

func addressKey(u *url.URL) string {
	key := *u
	key.Host = strings.ToLower(key.Host)
	key.Fragment, key.RawFragment = "", ""
	return key.String()
}

// anchor notes a name for a schema. Of two schemas with one name, none has it.
func (in *resource) anchor(name string, v *jsontree.Value) {
	if known, taken := in.anchors[name]; taken && known != v {
		v = nil
	}
	in.anchors[name] = v
}

// withoutSiblings returns a schema without the keywords beside its $ref that constrain.
func withoutSiblings(v *jsontree.Value) *jsontree.Value {
	ignored := func(m jsontree.Member) bool { return IgnoredBesideRef(m.Name) }
	if !slices.ContainsFunc(v.Members, ignored) {
		return v
	}
	out := *v
	out.Members = slices.DeleteFunc(slices.Clone(v.Members), ignored)
	return &out
}

// IgnoredBesideRef reports whether a keyword beside a $ref says nothing up to draft 7.
// Those that only describe are kept.
func IgnoredBesideRef(keyword string) bool {
	return keyword != "$ref" && (!keywords[keyword].Annotation || keyword == "nullable")
}

// Effective returns the keywords of the schema v that apply: up to draft 7 nothing
// beside a $ref does (draft 7 core, section 8.3). The result is the same for each call
// with v, and mostly v itself.
func (r *References) Effective(v *jsontree.Value) *jsontree.Value {
	if alone := r.alone[v]; alone != nil {
		return alone
	}
	return v
}

// Resolve returns the schema that a $ref names, a string of the schema that r was read
// from, or nil with what is wrong. JSON pointers (RFC 6901), anchors and addresses that
// the document has itself are followed; nothing is ever loaded.
func (r *References) Resolve(ref *jsontree.Value) (*jsontree.Value, *Problem) {
	if !ref.Is(jsontree.String) {
		return nil, unresolvable(ref, "is not a reference")
	}
	in := r.of[ref]
	if in == nil {
		in = r.root
	}
	address, fragment, _ := strings.Cut(ref.Str(), "#")
	if address != "" {
		parsed, err := url.Parse(address)
		if err != nil || in.base == nil && !parsed.IsAbs() {
			return nil, unresolvable(ref, "refers to an address that cannot be read")
		}
		if in.base != nil {
			parsed = in.base.ResolveReference(parsed)
		}
		named, known := r.resources[addressKey(parsed)]
		switch {
		case !known:
			return nil, &Problem{Rule: "ref-external", Offset: ref.Offset,
				Message: ref.Brief() + " refers to another document, which is never loaded"}
		case named == nil:
			return nil, unresolvable(ref, "refers to an address that two schemas have")
		}
		in = named
	}
	return r.within(in, ref, fragment)
}

// within follows the fragment of a reference in the schema with the address.
func (r *References) within(in *resource, ref *jsontree.Value, fragment string) (*jsontree.Value, *Problem) {
	if unescaped, err := url.PathUnescape(fragment); err == nil {
		fragment = unescaped
	}
	if fragment == "" {
		return in.schema, nil
	}
	if fragment[0] != '/' {
		switch v, known := in.anchors[fragment]; {
		case v != nil:
			return v, nil
		case known:
			return nil, unresolvable(ref, "refers to an anchor that two schemas have")
		}
	} else if v := follow(in.schema, strings.Split(fragment, "/")); isSchema(v) {
		return v, nil
	}
	return nil, unresolvable(ref, "does not refer to a schema of this document")
}

func unresolvable(ref *jsontree.Value, why string) *Problem {
	return &Problem{Rule: "ref-unresolvable", Offset: ref.Offset, Message: fmt.Sprintf("%s %s", ref.Brief(), why)}
}

// follow takes the steps of a pointer, the first of which is empty.
func follow(v *jsontree.Value, steps []string) *jsontree.Value {
	for _, step := range steps[1:] {
		step = unescapeStep(step)
		if !v.Is(jsontree.Array) {
			v = v.Get(step)
			continue
		}
		i, err := strconv.Atoi(step)
		if err != nil || i < 0 || i >= len(v.Elems) || strconv.Itoa(i) != step {
			return nil
		}
		v = v.Elems[i]
	}
	return v
}

// ReferenceName returns the name in a reference: the last step of its pointer, or its
// anchor, or the last step of its address, as it reads; "" for "#".
func ReferenceName(ref string) string {
	name, fragment, _ := strings.Cut(ref, "#")
	if fragment != "" {
		name = fragment
	}
	if unescaped, err := url.PathUnescape(name); err == nil {
		name = unescaped
	}
	return unescapeStep(name[strings.LastIndexByte(name, '/')+1:])
}

func unescapeStep(step string) string { return strings.NewReplacer("~1", "/", "~0", "~").Replace(step) }

func escapeStep(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }
