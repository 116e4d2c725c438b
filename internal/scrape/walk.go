package scrape

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/genclient/genclient/internal/jsontree"
)

// walk files what is inside a value. The outermost schema counts, not one
// nested in it. name is the member that the value belongs to, and after the last
// endpoint that the text names before it.
func (s *scanner) walk(t *text, v *jsontree.Value, where *holder, name string, after *mention) {
	if s.steps++; v == nil || s.tooMuch(t, v) {
		return
	}
	switch {
	case isMarker(v) && roleOf(name) == forInput:
		reason := fmt.Sprintf("it refers to %q, which is not in it", v.Text)
		s.reasons = append(s.reasons, syntaxIssue{location{t, v.Offset}, v.Offset, reason, ""})
	case v.Kind == jsontree.String:
		s.walkString(t, v, where, name)
	case isOutputSchema(v):
		s.outputs = append(s.outputs, s.schemaAt(t, v, where, name, after))
	case isObjectSchema(v):
		s.schemas = append(s.schemas, s.schemaAt(t, v, where, name, after))
	case isOpenAPI(v):
		s.walkOpenAPI(t, v, where)
	case v.Kind == jsontree.Array:
		inside := where.within(name)
		inside.tool = holdsTools(name)
		for _, e := range v.Elems {
			if e.Is(jsontree.String) && !mediaType.MatchString(e.Text) && modelName.MatchString(e.Text) {
				inside.claims = append(inside.claims, claim{kind: byName, value: e.Text})
			}
		}
		for _, e := range v.Elems {
			s.walkMember(t, e, inside, "", after)
		}
	case v.Kind == jsontree.Object:
		inside := where.within(name)
		inside.claims, inside.label = claimsOf(v), roleLabel(v)
		inside.tool = definesTool(v, t.origin) || holdsTools(name)
		for _, m := range v.Members {
			s.walkMember(t, m.Value, inside.keyed(m.Name), m.Name, after)
		}
	}
}

// schemaAt returns a schema as a candidate, with what the names around it say.
func (s *scanner) schemaAt(t *text, v *jsontree.Value, where *holder, name string, after *mention) candidate {
	c := candidate{value: v, location: location{t, v.Offset}, where: where, after: after, data: s.data}
	c.tool = where.isTool()
	c.role, c.words = where.named(name)
	return c
}

// tooMuch reports whether the scan has looked at so much that it ends here.
func (s *scanner) tooMuch(t *text, v *jsontree.Value) bool {
	if s.steps <= maxSteps {
		return false
	}
	if !s.stopped {
		s.stopped = true
		s.issues = append(s.issues, syntaxIssue{location{t, v.Offset}, v.Offset, "it repeats its rows too often", ""})
	}
	return true
}

// walkMember walks a member or element, and adds an endpoint that it is to what
// its container says of a model.
func (s *scanner) walkMember(t *text, v *jsontree.Value, inside *holder, name string, after *mention) {
	before := len(s.endpoints)
	s.walk(t, v, inside, name, after)
	if !v.Is(jsontree.String) || len(s.endpoints) == before {
		return
	}
	first := s.endpoints[before]
	if text := strings.TrimSpace(v.Text); first.command || strings.HasPrefix(strings.ToLower(text), "http") ||
		strings.HasPrefix(text, apiHost) {
		inside.claims = append(inside.claims, claim{kind: byID, mention: first})
	}
}

// walkString looks into a string: it may be an endpoint, a curl command or
// JSON once more.
func (s *scanner) walkString(t *text, v *jsontree.Value, where *holder, name string) {
	if s.strings == maxStrings || !bytes.ContainsAny([]byte(v.Text), "{/") {
		return
	}
	s.steps += len(v.Text) / 64
	inner := t.derive()
	inner.isString = true
	if at, isText := s.data.textRow(v); isText {
		inner.add([]byte(v.Text), at, verbatim)
	} else {
		inner.add([]byte(v.Text), v.Offset+len(`"`), jsonString)
	}
	held := s.data
	s.strings++
	s.data = &data{text: inner} // references are not resolved in a string
	inside := where.within(name)
	before := len(s.endpoints)
	s.scan(inner, inside)
	for _, m := range s.endpoints[before:] {
		if m.where == inside {
			inside.claims = append(inside.claims, claim{kind: byID, mention: m})
		}
	}
	s.strings--
	s.data = held
}

// textRow returns the offset of a string that is a text row of a stream.
func (d *data) textRow(v *jsontree.Value) (offset int, is bool) {
	if d == nil || d.rows == nil {
		return 0, false
	}
	offset, is = d.rows.texts[v]
	return offset, is
}

// isObjectSchema reports whether v has the shape of an input schema: type
// object, and properties.
func isObjectSchema(v *jsontree.Value) bool {
	return v.Is(jsontree.Object) && v.Get("type").Str() == "object" && v.Get("properties").Is(jsontree.Object)
}

// isOutputSchema reports whether v has the shape of an output schema: the one
// member "output", an object schema.
func isOutputSchema(v *jsontree.Value) bool {
	return v.Is(jsontree.Object) && len(v.Members) == 1 && isObjectSchema(v.Get("output"))
}
