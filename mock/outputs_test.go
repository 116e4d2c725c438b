package mock_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/genclient/genclient/mock"
	"github.com/genclient/genclient/templates/client"
	"github.com/google/go-cmp/cmp"
)

// TestModelsAgainstEmulator reads a catalog of three pages.
func TestModelsAgainstEmulator(t *testing.T) {
	var models []mock.Model
	var want []string
	for i := range 250 {
		id := fmt.Sprintf("vendor/model %03d/text-to-image", i)
		models = append(models, mock.Model{ID: id, InputSchema: json.RawMessage(`{"type":"object"}`)})
		want = append(want, id)
	}
	s := newServer(t, mock.WithModels(models...), mock.WithInMemory())
	c := client.New(s.Token(), client.WithBaseURL(s.URL()), client.WithHTTPClient(s.Client()))
	var got []string
	for m, err := range c.Models(t.Context(), client.ModelFilter{WithSchema: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if string(m.InputSchema) != `{"type":"object"}` {
			t.Fatalf("%s: schema %s", m.ID, m.InputSchema)
		}
		got = append(got, m.ID)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("models (-want +got):\n%s", diff)
	}
	if n := s.Count(mock.CallModels); n != 4 { // three pages, and an empty one that ends them
		t.Errorf("%d requests, want 4", n)
	}
}

// TestDownloadAgainstFaults downloads a video of 200 kB while the media host
// misbehaves. Either the whole file arrives, from one version of it, or none.
func TestDownloadAgainstFaults(t *testing.T) {
	const size, changed = 200_248, 200_255
	for name, c := range map[string]struct {
		faults []mock.Option
		bytes  int64 // 0 for a download that fails
		media  int   // requests to the media host
		result int   // reads of the result
	}{
		"nothing":       {nil, size, 1, 1},
		"cut":           {[]mock.Option{mock.WithFault(mock.CallMedia, 1, mock.CutAnswer(50_000))}, size, 2, 1},
		"cut twice":     {[]mock.Option{mock.WithFault(mock.CallMedia, 1, mock.CutAnswer(50_000)), mock.WithFault(mock.CallMedia, 2, mock.CutAnswer(50_000))}, size, 3, 1},
		"cut, changed":  {[]mock.Option{mock.WithFault(mock.CallMedia, 1, mock.CutAnswer(50_000)), mock.WithFault(mock.CallMedia, 2, mock.ChangeMedia())}, changed, 2, 1},
		"reset":         {[]mock.Option{mock.WithFault(mock.CallMedia, 1, mock.ResetAnswer())}, size, 2, 1},
		"502 once":      {[]mock.Option{mock.WithFault(mock.CallMedia, 1, mock.HTMLError(502))}, size, 2, 1},
		"link expired":  {[]mock.Option{mock.WithFault(mock.CallMedia, 1, mock.Answer(403, "expired"))}, size, 2, 2},
		"links expired": {[]mock.Option{mock.WithLinkLifetime(0)}, 0, 2, 2},
		"HTML":          {[]mock.Option{mock.WithFault(mock.CallMedia, 0, mock.HTMLError(200))}, 0, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, append(c.faults, mock.WithTLS(), mock.WithDuration(mock.OutputKindVideo, 0, 0))...)
			cl := client.New(s.Token(), client.WithBaseURL(s.URL()), client.WithHTTPClient(s.Client()), client.WithPrivateMedia(s.Roots()))
			job, err := cl.SubmitRaw(t.Context(), videoModel, json.RawMessage(`{"prompt":"a fox"}`))
			if err != nil {
				t.Fatal(err)
			}
			res, err := job.Result(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			files, err := cl.Download(t.Context(), res, dir, client.WithDownloadHosts("127.0.0.1"))
			var failed *client.DownloadError
			switch {
			case c.bytes == 0:
				if !errors.As(err, &failed) || len(files) != 0 {
					t.Errorf("%d files, %v", len(files), err)
				}
			case err != nil:
				t.Error(err)
			case len(files) != 1 || files[0].Bytes != c.bytes || files[0].Path != filepath.Join(dir, job.ID()+"-videos-1.mp4"):
				t.Errorf("files %+v, want one of %d bytes", files, c.bytes)
			}
			left, err := os.ReadDir(dir)
			if err != nil || len(left) != len(files) {
				t.Errorf("the folder holds %v (%v), want %d files", left, err, len(files))
			}
			if m, r := s.Count(mock.CallMedia), s.Count(mock.CallResult); m != c.media || r != c.result {
				t.Errorf("%d requests for media and %d for results, want %d and %d", m, r, c.media, c.result)
			}
			for _, f := range files {
				checkDownload(t, s, res.Output.Video, f, c.bytes == changed)
			}
		})
	}
}

// TestDownloadLateFiles runs a job whose files come late, are put off and arrive over
// a bad line, and downloads them without an option for that.
func TestDownloadLateFiles(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, mock.WithInMemory(), mock.WithFault(mock.CallSubmit, 1, mock.LateFiles(10*time.Second)),
			mock.WithFault(mock.CallMedia, 0, mock.CutAnswer(20_000)), mock.WithScript(func(r mock.Request) mock.Fault {
				if r.Call == mock.CallMedia && r.N%4 == 0 {
					return mock.Answer(503, "busy").With("Retry-After", "2")
				}
				return mock.Fault{}
			}))
		cl := client.New(s.Token(), client.WithBaseURL(s.URL()), client.WithHTTPClient(s.Client()))
		defer cl.CloseIdleConnections()
		job, err := cl.SubmitRaw(t.Context(), videoModel, json.RawMessage(`{"prompt":"a fox"}`))
		if err != nil {
			t.Fatal(err)
		}
		res, err := job.Wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		unfetched := s.Unfetched()
		files, err := cl.Download(t.Context(), res, dir)
		if err != nil || len(files) != 1 || files[0].Bytes != 200_248 {
			t.Errorf("%+v, %v", files, err)
		}
		if want := []string{"/media/" + job.ID() + "/video.mp4"}; !slices.Equal(unfetched, want) || len(s.Unfetched()) != 0 {
			t.Errorf("unfetched were %q, then %q", unfetched, s.Unfetched())
		}
		again, err := client.New(s.Token(), client.WithBaseURL(s.URL()), client.WithHTTPClient(s.Client())).Download(t.Context(), res, dir)
		if err != nil || len(again) != 1 || !again[0].Existed {
			t.Errorf("%+v, %v", again, err)
		}
	})
}

// checkDownload compares a file with what its link gives now, of which a
// changed version differs in one early byte and at its end.
func checkDownload(t *testing.T, s *mock.Server, link string, f client.File, changed bool) {
	t.Helper()
	got, err := os.ReadFile(f.Path)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := s.Client().Get(link)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	want, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if changed {
		want = append(want, "changed"...)
		want[len(want)/8] ^= 0xff
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: %d bytes, not those of one version with %d bytes", f.Path, len(got), len(want))
	}
}
