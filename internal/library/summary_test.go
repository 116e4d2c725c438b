package library

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/schema"
)

func TestSummary(t *testing.T) {
	const base = `{"model_id": "a/b", "title": "T", "price": {"usd": 1.5, "unit": "second"}, "categories": ["x", "y"],
		"input": {"type": "object", "required": ["prompt"], "properties": {
			"prompt": {"type": "string", "description": "Words"},
			"aspect_ratio": {"type": "string", "enum": ["16:9", "1:1"]},
			"loras": {"type": "array", "items": {"type": "object", "properties": {"scale": {"type": "number", "maximum": 1}}}}}},
		"catalog": {"formats": {"image": "image_uri"}}}`
	for name, tt := range map[string]struct {
		replace []string
		want    []string
	}{
		"property added":    {[]string{`"prompt": {`, `"seed": {"type": "integer"}, "prompt": {`}, []string{"+ seed"}},
		"required one":      {[]string{`"prompt": {`, `"seed": {"type": "integer"}, "prompt": {`, `["prompt"]`, `["prompt", "seed"]`}, []string{"+ seed (required)"}},
		"property gone":     {[]string{`"aspect_ratio": {"type": "string", "enum": ["16:9", "1:1"]},`, ``}, []string{"- aspect_ratio"}},
		"now optional":      {[]string{`["prompt"]`, `[]`}, []string{"prompt: optional"}},
		"now required":      {[]string{`["prompt"]`, `["prompt", "loras"]`}, []string{"loras: required"}},
		"enum member gone":  {[]string{`, "1:1"`, ``}, []string{"aspect_ratio: - 1:1"}},
		"enum member moved": {[]string{`"16:9", "1:1"`, `"1:1", "16:9"`}, []string{"aspect_ratio: enum in another order"}},
		"enum member new":   {[]string{`"1:1"`, `"2:1"`}, []string{"aspect_ratio: + 2:1, - 1:1"}},
		"enum gone":         {[]string{`, "enum": ["16:9", "1:1"]`, ``}, []string{`aspect_ratio: enum ["16:9","1:1"] -> none`}},
		"nested":            {[]string{`"maximum": 1`, `"maximum": 2, "minimum": 0`}, []string{"loras[].scale: maximum 1 -> 2", "loras[].scale: minimum none -> 0"}},
		"type":              {[]string{`"type": "number"`, `"type": "string"`}, []string{"loras[].scale: type number -> string"}},
		"description":       {[]string{`Words`, `Other words`}, []string{"prompt: description"}},
		"price":             {[]string{`1.5, "unit": "second"`, `9.99`}, []string{"price: 9.99"}},
		"price with unit":   {[]string{`1.5`, `2`}, []string{"price: 2 per second"}},
		"categories":        {[]string{`["x", "y"]`, `["y", "z"]`}, []string{"categories: + z, - x"}},
		"title":             {[]string{`"T"`, `"New\u001b[31m"`}, []string{`title: New\u001b[31m`}},
		"format":            {[]string{`image_uri`, `image_uri_with_mask`}, []string{"format of image: image_uri_with_mask"}},
		"order alone":       {[]string{`["x", "y"]`, `["y", "x"]`}, []string{"the order or the spelling of its values"}},
	} {
		before, diags := schema.Read("", []byte(base))
		if before == nil {
			t.Fatal(diags)
		}
		text := strings.NewReplacer(tt.replace...).Replace(base)
		after, diags := schema.Read("", []byte(text))
		if after == nil || text == base {
			t.Fatal(name, diags)
		}
		if d := cmp.Diff(tt.want, summary(before, after)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}
