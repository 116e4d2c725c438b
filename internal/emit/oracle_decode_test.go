package emit_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"math/big"
	"slices"
)

// decodes compares DecodeInput with what it stands for: it takes an instance
// just when encoding/json brings it back as the same JSON value. It returns what
// is wrong, or "".
func decodes(instance []byte, a oracleAnswer) string {
	// The half of a surrogate pair that instances have is no character: both readers
	// put U+FFFD in its place.
	half := bytes.Contains(instance, []byte(`\ud800`))
	same := a.Err == "" && !half && sameJSON(instance, a.Body)
	switch {
	case same && a.Decoded == nil:
		return "refuses what the Go type keeps"
	case !same && a.Decoded != nil:
		return "takes what the Go type alters"
	case same && !sameJSON(instance, *a.Decoded):
		return "returns another input"
	case a.Decoded == nil && len(a.Lost) == 0:
		return "refuses without saying where"
	}
	return ""
}

// sameJSON reports whether two texts are the same JSON value: objects without
// order, numbers by value.
func sameJSON(a, b []byte) bool {
	va, errA := numbersKept(a)
	vb, errB := numbersKept(b)
	return errA == nil && errB == nil && sameValue(va, vb)
}

func numbersKept(text []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	err = d.Decode(&v)
	return v, err
}

func sameValue(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, sameValue)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, sameValue)
	case json.Number:
		b, ok := b.(json.Number)
		if !ok {
			return false
		}
		x, okX := new(big.Rat).SetString(string(a))
		y, okY := new(big.Rat).SetString(string(b))
		return okX && okY && x.Cmp(y) == 0
	}
	return a == b
}
