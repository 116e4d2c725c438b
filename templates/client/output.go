package client

import (
	"encoding/json"
	"fmt"
)

// decodeOutput reads the output of a finished job into a model's own type. The
// raw answer stays in res.Raw when it does not fit.
func decodeOutput[T any](res *Result) (*T, error) {
	var answer struct {
		Output *T `json:"output"`
	}
	if res == nil {
		return nil, fmt.Errorf("runcomfy: there is no result to decode")
	}
	if err := json.Unmarshal(res.Raw, &answer); err != nil {
		return nil, fmt.Errorf("runcomfy: decoding the output of job %s: %w", res.RequestID, err)
	}
	return answer.Output, nil
}

// URLs returns every URL of the output once: images, videos, then audio. They may
// be signed: whoever has such a URL has the file.
func (o Output) URLs() []string {
	var urls []string
	for _, o := range outputsOf(o) {
		urls = append(urls, o.url)
	}
	return urls
}
