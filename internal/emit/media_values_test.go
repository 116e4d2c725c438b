package emit_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/genclient/genclient/internal/schema"

	"github.com/genclient/genclient/internal/plan"
)

// mediaFields are the kinds of media fields, with %s for a value in their JSON.
var mediaFields = []struct {
	name, schema, value, path string
	sure                      bool
}{
	{"by_format", `{"type": "string", "format": "image_uri"}`, `%s`, "by_format", true},
	{"by_mask_format", `{"type": "string", "format": "image_uri_with_mask_image_ideogramv3"}`, `%s`, "by_mask_format", true},
	{"by_rule", `{"type": "string", "validations": [{"validation_rule": "width_pixels>", "validation_value": 250}]}`, `%s`, "by_rule", true},
	{"image_url", `{"type": "string"}`, `%s`, "image_url", false},
	{"by_default", `{"type": "string", "default": "https://a.example/b.mp4"}`, `%s`, "by_default", false},
	{"by_text", `{"type": "string", "description": "The URL of an audio file."}`, `%s`, "by_text", false},
	{"limited", `{"type": "string", "format": "video_uri", "minLength": 2, "maxLength": 10000}`, `%s`, "limited", true},
	{"maybe", `{"type": ["string", "null"], "format": "video_uri"}`, `%s`, "maybe", true},
	{"list", `{"type": "array", "format": "image_uris"}`, `["https://a.example/1", %s]`, "list[1]", true},
	{"images", `{"type": "array", "items": {"type": "string"}}`, `[%s]`, "images[0]", false},
	{"item_format", `{"type": "array", "items": {"type": "string", "format": "audio_uri"}}`, `[%s]`, "item_format[0]", true},
	{"grid", `{"type": "array", "items": {"type": "array", "items": {"type": "string", "format": "image_uri"}}}`, `[[%s]]`, "grid[0][0]", true},
	{"map", `{"type": "object", "additionalProperties": {"type": "string", "format": "image_uri"}}`, `{"k": %s}`, "map.k", true},
	{"nested", `{"type": "object", "properties": {"image": {"type": "string", "format": "image_uri"}}}`, `{"image": %s}`, "nested.image", true},
	{"frames", `{"type": "array", "items": {"type": "object", "properties": {"video": {"type": "string"}}}}`, `[{"video": %s}]`, "frames[0].video", false},
	{"enum", `{"type": "string", "format": "image_uri", "enum": ["a.png", "b.png"]}`, `"a.png"`, "", false},
	{"prompt", `{"type": "string"}`, `%s`, "", false},
}

// TestMediaValues puts values to each kind of media field of a generated input: all
// refuse what is surely a mistake, those that are surely media every value that no
// server can fetch.
func TestMediaValues(t *testing.T) {
	var properties []string
	for _, f := range mediaFields {
		properties = append(properties, fmt.Sprintf("%q: %s", f.name, f.schema))
	}
	doc, diags := schema.Read("media.json", []byte(`{"model_id": "acme/media/values", "input": {"type": "object", "properties": {`+strings.Join(properties, ", ")+`}}}`))
	if doc == nil {
		t.Fatal(diags)
	}
	pkg, diags := plan.Build([]*schema.Document{doc}, plan.Pins{}, plan.Options{Package: "gen"})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	program := buildOracle(t, pkg)
	const never, whereSure, always = 0, 1, 2
	values := map[string]int{
		"https://a.example/b": never, "http://127.0.0.1:1/a.png": never, "data:image/png;base64,AAAA": never,
		"start.png": always, "./start": always, `C:\start`: always, "file:///a": always, "S3://b/k": always, "gs://b/k": always, "blob:x": always, " https://a.example": always,
		"preset-1": whereSure, "ftp://a.example/b": whereSure, "https:///b": whereSure, "data:;base64,AAAA": whereSure,
	}
	var requests []oracleRequest
	var want []string
	for value, refused := range values {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range mediaFields {
			instance := fmt.Sprintf(`{%q: `+strings.ReplaceAll(f.value, "%s", "%[2]s")+`}`, f.name, text)
			instance, _, _ = strings.Cut(instance, "%!(EXTRA")
			requests = append(requests, oracleRequest{Model: doc.ModelID, Instance: json.RawMessage(instance)})
			line := ""
			if f.path != "" && (refused == always || refused == whereSure && f.sure) {
				line = f.path + " format"
			}
			want = append(want, line)
		}
	}
	for _, empty := range []string{`{"by_format": ""}`, `{"image_url": ""}`, `{"maybe": null}`, `{"list": []}`, `{"nested": {"image": ""}}`} {
		requests, want = append(requests, oracleRequest{Model: doc.ModelID, Instance: json.RawMessage(empty)}), append(want, "")
	}
	for empty, path := range map[string]string{`{"list": [""]}`: "list[0]", `{"images": ["https://a.example", ""]}`: "images[1]", `{"grid": [[""]]}`: "grid[0][0]", `{"map": {"k": ""}}`: "map.k"} {
		requests, want = append(requests, oracleRequest{Model: doc.ModelID, Instance: json.RawMessage(empty)}), append(want, path+" format")
	}
	for i, a := range program.ask(t, requests) {
		if a.Err != "" {
			t.Fatalf("%s: %s", requests[i].Instance, a.Err)
		}
		var got []string
		for _, v := range a.Violations {
			got = append(got, v.Path+" "+v.Rule)
		}
		if want[i] == "" && got != nil || want[i] != "" && !slices.Equal(got, []string{want[i]}) {
			t.Errorf("%s: %v, want %q", requests[i].Instance, got, want[i])
		}
	}
}
