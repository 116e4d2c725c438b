package client

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// malformed are texts that stand in the place of a value, or damage one.
var malformed = map[string]string{
	"NaN": `NaN`, "Infinity": `-Infinity`, "undefined": `undefined`, "Python": `None`, "leading zero": `007`, "hex": `0x1F`,
	"huge": `1e999999`, "raw tab": "\"a\tb\"", "raw newline": "\"a\nb\"", "raw NUL": "\"a\x00b\"", "bad escape": `"a\xb"`, "lone surrogate": `"\ud800"`,
	"cut escape": `"\u12"`, "not UTF-8": "\"a\xffb\"", "inner quotes": `"he said "hi" to me"`, "inner quote": `"5" tall"`, "not closed": `"abc`,
	"nothing": ``, "two words": `1 2`, "two strings": `"a" "b"`, "comment": `/* none */ 1`, "trailing comma": `[1,2,]`, "list not closed": `[1,2`,
	"wrong bracket": `[1,2}`, "no comma": `{"a":1 "b":2}`, "no colon": `{"a" 1}`, "deep": strings.Repeat("[", 9000) + strings.Repeat("]", 9000),
	"byte order mark": "\ufeff1", "semicolon": `"a";`, "an id inside": `{"request_id":"other","status":"failed","error":"inner"}`,
}

// TestMalformedMembers: whatever one member holds, those before and after it are read.
func TestMalformedMembers(t *testing.T) {
	members := []string{`"request_id":"job-1"`, `"status":"completed"`, `"output":{"video":"https://v.runcomfy.net/a.mp4"}`}
	for what, value := range malformed {
		for _, name := range []string{"cost", "seed", "created_at", "meta"} {
			for at := range len(members) + 1 {
				body := "{" + strings.Join(slices.Insert(slices.Clone(members), at, fmt.Sprintf("%q:%s", name, value)), ",") + "}"
				if what == "nothing" && at == 0 {
					body = strings.Replace(body, "{", "{,", 1)
				}
				a := answerOf(body)
				res := resultOfAnswer(OutputKindVideo, a)
				if a.text("request_id") != "job-1" || res.State != StateDone || res.Output.Video == "" {
					t.Errorf("%s in %s, member %d: %s: id %q, %s, %+v", what, name, at, cut(body, 200), a.text("request_id"), res.State, res.Output)
				}
			}
		}
	}
}

// TestMalformedAround: bytes around the object, and between its members, hide nothing.
func TestMalformedAround(t *testing.T) {
	const whole = `{"request_id":"job-1","status":"completed","output":{"video":"https://v.runcomfy.net/a.mp4"}}`
	bodies := []string{"\ufeff" + whole, "\x00\x00" + whole, whole + "\x00", whole + whole, whole + `{"status":"failed","request_id":"other"}`,
		whole + "}", whole + "]]", whole + "\n\n--\n<html>", "\r\n\t" + whole, strings.ReplaceAll(whole, ",", ",,"), strings.ReplaceAll(whole, `",`, `" `),
		strings.ReplaceAll(whole, ",", "\x00,\x0b"), strings.ReplaceAll(whole, `":`, "\"\ufeff:\x00"), strings.Replace(whole, "}}", ",},}", 1)}
	for _, body := range bodies {
		a := answerOf(body)
		res := resultOfAnswer(OutputKindVideo, a)
		if a.text("request_id") != "job-1" || res.State != StateDone || res.Output.Video != "https://v.runcomfy.net/a.mp4" || a.torn {
			t.Errorf("%q: id %q, %s, %+v, torn %v", body, a.text("request_id"), res.State, res.Output, a.torn)
		}
	}
}

// TestEveryByteOdd: one byte put between any two others costs no more than the token in
// which it is: of three members two are always read, wherever it is put outside of them.
func TestEveryByteOdd(t *testing.T) {
	const whole = `{"cost":1.5,"note":"a (b) c","request_id":"job-1","meta":{"a":[1,{"b":"c"}]},"status":"completed"}`
	for _, odd := range []string{"\x00", "\t", "\n", "\x1b", "\xff", "\ufeff", ";", "?", "'", "NaN"} {
		for i := range len(whole) + 1 {
			a := answerOf(whole[:i] + odd + whole[i:])
			read := 0
			for name, want := range map[string]string{"cost": "1.5", "request_id": `"job-1"`, "status": `"completed"`} {
				if string(a.fields[name]) == want {
					read++
				}
			}
			if read < 2 && strings.TrimLeft(whole[:i], " ") != "" {
				t.Errorf("%q at %d: %s", odd, i, a.fields)
			}
		}
	}
}

