package synth

import (
	"encoding/json"
	"strings"

	"github.com/genclient/genclient/internal/jsontree"
)

// task is a kind of model with the media that it is about.
type task struct {
	name  string
	media []candidate
}

// candidate is a property that a model may have.
type candidate struct {
	names    []string // one of them is drawn
	percent  int      // of the models that have it
	required int      // percent of those that ask for it
	make     func(d draw) *jsontree.Value
}

var (
	startImage = candidate{strings.Fields("image_url image start_image_url first_frame input_reference promptImage"), 100, 95, image}
	endImage   = candidate{strings.Fields("end_image_url tail_image_url last_frame"), 40, 0, image}
	someImages = candidate{strings.Fields("images image_urls reference_images"), 100, 80, images}
	oneVideo   = candidate{strings.Fields("video_url video source_video"), 100, 95, video}
	oneAudio   = candidate{strings.Fields("audio_url audio voice_sample"), 100, 80, audio}
)

var tasks = []task{
	{"text-to-video", nil},
	{"image-to-video", []candidate{startImage, endImage}},
	{"text-to-image", nil},
	{"edit", []candidate{someImages}},
	{"reference-to-video", []candidate{someImages, endImage}},
	{"extend-video", []candidate{oneVideo}},
	{"lip-sync", []candidate{startImage, oneAudio}},
	{"music-generation", nil},
}

// shared are the properties that a model of any task may have, in the order of
// a page. Their percentages follow the site's catalog; what is rarer there than
// one in a thousand stands here with 1 percent.
var shared = []candidate{
	{strings.Fields("prompt prompt prompt text promptText"), 94, 85, prompt},
	{strings.Fields("negative_prompt"), 15, 0, func(draw) *jsontree.Value { return object("type", "string", "default", "") }},
	{strings.Fields("duration duration seconds video_length"), 70, 10, duration},
	{strings.Fields("aspect_ratio aspect_ratio ratio image_size"), 60, 5, aspectRatio},
	{strings.Fields("resolution resolution quality"), 36, 5, resolution},
	{strings.Fields("generate_audio sound watermark enable_safety_checker"), 45, 0, toggle},
	{strings.Fields("prompt_extend keep_original_sound"), 15, 0, toggle},
	{strings.Fields("cfg_scale guidance_scale strength"), 25, 0, scale},
	{strings.Fields("seed"), 25, 0, seed},
	{strings.Fields("num_images num_outputs steps"), 12, 0, func(d draw) *jsontree.Value {
		return object("type", "integer", "default", 1, "minimum", 1, "maximum", 4+d.IntN(40))
	}},
	{strings.Fields("safety_tolerance"), 10, 0, func(draw) *jsontree.Value {
		return object("type", "integer", "enum", []int{0, 1, 2, 3, 4, 5, 6}, "default", 2)
	}},
	{strings.Fields("output_format"), 10, 0, func(draw) *jsontree.Value {
		return object("type", "string", "enum", []string{"png", "jpeg", "webp"}, "default", "png")
	}},
	{strings.Fields("241_positive_prompt 110_image_strength"), 2, 0, func(draw) *jsontree.Value { return object("type", "string") }},
	{strings.Fields("tags keywords"), 5, 0, func(draw) *jsontree.Value {
		return object("type", "array", "maxItems", 10, "uniqueItems", true, "items", object("type", "string", "maxLength", 40))
	}},
	{strings.Fields("loras"), 3, 30, func(draw) *jsontree.Value {
		return object("type", "array", "maxItems", 3, "items", object("type", "object", "required", []string{"path"}, "properties",
			object("path", object("type", "string"), "scale", object("type", "number", "minimum", 0, "maximum", 4, "default", 1))))
	}},
	{strings.Fields("camera_control"), 3, 0, func(draw) *jsontree.Value {
		return object("type", "object", "properties", object("pan", object("type", "number", "minimum", -10, "maximum", 10),
			"mode", object("type", "string", "enum", []string{"orbit", "dolly", "static"})))
	}},
	{strings.Fields("background_color"), 2, 0, func(draw) *jsontree.Value {
		return object("type", "string", "pattern", "^#[0-9a-fA-F]{6}$", "default", "#ffffff")
	}},
	{strings.Fields("width height"), 3, 0, func(draw) *jsontree.Value {
		return object("type", "integer", "minimum", 256, "maximum", 4096, "multipleOf", 64)
	}},
	{strings.Fields("extra_parameters"), 1, 0, func(draw) *jsontree.Value {
		return object("type", "object", "additionalProperties", object("type", "string"))
	}},
	{strings.Fields("advanced"), 1, 0, func(draw) *jsontree.Value { return object("type", "object") }},
	{strings.Fields("callback_note"), 1, 0, func(draw) *jsontree.Value {
		return object("type", []string{"string", "null"}, "maxLength", 200)
	}},
}

