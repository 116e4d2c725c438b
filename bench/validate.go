package bench

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/genclient/genclient/bench/handwritten"
	"github.com/genclient/genclient/generated/runcomfy"

	"github.com/genclient/genclient/internal/library"
)

// Loop validates one input n times and returns the last outcome.
type Loop func(n int) error

// Validation is one input with the three ways to validate it. Each is a loop of
// its own, so that the calls are direct ones.
type Validation struct {
	Name        string
	Valid       bool
	Generated   Loop
	Handwritten Loop
	JSONSchema  Loop // jsonschema/v5 on the input's JSON, decoded beforehand
}

// Validations returns a valid input of two models, and one that breaks every
// rule there is.
func Validations() ([]Validation, error) {
	kling21 := func(name string, valid bool, in *runcomfy.Kling2_1ProImageToVideoInput) (Validation, error) {
		judge, err := jsonSchema(in)
		return Validation{"kling 2.1 image-to-video, " + name, valid,
			func(n int) (err error) {
				for range n {
					err = in.Validate()
				}
				return err
			},
			func(n int) (err error) {
				for range n {
					err = handwritten.Kling2_1ProImageToVideo(in)
				}
				return err
			}, judge}, err
	}
	kling26 := func(name string, valid bool, in *runcomfy.Kling2_6ProTextToVideoInput) (Validation, error) {
		judge, err := jsonSchema(in)
		return Validation{"kling 2.6 text-to-video, " + name, valid,
			func(n int) (err error) {
				for range n {
					err = in.Validate()
				}
				return err
			},
			func(n int) (err error) {
				for range n {
					err = handwritten.Kling2_6ProTextToVideo(in)
				}
				return err
			}, judge}, err
	}
	var out []Validation
	var firstErr error
	add := func(v Validation, err error) {
		out = append(out, v)
		if firstErr == nil {
			firstErr = err
		}
	}
	add(kling21("valid", true, &runcomfy.Kling2_1ProImageToVideoInput{
		Prompt:      "A quiet harbour at dawn.",
		ImageURL:    "https://media.example.com/start.jpeg",
		Duration:    runcomfy.Kling2_1ProImageToVideoDuration10,
		AspectRatio: runcomfy.Kling2_1ProImageToVideoAspectRatio9x16,
		CfgScale:    runcomfy.Float(0.5),
	}))
	add(kling21("all broken", false, &runcomfy.Kling2_1ProImageToVideoInput{
		Duration: 7, AspectRatio: "2:1", CfgScale: runcomfy.Float(1.5)}))
	add(kling21("not sendable", false, &runcomfy.Kling2_1ProImageToVideoInput{
		Prompt: "a\xff", ImageURL: "start.png", TailImageURL: runcomfy.String("file:///end.png"), NegativePrompt: runcomfy.String("b\xff")}))
	add(kling26("valid", true, &runcomfy.Kling2_6ProTextToVideoInput{
		Prompt:        "A quiet harbour at dawn.",
		Duration:      runcomfy.Kling2_6ProTextToVideoDuration10,
		AspectRatio:   runcomfy.Kling2_6ProTextToVideoAspectRatio1x1,
		GenerateAudio: runcomfy.Bool(false),
	}))
	add(kling26("all broken", false, &runcomfy.Kling2_6ProTextToVideoInput{Duration: 7, AspectRatio: "2:1"}))
	return out, firstErr
}

// jsonSchema returns the loop of jsonschema/v5 over an input. The page's own
// schema is compiled, with the site's type "float" called by its standard name.
func jsonSchema(in runcomfy.Input) (Loop, error) {
	l, err := library.Open("")
	if err != nil {
		return nil, err
	}
	d := l.Document(in.ModelID())
	if d == nil {
		return nil, fmt.Errorf("no schema of %s", in.ModelID())
	}
	text := strings.ReplaceAll(d.Input.Compact(), `"type":"float"`, `"type":"number"`)
	judge, err := jsonschema.CompileString("input.json", text)
	if err != nil {
		return nil, fmt.Errorf("the schema of %s: %w", in.ModelID(), err)
	}
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return nil, err
	}
	return func(n int) (err error) {
		for range n {
			err = judge.Validate(value)
		}
		return err
	}, nil
}
