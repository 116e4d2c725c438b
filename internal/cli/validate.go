package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/ir"
	"github.com/genclient/genclient/internal/schema"
	"github.com/genclient/genclient/templates/client"
)

// validateFlags are the flags of validate.
type validateFlags struct {
	schemas        string
	strict, asJSON bool
}

func (a *app) validate() *cobra.Command {
	var f validateFlags
	cmd := &cobra.Command{
		Use:   "validate MODEL [FILE|-]",
		Short: "Check a request body against a model's schema",
		Long: `validate checks a request body, a JSON object in FILE or on standard input,
against the schema document of MODEL, a model id. Media that the model's page has
rules for are measured by their headers, in data URIs and behind https URLs; what
cannot be measured is a warning, and with --strict a finding. Nothing is sent to
the API and nothing costs money.

The diagnostics are the result and go to standard output. A diagnostic's rule is
the JSON Schema keyword or the page's media rule that the body breaks, json-syntax
for a body that is no JSON value, or one of three warnings: unknown-property,
empty-required (a generated client refuses a required "") and media-unchecked.
--json prints them as lint does.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return usagef(cmd, "validate takes a model id and at most one file, got %s", plural(len(args), "argument"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			file := "-"
			if len(args) == 2 {
				file = args[1]
			}
			return a.runValidate(cmd, f, args[0], file)
		},
	}
	cmd.Flags().StringVar(&f.schemas, "schemas", "", "`DIR` of schema documents (default: the embedded ones)")
	cmd.Flags().BoolVar(&f.strict, "strict", false, "count warnings as findings")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "print the diagnostics as JSON")
	return cmd
}

func (a *app) runValidate(cmd *cobra.Command, f validateFlags, model, file string) error {
	l, err := readLibrary(f.schemas)
	if err != nil {
		return err
	}
	if l.diags.HasErrors() {
		a.report(l.diags, l)
	}
	at := slices.IndexFunc(l.docs, func(d *schema.Document) bool { return d.ModelID == model })
	if at < 0 {
		return usagef(cmd, "there is no model %q%s", model, nearHint(model, l.ids()))
	}
	body, err := a.readBody(file)
	if err != nil {
		return err
	}
	v := validation{doc: l.docs[at], src: &schema.Source{File: file, Text: body}}
	if err := v.run(cmd.Context(), l); err != nil {
		return err
	}
	if f.asJSON {
		err = v.diags.JSON(a.stdout)
	} else {
		err = v.diags.Text(a.stdout, func(string) []byte { return body })
	}
	if err != nil {
		return err
	}
	return findings(v.diags, f.strict)
}

// readBody reads a file, or standard input for "-".
func (a *app) readBody(file string) ([]byte, error) {
	in := a.stdin
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("reading the body: %w", err)
		}
		defer opened.Close()
		in = opened
	}
	// One byte more than the API takes tells a body that is too large.
	body, err := io.ReadAll(io.LimitReader(in, maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("reading the body: %w", err)
	}
	if len(body) > maxBody {
		return nil, fmt.Errorf("%s: the API takes bodies of at most 64 MiB", file)
	}
	return body, nil
}

const maxBody = 64 << 20

// validation is the check of one body.
type validation struct {
	doc   *schema.Document
	src   *schema.Source
	root  *schema.Value
	diags diag.List
}

func (v *validation) report(d diag.Diagnostic, offset int) {
	d.Pos = v.src.Position(offset)
	v.diags = append(v.diags, d)
}

func (v *validation) run(ctx context.Context, l *library) error {
	root, end, err := schema.Decode(v.src.Text, 0)
	var syntax *schema.SyntaxError
	if err == nil {
		if rest := bytes.TrimLeft(v.src.Text[end:], " \t\r\n"); len(rest) > 0 {
			syntax = &schema.SyntaxError{Offset: len(v.src.Text) - len(rest), Message: "there is text behind the JSON value"}
		}
	}
	if syntax != nil || errors.As(err, &syntax) {
		v.report(diag.Diagnostic{Severity: diag.Error, Rule: "json-syntax", Message: syntax.Message}, syntax.Offset)
		return nil
	}
	v.root = root
	judge, diags := schema.Compile(v.doc)
	if judge == nil {
		return fmt.Errorf("the schema of %s cannot be used: %s", v.doc.ModelID, diags[0].Message)
	}
	broken := map[int]bool{} // offsets
	for _, f := range judge.Validate(v.src.Text, nil) {
		v.report(diag.Diagnostic{Severity: diag.Error, Rule: f.Keyword, Subject: f.Path, Message: f.Message}, f.Offset)
		broken[f.Offset] = true
	}
	v.checkHabits(v.doc.Input, root, "", broken)
	if root.Is(schema.Object) {
		if err := v.checkMedia(ctx, l); err != nil {
			return err
		}
	}
	v.diags.Sort()
	return nil
}

// checkMedia measures the media of the body as a generated client does.
func (v *validation) checkMedia(ctx context.Context, l *library) error {
	pkg, _ := ir.Build(l.docs, l.pins, ir.Options{Select: func(id string) bool { return id == v.doc.ModelID }})
	in := bodyInput{model: v.doc.ModelID, body: v.src.Text, rules: clientRules(pkg.Models[0].MediaTable())}
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
		ir.MediaImage: client.MediaKindImage, ir.MediaVideo: client.MediaKindVideo, ir.MediaAudio: client.MediaKindAudio,
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
func step(at *schema.Value, path string) (next *schema.Value, rest string) {
	if index, rest, ok := strings.Cut(strings.TrimPrefix(path, "["), "]"); ok && at.Is(schema.Array) {
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