// TestDoubtfulFields: an id or a status that comes twice with two values is none.
func TestDoubtfulFields(t *testing.T) {
	for body, want := range map[string]string{
		`{"request_id":"a","request_id":"b","status":"completed"}`:                  "request_id",
		`{"request_id":"a","status":"completed","status":"failed"}`:                 "status",
		`{"request_id":"a","status":"x","request_id":"b","request_id":"b"}`:         "request_id",
		`{"request_id":"a","request_id":"a"}`:                                       "",
		`{"status":"completed","status":"COMPLETED"}`:                               "",
		`{"request_id":"a","stat\u0075s":"x","status":"x"}`:                         "",
		`{"request_id":"a","output":{"request_id":"b","status":"c"},"status":"d"}`:  "",
		`{"request_id":"a","x":[{"request_id":"b"}],"y":"\"request_id\":\"c\""}`:    "",
		`{"request_id":"a"} {"request_id":"b"}`:                                     "",
		`{"note":"x","request_id":"a","request_id":null}`:                           "request_id",
		`[{"request_id":"a"}]`:                                                      "",
		`{"request_id":"a","request_id":"b","status":"queued","status":"in_queue"}`: "status",
	} {
		a := answerOf(body)
		if a.unclear != want || want != "" && a.fields[want] != nil {
			t.Errorf("%s: doubt %q, want %q, fields %s", body, a.unclear, want, a.fields)
		}
	}
}

// TestOutputTwice: an empty output, or one that is cut, takes nothing back that came before it.
func TestOutputTwice(t *testing.T) {
	const one, two = `"output":{"image":"https://h/1"}`, `"output":{"image":"https://h/2"}`
	for body, want := range map[string]string{
		`{"status":"completed",` + one + `,"output":null}`:               "https://h/1",
		`{"status":"completed",` + one + `,"output":{"image":""}}`:       "https://h/1",
		`{"status":"completed","output":[],` + one + `}`:                 "https://h/1",
		`{"status":"completed",` + one + `,` + two + `}`:                 "https://h/2",
		`{"status":"completed",` + one + `,"output":{"image":"https://h`: "https://h/1",
	} {
		a := answerOf(body)
		if r := resultOfAnswer(OutputKindImage, a); r.Output.Image != want || r.State != StateDone || !strings.Contains(string(a.fields["output"]), want) {
			t.Errorf("%s: %+v, output %s", body, r.Output, a.fields["output"])
		}
	}
}

// TestNamedID: an answer in doubt names a job only by an id of its top level, or by the
// only one in its beginning.
func TestNamedID(t *testing.T) {
	for body, want := range map[string]string{
		`{"request_id":"a","request_id":"b"}`:                              "",
		`{"request_id":"a","request_id":"a"}`:                              "a",
		`{"x":{"request_id":"b"},"request_id":"a","y":`:                    "a",
		`<p>{"request_id":"a"}`:                                            "a",
		`<p>{"request_id":"a"} {"request_id":"b"}`:                         "",
		`<p>{"request_id" : "a"} {"request_id":"a"}`:                       "a",
		`{"request_id":"a`:                                                 "",
		`{"request_id":"not an id"}`:                                       "",
		strings.Repeat(" ", errorLimit) + `{"request_id":"a"}`:             "a",
		"<" + strings.Repeat("request_id ", 10_000) + `{"request_id":"a"}`: "",
	} {
		if got := answerOf(body).namedID(); got != want {
			t.Errorf("%.60s: %q, want %q", body, got, want)
		}
	}
}

// FuzzLenient: of valid JSON the pass finds what encoding/json finds; of anything
// else it reads on to the end without a panic.
func FuzzLenient(f *testing.F) {
	for _, value := range malformed {
		f.Add([]byte(`{"status":"x","a":` + value + `,"output":` + value + `}`))
	}
	f.Add([]byte(`{"output":{"images":[{"url":"https://a/b"}],"x":"[\"https://c/d\"]"},"status":"\ud83d\ude00"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		a := answerOf(string(text))
		_, _, _ = resultOfAnswer(OutputKindImage, a), a.message(), a.has("output")
		var want map[string]json.RawMessage
		if json.Unmarshal(text, &want) != nil || want == nil || a.unclear != "" || !utf8.Valid(text) {
			return
		}
		got := map[string]json.RawMessage{}
		for name, value := range want {
			if answerFields[name] {
				got[name] = value
			}
		}
		if isEmpty(want["output"]) { // which takes back no output before it
			delete(got, "output")
			delete(a.fields, "output")
		}
		if d := cmp.Diff(got, a.fields); d != "" && !a.torn {
			t.Errorf("%s (-want +got):\n%s", text, d)
		}
		for name, value := range got {
			var s string
			if json.Unmarshal(value, &s) == nil && s != a.text(name) {
				t.Errorf("%s is %q, want %q", name, a.text(name), s)
			}
		}
		if a.torn {
			t.Errorf("%s: torn", text)
		}
	})
}

// TestLenientStops: a pass over a long text ends with its context.
func TestLenientStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l := &lenient{text: []byte("{" + strings.Repeat(`"a":[],`, 1<<20) + `"b":1}`), ctx: ctx}
	n := 0
	l.next()
	l.object(func([]byte) { n++ })
	if n*len(`"a":[],`) > patience+16 || !l.cut {
		t.Errorf("%d members read, cut %v", n, l.cut)
	}
}
