package dialect

import (
	"fmt"
	"testing"

	"github.com/genclient/genclient/internal/jsontree"
)

// TestEqual: what JSON Schema calls equal, and that a Set agrees.
func TestEqual(t *testing.T) {
	classes := [][]string{
		{`1`, `1.0`, `10e-1`, `0.1e1`}, {`-0`, `0`, `0.0`}, {`"1"`, `"\u0031"`}, {`1.5`, `15e-1`}, {`true`}, {`false`}, {`null`}, {`"null"`},
		{`[1, "a"]`, `[1.0, "a"]`}, {`["a", 1]`}, {`[]`}, {`{}`}, {`[[]]`}, {`[{}]`},
		{`{"a": 1, "b": [2]}`, `{"b": [2.0], "a": 1}`}, {`{"a": 1}`}, {`{"a": "1"}`}, {`{"a": 1, "b": 2}`},
		{`"[1,]"`}, {`"a\",\"b"`}, {`["a", "b"]`}, {`["a,b"]`}, {`12345678901234567890`}, {`12345678901234567891`},
	}
	for i, class := range classes {
		for k, other := range classes {
			for _, a := range class {
				for _, b := range other {
					x, y := parse(t, a), parse(t, b)
					if Equal(x, y) != (i == k) || SetOf(x).Has(y) != (i == k) {
						t.Errorf("%s and %s: equal %t, in a set %t", a, b, Equal(x, y), SetOf(x).Has(y))
					}
				}
			}
		}
	}
	if set := SetOf(parse(t, `1`)); set.Add(parse(t, `1.0`)) || !set.Add(parse(t, `2`)) {
		t.Error("Add says what is new otherwise")
	}
}

func TestHasType(t *testing.T) {
	for _, tt := range []struct {
		value string
		types []string
		want  bool
	}{
		{`1.0`, []string{"integer"}, true}, {`1.5`, []string{"integer"}, false}, {`1`, []string{"number"}, true},
		{`"a"`, []string{"integer", "string"}, true}, {`null`, []string{"string"}, false}, {`null`, nil, true},
	} {
		if got := HasType(parse(t, tt.value), tt.types...); got != tt.want {
			t.Errorf("%s of %q: %t", tt.value, tt.types, got)
		}
	}
}

// TestRange: which numbers are in a range, in the forms of all drafts, and when none is.
func TestRange(t *testing.T) {
	for _, tt := range []struct {
		schema            string
		in, out           []string
		empty, noIntegers bool
	}{
		{`{}`, []string{"-1e300", "1e300"}, nil, false, false},
		{`{"minimum": 1, "maximum": 2}`, []string{"1", "1.5", "2"}, []string{"0.99", "2.01"}, false, false},
		{`{"exclusiveMinimum": 1, "exclusiveMaximum": 2}`, []string{"1.5"}, []string{"1", "2"}, false, true},
		{`{"minimum": 1, "exclusiveMinimum": true}`, []string{"1.1"}, []string{"1"}, false, false},
		{`{"minimum": 1, "exclusiveMinimum": 5}`, []string{"5.1"}, []string{"5", "3"}, false, false},
		{`{"minimum": 5, "exclusiveMinimum": 1}`, []string{"5"}, []string{"4.9"}, false, false},
		{`{"minimum": 1, "exclusiveMinimum": 7, "maximum": 6}`, nil, []string{"1", "6", "7"}, true, true},
		{`{"minimum": 1.2, "maximum": 1.8}`, []string{"1.5"}, []string{"1", "2"}, false, true},
		{`{"minimum": 3, "maximum": 3}`, []string{"3"}, []string{"2", "4"}, false, false},
		{`{"minimum": 3, "maximum": 3, "exclusiveMaximum": true}`, nil, []string{"3"}, true, true},
		{`{"minimum": "3", "maximum": null}`, []string{"0"}, nil, false, false},
		{`{"minimum": -1.5, "maximum": -1.2}`, []string{"-1.3"}, []string{"-1", "-2"}, false, true},
	} {
		r := ReadRange(parse(t, tt.schema).Get)
		for want, numbers := range map[bool][]string{true: tt.in, false: tt.out} {
			for _, text := range numbers {
				n, _ := Number(parse(t, text))
				if r.Holds(n) != want {
					t.Errorf("%s holds %s: %t", tt.schema, text, !want)
				}
			}
		}
		if got := [2]bool{r.Empty(false) != nil, r.Empty(true) != nil}; got != [2]bool{tt.empty, tt.noIntegers} {
			t.Errorf("%s is empty %v", tt.schema, got)
		}
	}
}

