package schema

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/jsontree"
)

// canonical is a document with every member, in canonical form.
const canonical = `{
  "model_id": "minimax/Hailuo Video 01 Live",
  "title": "Hailuo <Live> & more",
  "description": "Line one\nline \"two\"\u2028\ud800 ` + "`" + `tick` + "`" + ` – \t*/",
  "url": "https://www.runcomfy.com/models/minimax/hailuo/api",
  "categories": [
    "image-to-video",
    "video"
  ],
  "price": {
    "usd": 0.280,
    "unit": "second"
  },
  "removed": true,
  "example": {
    "prompt": "",
    "seed": 1e3
  },
  "input": {
    "type": "object",
    "properties": {
      "seed": {
        "maximum": 4294967295,
        "minimum": -1,
        "default": 3.0
      },
      "241_positive_prompt": {},
      "empty": []
    }
  },
  "output": {
    "output": null
  },
  "catalog": {
    "formats": {
      "image": "image_uri"
    }
  }
}
`

func read(t testing.TB, text string) *Document {
	t.Helper()
	d, diags := Read("schemas/a.json", []byte(text))
	if len(diags) > 0 {
		t.Fatalf("Read: %v", diags)
	}
	return d
}

// TestCanonicalFormIsStable writes an unchanged document without changing a
// byte: git diff schemas/ is the changelog of the site.
func TestCanonicalFormIsStable(t *testing.T) {
	// encoding/json cannot hold half of a surrogate pair: U+FFFD stands for it.
	text := strings.ReplaceAll(canonical, `\ud800`, "\ufffd")
	d := read(t, text)
	if diff := cmp.Diff(text, string(d.Bytes())); diff != "" {
		t.Errorf("(-read +written):\n%s", diff)
	}
	if got := string(read(t, canonical).Bytes()); got != text {
		t.Errorf("half of a surrogate pair (-want +got):\n%s", cmp.Diff(text, got))
	}
	smallest := "{\n  \"model_id\": \"a/b\",\n  \"input\": {}\n}\n"
	if got := string(read(t, smallest).Bytes()); got != smallest {
		t.Errorf("the smallest document is written as %q", got)
	}
}

func TestReadFillsTheDocument(t *testing.T) {
	d := read(t, canonical)
	want := Document{ModelID: "minimax/Hailuo Video 01 Live", Title: "Hailuo <Live> & more",
		Description: "Line one\nline \"two\"\u2028\ufffd `tick` – \t*/",
		URL:         "https://www.runcomfy.com/models/minimax/hailuo/api", Categories: []string{"image-to-video", "video"},
		Price: Price{USD: "0.280", Unit: "second"}, Removed: true}
	got := Document{ModelID: d.ModelID, Title: d.Title, Description: d.Description, URL: d.URL,
		Categories: d.Categories, Price: d.Price, Removed: d.Removed}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b Document) bool {
		return cmp.Equal([]any{a.ModelID, a.Title, a.Description, a.URL, a.Categories, a.Price, a.Removed},
			[]any{b.ModelID, b.Title, b.Description, b.URL, b.Categories, b.Price, b.Removed})
	})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if d.Example.Get("seed").Text != "1e3" || d.Input.Get("properties").Members[1].Name != "241_positive_prompt" ||
		!d.Output.Get("output").Is(jsontree.Null) || d.Catalog.Get("formats").Get("image").Str() != "image_uri" {
		t.Errorf("the values of %+v", d)
	}
	if d.File() != "schemas/a.json" || string(d.Source()) != canonical {
		t.Errorf("file %q or source differ", d.File())
	}
	if pos := d.Position(d.Input.Offset); pos.String() != "schemas/a.json:19:12" {
		t.Errorf("the input stands at %v", pos)
	}
}

