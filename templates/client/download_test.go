package client

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// quick takes the pauses out of retries.
func quick(l *Limits) { l.RetryDelay = time.Nanosecond }

// downloadFrom downloads from a test host into an empty folder.
func downloadFrom(t *testing.T, roots *x509.CertPool, o Output, opts ...DownloadOption) (string, []File, error) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "new", "folder")
	opts = append([]DownloadOption{WithDownloadHosts("127.0.0.1")}, opts...)
	files, err := New("token", WithPrivateMedia(roots), WithLimits(quick)).Download(t.Context(), &Result{RequestID: "req_1", Output: o}, dir, opts...)
	return dir, files, err
}

// limited changes the figures of one download.
func limited(change func(*Limits)) DownloadOption {
	return func(d *downloader) { change(&d.limits) }
}

// folder returns the names in a folder and the sizes of the files.
func folder(t *testing.T, dir string) map[string]int64 {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	sizes := map[string]int64{}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		sizes[e.Name()] = info.Size()
	}
	return sizes
}

// failures returns the texts of a *DownloadError by output.
func failures(t *testing.T, err error) map[string]string {
	t.Helper()
	if err == nil {
		return nil
	}
	var e *DownloadError
	if !errors.As(err, &e) || e.RequestID() != "req_1" || e.Charged() != ChargedYes {
		t.Fatalf("error %v, want a *DownloadError of the job", err)
	}
	texts := map[string]string{}
	for _, f := range e.Failed {
		texts[f.Output] = f.Err.Error()
	}
	return texts
}

// serveFile answers as a file server with an entity tag does.
func serveFile(content []byte, tag string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", tag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	}
}

// cutAt hangs up after n bytes of what the handler sends.
func cutAt(n int, handler http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		handler(&cutWriter{w, n}, r)
		panic(http.ErrAbortHandler)
	}
}

// cutting hangs up after n bytes of each answer, until no more than n are left.
func cutting(n int, content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var from int
		fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
		if serve := serveFile(content, `"v1"`); len(content)-from > n {
			cutAt(n, serve)(flushing{w}, r)
		} else {
			serve(w, r)
		}
	}
}

// flushing sends each write at once.
type flushing struct{ http.ResponseWriter }

func (w flushing) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	http.NewResponseController(w.ResponseWriter.(countingWriter).ResponseWriter).Flush()
	return n, err
}

type cutWriter struct {
	http.ResponseWriter
	left int
}

func (w *cutWriter) Write(p []byte) (int, error) {
	n := min(w.left, len(p))
	w.left -= n
	n, err := w.ResponseWriter.Write(p[:n])
	if n < len(p) && err == nil {
		err = errors.New("cut")
	}
	return n, err
}

// inTurn answers the nth request with the nth handler, the last one for good.
func inTurn(handlers ...http.HandlerFunc) http.HandlerFunc {
	var n atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) {
		handlers[min(int(n.Add(1)), len(handlers))-1](w, r)
	}
}

// TestDownload fetches every field of an output, one URL named twice.
func TestDownload(t *testing.T) {
	host, roots := newMediaHost(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Disposition", `attachment; filename="../../evil.sh"`)
		w.Header().Set("Content-Type", "text/html")
		serveRanges(mediaFile(t, strings.TrimPrefix(r.URL.Path, "/x/")))(w, r)
	})
	at := func(name string) string { return host.URL + "/x/" + name + "?signature=secret" }
	dir, files, err := downloadFrom(t, roots, Output{
		Image: at("rgb.png"), Images: []string{at("rgb.png"), at("lossy.webp")},
		Video: at("start.mp4"), Audio: at("sound.mp3"), Audios: []string{at("sound.wav")},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int64{}
	var wantFiles []File
	for _, f := range []struct{ output, name, source, format string }{
		{"images[0]", "req_1-images-1.png", "rgb.png", "png"},
		{"images[1]", "req_1-images-2.webp", "lossy.webp", "webp"},
		{"video", "req_1-video.mp4", "start.mp4", "mp4"},
		{"audios[0]", "req_1-audios-1.wav", "sound.wav", "wav"},
		{"audio", "req_1-audio.mp3", "sound.mp3", "mp3"},
	} {
		content := mediaFile(t, f.source)
		want[f.name] = int64(len(content))
		wantFiles = append(wantFiles, File{Output: f.output, Path: filepath.Join(dir, f.name), Bytes: int64(len(content)), Format: f.format})
		if got, err := os.ReadFile(filepath.Join(dir, f.name)); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s: content differs, %v", f.name, err)
		}
	}
	if diff := cmp.Diff(wantFiles, files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, folder(t, dir)); diff != "" {
		t.Errorf("folder (-want +got):\n%s", diff)
	}
	if n := host.requests.Load(); n != 5 {
		t.Errorf("%d requests, want 5", n)
	}
	for _, r := range host.seen {
		if r.Header.Get("Authorization") != "" || r.Header.Get("Accept-Encoding") != "identity" {
			t.Errorf("request headers %v", r.Header)
		}
	}
}

