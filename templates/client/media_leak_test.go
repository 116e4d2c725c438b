package client

import (
	"net/http"
	"testing"
)

// TestMediaLeavesNoConnection waits until every connection that a check and a
// download opened is closed again: their clients live as long as the call. The
// test hangs if one stays open.
func TestMediaLeavesNoConnection(t *testing.T) {
	content := mediaFile(t, "rgb.png")
	host, roots := newMediaHost(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/whole" { // the reader stops in the middle
			w.Write(padded(content, len(content), string(make([]byte, 1<<20))))
			return
		}
		serveRanges(content)(w, r)
	})
	c := New("token", WithPrivateMedia(roots))
	in := &mediaInput{
		body:  map[string]any{"image_urls": []string{host.URL + "/a", host.URL + "/whole", host.URL + "/b"}},
		rules: imageRules("image_urls[*]")[4:],
	}
	if err := c.CheckMedia(t.Context(), in); err != nil {
		t.Error(err)
	}
	in.rules = []MediaRule{{Path: "image_urls[*]", Metric: "width_pixels", Op: ">", Bound: 9}}
	if err := c.CheckMedia(t.Context(), in); err != nil {
		t.Error(err)
	}
	res := &Result{RequestID: "req_1", Output: Output{Images: []string{host.URL + "/a", host.URL + "/b"}}}
	if _, err := c.Download(t.Context(), res, t.TempDir(), WithDownloadHosts("127.0.0.1")); err != nil {
		t.Error(err)
	}
	host.mu.Lock()
	defer host.mu.Unlock()
	for host.open > 0 {
		host.closed.Wait()
	}
	if host.opened == 0 {
		t.Error("no connection was seen")
	}
}
