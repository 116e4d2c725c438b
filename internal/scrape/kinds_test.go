package scrape

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/genclient/genclient/internal/diag"
)

// kindValues are what the pages of testdata/pages/kinds write as @NAME@. The
// page's model is acme/alpha/text-to-video, its neighbour acme/beta/image-to-video.
var kindValues = map[string]string{
	"URL":      endpointPrefix + "acme/alpha/text-to-video",
	"BETA":     endpointPrefix + "acme/beta/image-to-video",
	"CURL":     "curl --request POST \\\n  --url " + endpointPrefix + "acme/alpha/text-to-video \\\n  --data '{\n  \"prompt\": \"a\"\n}'",
	"GET":      "curl --url " + endpointPrefix + "acme/alpha/text-to-video",
	"BETACURL": "curl --request POST \\\n  --url " + endpointPrefix + "acme/beta/image-to-video \\\n  --data '{\n  \"image_url\": \"b\"\n}'",
	"IN": `{"type": "object", "title": "Input", "required": ["prompt"], "properties": {"prompt": {"type": "string"}, ` +
		`"seed": {"type": "integer", "minimum": 0}}}`,
	"OUT":     `{"output": {"type": "object", "properties": {"video": {"type": "string", "format": "uri"}}}}`,
	"BETAIN":  `{"type": "object", "title": "Input", "required": ["image_url"], "properties": {"image_url": {"type": "string"}, "strength": {"type": "number"}}}`,
	"BETAOUT": `{"output": {"type": "object", "properties": {"text": {"type": "string"}}}}`,
	"ANSWER":  `{"type": "object", "title": "Submit", "properties": {"request_id": {"type": "string"}, "status_url": {"type": "string"}}}`,
}

var kindValue = regexp.MustCompile(`@([A-Z]+)(?::([a-z]+))?@|@U\+([0-9A-F]{4,5})@`)

// expandKind writes out the values of a page: as they are, as the content of a
// JSON string (json), or of an attribute (attr).
func expandKind(t testing.TB, page string) string {
	return kindValue.ReplaceAllStringFunc(page, func(m string) string {
		parts := kindValue.FindStringSubmatch(m)
		if parts[3] != "" {
			r, err := strconv.ParseUint(parts[3], 16, 32)
			if err != nil {
				t.Fatal(err)
			}
			return string(rune(r))
		}
		v, ok := kindValues[parts[1]]
		if !ok {
			t.Fatalf("no value %s", m)
		}
		switch parts[2] {
		case "json":
			b, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			return string(b[1 : len(b)-1])
		case "html", "attr":
			return html.EscapeString(v)
		}
		return v
	})
}

// TestKindsGolden reads the pages of each kind on which the wrong thing is
// easily taken. The file "want" of an archive says what comes out.
func TestKindsGolden(t *testing.T) {
	archives, err := filepath.Glob(filepath.Join(pagesDir, "kinds", "*.txtar"))
	if err != nil || len(archives) == 0 {
		t.Fatalf("%d archives, %v", len(archives), err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			want := &archive.Files[len(archive.Files)-1]
			if want.Name != "want" {
				t.Fatalf("the last file of %s is not want", name)
			}
			for _, f := range archive.Files[:len(archive.Files)-1] {
				fmt.Fprintln(&got, scrapeKind(t, f))
			}
			if *update {
				want.Data = []byte(got.String())
				if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if d := cmp.Diff(string(want.Data), got.String()); d != "" {
				t.Errorf("%s (-want +got, -update rewrites it):\n%s", name, d)
			}
		})
	}
}

// scrapeKind reads one page and returns a line: the model, its properties and
// the other parts, or why it is refused.
func scrapeKind(t *testing.T, f txtar.File) string {
	content := expandKind(t, string(f.Data))
	source := Source{File: f.Name, MediaType: mediaTypes[filepath.Ext(f.Name)]}
	if stream, ok := strings.CutSuffix(f.Name, ".flight"); ok {
		source.File, source.MediaType = stream+".html", "text/html"
		content = "<body>" + nextPushes(content) + "</body>"
	}
	if rest, ok := strings.CutPrefix(content, "ADDRESS "); ok {
		source.Address, content, _ = strings.Cut(rest, "\n")
	}
	source.Text = []byte(content)
	read, diags := Read(source)
	scraped := read.Models
	var line strings.Builder
	fmt.Fprintf(&line, "%s:", f.Name)
	for _, s := range scraped {
		doc := s.Page
		if doc == nil {
			doc = s.Catalog
		}
		fmt.Fprintf(&line, " %s", s.ID)
		for i, m := range doc.Input.Get("properties").Members {
			fmt.Fprintf(&line, "%s%s=%s", []string{",", " "}[b2i(i == 0)], m.Name, m.Value.Compact())
		}
		if doc.Example != nil {
			fmt.Fprintf(&line, " example %s", doc.Example.Compact())
		}
		if doc.Output != nil {
			fmt.Fprintf(&line, " output %s", doc.Output.Compact())
		}
	}
	for _, d := range diags {
		if d.Severity == diag.Error && len(scraped) == 0 {
			fmt.Fprintf(&line, " refused,")
		}
		fmt.Fprintf(&line, " %s: %s [%s]", d.Severity, d.Message, d.Rule)
	}
	if len(scraped) == 0 && !diags.HasErrors() && source.MediaType != "application/json" {
		t.Errorf("%s: neither a document nor an error", f.Name)
	}
	if bytes.ContainsRune([]byte(line.String()), 0) {
		t.Errorf("%s: %q", f.Name, line.String())
	}
	return strings.ReplaceAll(strings.Trim(strconv.QuoteToGraphic(line.String()), `"`), `\"`, `"`)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