// TestDownloadFaults drives one file through what servers and networks do. A
// case without wantErr must leave the whole file, any other an empty folder.
func TestDownloadFaults(t *testing.T) {
	file := append(mediaFile(t, "rgb.png"), bytes.Repeat([]byte("padding "), 40_000)...)
	other := append(mediaFile(t, "rgb.png"), bytes.Repeat([]byte("changed "), 30_000)...)
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(code) }
	}
	send := func(content string, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			io.WriteString(w, content)
		}
	}
	lying := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(file)+1000))
		w.Write(file)
	}
	chunked := func(w http.ResponseWriter, r *http.Request) {
		w.(countingWriter).ResponseWriter.(http.Flusher).Flush()
		w.Write(file)
	}
	rewritten := bytes.ReplaceAll(file, []byte("padding "), []byte("changed ")) // of the same length
	ignoresIfRange := func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("If-Range")
		serveFile(rewritten, `"v2"`)(w, r)
	}
	sameWeakTag := func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("If-Range")
		serveFile(rewritten, `W/"v1"`)(w, r)
	}
	otherPlace := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes 8-%d/%d", len(file)-1, len(file)))
		w.WriteHeader(http.StatusPartialContent)
		w.Write(file[8:])
	}
	short := func(w http.ResponseWriter, r *http.Request) { // the next 100,000 bytes, whatever was asked for
		var from int
		fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
		to := min(from+100_000, len(file))
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to-1, len(file)))
		w.WriteHeader(http.StatusPartialContent)
		w.Write(file[from:to])
	}
	tests := []struct {
		name     string
		handler  http.HandlerFunc
		options  []DownloadOption
		want     []byte
		wantErr  string
		requests int64
		sent     int64 // at most; 0 is any number
		kept     bool  // what came, for the next call
	}{
		{name: "cut_and_resumed", handler: inTurn(cutAt(200_000, serveFile(file, `"v1"`)), cutAt(50_000, serveFile(file, `"v1"`)), serveFile(file, `"v1"`)),
			want: file, requests: 3, sent: int64(len(file)) + 1000},
		{name: "cut_without_version", handler: inTurn(cutAt(200_000, serveRanges(file)), serveRanges(file)), want: file, requests: 2},
		{name: "cut_with_weak_tag", handler: inTurn(cutAt(200_000, serveFile(file, `W/"v1"`)), serveFile(file, `W/"v1"`)), want: file, requests: 2},
		{name: "cut_every_time", handler: cutting(20_000, file), want: file, requests: 17, sent: int64(len(file)) + 1000},
		{name: "cut_at_once_every_time", handler: cutAt(0, serveFile(file, `"v1"`)), wantErr: "EOF", requests: 5},
		{name: "cut_every_time_without_version", handler: cutAt(20_000, serveRanges(file)), wantErr: "cut after", requests: 6},
		{name: "changed_after_cut", handler: inTurn(cutAt(200_000, serveFile(file, `"v1"`)), serveFile(other, `"v2"`)), want: other, requests: 2},
		{name: "changed_and_if_range_ignored", handler: inTurn(cutAt(100_000, serveFile(file, `"v1"`)), ignoresIfRange, serveFile(rewritten, `"v2"`)), want: rewritten, requests: 3},
		{name: "resumed_in_short_ranges", handler: inTurn(cutAt(150_000, serveFile(file, `"v1"`)), short), want: file, requests: 3},
		{name: "changed_under_a_weak_tag", handler: inTurn(cutAt(100_000, serveFile(file, `W/"v1"`)), sameWeakTag), want: rewritten, requests: 2},
		{name: "resumed_at_another_place", handler: inTurn(cutAt(100_000, serveFile(file, `"v1"`)), otherPlace, serveFile(file, `"v1"`)), want: file, requests: 3},
		{name: "shrunk_after_cut", handler: inTurn(cutAt(200_000, serveFile(file, `"v1"`)), status(http.StatusRequestedRangeNotSatisfiable), serveFile(other, `"v2"`)), want: other, requests: 3},
		{name: "announced_more_than_sent", handler: lying, wantErr: "cut after", requests: 6},
		{name: "no_length", handler: chunked, want: file, requests: 1},
		{name: "empty", handler: status(http.StatusOK), wantErr: "empty file", requests: 5},
		{name: "overload_then_fine", handler: inTurn(status(503), status(429), serveFile(file, `"v1"`)), want: file, requests: 3},
		{name: "overload_for_good", handler: status(500), wantErr: "HTTP status 500", requests: 5},
		{name: "refused", handler: status(400), wantErr: "HTTP status 400", requests: 1},
		{name: "web_page", handler: send("<!DOCTYPE html><p>Please log in"), wantErr: "no image, video or sound", requests: 1},
		{name: "json", handler: send(`{"error": "expired"}`, "Content-Type", "image/png"), wantErr: "no image, video or sound", requests: 1},
		{name: "compressed_and_cut", handler: send("\x1f\x8b\x08", "Content-Encoding", "gzip"), wantErr: "cut after 0 bytes", requests: 5},
		{name: "range_not_asked_for", handler: status(http.StatusPartialContent), wantErr: "HTTP status 206", requests: 1},
		{name: "larger_than_limit_announced", handler: serveFile(file, `"v1"`), wantErr: "larger than the limit", requests: 1,
			options: []DownloadOption{limited(func(l *Limits) { l.DownloadSize = 1000 })}},
		{name: "larger_than_limit_sent", handler: chunked, wantErr: "larger than the limit", requests: 1,
			options: []DownloadOption{limited(func(l *Limits) { l.DownloadSize = 1000 })}},
		{name: "disk_full", handler: serveFile(file, `"v1"`), wantErr: "no space left", requests: 1, kept: true,
			options: []DownloadOption{func(d *downloader) { d.write = fullAfter(150_000) }}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			host, roots := newMediaHost(t, tt.handler)
			dir, files, err := downloadFrom(t, roots, Output{Image: host.URL + "/a?signature=secret"}, tt.options...)
			host.Close()
			if tt.wantErr != "" {
				text := failures(t, err)["image"]
				if !strings.Contains(text, tt.wantErr) || strings.Contains(err.Error(), "secret") {
					t.Errorf("error %q, want one with %q", text, tt.wantErr)
				}
				names := folder(t, dir)
				if kept := names[".req_1-image.part"] > 0; kept != tt.kept || len(names) > 0 != tt.kept || len(files) != 0 {
					t.Errorf("files %v, folder %v", files, names)
				}
			} else {
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(map[string]int64{"req_1-image.png": int64(len(tt.want))}, folder(t, dir)); diff != "" {
					t.Errorf("folder (-want +got):\n%s", diff)
				}
				if got, err := os.ReadFile(files[0].Path); err != nil || !bytes.Equal(got, tt.want) {
					t.Errorf("content differs, %v", err)
				}
			}
			if n := host.requests.Load(); n != tt.requests {
				t.Errorf("%d requests, want %d", n, tt.requests)
			}
			if n := host.sent.Load(); tt.sent > 0 && n > tt.sent {
				t.Errorf("%d bytes sent, want at most %d", n, tt.sent)
			}
		})
	}
}

