package client

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
)

// hostileAnswers are answers that cost much for their size, as units to repeat: each is
// put into an object n times over between a head and a tail.
var hostileAnswers = map[string][3]string{
	"lists in lists":     {`{"output":`, `[`, ``},
	"empty lists":        {`{"output":[`, `[],`, `[]]}`},
	"empty objects":      {`{"output":[`, `{},`, `{}]}`},
	"numbers":            {`{"output":[`, `0,`, `0]}`},
	"members":            {`{`, `"a":1,`, `"b":1}`},
	"output members":     {`{"output":{`, `"a":1,`, `"b":1}}`},
	"same members":       {`{`, `"output":{},`, `"b":1}`},
	"URLs":               {`{"output":[`, `"http://a",`, `""]}`},
	"named URLs":         {`{"output":{`, `"n":"http://a",`, `"m":""}}`},
	"lists of a URL":     {`{"output":`, `["http://a",`, ``},
	"quotes":             {`{"output":`, `"`, ``},
	"quotes and letters": {`{"output":`, `"a`, ``},
	"quotes and colons":  {`{"output":`, `"a":`, ``},
	"quotes and blanks":  {`{"output":`, `" a`, ``},
	"half names":         {`{`, `"a"b`, ``},
	"backslashes":        {`{"output":"`, `\`, `"}`},
	"escapes":            {`{"output":"`, `\u005c`, `"}`},
	"escaped lists":      {`{"output":"`, `[\"`, `"}`},
	"blanks":             {`{"output":`, ` `, `1}`},
	"marks":              {`{"output":`, "\xef\xbb\xbf", `1}`},
	"errors":             {`{"status":"failed","error":`, `{"error":`, ``},
	"error lists":        {`{"status":"failed","error":`, `[{"msg":"x","loc":[0,0]},`, ``},
	"titles":             {`<title>`, `<title>`, ``},
	"ids":                {`{`, `"request_id":"a",`, `"b":1}`},
	"text":               {`{"output":"`, `a`, `"}`},
}

// repeated is a hostile text of about size bytes.
func repeated(parts [3]string, size int) string {
	return parts[0] + strings.Repeat(parts[1], size/len(parts[1])) + parts[2]
}

// readHostile does with an answer what a read of a result does.
func readHostile(ctx context.Context, body string) (*Result, string) {
	a, _ := readAnswer(ctx, &http.Response{StatusCode: 200, ContentLength: -1, Body: io.NopCloser(strings.NewReader(body))}, 32<<20)
	res := resultOfAnswer(OutputKindImage, a)
	text := a.message() + messageIn(res.Error) + fmt.Sprint(res.State, a.has("output"), len(res.Output.URLs()))
	return res, redact(text, []string{testToken})
}

// BenchmarkHostile reports the time, in ms for 32 MiB, and the memory, in multiples of the
// answer's size, that reading costs.
func BenchmarkHostile(b *testing.B) {
	for name, parts := range hostileAnswers {
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			const size = 32<<20 - 1024
			body := repeated(parts, size)
			b.SetBytes(int64(len(body)))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for b.Loop() {
				readHostile(b.Context(), body)
			}
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(b.N)/float64(len(body)), "sizes")
		})
	}
}

// TestHostileEnds: whatever an answer holds, reading it ends with its context. The body
// is there at once, so all that is left to do is the work on it.
func TestHostileEnds(t *testing.T) {
	for name, parts := range hostileAnswers {
		body := repeated(parts, 1<<20)
		if name == "text" || name == "backslashes" || name == "escapes" || name == "escaped lists" {
			continue // one token, over which the pass goes without a look at ctx
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		a := answer{raw: []byte(body)}
		if a.split(ctx); !a.torn && a.fields != nil {
			t.Errorf("%s: read to the end", name)
		}
	}
}

// TestHostileMemory: of an answer stay at most three times its size in memory, and what
// reading it takes on the way is a small multiple too.
func TestHostileMemory(t *testing.T) {
	heap := func() (held, taken uint64) {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc, m.TotalAlloc
	}
	for name, parts := range hostileAnswers {
		body := repeated(parts, 1<<20)
		held, taken := heap()
		res, _ := readHostile(t.Context(), body)
		nowHeld, nowTaken := heap()
		size := uint64(len(body))
		if nowHeld > held+4*size || nowTaken-taken > 16*size {
			t.Errorf("%s: %d bytes of %v held, %d taken, for %d", name, nowHeld-held, res, nowTaken-taken, size)
		}
		runtime.KeepAlive(res)
	}
}
