package client

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"
)

// An Output holds the URLs of what a job made. They may be signed: whoever has
// such a URL has the file.
//
// The six fields are the names that the API documents. A URL may come there, or
// under any other name, as a string, as the member url of an object, or in lists
// of either. An output that is a URL, or a list of them, without any name counts as
// what its model makes. Of an answer with more URLs than a hundred thousand, or than
// its size allows for, Result.Raw has the rest.
type Output struct {
	Image  string     `json:"image,omitempty"`
	Images []string   `json:"images,omitempty"`
	Video  string     `json:"video,omitempty"`
	Videos []string   `json:"videos,omitempty"`
	Audio  string     `json:"audio,omitempty"`
	Audios []string   `json:"audios,omitempty"`
	Other  []NamedURL `json:"other,omitempty"` // under any other name, in the order of the answer
}

// A NamedURL is one URL found in an output.
type NamedURL struct {
	Name string `json:"name"` // of the member of the output that has it, as mask; several may share a name
	URL  string `json:"url"`
}

// Named returns the URLs that an answer has under a name, which is one of the
// API's six, as images, or any other member of the output, as mask.
func (o Output) Named(name string) (urls []string) {
	o.each(func(n string, _ int, u string) {
		if n == name {
			urls = append(urls, u)
		}
	})
	return urls
}

// URLs returns every URL of the output once: images, videos, audio, then those
// under other names. They may be signed: whoever has such a URL has the file.
func (o Output) URLs() []string {
	var urls []string
	seen := map[string]bool{}
	o.each(func(_ string, _ int, u string) {
		if !seen[u] {
			seen[u] = true
			urls = append(urls, u)
		}
	})
	return urls
}

// each calls f for every URL with the name of its member and its place in the list, -1
// for the only one: images, videos, audio, then the others; lists before single fields.
func (o Output) each(f func(name string, i int, u string)) {
	list := func(name, u string, urls []string) {
		for i, u := range urls {
			if u != "" {
				f(name+"s", i, u)
			}
		}
		if u != "" {
			f(name, -1, u)
		}
	}
	list("image", o.Image, o.Images)
	list("video", o.Video, o.Videos)
	list("audio", o.Audio, o.Audios)
	count, next := map[string]int{}, map[string]int{}
	for _, n := range o.Other {
		count[n.Name]++
	}
	for _, n := range o.Other {
		i := next[n.Name]
		if next[n.Name]++; count[n.Name] == 1 {
			i = -1
		}
		f(n.Name, i, n.URL)
	}
}

// An outputFile is one file of a result.
type outputFile struct {
	name  string // of the member that has it
	place string // as File.Output: image, images[2]
	stem  string // unique in the result, of the characters A-Z a-z 0-9 _ - only: images-3
	url   string
}

// files lists the files of a result, each URL once: what Download fetches. The
// first place counts, lists before single fields: results often repeat the first
// of a list in the field for one.
func (o Output) files() []outputFile {
	all := o.all()
	urls, stems := make(map[string]bool, len(all)), make(map[string]int, len(all))
	kept := all[:0]
	for _, f := range all {
		if f.url == "" || urls[f.url] {
			continue
		}
		urls[f.url] = true
		// A stem may be that of another name with the same letters.
		for stem := strings.ToLower(f.stem); stems[strings.ToLower(f.stem)] > 0; {
			stems[stem]++
			f.stem = fmt.Sprintf("%s_%d", stem, stems[stem])
		}
		stems[strings.ToLower(f.stem)] = 1
		kept = append(kept, f)
	}
	return kept
}

// all lists the URLs of an output with their places; their stems are not unique yet.
func (o Output) all() (all []outputFile) {
	o.each(func(name string, i int, u string) {
		f := outputFile{name, name, fileStem(name), u}
		if i >= 0 {
			f.place, f.stem = fmt.Sprintf("%s[%d]", f.place, i), fmt.Sprintf("%s-%d", f.stem, i+1)
		}
		all = append(all, f)
	})
	return all
}

// fileStem makes a part of a file name of a member's name, which may be anything.
func fileStem(name string) string {
	safe := strings.Map(func(r rune) rune {
		if r < 0x80 && isWord(byte(r)) && r != '.' {
			return r
		}
		return '_'
	}, name)
	return cut(safe, 64)
}

// The fields that an answer may leave out are those of what a model makes.
var unnamed = [...]string{OutputKindImage: "images", OutputKindVideo: "videos", OutputKindAudio: "audios"}

// newOutput sorts what was found in an output by its names.
func newOutput(found []NamedURL, kind OutputKind) (o Output) {
	single := map[string][]string{}
	for _, f := range found {
		if f.Name == "" {
			k := kind
			if k == OutputKindOther {
				k = kindOf(f.URL)
			}
			if f.Name = unnamed[k]; f.Name == "" {
				f.Name = "output"
			}
		}
		switch f.Name {
		case "image", "video", "audio":
			single[f.Name] = append(single[f.Name], f.URL)
		case "images":
			o.Images = append(o.Images, f.URL)
		case "videos":
			o.Videos = append(o.Videos, f.URL)
		case "audios":
			o.Audios = append(o.Audios, f.URL)
		default:
			o.Other = append(o.Other, f)
		}
	}
	o.Image, o.Images = oneOrMore(single["image"], o.Images)
	o.Video, o.Videos = oneOrMore(single["video"], o.Videos)
	o.Audio, o.Audios = oneOrMore(single["audio"], o.Audios)
	return o
}

