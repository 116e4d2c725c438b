package emit_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/jsontree"
)

// mediaMeasurements is how many sets of measured files each model's rules are
// put to.
const mediaMeasurements = 200

// compareMedia asks EvaluateMedia and a mediaReader about files with measures at
// and around every bound of the model.
func (p oracleProgram) compareMedia(t *testing.T, m oracleModel, figures *oracleFigures) {
	sizes := mediaSizes(m.doc.Input)
	if sizes == nil {
		return
	}
	s := newSampler(m, 3)
	body, _, err := jsontree.Decode([]byte(object(s.validMembers(m.doc.Input, 0))), 0)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{} // path by URI
	nameFiles(body, "", files)
	var requests []oracleRequest
	for range mediaMeasurements {
		measured := map[string]oracleMedia{}
		for _, path := range files {
			if s.rnd.IntN(4) > 0 {
				measured[path] = sizes.pick(s.rnd)
			} else {
				figures.except(exceptMedia, 1)
			}
		}
		requests = append(requests, oracleRequest{Model: m.plan.ID, Instance: []byte(body.Compact()), Media: measured})
	}
	broken := 0
	for i, a := range p.ask(t, requests) {
		if a.Err != "" {
			t.Fatalf("%s\n\tinstance %s", a.Err, requests[i].Instance)
		}
		var generated, judged []string
		for _, v := range a.Media {
			generated = append(generated, v.Path+" "+v.Rule)
		}
		sent, err := jsontree.Parse(a.Body, jsontree.Foreign)
		if err != nil {
			t.Fatal(err)
		}
		reader := mediaReader{root: m.doc.Input, file: func(uri string) (oracleMedia, bool) {
			file, ok := requests[i].Media[files[uri]]
			return file, ok
		}}
		reader.read(m.doc.Input, sent, "")
		for _, broken := range reader.broken {
			switch at := locate(m.plan.Input, body, broken.path); {
			case at.raw, at.typ != nil && at.typ != ir.String: // the members of an enum
				figures.except(exceptUnchecked, 1)
			case !inReach(m.plan.Input, body, broken.path):
				figures.except(exceptDeep, 1)
			default:
				judged = append(judged, broken.path+" "+broken.rule)
			}
		}
		slices.Sort(generated)
		slices.Sort(judged)
		// A rule may be in several schemas of one value, also with several bounds.
		generated, judged = slices.Compact(generated), slices.Compact(judged)
		if diff := cmp.Diff(judged, generated); diff != "" {
			t.Fatalf("the rules of the schema and EvaluateMedia differ (-schema +generated):\n%s\n\tmeasured %+v\n\tinstance %s", diff, requests[i].Media, requests[i].Instance)
		}
		broken += len(judged)
	}
	figures.media.Add(mediaMeasurements)
	if broken == 0 && len(files) > 0 && len(m.plan.Input.Fields) > 0 && sizes.known {
		t.Error("no measured file breaks any rule")
	}
}

// mediaReader finds the media rules that an instance breaks. It reads them from
// the schema by itself.
type mediaReader struct {
	root   *jsontree.Value
	file   func(uri string) (oracleMedia, bool)
	broken []brokenRule
}

type brokenRule struct{ path, rule string }

// read follows an instance through its schema.
func (r *mediaReader) read(schema, v *jsontree.Value, path string) {
	for _, l := range layers(r.root, schema) {
		for _, rule := range l.Get("validations").Items() {
			r.apply(rule, v, path)
		}
		for i, item := range v.Items() {
			if items := l.Get("items"); items.Is(jsontree.Object) {
				r.read(items, item, fmt.Sprintf("%s[%d]", path, i))
			}
		}
		for _, m := range v.Members {
			sub := l.Get("properties").Get(m.Name)
			if sub == nil {
				sub = l.Get("additionalProperties")
			}
			r.read(sub, m.Value, strings.TrimPrefix(path+"."+m.Name, "."))
		}
	}
}

// apply holds a rule against the file that a string names, or against those of
// the strings in a list.
func (r *mediaReader) apply(rule, v *jsontree.Value, path string) {
	for i, item := range v.Items() {
		r.apply(rule, item, fmt.Sprintf("%s[%d]", path, i))
	}
	bound, name := rational(rule.Get("validation_value")), rule.Get("validation_rule").Str()
	file, known := r.file(v.Str())
	if known && bound != nil && breaks(file, name, bound) {
		r.broken = append(r.broken, brokenRule{path, name})
	}
}

