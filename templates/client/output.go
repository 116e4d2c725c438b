package client

import (
	"encoding/json"
	"fmt"
	"slices"
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
	for _, u := range slices.Concat([]string{o.Image}, o.Images, []string{o.Video}, o.Videos, []string{o.Audio}, o.Audios) {
		if u != "" && !slices.Contains(urls, u) {
			urls = append(urls, u)
		}
	}
	return urls
}
