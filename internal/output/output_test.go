package output

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// banner is what the tests' own files begin with.
const banner = "// Written by a test."

// bannered owns the Go files that begin with the banner.
func bannered() Owner {
	return Owner{Ext: ".go", Owns: func(_ string, content []byte) bool { return strings.HasPrefix(string(content), banner) }}
}

const ours = banner + "\n\npackage p\n"

// folder makes a folder of the files and returns it.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		put(t, dir, name, text)
	}
	return dir
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	p := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// tree reads a folder back; folders end in "/".
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	got := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, entry fs.DirEntry, err error) error {
		if err != nil || p == dir {
			return err
		}
		name, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if entry.IsDir() {
			got[name+"/"] = ""
			return nil
		}
		text, err := os.ReadFile(p)
		got[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func compare(t *testing.T, dir string, owner Owner, files map[string]string) *Plan {
	t.Helper()
	p, err := Compare(dir, list(files), owner)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func list(files map[string]string) []File {
	var wanted []File
	for name, text := range files {
		wanted = append(wanted, File{Path: name, Content: []byte(text)})
	}
	return wanted
}

func apply(t *testing.T, p *Plan) {
	t.Helper()
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
}

// summary writes a plan as one line per change.
func summary(p *Plan) string {
	var b strings.Builder
	for _, c := range p.Changes {
		b.WriteString(c.Action.String() + " " + c.Path + "\n")
	}
	return b.String()
}

func TestPlanCreatesReplacesDeletesAndKeepsTheRest(t *testing.T) {
	dir := folder(t, map[string]string{
		"same.go":         ours,
		"edited.go":       ours + "// edited\n",
		"extra.go":        strings.ReplaceAll(ours, "\n", "\r\n"), // as git may check it out on Windows
		"hand.go":         "package p\n",
		"quoted.go":       "package p\n" + banner + "\n", // the banner is a first line or none
		"banner.txt":      ours,
		"below/banner.go": ours,
	})
	p := compare(t, dir, bannered(), map[string]string{"same.go": ours, "edited.go": ours, "new.go": ours})
	want := "replace edited.go\ndelete extra.go\ncreate new.go\n"
	if d := cmp.Diff(want, summary(p)); d != "" {
		t.Fatal(d)
	}
	if p.Unchanged != 1 || p.Count(Create) != 1 {
		t.Errorf("%d unchanged, %d created", p.Unchanged, p.Count(Create))
	}
	apply(t, p)
	after := map[string]string{
		"same.go": ours, "edited.go": ours, "new.go": ours, "hand.go": "package p\n",
		"quoted.go": "package p\n" + banner + "\n", "banner.txt": ours, "below/": "", "below/banner.go": ours,
	}
	if d := cmp.Diff(after, tree(t, dir)); d != "" {
		t.Error(d)
	}
}

func TestUnchangedFilesKeepTheirTime(t *testing.T) {
	dir := folder(t, map[string]string{"same.go": ours, "edited.go": ours + "// edited\n"})
	old := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	for _, name := range []string{"same.go", "edited.go"} {
		if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	apply(t, compare(t, dir, bannered(), map[string]string{"same.go": ours, "edited.go": ours}))
	for name, kept := range map[string]bool{"same.go": true, "edited.go": false} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.ModTime().Equal(old) != kept {
			t.Errorf("%s has time %v", name, info.ModTime())
		}
	}
}

func TestReplacedFilesKeepTheirPermissions(t *testing.T) {
	dir := folder(t, map[string]string{"a.go": ours + "// edited\n"})
	if err := os.Chmod(filepath.Join(dir, "a.go"), 0o600); err != nil {
		t.Fatal(err)
	}
	apply(t, compare(t, dir, bannered(), map[string]string{"a.go": ours}))
	info, err := os.Stat(filepath.Join(dir, "a.go"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("permissions are %v", info.Mode().Perm())
	}
}

func TestEveryTakenPlaceIsNamedAndNothingPlanned(t *testing.T) {
	dir := folder(t, map[string]string{"hand.go": "package p\n", "folder.go/x": "", "Case.go": ours, "parent": ""})
	if err := os.Symlink(filepath.Join(dir, "hand.go"), filepath.Join(dir, "link.go")); err != nil {
		t.Fatal(err)
	}
	_, err := Compare(dir, list(map[string]string{"hand.go": ours, "folder.go": ours, "link.go": ours,
		"case.go": ours, "parent/below.go": ours}), bannered())
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"hand.go is needed but was not written by genclient",
		"folder.go is needed but is not a regular file", "link.go is needed but is not a regular file",
		"case.go and Case.go differ in case only", "parent/below.go"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
}

func TestPathsStayInTheFolder(t *testing.T) {
	for _, name := range []string{"../out.go", "/abs.go", "a/../../out.go", "", ".", "a//b.go"} {
		if _, err := Compare(t.TempDir(), []File{{Path: name}}, bannered()); err == nil {
			t.Errorf("%q is taken", name)
		}
	}
	if _, err := Compare(t.TempDir(), []File{{Path: "a.go"}, {Path: "A.go"}}, bannered()); err == nil {
		t.Error("two paths that differ in case only are taken")
	}
}

func TestLinkedFolderIsNotFollowedOut(t *testing.T) {
	outside := folder(t, map[string]string{"victim.json": "old"})
	dir := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "vendor")); err != nil {
		t.Fatal(err)
	}
	owner := Owner{Ext: ".json", Deep: true, Owns: func(string, []byte) bool { return true }}
	for _, name := range []string{"vendor/victim.json", "vendor/new.json"} {
		if p, err := Compare(dir, []File{{Path: name, Content: []byte("new")}}, owner); err == nil {
			t.Errorf("%s is planned: %s", name, summary(p))
		}
	}
	if d := cmp.Diff(map[string]string{"victim.json": "old"}, tree(t, outside)); d != "" {
		t.Error(d)
	}
}

func TestFoldersAreMadeAndEmptiedOnesRemoved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "yet")
	owner := Owner{Ext: ".json", Deep: true, Owns: func(_ string, text []byte) bool { return string(text) == "{}" }}
	apply(t, compare(t, dir, owner, map[string]string{"a/b/one.json": "{}", "a/two.json": "{}"}))
	put(t, dir, "a/notes.json", "by hand")
	apply(t, compare(t, dir, owner, map[string]string{"c.json": "{}"}))
	if d := cmp.Diff(map[string]string{"a/": "", "a/notes.json": "by hand", "c.json": "{}"}, tree(t, dir)); d != "" {
		t.Error(d)
	}
}

