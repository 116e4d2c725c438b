package scrape

import (
	"bytes"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/schema"
)

// resolveIDs decides where each mention's id ends. Blanks and the words after
// them belong to it where the page writes them as an id, behind --url or in
// quotes, or where another mention agrees.
func (w *weigher) resolveIDs() {
	all := w.mentions()
	for _, m := range all {
		m.id, m.longer = unescape(m.id), unescape(m.longer)
	}
	exact := map[string]int{} // ids that nothing could continue
	for _, m := range all {
		if m.longer == "" {
			exact[m.id]++
		} else if m.trusted {
			exact[m.longer]++
		}
	}
	for _, m := range all {
		w.resolveID(m, exact)
	}
	w.dropGlued(all)
}

// resolveID decides whether what may continue an id belongs to it.
func (w *weigher) resolveID(m *mention, exact map[string]int) {
	short := m.id
	switch {
	case m.longer == "":
	case m.trusted:
		// The shorter of two ids needs no second witness, the longer does.
		if exact[short] == 0 || exact[m.longer] > 1 || w.isWritten(m.longer) {
			m.id = m.longer
		}
	default:
		for longer := m.longer; len(longer) > len(short); {
			if exact[longer] > 0 || w.isWritten(longer) {
				m.id = longer
				return
			}
			longer = longer[:max(strings.LastIndexByte(longer, ' '), 0)]
		}
	}
}

// dropGlued takes off a word that is written right after an id, as a label
// "Copy": where the page has the id without it too, and only one URL with it.
func (w *weigher) dropGlued(all []*mention) {
	count := map[string]int{}
	for _, m := range all {
		count[m.id]++
	}
	for _, m := range all {
		end := strings.TrimRightFunc(m.id, unicode.IsLetter)
		for at := len(m.id) - 1; at > len(end) && len(m.id) <= maxLonger && count[m.id] == 1; at-- {
			if count[m.id[:at]] > 0 && !w.isWritten(m.id) {
				m.id = m.id[:at]
				break
			}
		}
	}
}

// unescape undoes the percent-encoding of an id taken from a URL.
func unescape(id string) string {
	if plain, err := url.PathUnescape(id); err == nil {
		return strings.TrimRight(plain, " /")
	}
	return id
}

func (w *weigher) mentions() []*mention {
	var all []*mention
	for o := range origins {
		all = append(all, w.of[o].endpoints...)
	}
	return all
}

// maxLooked is how often a page is searched; one with its own id alone needs a
// few times.
const maxLooked = 200

// isWritten reports whether a page has an id outside of any URL, with an end to
// it.
func (w *weigher) isWritten(id string) bool {
	if w.looked++; w.looked > maxLooked {
		return false
	}
	for o := range origins {
		for _, t := range w.page.texts(o) {
			for rest := t.data; ; {
				i := bytes.Index(rest, []byte(id))
				if i < 0 {
					break
				}
				before, _ := utf8.DecodeLastRune(rest[:i])
				after, _ := utf8.DecodeRune(rest[i+len(id):])
				if before != '/' && !isWord(before) && after != ' ' && after != '/' && !isWord(after) {
					return true
				}
				rest = rest[i+len(id):]
			}
		}
	}
	return false
}

// chooseID decides which model the page is about.
func (w *weigher) chooseID() diag.List {
	for o := range origins {
		list := w.of[o].endpoints
		if inText := filter(list, func(m *mention) bool { return m.where == nil }); len(inText) > 0 {
			list = inText
		}
		for _, counts := range []func(*mention) bool{w.isOutermost, isMain, isCommand, w.hasOwnSlug, w.holdsSchema} {
			if some := filter(list, counts); len(some) > 0 && !sameID(list) {
				list = some
			}
		}
		if len(list) == 0 {
			continue
		}
		w.id, w.who.id = list[0], list[0].id
		for _, m := range list {
			if m.id != w.who.id {
				return severalModels(w.id, m)
			}
		}
		return w.checkID()
	}
	return nil
}