// TestReadOrder writes the members in their order, however they stood.
func TestReadOrder(t *testing.T) {
	d := read(t, `{"input":{"b":1,"a":2},"title":"T","model_id":"a/b"}`)
	want := "{\n  \"model_id\": \"a/b\",\n  \"title\": \"T\",\n  \"input\": {\n    \"b\": 1,\n    \"a\": 2\n  }\n}\n"
	if diff := cmp.Diff(want, string(d.Bytes())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDocumentWithoutSource(t *testing.T) {
	d := &Document{ModelID: "a/b", Input: jsontree.NewObject(jsontree.Member{Name: "type", Value: jsontree.NewString("string")}, jsontree.Member{Name: "none"})}
	if d.File() != "" || d.Source() != nil || d.Position(5).Line != 0 {
		t.Error("a document that was not read has a source")
	}
	if got, want := string(d.Bytes()), "{\n  \"model_id\": \"a/b\",\n  \"input\": {\n    \"type\": \"string\"\n  }\n}\n"; got != want {
		t.Errorf("Bytes() = %q, want %q", got, want)
	}
}

func TestReadErrors(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"syntax", "{\n  \"model_id\": }", "a.json:2:15 json-syntax"},
		{"cut off", `{"model_id": "a/b"`, "a.json:1:19 json-syntax"},
		{"text after it", "{\"model_id\": \"a/b\", \"input\": {}}\n {}", "a.json:2:2 json-syntax"},
		{"no object", `[]`, "a.json:1:1 document-shape"},
		{"empty", ``, "a.json:1:1 json-syntax"},
		{"nothing in it", `{}`, "a.json:1:1 document-shape, a.json:1:1 document-shape"},
		{"unknown member", `{"model_id": "a/b", "input": {}, "hash": 1}`, "a.json:1:34 document-shape"},
		{"id of another type", `{"model_id": 5, "input": {}}`, "a.json:1:14 document-shape"},
		{"id that leaves the folder", `{"model_id": "a/../b", "input": {}}`, "a.json:1:14 model-id"},
		{"title of another type", `{"model_id": "a/b", "input": {}, "title": null}`, "a.json:1:43 document-shape"},
		{"removed of another type", `{"model_id": "a/b", "input": {}, "removed": 1}`, "a.json:1:45 document-shape"},
		{"categories of another type", `{"model_id": "a/b", "input": {}, "categories": "video"}`, "a.json:1:48 document-shape"},
		{"category of another type", `{"model_id": "a/b", "input": {}, "categories": ["video", 5]}`, "a.json:1:58 document-shape"},
		{"price of another type", `{"model_id": "a/b", "input": {}, "price": 5}`, "a.json:1:43 document-shape"},
		{"price as text", `{"model_id": "a/b", "input": {}, "price": {"usd": "0.28"}}`, "a.json:1:51 document-shape"},
		{"unit of another type", `{"model_id": "a/b", "input": {}, "price": {"usd": 1, "unit": 5}}`, "a.json:1:62 document-shape"},
		{"unit without a price", `{"model_id": "a/b", "input": {}, "price": {"unit": "second"}}`, "a.json:1:43 document-shape"},
		{"unknown member of the price", `{"model_id": "a/b", "input": {}, "price": {"usd": 1, "eur": 1}}`, "a.json:1:54 document-shape"},
		{"input that is not an object", `{"model_id": "a/b", "input": true}`, "a.json:1:30 document-shape"},
		{"too large", `{"model_id": "a/b", "input": {"description": "` + strings.Repeat("x", jsontree.MaxBytes) + `"}}`, "a.json:1:1 document-too-large"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, diags := Read("a.json", []byte(tt.text))
			var got []string
			for _, diag := range diags {
				got = append(got, diag.Pos.String()+" "+diag.Rule)
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, ", ")); diff != "" || d != nil {
				t.Errorf("document %v, diagnostics %v (-want +got):\n%s", d, diags, diff)
			}
		})
	}
}

func TestInvalidModelID(t *testing.T) {
	for _, id := range []string{"kling/kling-2-6/pro/image-to-video", "minimax/Hailuo Video 01 Live", "wan-ai/wan-2.7/edit-video",
		"con", "aux.json", ".hidden/_x", "модель/图像", "a...", strings.Repeat("x", maxModelID)} {
		if reason := InvalidModelID(id); reason != "" {
			t.Errorf("InvalidModelID(%q) = %q", id, reason)
		}
	}
	for _, id := range []string{"a/b#c", "", "/", "a/", "/a", "a//b", ".", "a/..", "../a", "a/ . /b", "a/ /b", "a\nb", "a\x00", "a\u202eb", "a\u2028b",
		"a\u200bb", "\xff", strings.Repeat("x", maxModelID+1)} {
		if InvalidModelID(id) == "" {
			t.Errorf("InvalidModelID(%q) accepts it", id)
		}
	}
}