// fullAfter writes n bytes and then finds the disk full.
func fullAfter(n int) func(*os.File, []byte) (int, error) {
	return func(f *os.File, p []byte) (int, error) {
		fits := min(n, len(p))
		n -= fits
		written, err := f.Write(p[:fits])
		if err == nil && fits < len(p) {
			err = &fs.PathError{Op: "write", Path: f.Name(), Err: syscall.ENOSPC}
		}
		return written, err
	}
}

// TestDownloadStall ends a connection that stays open and silent.
func TestDownloadStall(t *testing.T) {
	content := mediaFile(t, "rgb.png")
	host, roots := newMediaHost(t, inTurn(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		w.Write(content[:100])
		http.NewResponseController(w.(countingWriter).ResponseWriter).Flush()
		<-r.Context().Done()
	}, serveRanges(content)))
	_, files, err := downloadFrom(t, roots, Output{Image: host.URL},
		limited(func(l *Limits) { l.DownloadStall = 100 * time.Millisecond }))
	if err != nil || len(files) != 1 || host.requests.Load() != 2 {
		t.Errorf("%v, %v after %d requests", files, err, host.requests.Load())
	}
}

// TestDownloadSlow takes a file that comes in small pieces, each within the
// time of a stall and all of them far beyond it.
func TestDownloadSlow(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p := testPartial(t, dir)
		d := &downloader{write: (*os.File).Write, mediaClient: newMediaClient(clientSettings{limits: Limits{DownloadStall: time.Minute, DownloadSize: 1 << 20}})}
		ctx, cancel := context.WithCancelCause(t.Context())
		stall := time.AfterFunc(d.limits.DownloadStall, func() { cancel(errors.New("stalled")) })
		defer stall.Stop()
		pieces := 0
		err := d.receive(ctx, readerFunc(func(b []byte) (int, error) {
			time.Sleep(40 * time.Second)
			if pieces++; pieces > 10 {
				return 0, io.EOF
			}
			return copy(b, "piece"), ctx.Err()
		}), p, stall)
		if err != nil || p.size != 50 || !p.complete() {
			t.Errorf("%d bytes, %v", p.size, err)
		}
	})
}

