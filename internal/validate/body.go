package validate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/schema"
	"github.com/genclient/genclient/templates/client"
)

// Options say how Body checks.
type Options struct {
	Media []ir.PathRule // the model's media rules: what they are about is measured
}

// Body checks a request body against a document: the schema, what the schema
// allows and is a mistake nearly always, and the media that have rules, which are
// measured as a generated client does. The error is one of the schema or of ctx;
// what is wrong with the body is in the list.
func Body(ctx context.Context, d *schema.Document, body *jsontree.Source, opts Options) (diag.List, error) {
	v := &validation{doc: d, src: &jsontree.Source{File: body.File, Text: jsontree.TrimBOM(body.Text)}}
	if err := v.run(ctx, opts); err != nil {
		return nil, err
	}
	v.diags.Sort()
	return v.diags, nil
}

// validation is the check of one body.
type validation struct {
	doc   *schema.Document
	src   *jsontree.Source
	root  *jsontree.Value
	diags diag.List
}

func (v *validation) report(d diag.Diagnostic, offset int) {
	d.Pos = v.src.Position(offset)
	v.diags = append(v.diags, d)
}

func (v *validation) run(ctx context.Context, opts Options) error {
	root, err := jsontree.Parse(v.src.Text, jsontree.Foreign)
	if syntax := (*jsontree.SyntaxError)(nil); errors.As(err, &syntax) {
		v.diags = append(v.diags, diag.New("json-syntax", v.src.Position(syntax.Offset), "", syntax.Message))
		return nil
	}
	v.root = root
	validator, diags := Compile(v.doc)
	if validator == nil {
		return fmt.Errorf("the schema of %s cannot be used: %s", v.doc.ModelID, diags[0].Message)
	}
	broken := map[int]bool{} // offsets
	for _, f := range validator.ValidateTree(root) {
		v.report(diag.Diagnostic{Severity: diag.Error, Rule: f.Keyword, Subject: f.Path, Message: f.Message}, f.Offset)
		broken[f.Offset] = true
	}
	v.checkHabits(v.doc.Input, root, "", broken)
	if root.Is(jsontree.Object) {
		return v.checkMedia(ctx, opts.Media)
	}
	return nil
}

// checkMedia measures the media of the body as a generated client does.
func (v *validation) checkMedia(ctx context.Context, rules []ir.PathRule) error {
	in := bodyInput{model: v.doc.ModelID, body: v.src.Text, rules: clientRules(rules)}
	err := client.New("", client.WithStrictMedia()).CheckMedia(ctx, in)
	var broken *client.ValidationError
	if !errors.As(err, &broken) {
		return err
	}
	unread := map[string]bool{} // paths: what cannot be read breaks every rule that it has
	for _, b := range broken.Violations {
		d := diag.Diagnostic{Severity: diag.Error, Rule: b.Rule, Subject: b.Path, Message: b.Message,
			Hint: fmt.Sprintf("measured %s, the bound is %s", number(b.Measured), number(b.Bound))}
		switch {
		case b.Rule == "format":
			d.Hint = ""
		case b.Measured == 0:
			if unread[b.Path] {
				continue
			}
			unread[b.Path] = true
			d.Severity, d.Rule, d.Hint = diag.Warning, "media-unchecked", ""
		}
		v.report(d, v.offset(b.Path))
	}
	return nil
}

func number(x float64) string { return strconv.FormatFloat(x, 'g', 6, 64) }

// clientRules are the rules as the runtime takes them.
func clientRules(table []ir.PathRule) []client.MediaRule {
	kinds := map[ir.MediaKind]client.MediaKind{
		ir.MediaImage: client.MediaKindImage, ir.MediaVideo: client.MediaKindVideo,
		ir.MediaAudio: client.MediaKindAudio,
	}
	rules := make([]client.MediaRule, len(table))
	for i, r := range table {
		rules[i] = client.MediaRule{Path: r.Path, Kind: kinds[r.Kind], Metric: r.Metric, Op: r.Op, Message: r.Message}
		if r.Metric != "" {
			rules[i].Bound, _ = r.Bound.Float64()
		}
		if r.Likely {
			rules[i].Op = "?" // fewer values are mistakes
		}
	}
	return rules
}

// bodyInput is a body as the runtime's Input.
type bodyInput struct {
	model string
	body  json.RawMessage
	rules []client.MediaRule
}

func (in bodyInput) ModelID() string                { return in.model }
func (in bodyInput) Validate() error                { return nil }
func (in bodyInput) MediaRules() []client.MediaRule { return in.rules }
func (in bodyInput) MarshalJSON() ([]byte, error)   { return in.body, nil }

// offset finds the value at a path of the client's such as loras[0].path, or as
// much of the way as the body has. A name may hold dots and brackets itself.
func (v *validation) offset(path string) int {
	at := v.root
	for path != "" {
		next, rest := step(at, path)
		if next == nil {
			break
		}
		at, path = next, strings.TrimPrefix(rest, ".")
	}
	return at.Offset
}

// step takes the first step of a path: the item of a list, or the member of an
// object with the longest name that the path begins with.
func step(at *jsontree.Value, path string) (next *jsontree.Value, rest string) {
	if index, rest, ok := strings.Cut(strings.TrimPrefix(path, "["), "]"); ok && at.Is(jsontree.Array) {
		if n, err := strconv.Atoi(index); err == nil && n >= 0 && n < len(at.Elems) {
			return at.Elems[n], rest
		}
	}
	longest := -1
	for _, m := range at.Members {
		after, ok := strings.CutPrefix(path, m.Name)
		if ok && len(m.Name) > longest && (after == "" || after[0] == '.' || after[0] == '[') {
			longest, next, rest = len(m.Name), m.Value, after
		}
	}
	return next, rest
}
