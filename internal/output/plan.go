// Package output brings a folder to the state that a run wants. Compare reads
// the folder and says what differs, as a Plan; the plan is then applied, shown
// as a diff, or listed as drift. Only Apply writes.
//
// A file is replaced or deleted only when genclient wrote it. A wanted file
// whose place is taken by anything else is an error, before a byte is written.
package output

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// File is one wanted file.
type File struct {
	Path    string // slash-separated, below the folder
	Content []byte
	// Load, unless nil, gives the content when it is written, in place of
	// Content: of many large files only a few are then in memory. The caller
	// knows that the file has another content, or that there is none.
	Load func() ([]byte, error)
	// Keep says that the caller knows the file to be in its place as it should
	// be: it is not looked at.
	Keep bool
}

// Owner says which files of a folder are genclient's own.
type Owner struct {
	Ext  string // the ending of the files looked at, as ".go"
	Deep bool   // whether the folders below belong to it too
	// Folders are those below that belong to it although it is not deep.
	Folders []string
	// Owns reports whether genclient wrote an existing file.
	Owns func(path string, content []byte) bool
	// Placeholder returns what is left in the place of a file that is not wanted:
	// the content it has, for a file that is to stay; nil, as a nil func does, to
	// delete the file.
	Placeholder func(path string, content []byte) []byte
}

// Action is what happens to a file.
type Action uint8

// The actions.
const (
	Create Action = iota
	Replace
	Delete
)

// String returns "create", "replace" or "delete".
func (a Action) String() string { return [...]string{"create", "replace", "delete"}[a] }

// Drift names the action's cause as --check lists it: the file is "missing",
// "differs" from what would be generated, or is "not wanted".
func (a Action) Drift() string { return [...]string{"missing", "differs", "not wanted"}[a] }

// MarshalText writes an action as its name.
func (a Action) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// Change is one file that differs from what is wanted.
type Change struct {
	Action   Action
	Path     string // slash-separated, below the folder
	Old, New []byte // nil where there is no file; New of Delete is its placeholder, if any, and nil where it is loaded

	load func() ([]byte, error)
}

// content returns the new content of the file.
func (c Change) content() ([]byte, error) {
	if c.load != nil {
		return c.load()
	}
	return c.New, nil
}

// Plan is what it takes to bring a folder to the wanted state.
type Plan struct {
	Dir       string
	Changes   []Change // sorted by path
	Unchanged int      // wanted files that are there already, byte by byte

	stale []string // temporary files that a killed run left
}

// Count returns how many changes have the action.
func (p *Plan) Count(a Action) int {
	n := 0
	for _, c := range p.Changes {
		if c.Action == a {
			n++
		}
	}
	return n
}

// Placeholders returns how many of the files to be deleted leave a placeholder.
func (p *Plan) Placeholders() int {
	n := 0
	for _, c := range p.Changes {
		if c.Action == Delete && c.New != nil {
			n++
		}
	}
	return n
}

// IgnoreLineEnds takes files out of the plan that differ from what is wanted in
// their line ends only, CRLF for LF as git checks text out on Windows, and
// returns their number. They count as unchanged.
func (p *Plan) IgnoreLineEnds() int {
	before := len(p.Changes)
	p.Changes = slices.DeleteFunc(p.Changes, func(c Change) bool {
		return c.Action == Replace && bytes.Equal(bytes.ReplaceAll(c.Old, []byte("\r\n"), []byte("\n")), c.New)
	})
	n := before - len(p.Changes)
	p.Unchanged += n
	return n
}