// TestDownloadGivenUp takes no answer for whole that ends in good order after
// the download was given up: the server ends it since we hang up.
func TestDownloadGivenUp(t *testing.T) {
	p := testPartial(t, t.TempDir())
	d := &downloader{write: (*os.File).Write, mediaClient: newMediaClient(clientSettings{limits: Limits{DownloadStall: time.Minute, DownloadSize: 1 << 20}})}
	ctx, cancel := context.WithCancelCause(t.Context())
	silent := errors.New("silent")
	stall := time.AfterFunc(time.Hour, func() {})
	defer stall.Stop()
	err := d.receive(ctx, readerFunc(func(b []byte) (int, error) {
		cancel(silent)
		return copy(b, "piece"), io.EOF
	}), p, stall)
	if !errors.Is(err, silent) {
		t.Errorf("error %v, want %v", err, silent)
	}
}

// testPartial is a partial file without content.
func testPartial(t *testing.T, dir string) *partial {
	t.Helper()
	file, err := os.Create(filepath.Join(dir, ".x.part"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return &partial{file: file, info: partialInfo{Size: -1}}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestDownloadExpired renews expired links by one read of the result for all
// files, and gives up when the new link has expired too.
func TestDownloadExpired(t *testing.T) {
	for _, renewed := range []bool{true, false} {
		t.Run(fmt.Sprint("renewed_", renewed), func(t *testing.T) {
			content := mediaFile(t, "rgb.png")
			host, roots := newMediaHost(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.RawQuery != "new" {
					w.WriteHeader(http.StatusForbidden)
					return
				}
				serveRanges(content)(w, r)
			})
			query := map[bool]string{true: "?new", false: "?old"}[renewed]
			var reads atomic.Int64
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				reads.Add(1)
				json.NewEncoder(w).Encode(map[string]any{"request_id": "req_1", "status": "completed",
					"output": map[string]any{"images": []string{host.URL + "/0" + query, host.URL + "/1" + query}}})
			}))
			defer api.Close()
			c := New("token", WithBaseURL(api.URL), WithPrivateMedia(roots), WithLimits(quick))
			dir := t.TempDir()
			res := &Result{RequestID: "req_1", Output: Output{Images: []string{host.URL + "/0?first", host.URL + "/1?first"}}}
			files, err := c.Download(t.Context(), res, dir, WithDownloadHosts("127.0.0.1"))
			if n := reads.Load(); n != 1 {
				t.Errorf("the result was read %d times, want once", n)
			}
			if n := host.requests.Load(); n != 4 {
				t.Errorf("%d requests, want 4", n)
			}
			if renewed {
				if err != nil || len(files) != 2 {
					t.Errorf("%v, %v", files, err)
				}
				return
			}
			for output, text := range failures(t, err) {
				if !strings.Contains(text, "HTTP status 403") {
					t.Errorf("%s: %s", output, text)
				}
			}
			if len(failures(t, err)) != 2 || len(folder(t, dir)) != 0 {
				t.Errorf("%v, folder %v", err, folder(t, dir))
			}
		})
	}
}

