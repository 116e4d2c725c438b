package plan

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/schema"
)

// PinEach is Pin for more documents than are wanted in memory at once. load
// returns the documents of a model before and after, nil where there is none;
// it is called concurrently, for the models that touched reports and for those
// whose names could meet theirs. ids are all models of either side.
//
// The names of a model in the package begin with the model's own, so only models
// of which one has a name that begins as the other's are looked at together.
func PinEach(ids []string, pins Pins, touched func(id string) bool,
	load func(id string) (before, after *schema.Document, err error)) (Pins, diag.List, error) {
	out := Pins{names: maps.Clone(pins.names), source: pins.source, places: pins.places}
	var diags diag.List
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	own := pins.byModel()
	all := map[string]bool{}
	for _, id := range ids {
		all[id] = true
	}
	for _, family := range families(slices.Concat(ids, slices.Collect(maps.Keys(own))), pins, own) {
		moved := func(id string) bool { return all[id] && (touched(id) || pins.names[id] == "") }
		if !slices.ContainsFunc(family, moved) {
			continue
		}
		group.Go(func() error {
			var before, after []*schema.Document
			some := Pins{names: map[string]string{}, source: pins.source, places: pins.places}
			for _, id := range family {
				for _, key := range own[id] {
					some.names[key] = pins.names[key]
				}
				if !all[id] {
					continue // vanished, with a pin left
				}
				b, a, err := load(id)
				if err != nil {
					return fmt.Errorf("pinning the names of %s: %w", id, err)
				}
				if b != nil {
					before = append(before, b)
				}
				if a != nil {
					after = append(after, a)
				}
			}
			pinned, list := Pin(before, after, some)
			mu.Lock()
			defer mu.Unlock()
			diags = append(diags, list...)
			for key, name := range pinned.names {
				out.add(key, name)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return pins, nil, err
	}
	diags.Sort()
	return out, diags, nil
}

// byModel returns the keys of all pins by the model that they belong to.
func (p Pins) byModel() map[string][]string {
	keys := map[string][]string{}
	for key := range p.names {
		id, _, _ := strings.Cut(key, "#")
		keys[id] = append(keys[id], key)
	}
	return keys
}

// families takes model ids apart into sets whose names in a package cannot meet.
// Each set is sorted, and so are the sets.
func families(ids []string, pins Pins, own map[string][]string) [][]string {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	type claim struct {
		name string
		id   int
	}
	var claims []claim
	for i, id := range ids {
		names := []string{modelName(id), identifier(id), pins.names[id]}
		for _, key := range own[id] {
			if strings.HasSuffix(key, " type") || strings.Contains(key, "=") {
				names = append(names, pins.names[key]) // may be by hand
			}
		}
		for _, name := range names {
			if name = alike(name); name != "" {
				claims = append(claims, claim{name, i}, claim{"decode" + name, i})
			}
		}
	}
	slices.SortFunc(claims, func(a, b claim) int { return strings.Compare(a.name, b.name) })
	parent := make([]int, len(ids))
	for i := range parent {
		parent[i] = i
	}
	root := func(i int) int {
		for parent[i] != i {
			parent[i] = parent[parent[i]]
			i = parent[i]
		}
		return i
	}
	var open []claim // each begins the one after it
	for _, c := range claims {
		for len(open) > 0 && !strings.HasPrefix(c.name, open[len(open)-1].name) {
			open = open[:len(open)-1]
		}
		if len(open) > 0 {
			a, b := root(open[len(open)-1].id), root(c.id)
			parent[max(a, b)] = min(a, b)
		}
		open = append(open, c)
	}
	sets := make([][]string, len(ids))
	for i, id := range ids {
		sets[root(i)] = append(sets[root(i)], id)
	}
	return slices.DeleteFunc(sets, func(set []string) bool { return len(set) == 0 })
}

// alike writes names so that those which could share a name or a file, or of
// which one begins as the other, compare as such.
func alike(name string) string { return strings.ReplaceAll(strings.ToLower(name), "_", "") }
