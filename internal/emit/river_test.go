package emit

import (
	"go/format"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/genclient/genclient/templates"
)

// TestRiverFiles reads the archive as the txtar package does.
func TestRiverFiles(t *testing.T) {
	for _, archive := range []string{templates.River, "comment\n-- a --\n1\n\n-- b --\n-- c --\n3\n", "-- a --\n", "comment\n", ""} {
		var want, got []string
		for _, f := range txtar.Parse([]byte(archive)).Files {
			want = append(want, f.Name, string(f.Data))
		}
		for name, text := range riverFiles(archive) {
			got = append(got, name, text)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("-txtar +riverFiles\n%s", d)
		}
	}
}

// TestRiver: the stamped adapter is gofmt-formatted Go of the user's package, with
// nothing left of the names in the template.
func TestRiver(t *testing.T) {
	files, err := River("acme", "example.com/you/yours/acme")
	if err != nil || len(files) < 8 {
		t.Fatal(len(files), err)
	}
	for _, f := range files {
		text := string(f.Content)
		if path.Dir(f.Path) != "acmeriver" || !strings.HasSuffix(f.Path, Suffix) || !strings.HasPrefix(text, Banner+"\n\n") ||
			!strings.Contains(text, "\npackage acmeriver\n") {
			t.Errorf("%s begins with %.60q", f.Path, text)
		}
		if strings.Contains(text, "genclient/genclient") || strings.Contains(text, riverPackage) {
			t.Errorf("%s names the template's packages", f.Path)
		}
		if formatted, err := format.Source(f.Content); err != nil || string(formatted) != text {
			t.Errorf("%s is not formatted: %v", f.Path, err)
		}
	}
	for _, bad := range []string{"", "a\"b", "a b", "a\nb"} {
		if _, err := River("acme", bad); err == nil {
			t.Errorf("import path %q is taken", bad)
		}
	}
	modules, goVersion := RiverNeeds()
	needs := strings.Join(modules, " ")
	if !strings.HasPrefix(goVersion, "1.") || strings.Contains(needs, "genclient") || strings.Contains(needs, "go-cmp") ||
		!strings.Contains(needs, "github.com/riverqueue/river@v0.") || !strings.Contains(needs, "modernc.org/sqlite@v") {
		t.Errorf("needs Go %s, %s", goVersion, needs)
	}
}
