package dialect

import "unicode"

// Words splits a name where a rune is neither letter nor digit and where a
// lower-case letter meets an upper-case one: "promptImage" is prompt, Image.
func Words(s string) []string {
	var out []string
	start, lower := -1, false
	for i, r := range s {
		part := unicode.IsLetter(r) || unicode.IsDigit(r)
		if start >= 0 && (!part || lower && unicode.IsUpper(r)) {
			out = append(out, s[start:i])
			start = -1
		}
		if part && start < 0 {
			start = i
		}
		lower = unicode.IsLower(r)
	}
	if start >= 0 {
		out = append(out, s[start:])
	}
	return out
}
