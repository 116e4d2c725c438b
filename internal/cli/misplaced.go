package cli

import (
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/library"
	"github.com/genclient/genclient/internal/plan"
	"github.com/genclient/genclient/internal/schema"
)

// checkFolder refuses a file where a flag takes a folder, which need not exist.
func checkFolder(cmd *cobra.Command, flag, dir string) error {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return usagef(cmd, "--%s %s is a file; give the folder", flag, dir)
	}
	return nil
}

// misplaced returns an error when a folder is above the schemas folder that must be
// meant, or within it. Its documents would be read without the pinned Go names, and
// their models be generated under other names.
func misplaced(l *library.Library) error {
	dir := filepath.FromSlash(l.Dir)
	if _, err := os.Stat(filepath.Join(dir, schema.NamesFile)); err == nil {
		return nil
	}
	inner, _ := filepath.Glob(filepath.Join(escapeGlob(dir), "*", schema.NamesFile)) // the pattern is well-formed
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	for _, file := range inner {
		if pinned(file, l.IDs()) {
			return meant(l.Dir, filepath.Dir(file))
		}
	}
	for outer := filepath.Dir(absolute); ; outer = filepath.Dir(outer) {
		if pinned(filepath.Join(outer, schema.NamesFile), l.IDs()) {
			up, err := filepath.Rel(absolute, outer)
			if err != nil {
				return err
			}
			return meant(l.Dir, filepath.Join(dir, up))
		}
		if outer == filepath.Dir(outer) {
			return nil
		}
	}
}

func meant(given, folder string) error {
	return fmt.Errorf("--schemas %s: the schemas folder is %s, which has the %s of these models; use --schemas %s",
		given, folder, schema.NamesFile, shellQuote(filepath.ToSlash(folder)))
}

// escapeGlob returns the pattern that matches a path only.
func escapeGlob(dir string) string {
	if filepath.Separator == '\\' {
		return dir // no escapes there
	}
	return regexp.MustCompile(`[*?\[\\]`).ReplaceAllString(dir, `\$0`)
}

// pinned reports whether a file pins the Go name of one of the models, and the model's
// document lies below its folder as in a schemas folder.
func pinned(file string, ids []string) bool {
	text, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	pins, _ := plan.ReadPins(&jsontree.Source{File: file, Text: text})
	for _, id := range ids {
		if !pins.Has(id) {
			continue
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(file), filepath.FromSlash(id)+".json")); err == nil {
			return true
		}
	}
	return false
}

// sourceFiles are the kinds of file that scrape reads.
var sourceFiles = map[string]bool{".html": true, ".htm": true, ".txt": true, ".md": true, ".json": true}

// hostFirst matches a source that starts with the name of a host, as
// www.runcomfy.com/models or localhost:8080.
var hostFirst = regexp.MustCompile(`^([\w-]+\.)+[a-zA-Z]{2,}(:\d+)?(/|$)|^[\w.-]+:\d+(/|$)`)

// checkSources refuses sources that are neither files nor usable URLs, and says what
// must be meant.
func checkSources(cmd *cobra.Command, sources []string) error {
	for _, source := range sources {
		if _, err := os.Stat(source); err == nil || source == "-" {
			continue
		}
		if scheme, rest, ok := strings.Cut(source, ":"); ok && (scheme == "http" || scheme == "https") {
			if u, err := url.Parse(source); err == nil && u.Host == "" {
				return usagef(cmd, "%s has no host; write https://%s", source, strings.TrimLeft(rest, "/"))
			}
			continue
		}
		if page, known := pageOf(source); known {
			return usagef(cmd, "%s is the id of a model; a SOURCE is the URL of its page%s", source, page)
		}
		if hostFirst.MatchString(source) && !sourceFiles[strings.ToLower(path.Ext(source))] {
			return usagef(cmd, "there is no file %s; if it is a URL write https://%s", source, source)
		}
	}
	return nil
}

// pageOf reports whether the embedded schemas have a model, and returns its page as
// the end of a sentence, if they name it.
func pageOf(id string) (page string, known bool) {
	l, err := library.Open("")
	if err != nil {
		return "", false
	}
	doc := l.Document(id)
	if doc == nil {
		return "", false
	}
	if doc.URL == "" {
		return "", true
	}
	return ": " + doc.URL, true
}