// TestDownloadResultGone reports both errors when the result cannot be read
// again.
func TestDownloadResultGone(t *testing.T) {
	host, roots := newMediaHost(t, http.NotFound)
	api := httptest.NewServer(http.HandlerFunc(http.NotFound))
	defer api.Close()
	c := New("token", WithBaseURL(api.URL), WithPrivateMedia(roots))
	_, err := c.Download(t.Context(), &Result{RequestID: "req_1", Output: Output{Video: host.URL}}, t.TempDir(), WithDownloadHosts("127.0.0.1"))
	var missing *NotFoundError
	if text := failures(t, err)["video"]; !strings.Contains(text, "HTTP status 404") || !errors.As(err, &missing) {
		t.Errorf("error %v", err)
	}
}

// TestDownloadHosts refuses every host that is not allowed, at once and after a
// redirect, and never asks it.
func TestDownloadHosts(t *testing.T) {
	foreign, roots := newMediaHost(t, serveRanges(mediaFile(t, "rgb.png")))
	port := foreign.URL[strings.LastIndexByte(foreign.URL, ':'):]
	allowed, _ := newMediaHost(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://localhost"+port+"/a.png?signature=secret", http.StatusFound)
	})
	roots.AddCert(allowed.Certificate())
	_, _, err := downloadFrom(t, roots, Output{
		Image:  allowed.URL,
		Images: []string{"https://localhost" + port, "https://runcomfy.net.example.com/a", "http://127.0.0.1" + port, "https://u:secret@127.0.0.1" + port, "data:image/png;base64,!", "://"},
	})
	want := map[string]string{
		"image": errForeignHost.Error(), "images[0]": errForeignHost.Error(), "images[1]": errForeignHost.Error(),
		"images[2]": errNotHTTPS.Error(), "images[3]": errNotHTTPS.Error(), "images[4]": "the output " + string(errBase64), "images[5]": errNotHTTPS.Error(),
	}
	if diff := cmp.Diff(want, failures(t, err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := foreign.requests.Load(); n != 0 {
		t.Errorf("%d requests reached the foreign host", n)
	}
	if n := allowed.requests.Load(); n != 1 {
		t.Errorf("%d requests to the redirecting host, want 1", n)
	}
	d := newMediaClient(clientSettings{}, "runcomfy.net", "RunComfy.com")
	for u, want := range map[string]error{
		"https://runcomfy.net/a": nil, "https://a.b.RUNCOMFY.com./a": nil, "https://evilruncomfy.net/a": errForeignHost, "https://runcomfy.net.evil.org": errForeignHost,
	} {
		req, err := http.NewRequest(http.MethodGet, u, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.checkURL(req.URL); got != want {
			t.Errorf("%s: %v, want %v", u, got, want)
		}
	}
}

// TestDownloadPrivateAddress holds that the guard on addresses stays on for
// allowed hosts.
func TestDownloadPrivateAddress(t *testing.T) {
	host, _ := newMediaHost(t, serveRanges(mediaFile(t, "rgb.png")))
	_, err := New("token").Download(t.Context(), &Result{RequestID: "req_1", Output: Output{Image: host.URL}}, t.TempDir(), WithDownloadHosts("127.0.0.1"))
	if !errors.Is(err, errPrivateAddress) || host.requests.Load() != 0 {
		t.Errorf("%v after %d requests", err, host.requests.Load())
	}
}

// TestDownloadKeepsExisting never replaces a file, whatever it holds: one of the
// server's length is what was asked for, another is an error.
func TestDownloadKeepsExisting(t *testing.T) {
	content := mediaFile(t, "rgb.png")
	host, roots := newMediaHost(t, serveRanges(content))
	c := New("token", WithPrivateMedia(roots))
	for name, existing := range map[string][]byte{
		"same": content, "other": bytes.Repeat([]byte("x"), len(content)), "shorter": content[:100], "empty": nil, "folder": nil,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "req_1-image.png")
			write := func() error { return os.WriteFile(path, existing, 0o600) }
			if name == "folder" {
				write = func() error { return os.Mkdir(path, 0o700) }
			}
			if err := write(); err != nil {
				t.Fatal(err)
			}
			files, err := c.Download(t.Context(), &Result{RequestID: "req_1", Output: Output{Image: host.URL}}, dir, WithDownloadHosts("127.0.0.1"))
			if len(existing) == len(content) {
				format := map[string]string{"same": "png"}[name]
				want := []File{{Output: "image", Path: path, Bytes: int64(len(content)), Format: format, Existed: true}}
				if diff := cmp.Diff(want, files); err != nil || diff != "" {
					t.Errorf("%v (-want +got):\n%s", err, diff)
				}
			} else if !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), "a different file") || len(files) != 0 {
				t.Errorf("%v, %v", files, err)
			}
			if name != "folder" {
				if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, existing) {
					t.Errorf("the existing file was changed, %v", err)
				}
			}
			if names := folder(t, dir); len(names) != 1 {
				t.Errorf("folder %v", names)
			}
		})
	}
}

