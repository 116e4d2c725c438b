package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An answer is what the API answers to a call. Its body is taken apart only one
// level deep, since nothing about the values is certain.
type answer struct {
	status int // 0 if there was no answer
	header http.Header
	raw    []byte
	fields map[string]json.RawMessage // nil when the body is no JSON object
}

// readAnswer reads a response, at most 64 KiB of an error. An error means that
// the answer is cut; what was read of it is there all the same.
func readAnswer(resp *http.Response) (answer, error) {
	a := answer{status: resp.StatusCode, header: resp.Header}
	if resp.Body == nil { // of an injected RoundTripper
		return a, nil
	}
	defer resp.Body.Close()
	if a.status == http.StatusSwitchingProtocols { // the body is the connection, whose reading no context ends
		return a, nil
	}
	limit := int64(64 << 10)
	if a.ok() {
		limit = 128 << 20
	}
	unknown := decodeBody(resp)
	var err error
	a.raw, err = io.ReadAll(io.LimitReader(gzipCoding.reader(resp.Body), limit)) // some servers do not say so
	_ = json.Unmarshal(a.raw, &a.fields)                                         // no object: no fields
	if a.fields == nil && err == nil {
		err = unknown
	}
	return a, err
}

// ok reports whether the status is a 2xx.
func (a answer) ok() bool { return a.status >= 200 && a.status <= 299 }

// has reports whether a field says something, see says.
func (a answer) has(name string) bool {
	var value any
	_ = json.Unmarshal(a.fields[name], &value) // absent: nil
	return says(value)
}

// says reports whether a value is more than a form that was left blank: null,
// an empty text, "0", 0, false, or a list or an object of nothing but such.
func says(value any) bool {
	switch value := value.(type) {
	case []any:
		return slices.ContainsFunc(value, says)
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(value)), says)
	case string:
		text := strings.TrimSpace(value)
		return text != "" && text != "0"
	}
	return value != nil && value != false && value != 0.0
}

// text returns a field that is a string, else "".
func (a answer) text(name string) string { return textOf(a.fields[name]) }

func textOf(raw json.RawMessage) (s string) {
	_ = json.Unmarshal(raw, &s) // no string: ""
	return s
}

// numberOf reads a number, or a string that spells one; of anything else it is nil.
func numberOf(raw json.RawMessage) *float64 {
	f, err := strconv.ParseFloat(strings.TrimPrefix(strings.Trim(string(raw), " \t\r\n\""), "$"), 64)
	if err != nil || !finite(f) {
		return nil
	}
	return &f
}

// time returns a field that is an RFC 3339 time, perhaps without a zone: FastAPI
// writes UTC without saying so. Of another form it is the zero time.
func (a answer) time(name string) time.Time {
	t, err := time.Parse(time.RFC3339, a.text(name))
	if err != nil {
		t, _ = time.Parse("2006-01-02T15:04:05", a.text(name))
	}
	return t
}

// messageFields are the fields under which error texts are known to come.
var messageFields = []string{"error_message", "message", "error", "detail", "msg", "reason", "title"}

// htmlTitle finds the title of an HTML page, as proxies send for an error.
var htmlTitle = regexp.MustCompile(`(?is)<title>(.*?)</`)

// message returns the error text of an answer, "" if it has none. It may hold
// anything that was sent, so it must pass a redactor before it is shown.
func (a answer) message() string {
	if m := htmlTitle.FindSubmatch(a.raw); m != nil && !json.Valid(a.raw) {
		return strings.Join(strings.Fields(string(m[1])), " ")
	}
	return messageIn(a.raw)
}

// messageIn finds the text in an error of any shape.
func messageIn(raw json.RawMessage) string {
	var value any
	_ = json.Unmarshal(raw, &value) // no JSON: no text
	return messageOf(value)
}

// messageOf finds the text in a decoded error. Of the validation errors that
// FastAPI answers with, {loc, msg, input}, it takes the first two: input repeats
// what was sent.
func messageOf(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case []any:
		var texts []string
		for _, item := range value[:min(len(value), 8)] {
			if m := messageOf(item); m != "" {
				texts = append(texts, m)
			}
		}
		return strings.Join(texts, "; ")
	case map[string]any:
		for _, name := range messageFields {
			if m := messageOf(value[name]); m != "" {
				return locate(value["loc"]) + m
			}
		}
	}
	return ""
}

// locate writes FastAPI's ["body", "loras", 0, "path"] as "loras[0].path: ".
func locate(loc any) string {
	parts, _ := loc.([]any) // of another form: nowhere
	path := ""
	for _, part := range parts {
		if name, ok := part.(string); ok {
			path = joinPath(path, name)
		} else {
			path += fmt.Sprintf("[%v]", part)
		}
	}
	if path == "" {
		return ""
	}
	return strings.TrimPrefix(path, "body.") + ": "
}

// retryAfter reads a Retry-After header (RFC 9110 section 10.2.3): seconds or
// a date. It is 0 when there is none to be understood.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if s, err := strconv.ParseUint(v, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(s, math.MaxInt32)) * time.Second
	}
	t, _ := http.ParseTime(v) // of anything else the zero time, which is long past
	return max(t.Sub(now), 0)
}
