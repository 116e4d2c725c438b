// Package schema holds the schema document of one model: the page's own values in
// the page's order and spelling, read and written in one canonical form. It decides
// nothing about what a schema means, nor about Go.
package schema

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/dialect"
	"github.com/genclient/genclient/internal/jsontree"
)

// Document is what is known of one model.
type Document struct {
	ModelID     string
	Title       string // of the page, in its own language
	Description string
	URL         string // of the documentation page
	Categories  []string
	Price       Price
	Removed     bool // the model has vanished upstream

	// Example is the page's request body, Input and Output its schemas, all as
	// they stand on the page. Input is never nil.
	Example, Input, Output *jsontree.Value
	// Catalog is what only the catalog endpoint says: an object whose member
	// "formats" gives the media format of a property by name.
	Catalog *jsontree.Value

	source *jsontree.Source
	root   *jsontree.Value // as read from source; nil for a document that was not read
}

// Price is the base price of one unit. The zero Price is not known.
type Price struct {
	USD  string // a JSON number as the catalog writes it
	Unit string // as "second"; may be empty
}

// documentKeys are the members of a document in the order they are written in.
var documentKeys = []string{"model_id", "title", "description", "url", "categories",
	"price", "removed", "example", "input", "output", "catalog"}

// Position turns the offset of one of the document's values into a place.
func (d *Document) Position(offset int) diag.Position { return d.source.Position(offset) }

// File is the name of the file that the document was read from.
func (d *Document) File() string {
	if d.source == nil {
		return ""
	}
	return d.source.File
}

// Source is the text that the document was read from, or nil.
func (d *Document) Source() []byte {
	if d.source == nil {
		return nil
	}
	return d.source.Text
}

// Root is the document as it was read, or nil.
func (d *Document) Root() *jsontree.Value { return d.root }

// Problem returns what is irregular in one of the document's schemas as a diagnostic.
func (d *Document) Problem(p dialect.Problem) diag.Diagnostic {
	subject := d.ModelID
	if p.Path != "" {
		subject += "#" + p.Path
	}
	return diag.New(p.Rule, d.Position(p.Offset), subject, p.Message)
}

// OutputSchema returns the schema of a result's "output", or nil.
func (d *Document) OutputSchema() *jsontree.Value { return dialect.OutputSchema(d.Output) }

// Value returns the document as one JSON value, absent members left out.
func (d *Document) Value() *jsontree.Value {
	str := func(s string) *jsontree.Value {
		if s == "" {
			return nil
		}
		return jsontree.NewString(s)
	}
	var categories, price, removed *jsontree.Value
	if len(d.Categories) > 0 {
		categories = jsontree.NewArray()
		for _, c := range d.Categories {
			categories.Elems = append(categories.Elems, jsontree.NewString(c))
		}
	}
	if d.Price.USD != "" {
		price = jsontree.NewObject(jsontree.Member{Name: "usd",
			Value: &jsontree.Value{Kind: jsontree.Number, Text: d.Price.USD}},
			jsontree.Member{Name: "unit", Value: str(d.Price.Unit)})
	}
	if d.Removed {
		removed = &jsontree.Value{Kind: jsontree.Bool, Text: "true"}
	}
	values := []*jsontree.Value{str(d.ModelID), str(d.Title), str(d.Description), str(d.URL),
		categories, price, removed, d.Example, d.Input, d.Output, d.Catalog}
	members := make([]jsontree.Member, len(values))
	for i, v := range values {
		members[i] = jsontree.Member{Name: documentKeys[i], Value: v}
	}
	return jsontree.NewObject(members...)
}

// Bytes returns the canonical form of the document, with a newline at the end.
func (d *Document) Bytes() []byte {
	return append(d.Value().AppendIndent(nil, ""), '\n')
}

// Read reads a schema document. file is its name in diagnostics. It returns nil
// when the list holds an error.
func Read(file string, text []byte) (*Document, diag.List) {
	r := reader{src: &jsontree.Source{File: file, Text: text}}
	if len(text) > jsontree.MaxBytes {
		r.errorAt(0, "document-too-large",
			fmt.Sprintf("the document has %d bytes, more than %d", len(text), jsontree.MaxBytes), "")
		return nil, r.diags
	}
	root, err := jsontree.Parse(text, jsontree.Foreign)
	if err != nil {
		r.syntax(err)
		return nil, r.diags
	}
	d := r.document(root)
	if r.diags.HasErrors() {
		return nil, r.diags
	}
	return d, r.diags
}

// reader collects the diagnostics of one file.
type reader struct {
	src   *jsontree.Source
	diags diag.List
}

