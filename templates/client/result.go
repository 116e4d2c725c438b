package client

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
)

// A Result is what the API says of a job's end. Whatever the form of the
// answer, reading it does not fail: what fits is filled in, and Raw has it all.
type Result struct {
	RequestID             string
	State                 State
	APIState              string // the API's own word for the state
	Output                Output
	Cost                  *float64        // US dollars, nil when not asked for or not understood
	CreatedAt, FinishedAt time.Time       // zero when the API does not say
	Error                 json.RawMessage // the job's error as sent, any JSON value; nil when there is none
	Raw                   json.RawMessage // the whole answer
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
func (r Result) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "result of job %s: %s, %d output URLs", r.RequestID, r.State, len(r.Output.URLs()))
}

// LogValue is the text of Format, for log/slog.
func (r Result) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(r)) }

func newResult(id string, kind OutputKind, a answer) *Result {
	r := &Result{
		RequestID: id, State: parseState(a.text("status")), APIState: cut(a.text("status"), 64),
		Output: newOutput(a.fields["output"], kind), Cost: numberOf(a.fields["cost"]),
		CreatedAt: a.time("created_at"), FinishedAt: a.time("finished_at"), Raw: a.raw,
	}
	if a.has("error") {
		r.Error = a.fields["error"]
	}
	// An answer without a known state has ended if it says so otherwise.
	if unclear := r.State == StateUnknown || r.State == StateDone; unclear && r.Error != nil {
		r.State = StateFailed
	} else if unclear && (a.has("output") || a.has("finished_at")) {
		r.State = StateDone
	}
	return r
}

// newOutput reads an output of any shape: the documented object, one URL, a
// list of URLs, or nothing.
func newOutput(raw json.RawMessage, kind OutputKind) Output {
	var value any
	_ = json.Unmarshal(raw, &value) // absent: nil
	object, named := value.(map[string]any)
	if !named { // the field's name is left out
		if urls := urlsOf(value); kind == OutputKindOther && len(urls) > 0 {
			kind = kindOf(urls[0])
		}
		field := [...]string{OutputKindImage: "images", OutputKindVideo: "videos", OutputKindAudio: "audios"}[kind]
		object = map[string]any{field: value}
	}
	var o Output
	o.Image, o.Images = oneOrMore(object["image"], object["images"])
	o.Video, o.Videos = oneOrMore(object["video"], object["videos"])
	o.Audio, o.Audios = oneOrMore(object["audio"], object["audios"])
	return o
}

// kindOf tells what a URL leads to by its extension: of a job from Client.Job the
// model is not known.
func kindOf(address string) OutputKind {
	u, err := url.Parse(address)
	if err != nil {
		return OutputKindOther
	}
	extension := strings.Replace(strings.ToLower(path.Ext(u.Path)), ".jpeg", ".jpg", 1)
	i := slices.IndexFunc(mediaFormats, func(f mediaFormat) bool { return f.extension == extension })
	if i < 0 {
		return OutputKindOther
	}
	kind, _, _ := strings.Cut(mediaFormats[i].mediaType, "/")
	return map[string]OutputKind{"image": OutputKindImage, "video": OutputKindVideo, "audio": OutputKindAudio}[kind]
}

// oneOrMore reads a field for one URL and its sibling for several. A list of
// more than one in the first counts as the second.
func oneOrMore(single, several any) (string, []string) {
	one, more := urlsOf(single), urlsOf(several)
	if len(one) == 0 {
		return "", more
	}
	if len(one) > 1 {
		more = append(one, more...)
	}
	return one[0], more
}

// urlsOf reads a string or a list of strings. Values of any other form are left
// to Raw.
func urlsOf(value any) (urls []string) {
	switch value := value.(type) {
	case string:
		if value != "" {
			urls = []string{value}
		}
	case []any:
		for _, item := range value {
			urls = append(urls, urlsOf(item)...)
		}
	}
	return urls
}

// decodeOutput reads the output of a finished job into a model's own type; of an
// output that is absent or null it is empty. What does not fit is in res.Raw.
func decodeOutput[T any](res *Result) (*T, error) {
	var answer struct {
		Output T `json:"output"`
	}
	if res == nil {
		return nil, fmt.Errorf("runcomfy: there is no result to decode")
	}
	if err := json.Unmarshal(res.Raw, &answer); err != nil {
		return nil, fmt.Errorf("runcomfy: decoding the output of job %s: %w", res.RequestID, err)
	}
	return &answer.Output, nil
}

// URLs returns every URL of the output once: images, videos, then audio. They may
// be signed: whoever has such a URL has the file.
func (o Output) URLs() []string {
	var urls []string
	for _, o := range distinct(outputsOf(o)) {
		urls = append(urls, o.url)
	}
	return urls
}
