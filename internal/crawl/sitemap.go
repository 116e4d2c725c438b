package crawl

import (
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
)

// sitemap is what a sitemap (sitemaps.org/protocol.html) or an index of them
// lists.
type sitemap struct {
	URLs  []mapped
	Maps  []string // further sitemaps
	Cut   bool     // something was left out: the limit of a file was met
	IsMap bool     // the text is a sitemap at all
}

// mapped is one page of a sitemap with its other languages.
type mapped struct {
	Loc        string
	Alternates []alternate
}

// alternate is the address of a page in another language.
type alternate struct{ Lang, Href string }

// The limits of one sitemap. The protocol's own are 50,000 URLs and 50 MB.
const (
	maxSitemap      = 16 << 20 // bytes, unpacked
	maxSitemapURLs  = 50_000
	maxAlternates   = 100
	maxSitemapDepth = 64 // elements in each other
)

// readSitemap reads a sitemap: XML, packed with gzip or not, or a text with an
// address a line. A text that is none has IsMap false.
func readSitemap(body []byte) (sitemap, error) {
	if bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
		var err error
		if body, err = unpack(body); err != nil {
			return sitemap{}, err
		}
	}
	body = bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\ufeff")), " \t\r\n")
	if !bytes.HasPrefix(body, []byte("<")) {
		return textSitemap(body), nil
	}
	return xmlSitemap(body)
}

// unpack undoes gzip, within the limit.
func unpack(body []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("unpacking the sitemap: %w", err)
	}
	out, err := io.ReadAll(io.LimitReader(r, maxSitemap+1))
	if err != nil {
		return nil, fmt.Errorf("unpacking the sitemap: %w", err)
	}
	if len(out) > maxSitemap {
		return nil, fmt.Errorf("unpacked, the sitemap is larger than %d MiB", maxSitemap>>20)
	}
	return out, nil
}

func textSitemap(body []byte) sitemap {
	var m sitemap
	for line := range strings.Lines(string(body)) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if !strings.HasPrefix(line, "http://") && !strings.HasPrefix(line, "https://") {
			return sitemap{}
		}
		m.IsMap = true
		if m.add(mapped{Loc: line}); m.Cut {
			break
		}
	}
	return m
}

func (m *sitemap) add(u mapped) {
	if len(m.URLs)+len(m.Maps) >= maxSitemapURLs {
		m.Cut = true
		return
	}
	m.URLs = append(m.URLs, u)
}

// xmlSitemap reads the elements by their local names: sites use prefixes as
// they like. Entities beyond XML's own are an error, so none can expand.
func xmlSitemap(body []byte) (sitemap, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // addresses are ASCII
	var r sitemapReader
	for !r.Cut {
		token, err := d.RawToken()
		switch {
		case errors.Is(err, io.EOF) && (r.depth == 0 || !r.IsMap):
			return r.sitemap, nil
		case err != nil && !r.IsMap:
			return sitemap{}, nil // a page, not a sitemap
		case err != nil && d.InputOffset() >= int64(len(body)):
			return r.sitemap, errors.New("the sitemap is cut off")
		case err != nil:
			return r.sitemap, fmt.Errorf("reading the sitemap: %w", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			r.start(token)
			if r.depth == 1 && !r.IsMap {
				return sitemap{}, nil
			}
			if r.depth > maxSitemapDepth {
				return r.sitemap, fmt.Errorf("the elements of the sitemap are nested deeper than %d", maxSitemapDepth)
			}
		case xml.CharData:
			if r.text.Len() < 1<<12 {
				r.text.Write(token)
			}
		case xml.EndElement:
			r.end(token.Name.Local)
		}
	}
	return r.sitemap, nil
}

// sitemapReader is the state of reading a sitemap.
type sitemapReader struct {
	sitemap
	page  mapped // begun
	text  strings.Builder
	depth int
}

func (r *sitemapReader) start(e xml.StartElement) {
	r.depth++
	if r.depth == 1 {
		r.IsMap = e.Name.Local == "urlset" || e.Name.Local == "sitemapindex"
	}
	r.text.Reset()
	if e.Name.Local == "link" && len(r.page.Alternates) < maxAlternates {
		r.page.Alternates = append(r.page.Alternates, alternateOf(e))
	}
}

func (r *sitemapReader) end(name string) {
	r.depth--
	switch name {
	case "loc":
		r.page.Loc = strings.TrimSpace(r.text.String())
	case "url":
		r.add(r.page)
		r.page = mapped{}
	case "sitemap":
		if r.Maps = append(r.Maps, r.page.Loc); len(r.Maps) > maxSitemapURLs {
			r.Cut = true
		}
		r.page = mapped{}
	}
}

func alternateOf(e xml.StartElement) alternate {
	var a alternate
	for _, attr := range e.Attr {
		switch attr.Name.Local {
		case "hreflang":
			a.Lang = strings.TrimSpace(attr.Value)
		case "href":
			a.Href = strings.TrimSpace(attr.Value)
		}
	}
	return a
}

// english returns the address of the page in English: the one without a
// language in its path, else the one marked as the default or as English.
func (p mapped) english(base *url.URL) (*url.URL, bool) {
	var marked *url.URL
	for _, a := range append([]alternate{{Href: p.Loc}}, p.Alternates...) {
		u, err := base.Parse(a.Href)
		if err != nil || a.Href == "" {
			continue
		}
		if isSite(u, base) && pathLocale(u) == "" {
			return u, true
		}
		lang := strings.ToLower(a.Lang)
		if lang == "x-default" || marked == nil && (lang == "en" || strings.HasPrefix(lang, "en-")) {
			marked = u
		}
	}
	if marked != nil {
		return marked, true
	}
	u, err := base.Parse(p.Loc)
	return u, err == nil && p.Loc != ""
}
