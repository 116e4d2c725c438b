package dialect

import (
	"strings"

	"github.com/genclient/genclient/internal/ir"
)

// Metrics and operators are those that a rule can be judged by. Operators that
// begin with another one stand first.
var (
	Metrics   = []string{"width_pixels", "height_pixels", "width/height", "file_size_mb"}
	operators = []string{">=", "<=", "==", ">", "<"}
)

// SplitRule splits a validation_rule, as width_pixels>, into metric and
// operator. The operator is empty when the rule ends in none that is known.
func SplitRule(rule string) (metric, operator string) {
	for _, op := range operators {
		if metric, ok := strings.CutSuffix(rule, op); ok {
			return metric, op
		}
	}
	return rule, ""
}

// MediaFormat reads a format such as image_uri, video_uris or
// image_uri_with_mask_image_ideogramv3.
func MediaFormat(format string) ir.MediaKind {
	kind, rest, _ := strings.Cut(format, "_")
	if !strings.HasPrefix(rest, "uri") {
		return ir.NoMedia
	}
	return MediaKindNamed(kind)
}

// MediaKindNamed returns the kind that a word names.
func MediaKindNamed(word string) ir.MediaKind {
	switch word {
	case "image":
		return ir.MediaImage
	case "video":
		return ir.MediaVideo
	case "audio":
		return ir.MediaAudio
	}
	return ir.NoMedia
}

// mediaExtensions are the endings of sample files on the pages.
var mediaExtensions = map[string]ir.MediaKind{
	".jpg": ir.MediaImage, ".jpeg": ir.MediaImage, ".png": ir.MediaImage, ".webp": ir.MediaImage,
	".gif": ir.MediaImage, ".avif": ir.MediaImage, ".heic": ir.MediaImage, ".bmp": ir.MediaImage,
	".mp4": ir.MediaVideo, ".mov": ir.MediaVideo, ".webm": ir.MediaVideo, ".mkv": ir.MediaVideo,
	".mp3": ir.MediaAudio, ".wav": ir.MediaAudio, ".m4a": ir.MediaAudio, ".flac": ir.MediaAudio, ".ogg": ir.MediaAudio,
}

// MediaExtension returns the kind of media that a file's ending stands for; the
// ending is in lower case, with its dot.
func MediaExtension(ext string) ir.MediaKind { return mediaExtensions[ext] }