// oneOrMore fills a field for one URL and its sibling for several. A list of
// more than one in the first counts as the second.
func oneOrMore(one, more []string) (string, []string) {
	if len(one) == 0 {
		return "", more
	}
	if len(one) > 1 {
		more = append(one, more...)
	}
	return one[0], more
}

// kindOf returns what a URL leads to by its extension: of a job from Client.Job
// the model is not known.
func kindOf(address string) OutputKind {
	if end := strings.IndexAny(address, "?#"); end >= 0 {
		address = address[:end]
	}
	extension := path.Ext(address)
	if len(extension) > 8 { // which is none, and perhaps long
		return OutputKindOther
	}
	extension = strings.Replace(strings.ToLower(extension), ".jpeg", ".jpg", 1)
	i := slices.IndexFunc(mediaFormats, func(f mediaFormat) bool { return f.extension == extension })
	if i < 0 {
		return OutputKindOther
	}
	kind, _, _ := strings.Cut(mediaFormats[i].mediaType, "/")
	return map[string]OutputKind{"image": OutputKindImage, "video": OutputKindVideo, "audio": OutputKindAudio}[kind]
}

// A finder collects the URLs of an output while a lenient reads it.
type finder struct {
	*lenient
	found []NamedURL
	most  int // URLs to be found
}

// newFinder returns a finder for an answer of the given size. A URL of the API has,
// with what is around it, more than 32 bytes: shorter ones would take many times
// their size.
func newFinder(l *lenient, size int) *finder {
	return &finder{lenient: l, most: min(100_000, 1000+size/32)}
}

const (
	longestURL = 64 << 10
	rawLimit   = 4 << 20 // a string that is longer stays in Raw
)

// full reports whether enough was found.
func (f *finder) full() bool { return len(f.found) >= f.most }

// output reads the value of the member output. Its name is left out where it is
// a URL, a list, or an object with the member url.
func (f *finder) output(depth int) {
	switch c := f.next(); {
	case c == '{' && depth < maxDepth:
		f.object(func(name []byte) {
			member := unquote(name)
			switch member {
			case "url":
				f.member("", true, depth+1)
			default:
				_, documented := documentedOutputs[member]
				f.member(member, documented, depth+1)
			}
		})
	case c == '[' && depth < maxDepth:
		f.array(func() bool { f.output(depth + 1); return !f.full() })
	default:
		f.member("", true, depth)
	}
}

var documentedOutputs = map[string]bool{
	"image": true, "images": true, "video": true, "videos": true, "audio": true, "audios": true,
}

// member reads a value and collects the URLs in it under name. Where surely, any text
// is taken for a URL, else only what looks like one.
func (f *finder) member(name string, surely bool, depth int) {
	switch c := f.next(); {
	case c == '"':
		f.keep(name, f.str(), surely, depth)
	case c == '[' && depth < maxDepth:
		f.array(func() bool { f.member(name, surely, depth+1); return !f.full() })
	case c == '{' && depth < maxDepth:
		f.object(func(inner []byte) { f.member(name, surely && string(inner) == `"url"`, depth+1) })
	default:
		f.skip()
	}
}

// keep takes a string for a URL, or for JSON that holds some.
func (f *finder) keep(name string, raw []byte, surely bool, depth int) {
	inline := surely && len(raw) > 5 && strings.EqualFold(string(raw[1:6]), "data:")
	if f.full() || len(raw) > longestURL && !(inline && len(raw) <= rawLimit) ||
		!surely && bytes.IndexByte(raw, '/') < 0 {
		return
	}
	text := strings.TrimSpace(unquote(raw))
	switch {
	case strings.HasPrefix(text, "[") || strings.HasPrefix(text, "{"):
		if depth < maxDepth {
			inner := &finder{lenient: &lenient{text: []byte(text), ctx: f.ctx}, found: f.found, most: f.most}
			inner.asked = min(f.asked-f.pos, 0)                // as far behind as f
			inner.member(name, surely, max(depth, maxDepth-4)) // JSON in JSON, not in JSON in JSON
			f.found = inner.found
		}
	case isURL(text) || surely && !absent(text):
		f.found = append(f.found, NamedURL{name, text})
	}
}

// isURL reports whether a text is an address and nothing else.
func isURL(text string) bool {
	scheme, rest, _ := strings.Cut(text, "://")
	if !strings.EqualFold(scheme, "https") && !strings.EqualFold(scheme, "http") {
		return false
	}
	delimits := func(r rune) bool { return r <= ' ' || r == '"' || r == '<' || r == '>' }
	return rest != "" && rest[0] != '/' && !strings.ContainsFunc(rest, delimits)
}
