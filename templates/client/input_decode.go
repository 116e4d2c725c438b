package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// unknownModel is the error of DecodeInput for a model that this client does not
// have.
func unknownModel(modelID string) error {
	return &ConfigError{Reason: fmt.Sprintf("this client has no model %q: send the body with SubmitRaw", cut(modelID, 200))}
}

// decodeInput reads body into in, which is new, and returns it unless encoding it
// again would send another request: encoding/json drops unknown properties, the
// null of an optional one and the "" or 0 of an optional enum, takes null in a
// list for "" or 0, matches names without case, adds the required properties that
// are left out, and rounds numbers. Each of these is a violation at its path.
func decodeInput(in Input, body []byte) (Input, error) {
	want, err := parseExactly(body)
	if err != nil {
		return nil, violations{{Rule: "type", Message: err.Error()}}.err()
	}
	if _, ok := want.(map[string]any); !ok {
		return nil, violations{{Rule: "type", Message: "the request body must be a JSON object"}}.err()
	}
	if err := json.Unmarshal(body, in); err != nil {
		v := Violation{Rule: "type", Message: "the input type cannot hold the value"}
		var mismatch *json.UnmarshalTypeError
		if errors.As(err, &mismatch) {
			v.Path = mismatch.Field
			v.Message = "must be " + jsonKind(mismatch.Type.Kind())
		}
		return nil, violations{v}.err()
	}
	encoded, err := encodeInput(in)
	if err != nil {
		return nil, err
	}
	got, err := parseExactly(encoded)
	if err != nil {
		return nil, violations{{Rule: "type", Message: err.Error()}}.err()
	}
	var v violations
	v.differences("", want, got)
	if v != nil {
		return nil, v.err()
	}
	return in, nil
}

// jsonKind describes what JSON a Go type is read from.
func jsonKind(k reflect.Kind) string {
	switch k {
	case reflect.Int64:
		return "an integer of at most 64 bits"
	case reflect.Float64:
		return "a number that a float64 can hold"
	case reflect.Bool:
		return "a boolean"
	case reflect.String:
		return "a string"
	case reflect.Slice:
		return "an array"
	}
	return "an object"
}

// differences records where got, which the input type would send, is not want,
// which was stored. Both are of parseExactly.
func (v *violations) differences(path string, want, got any) {
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok {
			break
		}
		for _, name := range slices.Sorted(maps.Keys(want)) {
			if item, ok := got[name]; ok {
				v.differences(joinPath(path, name), want[name], item)
			} else {
				v.add(joinPath(path, name), "additionalProperties", "would be lost: the input type has no such property, or leaves this value out")
			}
		}
		for _, name := range slices.Sorted(maps.Keys(got)) {
			if _, ok := want[name]; !ok {
				v.add(joinPath(path, name), "required", "is not in the body, but the input type would send it")
			}
		}
		return
	case []any:
		got, ok := got.([]any)
		if !ok || len(got) != len(want) {
			break
		}
		for i := range want {
			v.differences(path+"["+strconv.Itoa(i)+"]", want[i], got[i])
		}
		return
	case json.Number:
		if got, ok := got.(json.Number); ok && sameNumber(string(want), string(got)) {
			return
		}
	default: // a string, a bool or nil
		if want == got {
			return
		}
	}
	v.add(path, "type", "would be sent as another value: the input type cannot hold this one")
}

// parseExactly parses a JSON text with its numbers as they are written. What
// encoding/json would alter or drop in silence is an error: a name that appears
// twice, text that is not UTF-8, half of a surrogate pair.
func parseExactly(text []byte) (any, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("the body is not UTF-8")
	}
	if loneSurrogate(text) {
		return nil, errors.New(`the body has a \u escape of half a surrogate pair, which is no character`)
	}
	if !json.Valid(text) { // which also bounds how deep it is nested
		return nil, errors.New("the body is not JSON")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return parseValue(d)
}

func parseValue(d *json.Decoder) (any, error) {
	token, _ := d.Token() // like all of them: the text is valid
	switch token {
	case json.Delim('{'):
		object := map[string]any{}
		for d.More() {
			token, _ := d.Token()
			name, _ := token.(string)
			if _, twice := object[name]; twice {
				return nil, errors.New("the body has an object in which one name appears twice")
			}
			item, err := parseValue(d)
			if err != nil {
				return nil, err
			}
			object[name] = item
		}
		_, _ = d.Token()
		return object, nil
	case json.Delim('['):
		list := []any{}
		for d.More() {
			item, err := parseValue(d)
			if err != nil {
				return nil, err
			}
			list = append(list, item)
		}
		_, _ = d.Token()
		return list, nil
	}
	return token, nil
}

// loneSurrogate reports whether a JSON text has a \u escape of a surrogate
// without its other half (RFC 8259, section 8.2).
func loneSurrogate(text []byte) bool {
	high := -1 // index after the escape of a high surrogate
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			continue
		}
		if text[i+1] != 'u' || i+6 > len(text) {
			i++ // the escaped character, perhaps another backslash
			continue
		}
		unit, err := strconv.ParseUint(string(text[i+2:i+6]), 16, 16)
		low := err == nil && unit >= 0xdc00 && unit <= 0xdfff
		if low != (high == i) || high >= 0 && high != i {
			return true
		}
		high = -1
		if err == nil && unit >= 0xd800 && unit <= 0xdbff {
			high = i + 6
		}
		i += 5
	}
	return high >= 0
}

// sameNumber reports whether two JSON numbers have the same value, without
// writing out an exponent that may be large.
func sameNumber(a, b string) bool {
	if a == b {
		return true
	}
	digitsA, exponentA, okA := decimal(a)
	digitsB, exponentB, okB := decimal(b)
	return okA && okB && digitsA == digitsB && exponentA == exponentB
}

// decimal returns a JSON number as a sign and digits without zeros around them,
// and the power of ten that belongs to the last digit; zero is "", 0.
func decimal(number string) (digits string, exponent int64, ok bool) {
	sign := ""
	if rest, negative := strings.CutPrefix(number, "-"); negative {
		sign, number = "-", rest
	}
	mantissa, power, found := strings.Cut(strings.ToLower(number), "e")
	if found {
		var err error
		if exponent, err = strconv.ParseInt(power, 10, 32); err != nil {
			return "", 0, false
		}
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	exponent -= int64(len(fraction))
	digits = strings.TrimLeft(whole+fraction, "0")
	trimmed := strings.TrimRight(digits, "0")
	exponent += int64(len(digits) - len(trimmed))
	if trimmed == "" {
		return "", 0, true
	}
	return sign + trimmed, exponent, true
}
