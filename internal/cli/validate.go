package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
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
the JSON Schema keyword or the page's media rule that the body breaks. --json
prints them as lint does.`,
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
	if _, err := (globs{literalGlob(model)}).choose(cmd, l.ids()); err != nil {
		return err
	}
	body, err := a.readBody(file)
	if err != nil {
		return err
	}
	v := validation{model: model, src: &schema.Source{File: file, Text: body}}
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

// literalGlob is the glob that matches an id alone.
func literalGlob(id string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`, "{", `\{`).Replace(id)
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
	model string
	src   *schema.Source
	root  *schema.Value
	diags diag.List
}

func (v *validation) report(path string, s diag.Severity, rule, message, hint string) {
	v.diags = append(v.diags, diag.Diagnostic{Pos: v.src.Position(v.offset(path)), Severity: s, Rule: rule,
		Subject: path, Message: message, Hint: hint})
}

func (v *validation) run(ctx context.Context, l *library) error {
	root, _, err := schema.Decode(v.src.Text, 0)
	if syntax, ok := err.(*schema.SyntaxError); ok {
		v.diags = diag.List{{Pos: v.src.Position(syntax.Offset), Severity: diag.Error, Rule: "json-syntax", Message: syntax.Message}}
		return nil
	}
	v.root = root
	for _, d := range l.docs {
		if d.ModelID != v.model {
			continue
		}
		judge, diags := schema.Compile(d)
		if judge == nil {
			return fmt.Errorf("the schema of %s cannot be used: %s", v.model, diags[0].Message)
		}
		for _, f := range judge.Validate(v.src.Text, nil) {
			v.report(f.Path, diag.Error, f.Keyword, f.Message, "")
		}
	}
	if v.root.Is(schema.Object) {
		if err := v.checkMedia(ctx, l); err != nil {
			return err
		}
	}
	v.diags.Sort()
	return nil
}

// checkMedia measures the media of the body as a generated client does.
func (v *validation) checkMedia(ctx context.Context, l *library) error {
	pkg, _ := ir.Build(l.docs, l.pins, ir.Options{Select: func(id string) bool { return id == v.model }})
	in := bodyInput{model: v.model, body: v.src.Text, rules: clientRules(pkg.Models[0].MediaTable())}
	err := client.New("", client.WithStrictMedia()).CheckMedia(ctx, in)
	var broken *client.ValidationError
	if !errors.As(err, &broken) {
		return err
	}
	for _, b := range broken.Violations {
		if b.Measured == 0 {
			v.report(b.Path, diag.Warning, b.Rule, b.Message, "")
			continue
		}
		v.report(b.Path, diag.Error, b.Rule, b.Message,
			fmt.Sprintf("measured %s, the bound is %s", number(b.Measured), number(b.Bound)))
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
		bound, _ := r.Bound.Float64()
		rules[i] = client.MediaRule{Path: r.Path, Kind: kinds[r.Kind], Metric: r.Metric, Op: r.Op, Bound: bound, Message: r.Message}
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

// offset finds the value at a path such as loras[0].path, or as much of the way
// as the body has.
func (v *validation) offset(path string) int {
	at := v.root
	if at == nil {
		return 0
	}
	for path != "" {
		var next *schema.Value
		if index, rest, ok := strings.Cut(strings.TrimPrefix(path, "["), "]"); ok && path[0] == '[' {
			if n, err := strconv.Atoi(index); err == nil && n < len(at.Items()) {
				next = at.Items()[n]
			}
			path = strings.TrimPrefix(rest, ".")
		} else {
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				end = len(path)
			}
			next = at.Get(path[:end])
			path = strings.TrimPrefix(path[end:], ".")
		}
		if next == nil {
			break
		}
		at = next
	}
	return at.Offset
}
