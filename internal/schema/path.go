package schema

import (
	"slices"
	"strconv"
	"strings"
)

// NamesFile is the file of a schemas folder that holds the pinned Go names.
const NamesFile = "names.json"

// Paths gives every model id its file below the schemas folder: the id in
// lower case, a folder per segment, every rune outside [a-z0-9._-] written as
// "-". Ids that would share a file get -2, -3 in id order. The result is in the
// order of ids.
func Paths(ids []string) []string {
	order := make([]int, len(ids))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(ids[a], ids[b]) })
	taken := map[string]bool{NamesFile: true}
	paths := make([]string, len(ids))
	for _, i := range order {
		stem := pathStem(ids[i])
		path := stem + ".json"
		for n := 2; taken[path]; n++ {
			path = stem + "-" + strconv.Itoa(n) + ".json"
		}
		taken[path] = true
		paths[i] = path
	}
	return paths
}

func pathStem(id string) string {
	segments := strings.Split(strings.ToLower(id), "/")
	for i, s := range segments {
		segments[i] = pathSegment(s)
		// A folder named as a file would stand in the way of that file.
		if i < len(segments)-1 && strings.HasSuffix(segments[i], ".json") {
			segments[i] += "-"
		}
	}
	return strings.Join(segments, "/")
}

// pathSegment makes one segment safe on every file system and embeddable: not
// empty, no leading "." or "_", no trailing ".", and no device name of Windows,
// with or without an ending.
func pathSegment(s string) string {
	b := []byte(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-' {
			return r
		}
		return '-'
	}, s))
	if len(b) == 0 {
		return "-"
	}
	if b[0] == '.' || b[0] == '_' {
		b[0] = '-'
	}
	if b[len(b)-1] == '.' {
		b[len(b)-1] = '-'
	}
	stem, _, _ := strings.Cut(string(b), ".")
	if reservedStem(stem) {
		return "-" + string(b)
	}
	return string(b)
}

// reservedStem reports whether Windows takes a file of this name for a device,
// or the module zip leaves out a folder of this name.
func reservedStem(s string) bool {
	switch s {
	case "con", "prn", "aux", "nul", "vendor":
		return true
	}
	return len(s) == 4 && (s[:3] == "com" || s[:3] == "lpt") && s[3] >= '0' && s[3] <= '9'
}
