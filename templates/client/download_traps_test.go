package client

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// A first answer without a length is cut, and the range that resumes it is shorter
// than what is left: its total tells.
func TestDownloadShortRange(t *testing.T) {
	file := longPNG(t)
	cut := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"v1"`)
		w.(countingWriter).ResponseWriter.(http.Flusher).Flush()
		w.Write(file[:100_000])
		w.(countingWriter).ResponseWriter.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	short := func(w http.ResponseWriter, r *http.Request) {
		var from int
		fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
		to := min(from+100_000, len(file))
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to-1, len(file)))
		w.WriteHeader(http.StatusPartialContent)
		w.Write(file[from:to])
	}
	host, roots := newMediaHost(t, inTurn(cut, short))
	_, files, err := downloadFrom(t, roots, Output{Image: host.URL})
	if err != nil || files[0].Bytes != int64(len(file)) {
		t.Errorf("%v %v, want %d bytes", files, err, len(file))
	}
}

// Two versions of one second have one date: only a strong entity tag tells that
// the rest belongs to the beginning (RFC 9110, section 13.1.5).
func TestDownloadWeakTag(t *testing.T) {
	file := longPNG(t)
	rewritten := bytes.ReplaceAll(file, []byte("padding "), []byte("changed "))
	now := time.Now()
	serve := func(content []byte, tag string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", tag)
			http.ServeContent(w, r, "", now, bytes.NewReader(content))
		}
	}
	host, roots := newMediaHost(t, inTurn(cutAt(100_000, serve(file, `W/"v1"`)), serve(rewritten, `W/"v2"`)))
	_, files, err := downloadFrom(t, roots, Output{Image: host.URL})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(files[0].Path); err != nil || !bytes.Equal(got, rewritten) {
		t.Errorf("%v: %d times padding, %d times changed", err, bytes.Count(got, []byte("padding ")), bytes.Count(got, []byte("changed ")))
	}
}

// The end of an answer that has neither a length nor chunks may be a cut.
func TestDownloadWithoutEnd(t *testing.T) {
	file := longPNG(t)
	url, roots := rawTLS(t, func(string) string {
		return "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nConnection: close\r\n\r\n" + string(file[:100_000])
	})
	_, files, err := downloadFrom(t, roots, Output{Image: url})
	if err == nil || !strings.Contains(err.Error(), "where the file ends") {
		t.Errorf("%+v, %v", files, err)
	}
}

// A malformed answer that repeats the request does not bring the signature of its
// URL into an error.
func TestMediaErrorsHideQueries(t *testing.T) {
	for name, answer := range map[string]string{
		"status line": "%s\r\n\r\n",
		"length":      "HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n",
		"encoding":    "HTTP/1.1 200 OK\r\nTransfer-Encoding: %s\r\n\r\n",
	} {
		url, roots := rawTLS(t, func(request string) string { return fmt.Sprintf(answer, strings.SplitN(request, "\r\n", 2)[0]) })
		c := New("token", WithPrivateMedia(roots), WithStrictMedia(), WithLimits(quick))
		in := &mediaInput{body: map[string]string{"image_url": url + "/a.png?sig=SIGNATURE"}, rules: imageRules("image_url")[:1]}
		if err := c.CheckMedia(t.Context(), in); err == nil || strings.Contains(err.Error(), "SIGNATURE") {
			t.Errorf("%s: CheckMedia: %v", name, err)
		}
		_, _, err := downloadFrom(t, roots, Output{Image: url + "/a.png?sig=SIGNATURE"})
		if err == nil || strings.Contains(err.Error(), "SIGNATURE") {
			t.Errorf("%s: Download: %v", name, err)
		}
	}
}

// The result is read again for expired links: it may name one file twice, or stand
// there without a field's name.
func TestDownloadRenewed(t *testing.T) {
	content := mediaFile(t, "rgb.png")
	host, roots := newMediaHost(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery != "new" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		serveRanges(content)(w, r)
	})
	renewed := host.URL + "/0.png?new"
	for name, output := range map[string]any{"twice": map[string]any{"image": renewed, "images": []string{renewed}}, "bare": []string{renewed}} {
		api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			json.NewEncoder(w).Encode(map[string]any{"request_id": "req_1", "status": "completed", "output": output})
		}))
		defer api.Close()
		c := New("token", WithBaseURL(api.URL), WithPrivateMedia(roots), WithLimits(quick))
		res := &Result{RequestID: "req_1", Output: Output{Images: []string{host.URL + "/0.png?old"}}}
		if name == "twice" {
			res.Output.Image = host.URL + "/0.png?older"
		}
		files, err := c.Download(t.Context(), res, t.TempDir(), WithDownloadHosts("127.0.0.1"))
		if want := len(res.Output.files()); err != nil || len(files) != want {
			t.Errorf("%s: %v, %v", name, files, err)
		}
	}
}

// longPNG is a picture with much behind its end, to be cut anywhere.
func longPNG(t *testing.T) []byte {
	return append(mediaFile(t, "rgb.png"), bytes.Repeat([]byte("padding "), 40_000)...)
}

// rawTLS answers each connection once, with bytes made of the request.
func rawTLS(t *testing.T, answer func(request string) string) (string, *x509.CertPool) {
	s := httptest.NewTLSServer(nil)
	cert, pool := s.TLS.Certificates[0], x509.NewCertPool()
	pool.AddCert(s.Certificate())
	s.Close()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{cert}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				buf := make([]byte, 4096)
				n, _ := conn.Read(buf)
				io.WriteString(conn, answer(string(buf[:n])))
			}()
		}
	}()
	return "https://" + l.Addr().String(), pool
}
