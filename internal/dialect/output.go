package dialect

import (
	"fmt"
	"slices"
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
	properties := OutputSchema(output).Get("properties")
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

// OutputSchema returns the schema of a result's "output", or nil. Pages wrap it in an
// object that is not a schema, with the member "output".
func OutputSchema(output *jsontree.Value) *jsontree.Value {
	if output.Get("output").Is(jsontree.Object) && output.Get("type") == nil && output.Get("properties") == nil {
		return output.Get("output")
	}
	return output
}

// standardOutput are the members of the output block that all models share, with their
// types; those that are lists are lists of strings.
var standardOutput = map[string]string{"image": "string", "video": "string", "audio": "string",
	"images": "array", "videos": "array", "audios": "array"}

// OutputDiffers returns a problem for each way in which an output schema differs from
// the block that all models share: image, images, video, videos, audio and audios, URLs
// or lists of them. path is that of the output.
func OutputDiffers(schema *jsontree.Value, path string) []Problem {
	properties := schema.Get("properties")
	types := StandardTypes(schema.Get("type"))
	if !properties.Is(jsontree.Object) || len(properties.Members) == 0 ||
		len(types) > 0 && !slices.Equal(types, []string{"object"}) {
		return []Problem{{Rule: "output-differs", Offset: schema.Offset, Path: path,
			Message: "the output is not the object of media that models share"}}
	}
	var problems []Problem
	for _, m := range properties.Members {
		types := StandardTypes(m.Value.Get("type"))
		switch want := standardOutput[m.Name]; {
		case want == "" || !slices.Equal(types, []string{want}),
			want == "array" && !slices.Equal(StandardTypes(m.Value.Get("items").Get("type")), []string{"string"}):
			problems = append(problems, Problem{Rule: "output-differs", Offset: m.Offset, Path: JoinPath(path, m.Name),
				Message: fmt.Sprintf("the output has %q, which the models' shared output does not have", m.Name)})
		}
	}
	return problems
}
