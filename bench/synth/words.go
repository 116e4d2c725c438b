package synth

import "strings"

var (
	vendors = strings.Fields(`alder basalt cedar dune elm fjord granite heath inlet jasper kelp larch
		marsh nettle oak pebble quarry reed slate thistle upland vale wharf yew zinnia`)
	families  = strings.Fields("motion canvas scene frame voice studio portrait lens reel sketch")
	tiers     = strings.Fields("pro lite turbo fast standard hd draft 4K")
	sentences = []string{
		"Describes what the result should show.",
		"Higher values follow the prompt more closely; lower values leave more room for invention.",
		"Accepted file types: jpg, jpeg, png, webp.",
		"Leave empty to let the server choose.",
		"The length of the result in seconds",
		"Only used when a reference is given (otherwise it is ignored).",
		"Must be publicly accessible via \"https\".",
		"Use `0` for a new result on every run.",
		"Supports English and Chinese \u2013 other languages are translated.",
		"Larger values cost more time,\nbut not more money.",
		"What to keep out of the result, e.g. blur, noise, text <b>and</b> logos.",
	}
)
