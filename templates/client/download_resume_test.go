package client

import (
	"bufio"
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestDownloadChild is the process that TestDownloadKilled kills. It reports each
// write to its standard output.
func TestDownloadChild(t *testing.T) {
	address := os.Getenv("RUNCOMFY_TEST_DOWNLOAD")
	if address == "" {
		t.Skip("a part of TestDownloadKilled")
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(os.Getenv("RUNCOMFY_TEST_ROOT")))
	reporting := func(d *downloader) {
		d.write = func(f *os.File, p []byte) (int, error) {
			n, err := f.Write(p)
			fmt.Println("wrote", n)
			return n, err
		}
	}
	res := &Result{RequestID: "req_1", Output: Output{Video: address}}
	_, err := New("token", WithPrivateMedia(roots)).Download(t.Context(), res, os.Getenv("RUNCOMFY_TEST_DIR"), WithDownloadHosts("127.0.0.1"), reporting)
	if err != nil {
		t.Fatal(err)
	}
}

// TestDownloadKilled kills a download at ten random points: the eleventh finishes
// it, and no byte but those on their way was sent twice.
func TestDownloadKilled(t *testing.T) {
	const piece = 16 << 10
	content := append(mediaFile(t, "end.mp4"), bytes.Repeat([]byte("0123456789abcdef"), 100<<10)...)
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	wrote := make(chan int)
	var process atomic.Pointer[os.Process]
	var left, sent atomic.Int64 // pieces before the kill, bytes
	host, _ := newMediaHost(t, func(w http.ResponseWriter, r *http.Request) {
		from := 0
		w.Header().Set("ETag", `"v1"`)
		if n, _ := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from); n == 1 {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(content)-1, len(content)))
			w.Header().Set("Content-Length", strconv.Itoa(len(content)-from))
			w.WriteHeader(http.StatusPartialContent)
		} else {
			w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		}
		for rest := content[from:]; len(rest) > 0; {
			n := min(piece, len(rest))
			last := left.Add(-1) == 0
			if last { // this piece is on its way
				n = 1 + random.IntN(n)
			}
			flushing{w}.Write(rest[:n])
			sent.Add(int64(n))
			rest = rest[n:]
			if last {
				_ = process.Load().Kill()
				return
			}
			for n > 0 {
				select {
				case k := <-wrote:
					n -= k
				case <-r.Context().Done():
					return
				}
			}
		}
	})
	dir := t.TempDir()
	for round := range 11 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestDownloadChild$")
		root := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: host.Certificate().Raw})
		cmd.Env = append(os.Environ(), "RUNCOMFY_TEST_DOWNLOAD="+host.URL, "RUNCOMFY_TEST_DIR="+dir, "RUNCOMFY_TEST_ROOT="+string(root))
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		left.Store(1 + random.Int64N(9))
		if round == 10 {
			left.Store(-1)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		process.Store(cmd.Process)
		var text strings.Builder
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var n int
			if k, _ := fmt.Sscanf(lines.Text(), "wrote %d", &n); k == 1 {
				if left.Load() == 0 {
					continue // nobody waits for what a killed process wrote
				}
				wrote <- n
			} else {
				text.WriteString(lines.Text() + "\n")
			}
		}
		if err := cmd.Wait(); (err == nil) != (round == 10) {
			t.Fatalf("round %d: %v\n%s", round, err, text.String())
		}
	}
	if got, err := os.ReadFile(filepath.Join(dir, "req_1-video.mp4")); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes of %d, %v", len(got), len(content), err)
	}
	if names := folder(t, dir); len(names) != 1 {
		t.Errorf("folder %v", names)
	}
	if n := sent.Load(); n > int64(len(content)+10*piece) {
		t.Errorf("%d bytes sent for a file of %d", n, len(content))
	}
}

