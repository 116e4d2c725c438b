package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// unmarshalStruct is the UnmarshalJSON of generated structs: encoding/json, but for
// numbers such as 42.0 and 1e2, which are integers (JSON Schema Validation, section
// 6.1.1), and for values that do not fit, which keep no other from its field.
func unmarshalStruct(b []byte, to any) error {
	d := decoder{lenient: &lenient{text: b}, room: math.MaxInt}
	d.value(reflect.ValueOf(to).Elem())
	return d.err()
}

// decodeOutput reads the output of a finished job into a model's own type; of an
// output that is absent or null it is empty. Members that fit are filled in whatever
// the others hold; the error, beside the value, names those that do not fit. What
// takes more than 4 MiB, as an inline image may, is left to res.Raw.
func decodeOutput[T any](res *Result) (*T, error) {
	out := new(T)
	if res == nil {
		return out, errors.New("runcomfy: there is no result to decode")
	}
	a := answer{raw: res.Raw}
	a.split(context.Background())
	raw := a.fields["output"]
	d := decoder{lenient: &lenient{text: raw}, room: 1<<20 + 2*len(raw)}
	if len(raw) > 0 {
		d.value(reflect.ValueOf(out).Elem())
	}
	if err := d.err(); err != nil {
		return out, fmt.Errorf("runcomfy: decoding the output of job %s: %w; Result.Raw has all of it", res.RequestID, err)
	}
	return out, nil
}

// A decoder fills generated types from JSON, as far as it fits.
type decoder struct {
	*lenient
	path     []string // names and indexes of the value that is read
	owner    string   // the struct that has it
	room     int      // bytes that lists and maps may still take
	problems []error
}

// maxProblems is how many values that do not fit an error lists.
const maxProblems = 8

func (d *decoder) err() error { return errors.Join(d.problems...) }

// misfit notes that what was read does not fit to.
func (d *decoder) misfit(what string, to reflect.Type) {
	if len(d.problems) < maxProblems {
		path := ""
		for _, step := range d.path {
			path = joinPath(path, step)
		}
		d.problems = append(d.problems, &json.UnmarshalTypeError{Value: what, Type: to, Offset: int64(d.pos),
			Struct: d.owner, Field: path})
	}
}

