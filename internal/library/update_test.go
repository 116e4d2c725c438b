package library

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/schema"
	"github.com/genclient/genclient/internal/scrape"
)

// page is what the page of a model says: its properties in a row.
func page(id string, properties ...string) scrape.Scraped {
	var b strings.Builder
	fmt.Fprintf(&b, "curl --url https://model-api.runcomfy.net/v1/models/%s \\\n --data '{}'\n{\"type\": \"object\", \"properties\": {", id)
	for i, p := range properties {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, `%q: {"type": "string"}`, p)
	}
	b.WriteString("}}\n")
	address := "https://www.runcomfy.com/models/" + id + "/api"
	content, diags := scrape.Read(scrape.Source{File: address, Address: address, Text: []byte(b.String())})
	if len(content.Models) != 1 {
		panic(fmt.Sprint(diags))
	}
	return content.Models[0]
}

// entry is what a catalog says of a model.
func entry(id, price string) scrape.Scraped {
	content, diags := scrape.Read(scrape.Source{File: "catalog", Text: []byte(`{"model_id": "` + id + `", "base_price_usd": ` + price +
		`, "input_schema": {"type": "object", "properties": {"prompt": {"type": "string"}}}}`)})
	if len(content.Models) != 1 {
		panic(fmt.Sprint(diags))
	}
	return content.Models[0]
}

// update runs one update and fails the test for an error.
func update(t *testing.T, opts UpdateOptions, coverage Coverage, models ...scrape.Scraped) (Updated, diag.List) {
	t.Helper()
	if opts.MaxMissing == 0 {
		opts.MaxMissing = DefaultMaxMissing
	}
	u, diags, err := NewUpdate(opts)
	if err != nil || len(diags) > 0 {
		t.Fatal(diags, err)
	}
	defer u.Close()
	for i, s := range models {
		if err := u.Add(s.ID, i, scrape.Pack(s, nil)); err != nil {
			t.Fatal(err)
		}
	}
	out, diags, err := u.Finish(coverage)
	if err != nil {
		t.Fatal(err)
	}
	return out, diags
}

// states returns what the folder holds of each model: "" or "removed".
func states(t *testing.T, dir string) map[string]string {
	t.Helper()
	l, err := OpenOrNew(dir)
	if err != nil || l.Diags.HasErrors() {
		t.Fatal(err, l.Diags)
	}
	out := map[string]string{}
	for _, d := range l.Documents {
		out[d.ModelID] = map[bool]string{true: "removed"}[d.Removed]
	}
	return out
}

// ids makes n pages.
func pages(n int) []scrape.Scraped {
	var all []scrape.Scraped
	for i := range n {
		all = append(all, page(fmt.Sprintf("acme/m%02d", i), "prompt"))
	}
	return all
}

var site = Coverage{Site: true, SiteListed: true}

func TestUpdateAddsChangesAndKeeps(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "schemas")
	out, diags := update(t, UpdateOptions{Dir: dir}, site, pages(3)...)
	if d := cmp.Diff(Updated{Added: []string{"acme/m00", "acme/m01", "acme/m02"}, Seen: 3, Written: true}, out); d != "" || len(diags) > 0 {
		t.Error(d, diags)
	}
	old := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	for _, name := range []string{"acme/m00.json", "acme/m01.json", "names.json"} {
		if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil {
			t.Fatal(err)
		}
	}
	models := append(pages(2), page("acme/m02", "prompt", "seed"))
	out, _ = update(t, UpdateOptions{Dir: dir}, site, models...)
	want := Updated{Changed: []Change{{"acme/m02", []string{"+ seed"}}}, Unchanged: []string{"acme/m00", "acme/m01"}, Seen: 3, Written: true}
	if d := cmp.Diff(want, out); d != "" {
		t.Error(d)
	}
	for _, name := range []string{"acme/m00.json", "acme/m01.json", "names.json"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || !info.ModTime().Equal(old) {
			t.Errorf("%s was touched", name)
		}
	}
}

