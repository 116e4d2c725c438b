package client

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
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
	"long texts":         {`{"output":[`, `"` + strings.Repeat(`\u0061`, 10<<10) + `",`, `0]}`},
	"inline images":      {`{"output":{"image":[`, `"data:` + strings.Repeat(`\/`, 1<<20) + `",`, `0]}}`},
	"JSON in texts":      {`{"output":[`, `"[\"` + strings.Repeat("x", 60<<10) + `/\"]",`, `0]}`},
	"blanks and quotes":  {`{"output":"`, `"` + strings.Repeat(" ", 8<<10), `"}`},
	"blank lists":        {`{"output":`, `[` + strings.Repeat(" ", 200<<10) + `],`, `1}`},
	"one word":           {`{"output":`, `a`, `}`},
	"long status":        {`{"output":null,"status":"`, `\u0061`, `","finished_at":"1"}`},
	"long error":         {`{"output":"a","status":"completed","error":"`, `\u0061`, `"}`},
	"long addresses":     {`{"output":[`, `"https://a/` + strings.Repeat("b", 300) + `",`, `0]}`},
	"unfilled output":    {`{"status":"aborted","finished_at":"1","output":[`, `"",`, `0]}`},
	"request ids":        {`<`, `"request_id":"a",`, `>`},
}

// repeated is a hostile text of about size bytes.
func repeated(parts [3]string, size int) string {
	return parts[0] + strings.Repeat(parts[1], max(size/len(parts[1]), 1)) + parts[2]
}

// readHostile does with an answer what a read of a result does.
func readHostile(ctx context.Context, body string) (*Result, string) {
	a, _ := readAnswer(ctx, &http.Response{StatusCode: 200, ContentLength: -1, Body: io.NopCloser(strings.NewReader(body))}, 32<<20)
	res := resultOfAnswer(OutputKindImage, a)
	text := a.message() + messageIn(res.Error) + fmt.Sprint(res.State, a.has("output"), len(res.Output.URLs()))
	return res, redact(text, []string{testToken})
}

// hostileJob is a job of a client whose reads are all answered with body.
func hostileJob(body string) *Job {
	c := New(testToken, WithBaseURL("http://127.0.0.1"), WithLimits(func(l *Limits) { l.ReadRetries, l.NotFound = 0, 0 }),
		WithHTTPClient(&http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, ContentLength: -1, Body: io.NopCloser(strings.NewReader(body))}, nil
		})}))
	job, _ := c.Job("job-1") // the id is one
	return job
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// BenchmarkHostile reads an answer of 32 MiB. It reports the memory that is taken, in
// multiples of the answer's size, and the longest time that the read of a result went on
// after its context had ended, in ms: the context ends at each quarter of the read, and
// of two tries at each the shorter counts, since other work runs beside it.
func BenchmarkHostile(b *testing.B) {
	for _, name := range slices.Sorted(maps.Keys(hostileAnswers)) {
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			const size = 32<<20 - 1024
			body := repeated(hostileAnswers[name], size)
			b.SetBytes(int64(len(body)))
			job := hostileJob(body)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			begin := time.Now()
			for b.Loop() {
				_, _ = job.Result(b.Context()) // whatever comes of it
			}
			whole := time.Since(begin) / time.Duration(b.N)
			runtime.ReadMemStats(&after)
			b.StopTimer()
			var past time.Duration
			for i := range 4 {
				least := time.Hour
				for range 2 {
					end := time.Now().Add(whole * time.Duration(i) / 4)
					ctx, cancel := context.WithDeadline(b.Context(), end)
					_, _ = job.Result(ctx)
					least = min(least, time.Since(end))
					cancel()
				}
				past = max(past, least)
			}
			b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(b.N)/float64(len(body)), "sizes")
			b.ReportMetric(float64(past.Milliseconds()), "ms-past")
		})
	}
}

// TestHostileEnds: whatever an answer holds, reading it ends with its context. The body
// is there at once, so all that is left to do is the work on it.
func TestHostileEnds(t *testing.T) {
	for name, parts := range hostileAnswers {
		body := repeated(parts, 1<<20)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		a := answer{raw: []byte(body)}
		if a.split(ctx); !a.torn && a.fields != nil {
			t.Errorf("%s: read to the end", name)
		}
	}
}

// TestHostileMemory: of an answer stay at most four times its size in memory, and what
// reading and printing it takes on the way is a small multiple too, also of a small one.
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
