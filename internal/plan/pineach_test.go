package plan

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/schema"
)

// TestPinEachIsPin draws models whose names meet in many ways, before and after
// an update, and compares with Pin, which has them all at once.
func TestPinEachIsPin(t *testing.T) {
	segments := []string{"a", "A", "b", "a b", "a_b", "decode", "input", "2", "2.5", "mode", "mode-type"}
	property := []string{"mode", "Mode", "mode_type", "a", "input"}
	document := func(r *rand.Rand, id string) *schema.Document {
		text := fmt.Sprintf(`{"model_id": %q, "input": {"type": "object", "properties": {`, id)
		for i, n := range r.Perm(len(property))[:1+r.IntN(3)] {
			if i > 0 {
				text += ","
			}
			text += fmt.Sprintf(`%q: {"type": "string", "enum": ["a", "A", "b%d"]}`, property[n], r.IntN(2))
		}
		doc, diags := schema.Read(id, []byte(text+"}}}"))
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		return doc
	}
	met := 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(15, seed))
		before, after := map[string]*schema.Document{}, map[string]*schema.Document{}
		var ids []string
		var old, docs []*schema.Document
		for range 2 + r.IntN(12) {
			id := fmt.Sprintf("v%d/%s/%s", r.IntN(2), segments[r.IntN(len(segments))], segments[r.IntN(len(segments))])
			if before[id] != nil || after[id] != nil {
				continue
			}
			ids = append(ids, id)
			if r.IntN(3) > 0 {
				before[id] = document(r, id)
				old = append(old, before[id])
			}
			if before[id] == nil || r.IntN(4) > 0 {
				after[id] = document(r, id)
				docs = append(docs, after[id])
			}
		}
		pins, _ := Pin(nil, old, Pins{})
		want, wantDiags := Pin(old, docs, pins)
		wantDiags.Sort()
		got, gotDiags, err := PinEach(ids, pins, func(string) bool { return true },
			func(id string) (*schema.Document, *schema.Document, error) { return before[id], after[id], nil })
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want.Bytes()), string(got.Bytes())); d != "" {
			t.Fatalf("seed %d, %v: %s", seed, ids, d)
		}
		if d := cmp.Diff(append(diag.List{}, wantDiags...), append(diag.List{}, gotDiags...)); d != "" {
			t.Fatalf("seed %d: %s", seed, d)
		}
		if len(families(ids, pins, pins.byModel())) < len(ids) {
			met++
		}
	}
	if met < 100 {
		t.Errorf("only %d of the draws have names that meet", met)
	}
}

// TestPinEachLoadsWhatMayMeet leaves the other documents alone.
func TestPinEachLoadsWhatMayMeet(t *testing.T) {
	docs := map[string]*schema.Document{}
	var ids []string
	var all []*schema.Document
	for _, id := range []string{"v/one/edit", "v/one/edit-video", "v/two", "w/two", "v/three"} {
		doc, _ := schema.Read(id, []byte(`{"model_id": "`+id+`", "input": {"type": "object", "properties": {}}}`))
		docs[id], ids, all = doc, append(ids, id), append(all, doc)
	}
	pins, _ := Pin(nil, all, Pins{})
	loaded := map[string]bool{}
	var mu sync.Mutex
	_, _, err := PinEach(ids, pins, func(id string) bool { return id == "v/one/edit" || id == "w/two" },
		func(id string) (*schema.Document, *schema.Document, error) {
			mu.Lock()
			defer mu.Unlock()
			loaded[id] = true
			return docs[id], docs[id], nil
		})
	want := map[string]bool{"v/one/edit": true, "v/one/edit-video": true, "v/two": true, "w/two": true}
	if d := cmp.Diff(want, loaded); d != "" || err != nil {
		t.Error(d, err)
	}
}