// TestVanishedModels: what it takes for a document to be marked.
func TestVanishedModels(t *testing.T) {
	both := Coverage{Site: true, SiteListed: true, Catalog: true, CatalogListed: true}
	at := func(id string) []Page { return []Page{{URL: "http://127.0.0.1/models/" + id + "/api/"}} }
	for name, tt := range map[string]struct {
		first    []scrape.Scraped // of the model acme/gone
		coverage Coverage
		want     string
	}{
		"not in the site's list":           {[]scrape.Scraped{page("acme/gone", "a")}, site, "removed"},
		"the list was not read whole":      {[]scrape.Scraped{page("acme/gone", "a")}, Coverage{Site: true}, ""},
		"the run was for something else":   {[]scrape.Scraped{page("acme/gone", "a")}, Coverage{}, ""},
		"only the catalog was read":        {[]scrape.Scraped{page("acme/gone", "a")}, Coverage{Catalog: true, CatalogListed: true}, ""},
		"its page could not be read":       {[]scrape.Scraped{page("acme/gone", "a")}, Coverage{Site: true, SiteListed: true, Unread: at("acme/gone")}, ""},
		"another page could not be read":   {[]scrape.Scraped{page("acme/gone", "a")}, Coverage{Site: true, SiteListed: true, Unread: at("acme/x")}, "removed"},
		"its page does not exist any more": {[]scrape.Scraped{page("acme/gone", "a")}, Coverage{Gone: at("acme/gone")}, "removed"},
		"another page does not exist":      {[]scrape.Scraped{page("acme/gone", "a")}, Coverage{Gone: at("acme/x")}, ""},
		"not in the catalog":               {[]scrape.Scraped{entry("acme/gone", "1")}, Coverage{Catalog: true, CatalogListed: true}, "removed"},
		"the catalog failed":               {[]scrape.Scraped{entry("acme/gone", "1")}, Coverage{Catalog: true}, ""},
		"of a catalog, the site was read":  {[]scrape.Scraped{entry("acme/gone", "1")}, site, ""},
		"of both, in none":                 {[]scrape.Scraped{page("acme/gone", "a"), entry("acme/gone", "1")}, both, "removed"},
		"of both, the site was read":       {[]scrape.Scraped{page("acme/gone", "a"), entry("acme/gone", "1")}, site, ""},
		"of both, no token":                {[]scrape.Scraped{page("acme/gone", "a"), entry("acme/gone", "1")}, Coverage{Site: true, SiteListed: true, Catalog: true}, ""},
		"of both, the page is gone":        {[]scrape.Scraped{page("acme/gone", "a"), entry("acme/gone", "1")}, Coverage{Gone: at("acme/gone")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			stays := page("acme/stays", "a")
			update(t, UpdateOptions{Dir: dir}, both, append(tt.first, stays)...)
			before, err := os.ReadFile(filepath.Join(dir, "acme/gone.json"))
			if err != nil {
				t.Fatal(err)
			}
			out, _ := update(t, UpdateOptions{Dir: dir}, tt.coverage, stays)
			if got := states(t, dir)["acme/gone"]; got != tt.want {
				t.Errorf("state %q, %+v", got, out)
			}
			if removed := len(out.Removed) == 1; removed != (tt.want == "removed") {
				t.Errorf("reported: %+v", out)
			}
			after, err := os.ReadFile(filepath.Join(dir, "acme/gone.json"))
			if d := cmp.Diff(string(before), strings.Replace(string(after), "  \"removed\": true,\n", "", 1)); d != "" || err != nil {
				t.Errorf("the document is not the old one, marked: %s, %v", d, err)
			}
			// Seen again, it is as before.
			out, _ = update(t, UpdateOptions{Dir: dir}, Coverage{}, tt.first...)
			if states(t, dir)["acme/gone"] != "" || tt.want == "removed" && (len(out.Changed) != 1 || out.Changed[0].Lines[0] != "no longer removed") {
				t.Errorf("seen again: %+v", out)
			}
		})
	}
}

// TestModelsOutsideTheGlobsDoNotVanish, nor do those that a glob chooses: the
// run was not for the whole.
func TestModelsOutsideTheGlobsDoNotVanish(t *testing.T) {
	dir := t.TempDir()
	update(t, UpdateOptions{Dir: dir}, site, pages(3)...)
	out, _ := update(t, UpdateOptions{Dir: dir, Select: Globs{"acme/m00", "acme/m01"}}, site, pages(1)...)
	if d := cmp.Diff(Updated{Unchanged: []string{"acme/m00"}, Seen: 1, Written: true}, out); d != "" {
		t.Error(d)
	}
}

func TestPruneDeletesWhatVanished(t *testing.T) {
	dir := t.TempDir()
	update(t, UpdateOptions{Dir: dir}, site, pages(4)...)
	update(t, UpdateOptions{Dir: dir}, site, pages(3)...)
	out, _ := update(t, UpdateOptions{Dir: dir, Prune: true}, site, pages(2)...)
	if d := cmp.Diff(Updated{Unchanged: []string{"acme/m00", "acme/m01"}, Pruned: []string{"acme/m02", "acme/m03"}, Seen: 2, Written: true}, out); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[string]string{"acme/m00": "", "acme/m01": ""}, states(t, dir)); d != "" {
		t.Error(d)
	}
	// The names stay theirs.
	names, err := os.ReadFile(filepath.Join(dir, schema.NamesFile))
	if err != nil || !strings.Contains(string(names), "acme/m03") {
		t.Errorf("%s, %v", names, err)
	}
}

