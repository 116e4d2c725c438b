package schema

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/genclient/genclient/internal/diag"
)

// A Judge decides whether an instance satisfies a schema of a document. It is
// jsonschema/v5 behind the site's dialect, and independent of the code that
// genclient generates. A Judge may be used by several goroutines at once; it
// judges one instance at a time.
type Judge struct {
	schema *jsonschema.Schema

	mu      sync.Mutex
	measure func(uri string) (Media, bool) // of the running Validate
	steps   int                            // schemas applied by the running Validate
}

// A Finding is one keyword that an instance breaks.
type Finding struct {
	// Path is where in the instance, as image_urls[2] or loras[0].path; empty
	// for the instance as a whole. A missing property is reported at its own
	// path.
	Path string
	// Steps are the property names (string) and item indexes (int) that Path is
	// made of. A name with a dot or a bracket is one step.
	Steps []any
	// Offset is where in the text the value begins; for a missing property, the
	// object that lacks it.
	Offset int
	// Keyword is the JSON Schema keyword, the media rule as width_pixels>, or
	// "json" for text that is not one JSON value.
	Keyword string
	Message string
}

// maxSteps bounds the schemas applied to one instance: references that each
// stand twice in an allOf would otherwise double the work at every level.
const maxSteps = 200_000

// Compile builds the judge of the document's input schema. The list holds a
// warning for every keyword that could not be understood and that the judge
// therefore leaves out. The judge is nil only when the list holds an error.
func Compile(d *Document) (*Judge, diag.List) { return compile(d, d.Input) }

// CompileOutput is Compile for the document's output schema. Without one, the
// judge is nil and the list empty.
func CompileOutput(d *Document) (*Judge, diag.List) {
	out := d.OutputSchema()
	if out == nil {
		return nil, nil
	}
	return compile(d, out)
}

// OutputSchema returns the schema of a result's "output", or nil. Pages wrap
// it, without any type, in an object with the one member "output".
func (d *Document) OutputSchema() *Value {
	if d.Output.Is(Object) && len(d.Output.Members) == 1 && d.Output.Get("output").Is(Object) {
		return d.Output.Get("output")
	}
	return d.Output
}

func compile(d *Document, root *Value) (*Judge, diag.List) {
	j := &Judge{}
	t := translator{doc: d, root: root, judge: j, defNames: map[*Value]string{}, defs: map[string]any{},
		looping: map[*Value]bool{}, visited: map[*Value]visit{}}
	plain := t.document()
	if t.diags.HasErrors() {
		return nil, t.diags
	}
	text, err := json.Marshal(plain)
	if err == nil {
		j.schema, err = t.compile(text)
	}
	if err != nil {
		t.report("schema-unusable", root.Offset, "", err.Error())
		return nil, t.diags
	}
	return j, t.diags
}

// resource is the address that a schema is compiled under. No other address is
// ever loaded.
const resource = "genclient:///schema.json"

func (t *translator) compile(text []byte) (*jsonschema.Schema, error) {
	c := jsonschema.NewCompiler()
	c.Draft = jsonschema.Draft2020
	c.LoadURL = func(url string) (io.ReadCloser, error) {
		return nil, fmt.Errorf("%s: a schema refers to nothing outside of itself", url)
	}
	c.RegisterExtension(siteKeyword, nil, t)
	if err := c.AddResource(resource, bytes.NewReader(text)); err != nil {
		return nil, err
	}
	return c.Compile(resource)
}

// Validate judges a JSON text and returns every broken keyword, sorted by path.
// measure returns what is known of the media that a string names, for the
// site's media rules; with a nil measure these are not judged.
func (j *Judge) Validate(body []byte, measure func(uri string) (Media, bool)) []Finding {
	v, end, err := Decode(body, 0)
	if err == nil && len(bytes.TrimLeft(body[end:], " \t\r\n")) > 0 {
		err = errors.New("there is text behind the JSON value")
	}
	if err != nil {
		return []Finding{{Keyword: "json", Message: err.Error()}}
	}
	var found []Finding
	for _, l := range j.judge(v, measure) {
		found = append(found, l.Finding)
	}
	return found
}

// located is a finding with the value of the instance that it is about.
type located struct {
	Finding
	value *Value
}

