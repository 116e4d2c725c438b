package mock

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"time"
)

// mediaHost serves the outputs of jobs under signed links:
//
//	/media/<request id>/<name>?expires=<unix milliseconds>&signature=<hex>
type mediaHost struct {
	origin  string // "" is the host that the client called
	life    time.Duration
	key     []byte
	samples map[string][]byte // by file name

	// The paths of the links that results had, in order, and those asked for; both
	// are under the Server's mutex.
	handed  []string
	fetched map[string]bool
}

func (m *mediaHost) init(c config) error {
	samples, err := sampleFiles()
	if err != nil {
		return err
	}
	*m = mediaHost{origin: c.mediaOrigin, life: c.linkLife, key: []byte(c.token), samples: samples,
		fetched: make(map[string]bool)}
	return nil
}

// output is the output value of a completed job, with fresh links.
func (m *mediaHost) output(origin string, j *job, now time.Time) any {
	if m.origin != "" {
		origin = m.origin
	}
	link := func(name string) string {
		expires := strconv.FormatInt(now.Add(m.life).UnixMilli(), 10)
		p := "/media/" + j.id + "/" + name
		if _, known := m.fetched[p]; !known {
			m.fetched[p] = false
			m.handed = append(m.handed, p)
		}
		return fmt.Sprintf("%s%s?expires=%s&signature=%s", origin, p, expires, m.sign(p, expires))
	}
	switch j.model.Output {
	case OutputKindImage:
		image := link("image.png")
		return map[string]any{"image": image, "images": []string{image, link("image-2.png")}}
	case OutputKindVideo:
		video := link("video.mp4")
		return map[string]any{"video": video, "videos": []string{video}}
	case OutputKindAudio:
		audio := link("audio.wav")
		return map[string]any{"audio": audio, "audios": []string{audio}}
	}
	return map[string]any{"images": []string{link("image.png")}, "text": "sample"}
}

func (m *mediaHost) sign(p, expires string) string {
	mac := hmac.New(sha256.New, m.key)
	mac.Write([]byte(p + "\n" + expires))
	return hex.EncodeToString(mac.Sum(nil))
}

// valid reports whether a request carries a link of ours that has not expired.
func (m *mediaHost) valid(r *http.Request, now time.Time) bool {
	expires := r.URL.Query().Get("expires")
	millis, err := strconv.ParseInt(expires, 10, 64)
	return err == nil && now.UnixMilli() < millis &&
		hmac.Equal([]byte(m.sign(r.URL.Path, expires)), []byte(r.URL.Query().Get("signature")))
}

// Unfetched returns the paths of the media links that results had and that nobody
// asked for, in the order of the results: files of a job that a program paid for and
// did not download.
func (s *Server) Unfetched() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var paths []string
	for _, p := range s.media.handed {
		if !s.media.fetched[p] {
			paths = append(paths, p)
		}
	}
	return paths
}

// fetches notes a request for a file and reports whether the file is not there yet.
func (s *Server) fetches(req Request, now time.Time) (late bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.media.fetched[req.Path]; known {
		s.media.fetched[req.Path] = true
	}
	j, known := s.queue.jobs[req.RequestID]
	return known && now.Before(j.end.Add(j.twist.lateFiles))
}

// serveMedia serves a file with ranges and an ETag.
func (s *Server) serveMedia(w http.ResponseWriter, r *http.Request, req Request, f Fault) {
	late := s.fetches(req, time.Now())
	switch f.point {
	case pointReplace, pointHangUp, pointReset, pointHang, pointCutHead:
		s.deliver(w, r, answer{}, f)
		return
	}
	if late {
		missing := `<?xml version="1.0" encoding="UTF-8"?>` + "\n<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>"
		header := http.Header{"Content-Type": {"application/xml"}}
		write(w, answer{status: http.StatusNotFound, header: header, body: []byte(missing)})
		return
	}
	name := path.Base(req.Path)
	content, ok := s.media.samples[name]
	if !ok || !s.media.valid(r, time.Now()) {
		denied := `<?xml version="1.0" encoding="UTF-8"?>` + "\n<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
		header := http.Header{"Content-Type": {"application/xml"}}
		write(w, answer{status: http.StatusForbidden, header: header, body: []byte(denied)})
		return
	}
	if f.point == pointChange {
		content = append(bytes.Clone(content), "changed"...)
		content[len(content)/8] ^= 0xff
	}
	sum := sha256.Sum256(content)
	w.Header().Set("Etag", `"`+hex.EncodeToString(sum[:8])+`"`)
	switch f.point {
	case pointTruncate:
		content = content[:min(f.bytes, len(content))]
	case pointCut:
		w = &cuttingWriter{w, f.bytes}
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
}

// cuttingWriter hangs up when so many bytes of a body were written.
type cuttingWriter struct {
	http.ResponseWriter
	left int
}

func (c *cuttingWriter) Write(p []byte) (int, error) {
	if len(p) <= c.left {
		c.left -= len(p)
		return c.ResponseWriter.Write(p)
	}
	_, _ = c.ResponseWriter.Write(p[:c.left])
	_ = http.NewResponseController(c.ResponseWriter).Flush()
	panic(http.ErrAbortHandler)
}