// TestBrokenFloorsWriteNothing, not even what was read well.
func TestBrokenFloorsWriteNothing(t *testing.T) {
	for name, tt := range map[string]struct {
		opts     UpdateOptions
		coverage Coverage
		seen     int
		want     string // "" is no broken floor
	}{
		"half is missing":           {UpdateOptions{}, site, 10, "10 of 20 models were not met, more than --max-missing 0.1: acme/m10 (/models/acme/m10/api), "},
		"three are missing":         {UpdateOptions{}, site, 17, "3 of 20 models were not met"},
		"two are missing":           {UpdateOptions{}, site, 18, ""},
		"all are missing":           {UpdateOptions{}, Coverage{Site: true}, 0, "20 of 20"},
		"believed":                  {UpdateOptions{MaxMissing: 0.5}, site, 10, ""},
		"another kind of source":    {UpdateOptions{}, Coverage{Catalog: true, CatalogListed: true}, 1, ""},
		"named pages":               {UpdateOptions{}, Coverage{}, 1, ""},
		"few":                       {UpdateOptions{Min: 19, MaxMissing: 1}, site, 18, "the run brought 18 models, fewer than --min 19"},
		"enough":                    {UpdateOptions{Min: 18, MaxMissing: 1}, site, 18, ""},
		"the globs choose one of 5": {UpdateOptions{Select: Globs{"acme/m0[0-4]"}}, site, 1, "4 of 5"},
	} {
		t.Run(name, func(t *testing.T) {
			tt.opts.Dir = t.TempDir()
			update(t, UpdateOptions{Dir: tt.opts.Dir}, site, pages(20)...)
			before := tree(t, tt.opts.Dir)
			models := append(pages(tt.seen), page("acme/new", "prompt"))
			if tt.seen > 0 {
				models = models[1:] // as many as seen, one of them new
				models = append(models, page("acme/m00", "prompt", "seed"))
			}
			if tt.opts.Min > 0 {
				models = pages(tt.seen)
			}
			out, diags := update(t, tt.opts, tt.coverage, models...)
			if out.Written != (tt.want == "") || diags.HasErrors() != (tt.want != "") {
				t.Fatalf("written: %v, %v", out.Written, diags)
			}
			if tt.want == "" {
				return
			}
			if !strings.Contains(diags[0].Message, tt.want) || diags[0].Hint == "" {
				t.Errorf("message %q", diags[0].Message)
			}
			if d := cmp.Diff(before, tree(t, tt.opts.Dir)); d != "" {
				t.Error(d)
			}
		})
	}
}

// tree returns the files of a folder with their times.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		content, _ := os.ReadFile(path)
		files[path] = info.ModTime().String() + "\n" + string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestOrderOfReadingDoesNotMatter: sources are read concurrently.
func TestOrderOfReadingDoesNotMatter(t *testing.T) {
	a, b := page("acme/m", "prompt"), page("acme/m", "prompt")
	a.Page.Title, b.Page.Title = "First", "Second"
	a.Pos.File, b.Pos.File = "a", "b"
	for _, order := range [][2]int{{0, 1}, {1, 0}} {
		dir := t.TempDir()
		u, _, err := NewUpdate(UpdateOptions{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		defer u.Close()
		for _, i := range order {
			if err := u.Add("acme/m", 0, scrape.Pack([]scrape.Scraped{a, b}[i], nil)); err != nil {
				t.Fatal(err)
			}
		}
		if _, diags, err := u.Finish(Coverage{}); err != nil || len(diags) > 0 {
			t.Fatal(diags, err)
		}
		l, err := Open(dir)
		if err != nil || l.Documents[0].Title != "First" {
			t.Errorf("%v: %+v, %v", order, l.Documents[0], err)
		}
	}
}

func TestFolderThatCannotBeReadIsNotUpdated(t *testing.T) {
	dir := t.TempDir()
	update(t, UpdateOptions{Dir: dir}, site, pages(2)...)
	text, err := os.ReadFile(filepath.Join(dir, "acme/m00.json"))
	if err != nil {
		t.Fatal(err)
	}
	for name, files := range map[string]map[string]string{
		"broken document": {"acme/bad.json": "{"},
		"two of a model":  {"acme/other.json": string(text)},
		"broken names":    {schema.NamesFile: "[]"},
	} {
		for file, content := range files {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
			u, diags, err := NewUpdate(UpdateOptions{Dir: dir})
			if u != nil || err != nil || !diags.HasErrors() {
				t.Errorf("%s: %v, %v", name, diags, err)
			}
			if err := os.Remove(filepath.Join(dir, file)); err != nil {
				t.Fatal(err)
			}
		}
	}
}
