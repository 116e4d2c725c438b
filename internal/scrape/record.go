package scrape

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/jsontree"
	"github.com/genclient/genclient/internal/schema"
)

// packedHead is the first line of what Pack writes; the document follows.
type packedHead struct {
	ID       string        `json:"id"`
	Catalog  bool          `json:"catalog,omitzero"`
	NoSchema bool          `json:"no_schema,omitzero"` // of a catalog entry
	Locale   string        `json:"locale,omitzero"`
	Pos      diag.Position `json:"pos"`
	Notes    diag.List     `json:"notes,omitzero"`
}

// Pack writes what one source says of one model, with the diagnostics of
// reading it, so that it takes little memory and can be kept in a file: one
// line of JSON, then the schema document.
func Pack(s Scraped, notes diag.List) []byte {
	head := packedHead{ID: s.ID, Locale: s.Locale, Pos: s.Pos, Notes: notes}
	doc := s.Page
	if doc == nil {
		head.Catalog, doc = true, s.Catalog
	}
	if head.NoSchema = doc.Input == nil; head.NoSchema {
		with := *doc
		with.Input, doc = jsontree.NewObject(), &with
	}
	line, err := json.Marshal(head)
	if err != nil {
		panic("a packed head is plain data: " + err.Error())
	}
	return append(append(line, '\n'), doc.Value().Compact()...)
}

// PackedHead reads only the model id and the diagnostics of what Pack wrote.
func PackedHead(packed []byte) (id string, notes diag.List, err error) {
	head, _, err := unpackHead(packed)
	return head.ID, head.Notes, err
}

func unpackHead(packed []byte) (head packedHead, document []byte, err error) {
	line, document, ok := bytes.Cut(packed, []byte("\n"))
	if !ok || json.Unmarshal(line, &head) != nil || head.ID == "" {
		return head, nil, errors.New("reading what was kept of a page: it is damaged")
	}
	return head, document, nil
}

// Unpack reads what Pack wrote. The error of a document that cannot be read
// again, as one nested too deep, is a diagnostic at the model's place.
func Unpack(packed []byte) (Scraped, diag.List, error) {
	head, document, err := unpackHead(packed)
	if err != nil {
		return Scraped{}, nil, err
	}
	s := Scraped{ID: head.ID, Locale: head.Locale, Pos: head.Pos}
	doc, diags := schema.Read("", document)
	if doc == nil {
		return s, diag.List{{Pos: s.Pos, Severity: diag.Error, Rule: diags[0].Rule, Subject: s.ID,
			Message: fmt.Sprintf("no document can be made of this: %s", diags[0].Message)}}, nil
	}
	if head.NoSchema {
		doc.Input = nil
	}
	if head.Catalog {
		s.Catalog = doc
	} else {
		s.Page = doc
	}
	return s, nil, nil
}
