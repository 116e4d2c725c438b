package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	status  int // 0 if there was no answer
	header  http.Header
	raw     []byte
	fields  map[string]json.RawMessage // those of answerFields; nil when the body is not a JSON object
	found   []NamedURL                 // the URLs in the field output
	torn    bool                       // the object in raw has no end
	unclear string                     // a field that came twice with different values, and is in fields no more
}

// answerFields are the members of an answer that this package looks at.
var answerFields = func() map[string]bool {
	fields := map[string]bool{}
	for _, name := range append([]string{"request_id", "status", "output", "error_code", "cost", "created_at",
		"finished_at", "queue_position", "outcome", "models"}, messageFields...) {
		fields[name] = true
	}
	return fields
}()

// errorLimit is how much is read of an answer that is an error.
const errorLimit = 64 << 10

// readAnswer reads a response: at most limit bytes, 64 KiB of an error. An error means
// that the answer is cut; what was read of it is there all the same.
func readAnswer(ctx context.Context, resp *http.Response, limit int64) (answer, error) {
	a := answer{status: resp.StatusCode, header: resp.Header}
	if resp.Body == nil { // of an injected RoundTripper
		return a, nil
	}
	defer resp.Body.Close()
	if a.status == http.StatusSwitchingProtocols { // the body is the connection, whose reading no context ends
		return a, nil
	}
	if !a.ok() {
		limit = errorLimit
	}
	unknown := decodeBody(resp)
	var err error
	a.raw, err = readAll(ctx, gzipCoding.reader(resp.Body), resp.ContentLength, limit) // some servers do not say so
	a.split(ctx)
	framed := resp.ContentLength >= 0 || resp.TransferEncoding != nil || resp.ProtoMajor > 1 || resp.Uncompressed
	switch {
	case err != nil:
	case ctx.Err() != nil: // perhaps in the middle of split
		err = ctx.Err()
	case a.fields == nil:
		err = unknown
	case a.ok() && a.torn && !framed: // nothing else tells that the body came whole
		err = io.ErrUnexpectedEOF
	}
	return a, err
}

// readAll reads at most limit bytes, of which announced may be -1. It copies less
// than io.ReadAll does, and ends with ctx also where r, such as a packed body, does not.
func readAll(ctx context.Context, r io.Reader, announced, limit int64) ([]byte, error) {
	r = io.LimitReader(r, limit)
	announced = min(announced, limit)
	b := make([]byte, 0, min(max(announced+1, 512), 1<<20))
	for {
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case err == io.EOF:
			return b, nil
		case err != nil:
			return b, err
		case ctx.Err() != nil:
			return b, ctx.Err()
		case len(b) == cap(b):
			size := int64(cap(b))
			size = max(min(2*size, limit+1), min(4*size, announced+1))
			b = append(make([]byte, 0, size), b...)
		}
	}
}

// split finds the fields of the body in one pass, whatever it holds beside them.
func (a *answer) split(ctx context.Context) {
	l := &lenient{text: a.raw, ctx: ctx}
	if l.next() != '{' {
		return
	}
	a.fields = map[string]json.RawMessage{}
	l.object(func(quoted []byte) {
		name := unquote(quoted[:min(len(quoted), 64)])
		if !answerFields[name] || name == a.unclear {
			return
		}
		start := l.pos
		var found []NamedURL
		if name == "output" {
			f := newFinder(l, len(a.raw))
			f.output(0)
			found = f.found
		} else {
			l.skip()
		}
		value := json.RawMessage(l.text[start:l.pos])
		old, twice := a.fields[name]
		switch {
		case l.cut && (twice || name != "output"): // the value is not whole
		case l.cut:
			a.found = found
		case twice && name == "request_id" && textOf(old) != textOf(value),
			twice && name == "status" && !strings.EqualFold(textOf(old), textOf(value)):
			delete(a.fields, name)
			a.unclear = name
		case twice && name == "output" && isEmpty(value): // which takes nothing back
		case name == "output":
			a.fields[name], a.found = value, found
		default:
			a.fields[name] = value
		}
	})
	a.torn = l.cut
}

// ok reports whether the status is a 2xx.
func (a answer) ok() bool { return a.status >= 200 && a.status <= 299 }

// whole returns the answer for an error, which keeps it out of the reach of fmt.
func (a answer) whole() func() json.RawMessage { return func() json.RawMessage { return a.raw } }

// has reports whether a field says something, see says.
func (a answer) has(name string) bool { return says(a.fields[name]) }

// says reports whether a value is more than a form that was left blank: null,
// 0, false, a word for absence, or a list or an object of nothing but such.
func says(raw []byte) bool { return anyScalar(raw, func(text string) bool { return !absent(text) }) }

