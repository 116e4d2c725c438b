package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// How much of an answer is read: of an error, and of a result.
const (
	errorBodyLimit  = 64 << 10
	resultBodyLimit = 128 << 20
)

// An answer is the body of an answer of the API, taken apart only one level
// deep, since nothing about the values is certain.
type answer struct {
	raw    []byte
	fields map[string]json.RawMessage // nil when the body is no JSON object
}

// readAnswer reads at most limit bytes of a body. An error means that the
// answer is cut; what was read of it is there all the same.
func readAnswer(body io.Reader, limit int64) (answer, error) {
	raw, err := io.ReadAll(io.LimitReader(body, limit))
	a := answer{raw: raw}
	if json.Unmarshal(raw, &a.fields) != nil {
		a.fields = nil
	}
	return a, err
}

// has reports whether a field says something: it is there and is neither null
// nor an empty string, list or object, nor false, nor 0.
func (a answer) has(name string) bool { return says(a.fields[name]) }

func says(raw json.RawMessage) bool {
	switch string(bytes.TrimSpace(raw)) {
	case "", "null", `""`, "[]", "{}", "false", "0":
		return false
	}
	return true
}

// text returns a field that is a string, else "".
func (a answer) text(name string) string { return textOf(a.fields[name]) }

func textOf(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// number returns a field that is a number, or a string that spells one.
func (a answer) number(name string) (float64, bool) { return numberOf(a.fields[name]) }

func numberOf(raw json.RawMessage) (float64, bool) {
	s := strings.TrimSpace(string(raw))
	if t := textOf(raw); t != "" {
		s = strings.TrimPrefix(strings.TrimSpace(t), "$")
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && finite(f)
}

// code returns the API's error code, as 400002, or 0.
func (a answer) code() int {
	f, _ := a.number("error_code")
	return int(f)
}

// time returns a field that is an RFC 3339 time or a number of seconds, or
// milliseconds, since 1970; else the zero time.
func (a answer) time(name string) time.Time {
	if t, err := time.Parse(time.RFC3339Nano, a.text(name)); err == nil {
		return t
	}
	for _, layout := range []string{"2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999"} {
		if t, err := time.Parse(layout, a.text(name)); err == nil {
			return t // FastAPI and others write UTC without saying so
		}
	}
	seconds, ok := a.number(name)
	if !ok || seconds <= 0 || seconds > 1e14 {
		return time.Time{}
	}
	if seconds > 1e11 {
		seconds /= 1000
	}
	return time.UnixMicro(int64(seconds * 1e6)).UTC()
}

// messageFields are the fields under which error texts are known to come.
var messageFields = []string{"error_message", "message", "error", "detail", "msg", "reason", "title"}

// message returns the error text of an answer, "" if it has none. It may hold
// anything that was sent, so it must pass a redactor before it is shown.
func (a answer) message() string {
	if a.fields == nil {
		if s := textOf(a.raw); s != "" {
			return s
		}
		return htmlTitle(a.raw)
	}
	for _, name := range messageFields {
		if m := messageOf(a.fields[name]); m != "" {
			return m
		}
	}
	return ""
}

// messageOf finds the text in an error of any shape. Of the validation errors
// that FastAPI answers with, {loc, msg, input}, it takes the first two: input
// repeats what was sent.
func messageOf(raw json.RawMessage) string {
	if !says(raw) {
		return ""
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) == nil {
		var texts []string
		for _, item := range list[:min(len(list), 8)] {
			if m := messageOf(item); m != "" {
				texts = append(texts, m)
			}
		}
		return strings.Join(texts, "; ")
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) == nil {
		var loc []any
		_ = json.Unmarshal(object["loc"], &loc) // absent, or not a list: no place to name
		for _, name := range messageFields {
			if m := messageOf(object[name]); m != "" {
				return locPrefix(loc) + m
			}
		}
		return ""
	}
	return textOf(raw)
}

// locPrefix spells FastAPI's location ["body", "image_urls", 2] as
// "image_urls[2]: ".
func locPrefix(loc []any) string {
	path := ""
	for i, step := range loc {
		switch step := step.(type) {
		case float64:
			path += fmt.Sprintf("[%d]", int(step))
		case string:
			if i > 0 || step != "body" {
				path = joinPath(path, step)
			}
		}
	}
	path = strings.TrimPrefix(path, ".")
	if path == "" {
		return ""
	}
	return path + ": "
}

// htmlTitle returns the title of an HTML page, as proxies send for an error.
func htmlTitle(raw []byte) string {
	lower := bytes.ToLower(raw) // ASCII tags keep their offsets only in ASCII pages
	start := bytes.Index(lower, []byte("<title>"))
	if start < 0 || len(lower) != len(raw) {
		return ""
	}
	title, _, ok := bytes.Cut(raw[start+len("<title>"):], []byte("</"))
	if !ok {
		return ""
	}
	return strings.Join(strings.Fields(string(title)), " ")
}

// retryAfter reads a Retry-After header (RFC 9110 section 10.2.3): seconds or
// a date. It is 0 when there is none to be understood.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if s, err := strconv.ParseUint(v, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(s, math.MaxInt32)) * time.Second
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(t.Sub(now), 0)
	}
	return 0
}
