package dialect

import (
	"path"
	"regexp"
	"strings"

	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/jsontree"
)

// mediaEndings are the endings of sample files on the pages.
var mediaEndings = map[string]ir.MediaKind{
	".jpg": ir.MediaImage, ".jpeg": ir.MediaImage, ".png": ir.MediaImage, ".webp": ir.MediaImage,
	".gif": ir.MediaImage, ".avif": ir.MediaImage, ".heic": ir.MediaImage, ".bmp": ir.MediaImage, ".svg": ir.MediaImage,
	".mp4": ir.MediaVideo, ".mov": ir.MediaVideo, ".webm": ir.MediaVideo, ".mkv": ir.MediaVideo, ".avi": ir.MediaVideo,
	".mp3": ir.MediaAudio, ".wav": ir.MediaAudio, ".m4a": ir.MediaAudio, ".flac": ir.MediaAudio, ".ogg": ir.MediaAudio,
	".aac": ir.MediaAudio,
}

// BareFile reports whether s is the name of a media file and no more.
func BareFile(s string) bool {
	return !strings.ContainsAny(s, "/\\: \n") && mediaEndings[strings.ToLower(path.Ext(s))] != ir.NoMedia
}

// MediaDefault returns the kind of a default that is a URL or a bare file name, or a list
// that starts with one.
func MediaDefault(v *jsontree.Value) ir.MediaKind {
	if items := v.Items(); len(items) > 0 {
		v = items[0]
	}
	s := v.Str()
	if strings.ContainsAny(s, " \n\t") {
		return ir.NoMedia
	}
	s, _, _ = strings.Cut(s, "?")
	return mediaEndings[strings.ToLower(path.Ext(s))]
}

var (
	locatorWord = regexp.MustCompile(`(?i)\b(urls?|uris?|files?|upload(ed)?)\b`)
	mediaWord   = regexp.MustCompile(`(?i)\b(image|photo|picture|video|audio)s?\b`)
)

// MediaDescription returns the kind of a text that speaks of a URL, a file or an upload and
// names a medium: the first one named counts.
func MediaDescription(description string) ir.MediaKind {
	if !locatorWord.MatchString(description) {
		return ir.NoMedia
	}
	switch word := mediaWord.FindStringSubmatch(description); {
	case word == nil:
		return ir.NoMedia
	case strings.EqualFold(word[1], "photo"), strings.EqualFold(word[1], "picture"):
		return ir.MediaImage
	default:
		return mediaNamed(strings.ToLower(word[1]))
	}
}

// MediaName returns the kind of a name whose last word, numbers and "url" aside, is a medium:
// image_url_1 and first_frame are images, image_prompt and voice_id are not.
func MediaName(name string) ir.MediaKind {
	ws := Words(name)
	for len(ws) > 0 {
		last := strings.TrimRight(strings.ToLower(ws[len(ws)-1]), "0123456789")
		switch strings.TrimSuffix(last, "s") {
		case "", "url", "uri", "file", "link":
			ws = ws[:len(ws)-1]
			continue
		case "image", "img", "photo", "picture", "frame", "mask":
			return ir.MediaImage
		case "video", "clip":
			return ir.MediaVideo
		case "audio":
			return ir.MediaAudio
		}
		return ir.NoMedia
	}
	return ir.NoMedia
}
