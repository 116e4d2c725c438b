package client

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
)

func gzipped(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, text)
	_ = z.Close()
	return b.String()
}

func deflated(text string) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = io.WriteString(z, text)
	_ = z.Close()
	return b.String()
}

// TestCodedSubmit: the answer of an accepted submit is read in whatever coding it
// comes, through every kind of transport, and up to where it is cut.
func TestCodedSubmit(t *testing.T) {
	long := `{"request_id":"job-1","status_url":"` + strings.Repeat("x", 300) + `"}`
	coded := func(coding, body string, cut int) reply {
		return reply{header: http.Header{"Content-Encoding": {coding}}, body: body, cut: cut}
	}
	for _, test := range []struct {
		name  string
		reply reply
		check func(*testing.T, *Job, error)
	}{
		{"gzip", coded("gzip", gzipped(acceptedBody), 0), isAccepted},
		{"GZip", coded("GZip", gzipped(acceptedBody), 0), isAccepted},
		{"x-gzip", coded("x-gzip", gzipped(acceptedBody), 0), isAccepted},
		{"identity, gzip", coded("identity, gzip", gzipped(acceptedBody), 0), isAccepted},
		{"deflate", coded("deflate", deflated(acceptedBody), 0), isAccepted},
		{"gzip twice", coded("gzip, gzip", gzipped(gzipped(acceptedBody)), 0), isAccepted},
		{"gzip of deflate", coded("deflate, gzip", gzipped(deflated(acceptedBody)), 0), isAccepted},
		{"gzip without its name", reply{body: gzipped(acceptedBody)}, isAccepted},
		{"gzip in name only", coded("gzip", acceptedBody, 0), isAccepted},
		{"br in name only", coded("br", acceptedBody, 0), isAccepted},
		{"two members", coded("gzip", gzipped(acceptedBody[:20])+gzipped(acceptedBody[20:]), 0), isAccepted},
		{"bytes after the stream", coded("gzip", gzipped(acceptedBody)+"\r\n", 0), isAccepted},
		{"gzip cut in its end", coded("gzip", gzipped(acceptedBody), 4), isAmbiguousWith("job-1")},
		{"gzip cut after the id", coded("gzip", gzipped(long), 20), isAmbiguousWith("job-1")},
		{"gzip cut in its head", coded("gzip", gzipped(long)[:5]+"!", 1), isAmbiguous},
		{"br", coded("br", "\x8b\x03\x80abc\x03", 0), isAmbiguous},
		{"gzip three times", coded("gzip, gzip, gzip", gzipped(gzipped(gzipped(acceptedBody))), 0), isAmbiguous},
		{"empty gzip", coded("gzip", gzipped(""), 0), isAmbiguous},
		{"nothing", coded("gzip", "", 0), isAmbiguous},
		{"refusal", func() reply {
			r := coded("gzip", gzipped(`{"error_code":400002}`), 0)
			r.status = 402
			return r
		}(), isRejected[*InsufficientBalanceError]},
	} {
		for _, foreign := range []bool{false, true} {
			t.Run(test.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c, f := answering(t, func(received) reply { return test.reply })
					if foreign {
						inner := c.submits
						c.submits, c.proven = roundTripper(inner.RoundTrip), false
					}
					job, err := c.Submit(t.Context(), testInput())
					test.check(t, job, err)
					if got := f.all()[0].header.Get("Accept-Encoding"); got != "identity" || f.posts() != 1 {
						t.Errorf("Accept-Encoding %q, %d POSTs", got, f.posts())
					}
				})
			})
		}
	}
}

// isAmbiguousWith checks for a doubt that names a job.
func isAmbiguousWith(id string) func(*testing.T, *Job, error) {
	return func(t *testing.T, job *Job, err error) {
		t.Helper()
		if got := as[*AmbiguousSubmitError](t, err); job != nil || got.RequestID() != id || got.Job().ID() != id {
			t.Errorf("job %v, error %v", job, err)
		}
	}
}