// value reads a value into to.
func (d *decoder) value(to reflect.Value) {
	switch c := d.next(); {
	case len(d.path) > maxDepth:
		d.skip()
		d.misfit("too many levels", to.Type())
	case to.Kind() == reflect.Pointer:
		d.pointer(to)
	case to.Kind() == reflect.Struct && c == '{':
		d.fields(to)
	case to.Kind() != reflect.Struct && to.Addr().Type().Implements(unmarshaler):
		d.own(to)
	case to.Kind() == reflect.Slice && c == '[':
		d.items(to)
	case to.Kind() == reflect.Map && c == '{':
		d.entries(to)
	case c == '"':
		d.text(to)
	case c == '{':
		d.skip()
		d.misfit("object", to.Type())
	case c == '[':
		d.skip()
		d.misfit("array", to.Type())
	default:
		d.literal(to, string(d.lenient.value()))
	}
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

func (d *decoder) pointer(to reflect.Value) {
	if start := d.pos; d.at(start) == 'n' {
		if string(d.lenient.value()) == "null" {
			to.SetZero()
			return
		}
		d.pos = start
	}
	before, object := len(d.problems), d.at(d.pos) == '{'
	fresh := to.IsNil()
	if fresh {
		to.Set(reflect.New(to.Type().Elem()))
	}
	d.value(to.Elem())
	if fresh && len(d.problems) > before && !(object && to.Type().Elem().Kind() == reflect.Struct) {
		to.SetZero() // nothing fits: not set
	}
}

// own reads a value into a type with an UnmarshalJSON of its own.
func (d *decoder) own(to reflect.Value) {
	raw := d.lenient.value()
	if !json.Valid(raw) {
		d.misfit("text that is not JSON", to.Type())
	} else if err := to.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(raw); err != nil {
		d.misfit("value", to.Type())
	}
}

func (d *decoder) fields(to reflect.Value) {
	owner := d.owner
	defer func() { d.owner = owner }()
	index := fieldsOf(to.Type())
	d.object(func(quoted []byte) {
		name := unquote(quoted)
		i, known := index[name]
		if !known {
			if i, known = index[strings.ToLower(name)]; !known { // as encoding/json does
				return
			}
		}
		d.owner = to.Type().Name()
		d.within(name, func() { d.value(to.Field(i)) })
	})
}

func (d *decoder) items(to reflect.Value) {
	list := reflect.MakeSlice(to.Type(), 0, 0)
	d.array(func() bool {
		if !d.take(list.Type().Elem()) {
			return false
		}
		item := reflect.New(list.Type().Elem()).Elem()
		d.within("["+strconv.Itoa(list.Len())+"]", func() { d.value(item) })
		list = reflect.Append(list, item)
		return true
	})
	to.Set(list)
}

func (d *decoder) entries(to reflect.Value) {
	if to.IsNil() {
		to.Set(reflect.MakeMap(to.Type()))
	}
	d.object(func(quoted []byte) {
		if d.take(to.Type().Elem()) {
			item, name := reflect.New(to.Type().Elem()).Elem(), unquote(quoted)
			d.within(name, func() { d.value(item) })
			to.SetMapIndex(reflect.ValueOf(name).Convert(to.Type().Key()), item)
		}
	})
}

// take reserves room for one more value of a list or a map.
func (d *decoder) take(t reflect.Type) bool {
	had := d.room >= 0
	if d.room -= int(t.Size()) + 16; d.room < 0 && had {
		d.misfit("too many values", t)
	}
	return d.room >= 0
}

func (d *decoder) within(step string, read func()) {
	d.path = append(d.path, step)
	read()
	d.path = d.path[:len(d.path)-1]
}

func (d *decoder) text(to reflect.Value) {
	raw := d.str()
	switch {
	case to.Kind() != reflect.String:
		d.misfit("string", to.Type())
	case len(raw) > rawLimit && d.room < math.MaxInt:
		d.misfit("string of more than 4 MiB", to.Type())
	default:
		to.SetString(unquote(raw))
	}
}

// literal takes a number, true, false or null, or what stands in its place.
func (d *decoder) literal(to reflect.Value, word string) {
	switch k := to.Kind(); {
	case word == "null":
		if k == reflect.Slice || k == reflect.Map {
			to.SetZero()
		}
	case k == reflect.Bool && (word == "true" || word == "false"):
		to.SetBool(word == "true")
	case k == reflect.Float64 && json.Valid([]byte(word)):
		if f, err := strconv.ParseFloat(word, 64); err == nil {
			to.SetFloat(f)
			return
		}
		d.misfit(kindOfWord(word), to.Type())
	case k == reflect.Int64:
		if n, ok := integer(word); ok {
			to.SetInt(n)
			return
		}
		d.misfit(kindOfWord(word), to.Type())
	default:
		d.misfit(kindOfWord(word), to.Type())
	}
}

// kindOfWord names a word as encoding/json does in its errors.
func kindOfWord(word string) string {
	switch {
	case !json.Valid([]byte(word)):
		return "text that is not JSON"
	case word == "true" || word == "false":
		return "bool"
	}
	return "number " + cut(word, 64)
}

// integer reads a JSON number whose value is an integer of 64 bits, however it is written.
func integer(word string) (int64, bool) {
	if n, err := strconv.ParseInt(word, 10, 64); err == nil && json.Valid([]byte(word)) {
		return n, true
	}
	f, err := strconv.ParseFloat(word, 64)
	mantissa, _, _ := strings.Cut(strings.ToLower(word), "e")
	switch {
	case err != nil || len(word) > 400 || !json.Valid([]byte(word)):
		return 0, false
	case f == 0: // of a tiny fraction too, whose exponent may be huge
		return 0, !strings.ContainsAny(mantissa, "123456789")
	case math.Abs(f) >= 1<<64:
		return 0, false
	}
	exact, ok := new(big.Rat).SetString(word)
	if !ok || !exact.IsInt() || !exact.Num().IsInt64() {
		return 0, false
	}
	return exact.Num().Int64(), true
}

// fieldIndexes has for each generated struct its fields by their names in JSON, and by those in
// lower case.
var fieldIndexes sync.Map

func fieldsOf(t reflect.Type) map[string]int {
	if known, ok := fieldIndexes.Load(t); ok {
		return known.(map[string]int)
	}
	index := map[string]int{}
	for _, lower := range []bool{true, false} { // exact names win
		for i := t.NumField() - 1; i >= 0; i-- { // and the first of those that differ in case
			f := t.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" {
				name = f.Name
			}
			switch {
			case !f.IsExported() || f.Tag.Get("json") == "-":
			case lower:
				index[strings.ToLower(name)] = i
			default:
				index[name] = i
			}
		}
	}
	known, _ := fieldIndexes.LoadOrStore(t, index)
	return known.(map[string]int)
}
