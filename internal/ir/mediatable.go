package ir

import "slices"

// PathRule is a media rule with the place it holds for. One without a metric says
// that the value is media.
type PathRule struct {
	Path   string // as image_url, or loras[*].image with [*] for every item
	Kind   MediaKind
	Likely bool // the value may be media; such a rule has no metric
	MediaRule
}

// MediaTable returns the media of a model's input in page order, those of nested
// objects at the place of the object: a rule without a metric for each property,
// then its rules. A recursive type is listed once, and what a map holds not at all.
func (m *Model) MediaTable() []PathRule {
	return mediaTable(nil, m.Input, "", nil)
}

func mediaTable(table []PathRule, s *Struct, path string, within []*Struct) []PathRule {
	if slices.Contains(within, s) {
		return table
	}
	within = append(within, s)
	for i := range s.Fields {
		f := &s.Fields[i]
		at := path + f.JSON
		typ := f.Type
		for list, ok := typ.(*List); ok; list, ok = typ.(*List) {
			typ = list.Elem.Type
			at += "[*]"
		}
		if f.Media != NoMedia && typ == String {
			table = append(table, PathRule{Path: at, Kind: f.Media, Likely: !f.MediaSure})
		}
		for _, r := range f.MediaRules {
			table = append(table, PathRule{Path: at, Kind: f.Media, MediaRule: r})
		}
		if object, ok := typ.(*Struct); ok {
			table = mediaTable(table, object, at+".", within)
		}
	}
	return table
}
