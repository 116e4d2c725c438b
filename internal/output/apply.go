package output

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Temporary files are named tempPrefix, random letters, tempSuffix: the go
// command and library.Load overlook them, and the next run knows them as its own.
const (
	tempPrefix = ".genclient-"
	tempSuffix = ".tmp"
)

func isTemp(name string) bool {
	base := path.Base(name)
	return strings.HasPrefix(base, tempPrefix) && strings.HasSuffix(base, tempSuffix)
}

// Apply carries the plan out. All content is first staged in temporary files
// beside the targets, so that a full disk or a missing permission is met before
// the first target changes; then the files are renamed into place, then the
// unwanted ones deleted. When staging fails, the folder is as it was. A failure
// after that leaves some files new and some old, none half-written; running
// again mends it. Files without a change are not touched.
//
// This is not a job for a library of atomic files such as renameio: those flush
// every file to the disk, which costs seconds for a thousand models and buys
// nothing for content that can be generated again, and do not build on Windows.
func (p *Plan) Apply() error {
	if len(p.Changes)+len(p.stale) == 0 {
		return nil
	}
	var s stage
	err := p.carryOut(&s)
	if err != nil {
		s.undo()
	}
	if s.root != nil {
		s.root.Close()
	}
	if err != nil {
		s.undoAbove()
	}
	return err
}

func (p *Plan) carryOut(s *stage) error {
	if err := s.open(p.Dir); err != nil {
		return fmt.Errorf("opening the folder: %w", err)
	}
	for _, name := range p.stale {
		if err := s.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing what a killed run left: %w", err)
		}
	}
	var writes, deletes []Change
	for _, c := range p.Changes {
		if c.Action == Delete && c.New == nil {
			deletes = append(deletes, c)
		} else {
			writes = append(writes, c)
		}
	}
	all := batches(writes)
	for _, b := range all {
		if err := s.mkdir(b.dir); err != nil {
			return fmt.Errorf("making the folder %s, nothing was changed: %w", b.dir, err)
		}
	}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, b := range all {
		group.Go(func() error { return s.stage(b) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	done := 0
	for _, b := range all {
		n, err := s.rename(b)
		if err != nil {
			return fmt.Errorf("replacing %s after %d of %d files: %w", b.writes[n].Path, done+n, len(writes), err)
		}
		done += n
	}
	for i, c := range deletes {
		if err := s.root.Remove(c.Path); err != nil {
			return fmt.Errorf("deleting %s after %d of %d files: %w", c.Path, i, len(deletes), err)
		}
		s.prune(path.Dir(c.Path))
	}
	return nil
}

// batch is some of the files to be written in one folder. It is opened once for
// all of them: an os.Root opens every folder on the way to a file, each time.
type batch struct {
	dir    string
	writes []Change
	temps  []string // names of temporary files; "" where there is none (any more)
}

// maxBatch leaves enough batches of one large folder to be written in parallel.
const maxBatch = 32

// batches takes changes apart by their folders.
func batches(writes []Change) []*batch {
	var all []*batch
	last := map[string]*batch{}
	for _, c := range writes {
		dir := path.Dir(c.Path)
		b := last[dir]
		if b == nil || len(b.writes) == maxBatch {
			b = &batch{dir: dir}
			last[dir] = b
			all = append(all, b)
		}
		b.writes = append(b.writes, c)
	}
	return all
}

// stage is what one Apply has put on disk so far.
type stage struct {
	root  *os.Root
	above []string // folders made for the root to exist, outermost first
	dirs  []string // folders made below the root, outermost first
	there map[string]bool

	mu     sync.Mutex
	staged []*batch
}

// stage writes the new content of a folder's files into temporary ones.
func (s *stage) stage(b *batch) error {
	s.mu.Lock()
	s.staged = append(s.staged, b)
	s.mu.Unlock()
	root, err := s.root.OpenRoot(b.dir)
	if err != nil {
		return fmt.Errorf("writing %s, nothing was changed: %w", b.writes[0].Path, err)
	}
	defer root.Close()
	b.temps = make([]string, len(b.writes))
	for i, c := range b.writes {
		if b.temps[i], err = write(root, c); err != nil {
			return fmt.Errorf("writing %s, nothing was changed: %w", c.Path, err)
		}
	}
	return nil
}

// rename moves a folder's temporary files into place, and returns how many.
func (s *stage) rename(b *batch) (int, error) {
	root, err := s.root.OpenRoot(b.dir)
	if err != nil {
		return 0, err
	}
	defer root.Close()
	for i, c := range b.writes {
		if err := root.Rename(b.temps[i], path.Base(c.Path)); err != nil {
			return i, err
		}
		b.temps[i] = ""
	}
	return len(b.writes), nil
}

// open opens the root, making it and the folders above it where they miss.
func (s *stage) open(dir string) error {
	var missing []string
	for d := filepath.Clean(dir); ; d = filepath.Dir(d) {
		if _, err := os.Stat(d); err == nil || !errors.Is(err, fs.ErrNotExist) || d == filepath.Dir(d) {
			break
		}
		missing = append(missing, d)
	}
	for _, d := range slices.Backward(missing) {
		if err := os.Mkdir(d, 0o755); err != nil {
			return err
		}
		s.above = append(s.above, d)
	}
	var err error
	s.root, err = os.OpenRoot(dir)
	return err
}

// write stages the new content of one file and returns the temporary file, also
// beside an error if there is one. A file that replaces another takes its
// permissions over.
func write(root *os.Root, c Change) (temp string, err error) {
	content, err := c.content()
	if err != nil {
		return "", err
	}
	temp = tempPrefix + rand.Text() + tempSuffix
	f, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return "", err
	}
	_, err = f.Write(content)
	if c.Action != Create && err == nil {
		var info fs.FileInfo
		if info, err = root.Lstat(path.Base(c.Path)); err == nil {
			err = f.Chmod(info.Mode().Perm())
		}
	}
	return temp, errors.Join(err, f.Close())
}

// mkdir makes a folder below the root with those above it.
func (s *stage) mkdir(dir string) error {
	if dir == "." || s.there[dir] {
		return nil
	}
	if s.there == nil {
		s.there = map[string]bool{}
	}
	s.there[dir] = true // or made below
	if _, err := s.root.Stat(dir); err == nil {
		return nil
	}
	if err := s.mkdir(path.Dir(dir)); err != nil {
		return err
	}
	err := s.root.Mkdir(dir, 0o755)
	if err == nil {
		s.dirs = append(s.dirs, dir)
	}
	return err
}

// prune removes dir and the folders above it, up to the root, as far as the
// deletion of their last file has left them empty.
func (s *stage) prune(dir string) {
	for ; dir != "."; dir = path.Dir(dir) {
		if s.root.Remove(dir) != nil {
			return
		}
	}
}

// undo removes the temporary files and the folders made below the root that
// hold nothing. Errors are not looked at: the one that led here is reported.
func (s *stage) undo() {
	for _, b := range s.staged {
		for _, temp := range b.temps {
			if temp != "" {
				s.root.Remove(path.Join(b.dir, temp))
			}
		}
	}
	for _, dir := range slices.Backward(s.dirs) {
		s.root.Remove(dir)
	}
}

// undoAbove does the same for the root and the folders above it. The root is
// closed by then: Windows deletes no folder that is open.
func (s *stage) undoAbove() {
	for _, dir := range slices.Backward(s.above) {
		os.Remove(dir)
	}
}
