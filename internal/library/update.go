package library

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/plan"
	"github.com/genclient/genclient/internal/schema"
	"github.com/genclient/genclient/internal/scrape"
)

// UpdateOptions say what an update may do to a folder.
type UpdateOptions struct {
	Dir string // the folder, which need not exist
	// Select chooses the models that are updated; the others are left as they
	// are. With any no model counts as vanished.
	Select Globs
	// Min is how many models a run has to bring at the least.
	Min int
	// MaxMissing is the share of the documents whose models a run may miss. Up
	// to two may always be missing.
	MaxMissing float64
	// Prune deletes the documents of vanished models.
	Prune bool
}

// DefaultMaxMissing is the share of a site's models of which an update believes
// that they vanished at once.
const DefaultMaxMissing = 0.1

// alwaysMissing is how many models may be missing, whatever their share.
const alwaysMissing = 2

// Update brings a folder of schema documents up to date with what a run reads.
// It takes the models one by one and keeps them out of memory; nothing is
// written before Finish, and then all of it or nothing.
type Update struct {
	opts    UpdateOptions
	pins    plan.Pins
	known   map[string]known
	spool   *spool
	records map[string][]record
	seen    map[string]bool // also those that were not selected
}

// record is what one source says of one model.
type record struct {
	source int
	piece
}

// Updated is what an update did to the folder, or would have done.
type Updated struct {
	Added     []string
	Changed   []Change
	Unchanged []string
	Removed   []string // marked as removed by this run
	Pruned    []string
	Seen      int  // models that the run brought and the options select
	Written   bool // false when nothing was, as by a broken floor
}

// Change is a document that differs from before.
type Change struct {
	ID    string
	Lines []string // what differs, as a reader sees it
}

// NewUpdate reads what the folder holds. With an error in the list there is no
// update: without every document and pin, files and names could move.
func NewUpdate(opts UpdateOptions) (*Update, diag.List, error) {
	u := &Update{opts: opts, known: map[string]known{}, records: map[string][]record{}, seen: map[string]bool{}}
	var names diag.List
	var diags diag.List
	if _, err := os.Stat(opts.Dir); !errors.Is(err, fs.ErrNotExist) {
		dir := path.Clean(filepath.ToSlash(opts.Dir))
		var mu sync.Mutex
		source, list, err := walk(os.DirFS(opts.Dir), dir, func(file string, d *schema.Document) {
			k := newKnown(d, file)
			mu.Lock()
			defer mu.Unlock()
			if old, ok := u.known[k.id]; ok {
				list := sameModel(k.id, path.Join(dir, max(old.file, file)), path.Join(dir, min(old.file, file)))
				diags = append(diags, list)
				return
			}
			u.known[k.id] = k
		})
		if err != nil {
			return nil, nil, err
		}
		u.pins, names = plan.ReadPins(source)
		diags = append(append(diags, list...), names...)
	}
	if diags.HasErrors() {
		diags.Sort()
		return nil, diags, nil
	}
	var err error
	u.spool, err = newSpool()
	return u, diags, err
}

// Add takes what one source, the source'th, says of a model, as scrape.Pack
// writes it. It is not safe for concurrent use.
func (u *Update) Add(id string, source int, packed []byte) error {
	u.seen[id] = true
	if !u.opts.Select.Match(id) {
		return nil
	}
	p, err := u.spool.put(packed)
	u.records[id] = append(u.records[id], record{source, p})
	return err
}

// SeenIDs are the ids of all models that were added, selected or not, sorted.
func (u *Update) SeenIDs() []string { return slices.Sorted(maps.Keys(u.seen)) }

// Close gives up what the update holds. The folder stays as it is.
func (u *Update) Close() { u.spool.close() }

// Finish merges what was added into the folder and writes it, unless a floor is
// broken. Diagnostics say what could not be used and why nothing was written.
func (u *Update) Finish(coverage Coverage) (Updated, diag.List, error) {
	steps, diags, err := u.merge(coverage)
	if err != nil {
		return Updated{}, nil, err
	}
	out := Updated{Seen: len(u.records)}
	for _, s := range steps {
		switch s.does {
		case adds:
			out.Added = append(out.Added, s.id)
		case changes:
			out.Changed = append(out.Changed, Change{s.id, s.lines})
		case stays:
			if u.seen[s.id] && len(u.records[s.id]) > 0 {
				out.Unchanged = append(out.Unchanged, s.id)
			}
		case removes:
			out.Removed = append(out.Removed, s.id)
		case prunes:
			out.Pruned = append(out.Pruned, s.id)
		}
	}
	floors := u.floors(coverage)
	diags = append(diags, floors...)
	if len(floors) == 0 {
		var list diag.List
		list, out.Written, err = u.write(steps)
		diags = append(diags, list...)
	}
	diags.Sort()
	return out, diags, err
}

