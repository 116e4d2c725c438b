package schema

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/jsontree"
)

// trapIDs are ids whose plain file name some file system, go:embed or the
// module zip would refuse, or that would share one.
var trapIDs = []string{
	"kling/kling-video-o3/4K/image-to-video", "minimax/Hailuo Video 01 Live", "minimax/hailuo-video-01-live", "minimax/hailuo-video-01-live-2",
	"con", "aux.json", "nul/con/prn", "com1", "LPT9.txt", "com0", "console", "vendor", "a/vendor/b",
	".hidden", "_private", ".git/config", "a/_b/.c", "testdata", "go.mod", "a/go.mod",
	"names", "names.json", "names.json/x", "a/b", "a/b.json", "a/b.json/c", "a/b.JSON/c", "a/b-json/c",
	"ends.", "ends./x", "a~1", "a:b*?<>|\"\\", "модель/图像", "a b/ä", "a b/å", "K/\u212a", "main", "main.go",
	"image-to-video", "image-to-video/draft", strings.Repeat("x", maxModelID), "y/" + strings.Repeat("é", 99),
}

func TestPaths(t *testing.T) {
	ids := []string{"a/b", "A/B", "a/B", "kling/kling-video-o3/4K/x", "minimax/Hailuo Video 01 Live", "con/aux.txt", ".a/_b", "end./c.", "ä/b", "names", "a/b.json/c", "b/c.json", "vendor/x", "x/Vendor"}
	want := []string{"a/b-3.json", "a/b.json", "a/b-2.json", "kling/kling-video-o3/4k/x.json", "minimax/hailuo-video-01-live.json", "-con/-aux.txt.json", "-a/-b.json", "end-/c-.json", "-/b.json", "names-2.json", "a/b.json-/c.json", "b/c.json.json", "-vendor/x.json", "x/-vendor.json"}
	if diff := cmp.Diff(want, Paths(ids)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := Paths([]string{"", "a//b"}); !cmp.Equal(got, []string{"-.json", "a/-/b.json"}) {
		t.Errorf("ids with empty segments: %v", got)
	}
}

func TestPathsDoNotDependOnOrder(t *testing.T) {
	byID := map[string]string{}
	for i, p := range Paths(trapIDs) {
		byID[trapIDs[i]] = p
	}
	reversed := slices.Clone(trapIDs)
	slices.Reverse(reversed)
	for i, p := range Paths(reversed) {
		if byID[reversed[i]] != p {
			t.Errorf("%q: %s and %s", reversed[i], byID[reversed[i]], p)
		}
	}
}

// TestPathsEmbed writes a file for every id and embeds the folder as schemas/
// does: a program must find each of them.
func TestPathsEmbed(t *testing.T) {
	ids := slices.Clone(trapIDs)
	for _, m := range corpus(t) {
		ids = append(ids, m.Get("model_id").Str())
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	paths := Paths(ids)
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) // O_EXCL: two ids with one file fail here
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.WriteString(text); err != nil {
			t.Fatal(err)
		}
		if err := out.Close(); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module embedding\n\ngo 1.24\n")
	write("main.go", `package main

import (
	"embed"
	"encoding/json"
	"io/fs"
	"os"
)

//go:embed all:schemas
var files embed.FS

func main() {
	found := map[string]string{}
	err := fs.WalkDir(files, "schemas", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			text, _ := files.ReadFile(path)
			found[path] = string(text)
		}
		return err
	})
	if err != nil {
		panic(err)
	}
	json.NewEncoder(os.Stdout).Encode(found)
}
`)
	want := map[string]string{"schemas/" + NamesFile: ""}
	write("schemas/"+NamesFile, "")
	allowed := regexp.MustCompile(`^([a-z0-9-][a-z0-9._-]*/)*[a-z0-9-][a-z0-9._-]*\.json$`)
	for i, p := range paths {
		if !allowed.MatchString(p) {
			t.Errorf("%q has the path %q", ids[i], p)
		}
		write("schemas/"+p, ids[i])
		want["schemas/"+p] = ids[i]
	}
	cmd := exec.Command("go", "run", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=mod", "GOWORK=off")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go run: %v", err)
	}
	got := map[string]string{}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("embedded files (-want +got):\n%s", diff)
	}
	fmt.Fprintf(t.Output(), "%d ids embedded\n", len(ids))
}

// corpus returns the models of the catalog that GENCLIENT_CORPUS names, else of
// the committed sample.
func corpus(t *testing.T) []*jsontree.Value {
	t.Helper()
	file := os.Getenv("GENCLIENT_CORPUS")
	if file == "" {
		file = "../lint/testdata/catalog.json"
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	v, _, err := jsontree.Decode(text, 0)
	if err != nil || len(v.Get("models").Elems) == 0 {
		t.Fatalf("no models in %s: %v", file, err)
	}
	return v.Get("models").Elems
}
