package lint

import (
	"fmt"
	"slices"

	"github.com/genclient/genclient/internal/dialect"
	"github.com/genclient/genclient/internal/jsontree"

	"github.com/genclient/genclient/internal/validate"
)

// example judges the page's request body. A page shows the required properties
// with their defaults, or "" or [] without one: such holes are a note.
func (l *linter) example(judge *validate.Validator) {
	example := l.doc.Example
	if example == nil {
		return
	}
	holes := map[string]bool{}
	if example.Is(jsontree.Object) {
		for _, name := range l.doc.Input.Get("required").Strings() {
			if v := example.Get(name); hole(v) {
				holes[name] = true
				l.report("example-incomplete", v.Offset, name, fmt.Sprintf("the example has %s for the required %q", v.Compact(), name))
			}
		}
		props := l.doc.Input.Get("properties")
		for _, m := range example.Members {
			if props.Is(jsontree.Object) && props.Get(m.Name) == nil {
				l.report("example-unknown-property", m.Offset, m.Name, fmt.Sprintf("the example uses %q, which is no property", m.Name))
			}
		}
	}
	for _, f := range judge.ValidateTree(example, nil) {
		switch {
		case holes[f.Path]:
		case hole(f.Value) || f.Keyword == "required":
			l.report("example-incomplete", f.Value.Offset, f.Path, "the example breaks "+f.Keyword+": "+f.Message)
		default:
			l.report("example-mismatch", f.Value.Offset, f.Path, "the example breaks "+f.Keyword+": "+f.Message)
		}
	}
}

// hole reports whether the page had nothing to show for the value.
func hole(v *jsontree.Value) bool {
	return v.Is(jsontree.String) && v.Text == "" || v.Is(jsontree.Array) && len(v.Elems) == 0
}

// output notes an output schema that is not the one block that all models
// share: image, images, video, videos, audio and audios, URLs or lists of them.
func (l *linter) output() {
	out := l.doc.OutputSchema()
	if out == nil {
		return
	}
	props := out.Get("properties")
	if !slices.Equal(dialect.StandardTypes(out.Get("type")), []string{"object"}) || !props.Is(jsontree.Object) || len(props.Members) == 0 {
		l.report("output-differs", out.Offset, "", "the output is not the object of media that models share")
		return
	}
	for _, p := range props.Members {
		types := dialect.StandardTypes(p.Value.Get("type"))
		var want []string
		switch p.Name {
		case "image", "video", "audio":
			want = []string{"string"}
		case "images", "videos", "audios":
			want = []string{"array"}
		}
		if !slices.Equal(types, want) || want == nil {
			l.report("output-differs", p.Offset, "", fmt.Sprintf("the output has %q, which the models' shared output has not", p.Name))
		}
	}
}
