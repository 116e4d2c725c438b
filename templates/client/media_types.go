package client

import (
	"bytes"
	"encoding/json"
	"mime"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// endingTypes are the media types of the endings of files that models take and
// make, in lower case. Where a type has several endings the first in the alphabet
// that preferredEndings does not overrule names a downloaded file.
var endingTypes = map[string]string{
	".png": "image/png", ".apng": "image/apng", ".jpg": "image/jpeg", ".jpeg": "image/jpeg",
	".jpe": "image/jpeg", ".jfif": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp",
	".avif": "image/avif", ".heic": "image/heic", ".heif": "image/heif", ".bmp": "image/bmp",
	".tif": "image/tiff", ".tiff": "image/tiff", ".svg": "image/svg+xml", ".jxl": "image/jxl",
	".jp2": "image/jp2", ".ico": "image/vnd.microsoft.icon", ".psd": "image/vnd.adobe.photoshop",
	".exr": "image/x-exr", ".hdr": "image/vnd.radiance", ".tga": "image/x-tga", ".dng": "image/x-adobe-dng",
	".ppm": "image/x-portable-pixmap", ".pgm": "image/x-portable-graymap",
	".dds": "image/vnd.ms-dds", ".ktx2": "image/ktx2",
	".mp4": "video/mp4", ".m4v": "video/x-m4v", ".mov": "video/quicktime", ".qt": "video/quicktime",
	".webm": "video/webm", ".mkv": "video/x-matroska", ".avi": "video/x-msvideo", ".wmv": "video/x-ms-wmv",
	".flv": "video/x-flv", ".mpg": "video/mpeg", ".mpeg": "video/mpeg", ".ts": "video/mp2t",
	".m2ts": "video/mp2t", ".mts": "video/mp2t", ".3gp": "video/3gpp", ".ogv": "video/ogg", ".mxf": "video/mxf",
	".mp3": "audio/mpeg", ".wav": "audio/wav", ".m4a": "audio/mp4", ".aac": "audio/aac", ".flac": "audio/flac",
	".ogg": "audio/ogg", ".oga": "audio/ogg", ".opus": "audio/opus", ".aif": "audio/aiff", ".aiff": "audio/aiff",
	".aifc": "audio/aiff", ".wma": "audio/x-ms-wma", ".amr": "audio/amr", ".caf": "audio/x-caf", ".pcm": "audio/pcm",
	".mid": "audio/midi", ".midi": "audio/midi",
	".glb": "model/gltf-binary", ".gltf": "model/gltf+json", ".obj": "model/obj", ".stl": "model/stl",
	".ply": "model/ply", ".fbx": "model/vnd.fbx", ".usdz": "model/vnd.usdz+zip", ".3mf": "model/3mf",
	".srt": "application/x-subrip", ".vtt": "text/vtt", ".ttml": "application/ttml+xml", ".ass": "text/x-ssa",
	".lrc": "text/x-lrc", ".mtl": "model/mtl", ".dae": "model/vnd.collada+xml",
	".musicxml": "application/vnd.recordare.musicxml+xml", ".json": "application/json",
	".xml": "application/xml", ".html": "text/html", ".htm": "text/html", ".txt": "text/plain",
	".csv": "text/csv", ".md": "text/markdown", ".jsonl": "application/jsonl", ".pdf": "application/pdf",
	".zip": "application/zip", ".gz": "application/gzip", ".tar": "application/x-tar",
	".npy": "application/x-npy", ".safetensors": "application/x-safetensors",
}

// preferredEndings are the endings of types that have several, and of other
// names for types.
var preferredEndings = map[string]string{
	"image/jpeg": ".jpg", "image/jpg": ".jpg", "image/tiff": ".tiff", "video/quicktime": ".mov",
	"video/mpeg": ".mpg", "video/mp2t": ".ts", "audio/ogg": ".ogg", "audio/aiff": ".aiff",
	"audio/x-aiff": ".aiff", "audio/midi": ".mid", "text/html": ".html", "audio/x-wav": ".wav",
	"audio/wave": ".wav", "audio/vnd.wave": ".wav", "audio/mp3": ".mp3", "audio/x-m4a": ".m4a",
	"audio/m4a": ".m4a", "audio/x-flac": ".flac", "audio/l16": ".pcm", "audio/x-pcm": ".pcm",
	"audio/basic": ".au", "video/avi": ".avi", "video/msvideo": ".avi", "video/matroska": ".mkv",
	"image/x-ms-bmp": ".bmp", "image/x-icon": ".ico", "image/aces": ".exr", "image/exr": ".exr",
	"image/x-tiff": ".tiff", "application/ogg": ".ogg", "text/srt": ".srt", "application/srt": ".srt",
	"text/xml": ".xml", "text/json": ".json", "application/x-zip-compressed": ".zip",
}

// mediaEndings are the endings that make a value the name of a media file.
var mediaEndings = func() map[string]bool {
	endings := map[string]bool{}
	for ending, mediaType := range endingTypes {
		if isMediaType(mediaType) {
			endings[ending] = true
		}
	}
	return endings
}()

func isMediaType(mediaType string) bool {
	kind, _, _ := strings.Cut(mediaType, "/")
	return kind == "image" || kind == "video" || kind == "audio" || kind == "model"
}

// textEndings are the endings under which a text, also HTML, JSON or XML, is what
// was asked for.
var textEndings = map[string]bool{
	".svg": true, ".gltf": true, ".obj": true, ".mtl": true, ".dae": true, ".srt": true, ".vtt": true, ".ttml": true,
	".ass": true, ".lrc": true, ".musicxml": true, ".json": true, ".jsonl": true, ".xml": true, ".html": true,
	".htm": true, ".txt": true, ".csv": true, ".md": true,
}

// contentEnding returns the ending for a Content-Type, or "" if it says nothing
// about the format.
func contentEnding(contentType string) string {
	mediaType, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		mediaType, _, _ = strings.Cut(contentType, ";")
		mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	}
	if ending := preferredEndings[mediaType]; ending != "" {
		return ending
	}
	found := ""
	for ending, t := range endingTypes {
		if t == mediaType && (found == "" || ending < found) {
			found = ending
		}
	}
	return found
}