// TestCodedReads: reads take any coding, whether or not the transport asks for one.
func TestCodedReads(t *testing.T) {
	for name, body := range map[string]string{"gzip": gzipped(done), "deflate": deflated(done)} {
		for _, silent := range []bool{false, true} {
			c, f := answering(t, func(received) reply {
				r := reply{body: body}
				if !silent || name != "gzip" {
					r.header = http.Header{"Content-Encoding": {name}}
				}
				return r
			})
			c.reads.(*http.Transport).DisableCompression = silent
			j, err := c.Job("job-1")
			if err != nil {
				t.Fatal(err)
			}
			res, err := j.Result(t.Context())
			isDone(t, res, err)
			want := "gzip"
			if silent {
				want = "identity"
			}
			if got := f.all()[0].header.Get("Accept-Encoding"); got != want {
				t.Errorf("%s: Accept-Encoding %q, want %q", name, got, want)
			}
		}
	}
}

// TestCodedAnswerIsBounded: a small answer that unpacks to a huge one is read up
// to the limit.
func TestCodedAnswerIsBounded(t *testing.T) {
	bomb := gzipped(strings.Repeat("\x00", 1<<20))
	c, _ := answering(t, func(received) reply {
		return reply{status: 500, header: http.Header{"Content-Encoding": {"gzip"}}, body: bomb}
	})
	_, err := c.Submit(t.Context(), testInput())
	if got := as[*AmbiguousSubmitError](t, err); len(got.Answer) > shownLimit {
		t.Errorf("an answer of %d bytes", len(got.Answer))
	}
	body := &http.Response{StatusCode: 500, Header: http.Header{"Content-Encoding": {"gzip"}}, Body: io.NopCloser(strings.NewReader(bomb))}
	if a, _ := readAnswer(t.Context(), body, 32<<20); len(a.raw) != 64<<10 {
		t.Errorf("%d bytes were unpacked", len(a.raw))
	}
}

// TestCodedMedia: downloads and media checks decode too, say that they would
// rather not, and never continue a coded file at a position of the plain one.
func TestCodedMedia(t *testing.T) {
	jpeg := mediaFile(t, "baseline.jpg")
	packed := gzipped(string(jpeg) + strings.Repeat("\x00", 1<<20))
	want := mustMeasure(t, jpeg)
	for name, handler := range map[string]http.HandlerFunc{
		"whole": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", strconv.Itoa(len(packed)))
			_, _ = io.WriteString(w, packed)
		},
		"ranges of the coded bytes": serveRanges([]byte(packed)),
	} {
		h, roots := newMediaHost(t, func(w http.ResponseWriter, r *http.Request) {
			if got := r.Header.Get("Accept-Encoding"); got != "identity" {
				t.Errorf("%s: Accept-Encoding %q", name, got)
			}
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("Content-Type", "image/jpeg")
			handler(w, r)
		})
		got, err := measureAt(t, roots, h.URL+"/a.jpg")
		if err != nil || got.Width != want.Width || got.Height != want.Height || got.Format != want.Format {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, want)
		}
	}
	coded := func(cut int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			serve := serveFile([]byte(gzipped(string(jpeg))), `"strong"`)
			if cut > 0 {
				serve = cutAt(cut, serve)
			}
			serve(w, r)
		}
	}
	h, roots := newMediaHost(t, inTurn(coded(100), coded(0)))
	_, files, err := downloadFrom(t, roots, Output{Image: h.URL + "/a.jpg"})
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if got, err := os.ReadFile(files[0].Path); err != nil || !bytes.Equal(got, jpeg) {
		t.Errorf("%d bytes, want the %d of the file: %v", len(got), len(jpeg), err)
	}
	if got := h.seen[len(h.seen)-1].Header.Get("Range"); got != "" || h.requests.Load() != 2 {
		t.Errorf("a coded file was continued at %q, in %d requests", got, h.requests.Load())
	}
}

func mustMeasure(t *testing.T, content []byte) MediaInfo {
	t.Helper()
	info, err := probeMedia(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	return info
}