// errorAt reports a rule; a hint replaces the rule's own.
func (r *reader) errorAt(offset int, rule, message, hint string) {
	d := diag.New(rule, r.src.Position(offset), "", message)
	d.Hint = cmp.Or(hint, d.Hint)
	r.diags = append(r.diags, d)
}

func (r *reader) syntax(err error) {
	syntax := err.(*jsontree.SyntaxError)
	r.errorAt(syntax.Offset, "json-syntax", syntax.Message, "")
}

func (r *reader) document(root *jsontree.Value) *Document {
	d := &Document{source: r.src, root: root}
	if root.Kind != jsontree.Object {
		r.errorAt(root.Offset, "document-shape",
			"a schema document is a JSON object, this is "+root.Kind.WithArticle(), "")
		return d
	}
	for _, m := range root.Members {
		v := m.Value
		switch m.Name {
		case "model_id":
			d.ModelID = r.text(m)
			if reason := InvalidModelID(d.ModelID); reason != "" && v.Kind == jsontree.String {
				r.errorAt(v.Offset, "model-id", "the model id "+reason, "")
			}
		case "title":
			d.Title = r.text(m)
		case "description":
			d.Description = r.text(m)
		case "url":
			d.URL = r.text(m)
		case "categories":
			r.want(m, jsontree.Array)
			for _, e := range v.Elems {
				r.want(jsontree.Member{Name: "category", Value: e}, jsontree.String)
			}
			d.Categories = v.Strings()
		case "price":
			r.want(m, jsontree.Object)
			d.Price = r.price(v)
		case "removed":
			r.want(m, jsontree.Bool)
			d.Removed = v.True()
		case "example":
			d.Example = v
		case "input":
			d.Input = v
		case "output":
			d.Output = v
		case "catalog":
			r.want(m, jsontree.Object)
			d.Catalog = v
		default:
			r.errorAt(m.Offset, "document-shape", fmt.Sprintf("unknown member %q", m.Name),
				"the members of a schema document are "+strings.Join(documentKeys, ", "))
		}
	}
	if root.Get("model_id") == nil {
		r.errorAt(root.Offset, "document-shape", `the member "model_id" is missing`, "")
	}
	if d.Input == nil {
		r.errorAt(root.Offset, "document-shape", `the member "input" is missing`, "")
	} else if d.Input.Kind != jsontree.Object {
		r.errorAt(d.Input.Offset, "document-shape",
			"the input schema is not an object but "+d.Input.Kind.WithArticle(), "")
	}
	return d
}

func (r *reader) price(v *jsontree.Value) Price {
	var p Price
	for _, m := range v.Members {
		switch m.Name {
		case "usd":
			r.want(m, jsontree.Number)
			p.USD = m.Value.Text
		case "unit":
			p.Unit = r.text(m)
		default:
			r.errorAt(m.Offset, "document-shape", fmt.Sprintf("unknown member %q of the price", m.Name),
				"a price has usd and unit")
		}
	}
	if v.Kind == jsontree.Object && v.Get("usd") == nil {
		r.errorAt(v.Offset, "document-shape", `the member "usd" of the price is missing`, "")
	}
	return p
}

func (r *reader) text(m jsontree.Member) string {
	r.want(m, jsontree.String)
	return m.Value.Str()
}

func (r *reader) want(m jsontree.Member, k jsontree.Kind) {
	if m.Value.Kind != k {
		r.errorAt(m.Value.Offset, "document-shape",
			fmt.Sprintf("%q is %s, not %s", m.Name, m.Value.Kind.WithArticle(), k.WithArticle()), "")
	}
}

// InvalidModelID says why an id can name no model, or returns "". An id has
// segments between slashes, none of them empty, "." or "..", no control characters
// and no "#", which parts an id from a property in names.json and in diagnostics;
// it may hold blanks, dots and capitals.
func InvalidModelID(id string) string {
	if !utf8.ValidString(id) {
		return "is not valid UTF-8"
	}
	if len(id) > maxModelID {
		return fmt.Sprintf("is longer than %d bytes", maxModelID)
	}
	for _, r := range id {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			return "holds a control character"
		}
		if r == '#' {
			return `holds a "#"`
		}
	}
	for segment := range strings.SplitSeq(id, "/") {
		switch strings.TrimSpace(segment) {
		case "":
			return "has an empty segment"
		case ".", "..":
			return fmt.Sprintf("has a segment %q", segment)
		}
	}
	return ""
}

// maxModelID keeps a file named by an id, with -2 and its ending, under the 255
// bytes that file systems allow.
const maxModelID = 200
