package emit_test

import (
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/genclient/genclient/internal/ir"

	"github.com/genclient/genclient/internal/jsontree"
)

// newSampler returns a sampler that gives the same instances on every run,
// whatever other models there are.
func newSampler(m oracleModel, items int) *sampler {
	seed := fnv.New64a()
	seed.Write([]byte(m.plan.ID))
	return &sampler{root: m.doc.Input, rnd: rand.New(rand.NewPCG(seed.Sum64(), 1)), items: items}
}

// compare asks the generated Validate and the judge about the model's instances.
func (p oracleProgram) compare(t *testing.T, m oracleModel, random int, figures *oracleFigures) {
	var requests []oracleRequest
	instances := newSampler(m, 2).instances(random)
	for _, members := range instances {
		requests = append(requests, oracleRequest{Model: m.plan.ID, Instance: []byte(object(members))})
	}
	shown := map[string]int{} // each kind of disagreement once
	complain := func(r oracleRequest, kind, detail string) {
		if shown[kind]++; shown[kind] == 1 {
			t.Errorf("%s\n\t%s\n\tinstance %s", kind, detail, brief(string(r.Instance)))
		}
	}
	used := map[string]int{}
	valid, refused, decoded := 0, 0, 0
	for i, a := range p.ask(t, requests) {
		r := requests[i]
		if problem := decodes(r.Instance, a); problem != "" {
			complain(r, "DecodeInput "+problem, "body "+brief(string(a.Body))+" "+a.Err)
		}
		if a.Decoded != nil {
			decoded++
		}
		if a.Err != "" {
			refused++
			if len(m.judge.Validate(r.Instance)) > 0 {
				continue
			}
			if !outsideGoType(a) {
				complain(r, "the Go type does not take what is valid", a.Err)
			}
			used[exceptNumber]++
			continue
		}
		generated, judged := map[string][]string{}, map[string][]string{}
		for _, v := range a.Violations {
			add(generated, v.Path, v.Rule)
		}
		for _, f := range m.judge.Validate(a.Body) {
			add(judged, f.Path, f.Keyword)
		}
		if len(a.Violations) == 0 && len(judged) == 0 {
			valid++
		}
		var body *jsontree.Value
		for path := range allKeys(generated, judged) {
			d := difference{path: path, generated: generated[path], judged: judged[path]}
			if slices.Equal(d.generated, d.judged) {
				continue
			}
			if body == nil {
				body, _, _ = jsontree.Decode(a.Body, 0) // the judge has read it already
			}
			if d.at = locate(m.plan.Input, body, path); d.agreed() {
				continue
			}
			if name := d.exception(); name != "" {
				used[name]++
				continue
			}
			complain(r, fmt.Sprintf("%q: Validate finds %q, the judge %q", path, d.generated, d.judged), "body "+brief(string(a.Body)))
		}
		for _, name := range m.unseen(instances[i], generated) {
			complain(r, fmt.Sprintf("%q is absent and Validate does not say so", name), "body "+brief(string(a.Body)))
		}
	}
	figures.instances.Add(int64(len(requests)))
	figures.refused.Add(int64(refused))
	figures.valid.Add(int64(valid))
	figures.decoded.Add(int64(decoded))
	figures.fields.Add(int64(len(m.plan.Input.Fields) * (len(requests) - refused)))
	for name, times := range used {
		figures.except(name, times)
	}
}

// unseen returns the required properties that the instance lacks and Validate
// does not miss although the field's Go type can tell: a number, a boolean or an
// object has no value that says "not given", so its zero value is sent.
func (m oracleModel) unseen(instance []member, generated map[string][]string) []string {
	required := m.doc.Input.Get("required").Strings()
	var out []string
	for _, f := range m.plan.Input.Fields {
		given := slices.ContainsFunc(instance, func(g member) bool { return g.name == f.JSON })
		if given || !slices.Contains(required, f.JSON) || f.Presence == ir.Nullable {
			continue
		}
		tells := f.Pointer
		switch t := f.Type.(type) {
		case ir.Scalar:
			tells = tells || t == ir.String
		case *ir.Enum:
			tells = tells || !t.ZeroIsMember()
		case *ir.List, *ir.Map, ir.Raw:
			tells = true
		}
		if tells && !slices.Contains(generated[f.JSON], "required") {
			out = append(out, f.JSON)
		}
	}
	return out
}