// TestDownloadNextCall goes on where a call before ended, under a new link, and not
// when the file has changed or cannot be told from another.
func TestDownloadNextCall(t *testing.T) {
	file := longPNG(t)
	rewritten := bytes.ReplaceAll(file, []byte("padding "), []byte("changed "))
	for name, test := range map[string]struct {
		first, second http.HandlerFunc
		want          []byte
	}{
		"resumed":      {cutAt(200_000, serveFile(file, `"v1"`)), serveFile(file, `"v1"`), file},
		"changed":      {cutAt(200_000, serveFile(file, `"v1"`)), serveFile(rewritten, `"v2"`), rewritten},
		"weak tag":     {cutAt(200_000, serveFile(file, `W/"v1"`)), serveFile(rewritten, `W/"v1"`), rewritten},
		"without tag":  {cutAt(200_000, serveRanges(file)), serveRanges(rewritten), rewritten},
		"all was sent": {cutAt(len(file), serveFile(file, `"v1"`)), serveFile(file, `"v1"`), file},
	} {
		t.Run(name, func(t *testing.T) {
			first := true
			host, roots := newMediaHost(t, func(w http.ResponseWriter, r *http.Request) {
				if first {
					test.first(w, r)
					return
				}
				test.second(w, r)
			})
			dir := t.TempDir()
			once := limited(func(l *Limits) { l.DownloadTries = 1 })
			c := New("token", WithPrivateMedia(roots), WithLimits(quick))
			download := func(query string) ([]File, error) {
				return c.Download(t.Context(), &Result{RequestID: "req_1", Output: Output{Image: host.URL + "/a.png?" + query}}, dir, WithDownloadHosts("127.0.0.1"), once,
					func(d *downloader) {
						write := d.write
						d.write = func(f *os.File, p []byte) (int, error) {
							n, err := write(f, p)
							if first {
								return n, errors.Join(err, errors.New("the process ends"))
							}
							return n, err
						}
					})
			}
			if _, err := download("signature=1"); err == nil {
				t.Fatal("the first call was to fail")
			}
			first = false
			files, err := download("signature=2")
			if err != nil || len(files) != 1 || files[0].Existed {
				t.Fatal(files, err)
			}
			if got, err := os.ReadFile(files[0].Path); err != nil || !bytes.Equal(got, test.want) {
				t.Errorf("%d bytes of %d, %v", len(got), len(test.want), err)
			}
			if names := folder(t, dir); len(names) != 1 {
				t.Errorf("folder %v", names)
			}
		})
	}
}

// TestDownloadAgain returns the complete files of a call before, without fetching
// them, also when their links have expired. A file that is missing is fetched.
func TestDownloadAgain(t *testing.T) {
	content := longPNG(t)
	expired := false
	host, roots := newMediaHost(t, func(w http.ResponseWriter, r *http.Request) {
		if expired {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		serveFile(content, `"v1"`)(w, r)
	})
	c := New("token", WithPrivateMedia(roots), WithLimits(quick))
	dir := t.TempDir()
	res := &Result{RequestID: "req_1", State: StateDone, Output: Output{Images: []string{host.URL + "/0.png", host.URL + "/1.png"}}}
	download := func() []File {
		t.Helper()
		files, err := c.Download(t.Context(), res, dir, WithDownloadHosts("127.0.0.1"))
		if err != nil || len(files) != 2 {
			t.Fatal(files, err)
		}
		return files
	}
	first := download()
	sent := host.sent.Load()
	for _, expired = range []bool{false, true} {
		for i, f := range download() {
			if f.Existed = !f.Existed; f != first[i] || f.Format != "png" || f.Bytes != int64(len(content)) {
				t.Errorf("%+v, want %+v with Existed", f, first[i])
			}
		}
	}
	if again := host.sent.Load() - sent; again > 100 {
		t.Errorf("%d bytes were sent for files that are there", again)
	}
	expired = false
	if err := os.Remove(first[1].Path); err != nil {
		t.Fatal(err)
	}
	if files := download(); !files[0].Existed || files[1].Existed {
		t.Errorf("%+v", files)
	}
	// Notes beside the file are not the file, and not an ending of it either.
	for _, name := range []string{"req_1-images-1.json", "req_1-images-1.txt", "req_1-images-1.png.bak", "req_1-images-1x.png"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(first[0].Path); err != nil {
		t.Fatal(err)
	}
	if files := download(); files[0].Existed || files[0].Path != first[0].Path {
		t.Errorf("%+v", files)
	}
}

// TestDownloadTwiceAtOnce lets two downloads of a job into one folder: one fetches,
// the other waits and finds the file.
func TestDownloadTwiceAtOnce(t *testing.T) {
	content := longPNG(t)
	entered, goOn := make(chan bool, 9), make(chan bool)
	host, roots := newMediaHost(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Range") == "" {
			entered <- true
			<-goOn
		}
		serveFile(content, `"v1"`)(w, r)
	})
	c := New("token", WithPrivateMedia(roots))
	dir := t.TempDir()
	download := func() ([]File, error) {
		return c.Download(t.Context(), &Result{RequestID: "req_1", Output: Output{Image: host.URL}}, dir, WithDownloadHosts("127.0.0.1"))
	}
	existed := make(chan bool, 2)
	for range 2 {
		go func() {
			files, err := download()
			if err != nil || len(files) != 1 {
				t.Error(files, err)
				existed <- false
				return
			}
			existed <- files[0].Existed
		}()
	}
	<-entered
	goOn <- true
	if a, b := <-existed, <-existed; a == b || len(entered) != 0 {
		t.Errorf("existed: %v, %v; fetched %d times more", a, b, len(entered))
	}
}

