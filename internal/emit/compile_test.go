package emit

import (
	"bytes"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/schema"

	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/plan"
)

// oddProperties are what a page could hold but no golden does: no instance
// satisfies them, or the judge knows no better.
var oddProperties = map[string]string{
	"needs-itself":      `"a": {"type": "object", "required": ["b"], "properties": {"b": {"$ref": "#/properties/a"}}}`,
	"list-of-itself":    `"a": {"type": "array", "items": {"$ref": "#/properties/a"}}`,
	"map-of-itself":     `"a": {"type": "object", "additionalProperties": {"$ref": "#/properties/a"}}`,
	"root":              `"a": {"$ref": "#"}, "b": {"type": "number", "minimum": 1, "exclusiveMaximum": 2}`,
	"one-float-twice":   `"a": {"enum": [0.1, 0.10000000000000000000001]}, "b": {"enum": [9007199254740993, 9007199254740992, 0.5]}, "c": {"enum": [1e-399, 0, 0.5]}`,
	"beyond-float":      `"image": {"type": "string", "validations": [{"validation_rule": "width_pixels>", "validation_value": 1e309}]}, "b": {"type": "number", "minimum": 1e309, "maximum": -1e309}`,
	"equal-members":     `"a": {"enum": ["5", 5, 5.0, 50e-1, "5"]}, "b": {"type": "integer", "enum": [1, 1.0, 10e-1]}, "c": {"oneOf": [{"const": "x"}, {"const": "x"}]}`,
	"crossed":           `"a": {"type": "integer", "minimum": 5, "maximum": 1}, "b": {"type": "array", "minItems": 5, "maxItems": 1}, "c": {"type": "string", "minLength": 5, "maxLength": 1}`,
	"names-of-the-file": `"in": {"type": "object", "properties": {"v": {"type": "number"}, "from": {"type": "array", "items": {"type": "number"}}, "i": {"type": "object", "additionalProperties": {"type": "number"}}}}, "check": {"type": "string", "enum": ["a"]}, "output_kind": {"type": "string"}`,
}

// everything returns the documents of all goldens and the odd ones, each under
// an id of its own.
func everything(t testing.TB) []*schema.Document {
	t.Helper()
	var docs []*schema.Document
	for _, path := range slices.Concat(archives(t, "ir"), archives(t, "generate")) {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		stem := filepath.Base(filepath.Dir(path)) + "-" + strings.TrimSuffix(filepath.Base(path), ".txtar")
		for _, d := range archived(t, archive) {
			d.ModelID = stem + "/" + d.ModelID
			docs = append(docs, d)
		}
	}
	for name, properties := range oddProperties {
		text := `{"model_id": "odd/` + name + `", "input": {"type": "object", "properties": {` + properties + `}}}`
		doc, diags := schema.Read(name, []byte(text))
		if doc == nil {
			t.Fatal(name, diags)
		}
		docs = append(docs, doc)
	}
	return docs
}

// TestCompiled compiles all goldens as one package of a module at Go 1.24 that
// requires nothing, and lets a program in it marshal every input.
func TestCompiled(t *testing.T) {
	docs := everything(t)
	pkg, diags := plan.Build(docs, plan.Pins{}, plan.Options{Package: "client"})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	files, err := Files(pkg)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, dir, "go.mod", "module compiled\n\ngo 1.24\n")
	paths := map[string]bool{}
	for _, f := range files {
		if formatted, err := format.Source(f.Content); err != nil || !bytes.Equal(formatted, f.Content) {
			t.Errorf("%s is not as gofmt has it: %v", f.Path, err)
		}
		if low := strings.ToLower(f.Path); paths[low] || low != f.Path || len(f.Path) > 255 {
			t.Errorf("the file name %s is taken where case does not count, or too long", f.Path)
		}
		paths[f.Path] = true
		write(t, dir, filepath.Join("client", f.Path), string(f.Content))
	}
	write(t, dir, "main.go", marshalProgram(pkg))
	goCommand(t, dir, "vet", "./...")
	lines := strings.Split(strings.TrimSuffix(goCommand(t, dir, "run", "."), "\n"), "\n")
	if len(lines) != 3*len(pkg.Models) {
		t.Fatalf("%d lines for %d models", len(lines), len(pkg.Models))
	}
	leftOut := map[string]int{}
	for _, d := range diags {
		if d.Rule == "property-name" || d.Rule == "property-forbidden" {
			id, path, _ := strings.Cut(d.Subject, "#")
			if !strings.Contains(path, ".") || d.Rule == "property-name" {
				leftOut[id]++
			}
		}
	}
	slices.SortFunc(docs, func(a, b *schema.Document) int { return strings.Compare(a.ModelID, b.ModelID) })
	for i := range pkg.Models {
		m := &pkg.Models[i]
		compareKeys(t, m.ID+" full", lines[3*i], m.Input, func(ir.Field) bool { return true })
		compareKeys(t, m.ID+" unset", lines[3*i+1], m.Input, func(f ir.Field) bool { return f.Presence != ir.Optional })
		compareKeys(t, m.ID+" zero", lines[3*i+2], m.Input, sentWhenZero)
		if properties := docs[i].Input.Get("properties"); properties.Is(jsontree.Object) {
			var names []string
			for _, f := range m.Input.Fields {
				names = append(names, f.JSON)
				if properties.Get(f.JSON) == nil {
					t.Errorf("%s has a field for %q, which is not a property", m.ID, f.JSON)
				}
			}
			if len(properties.Members)-len(names) != leftOut[m.ID] {
				t.Errorf("%s has %d properties, the struct %d, and %d were reported as left out", m.ID, len(properties.Members), len(names), leftOut[m.ID])
			}
		}
	}
}

