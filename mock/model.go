package mock

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// OutputKind says what a model makes. It decides how long jobs run and which
// media a result holds.
type OutputKind string

// The output kinds.
const (
	OutputKindImage OutputKind = "image"
	OutputKindVideo OutputKind = "video"
	OutputKindAudio OutputKind = "audio"
	OutputKindOther OutputKind = "other"
)

// A Model is one endpoint of the emulated service.
type Model struct {
	ID           string
	DisplayName  string
	Categories   []string
	Output       OutputKind // empty means OutputKindOther
	BasePriceUSD float64    // also the cost of a job
	PriceUnit    string     // such as "per_second"
	PricingNote  string
	InputSchema  json.RawMessage // for the catalog; nil is left out

	// Validate returns what is wrong with a submitted body, which is known to
	// be a JSON object. A body with problems is answered 422 and not charged.
	// Nil accepts every object.
	Validate func(body []byte) []Problem
}

// check returns an error if a model cannot be served as it says.
func (m Model) check() error {
	_, known := defaultDurations()[m.Output]
	switch {
	case m.ID == "":
		return errors.New("a model without an id")
	case !known && m.Output != "":
		return fmt.Errorf("model %s: unknown output kind %q", m.ID, m.Output)
	case m.InputSchema != nil && !json.Valid(m.InputSchema):
		return fmt.Errorf("model %s: the input schema is not JSON", m.ID)
	}
	return nil
}

// A Problem is one reason why a body is refused.
type Problem struct {
	Path    []any  // property names and item indexes, such as "image_urls", 2
	Type    string // a short word for the rule, such as "required"
	Message string
}

// duration is a log-normal distribution.
type duration struct {
	median time.Duration
	sigma  float64
}

func defaultDurations() map[OutputKind]duration {
	return map[OutputKind]duration{
		OutputKindImage: {8 * time.Second, 0.35},
		OutputKindAudio: {20 * time.Second, 0.35},
		OutputKindVideo: {90 * time.Second, 0.35},
		OutputKindOther: {120 * time.Second, 0.35},
	}
}

// SampleModels returns one model of each output kind with a prompt that is
// required. They are served beside KnownModels unless WithModels says otherwise.
func SampleModels() []Model {
	sample := func(id, name, category string, kind OutputKind) Model {
		return Model{
			ID: id, DisplayName: name, Categories: []string{category}, Output: kind,
			BasePriceUSD: 0.05, PriceUnit: "per_request",
			InputSchema: json.RawMessage(`{"type":"object","title":"Input","required":["prompt"],"properties":{"prompt":{"title":"Prompt","type":"string"}}}`),
			Validate:    requirePrompt,
		}
	}
	return []Model{
		sample("sample/image/text-to-image", "Sample Image", "text-to-image", OutputKindImage),
		sample("sample/video/text-to-video", "Sample Video", "text-to-video", OutputKindVideo),
		sample("sample/audio/text-to-audio", "Sample Audio", "text-to-audio", OutputKindAudio),
		sample("sample/other/text-to-3d", "Sample Other", "text-to-3d", OutputKindOther),
	}
}

func requirePrompt(body []byte) []Problem {
	var in struct {
		Prompt *string `json:"prompt"`
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return []Problem{{Path: []any{"prompt"}, Type: "type", Message: "Input should be a valid string"}}
	}
	if in.Prompt == nil || *in.Prompt == "" {
		return []Problem{{Path: []any{"prompt"}, Type: "required", Message: "Field required"}}
	}
	return nil
}