// does is what an update does to a document.
type does uint8

const (
	stays does = iota
	adds
	changes
	removes // marks it
	prunes  // deletes it
	leaves  // there is no document
)

// step is what happens to one model's document.
type step struct {
	id    string
	does  does
	lines []string
	text  piece // of the new document in the spool
	diags diag.List
}

// merge settles what happens to every document, in the order of ids.
func (u *Update) merge(coverage Coverage) ([]step, diag.List, error) {
	evidence := newEvidence(coverage, slices.Collect(maps.Values(u.known)))
	if len(u.opts.Select) > 0 {
		evidence.SiteListed, evidence.CatalogListed = false, false
	}
	ids := map[string]bool{}
	for id := range u.records {
		ids[id] = true
	}
	for id := range u.known {
		ids[id] = true
	}
	steps := make([]step, len(ids))
	var mu sync.Mutex // of the spool's end
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, id := range slices.Sorted(maps.Keys(ids)) {
		group.Go(func() error {
			s, after, err := u.step(id, &evidence)
			if err == nil && after != nil {
				mu.Lock()
				defer mu.Unlock()
				s.text, err = u.spool.put(after)
			}
			steps[i] = s
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, fmt.Errorf("updating the schemas: %w", err)
	}
	var diags diag.List
	for _, s := range steps {
		diags = append(diags, s.diags...)
	}
	return steps, diags, nil
}

// step settles what happens to the document of one model, and returns its new
// text when that is another one.
func (u *Update) step(id string, e *evidence) (step, []byte, error) {
	k, has := u.known[id]
	s := step{id: id, does: leaves}
	if has {
		s.does = stays
	}
	if len(u.records[id]) == 0 {
		return u.unseen(s, k, e)
	}
	scraped, diags, err := u.scraped(id)
	s.diags = diags
	if err != nil || scraped == nil {
		return s, nil, err
	}
	var before *schema.Document
	if has {
		if before, err = u.read(k); err != nil {
			return s, nil, err
		}
	}
	doc := apply(*scraped, before)
	if doc.Input == nil { // a catalog entry without a schema, and no page
		return s, nil, nil
	}
	after := doc.Bytes()
	switch {
	case !has:
		s.does = adds
	case bytes.Equal(after, before.Bytes()):
		return s, nil, nil
	default:
		s.does, s.lines = changes, summary(before, doc)
	}
	return s, after, nil
}

// unseen settles what happens to a document whose model the run did not bring.
func (u *Update) unseen(s step, k known, e *evidence) (step, []byte, error) {
	vanishes := !k.removed && e.vanished(k)
	switch {
	case u.opts.Prune && (k.removed || vanishes) && u.opts.Select.Match(k.id):
		s.does = prunes
		return s, nil, nil
	case !vanishes:
		return s, nil, nil
	}
	doc, err := u.read(k)
	if err != nil {
		return s, nil, err
	}
	doc.Removed = true
	s.does = removes
	return s, doc.Bytes(), nil
}

// scraped returns what all sources say of a model, nil when they cannot be
// used.
func (u *Update) scraped(id string) (*schema.Scraped, diag.List, error) {
	type found struct {
		schema.Scraped
		source int
	}
	var all []found
	var diags diag.List
	for _, r := range u.records[id] {
		packed, err := u.spool.get(r.piece)
		if err != nil {
			return nil, nil, err
		}
		s, list, err := scrape.Unpack(packed)
		if err != nil {
			return nil, nil, err
		}
		if diags = append(diags, list...); len(list) == 0 {
			all = append(all, found{s, r.source})
		}
	}
	// The order in which sources were read is chance.
	slices.SortFunc(all, func(a, b found) int {
		return cmp.Or(cmp.Compare(a.source, b.source), strings.Compare(a.Pos.File, b.Pos.File),
			cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col))
	})
	plain := make([]schema.Scraped, len(all))
	for i, f := range all {
		plain[i] = f.Scraped
	}
	combined, list := scrape.Combine(plain)
	diags = append(diags, list...)
	if len(combined) == 0 {
		return nil, diags, nil
	}
	return &combined[0], diags, nil
}

// read reads a document of the folder again.
func (u *Update) read(k known) (*schema.Document, error) {
	text, err := os.ReadFile(filepath.Join(u.opts.Dir, filepath.FromSlash(k.file)))
	if err != nil {
		return nil, fmt.Errorf("reading a schema: %w", err)
	}
	doc, diags := schema.Read(k.file, text)
	if doc == nil {
		return nil, fmt.Errorf("%s changed while it was read: %s", k.file, diags[0].Message)
	}
	return doc, nil
}
