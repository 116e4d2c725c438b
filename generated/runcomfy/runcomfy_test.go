package runcomfy_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/generated/runcomfy"
)

func wire(t *testing.T, in runcomfy.Input) string {
	t.Helper()
	b, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestExplicitFalseIsSentAndUnsetIsNot(t *testing.T) {
	in := &runcomfy.Kling2_6ProImageToVideoInput{Prompt: "p", ImageURL: "https://example.com/i.png"}
	if got, want := wire(t, in), `{"prompt":"p","image_url":"https://example.com/i.png"}`; got != want {
		t.Errorf("unset fields: %s, want %s", got, want)
	}
	in.GenerateAudio = runcomfy.Bool(false)
	in.NegativePrompt = runcomfy.String("")
	want := `{"prompt":"p","image_url":"https://example.com/i.png","negative_prompt":"","generate_audio":false}`
	if got := wire(t, in); got != want {
		t.Errorf("explicit zeros: %s, want %s", got, want)
	}
}

// violations returns path and rule of each violation.
func violations(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var invalid *runcomfy.ValidationError
	if !errors.As(err, &invalid) {
		t.Fatalf("%T is no *ValidationError: %v", err, err)
	}
	var out []string
	for _, v := range invalid.Violations {
		out = append(out, v.Path+" "+v.Rule)
	}
	return out
}

func TestValidateReportsEverythingAtOnce(t *testing.T) {
	in := &runcomfy.Kling2_1ProImageToVideoInput{
		Duration:    7,
		AspectRatio: "4:3",
		CfgScale:    runcomfy.Float(1.5),
	}
	want := []string{"prompt required", "image_url required", "duration enum", "aspect_ratio enum", "cfg_scale maximum"}
	if d := cmp.Diff(want, violations(t, in.Validate())); d != "" {
		t.Error(d)
	}
	if text := in.Validate().Error(); !strings.Contains(text, "cfg_scale: must be from 0 to 1, got 1.5") ||
		!strings.Contains(text, "duration: must be one of 5, 10, got 7") {
		t.Error(text)
	}
}

func TestNilInputIsAnErrorAndNoPanic(t *testing.T) {
	var in *runcomfy.Kling2_1ProImageToVideoInput
	if err := in.Validate(); err == nil {
		t.Error("a nil input is valid")
	}
}

func TestMediaRulesBreakWithThePagesOwnMessages(t *testing.T) {
	in := &runcomfy.Kling1_6ProImageToVideoInput{ImageURL: "https://example.com/i.png"}
	err := runcomfy.EvaluateMedia(in, map[string]runcomfy.MediaInfo{
		"image_url": {Width: 300, Height: 400, Bytes: 12 << 20},
	})
	var invalid *runcomfy.ValidationError
	if !errors.As(err, &invalid) || len(invalid.Violations) != 2 {
		t.Fatalf("%v, want two violations", err)
	}
	for i, want := range []struct {
		rule, message   string
		measured, bound float64
	}{
		{"width_pixels>", "The uploaded image width and height must both exceed 300 pixels.", 300, 300},
		{"file_size_mb<", "File size must be less than 10 MB.", float64(12<<20) / 1e6, 10},
	} {
		v := invalid.Violations[i]
		if v.Path != "image_url" || v.Rule != want.rule || v.Message != want.message || v.Measured != want.measured || v.Bound != want.bound {
			t.Errorf("violation %d is %+v, want %+v", i, v, want)
		}
	}
	ok := map[string]runcomfy.MediaInfo{"image_url": {Width: 301, Height: 301, Bytes: 9_999_999}}
	if err := runcomfy.EvaluateMedia(in, ok); err != nil {
		t.Errorf("a good image: %v", err)
	}
}

func valid() *runcomfy.Kling2_1ProImageToVideoInput {
	return &runcomfy.Kling2_1ProImageToVideoInput{
		Prompt:      "p",
		ImageURL:    "https://example.com/i.png",
		Duration:    runcomfy.Kling2_1ProImageToVideoDuration5,
		AspectRatio: runcomfy.Kling2_1ProImageToVideoAspectRatio1x1,
		CfgScale:    runcomfy.Float(0.5),
	}
}

func TestValidInputAllocatesNothing(t *testing.T) {
	in := valid()
	if n := testing.AllocsPerRun(100, func() {
		if err := in.Validate(); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("Validate of a valid input allocates %v times", n)
	}
}

func BenchmarkValidateValid(b *testing.B) {
	in := valid()
	b.ReportAllocs()
	for b.Loop() {
		if err := in.Validate(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkValidateInvalid(b *testing.B) {
	in := &runcomfy.Kling2_1ProImageToVideoInput{Duration: 7, CfgScale: runcomfy.Float(1.5)}
	b.ReportAllocs()
	for b.Loop() {
		if err := in.Validate(); err == nil {
			b.Fatal("the input is valid")
		}
	}
}

// Literals of a generated struct have to name their fields, so that a property
// the page inserts later cannot shift values.
func TestInputsStartWithABlankField(t *testing.T) {
	typ := reflect.TypeFor[runcomfy.Kling1_6ProImageToVideoInput]()
	if f := typ.Field(0); f.Name != "_" {
		t.Errorf("the first field is %s", f.Name)
	}
}
