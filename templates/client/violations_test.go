package client

import (
	"encoding/json"
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const _ = format1 // as every generated file has it

var patternSample = lazyPattern{source: "^[a-z]+$"}

// sample is checked as a generated input is, by every helper that there is for
// generated code.
type sample struct {
	Name   string
	Steps  int64
	Scale  float64
	Tags   []string
	Items  []sampleItem
	Camera *sampleItem
	Extra  map[string]float64
	Turn   float64
	Image  string
	Raw    json.RawMessage
}

type sampleItem struct{ Weight float64 }

func (in *sample) Validate() error {
	if in == nil {
		return nilInput()
	}
	var v violations
	if in.Name == "" {
		v.required("name")
	} else {
		if shorter(in.Name, 2) {
			v.length("name", "minLength", "must have from 2 to 4 characters", in.Name)
		}
		if longer(in.Name, 4) {
			v.length("name", "maxLength", "must have from 2 to 4 characters", in.Name)
		}
		if !patternSample.match(in.Name) {
			v.add("name", "pattern", "must match the pattern ^[a-z]+$")
		}
	}
	if in.Steps < 1 || in.Steps > 50 {
		v.intRange("steps", "must be from 1 to 50", in.Steps, 1)
	}
	if in.Steps%2 != 0 {
		v.int("steps", "multipleOf", "must be a multiple of 2", in.Steps)
	}
	if !(in.Scale >= 0 && in.Scale <= 1) {
		v.floatRange("scale", "must be from 0 to 1", in.Scale, 0)
	}
	if !finite(in.Turn) {
		v.float("turn", "type", "must be a finite number", in.Turn)
	}
	if !unique(in.Tags) {
		v.add("tags", "uniqueItems", "must have no two equal items")
	}
	for i := range in.Items {
		from := v.len()
		in.Items[i].check(&v)
		v.item(from, "items", i)
	}
	if in.Camera != nil {
		from := v.len()
		in.Camera.check(&v)
		v.within(from, "camera")
	}
	if in.Image != "" && !fetchable(in.Image) {
		v.media("image", in.Image)
	}
	if in.Raw != nil && !validJSON(in.Raw) {
		v.json("raw")
	}
	if start := v.len(); len(in.Extra) > 0 {
		for key, item := range in.Extra {
			from := v.len()
			if !(item >= 0 && item <= 1) {
				v.floatRange("", "must be from 0 to 1", item, 0)
			}
			v.within(from, key)
		}
		v.entries(start, "extra")
	}
	return v.err()
}

func (in *sampleItem) check(v *violations) {
	if !(in.Weight >= 0 && in.Weight <= 2) {
		v.floatRange("weight", "must be from 0 to 2", in.Weight, 0)
	}
}

func TestViolationsTellPathRuleAndNumber(t *testing.T) {
	in := &sample{
		Name: "äöü!?", Steps: 51, Scale: math.NaN(), Turn: math.Inf(1), Tags: []string{"a", "b", "a"},
		Items: []sampleItem{{1}, {-1}}, Camera: &sampleItem{3}, Extra: map[string]float64{"b": 2, "a": -1, "c": 1},
		Image: "start.png", Raw: json.RawMessage(`{"a": }`),
	}
	type row struct{ Path, Rule, Text string }
	want := []row{
		{"name", "maxLength", "name: must have from 2 to 4 characters, got 5"},
		{"name", "pattern", "name: must match the pattern ^[a-z]+$"},
		{"steps", "maximum", "steps: must be from 1 to 50, got 51"},
		{"steps", "multipleOf", "steps: must be a multiple of 2, got 51"},
		{"scale", "type", "scale: must be a finite number, got NaN"},
		{"turn", "type", "turn: must be a finite number, got +Inf"},
		{"tags", "uniqueItems", "tags: must have no two equal items"},
		{"items[1].weight", "minimum", "items[1].weight: must be from 0 to 2, got -1"},
		{"camera.weight", "maximum", "camera.weight: must be from 0 to 2, got 3"},
		{"image", "format", "image: is the name of a file, which no server can read: " +
			"give an https URL, or a data URI as FileURI makes it of a file"},
		{"raw", "type", "raw: must be JSON in UTF-8"},
		{"extra.a", "minimum", "extra.a: must be from 0 to 1, got -1"},
		{"extra.b", "maximum", "extra.b: must be from 0 to 1, got 2"},
	}
	var invalid *ValidationError
	if !errors.As(in.Validate(), &invalid) {
		t.Fatal("the input is valid")
	}
	var got []row
	for _, v := range invalid.Violations {
		got = append(got, row{v.Path, v.Rule, v.Error()})
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestAShortNameIsCountedInRunes(t *testing.T) {
	var invalid *ValidationError
	if !errors.As((&sample{Name: "ä", Steps: 2}).Validate(), &invalid) || invalid.Violations[0].Rule != "minLength" {
		t.Errorf("%v, want minLength first: ä is one character of two bytes", invalid)
	}
}

func TestAValidSampleAllocatesNothing(t *testing.T) {
	in := &sample{Name: "abc", Steps: 2, Tags: []string{"a", "b"}, Items: []sampleItem{{1}}, Camera: &sampleItem{2}, Extra: map[string]float64{"a": 1, "b": 0},
		Image: "https://example.com/start.png", Raw: json.RawMessage(`{"a": "\u00e4"}`)}
	if err := in.Validate(); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() {
		if in.Validate() != nil {
			t.Fatal("invalid")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestNilAndEmptyInputs(t *testing.T) {
	var none *sample
	if err := none.Validate(); err == nil || err.Error() != "runcomfy: invalid input: the input is nil" {
		t.Error(err)
	}
	if err := (&sample{}).Validate(); err == nil || err.Error() != "runcomfy: invalid input: name: is required; steps: must be from 1 to 50, got 0" {
		t.Error(err)
	}
}