// TestNestedFoldersGoWithTheirLastFile: each level that a deletion leaves empty
// goes, and the root, which is not the run's own, stays.
func TestNestedFoldersGoWithTheirLastFile(t *testing.T) {
	dir := filepath.Join(folder(t, map[string]string{"root/a/b/c/one.json": "{}", "root/a/b/two.json": "{}", "root/d/e/f/three.json": "{}"}), "root")
	owner := Owner{Ext: ".json", Deep: true, Owns: func(string, []byte) bool { return true }}
	apply(t, compare(t, dir, owner, map[string]string{"d/four.json": "{}"}))
	if d := cmp.Diff(map[string]string{"d/": "", "d/four.json": "{}"}, tree(t, dir)); d != "" {
		t.Error(d)
	}
	apply(t, compare(t, dir, owner, nil))
	if d := cmp.Diff(map[string]string{}, tree(t, dir)); d != "" {
		t.Error(d)
	}
}

// TestPlaceholderTakesTheFilesPlace: a file that is not wanted becomes its
// placeholder, a placeholder that is to stay is no change, and what has none is
// deleted.
func TestPlaceholderTakesTheFilesPlace(t *testing.T) {
	dir := folder(t, map[string]string{"a.go": ours, "b.go": ours + "// empty\n", "c.go": ours + "// gone\n", "hand.go": "package p\n"})
	if err := os.Chmod(filepath.Join(dir, "a.go"), 0o600); err != nil {
		t.Fatal(err)
	}
	owner := bannered()
	owner.Placeholder = func(name string, content []byte) []byte {
		if name == "c.go" {
			return nil
		}
		return []byte(ours + "// empty\n")
	}
	p := compare(t, dir, owner, nil)
	if d := cmp.Diff("delete a.go\ndelete c.go\n", summary(p)); d != "" {
		t.Fatal(d)
	}
	if diff := p.Diff(); !strings.Contains(diff, "+++ b/a.go\n") || !strings.Contains(diff, "+// empty\n") || !strings.Contains(diff, "+++ /dev/null\n") {
		t.Errorf("diff:\n%s", diff)
	}
	apply(t, p)
	if d := cmp.Diff(map[string]string{"a.go": ours + "// empty\n", "b.go": ours + "// empty\n", "hand.go": "package p\n"}, tree(t, dir)); d != "" {
		t.Error(d)
	}
	if info, err := os.Stat(filepath.Join(dir, "a.go")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("permissions %v, %v", info.Mode(), err)
	}
	if p.Count(Delete) != 2 || p.Placeholders() != 1 {
		t.Errorf("%d deletions, %d placeholders", p.Count(Delete), p.Placeholders())
	}
}

