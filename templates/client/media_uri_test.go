package client

import (
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func toDataURI(mediaType string, content []byte) string {
	return "data:" + mediaType + ";base64," + base64.StdEncoding.EncodeToString(content)
}

// TestFileURI makes a data URI of every committed file, under a name that lies
// about the type.
func TestFileURI(t *testing.T) {
	for _, row := range mediaTable(t) {
		content := mediaFile(t, row.name)
		path := filepath.Join(t.TempDir(), "wrong.txt")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := FileURI(path)
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		want := toDataURI(sniffMedia(content[:min(len(content), sniffLen)]).mediaType, content)
		if got != want {
			t.Errorf("%s: %.60s..., want %.60s...", row.name, got, want)
		}
	}
}

func TestFileURIRefuses(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	large := write("large.png", pngSignature)
	if err := os.Truncate(large, maxFileURI+1); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "absent.png"): "no such file",
		write("page.png", "<html>"):      "no image, video or sound",
		write("empty.png", ""):           "no image, video or sound",
		large:                            "more than",
		dir:                              "not a regular file",
	} {
		_, err := FileURI(path)
		var mediaError *MediaError
		if !errors.As(err, &mediaError) || mediaError.Path != path || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want a *MediaError with %q", filepath.Base(path), err, want)
		}
	}
	if _, err := FileURI(filepath.Join(dir, "absent.png")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
}

// TestDataURIForms measures the same picture in the forms that RFC 2397 allows.
func TestDataURIForms(t *testing.T) {
	content := mediaFile(t, "rgb.png")
	text := base64.StdEncoding.EncodeToString(content)
	for name, uri := range map[string]string{
		"plain":           "data:image/png;base64," + text,
		"capitals":        "DATA:image/png;BASE64," + text,
		"without_type":    "data:;base64," + text,
		"parameters":      "data:image/png;name=a.png;base64," + text,
		"without_padding": "data:image/png;base64," + strings.TrimRight(text, "="),
		"escaped_base64":  "data:image/png;base64," + strings.NewReplacer("+", "%2B", "/", "%2f", "=", "%3D").Replace(text),
		"escaped_bytes":   "data:image/png," + percentEncoded(content),
		"type_that_lies":  "data:video/mp4;base64," + text,
	} {
		got, err := measureDataURI(uri)
		if err != nil || got.Width != 97 || got.Height != 61 || got.Bytes != int64(len(content)) || got.Format != "png" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for name, uri := range map[string]string{
		"no_comma":     "data:image/png;base64",
		"bad_escape":   "data:image/png,%zz",
		"bad_alphabet": "data:image/png;base64,!!!!",
		"no_content":   "data:image/png;base64,",
	} {
		if got, err := measureDataURI(uri); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func percentEncoded(content []byte) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for _, c := range content {
		b.WriteString(string([]byte{'%', digits[c>>4], digits[c&15]}))
	}
	return b.String()
}