// isGeneric reports whether an ending of contentEnding is one that servers give to
// error pages and to what they do not know.
func isGeneric(ending string) bool {
	return slices.Contains([]string{"", ".html", ".json", ".xml", ".txt"}, ending)
}

// recognize is sniffMedia of a file that is said to be of a media type. The two
// bytes that some formats begin with stand in raw sound and pictures too: they do
// not count against a type that cannot be recognised.
func recognize(start []byte, said string) mediaFormat {
	f := sniffMedia(start)
	weak := f.name == "bmp" || f.name == "aac" || f.name == "mp3"
	known := func(f mediaFormat) bool { return f.mediaType == said }
	if weak && isMediaType(said) && !slices.ContainsFunc(mediaFormats, known) {
		return mediaFormat{}
	}
	return f
}

// isPage reports whether a file that is not recognised is a page of text, as
// servers send it in place of a file: HTML, XML or JSON, unless its root is that
// of a format of files.
func isPage(start []byte) bool {
	start = start[:min(len(start), pageLen)]
	text := bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\ufeff")), " \t\r\n")
	if len(text) == 0 || bytes.IndexByte(text, 0) >= 0 || !utf8.Valid(text[:wholeRunes(text)]) {
		return false
	}
	switch text[0] {
	case '<':
		markup := len(text) > 1 && (alphanumeric(text[1]) || bytes.IndexByte([]byte("!?/"), text[1]) >= 0)
		return markup && rootEnding(text) == ""
	case '{', '[':
		next := bytes.TrimLeft(text[1:], " \t\r\n")
		return len(next) > 0 && bytes.IndexByte([]byte("\"{}[]0123456789-tfn"), next[0]) >= 0 && rootEnding(text) == ""
	}
	return len(start) < pageLen && json.Valid(text) && text[0] > '9' || text[0] == '"' && json.Valid(text)
}

const pageLen = 4096 // how many bytes isPage wants

// isHTML reports whether a page is one of HTML, whatever its name says.
func isHTML(start []byte) bool {
	start = start[:min(len(start), pageLen)]
	declared := bytes.HasPrefix(bytes.ToLower(bytes.TrimLeft(start, "\ufeff \t\r\n")), []byte("<!doctype html"))
	return declared || rootElement(start) == "html"
}

// fileRoots are the root elements of formats in XML, with their endings.
var fileRoots = map[string]string{"svg": ".svg", "tt": ".ttml", "collada": ".dae", "score-partwise": ".musicxml"}

// gltfAsset is the one member that a glTF file must have (glTF 2.0, section 5.9).
var gltfAsset = regexp.MustCompile(`"asset"\s*:\s*\{`)

// rootEnding returns the ending of the format that the root of an XML or JSON text
// names, or "".
func rootEnding(start []byte) string {
	start = start[:min(len(start), pageLen)]
	text := bytes.TrimLeft(bytes.TrimPrefix(start, []byte("\ufeff")), " \t\r\n")
	switch {
	case len(text) == 0:
	case text[0] == '<':
		return fileRoots[rootElement(text)]
	case text[0] == '{' && gltfAsset.Match(text):
		return ".gltf"
	}
	return ""
}

// rootElement returns the name of the first element of an XML or HTML text in
// lower case, without its prefix; "" if there is none.
func rootElement(text []byte) string {
	for {
		i := bytes.IndexByte(text, '<')
		if i < 0 || i+1 >= len(text) {
			return ""
		}
		text = text[i+1:]
		if text[0] == '!' || text[0] == '?' {
			end := []byte(">")
			if bytes.HasPrefix(text, []byte("!--")) {
				end = []byte("-->")
			}
			_, text, _ = bytes.Cut(text, end)
			continue
		}
		if i := bytes.IndexAny(text, " \t\r\n/>"); i >= 0 {
			text = text[:i]
		}
		name := strings.ToLower(string(text))
		return name[strings.IndexByte(name, ':')+1:]
	}
}

// wholeRunes returns the length of b without a rune that is cut at its end.
func wholeRunes(b []byte) int {
	for i := 1; i <= min(utf8.UTFMax, len(b)); i++ {
		if utf8.RuneStart(b[len(b)-i]) {
			if utf8.FullRune(b[len(b)-i:]) {
				return len(b)
			}
			return len(b) - i
		}
	}
	return len(b)
}