func prompt(d draw) *jsontree.Value {
	v := object("type", "string")
	if d.chance(30) {
		v = object("type", "string", "maxLength", []int{800, 2000, 2500, 10000}[d.IntN(4)])
	}
	v.Members = append(v.Members, jsontree.Member{Name: "default", Value: jsontree.NewString("A quiet harbour at dawn; the camera moves in slowly.")})
	return v
}

// duration is a set of seconds as numbers or as text, or a range of them.
func duration(d draw) *jsontree.Value {
	switch least := 3 + d.IntN(4); d.IntN(10) {
	case 0:
		return object("type", "string", "enum", []string{"5", "10"}, "default", "5")
	case 1, 2, 3:
		return object("type", "integer", "minimum", least, "maximum", least+d.IntN(25), "default", least)
	default:
		return object("type", "integer", "enum", []int{least, 2 * least, 3 * least}[:2+d.IntN(2)], "default", least)
	}
}

func aspectRatio(d draw) *jsontree.Value {
	all := strings.Fields("16:9 9:16 1:1 4:3 3:4 21:9 3:2 2:3 adaptive")
	if d.chance(5) {
		all = []string{"1152:864 (4:3)", "864:1152 (3:4)", "1024:1024 (1:1)"}
	}
	first := d.IntN(len(all) - 2)
	return object("type", "string", "enum", all[first:first+2+d.IntN(len(all)-first-1)], "default", all[first])
}

func resolution(d draw) *jsontree.Value {
	sets := [][]string{{"480p", "720p", "1080p"}, {"720P", "1080P"}, {"0.5K", "1K", "2K", "4K"}, {"512P", "768P"}}
	set := sets[d.IntN(len(sets))]
	return object("type", "string", "enum", set, "default", set[0])
}

func toggle(d draw) *jsontree.Value { return object("type", "boolean", "default", d.chance(50)) }

// scale is a number between bounds that are written as integers or as decimals,
// at times with the site's own type name.
func scale(d draw) *jsontree.Value {
	typ := "number"
	if d.chance(30) {
		typ = "float"
	}
	switch d.IntN(8) {
	case 0:
		return object("type", typ, "exclusiveMinimum", 0, "maximum", 1)
	case 1:
		return object("type", typ, "minimum", 0, "maximum", 1, "multipleOf", json.Number("0.05"), "default", json.Number("0.5"))
	case 2:
		return object("type", typ, "minimum", json.Number("1.0"), "maximum", json.Number("20.0"), "default", json.Number("7.5"))
	default:
		return object("maximum", []int{1, 2, 10, 20}[d.IntN(4)], "minimum", 0, "type", typ, "default", json.Number("0.5"))
	}
}

func seed(d draw) *jsontree.Value {
	switch d.IntN(3) {
	case 0:
		return object("type", "integer", "minimum", -1, "maximum", json.Number("2147483647"), "default", -1)
	case 1:
		return object("type", "integer", "minimum", 0, "maximum", json.Number("4294967295"))
	default:
		return object("type", "integer")
	}
}

// rules draws media rules as the site writes them.
func rules(d draw) *jsontree.Value {
	rule := func(name string, bound json.Number, message string) any {
		return object("validation_rule", name, "validation_value", bound, "validation_error", message)
	}
	all := []any{
		rule("width_pixels>", "300", "The width must exceed 300 pixels."),
		rule("height_pixels>", "300", "The height must exceed 300 pixels."),
		rule("file_size_mb<", "10", "File size must be less than 10 MB."),
		rule("width/height>", "0.4", "The aspect ratio must be at least 2:5."),
		rule("width/height<", "2.5", "The aspect ratio must be at most 5:2."),
	}
	return array(all[:2+d.IntN(4)])
}

// withRules adds media rules, a format and a demo file at the site's rates.
func withRules(d draw, v *jsontree.Value, format, demo string) *jsontree.Value {
	if d.chance(40) {
		v.Members = append(v.Members, jsontree.Member{Name: "format", Value: jsontree.NewString(format)})
	}
	if d.chance(30) {
		v.Members = append(v.Members, jsontree.Member{Name: "validations", Value: rules(d)})
	}
	if demo != "" {
		v.Members = append(v.Members, jsontree.Member{Name: "default", Value: jsontree.NewString("https://media.example.com/demo/" + demo)})
	}
	return v
}

func image(d draw) *jsontree.Value {
	return withRules(d, object("type", "string"), "image_uri", "start.jpeg")
}

func video(d draw) *jsontree.Value {
	return withRules(d, object("type", "string"), "video_uri", "source.mp4")
}

func audio(d draw) *jsontree.Value {
	return withRules(d, object("type", "string"), "audio_uri", "voice.mp3")
}

// images are a list of them, with or without a schema of its items.
func images(d draw) *jsontree.Value {
	v := object("type", "array", "maxItems", 2+d.IntN(8))
	if d.chance(50) {
		v = object("type", "array", "minItems", 1, "maxItems", 2+d.IntN(8), "items", object("type", "string"))
	}
	return withRules(d, v, "image_uris", "")
}