// sameKeyword maps what one side calls differently: an enum may be written as
// const or as branches of constants, and an exclusive bound of an integer is an
// inclusive one further in.
var sameKeyword = map[string]string{"const": "enum", "oneOf": "enum", "anyOf": "enum",
	"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}

func add(to map[string][]string, path, keyword string) {
	if same, ok := sameKeyword[keyword]; ok {
		keyword = same
	}
	if !slices.Contains(to[path], keyword) {
		to[path] = append(to[path], keyword)
		slices.Sort(to[path])
	}
}

func allKeys(a, b map[string][]string) map[string][]string {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

func brief(text string) string {
	if len(text) > 400 {
		return text[:300] + " ... " + text[len(text)-80:]
	}
	return text
}

// difference is one path at which the two sides do not say the same.
type difference struct {
	path              string
	generated, judged []string // keywords, sorted
	at                spot
}

// agreed reports whether both sides mean the same: a required enum that is unset
// is sent as its zero value, which the judge finds to be no member; and a value
// outside the bounds beside an enum is a member of the schema's enum at most.
func (d difference) agreed() bool {
	_, enum := d.at.typ.(*ir.Enum)
	if enum && slices.Equal(d.generated, []string{"enum"}) && len(d.judged) > 0 {
		return !slices.Contains(d.judged, "type")
	}
	return enum && slices.Equal(d.generated, []string{"required"}) && slices.Contains(d.judged, "enum") && d.at.unset()
}

// spot is what stands at a path of the body that is sent.
type spot struct {
	typ   ir.Type         // nil where the plan has nothing
	raw   bool            // the path leads into raw JSON
	value *jsontree.Value // nil where the body has nothing
}

// unset reports whether the value is the zero value of its Go type.
func (s spot) unset() bool {
	switch {
	case s.value == nil:
		return false
	case s.value.Kind == jsontree.Null, s.value.Kind == jsontree.String && s.value.Text == "":
		return true
	}
	return s.value.Kind == jsontree.Number && rational(s.value).Sign() == 0
}

// locate follows a path through the plan and the body together. Names may hold
// dots, so that the longest name that fits is taken.
func locate(in *ir.Struct, body *jsontree.Value, path string) spot {
	s := spot{typ: in, value: body}
	for path != "" {
		if _, raw := s.typ.(ir.Raw); raw {
			s.raw, s.value = true, nil
			return s
		}
		if index, rest, ok := strings.Cut(path, "]"); ok && path[0] == '[' {
			l, isList := s.typ.(*ir.List)
			i := rational(&jsontree.Value{Kind: jsontree.Number, Text: index[1:]})
			if !isList || i == nil || i.Num().Int64() >= int64(len(s.value.Items())) {
				return spot{}
			}
			s = spot{typ: l.Elem.Type, value: s.value.Items()[i.Num().Int64()]}
			path = rest
			continue
		}
		path = strings.TrimPrefix(path, ".")
		name, next := s.member(path)
		if name == "" {
			return spot{}
		}
		s, path = spot{typ: next, value: s.value.Get(name)}, path[len(name):]
	}
	_, s.raw = s.typ.(ir.Raw)
	return s
}

// member returns the longest name of a field or an entry that the path begins
// with, and its type.
func (s spot) member(path string) (name string, typ ir.Type) {
	consider := func(candidate string, t ir.Type) {
		rest, ok := strings.CutPrefix(path, candidate)
		if ok && len(candidate) > len(name) && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			name, typ = candidate, t
		}
	}
	switch t := s.typ.(type) {
	case *ir.Struct:
		for _, f := range t.Fields {
			consider(f.JSON, f.Type)
		}
	case *ir.Map:
		if s.value != nil {
			for _, m := range s.value.Members {
				consider(m.Name, t.Elem.Type)
			}
		}
	}
	return name, typ
}