// breaks reports whether a file breaks a rule, such as width_pixels>, with every
// meaning that the page leaves open: a megabyte is 10^6 or 2^20 bytes. A measure of
// 0 is not known.
func breaks(file oracleMedia, rule string, bound *big.Rat) bool {
	metric := strings.TrimRight(rule, "<>=")
	w, h, n := int64(file.Width), int64(file.Height), file.Bytes
	var readings []*big.Rat
	switch {
	case metric == "width_pixels" && w > 0:
		readings = []*big.Rat{big.NewRat(w, 1)}
	case metric == "height_pixels" && h > 0:
		readings = []*big.Rat{big.NewRat(h, 1)}
	case metric == "width/height" && w > 0 && h > 0:
		readings = []*big.Rat{big.NewRat(w, h)}
	case metric == "file_size_mb" && n > 0:
		readings = []*big.Rat{big.NewRat(n, 1_000_000), big.NewRat(n, 1<<20)}
	}
	holds := func(x *big.Rat) bool {
		c := x.Cmp(bound)
		switch rule[len(metric):] {
		case ">":
			return c > 0
		case "<":
			return c < 0
		case ">=":
			return c >= 0
		case "<=":
			return c <= 0
		case "==":
			return c == 0
		}
		return true
	}
	return len(readings) > 0 && !slices.ContainsFunc(readings, holds)
}

// inReach reports whether a media rule can hold at a path: it leads through no
// map and enters no type twice.
func inReach(in *ir.Struct, body *jsontree.Value, path string) bool {
	entered := map[ir.Type]bool{in: true}
	for i, r := range path + "." {
		if r != '.' && r != '[' {
			continue
		}
		at := locate(in, body, path[:i]).typ
		_, isMap := at.(*ir.Map)
		_, isStruct := at.(*ir.Struct)
		if isMap || isStruct && entered[at] {
			return false
		}
		entered[at] = true
	}
	return true
}

// nameFiles gives every string of an instance a URI of its own and notes where
// it stands: whatever of it is media is then told apart.
func nameFiles(v *jsontree.Value, path string, files map[string]string) {
	switch v.Kind {
	case jsontree.String:
		v.Text = fmt.Sprintf("https://media.example/%d", len(files))
		files[v.Text] = path
	case jsontree.Array:
		for i, e := range v.Elems {
			nameFiles(e, fmt.Sprintf("%s[%d]", path, i), files)
		}
	case jsontree.Object:
		for _, m := range v.Members {
			nameFiles(m.Value, strings.TrimPrefix(path+"."+m.Name, "."), files)
		}
	}
}

// fileSizes are measures of files; 0 is one that is not known.
type fileSizes struct {
	width, height []int
	bytes         []int64
	known         bool // a rule has a metric and an operator that are known
}

func (f *fileSizes) pick(rnd *rand.Rand) oracleMedia {
	return oracleMedia{f.width[rnd.IntN(len(f.width))], f.height[rnd.IntN(len(f.height))], f.bytes[rnd.IntN(len(f.bytes))]}
}

// mediaSizes collects measures around the bounds of every media rule anywhere in
// the schema; nil when there is none.
func mediaSizes(v *jsontree.Value) *fileSizes {
	out := fileSizes{width: []int{0, 1, 1000}, height: []int{0, 1, 1000}, bytes: []int64{0, 1, 1 << 40}}
	found := false
	var walk func(v *jsontree.Value)
	walk = func(v *jsontree.Value) {
		for _, rule := range v.Get("validations").Items() {
			found = true
			out.around(rule)
		}
		for _, e := range v.Elems {
			walk(e)
		}
		for _, m := range v.Members {
			walk(m.Value)
		}
	}
	walk(v)
	if !found {
		return nil
	}
	return &out
}

func (f *fileSizes) around(rule *jsontree.Value) {
	bound := rational(rule.Get("validation_value"))
	if bound == nil || bound.Sign() <= 0 {
		return
	}
	x, _ := bound.Float64()
	name := rule.Get("validation_rule").Str()
	metric := strings.TrimRight(name, "<>=")
	known := slices.Contains([]string{">", "<", ">=", "<=", "=="}, name[len(metric):])
	switch metric {
	case "width_pixels":
		f.width = append(f.width, int(x)-1, int(x), int(x)+1)
	case "height_pixels":
		f.height = append(f.height, int(x)-1, int(x), int(x)+1)
	case "width/height":
		// The bound as a fraction, and its neighbours.
		w, h := int(1000*x), 1000
		f.width, f.height = append(f.width, w-1, w, w+1), append(f.height, h)
	case "file_size_mb":
		for _, unit := range []float64{1e6, 1 << 20} {
			n := int64(x * unit)
			f.bytes = append(f.bytes, n-1, n, n+1)
		}
	default:
		known = false
	}
	f.known = f.known || known
}