func filter[T any](list []T, keep func(T) bool) (kept []T) {
	for _, v := range list {
		if keep(v) {
			kept = append(kept, v)
		}
	}
	return kept
}

func sameID(list []*mention) bool {
	return !slices.ContainsFunc(list, func(m *mention) bool { return m.id != list[0].id })
}

func isCommand(m *mention) bool { return m.command }

// isOutermost reports whether no object around the one that names a model names
// another: a record holds its neighbours.
func (w *weigher) isOutermost(m *mention) bool {
	for c := m.where; c != nil; c = c.up {
		if slices.ContainsFunc(c.claims, func(c claim) bool { return c.mention != nil }) &&
			!slices.ContainsFunc(c.claims, func(c claim) bool { return c.mention != nil && c.mention.id == m.id }) {
			return false
		}
	}
	return true
}

// isMain reports whether nothing around a mention is named as a list of other
// models.
func isMain(m *mention) bool {
	for c := m.where; c != nil; c = c.up {
		switch plainName(c.name) {
		case "related", "relatedmodels", "similar", "similarmodels", "recommended", "recommendations", "suggested",
			"alternatives", "siblings", "others", "othermodels", "more", "moremodels", "next", "previous", "prev",
			"neighbours", "neighbors":
			return false
		}
	}
	return true
}

// hasOwnSlug reports whether an object around a mention has the slug of the
// page's address.
func (w *weigher) hasOwnSlug(m *mention) bool {
	for c := m.where; c != nil; c = c.up {
		if slices.ContainsFunc(c.claims, func(c claim) bool { return c.mention == nil && w.who.hasSlug(c.value) }) {
			return true
		}
	}
	return false
}

// holdsSchema reports whether the object that names a model holds a schema.
func (w *weigher) holdsSchema(m *mention) bool {
	if w.holding == nil {
		w.holding = map[*mention]bool{}
		for o := range origins {
			for _, s := range w.of[o].schemas {
				for c := s.where; c != nil; c = c.up {
					for _, claim := range c.claims {
						w.holding[claim.mention] = true
					}
				}
			}
		}
	}
	return w.holding[m]
}

// plainID is an id as nearly all are.
var plainID = regexp.MustCompile(`^[A-Za-z0-9._/-]+$`)

// checkID reports an id that cannot name a model, and one that may have been
// read wrongly: its Go name is pinned for good.
func (w *weigher) checkID() diag.List {
	id, m := w.who.id, w.id
	if reason := schema.InvalidModelID(id); reason != "" {
		return diag.List{{Pos: m.position(), Severity: diag.Error, Rule: "model-id",
			Message: fmt.Sprintf("the model id %q %s", id, reason), Hint: "no document is written for it"}}
	}
	same := filter(w.mentions(), func(m *mention) bool { return m.id == id })
	doubt := ""
	switch {
	case len(same) > 1 || w.isWritten(id):
	case !plainID.MatchString(id):
		doubt = "only this URL has the model id %q, which is not of letters, digits, \".\", \"_\", \"/\" and \"-\" alone"
	case m.mayGoOn():
		doubt = "the model id %q may go on after this"
	}
	if doubt == "" {
		return nil
	}
	return diag.List{{Pos: m.position(), Severity: diag.Warning, Rule: "model-id-doubtful", Subject: id,
		Message: fmt.Sprintf(doubt, id), Hint: "compare it with the page before the Go name is published"}}
}

// mayGoOn reports whether what is written after an id may belong to it: a word
// as those of names, or the rest of a word.
func (m *mention) mayGoOn() bool {
	rest, longer := strings.CutPrefix(m.longer, m.id)
	if !longer || rest == "" {
		return false
	}
	if word, isNext := strings.CutPrefix(rest, " "); isNext {
		return isNameWord(word)
	}
	return rest[0] >= 'a' && rest[0] <= 'z'
}

func severalModels(a, b *mention) diag.List {
	return diag.List{{Pos: b.position(), Severity: diag.Error, Rule: "several-models",
		Message: fmt.Sprintf("the page names the model %q, and %q at %s", b.id, a.id, a.position()),
		Hint:    "give a page that documents one model"}}
}
