package client

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A MediaError reports media that could not be read: a file given to FileURI, a
// reader given to DataURI, or an input whose check ended early. Nothing was sent.
type MediaError struct {
	Path string // the file, or empty for a reader and the check of an input
	Err  error
	about
}

func (e *MediaError) Error() string {
	path := ""
	if e.Path != "" {
		path = " " + e.Path
	}
	return "runcomfy: media" + path + ": " + e.Err.Error()
}

// Unwrap returns Err.
func (e *MediaError) Unwrap() error { return e.Err }

// CheckMedia measures the media of an input, data URIs and files behind https
// URLs, whatever WithMediaCheck says, and compares it with the rules of the
// input's model. It reads headers alone and sends nothing to the API. It
// returns nil, a *ValidationError with every broken rule, or a *MediaError if
// the context ended. Values that no server can fetch, such as local paths, http
// URLs and damaged base64, break the rule "format". Media that cannot be read and
// rules that this client does not know break nothing, unless WithStrictMedia is set.
func (c *Client) CheckMedia(ctx context.Context, in Input) error {
	switch {
	case c == nil || c.core == nil:
		return &ConfigError{Reason: "the client was not made by New"}
	case in == nil:
		return nilInput()
	}
	body, err := encodeInput(in)
	if err != nil {
		return err
	}
	return c.checkMedia(ctx, in.ModelID(), in.MediaRules(), body, MediaCheckRemote)
}

// checkMedia is CheckMedia of a marshalled body to the extent of mode.
func (c *core) checkMedia(ctx context.Context, modelID string, rules []MediaRule, body []byte, mode MediaCheck) error {
	if mode == MediaCheckOff || len(rules) == 0 {
		return nil
	}
	values := mediaValues(body, rules)
	problems := map[string]string{}
	for path, value := range values {
		if problem := value.problem(); problem != "" {
			problems[path] = problem
			delete(values, path)
		} else if !value.measured && !value.isData() {
			delete(values, path)
		}
	}
	measured, failed := c.measureValues(ctx, values, mode)
	if ctx.Err() != nil {
		return &MediaError{Err: contextError(ctx)}
	}
	for path := range values {
		var damaged damagedData
		if errors.As(failed[path], &damaged) {
			problems[path] = string(damaged)
			delete(measured, path)
		}
	}
	var v violations
	for _, path := range slices.SortedFunc(maps.Keys(problems), compareItems) {
		v.add(path, ruleMediaValue, mediaMessage(problems[path]))
	}
	v.evaluate(rules, measured, func(r MediaRule, path string) {
		reason := cmp.Or(failed[path], errors.New("the rule is not known here, or the file does not tell"))
		c.log.LogAttrs(ctx, slog.LevelDebug, "runcomfy: media rule not checked", slog.String("model", modelID),
			slog.String("path", path), slog.String("rule", r.Name()), slog.String("reason", reason.Error()))
		if c.strict {
			v.add(path, r.Name(), "could not be checked: "+reason.Error())
		}
	})
	return v.err()
}

// measureValues measures values to the extent of mode. What could not be measured
// has an error, beside which the size may be known.
func (c *core) measureValues(
	ctx context.Context, values map[string]mediaValue, mode MediaCheck,
) (map[string]MediaInfo, map[string]error) {
	var texts []string
	for _, value := range values {
		texts = append(texts, value.text)
	}
	slices.Sort(texts)
	texts = slices.Compact(texts) // a value at two paths is measured once
	infos, errs := make([]MediaInfo, len(texts)), make([]error, len(texts))
	var remote *mediaClient
	if mode == MediaCheckRemote {
		remote = newMediaClient(c.clientSettings)
		defer remote.closeIdle()
	}
	inParallel(c.limits.MediaParallel, len(texts), func(i int) {
		switch text := texts[i]; {
		case isDataURI(text):
			infos[i], errs[i] = measureDataURI(text)
		case mode != MediaCheckRemote:
			errs[i] = errors.New("not measured without MediaCheckRemote")
		default:
			infos[i], errs[i] = remote.measure(ctx, text)
		}
	})
	measured, failed := map[string]MediaInfo{}, map[string]error{}
	for path, value := range values {
		i, _ := slices.BinarySearch(texts, value.text)
		measured[path], failed[path] = infos[i], errs[i]
	}
	return measured, failed
}

// A mediaValue is a string of a body at the path of a media rule.
type mediaValue struct {
	text     string
	item     bool // of a list
	sure     bool // the property is surely media
	typed    bool // a rule without a metric asks for more than what can be measured
	measured bool // a rule of it has a metric
}

func (m mediaValue) problem() string {
	switch {
	case m.text == "" && m.item:
		return problemEmptyItem
	case !m.sure:
		return mediaProblem(m.text, false)
	}
	problem := localMediaProblem(m.text)
	if problem == problemDataType && !m.typed {
		return ""
	}
	return problem
}

func (m mediaValue) isData() bool { return m.sure && isDataURI(m.text) }

func isDataURI(s string) bool { return strings.EqualFold(s[:min(len(s), len("data:"))], "data:") }

// opLikely is the operator of a rule without a metric whose value is not surely
// media. No table of a model has it.
const opLikely = "?"

// mediaValues finds the strings at the rules' paths in a JSON body. Its keys
// are paths with indexes, for example image_urls[2].
func mediaValues(body []byte, rules []MediaRule) map[string]mediaValue {
	values := map[string]mediaValue{}
	var value any
	_ = json.Unmarshal(body, &value)
	eachString(value, "", func(path, s string) {
		m := mediaValue{text: s, item: strings.HasSuffix(path, "]")}
		found := false
		for _, r := range rules {
			if r.isFor(path) {
				found = true
				m.sure = m.sure || r.Metric == "" && r.Op != opLikely || r.measurable()
				m.typed = m.typed || r.Metric == ""
				m.measured = m.measured || r.Metric != ""
			}
		}
		if found && (s != "" || m.item) {
			values[path] = m
		}
	})
	return values
}

// eachString calls visit with every string in a decoded JSON value, which stands
// at path, and its own path.
func eachString(value any, path string, visit func(path, s string)) {
	switch value := value.(type) {
	case string:
		visit(path, value)
	case []any:
		for i, item := range value {
			eachString(item, path+"["+strconv.Itoa(i)+"]", visit)
		}
	case map[string]any:
		for name, member := range value {
			eachString(member, joinPath(path, name), visit)
		}
	}
}

// inParallel calls work with 0 to n-1, at most limit of them at a time.
func inParallel(limit, n int, work func(i int)) {
	slots := make(chan struct{}, max(limit, 1))
	for i := range n {
		slots <- struct{}{}
		go func() {
			work(i)
			<-slots
		}()
	}
	for range cap(slots) { // all are free again when the last work has ended
		slots <- struct{}{}
	}
}
