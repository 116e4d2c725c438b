package plan

import (
	"fmt"
	"hash/fnv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/genclient/genclient/internal/dialect"
)

// initialisms are written in one case. The list is closed: it is part of the
// generated API, and a longer one would rename what exists.
var initialisms = map[string]string{
	"api": "API", "fps": "FPS", "gif": "GIF", "html": "HTML", "http": "HTTP", "https": "HTTPS",
	"id": "ID", "ids": "IDs", "json": "JSON", "jpeg": "JPEG", "mp3": "MP3", "mp4": "MP4",
	"png": "PNG", "rgb": "RGB", "svg": "SVG", "ui": "UI", "uri": "URI", "url": "URL",
	"urls": "URLs", "uuid": "UUID",
}

// modelName is the Go name of a model: its id without the vendor.
//
//	kling/kling-2-6/pro/image-to-video -> Kling2_6ProImageToVideo
func modelName(id string) string {
	if _, rest, ok := strings.Cut(id, "/"); ok && len(dialect.Words(rest)) > 0 {
		id = rest
	}
	return identifier(id)
}

// identifier turns any text into a valid exported Go identifier.
//
//	image_url -> ImageURL    241_positive_prompt -> PositivePrompt241    3d_mode -> N3dMode
func identifier(s string) string {
	ws := dialect.Words(s)
	leading := 0
	for leading < len(ws) && digitsOnly(ws[leading]) {
		leading++
	}
	if leading < len(ws) {
		ws = append(ws[leading:len(ws):len(ws)], ws[:leading]...)
	}
	name := join("", ws)
	first, _ := utf8.DecodeRuneInString(name)
	switch {
	case name == "":
		return "X" + codePoints(s)
	case unicode.IsDigit(first):
		return "N" + name
	case !unicode.IsUpper(first):
		return "X" + name // a word of a script without upper and lower case
	}
	return name
}

// join appends the words to a name, each with its first letter in upper case,
// and puts "_" between two digits that would otherwise meet.
func join(name string, ws []string) string {
	var b strings.Builder
	b.WriteString(name)
	last, _ := utf8.DecodeLastRuneInString(name)
	for _, w := range ws {
		if in, ok := initialisms[strings.ToLower(w)]; ok {
			w = in
		}
		first, size := utf8.DecodeRuneInString(w)
		if unicode.IsDigit(last) && unicode.IsDigit(first) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToUpper(first))
		b.WriteString(w[size:])
		last, _ = utf8.DecodeLastRuneInString(w)
	}
	return b.String()
}

// memberName is the Go name of an enum's constant: the type's name and the
// value. A ":" between digits reads as "x", a sign in front as Minus or Plus.
//
//	16:9 -> 16x9    1152:864 (4:3) -> 1152x864_4x3    0.5K -> 0_5K    -1 -> Minus1
func memberName(typeName, value string) string {
	if value == "" {
		return typeName + "Empty"
	}
	if len(value) > 1 && isDigit(value[1]) {
		switch value[0] {
		case '-':
			typeName += "Minus"
		case '+':
			typeName += "Plus"
		}
	}
	ws := dialect.Words(ratios(value))
	if len(ws) == 0 {
		return typeName + codePoints(value)
	}
	return join(typeName, ws)
}

// ratios writes "x" for every ":" between two digits.
func ratios(s string) string {
	b := []byte(s)
	for i := 1; i+1 < len(b); i++ {
		if b[i] == ':' && isDigit(b[i-1]) && isDigit(b[i+1]) {
			b[i] = 'x'
		}
	}
	return string(b)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func digitsOnly(s string) bool {
	for _, r := range s {
		if !unicode.IsDigit(r) {
			return false
		}
	}
	return true
}

// codePoints names a text without letters or digits by its first code points.
func codePoints(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > 4 {
			break
		}
		fmt.Fprintf(&b, "U%04X", r)
	}
	return b.String()
}

// fileName is the file of a model: its Go name in snake case with a fixed last
// word, so that no file ends in _test or in the name of a platform.
//
//	Kling2_6ProImageToVideo -> kling2_6_pro_image_to_video_model
func fileName(goName string) string {
	var b strings.Builder
	runes := []rune(goName)
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 {
			prev := runes[i-1]
			next := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if unicode.IsLower(prev) || unicode.IsDigit(prev) && next || unicode.IsUpper(prev) && next {
				b.WriteByte('_')
			}
		}
		switch r = unicode.ToLower(r); {
		case r < utf8.RuneSelf:
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "u%04x", r)
		}
	}
	name := b.String()
	if len(name) > maxFileName {
		hash := fnv.New32a()
		hash.Write([]byte(goName))
		name = fmt.Sprintf("%s_%08x", name[:maxFileName], hash.Sum32())
	}
	return name + "_model"
}

// maxFileName keeps a file name with its ending under 255 bytes; what is cut off
// a longer one is told by a hash.
const maxFileName = 200
