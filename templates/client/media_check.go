package client

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"sync"
)

// A MediaError is media that could not be read: a file given to FileURI, or an
// input whose check ended early. Nothing was sent.
type MediaError struct {
	// Path is the file, or empty for the check of an input.
	Path string
	// Err is what went wrong.
	Err error

	about
}

func (e *MediaError) Error() string {
	if e.Path == "" {
		return "runcomfy: check of media: " + e.Err.Error()
	}
	return "runcomfy: media file " + e.Path + ": " + e.Err.Error()
}

// Unwrap returns Err.
func (e *MediaError) Unwrap() error { return e.Err }

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
	probes := c.measureMedia(ctx, rules, values, mode)
	if ctx.Err() != nil {
		return &MediaError{Err: context.Cause(ctx)}
	}
	measured := map[string]MediaInfo{}
	for path, value := range values {
		measured[path] = probes[value].info // its size may be known beside an error
	}
	var v violations
	v.evaluate(rules, measured, func(r MediaRule, path string) {
		reason := probes[values[path]].err
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
	values := map[string]string{}
	var collect func(value any, path string)
	collect = func(value any, path string) {
		switch value := value.(type) {
		case string:
			if value != "" && slices.ContainsFunc(rules, func(r MediaRule) bool { return r.isFor(path) }) {
				values[path] = value
			}
		case []any:
			for i, item := range value {
				collect(item, path+"["+strconv.Itoa(i)+"]")
			}
		case map[string]any:
			for name, member := range value {
				collect(member, joinPath(path, name))
			}
		}
	}
	var decoded any
	if json.Unmarshal(body, &decoded) == nil {
		collect(decoded, "")
	}
	return values
}

// A mediaProbe is what became of one value: a data URI or a URL.
type mediaProbe struct {
	pixels bool // more than the size of the file is wanted
	info   MediaInfo
	err    error
}

// measureMedia measures each distinct value once, a few remote ones at a time.
func (c *core) measureMedia(ctx context.Context, rules []MediaRule, values map[string]string, mode MediaCheck) map[string]*mediaProbe {
	probes := map[string]*mediaProbe{}
	for path, value := range values {
		if probes[value] == nil {
			probes[value] = &mediaProbe{}
		}
		probes[value].pixels = probes[value].pixels || slices.ContainsFunc(rules, func(r MediaRule) bool {
			return r.isFor(path) && r.Metric != metricFileSize
		})
	}
	remote := newMediaClient(c.media, c.user)
	defer remote.closeIdle()
	distinct := slices.Collect(maps.Keys(probes))
	inParallel(remote.limits.Parallel, len(distinct), func(i int) {
		switch value, p := distinct[i], probes[distinct[i]]; {
		case isDataURI(value):
			p.info, p.err = measureDataURI(value)
		case mode != MediaCheckRemote:
			p.err = errors.New("not measured without MediaCheckRemote")
		default:
			p.info, p.err = remote.measure(ctx, value, p.pixels)
		}
	})
	return probes
}

// inParallel calls work with 0 to n-1, at most limit of them at a time.
func inParallel(limit, n int, work func(i int)) {
	slots := make(chan struct{}, max(limit, 1))
	var all sync.WaitGroup
	for i := range n {
		slots <- struct{}{}
		all.Add(1)
		go func() {
			defer all.Done()
			work(i)
			<-slots
		}()
	}
	all.Wait()
}
