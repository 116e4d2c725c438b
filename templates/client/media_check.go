package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
)

// A MediaError is media that could not be read: a file given to FileURI, or an
// input whose check ended early. Nothing was sent.
type MediaError struct {
	Path string // the file, or empty for the check of an input
	Err  error
	about
}

func (e *MediaError) Error() string {
	return "runcomfy: media " + cmp.Or(e.Path, "check") + ": " + e.Err.Error()
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
	distinct := slices.Compact(slices.Sorted(maps.Values(values))) // what stands at two paths is measured once
	infos, errs := make([]MediaInfo, len(distinct)), make([]error, len(distinct))
	remote := newMediaClient(c.clientSettings)
	defer remote.closeIdle()
	inParallel(c.limits.MediaParallel, len(distinct), func(i int) {
		switch value := distinct[i]; {
		case strings.EqualFold(value[:min(len(value), len("data:"))], "data:"):
			infos[i], errs[i] = measureDataURI(value)
		case mode != MediaCheckRemote:
			errs[i] = errors.New("not measured without MediaCheckRemote")
		default:
			infos[i], errs[i] = remote.measure(ctx, value)
		}
	})
	if ctx.Err() != nil {
		return &MediaError{Err: contextError(ctx)}
	}
	measured, failed := map[string]MediaInfo{}, map[string]error{}
	for path, value := range values {
		i, _ := slices.BinarySearch(distinct, value)
		measured[path], failed[path] = infos[i], errs[i] // the size may be known beside an error
	}
	var v violations
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

// mediaValues finds the strings at the rules' paths in a JSON body. Its keys
// are paths with indexes, as image_urls[2].
func mediaValues(body []byte, rules []MediaRule) map[string]string {
	values := map[string]string{}
	var value any
	_ = json.Unmarshal(body, &value)
	eachString(value, "", func(path, s string) {
		if s != "" && slices.ContainsFunc(rules, func(r MediaRule) bool { return r.isFor(path) }) {
			values[path] = s
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

// maxFileURI is the largest file that FileURI takes, in bytes: in base64 it
// grows by a third, and the API takes bodies of 64 MiB.
const maxFileURI = 47 << 20

// FileURI reads a file and returns its content as a data URI (RFC 2397), what a
// media field takes in place of an https URL. The file must be an image, a video
// or a sound, whatever its name, of at most 47 MiB. The error is a *MediaError.
func FileURI(path string) (uri string, err error) {
	defer func() {
		if err != nil {
			err = &MediaError{Path: path, Err: err}
		}
	}()
	info, err := os.Stat(path) // before opening, which blocks on a pipe
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", errors.New("not a regular file")
	case info.Size() > maxFileURI:
		return "", fmt.Errorf("%d bytes are more than the %d that fit into a request", info.Size(), maxFileURI)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	format := sniffMedia(content)
	if format.name == "" {
		return "", errUnknownMedia
	}
	return string(base64.StdEncoding.AppendEncode([]byte("data:"+format.mediaType+";base64,"), content)), nil
}

var errUnknownMedia = errors.New("the content is no image, video or sound that is known here")

// measureDataURI measures the content of a data URI (RFC 2397).
func measureDataURI(uri string) (MediaInfo, error) {
	kind, data, ok := strings.Cut(uri[len("data:"):], ",")
	if !ok {
		return MediaInfo{}, errors.New("a data URI without a comma")
	}
	data, err := url.PathUnescape(data)
	if err != nil {
		return MediaInfo{}, errors.New("a data URI with a bad escape")
	}
	content := []byte(data)
	isBase64 := func(parameter string) bool { return strings.EqualFold(strings.TrimSpace(parameter), "base64") }
	if slices.ContainsFunc(strings.Split(kind, ";"), isBase64) {
		if content, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(data, "=")); err != nil {
			return MediaInfo{}, errors.New("the base64 text is damaged")
		}
	}
	return probeMedia(bytes.NewReader(content), int64(len(content)))
}
