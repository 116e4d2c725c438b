package scrape

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/fetch"
	"github.com/genclient/genclient/internal/jsontree"
)

// format is how the bytes of a source are to be read.
type format uint8

const (
	unknown format = iota // to be told by the content
	htmlFormat
	textFormat // Markdown too
	jsonFormat
)

// formats are the file endings known.
var formats = map[string]format{
	".html": htmlFormat, ".htm": htmlFormat, ".txt": textFormat, ".md": textFormat, ".json": jsonFormat,
}

const endings = ".html, .htm, .txt, .md, .json"

// Limits on what is read, in bytes.
const (
	maxPage    = jsontree.MaxBytes
	maxCatalog = 32 << 20 // the whole catalog with its schemas is about 2 MiB
)

// source is one thing to read: a URL, a file or the standard input.
type source struct {
	name string // as diagnostics show it
	url  *url.URL
	format
}

// input is a source as read.
type input struct {
	src     *jsontree.Source
	address string // of a fetched page
	format  format
}

// expand resolves the arguments of a run into single sources, folders into
// their files in sorted order. It reports every argument that cannot be used.
func expand(args []string) ([]source, error) {
	if len(args) == 0 {
		return nil, errors.New("no source given")
	}
	var sources []source
	var errs []error
	for _, arg := range args {
		found, err := expandOne(arg)
		if err != nil {
			errs = append(errs, err)
		}
		sources = append(sources, found...)
	}
	return sources, errors.Join(errs...)
}

func expandOne(arg string) ([]source, error) {
	if arg == "-" {
		return []source{{name: "-"}}, nil
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
		return []source{{name: arg, url: u}}, nil
	}
	info, err := os.Stat(arg)
	if err != nil {
		return nil, fmt.Errorf("reading a source: %w", err)
	}
	if !info.IsDir() {
		f, ok := formats[strings.ToLower(filepath.Ext(arg))]
		if !ok {
			return nil, fmt.Errorf("reading the source %q: unknown file ending; known are %s", arg, endings)
		}
		return []source{{name: filepath.ToSlash(arg), format: f}}, nil
	}
	return expandFolder(arg)
}

// expandFolder returns the files of a folder, and of the folders in it, that
// have a known ending, sorted by name.
func expandFolder(dir string) ([]source, error) {
	var sources []source
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if f, ok := formats[strings.ToLower(filepath.Ext(path))]; ok && !entry.IsDir() {
			sources = append(sources, source{name: filepath.ToSlash(path), format: f})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the folder %q: %w", dir, err)
	}
	if len(sources) == 0 {
		return nil, fmt.Errorf("reading the folder %q: it holds no file that ends in %s", dir, endings)
	}
	slices.SortFunc(sources, func(a, b source) int { return strings.Compare(a.name, b.name) })
	return sources, nil
}

// load reads a source. A source that exists but cannot be used is a
// diagnostic; the error is the context's.
func (s source) load(ctx context.Context, fetcher *fetch.Client, stdin io.Reader) (input, diag.List, error) {
	if err := ctx.Err(); err != nil {
		return input{}, nil, err
	}
	var in input
	var err error
	switch {
	case s.url != nil:
		in, err = get(ctx, fetcher, s.url)
		if ctx.Err() != nil {
			return input{}, nil, ctx.Err()
		}
	case s.name == "-":
		in, err = readAll(stdin, unknown)
	default:
		var file *os.File
		if file, err = os.Open(s.name); err == nil {
			in, err = readAll(file, s.format)
			err = errors.Join(err, file.Close())
		}
	}
	if err != nil {
		return input{}, diag.List{{Pos: diag.Position{File: s.name}, Severity: diag.Error, Rule: "source",
			Message: err.Error()}}, nil
	}
	in.src.File = s.name
	return in, nil, nil
}

// get reads a page or a catalog answer.
func get(ctx context.Context, fetcher *fetch.Client, u *url.URL) (input, error) {
	types := []string{"text/html", "application/xhtml+xml", "application/json", "+json", "text/markdown", "text/plain"}
	response, err := fetcher.Get(ctx, fetch.Request{URL: u, Types: types, MaxBytes: maxCatalog})
	if err != nil {
		return input{}, err
	}
	in, err := readAll(bytes.NewReader(response.Body), contentFormat(response.MediaType))
	in.address = response.URL.String()
	return in, err
}

// contentFormat returns the format that a media type names.
func contentFormat(mediaType string) format {
	switch mediaType {
	case "":
		return unknown
	case "text/html", "application/xhtml+xml":
		return htmlFormat
	case "text/plain", "text/markdown":
		return textFormat
	}
	return jsonFormat
}

// readAll reads a source to its end or to the limit of its format.
func readAll(r io.Reader, f format) (input, error) {
	if r == nil {
		return input{}, errors.New("there is no standard input")
	}
	content, err := io.ReadAll(io.LimitReader(r, maxCatalog+1))
	if err != nil {
		return input{}, err
	}
	content = jsontree.TrimBOM(content)
	if f == unknown {
		f = sniff(content)
	}
	limit := maxPage
	if f == jsonFormat {
		limit = maxCatalog
	}
	if len(content) > limit {
		return input{}, fmt.Errorf("larger than %d MiB", limit>>20)
	}
	return input{src: &jsontree.Source{Text: content}, format: f}, nil
}

// sniff tells the format of a source from how it starts.
func sniff(content []byte) format {
	switch start := strings.TrimLeft(string(content[:min(len(content), 1024)]), " \t\r\n"); {
	case strings.HasPrefix(start, "<"):
		return htmlFormat
	case strings.HasPrefix(start, "{"), strings.HasPrefix(start, "["):
		return jsonFormat
	}
	return textFormat
}

// scrape reads the models out of a source.
func (in input) scrape() ([]Scraped, diag.List) {
	if at := invalidUTF8(in.src.Text); at >= 0 {
		return nil, diag.List{{Pos: in.src.Position(at), Severity: diag.Error, Rule: "encoding",
			Message: "the text is not UTF-8", Hint: "save the page as UTF-8; its values would not be kept as they are"}}
	}
	var p *page
	switch in.format {
	case htmlFormat:
		var diags diag.List
		if p, diags = readHTML(in.src, in.address); p == nil {
			return nil, diags
		}
	case jsonFormat:
		root, diags := readJSON(in.src)
		if root == nil {
			return nil, diags
		}
		if isCatalog(root) {
			models, more := readCatalog(in.src, root)
			return models, append(diags, more...)
		}
		p = readText(in.src, in.address)
	default:
		p = readText(in.src, in.address)
	}
	s, diags := extract(p)
	if s == nil {
		return nil, diags
	}
	return []Scraped{*s}, diags
}

// invalidUTF8 returns the offset of the first byte that is not UTF-8, or -1.
func invalidUTF8(content []byte) int {
	if utf8.Valid(content) {
		return -1
	}
	at := 0
	for {
		r, size := utf8.DecodeRune(content[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
}
