package client

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"path"
	"strings"
	"time"
)

// A Result is what the API says of a job's end. Whatever the form of the
// answer, reading it does not fail: what fits is filled in, and Raw has it all.
type Result struct {
	RequestID string
	State     State
	// APIState is the API's own word for the state.
	APIState string
	Output   Output
	// Cost is in US dollars, nil when it was not asked for or not understood.
	Cost *float64
	// CreatedAt and FinishedAt are zero when the API does not say.
	CreatedAt, FinishedAt time.Time
	// Error is the job's error as sent, any JSON value; nil when there is none.
	Error json.RawMessage
	// Raw is the whole answer.
	Raw json.RawMessage
}

// An Output holds the URLs of what a job made. They may be signed: whoever has
// such a URL has the file.
type Output struct {
	Image  string   `json:"image,omitempty"`
	Images []string `json:"images,omitempty"`
	Video  string   `json:"video,omitempty"`
	Videos []string `json:"videos,omitempty"`
	Audio  string   `json:"audio,omitempty"`
	Audios []string `json:"audios,omitempty"`
}

// Format prints a result without its URLs, whatever the verb: they may be
// signed, and results get logged. The fields hold them.
func (r Result) Format(f fmt.State, _ rune) { fmt.Fprint(f, r.summary()) }

// LogValue is the text of Format, for log/slog.
func (r Result) LogValue() slog.Value { return slog.StringValue(r.summary()) }

func (r Result) summary() string {
	o := r.Output
	n := len(o.Images) + len(o.Videos) + len(o.Audios)
	for _, single := range []string{o.Image, o.Video, o.Audio} {
		if single != "" {
			n++
		}
	}
	return fmt.Sprintf("result of job %s: %s, %d output URLs", r.RequestID, r.State, n)
}

// newResult reads an answer about the job id.
func newResult(id string, kind OutputKind, a answer) *Result {
	r := &Result{
		RequestID:  id,
		APIState:   cut(a.text("status"), 64),
		Output:     newOutput(a.fields["output"], kind),
		Cost:       newCost(a.fields["cost"]),
		CreatedAt:  a.time("created_at"),
		FinishedAt: a.time("finished_at"),
		Raw:        a.raw,
	}
	r.State = parseState(r.APIState)
	if a.has("error") {
		r.Error = a.fields["error"]
	}
	// An answer without a known state has ended if it says so otherwise.
	if r.State == StateUnknown || r.State == StateDone {
		switch {
		case r.Error != nil:
			r.State = StateFailed
		case a.has("output") || a.has("finished_at"):
			r.State = StateDone
		}
	}
	return r
}

// newOutput reads an output of any shape: the documented object, one URL, a
// list of URLs, or nothing.
func newOutput(raw json.RawMessage, kind OutputKind) Output {
	var o Output
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil {
		o.add(urlsOf(raw), kind)
		return o
	}
	o.Image, o.Images = oneOrMore(object["image"], object["images"])
	o.Video, o.Videos = oneOrMore(object["video"], object["videos"])
	o.Audio, o.Audios = oneOrMore(object["audio"], object["audios"])
	return o
}

// oneOrMore reads a field for one URL and its sibling for several. A list of
// more than one in the first counts as the second.
func oneOrMore(single, several json.RawMessage) (string, []string) {
	one, more := urlsOf(single), urlsOf(several)
	if len(one) == 0 {
		return "", more
	}
	if len(one) > 1 {
		more = append(one, more...)
	}
	return one[0], more
}

// add puts URLs that stand without a field's name where their extension, or
// else the model's kind of output, says.
func (o *Output) add(urls []string, kind OutputKind) {
	for _, u := range urls {
		k := kind
		bare, _, _ := strings.Cut(u, "?")
		switch strings.ToLower(path.Ext(bare)) {
		case ".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif", ".heic":
			k = OutputKindImage
		case ".mp4", ".mov", ".webm", ".mkv":
			k = OutputKindVideo
		case ".mp3", ".wav", ".flac", ".ogg", ".m4a", ".aac":
			k = OutputKindAudio
		}
		switch k {
		case OutputKindImage:
			o.Images = append(o.Images, u)
		case OutputKindVideo:
			o.Videos = append(o.Videos, u)
		case OutputKindAudio:
			o.Audios = append(o.Audios, u)
		}
	}
}

// urlsOf reads a string, an object with a url, or a list of either. Values of
// any other form are left to Raw.
func urlsOf(raw json.RawMessage) []string {
	if s := textOf(raw); s != "" {
		return []string{s}
	}
	var object struct {
		URL json.RawMessage `json:"url"`
	}
	if json.Unmarshal(raw, &object) == nil {
		if s := textOf(object.URL); s != "" {
			return []string{s}
		}
		return nil
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	var urls []string
	for _, item := range list {
		urls = append(urls, urlsOf(item)...)
	}
	return urls
}

// newCost reads a number, a string that spells one, or an object with either
// under one of the usual names.
func newCost(raw json.RawMessage) *float64 {
	if f, ok := numberOf(raw); ok {
		return &f
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil {
		return nil
	}
	for _, name := range []string{"usd", "amount_usd", "total_usd", "cost_usd", "amount", "total", "cost", "value"} {
		if f, ok := numberOf(object[name]); ok {
			return &f
		}
	}
	return nil
}