func TestCount(t *testing.T) {
	for schema, want := range map[string]string{
		`{"minLength": 2, "maxLength": 3}`:    "[false false true true false] <nil>",
		`{"minLength": 3, "maxLength": 2}`:    "[false false false false false] minLength 3 is above maxLength 2",
		`{"minLength": -1, "maxLength": 1.5}`: "[true true true true true] <nil>",
		`{"minLength": 2.0}`:                  "[false false true true true] <nil>",
		`{"maxLength": 1e30}`:                 "[true true true true true] <nil>",
	} {
		c := ReadCount(parse(t, schema).Get, "minLength", "maxLength")
		var holds []bool
		for n := range 5 {
			holds = append(holds, c.Holds(n))
		}
		message := "<nil>"
		if p := c.Empty(); p != nil {
			message = p.Message
		}
		if got := fmt.Sprint(holds, " ", message); got != want {
			t.Errorf("%s: %s, want %s", schema, got, want)
		}
	}
}

func TestReadMediaRule(t *testing.T) {
	for text, want := range map[string]string{
		`{"validation_rule": "width_pixels>", "validation_value": 300, "validation_error": "small"}`: "width_pixels > 300 small",
		`{"validation_rule": "width/height<=", "validation_value": 2.5}`:                             "width/height <= 2.5",
		`{"validation_rule": "frames<", "validation_value": 3}`:                                      "frames < 3 validation-unknown",
		`{"validation_rule": "width_pixels>>", "validation_value": 3}`:                               "none validation-unknown",
		`{"validation_rule": "width_pixels=", "validation_value": 3}`:                                "none validation-unknown",
		`{"validation_rule": ">", "validation_value": 3}`:                                            "none validation-unknown",
		`{"validation_rule": "width_pixels>", "validation_value": "3"}`:                              "none malformed-validation",
		`{"validation_rule": "width_pixels>", "validation_value": 1e309}`:                            "none malformed-validation",
		`5`: "none malformed-validation",
	} {
		rule, problem := ReadMediaRule(parse(t, text))
		got := "none"
		if rule.Op != "" {
			got = rule.Metric + " " + rule.Op + " " + rule.Bound.Text
		}
		if rule.Message != "" {
			got += " " + rule.Message
		}
		if problem != nil {
			got += " " + problem.Rule
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// TestChildren: each schema in a schema with the path of its instances.
func TestChildren(t *testing.T) {
	v := parse(t, `{"properties": {"a": {"title": "1"}}, "items": [{"title": "2"}], "additionalProperties": {"title": "3"},
		"anyOf": [{"title": "4"}], "not": {"title": "5"}, "$defs": {"d": {"title": "6"}}, "dependencies": {"x": ["y"], "z": {"title": "7"}},
		"default": {"title": "no"}, "allOf": {"title": "no"}, "unknown": {"title": "no"}}`)
	var got []string
	for _, c := range Children(v, "p") {
		got = append(got, c.Schema.Get("title").Str()+" "+c.Path)
	}
	if want := "[1 p.a 2 p[] 3 p{} 4 p 5 p 6 $defs.d 7 p]"; fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
	if c := Children((*jsontree.Value)(nil), ""); c != nil {
		t.Errorf("no schema has the children %v", c)
	}
}
