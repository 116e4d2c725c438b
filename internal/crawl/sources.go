package crawl

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/scrape"
)

// source is one thing that a user names: a URL, a file or the standard input.
// What is below url is settled while it is read.
type source struct {
	name  string // as diagnostics show it
	index int    // its place among the sources
	url   *url.URL

	whole   bool // a site, to be read whole
	catalog bool // a catalog, to be read whole
	models  int
	gone    bool // a page of it does not exist
	errors  bool // it has an error of its own
	broken  bool // a list of it could not be read
}

// mediaTypes are the file endings known.
var mediaTypes = map[string]string{
	".html": "text/html", ".htm": "text/html", ".txt": "text/plain", ".md": "text/markdown",
	".json": "application/json",
}

const endings = ".html, .htm, .txt, .md, .json"

func isKnown(name string) bool { return mediaTypes[strings.ToLower(filepath.Ext(name))] != "" }

// expand resolves the arguments of a run into single sources, folders into
// their files in sorted order. It reports every argument that cannot be used.
func expand(args []string) ([]*source, error) {
	if len(args) == 0 {
		return nil, errors.New("no source given")
	}
	var sources []*source
	var errs []error
	for _, arg := range args {
		found, err := expandOne(arg)
		if err != nil {
			errs = append(errs, err)
		}
		for _, s := range found {
			if !slices.ContainsFunc(sources, func(other *source) bool { return s.name == other.name }) {
				s.index = len(sources)
				sources = append(sources, s)
			}
		}
	}
	return sources, errors.Join(errs...)
}

func expandOne(arg string) ([]*source, error) {
	if arg == "-" {
		return []*source{{name: "-"}}, nil
	}
	if scheme, _, ok := strings.Cut(arg, "://"); ok {
		u, err := url.Parse(arg)
		switch {
		case err != nil:
			return nil, fmt.Errorf("reading the source %q: not a URL", arg)
		case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
			return nil, fmt.Errorf("reading the source %q: the scheme %q is neither http nor https", arg, scheme)
		case u.User != nil:
			return nil, fmt.Errorf("reading the source %q: a URL with credentials is not fetched", u.Redacted())
		}
		u.Fragment = ""
		return []*source{{name: arg, url: u}}, nil
	}
	info, err := os.Stat(arg)
	if err != nil {
		return nil, fmt.Errorf("reading a source: %w", err)
	}
	if info.IsDir() {
		return expandFolder(arg)
	}
	if !isKnown(arg) {
		return nil, fmt.Errorf("reading the source %q: unknown file ending; known are %s", arg, endings)
	}
	return []*source{{name: filepath.ToSlash(arg)}}, nil
}

// expandFolder returns the files of a folder, and of the folders in it, that
// have a known ending, sorted by name.
func expandFolder(dir string) ([]*source, error) {
	var sources []*source
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if isKnown(path) && !entry.IsDir() {
			sources = append(sources, &source{name: filepath.ToSlash(path)})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the folder %q: %w", dir, err)
	}
	if len(sources) == 0 {
		return nil, fmt.Errorf("reading the folder %q: it holds no file that ends in %s", dir, endings)
	}
	slices.SortFunc(sources, func(a, b *source) int { return strings.Compare(a.name, b.name) })
	return sources, nil
}

// readFile reads a file or the standard input.
func (r *run) readFile(it *item) (Outcome, error) {
	name := it.source.name
	text, err := r.load(name)
	if err != nil {
		r.note(it.source, diag.New("source", it.position(), "", err.Error()))
		return Failed, nil
	}
	mediaType := mediaTypes[strings.ToLower(filepath.Ext(name))]
	content, diags := scrape.Read(scrape.Source{File: name, MediaType: mediaType, Text: text})
	r.note(it.source, diags...)
	if c := content.Catalog; c != nil && c.Total > c.Entries {
		r.note(it.source, diag.New("catalog-incomplete", it.position(), "",
			fmt.Sprintf("the catalog names %d entries and holds %d", c.Total, c.Entries)))
	}
	for _, s := range content.Models {
		if err := r.emit(it, s.ID, scrape.Pack(s, nil)); err != nil {
			return Failed, err
		}
	}
	if len(content.Models) == 0 {
		return Failed, nil
	}
	return Read, nil
}

// load returns the text of a file or of the standard input.
func (r *run) load(name string) ([]byte, error) {
	in := r.opts.Stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	if in == nil {
		return nil, errors.New("there is no standard input")
	}
	text, err := io.ReadAll(io.LimitReader(in, scrape.MaxCatalog+1))
	if err == nil && len(text) > scrape.MaxCatalog {
		err = fmt.Errorf("larger than %d MiB", scrape.MaxCatalog>>20)
	}
	return text, err
}
