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
// again fixes it. Files without a change are not touched.
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
	for _, c := range writes {
		if err := s.mkdir(path.Dir(c.Path)); err != nil {
			return fmt.Errorf("writing %s, nothing was changed: %w", c.Path, err)
		}
	}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	s.temps = make([]string, len(writes))
	for i, c := range writes {
		group.Go(func() (err error) {
			if s.temps[i], err = write(p.Dir, c); err != nil {
				return fmt.Errorf("writing %s, nothing was changed: %w", c.Path, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, c := range writes {
		if err := os.Rename(s.temps[i], filepath.Join(p.Dir, filepath.FromSlash(c.Path))); err != nil {
			return fmt.Errorf("replacing %s after %d of %d files: %w", c.Path, i, len(writes), err)
		}
		s.temps[i] = ""
	}
	for i, c := range deletes {
		if err := s.root.Remove(c.Path); err != nil {
			return fmt.Errorf("deleting %s after %d of %d files: %w", c.Path, i, len(deletes), err)
		}
		s.prune(path.Dir(c.Path))
	}
	return nil
}

// stage is what one Apply has put on disk so far.
type stage struct {
	root  *os.Root
	above []string        // folders made for the root to exist, outermost first
	dirs  []string        // folders made below the root, outermost first
	made  map[string]bool // the folders below the root that are there: by this Apply or before
	temps []string        // temporary files; "" where there is none (any more)
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
// permissions over. That no folder on the way leads out of dir was seen when
// mkdir passed through the root; to open them all for each file once more takes
// longer than to write it.
func write(dir string, c Change) (temp string, err error) {
	content, err := c.content()
	if err != nil {
		return "", err
	}
	target := filepath.Join(dir, filepath.FromSlash(c.Path))
	temp = filepath.Join(filepath.Dir(target), tempPrefix+rand.Text()+tempSuffix)
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return "", err
	}
	_, err = f.Write(content)
	if c.Action != Create && err == nil {
		var info fs.FileInfo
		if info, err = os.Lstat(target); err == nil {
			err = f.Chmod(info.Mode().Perm())
		}
	}
	return temp, errors.Join(err, f.Close())
}

// mkdir makes a folder below the root with those above it.
func (s *stage) mkdir(dir string) error {
	if _, known := s.made[dir]; dir == "." || known {
		return nil
	}
	parent := path.Dir(dir)
	if err := s.mkdir(parent); err != nil {
		return err
	}
	if s.made == nil {
		s.made = map[string]bool{".": len(s.above) > 0}
	}
	if !s.made[parent] { // else nothing is in it yet
		if _, err := s.root.Stat(dir); err == nil {
			s.made[dir] = false
			return nil
		}
	}
	err := s.root.Mkdir(dir, 0o755)
	if err == nil {
		s.made[dir] = true
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
	for _, temp := range s.temps {
		if temp != "" {
			os.Remove(temp)
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
