// Package validate checks a JSON instance against a schema document, with
// jsonschema/v5 and apart from the code that genclient generates.
package validate

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/schema"

	"github.com/genclient/genclient/internal/dialect"
)

// A Validator decides whether an instance satisfies a schema of a document. It is
// jsonschema/v5 behind the site's dialect, and independent of the code that
// genclient generates. A Validator may be used by several goroutines at once; it
// judges one instance at a time.
type Validator struct {
	schema *jsonschema.Schema

	mu    sync.Mutex
	steps int // schemas applied by the running Validate
}

// A Violation is one keyword that an instance breaks.
type Violation struct {
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
	// Keyword is the JSON Schema keyword, or "json" for text that is not one JSON
	// value.
	Keyword string
	Message string
	// Value is the value at Path, or the object that lacks it.
	Value *jsontree.Value
}

// maxSteps bounds the schemas applied to one instance: references that each
// appear twice in an allOf would otherwise double the work at every level.
const maxSteps = 200_000

// Compile builds the validator of the document's input schema, as package dialect
// reads it. The list holds what could not be understood and is therefore left out. The
// validator is nil only when the list holds the rule schema-unusable.
func Compile(d *schema.Document) (*Validator, diag.List) {
	var diags diag.List
	translated, problems := dialect.Translate(d.Input)
	for _, p := range problems {
		diags = append(diags, d.Problem(p))
	}
	if translated == nil {
		return nil, diags
	}
	v := &Validator{}
	compiled, err := (&compiler{validator: v}).compile(translated)
	if err != nil {
		unusable := dialect.Problem{Rule: "schema-unusable", Offset: d.Input.Offset, Message: err.Error()}
		return nil, append(diags, d.Problem(unusable))
	}
	v.schema = compiled
	return v, diags
}

// Validate checks a JSON text and returns every violated keyword, sorted by path.
// The site's media rules are not among them: Body has them checked by the client.
func (j *Validator) Validate(body []byte) []Violation {
	v, err := jsontree.Parse(body, jsontree.Foreign)
	if err != nil {
		return []Violation{{Keyword: "json", Message: err.Error()}}
	}
	return j.ValidateTree(v)
}

// ValidateTree is Validate for a value that has been decoded.
func (j *Validator) ValidateTree(v *jsontree.Value) []Violation {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.steps = 0
	err := j.schema.Validate(plain(v))
	if err == nil {
		return nil
	}
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return []Violation{{Value: v, Offset: v.Offset, Keyword: "json", Message: "the value takes too long to judge"}}
	}
	c := collector{instance: v}
	c.collect(invalid)
	slices.SortFunc(c.found, func(a, b Violation) int {
		return cmp.Or(comparePaths(a.Path, b.Path), cmp.Compare(a.Keyword, b.Keyword),
			cmp.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(c.found, func(a, b Violation) bool {
		return slices.Equal(a.Steps, b.Steps) && a.Keyword == b.Keyword && a.Message == b.Message
	})
}

// collector turns the error tree of jsonschema/v5 into findings.
type collector struct {
	instance *jsontree.Value
	found    []Violation
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
		c.found = append(c.found, c.violation(e))
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

func (c *collector) violation(e *jsonschema.ValidationError) Violation {
	steps, value := c.locate(e.InstanceLocation)
	f := Violation{Steps: steps, Value: value, Offset: value.Offset, Keyword: keywordOf(e), Message: e.Message}
	switch f.Keyword {
	case "required":
		// The property's name is the message of our own extension.
		f.Steps, f.Message = append(steps, e.Message), "is required"
	case "enum", "const":
		if value.Is(jsontree.Number) {
			// The library quotes a json.Number as the string it is made of.
			f.Message = strings.ReplaceAll(f.Message, `"`, "")
		}
	case "additionalProperties", "unevaluatedProperties":
		f.Message = "is not a property of the schema"
	}
	f.Path = joinSteps(f.Steps)
	return f
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
func (c *collector) locate(pointer string) (steps []any, v *jsontree.Value) {
	v = c.instance
	for pointer != "" {
		var segment string
		segment, pointer, _ = strings.Cut(pointer[1:], "/")
		if pointer != "" {
			pointer = "/" + pointer
		}
		if v.Is(jsontree.Array) {
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
			path = dialect.JoinPath(path, name)
		} else {
			path += fmt.Sprintf("[%d]", step)
		}
	}
	return path
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
func plain(v *jsontree.Value) any {
	switch v.Kind {
	case jsontree.Bool:
		return v.True()
	case jsontree.Number:
		return json.Number(v.Text)
	case jsontree.String:
		return v.Text
	case jsontree.Array:
		elems := make([]any, len(v.Elems))
		for i, e := range v.Elems {
			elems[i] = plain(e)
		}
		return elems
	case jsontree.Object:
		members := make(map[string]any, len(v.Members))
		for _, m := range v.Members {
			members[m.Name] = plain(m.Value)
		}
		return members
	}
	return nil
}
