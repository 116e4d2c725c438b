package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A MediaError is media that could not be read: a file given to FileURI, or an
// input whose check ended early.
type MediaError struct {
	// Path is the file, or empty for the check of an input.
	Path string
	// Err is what went wrong.
	Err error
}

func (e *MediaError) Error() string {
	if e.Path == "" {
		return "runcomfy: check of media: " + e.Err.Error()
	}
	return "runcomfy: media file " + e.Path + ": " + e.Err.Error()
}

// Unwrap returns Err.
func (e *MediaError) Unwrap() error { return e.Err }

// Charged returns ChargedNo: nothing was sent.
func (e *MediaError) Charged() Charged { return ChargedNo }

// RequestID returns "": nothing was sent.
func (e *MediaError) RequestID() string { return "" }

// CheckMedia measures the media of an input, data URIs and files behind https
// URLs, whatever WithMediaCheck says, and compares it with the rules of the
// input's model. It reads headers alone and sends nothing to the API. It
// returns nil, a *ValidationError with every broken rule, or a *MediaError if
// the context ended. Media that cannot be read and rules that this client does
// not know break nothing, unless WithStrictMedia is set.
func (c *Client) CheckMedia(ctx context.Context, in Input) error {
	switch {
	case c == nil || c.core == nil:
		return &ConfigError{Reason: "the client was not made by New"}
	case in == nil:
		return nilInput()
	}
	body, err := json.Marshal(in)
	if err != nil {
		return &MediaError{Err: err}
	}
	return c.checkMedia(ctx, in.ModelID(), in.MediaRules(), body, MediaCheckRemote)
}

// checkMedia is CheckMedia of a marshalled body to the extent of mode.
func (c *core) checkMedia(ctx context.Context, modelID string, rules []MediaRule, body []byte, mode MediaCheck) error {
	if mode == MediaCheckOff || len(rules) == 0 {
		return nil
	}
	values := mediaValues(body, rules)
	if len(values) == 0 {
		return nil
	}
	m := c.measureMedia(ctx, rules, values, mode)
	if err := ctx.Err(); err != nil {
		return &MediaError{Err: context.Cause(ctx)}
	}
	var v violations
	v.evaluate(rules, m.measured, func(r MediaRule, path string) {
		reason := m.failed[path]
		if reason == nil {
			reason = errors.New("the rule is not known here, or the file does not tell")
		}
		c.log.LogAttrs(ctx, slog.LevelDebug, "runcomfy: media rule not checked", slog.String("model", modelID),
			slog.String("path", path), slog.String("rule", r.Name()), slog.String("reason", reason.Error()))
		if c.media.strict {
			v.add(path, r.Name(), "could not be checked: "+reason.Error())
		}
	})
	return v.err()
}

// mediaValues finds the strings at the rules' paths in a JSON body. Its keys
// are paths with indexes, as image_urls[2].
func mediaValues(body []byte, rules []MediaRule) map[string]string {
	var patterns []string
	for _, r := range rules {
		if !slices.Contains(patterns, r.Path) {
			patterns = append(patterns, r.Path)
		}
	}
	values := map[string]string{}
	collectValues(bytes.TrimSpace(body), patterns, "", values)
	return values
}

// collectValues descends into a JSON value that stands at path. patterns are
// what is left of the paths to be found in it, as "[*].path" of
// "loras[*].path"; an empty one is the value itself.
func collectValues(value json.RawMessage, patterns []string, path string, values map[string]string) {
	var text string
	if slices.Contains(patterns, "") && json.Unmarshal(value, &text) == nil && text != "" {
		values[path] = text
	}
	var items []json.RawMessage
	if below := after(patterns, "[*]"); len(below) > 0 && json.Unmarshal(value, &items) == nil {
		for i, item := range items {
			collectValues(item, below, path+"["+strconv.Itoa(i)+"]", values)
		}
	}
	var members map[string]json.RawMessage
	if len(value) == 0 || value[0] != '{' || json.Unmarshal(value, &members) != nil {
		return
	}
	for name, member := range members {
		// A name may itself hold a dot: the members decide, not the pattern.
		if below := after(patterns, name); len(below) > 0 {
			at := name
			if path != "" {
				at = joinPath(path, name)
			}
			collectValues(member, below, at, values)
		}
	}
}

// after returns what is left of the patterns that begin with a step.
func after(patterns []string, step string) []string {
	var below []string
	for _, p := range patterns {
		rest, ok := strings.CutPrefix(strings.TrimPrefix(p, "."), step)
		if ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			below = append(below, rest)
		}
	}
	return below
}

// measurements are what became of the media values, by path. A value that could
// not be measured stands in both maps: its size may be known.
type measurements struct {
	measured map[string]MediaInfo
	failed   map[string]error
}

// measureMedia measures each distinct value once, a few remote ones at a time.
func (c *core) measureMedia(ctx context.Context, rules []MediaRule, values map[string]string, mode MediaCheck) measurements {
	limits := c.media.figures()
	pixels := pixelValues(rules, values)
	var client *http.Client
	if mode == MediaCheckRemote {
		transport := newMediaTransport(c.media)
		defer transport.closeIdle()
		client = transport.client(limits.Redirects, nil)
	}
	type outcome struct {
		info MediaInfo
		err  error
	}
	var (
		outcomes = map[string]*outcome{}
		slots    = make(chan struct{}, max(limits.Parallel, 1))
		all      sync.WaitGroup
	)
	for _, value := range values {
		if outcomes[value] != nil {
			continue
		}
		o := &outcome{}
		outcomes[value] = o
		switch {
		case isDataURI(value):
			o.info, o.err = measureDataURI(value)
		case mode != MediaCheckRemote:
			o.err = errors.New("not measured without MediaCheckRemote")
		default:
			all.Add(1)
			slots <- struct{}{}
			go func() {
				defer all.Done()
				o.info, o.err = measureRemote(ctx, client, limits, c.user, value, pixels[value])
				<-slots
			}()
		}
	}
	all.Wait()
	m := measurements{map[string]MediaInfo{}, map[string]error{}}
	for path, value := range values {
		m.measured[path] = outcomes[value].info
		if err := outcomes[value].err; err != nil {
			m.failed[path] = err
		}
	}
	return m
}

func measureDataURI(uri string) (MediaInfo, error) {
	content, size, err := openDataURI(uri)
	if err != nil {
		return MediaInfo{}, err
	}
	return probeMedia(content, size)
}

// pixelValues tells the values of which more than the size of the file is
// wanted.
func pixelValues(rules []MediaRule, values map[string]string) map[string]bool {
	wanted := map[string]bool{}
	for path, value := range values {
		for _, r := range rules {
			if r.Metric != metricFileSize && len(matchingPaths(r.Path, map[string]MediaInfo{path: {}})) > 0 {
				wanted[value] = true
			}
		}
	}
	return wanted
}