// TestDownloadBadCalls holds ids that would leave the folder, and folders that
// cannot be made.
func TestDownloadBadCalls(t *testing.T) {
	c := New("token")
	var config *ConfigError
	for _, id := range []string{"", "../evil", "a/b", `a\b`, "a.b", "..", "a\x00", strings.Repeat("a", 129)} {
		if _, err := c.Download(t.Context(), &Result{RequestID: id, Output: Output{Image: "https://runcomfy.net/a"}}, t.TempDir()); !errors.As(err, &config) {
			t.Errorf("request id %q: %v", id, err)
		}
	}
	if _, err := c.Download(t.Context(), nil, t.TempDir()); !errors.As(err, &config) {
		t.Errorf("nil result: %v", err)
	}
	if _, err := new(Client).Download(t.Context(), &Result{RequestID: "a"}, t.TempDir()); !errors.As(err, &config) {
		t.Errorf("zero client: %v", err)
	}
	if files, err := c.Download(t.Context(), &Result{RequestID: "a"}, t.TempDir()); files != nil || err != nil {
		t.Errorf("no output: %v, %v", files, err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := c.Download(t.Context(), &Result{RequestID: "req_1", Output: Output{Image: "https://runcomfy.net/a"}}, filepath.Join(file, "dir"))
	if failures(t, err)["image"] == "" {
		t.Errorf("a folder below a file: %v", err)
	}
}

// TestDownloadContext ends with its context, in the middle of a file, and
// leaves nothing behind.
func TestDownloadContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	content := mediaFile(t, "rgb.png")
	host, roots := newMediaHost(t, func(w http.ResponseWriter, r *http.Request) {
		w.Write(content[:100])
		http.NewResponseController(w.(countingWriter).ResponseWriter).Flush()
		cancel()
		<-r.Context().Done()
	})
	dir := t.TempDir()
	_, err := New("token", WithPrivateMedia(roots)).Download(ctx, &Result{RequestID: "req_1", Output: Output{Image: host.URL}}, dir, WithDownloadHosts("127.0.0.1"))
	if !errors.Is(err, context.Canceled) || len(folder(t, dir)) != 0 || host.requests.Load() != 1 {
		t.Errorf("%v, folder %v, %d requests", err, folder(t, dir), host.requests.Load())
	}
}

// TestDownloadParallel fetches four of ten files at a time.
func TestDownloadParallel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, most, done atomic.Int64
		start := time.Now()
		inParallel(defaultLimits().MediaParallel, 10, func(int) {
			most.Store(max(most.Load(), running.Add(1)))
			time.Sleep(time.Second)
			running.Add(-1)
			done.Add(1)
		})
		if most.Load() != 4 || done.Load() != 10 || time.Since(start) != 3*time.Second {
			t.Errorf("%d at a time, %d done after %v", most.Load(), done.Load(), time.Since(start))
		}
	})
}

// TestRenameNewWithoutLinks takes the way of file systems that have no hard
// links: a folder cannot be linked either.
func TestRenameNewWithoutLinks(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	for _, path := range []string{from, to} {
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := renameNew(from, to); !errors.Is(err, fs.ErrExist) {
		t.Errorf("onto an existing name: %v", err)
	}
	if err := os.Remove(to); err != nil {
		t.Fatal(err)
	}
	if err := renameNew(from, to); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(map[string]int64{"to": folder(t, dir)["to"]}, folder(t, dir)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
