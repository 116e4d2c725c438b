package plan

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPlanIsDeterministic plans the same documents in any order and on any
// number of processors.
func TestPlanIsDeterministic(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	docs := randomDocs(t, r, 40)
	want, wantDiags := Build(docs, Pins{}, Options{Package: "client"})
	wantPins, _ := Pin(nil, docs, Pins{})
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, processors := range []int{1, 2, 4} {
		runtime.GOMAXPROCS(processors)
		r.Shuffle(len(docs), func(i, j int) { docs[i], docs[j] = docs[j], docs[i] })
		got, diags := Build(docs, Pins{}, Options{Package: "client"})
		pins, _ := Pin(nil, docs, Pins{})
		if d := cmp.Diff(want.Text()+diagText(wantDiags)+string(wantPins.Bytes()), got.Text()+diagText(diags)+string(pins.Bytes())); d != "" {
			t.Errorf("%d processors: -sorted +shuffled\n%s", processors, d)
		}
	}
}
