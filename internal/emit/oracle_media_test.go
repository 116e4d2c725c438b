package emit_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/ir"

	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/validate"
)

// mediaMeasurements is how many sets of measured files each model's rules are
// put to.
const mediaMeasurements = 200

// compareMedia asks EvaluateMedia and the judge's media rules about files with
// measures at and around every bound of the model.
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
		for _, f := range m.judge.Validate(a.Body, func(uri string) (validate.Media, bool) {
			file, ok := requests[i].Media[files[uri]]
			return validate.Media{Width: file.Width, Height: file.Height, Bytes: file.Bytes}, ok
		}) {
			switch {
			case !strings.ContainsAny(f.Keyword, "<>="):
			case !inReach(m.plan.Input, body, f.Path):
				figures.except(exceptDeep, 1)
			default:
				judged = append(judged, f.Path+" "+f.Keyword)
			}
		}
		slices.Sort(generated)
		slices.Sort(judged)
		if diff := cmp.Diff(judged, generated); diff != "" {
			t.Fatalf("the judge and EvaluateMedia differ (-judge +generated):\n%s\n\tmeasured %+v\n\tinstance %s", diff, requests[i].Media, requests[i].Instance)
		}
		broken += len(judged)
	}
	figures.media.Add(mediaMeasurements)
	if broken == 0 && len(files) > 0 && len(m.plan.Input.Fields) > 0 && sizes.known {
		t.Error("no measured file breaks any rule")
	}
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