func (j *Judge) judge(v *Value, measure func(uri string) (Media, bool)) []located {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.measure, j.steps = measure, 0
	err := j.schema.Validate(plain(v))
	if err == nil {
		return nil
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return []located{{Finding{Offset: v.Offset, Keyword: "json", Message: "the value takes too long to judge"}, v}}
	}
	c := collector{instance: v}
	c.collect(invalid)
	slices.SortFunc(c.found, func(a, b located) int {
		return cmp.Or(comparePaths(a.Path, b.Path), cmp.Compare(a.Keyword, b.Keyword), cmp.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(c.found, func(a, b located) bool {
		return slices.Equal(a.Steps, b.Steps) && a.Keyword == b.Keyword && a.Message == b.Message
	})
}

// collector turns the error tree of jsonschema/v5 into findings.
type collector struct {
	instance *Value
	found    []located
}

func (c *collector) collect(e *jsonschema.ValidationError) {
	causes := e.Causes
	if e.Message != "" { // without one it is a group, and its location ends in a name
		switch keywordOf(e) {
		case "anyOf", "oneOf":
			causes = relevant(e)
		case "minContains":
			causes = nil // what the items are not is no help
		}
	}
	if len(causes) == 0 {
		c.found = append(c.found, c.finding(e))
		return
	}
	for _, cause := range causes {
		c.collect(cause)
	}
}

// relevant returns the failed branch of an anyOf or oneOf that alone is meant
// for a value of the instance's type, or none: of "an object or null", the
// object's findings help; of several objects, none can be chosen.
func relevant(e *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if len(e.Causes) == 1 {
		return e.Causes
	}
	var out []*jsonschema.ValidationError
	for _, cause := range e.Causes {
		leaf := cause
		for len(leaf.Causes) == 1 {
			leaf = leaf.Causes[0]
		}
		if len(leaf.Causes) > 0 || keywordOf(leaf) != "type" || leaf.InstanceLocation != e.InstanceLocation {
			out = append(out, cause)
		}
	}
	if len(out) != 1 {
		return nil
	}
	return out
}

func (c *collector) finding(e *jsonschema.ValidationError) located {
	steps, value := c.locate(e.InstanceLocation)
	f := Finding{Steps: steps, Offset: value.Offset, Keyword: keywordOf(e), Message: e.Message}
	switch f.Keyword {
	case "required":
		// The property's name is the message of our own extension.
		f.Steps, f.Message = append(steps, e.Message), "is required"
	case "enum", "const":
		if value.Is(Number) {
			// The library quotes a json.Number as the string it is made of.
			f.Message = strings.ReplaceAll(f.Message, `"`, "")
		}
	case "additionalProperties", "unevaluatedProperties":
		f.Message = "is no property of the schema"
	}
	f.Path = joinSteps(f.Steps)
	return located{f, value}
}

// keywordOf returns the keyword that an error is about: the last segment of its
// location, but for dependentRequired, which a name and an index follow.
func keywordOf(e *jsonschema.ValidationError) string {
	segments := strings.Split(e.KeywordLocation, "/")
	n := len(segments)
	if n > 3 && segments[n-3] == "dependentRequired" && isIndex(segments[n-1]) {
		return segments[n-3]
	}
	return unescapePointer(segments[n-1])
}

func isIndex(segment string) bool {
	_, err := strconv.Atoi(segment)
	return err == nil
}

// locate follows the JSON pointer of a value of the instance and returns the
// steps to it and the value.
func (c *collector) locate(pointer string) (steps []any, v *Value) {
	v = c.instance
	for pointer != "" {
		var segment string
		segment, pointer, _ = strings.Cut(pointer[1:], "/")
		if pointer != "" {
			pointer = "/" + pointer
		}
		if v.Is(Array) {
			i, _ := strconv.Atoi(segment)
			steps, v = append(steps, i), v.Elems[i]
			continue
		}
		name := unescapePointer(segment)
		steps, v = append(steps, name), v.Get(name)
	}
	return steps, v
}

// joinSteps writes steps as a path.
func joinSteps(steps []any) string {
	path := ""
	for _, step := range steps {
		if name, ok := step.(string); ok {
			path = joinName(path, name)
		} else {
			path += fmt.Sprintf("[%d]", step)
		}
	}
	return path
}

func joinName(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// comparePaths orders paths as text, but image_urls[2] before image_urls[10].
func comparePaths(a, b string) int {
	common := 0
	for common < min(len(a), len(b)) && a[common] == b[common] {
		common++
	}
	start := strings.LastIndexByte(a[:common], '[') + 1
	i, _, _ := strings.Cut(a[start:], "]")
	k, _, _ := strings.Cut(b[start:], "]")
	x, errX := strconv.Atoi(i)
	y, errY := strconv.Atoi(k)
	if start > 0 && errX == nil && errY == nil && x != y {
		return cmp.Compare(x, y)
	}
	return strings.Compare(a, b)
}

// plain returns a value as encoding/json with UseNumber decodes it.
func plain(v *Value) any {
	switch v.Kind {
	case Bool:
		return v.True()
	case Number:
		return json.Number(v.Text)
	case String:
		return v.Text
	case Array:
		elems := make([]any, len(v.Elems))
		for i, e := range v.Elems {
			elems[i] = plain(e)
		}
		return elems
	case Object:
		members := make(map[string]any, len(v.Members))
		for _, m := range v.Members {
			members[m.Name] = plain(m.Value)
		}
		return members
	}
	return nil
}
