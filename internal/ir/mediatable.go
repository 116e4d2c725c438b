package ir

import "slices"

// PathRule is a media rule with the place it holds for.
type PathRule struct {
	Path string // as image_url, or loras[*].image with [*] for every item
	Kind MediaKind
	MediaRule
}

// MediaTable returns the media rules of a model's input in page order, those of
// nested objects at the place of the object. A recursive type is listed once.
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
		for _, r := range f.MediaRules {
			if r.PerItem {
				table = append(table, PathRule{at + "[*]", f.Media, r})
			} else {
				table = append(table, PathRule{at, f.Media, r})
			}
		}
		typ := f.Type
		for list, ok := typ.(*List); ok; list, ok = typ.(*List) {
			typ = list.Elem.Type
			at += "[*]"
		}
		if object, ok := typ.(*Struct); ok {
			table = mediaTable(table, object, at+".", within)
		}
	}
	return table
}
