package scrape

import (
	"bytes"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/jsontree"
)

// readJSON reads a source that is one JSON value. One entry of a catalog answer
// that cannot be read, as one with a name twice or too deep, does not cost the
// others: then the answer is taken apart by its brackets, and each such entry is
// an error in the list. Without a value the list says why there is none.
func readJSON(src *jsontree.Source) (*jsontree.Value, diag.List) {
	text := bytes.TrimRight(src.Text, " \t\r\n") // a string that is cut off ends with the text
	root, err := jsontree.Parse(text, jsontree.Foreign)
	if err == nil {
		return root, nil
	}
	root, issues := splitAnswer(text)
	if root == nil {
		return nil, diag.List{jsonIssue(src, syntaxError(err))}
	}
	var diags diag.List
	for _, i := range issues {
		d := jsonIssue(src, i.err)
		d.Subject, d.Hint = i.id, "the entry is left out; the others are read"
		diags = append(diags, d)
	}
	return root, diags
}

// jsonIssue reports JSON that cannot be read.
func jsonIssue(src *jsontree.Source, issue *jsontree.SyntaxError) diag.Diagnostic {
	d := diag.Diagnostic{Pos: src.Position(issue.Offset), Severity: diag.Error, Rule: "json-syntax",
		Message: issue.Message}
	if issue.CutOff {
		d.Rule, d.Hint = "json-cut-off", "capture the whole answer; nothing was taken from it"
	}
	return d
}

// entryIssue is why an entry of an answer cannot be read.
type entryIssue struct {
	err *jsontree.SyntaxError
	id  string // where it names a model
}

// unreadableEntry is the text of the object that is in the place of an entry that
// cannot be read; it has the entry's model_id.
const unreadableEntry = "unreadable"

// splitAnswer takes a text apart that has the shape of a catalog answer, by its
// brackets and strings alone, and reads each entry. It is nil for anything
// else.
func splitAnswer(text []byte) (*jsontree.Value, []entryIssue) {
	root := jsontree.NewObject()
	list := span{}
	if members, ok := splitMembers(text); ok {
		for _, m := range members {
			switch value := text[m.from:m.to]; {
			case m.name == "model_id": // one entry
				e, issue := readSpan(text, span{0, len(text)})
				return e, []entryIssue{issue}
			case m.name == "models" && value[0] == '[':
				if list.to > 0 {
					return nil, nil
				}
				list = m.span
			case m.name == "total":
				if v, _, err := jsontree.Decode(value, m.from); err == nil {
					root.Members = append(root.Members, jsontree.Member{Name: "total", Value: v})
				}
			}
		}
	} else if from, size := skipValue(text); size == len(text) && text[from] == '[' {
		list = span{from, size}
	}
	elems, ok := splitElems(text, list)
	if !ok {
		return nil, nil
	}
	models, known := jsontree.NewArray(), false
	var issues []entryIssue
	for _, s := range elems {
		e, issue := readSpan(text, s)
		if issue.err != nil {
			issues = append(issues, issue)
		}
		known = known || e.Get("model_id") != nil
		models.Elems = append(models.Elems, e)
	}
	if !known {
		return nil, nil
	}
	root.Members = append(root.Members, jsontree.Member{Name: "models", Value: models})
	return root, issues
}

// readSpan reads one entry of a text.
func readSpan(text []byte, s span) (*jsontree.Value, entryIssue) {
	v, _, err := jsontree.Decode(text[s.from:s.to], s.from)
	if err == nil {
		return v, entryIssue{}
	}
	v = &jsontree.Value{Kind: jsontree.Object, Text: unreadableEntry, Offset: s.from}
	issue := entryIssue{err: syntaxError(err)}
	members, _ := splitMembers(text[s.from:s.to])
	for _, m := range members {
		if m.name != "model_id" || issue.id != "" {
			continue
		}
		id, _, err := jsontree.Decode(text[s.from+m.from:s.from+m.to], s.from+m.from)
		if err == nil && id.Is(jsontree.String) {
			issue.id = id.Text
			v.Members = append(v.Members, jsontree.Member{Name: m.name, Value: id})
		}
	}
	return v, issue
}
