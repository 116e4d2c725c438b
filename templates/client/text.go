package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// What is validated is what is sent: a text that is not UTF-8 would be altered by
// encoding/json in silence, so that two requests of one key looked the same.
const (
	messageText = "must be text in UTF-8"
	messageJSON = "must be JSON in UTF-8"
)

// text records a text that is not UTF-8. path may be that text itself, of a key.
//
//go:noinline
func (v *violations) text(path string) {
	v.add(strings.ToValidUTF8(path, "\ufffd"), "type", messageText)
}

// json records raw JSON that is none.
//
//go:noinline
func (v *violations) json(path string) { v.add(path, "type", messageJSON) }

// validText reports whether JSON can carry s as it is.
func validText(s string) bool { return utf8.ValidString(s) }

// validJSON reports whether raw can be sent as it is: JSON whose texts are in UTF-8, also
// where they are escaped.
func validJSON(raw []byte) bool {
	return json.Valid(raw) && utf8.Valid(raw) && !loneSurrogate(raw)
}

// rawTexts records the texts of a JSON body that are not UTF-8.
func (v *violations) rawTexts(l *lenient, path string) {
	switch l.next() {
	case '{':
		l.object(func(name []byte) {
			inner := joinPath(path, unquote(name))
			if !utf8.Valid(name) || loneSurrogate(name) {
				v.text(inner)
			}
			v.rawTexts(l, inner)
		})
	case '[':
		i := 0
		l.array(func() bool {
			v.rawTexts(l, path+"["+strconv.Itoa(i)+"]")
			i++
			return len(*v) < 100
		})
	case '"':
		if s := l.str(); !utf8.Valid(s) || loneSurrogate(s) {
			v.text(path)
		}
	default:
		l.skip()
	}
}

// checkBody returns the violations of a request body: not a JSON object, or with a text
// that is not UTF-8.
func checkBody(body []byte) error {
	var v violations
	switch {
	case !json.Valid(body) || !bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{")):
		v.add("", "type", "the request body must be a JSON object") // null, of a nil pointer, is none
	case !utf8.Valid(body) || loneSurrogate(body):
		v.rawTexts(&lenient{text: body}, "")
	}
	return v.err()
}

// encodeInput returns in as JSON. The error does not repeat a value of it.
func encodeInput(in Input) ([]byte, error) {
	body, err := encodeJSON(in)
	if err != nil {
		return nil, violations{{Rule: "type", Message: fmt.Sprintf("the input cannot be written as JSON (%T)", err)}}.err()
	}
	// encoding/json writes this for what is not UTF-8, and raw JSON may hold it.
	if bytes.Contains(body, []byte(`\ufffd`)) {
		var v violations
		v.goTexts(reflect.ValueOf(in), "", 0)
		return body, v.err()
	}
	return body, nil
}

// goTexts records the texts in a Go value that are not UTF-8, for an input whose Validate
// was not called, or does not look.
func (v *violations) goTexts(x reflect.Value, path string, depth int) {
	switch k := x.Kind(); {
	case depth > 2*maxDepth:
	case k == reflect.String:
		if !validText(x.String()) {
			v.text(path)
		}
	case k == reflect.Pointer || k == reflect.Interface:
		v.goTexts(x.Elem(), path, depth+1)
	case (k == reflect.Slice || k == reflect.Array) && x.Type().Elem().Kind() != reflect.Uint8:
		for i := range x.Len() {
			v.goTexts(x.Index(i), path+"["+strconv.Itoa(i)+"]", depth+1)
		}
	case k == reflect.Map:
		from := v.len()
		for _, key := range x.MapKeys() {
			before := v.len()
			v.goTexts(key, "", depth+1)
			v.goTexts(x.MapIndex(key), "", depth+1)
			v.within(before, fmt.Sprint(key))
		}
		v.entries(from, path)
	case k == reflect.Struct:
		for i := range x.NumField() {
			f := x.Type().Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.IsExported() || f.Anonymous {
				v.goTexts(x.Field(i), joinPath(path, name), depth+1)
			}
		}
	}
}