// TestFailedStagingLeavesNoTrace puts a file where a folder is needed, after the
// plan was made: the file that is staged before it must go again.
func TestFailedStagingLeavesNoTrace(t *testing.T) {
	dir := folder(t, map[string]string{"old.go": ours, "stays.go": ours + "// edited\n"})
	owner := Owner{Ext: ".go", Deep: true, Owns: bannered().Owns}
	p := compare(t, dir, owner, map[string]string{"a/b/one.go": ours, "stays.go": ours, "z/two.go": ours})
	put(t, dir, "z", "in the way")
	err := p.Apply()
	if err == nil || !strings.Contains(err.Error(), "writing z/two.go, nothing was changed") {
		t.Fatalf("error %v", err)
	}
	want := map[string]string{"old.go": ours, "stays.go": ours + "// edited\n", "z": "in the way"}
	if d := cmp.Diff(want, tree(t, dir)); d != "" {
		t.Error(d)
	}
}

// TestLinksOutOfTheFolderAreNotFollowed: a link that was there is no way out.
func TestLinksOutOfTheFolderAreNotFollowed(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "a")); err != nil {
		t.Skip(err)
	}
	p := &Plan{Dir: dir, Changes: []Change{{Action: Create, Path: "a/b/x.go", New: []byte(ours)}, {Action: Create, Path: "a/y.go", New: []byte(ours)}}}
	if err := p.Apply(); err == nil || !strings.Contains(err.Error(), "nothing was changed") {
		t.Errorf("error %v", err)
	}
	if d := cmp.Diff(map[string]string{}, tree(t, outside)); d != "" {
		t.Error(d)
	}
}

// TestFailedStagingRemovesTheFoldersItMade wants a folder whose name is longer
// than file systems take.
func TestFailedStagingRemovesTheFoldersItMade(t *testing.T) {
	parent := t.TempDir()
	p := compare(t, filepath.Join(parent, "new", "out"), bannered(),
		map[string]string{"a/b.go": ours, "b.go": ours, "c/" + strings.Repeat("x", 1000) + "/d.go": ours})
	if err := p.Apply(); err == nil {
		t.Fatal("no error")
	}
	if d := cmp.Diff(map[string]string{}, tree(t, parent)); d != "" {
		t.Error(d)
	}
}

// TestFailedRenameLeavesNoHalfFile puts a folder where a file is to go, after the
// plan was made.
func TestFailedRenameLeavesNoHalfFile(t *testing.T) {
	dir := t.TempDir()
	p := compare(t, dir, bannered(), map[string]string{"a.go": ours, "b.go": ours, "c.go": ours})
	put(t, dir, "b.go/x", "")
	err := p.Apply()
	if err == nil || !strings.Contains(err.Error(), "replacing b.go after 1 of 3 files") {
		t.Fatalf("error %v", err)
	}
	if d := cmp.Diff(map[string]string{"a.go": ours, "b.go/": "", "b.go/x": ""}, tree(t, dir)); d != "" {
		t.Error(d)
	}
}

func TestNextRunRemovesWhatAKilledRunLeft(t *testing.T) {
	dir := folder(t, map[string]string{".genclient-ABC.tmp": ours, "a.go": ours, ".genclient-notes.txt": "by hand"})
	p := compare(t, dir, bannered(), map[string]string{"a.go": ours})
	if len(p.Changes) != 0 {
		t.Errorf("a temporary file is drift: %s", summary(p))
	}
	apply(t, p)
	if d := cmp.Diff(map[string]string{"a.go": ours, ".genclient-notes.txt": "by hand"}, tree(t, dir)); d != "" {
		t.Error(d)
	}
}

func TestDiff(t *testing.T) {
	dir := folder(t, map[string]string{"a.go": ours + "var a int\n", "b.go": ours})
	p := compare(t, dir, bannered(), map[string]string{"a.go": ours, "c.go": ours})
	want := `--- a/a.go
+++ b/a.go
@@ -1,4 +1,3 @@
 // Written by a test.
 
 package p
-var a int
--- a/b.go
+++ /dev/null
@@ -1,3 +0,0 @@
-// Written by a test.
-
-package p
--- /dev/null
+++ b/c.go
@@ -0,0 +1,3 @@
+// Written by a test.
+
+package p
`
	if d := cmp.Diff(want, p.Diff()); d != "" {
		t.Error(d)
	}
}

func TestIgnoreLineEnds(t *testing.T) {
	p := &Plan{Unchanged: 1, Changes: []Change{
		{Action: Replace, Path: "a.go", Old: []byte("a\r\nb\r\n"), New: []byte("a\nb\n")},
		{Action: Replace, Path: "b.go", Old: []byte("a\r\nc\r\n"), New: []byte("a\nb\n")},
		{Action: Create, Path: "c.go", New: []byte("a\n")},
	}}
	if n := p.IgnoreLineEnds(); n != 1 || p.Unchanged != 2 || len(p.Changes) != 2 || p.Changes[0].Path != "b.go" {
		t.Errorf("%d, %+v", n, p)
	}
}