// Compare reads the folder dir, which need not exist, and returns what must
// change for it to hold the wanted files and no other file of the owner. It
// writes nothing. The error names every wanted path that cannot be taken.
func Compare(dir string, wanted []File, owner Owner) (*Plan, error) {
	p := &Plan{Dir: dir}
	taken, err := checkPaths(wanted)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		for _, f := range wanted {
			p.Changes = append(p.Changes, Change{Action: Create, Path: f.Path, New: f.Content, load: f.Load})
		}
		p.sort()
		return p, nil
	}
	if err != nil {
		return nil, fmt.Errorf("opening the folder: %w", err)
	}
	defer root.Close()
	changes := make([]*Change, len(wanted))
	errs := make([]error, len(wanted))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, f := range wanted {
		if f.Keep {
			continue
		}
		group.Go(func() error {
			changes[i], errs[i] = p.compareFile(root, f, owner)
			return nil
		})
	}
	group.Wait()
	for i, c := range changes {
		switch {
		case c != nil:
			p.Changes = append(p.Changes, *c)
		case errs[i] == nil:
			p.Unchanged++
		}
	}
	errs = append(errs, p.findOthers(taken, owner))
	p.sort()
	return p, errors.Join(errs...)
}

// checkPaths refuses paths that leave the folder and pairs that a file system
// without case would take for one. It returns the paths by their lower case.
func checkPaths(wanted []File) (map[string]string, error) {
	taken := make(map[string]string, len(wanted))
	for _, f := range wanted {
		if !fs.ValidPath(f.Path) || f.Path == "." || !filepath.IsLocal(filepath.FromSlash(f.Path)) {
			return nil, fmt.Errorf("%q is not a path below the folder", f.Path)
		}
		lower := strings.ToLower(f.Path)
		if other, ok := taken[lower]; ok {
			return nil, fmt.Errorf("%s and %s are one file on some systems", other, f.Path)
		}
		taken[lower] = f.Path
	}
	return taken, nil
}

func (p *Plan) sort() {
	slices.SortFunc(p.Changes, func(a, b Change) int { return cmp.Compare(a.Path, b.Path) })
}

// compareFile compares one wanted file with what is in its place. It returns nil
// for a file that is as wanted.
func (p *Plan) compareFile(root *os.Root, f File, owner Owner) (*Change, error) {
	info, err := root.Lstat(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return &Change{Action: Create, Path: f.Path, New: f.Content, load: f.Load}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading a file: %w", err)
	}
	shown := path.Join(filepath.ToSlash(p.Dir), f.Path)
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is needed but is not a regular file: move it away", shown)
	}
	old, err := root.ReadFile(f.Path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading a file: %w", err)
	case f.Load == nil && bytes.Equal(old, f.Content):
		return nil, nil
	case !owner.Owns(f.Path, old):
		return nil, fmt.Errorf("%s is needed but was not written by genclient: move it away", shown)
	}
	return &Change{Action: Replace, Path: f.Path, Old: old, New: f.Content, load: f.Load}, nil
}

// findOthers plans the deletion of the owner's files that are not wanted.
func (p *Plan) findOthers(taken map[string]string, owner Owner) error {
	fsys := os.DirFS(p.Dir) // it opens a folder in one step; links are not followed
	return fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("reading the folder: %w", err)
		case entry.IsDir() && name != "." && !owner.Deep && !slices.Contains(owner.Folders, name):
			return fs.SkipDir
		case !entry.Type().IsRegular():
			return nil
		case isTemp(name):
			p.stale = append(p.stale, name)
			return nil
		case path.Ext(name) != owner.Ext:
			return nil
		}
		same, clash := taken[strings.ToLower(name)]
		if same == name {
			return nil
		}
		content, err := fs.ReadFile(fsys, name)
		if err != nil {
			return fmt.Errorf("reading a file: %w", err)
		}
		if !owner.Owns(name, content) {
			return nil
		}
		if clash {
			// Where case does not count, deleting the one would delete the other.
			return fmt.Errorf("%s and %s differ in case only: delete the second", same, name)
		}
		var left []byte
		if owner.Placeholder != nil {
			left = owner.Placeholder(name, content)
		}
		if left == nil || !bytes.Equal(left, content) {
			p.Changes = append(p.Changes, Change{Action: Delete, Path: name, Old: content, New: left})
		}
		return nil
	})
}
