package dialect

import (
	"encoding/json"
	"reflect"
	"strconv"
	"testing"
)

// TestTaggable asks encoding/json itself: a name that Taggable accepts
// stands on the wire, and no other does.
func TestTaggable(t *testing.T) {
	names := []string{"", "image_url", "241_positive_prompt", "a b", "a.b/c:d;e", "a(b)[c]{d}|~", "$ref", "\u00e9", "\u043a\u043b\u044e\u0447", "e\u0301", "\U0001f600", "\u202e", "\ufffd", "a\u00a0b"}
	for r := rune(1); r < 0x180; r++ {
		names = append(names, "a"+string(r)+"b")
	}
	for _, name := range names {
		field := reflect.StructField{Name: "F", Type: reflect.TypeFor[int](), Tag: reflect.StructTag("json:" + strconv.Quote(name+",omitzero"))}
		value := reflect.New(reflect.StructOf([]reflect.StructField{field})).Elem()
		value.Field(0).SetInt(1)
		text, err := json.Marshal(value.Interface())
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]int
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if _, carried := got[name]; carried != Taggable(name) {
			t.Errorf("%q is sent as %s, Taggable says %t", name, text, Taggable(name))
		}
	}
}