// TestDownloadLockedForGood gives up on a file that another process has open and
// does not go on with.
func TestDownloadLockedForGood(t *testing.T) {
	dir := t.TempDir()
	file, err := openLockedPartial(filepath.Join(dir, ".req_1-image.part"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	synctest.Test(t, func(t *testing.T) {
		d := &downloader{dir: dir, requestID: "req_1", mediaClient: newMediaClient(clientSettings{limits: Limits{DownloadStall: time.Minute}})}
		start := time.Now()
		if _, err := d.openPartial(t.Context(), outputFile{stem: "image"}); !errors.Is(err, errLocked) || time.Since(start) < time.Minute {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := d.openPartial(ctx, outputFile{stem: "image"}); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

// TestDownloadPartialFiles holds what may stand under the name of a partial file:
// only a regular file with our own note beside it is gone on with.
func TestDownloadPartialFiles(t *testing.T) {
	content := longPNG(t)
	host, roots := newMediaHost(t, serveFile(content, `"v1"`))
	note := fmt.Sprintf(`{"kind": %q, "etag": "\"v1\"", "size": %d}`, partialKind, len(content))
	for name, test := range map[string]struct {
		part, note string
		sent       int
	}{
		"ours":              {string(content[:200_000]), note, len(content) - 200_000},
		"whole":             {string(content), note, 0},
		"without a note":    {string(content[:200_000]), "", len(content)},
		"of somebody else":  {string(content[:200_000]), `{"etag": "\"v1\""}`, len(content)},
		"of no version":     {string(content[:200_000]), fmt.Sprintf(`{"kind": %q, "size": %d}`, partialKind, len(content)), len(content)},
		"a torn note":       {string(content[:200_000]), note[:20], len(content)},
		"longer than whole": {string(content) + "x", note, len(content)},
		"of another size":   {string(content[:200_000]), strings.Replace(note, strconv.Itoa(len(content)), "300000", 1), len(content)},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for ending, text := range map[string]string{".part": test.part, ".part.info": test.note} {
				if err := os.WriteFile(filepath.Join(dir, ".req_1-image"+ending), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			before := host.sent.Load()
			c := New("token", WithPrivateMedia(roots), WithLimits(quick))
			files, err := c.Download(t.Context(), &Result{RequestID: "req_1", Output: Output{Image: host.URL}}, dir, WithDownloadHosts("127.0.0.1"))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(files[0].Path); err != nil || !bytes.Equal(got, content) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			if sent := host.sent.Load() - before; name != "of another size" && sent != int64(test.sent) {
				t.Errorf("%d bytes sent, want %d", sent, test.sent)
			}
			if names := folder(t, dir); len(names) != 1 {
				t.Errorf("folder %v", names)
			}
		})
	}
}

// TestDownloadSweep removes old partial files of downloads, no others.
func TestDownloadSweep(t *testing.T) {
	dir := t.TempDir()
	old := time.Now().Add(-8 * 24 * time.Hour)
	write := func(name, text string, at time.Time) string {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	note := fmt.Sprintf(`{"kind": %q}`, partialKind)
	for name, at := range map[string]time.Time{".old-video": old, ".young-video": time.Now(), ".locked-video": old} {
		write(name+".part", "x", at)
		write(name+".part.info", note, at)
	}
	write(".foreign.part", "x", old)
	write(".foreign-noted.part", "x", old)
	write(".foreign-noted.part.info", "{}", old)
	write("visible.part", "x", old)
	write(".note-alone.part.info", note, old)
	locked, err := openLockedPartial(filepath.Join(dir, ".locked-video.part"))
	if err != nil {
		t.Fatal(err)
	}
	defer locked.Close()
	d := &downloader{dir: dir}
	names, err := d.list()
	if err != nil {
		t.Fatal(err)
	}
	d.sweep(names)
	for name, want := range map[string]bool{".old-video.part": false, ".old-video.part.info": false, ".note-alone.part.info": false, ".young-video.part": true,
		".young-video.part.info": true, ".locked-video.part": true, ".foreign.part": true, ".foreign-noted.part": true, "visible.part": true} {
		if _, err := os.Lstat(filepath.Join(dir, name)); errors.Is(err, fs.ErrNotExist) == want {
			t.Errorf("%s is there: %v, want %v", name, !want, want)
		}
	}
}

// closer is a writer that notes its Close.
type closer struct {
	bytes.Buffer
	closed bool
	err    error
}

func (c *closer) Close() error { c.closed = true; return c.err }

// TestDownloadWriter hands whole, checked files to writers of the caller's.
func TestDownloadWriter(t *testing.T) {
	content := longPNG(t)
	host, roots := newMediaHost(t, inTurn(cutAt(100_000, serveFile(content, `"v1"`)), serveFile(content, `"v1"`)))
	c := New("token", WithPrivateMedia(roots), WithLimits(quick))
	for _, dir := range []string{"", t.TempDir()} {
		refused := errors.New("the bucket is closed")
		for _, refuse := range []error{refused, nil} {
			var names []string
			w := &closer{err: refuse}
			open := WithWriter(func(name string) (io.WriteCloser, error) {
				names = append(names, name)
				return w, nil
			})
			before := host.requests.Load()
			files, err := c.Download(t.Context(), &Result{RequestID: "req_1", Output: Output{Image: host.URL + "/a"}}, dir, WithDownloadHosts("127.0.0.1"), open)
			if len(names) != 1 || names[0] != "req_1-image.png" || !bytes.Equal(w.Bytes(), content) || !w.closed {
				t.Errorf("%q got %d bytes, closed %v", names, w.Len(), w.closed)
			}
			if refuse != nil {
				if !errors.Is(err, refused) || len(files) != 0 {
					t.Errorf("%v, %v", files, err)
				}
				continue
			}
			if err != nil || len(files) != 1 || files[0] != (File{Output: "image", Path: "req_1-image.png", Bytes: int64(len(content)), Format: "png"}) {
				t.Errorf("%+v, %v", files, err)
			}
			if dir != "" && host.requests.Load() != before {
				t.Error("a file that was there and refused was fetched again")
			}
		}
		if dir != "" && len(folder(t, dir)) != 0 {
			t.Errorf("folder %v", folder(t, dir))
		}
	}
	for name, open := range map[string]func(string) (io.WriteCloser, error){
		"an error": func(string) (io.WriteCloser, error) { return nil, errors.New("an error") },
		"neither":  func(string) (io.WriteCloser, error) { return nil, nil },
	} {
		if _, err := c.Download(t.Context(), &Result{RequestID: "req_1", Output: Output{Image: host.URL}}, "", WithDownloadHosts("127.0.0.1"), WithWriter(open)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDownloadEvents observes each request and each file that arrived, without the
// query of a link, and no file that was there.
func TestDownloadEvents(t *testing.T) {
	content := longPNG(t)
	host, roots := newMediaHost(t, inTurn(cutAt(100_000, serveFile(content, `"v1"`)), serveFile(content, `"v1"`)))
	var events []Event
	c := New("token", WithPrivateMedia(roots), WithLimits(quick), WithObserver(func(e Event) { events = append(events, e) }))
	dir, res := t.TempDir(), &Result{RequestID: "req_1", Output: Output{Image: host.URL + "/a.png?signature=secret"}}
	for range 2 {
		if _, err := c.Download(t.Context(), res, dir, WithDownloadHosts("127.0.0.1")); err != nil {
			t.Fatal(err)
		}
	}
	if len(events) == 3 && strings.HasPrefix(events[0].Error, "cut after") && events[0].Duration > 0 {
		events[0].Error, events[0].Duration, events[1].Duration = "", 0, 0
	}
	attempt := Event{Kind: EventAttempt, Op: "download", JobID: "req_1", Attempt: 1, Method: "GET", Path: "/a.png", Status: 200}
	again := attempt
	again.Attempt, again.Status = 2, 206
	want := []Event{attempt, again, {Kind: EventDownloaded, Op: "download", JobID: "req_1", Path: filepath.Join(dir, "req_1-image.png"), Bytes: int64(len(content))}}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
