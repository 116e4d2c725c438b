package scrape

import (
	"bytes"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"

	xhtml "golang.org/x/net/html"

	"github.com/genclient/genclient/internal/jsontree"
)

// Index is what an index page lists: other pages, by links and in the data of
// its scripts, and models by the head of their pages' paths.
type Index struct {
	Links   []string // targets of links, in page order, resolved by the page's base
	Payload []string // addresses of models in the data of scripts
	Listed  []Listing
}

// Listing is a model as the site's script payload lists it. Author and Object
// begin the path of its page; they are no model id.
type Listing struct{ Author, Object, Task string }

// maxIndexed limits how much one page can list.
const maxIndexed = 20_000

// ReadIndex reads an index page, an HTML page at the given address. It never
// fails: a page that lists nothing is an empty Index.
func ReadIndex(page []byte, address string) Index {
	var index Index
	index.Links = links(page, address)
	var texts [][]byte
	if p, _ := readHTML(&jsontree.Source{File: address, Text: page}, address); p != nil {
		for _, d := range p.payloads {
			if d.text != nil {
				texts = append(texts, d.text.data)
			}
		}
	}
	index.readTexts(texts)
	if len(index.Payload)+len(index.Listed) == 0 {
		// Scripts of other kinds. Where pieces are joined, those alone could be
		// taken for whole.
		index.readTexts([][]byte{page})
	}
	return index
}

func (index *Index) readTexts(texts [][]byte) {
	for _, text := range texts {
		index.Payload = append(index.Payload, quotedAddresses(text)...)
		index.Listed = append(index.Listed, listings(text)...)
	}
	index.Payload = distinct(index.Payload)
	index.Listed = distinct(index.Listed)
}

// distinct keeps the first of equal elements, up to the limit of a page.
func distinct[T comparable](all []T) []T {
	seen := map[T]bool{}
	all = slices.DeleteFunc(all, func(v T) bool {
		known := seen[v]
		seen[v] = true
		return known
	})
	return all[:min(len(all), maxIndexed)]
}

// links returns where the links of a page lead.
func links(page []byte, address string) []string {
	base, err := url.Parse(address)
	if err != nil {
		return nil
	}
	var out []string
	for z := xhtml.NewTokenizer(bytes.NewReader(page)); ; {
		switch z.Next() {
		case xhtml.ErrorToken:
			return distinct(out)
		case xhtml.StartTagToken, xhtml.SelfClosingTagToken:
			name, more := z.TagName()
			isBase := string(name) == "base"
			if !more || !isBase && string(name) != "a" && string(name) != "area" {
				continue
			}
			for more {
				var key, value []byte
				key, value, more = z.TagAttr()
				if string(key) != "href" {
					continue
				}
				to, err := base.Parse(strings.TrimSpace(string(value)))
				switch {
				case err != nil:
				case isBase:
					base = to
				default:
					to.Fragment = ""
					out = append(out, to.String())
				}
			}
		}
	}
}

// quotedAddress is the address of a model's page as a JSON string or an HTML
// attribute holds it, its slashes escaped or not.
var quotedAddress = regexp.MustCompile(`["'](https?:(?:\\?/){2}[A-Za-z0-9.:-]+)?` +
	`((?:\\?/[a-z]{2}(?:-[A-Za-z]{2,4})?)?\\?/(?:models|playground)\\?/[A-Za-z0-9._~%/\\+-]{1,300})["'?#]`)

// quotedAddresses returns the addresses of models that a script holds.
func quotedAddresses(text []byte) []string {
	var out []string
	for _, m := range quotedAddress.FindAllSubmatch(text, maxIndexed) {
		out = append(out, strings.ReplaceAll(string(m[1])+string(m[2]), `\`, ""))
	}
	return out
}

// listed finds the members by which a payload lists a model, in the order that
// the site writes them, at any depth of escaping.
var listed = regexp.MustCompile(listedMember("author") + `\s*,\s*` + listedMember("object") +
	`(?:\s*,\s*` + listedMember("task") + `)?(?:\s*,\s*` + listedMember("playground_type") + `)?`)

func listedMember(name string) string { return `\\*"` + name + `\\*"\s*:\s*\\*"([^"\\]{0,200})\\*"` }

// listings returns the models that a script lists: the objects with an author
// and an object, in whatever order their members are, and those in text that is
// not JSON by itself.
func listings(text []byte) []Listing {
	if !bytes.Contains(text, []byte(`"author`)) && !bytes.Contains(text, []byte(`author\`)) {
		return nil
	}
	var out []Listing
	w := listingWalk{add: func(l Listing) { out = append(out, l) }}
	w.text(text, 0)
	if len(out) > 0 {
		return out
	}
	for _, m := range listed.FindAllSubmatch(text, maxIndexed) {
		if kind := string(m[4]); len(m[1])*len(m[2]) > 0 && (kind == "" || kind == "model") {
			out = append(out, Listing{html.UnescapeString(string(m[1])), string(m[2]), string(m[3])})
		}
	}
	return out
}

// listingWalk looks for listings in the JSON values of a text.
type listingWalk struct {
	add    func(Listing)
	failed int // values that could not be decoded
}

// maxFailed is how many braces of a text may begin no JSON: each costs a try.
const maxFailed = 2000

func (w *listingWalk) text(text []byte, depth int) {
	for at := 0; at < len(text) && w.failed < maxFailed; {
		i := bytes.IndexByte(text[at:], '{')
		if i < 0 {
			return
		}
		at += i
		if !mayBeginObject(text[at:]) {
			at++
			continue
		}
		v, size, err := jsontree.Decode(text[at:], 0)
		if err != nil {
			w.failed++
			at++
			continue
		}
		w.value(v, depth)
		at += size
	}
}

func (w *listingWalk) value(v *jsontree.Value, depth int) {
	if v.Kind == jsontree.String {
		if depth < maxStrings && strings.Contains(v.Text, "author") && strings.Contains(v.Text, "{") {
			w.text([]byte(v.Text), depth+1)
		}
		return
	}
	kind := v.Get("playground_type")
	if a, o := v.Get("author").Str(), v.Get("object").Str(); a != "" && o != "" &&
		(kind == nil || kind.Str() == "model") {
		w.add(Listing{a, o, v.Get("task").Str()})
	}
	for _, e := range v.Elems {
		w.value(e, depth)
	}
	for _, m := range v.Members {
		w.value(m.Value, depth)
	}
}
