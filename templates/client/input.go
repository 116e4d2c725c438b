package client

import "time"

// Input is what Submit takes: a pointer to a generated input struct.
type Input interface {
	// ModelID is the id of the model in the API's paths.
	ModelID() string
	// Validate checks every rule of the model's schema without any network. It
	// returns nil or a *ValidationError.
	Validate() error
	// MediaRules are the page's rules for the media that the input names.
	MediaRules() []MediaRule
}

// Int returns a pointer to v, for an optional integer field.
func Int(v int64) *int64 { return &v }

// Float returns a pointer to v, for an optional number field.
func Float(v float64) *float64 { return &v }

// Bool returns a pointer to v, for an optional boolean field: Bool(false) is
// sent, a nil field is not.
func Bool(v bool) *bool { return &v }

// String returns a pointer to v, for an optional string field.
func String(v string) *string { return &v }

// Ptr returns a pointer to v, for an optional field of any other type.
func Ptr[T any](v T) *T { return &v }

// OutputKind is what a model makes; the waiting between reads starts from it.
type OutputKind uint8

// The kinds of output.
const (
	OutputKindOther OutputKind = iota
	OutputKindImage
	OutputKindVideo
	OutputKindAudio
)

// expectedDuration is how long a job of the kind usually runs.
func (k OutputKind) expectedDuration() time.Duration {
	return [...]time.Duration{
		OutputKindOther: 120 * time.Second, OutputKindImage: 10 * time.Second,
		OutputKindVideo: 90 * time.Second, OutputKindAudio: 20 * time.Second,
	}[k]
}

// format1 is named by every generated file, so that files of two generations
// of the generator do not compile together.
const format1 = 1