// anyScalar reports whether one of the scalars in a value is as wanted. A value of 64 KiB
// is not looked into, and has one.
func anyScalar(raw []byte, wanted func(text string) bool) (any bool) {
	if len(raw) >= errorLimit {
		return true
	}
	l := &lenient{text: raw}
	for !any {
		switch c := l.next(); c {
		case 0:
			return false
		case '{', '}', '[', ']', ',', ':':
			l.pos++
		case '"':
			if s := l.str(); l.next() != ':' { // not the name of a member
				any = wanted(unquote(s))
			}
		default:
			start := l.pos
			l.word()
			any = wanted(string(raw[start:min(l.pos, start+64)]))
		}
	}
	return any
}

// absence matches what some services write in place of leaving an error out.
var absence = regexp.MustCompile(`(?i)^[\s.!-]*(|ok(ay)?|success(ful)?|succeeded|none|null|nil|n/a|undefined|no[\s_-]?errors?|no|false)[\s.!-]*$`)

// absent reports whether a text is a word for absence, in quotes or without, or the
// number 0 or 200.
func absent(text string) bool {
	if text = strings.TrimSpace(text); text == "" || len(text) > 32 {
		return text == ""
	}
	f, err := strconv.ParseFloat(text, 64)
	return err == nil && (f == 0 || f == http.StatusOK || f != f) || absence.MatchString(text)
}

// isEmpty reports whether an output holds nothing: null, "", {}, [] or only such.
func isEmpty(raw []byte) bool {
	return !anyScalar(raw, func(text string) bool { return text != "null" && strings.TrimSpace(text) != "" })
}

// isUnused reports whether an output is empty, or a form that nobody filled in: 0 and false
// are results of a job that completed, not of one that may have been aborted.
func isUnused(raw []byte) bool {
	return !anyScalar(raw, func(text string) bool {
		f, err := strconv.ParseFloat(text, 64)
		return text != "null" && text != "false" && strings.TrimSpace(text) != "" && (err != nil || f != 0)
	})
}

// text returns a field that is a string, of less than 64 KiB, else "".
func (a answer) text(name string) string { return textOf(a.fields[name]) }

func textOf(raw json.RawMessage) string {
	if len(raw) == 0 || raw[0] != '"' || len(raw) >= errorLimit {
		return ""
	}
	return unquote(raw)
}

// numberOf reads a number, or a string that spells one; of anything else it is nil.
func numberOf(raw json.RawMessage) *float64 {
	if len(raw) > 64 {
		return nil
	}
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
	head := a.raw[:min(len(a.raw), errorLimit)]
	if m := htmlTitle.FindSubmatch(head); m != nil && a.fields == nil {
		return strings.Join(strings.Fields(string(m[1])), " ")
	}
	if a.fields == nil {
		return messageIn(head)
	}
	for _, name := range messageFields {
		if m := messageIn(a.fields[name]); m != "" {
			return m
		}
	}
	return ""
}

// messageIn finds the text in an error of any shape.
func messageIn(raw json.RawMessage) string {
	return messageOf(&lenient{text: raw[:min(len(raw), errorLimit)]}, 0)
}

// messageOf finds the text in the value that begins here. Of the validation errors
// that FastAPI answers with, {loc, msg, input}, it takes the first eight: input
// repeats what was sent.
func messageOf(l *lenient, depth int) string {
	var texts []string
	switch c := l.next(); {
	case c == '"':
		return unquote(l.str())
	case c == '[' && depth < maxDepth:
		l.array(func() bool {
			if m := messageOf(l, depth+1); m != "" {
				texts = append(texts, m)
			}
			return len(texts) < 8
		})
	case c == '{' && depth < maxDepth:
		found := make([]string, len(messageFields))
		where := ""
		l.object(func(name []byte) {
			member := unquote(name)
			if i := slices.Index(messageFields, member); i >= 0 {
				found[i] = messageOf(l, depth+1)
			} else if member == "loc" {
				where = locate(l.value())
			}
		})
		if found = slices.DeleteFunc(found, absent); len(found) > 0 {
			texts = append(texts, where+found[0])
		}
	}
	return cut(strings.Join(texts, "; "), 8*shownLimit)
}

// locate writes FastAPI's ["body", "loras", 0, "path"] as "loras[0].path: ".
func locate(raw []byte) string {
	var parts []any
	_ = json.Unmarshal(raw, &parts) // of another form: nowhere
	path := ""
	for _, part := range parts[:min(len(parts), maxDepth)] {
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
