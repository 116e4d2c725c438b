package scrape

import "bytes"

// skipValue returns where the value that text starts with begins and ends, by
// its brackets and strings alone: it may be deeper or larger than what is
// decoded, or no JSON inside. The size is 0 when it does not end.
func skipValue(text []byte) (from, size int) {
	from = len(text) - len(bytes.TrimLeft(text, " \t\r\n"))
	depth := 0
	for at := from; at < len(text); at++ {
		switch text[at] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth < 0 {
				return from, at
			}
		case '"':
			end := stringEnd(text, at)
			if end == 0 {
				return from, 0
			}
			at = end - 1
		case ',', '\n', ' ', '\t', '\r':
			if depth == 0 {
				return from, at
			}
			continue
		default:
			continue
		}
		if depth == 0 {
			return from, at + 1
		}
	}
	return from, 0
}

// stringEnd returns the offset after the JSON string at an offset, 0 without
// one.
func stringEnd(text []byte, at int) int {
	for at++; at < len(text); at++ {
		switch text[at] {
		case '"':
			return at + 1
		case '\\':
			at++
		}
	}
	return 0
}