// sentWhenZero reports whether a field is in the JSON when it is set to the zero
// of what it points to, or to an empty list or map.
func sentWhenZero(f ir.Field) bool {
	switch f.Type.(type) {
	case *ir.List, *ir.Map:
		return true
	}
	return f.Pointer || f.Presence != ir.Optional
}

// marshalProgram prints three lines a model: its input with every field set,
// with none, and with every pointer to a zero value and every list and map empty.
func marshalProgram(pkg *ir.Package) string {
	var inputs strings.Builder
	for i := range pkg.Models {
		fmt.Fprintf(&inputs, "\t&client.%s{},\n", pkg.Models[i].Input.Name)
	}
	return strings.Replace(program, "INPUTS\n", inputs.String(), 1)
}

const program = `package main

import (
	"encoding/json"
	"fmt"
	"reflect"

	"compiled/client"
)

var inputs = []client.Input{
INPUTS
}

var marshaler = reflect.TypeFor[json.Marshaler]()

func main() {
	for _, in := range inputs {
		full, zero := reflect.New(reflect.TypeOf(in).Elem()), reflect.New(reflect.TypeOf(in).Elem())
		fill(full.Elem(), 0)
		for i := range zero.Elem().NumField() {
			switch f := zero.Elem().Field(i); f.Kind() {
			case reflect.Pointer:
				f.Set(reflect.New(f.Type().Elem()))
			case reflect.Map:
				f.Set(reflect.MakeMap(f.Type()))
			case reflect.Slice:
				if f.Type() != reflect.TypeFor[json.RawMessage]() {
					f.Set(reflect.MakeSlice(f.Type(), 0, 0))
				}
			}
		}
		for _, v := range []any{full.Interface(), in, zero.Interface()} {
			b, err := json.Marshal(v)
			if err != nil {
				panic(fmt.Sprintf("%s: %v", in.ModelID(), err))
			}
			if err := json.Unmarshal(b, reflect.New(reflect.TypeOf(in).Elem()).Interface()); err != nil {
				panic(fmt.Sprintf("%s: %v", in.ModelID(), err))
			}
			v.(client.Input).Validate()
			fmt.Println(string(b))
		}
	}
}

func fill(v reflect.Value, depth int) {
	switch {
	case v.Type() == reflect.TypeFor[json.RawMessage]():
		v.SetBytes([]byte("1"))
		return
	case v.Kind() == reflect.String && v.Type().Implements(marshaler):
		v.SetString("1")
		return
	case !v.CanSet() || depth > 8:
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int64:
		v.SetInt(1)
	case reflect.Float64:
		v.SetFloat(1)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), depth+1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), depth+1)
	case reflect.Map:
		value := reflect.New(v.Type().Elem()).Elem()
		fill(value, depth+1)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("key"), value)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), depth+1)
		}
	default:
		panic("a type outside the closed set: " + v.Type().String())
	}
}
`

// compareKeys compares the keys of a marshalled input with the fields that have
// to be there; with every field set, those of nested structs too.
func compareKeys(t *testing.T, what, line string, s *ir.Struct, there func(ir.Field) bool) {
	t.Helper()
	v, _, err := jsontree.Decode([]byte(line), 0)
	if err != nil {
		t.Fatalf("%s: %v in %s", what, err, line)
	}
	compareObject(t, what, v, s, there, 0)
}

func compareObject(t *testing.T, what string, v *jsontree.Value, s *ir.Struct, there func(ir.Field) bool, depth int) {
	t.Helper()
	var want, got []string
	for _, f := range s.Fields {
		if there(f) {
			want = append(want, f.JSON)
		}
	}
	for _, m := range v.Members {
		got = append(got, m.Name)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s: keys -want +got\n%s", what, d)
	}
	if !strings.HasSuffix(what, " full") || depth > 2 {
		return
	}
	for _, f := range s.Fields {
		typ, value := f.Type, v.Get(f.JSON)
		for {
			if list, ok := typ.(*ir.List); ok {
				typ, value = list.Elem.Type, value.Elems[0]
			} else if m, ok := typ.(*ir.Map); ok {
				typ, value = m.Elem.Type, value.Get("key")
			} else {
				break
			}
		}
		if nested, ok := typ.(*ir.Struct); ok {
			compareObject(t, what, value, nested, there, depth+1)
		}
	}
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// goCommand runs the go command without network and returns its output.
func goCommand(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOTOOLCHAIN=local", "GOWORK=off")
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, problems.Bytes())
	}
	return out.String()
}
