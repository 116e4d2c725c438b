package dialect

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/genclient/genclient/internal/jsontree"
)

// Resolve returns the schema that a $ref, a string, names in the schema root, or nil
// with what is wrong. Only JSON pointers (RFC 6901) into root itself are followed, "#"
// and "#/...".
func Resolve(root, ref *jsontree.Value) (*jsontree.Value, *Problem) {
	pointer, local := strings.CutPrefix(ref.Str(), "#")
	if !local {
		return nil, &Problem{Rule: "ref-external", Offset: ref.Offset,
			Message: ref.Brief() + " refers to another document, which is never loaded"}
	}
	if unescaped, err := url.PathUnescape(pointer); err == nil {
		pointer = unescaped
	}
	if pointer == "" {
		return root, nil
	}
	if v := follow(root, strings.Split(pointer, "/")); v.Is(jsontree.Object) || v.Is(jsontree.Bool) {
		return v, nil
	}
	return nil, &Problem{Rule: "ref-unresolvable", Offset: ref.Offset,
		Message: ref.Brief() + " does not refer to a schema of this document"}
}

// follow takes the steps of a pointer, the first of which is empty; anything else is
// an anchor.
func follow(v *jsontree.Value, steps []string) *jsontree.Value {
	if steps[0] != "" {
		return nil
	}
	for _, step := range steps[1:] {
		step = unescapeStep(step)
		if !v.Is(jsontree.Array) {
			v = v.Get(step)
			continue
		}
		i, err := strconv.Atoi(step)
		if err != nil || i < 0 || i >= len(v.Elems) {
			return nil
		}
		v = v.Elems[i]
	}
	return v
}

func unescapeStep(step string) string { return strings.NewReplacer("~1", "/", "~0", "~").Replace(step) }

func escapeStep(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }
