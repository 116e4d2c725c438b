package fetch

import "testing"

func TestContentTypesOfPages(t *testing.T) {
	for header, want := range map[string]string{
		"text/html":                                       "text/html",
		"Text/HTML; charset=UTF-8":                        "text/html",
		"text/html; charset=utf-8; charset=utf-8":         "text/html",
		"text/html; charset":                              "text/html",
		"text/html;;; =x; charset=\"utf":                  "text/html",
		"text/html, text/html; charset=utf-8":             "text/html",
		" , text/html":                                    "text/html",
		"text/x-markdown; variant=GFM":                    "text/markdown",
		"text/json":                                       "application/json",
		"application/vnd.api+json; ext=\"https://x/y,z\"": "application/vnd.api+json",
		"":            "",
		"html":        "",
		"text/":       "",
		"\"text/html": "",
	} {
		if got := plainMediaType(header); got != want {
			t.Errorf("%q: %q, want %q", header, got, want)
		}
	}
}
