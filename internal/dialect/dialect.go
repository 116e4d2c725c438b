// Package dialect decides what the JSON Schema of the site means, once for all who
// ask: lint, plan, validate, and the exports. It holds
//
//   - the keywords that are known, the form of their values, which of them generated
//     code checks (KeywordNamed, Malformed);
//   - types with the site's float (StandardTypes), equality and membership of values
//     (Equal, HasType);
//   - bounds in the forms of all drafts (ReadRange, ReadCount) and patterns (Pattern);
//   - references (Resolve) and the schemas inside of a schema (Children);
//   - media: formats, rules, and the signs by which a property is known to be media;
//   - what a model makes (OutputKind, OutputSchema), names that a struct tag carries
//     (Taggable), and texts without leaked keys (PlainText);
//   - Translate, which rewrites a schema as one of draft 2020-12.
//
// It knows schemas as trees of package jsontree and nothing of documents or of Go.
// What is irregular comes back as a Problem under a rule of package diag; the caller
// adds the document.
package dialect

// A Problem is what is irregular in a schema.
type Problem struct {
	Rule    string // its name in the table of package diag
	Offset  int    // in the schema's source
	Path    string // JSON path of the values that the schema is for; "" where the caller knows it
	Message string
}

// At returns the problem with its path.
func (p Problem) At(path string) Problem {
	p.Path = path
	return p
}
