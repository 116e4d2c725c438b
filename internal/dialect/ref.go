package dialect

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/genclient/genclient/internal/jsontree"
)

// Resolve returns the schema that a $ref names in the schema root, or nil with
// what is wrong and the rule that says so. Only JSON pointers (RFC 6901) into root
// itself are followed, "#" and "#/...".
func Resolve(root *jsontree.Value, ref string) (target *jsontree.Value, problem, rule string) {
	pointer, local := strings.CutPrefix(ref, "#")
	if !local {
		return nil, "refers to another document, which is never loaded", "ref-external"
	}
	if unescaped, err := url.PathUnescape(pointer); err == nil {
		pointer = unescaped
	}
	if pointer == "" {
		return root, "", ""
	}
	v := root
	segments := strings.Split(pointer, "/")
	if segments[0] != "" {
		v = nil // an anchor
	}
	for _, segment := range segments[1:] {
		segment = strings.NewReplacer("~1", "/", "~0", "~").Replace(segment)
		if v.Is(jsontree.Array) {
			i, err := strconv.Atoi(segment)
			if err != nil || i < 0 || i >= len(v.Elems) {
				v = nil
				break
			}
			v = v.Elems[i]
			continue
		}
		v = v.Get(segment)
	}
	if !v.Is(jsontree.Object) && !v.Is(jsontree.Bool) {
		return nil, "refers to no schema of this document", "ref-unresolvable"
	}
	return v, "", ""
}
