package dialect

import (
	"strings"

	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/jsontree"
)

// OutputKind returns what a model makes: the last "to-video" or bare medium of
// its categories, then of its id, then the members of its output schema.
func OutputKind(id string, categories []string, output *jsontree.Value) ir.OutputKind {
	for i := len(categories) - 1; i >= 0; i-- {
		if kind := outputWord(categories[i]); kind != ir.OutputOther {
			return kind
		}
	}
	if _, rest, ok := strings.Cut(id, "/"); ok {
		if kind := outputWord(rest); kind != ir.OutputOther {
			return kind
		}
	}
	properties := output.Get("output").Get("properties")
	if properties != nil && len(properties.Members) == 1 {
		return outputWord(properties.Members[0].Name)
	}
	return ir.OutputOther
}

// outputWord reads the last word of s that names a medium; behind "to" it
// counts before any other.
func outputWord(s string) ir.OutputKind {
	ws := Words(strings.ToLower(s))
	found := ir.OutputOther
	for i := len(ws) - 1; i >= 0; i-- {
		kind := outputWords[strings.TrimRight(strings.TrimSuffix(ws[i], "s"), "0123456789")]
		if kind == ir.OutputOther {
			continue
		}
		if i > 0 && ws[i-1] == "to" {
			return kind
		}
		if found == ir.OutputOther {
			found = kind
		}
	}
	return found
}

var outputWords = map[string]ir.OutputKind{
	"image": ir.OutputImage, "photo": ir.OutputImage, "picture": ir.OutputImage,
	"video": ir.OutputVideo, "animate": ir.OutputVideo, "lipsync": ir.OutputVideo, "avatar": ir.OutputVideo,
	"frame": ir.OutputVideo, "talk": ir.OutputVideo,
	"audio": ir.OutputAudio, "music": ir.OutputAudio, "speech": ir.OutputAudio, "voice": ir.OutputAudio,
	"song": ir.OutputAudio, "sound": ir.OutputAudio, "tts": ir.OutputAudio,
}
