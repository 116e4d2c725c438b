package mock

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxPage is the largest page of the catalog, and its size without a limit.
const maxPage = 100

type entry struct {
	ModelID      string          `json:"model_id"`
	DisplayName  string          `json:"display_name"`
	Categories   []string        `json:"categories"`
	Kind         string          `json:"kind"`
	BasePriceUSD float64         `json:"base_price_usd"`
	PriceUnit    string          `json:"price_unit,omitempty"`
	PricingNote  string          `json:"pricing_note,omitempty"`
	InputSchema  json.RawMessage `json:"input_schema,omitempty"`
}

// catalogKind is the kind of every entry that is an endpoint.
const catalogKind = "model"

func catalogEntry(m Model, withSchema bool) entry {
	e := entry{
		ModelID: m.ID, DisplayName: m.DisplayName, Categories: append([]string{}, m.Categories...), Kind: catalogKind,
		BasePriceUSD: m.BasePriceUSD, PriceUnit: m.PriceUnit, PricingNote: m.PricingNote,
	}
	if withSchema {
		e.InputSchema = m.InputSchema
	}
	return e
}

// list answers a page of the catalog: entries that match search (part of id or
// name, without case), category and kind, then offset and limit.
func (s *Server) list(query url.Values) answer {
	limit, ok1 := pageNumber(query, "limit", maxPage)
	offset, ok2 := pageNumber(query, "offset", 0)
	var problems []Problem
	for _, p := range []struct {
		name string
		ok   bool
	}{{"limit", ok1}, {"offset", ok2}} {
		if !p.ok {
			problems = append(problems, Problem{Path: []any{p.name}, Type: "int_parsing", Message: "Input should be a valid integer that is not negative"})
		}
	}
	if len(problems) > 0 {
		return unprocessable("query", problems)
	}
	search := strings.ToLower(query.Get("search"))
	category, kind := query.Get("category"), query.Get("kind")
	found := []entry{}
	for _, m := range s.cfg.models {
		if (kind != "" && kind != catalogKind) ||
			(category != "" && !slices.Contains(m.Categories, category)) ||
			!strings.Contains(strings.ToLower(m.ID+"\n"+m.DisplayName), search) {
			continue
		}
		found = append(found, catalogEntry(m, query.Get("include_schema") == "true"))
	}
	page := found[min(offset, len(found)):]
	page = page[:min(limit, maxPage, len(page))]
	return jsonAnswer(http.StatusOK, map[string]any{"models": page, "total": len(found)})
}

// pageNumber reads a query parameter that is a count.
func pageNumber(query url.Values, name string, absent int) (int, bool) {
	text := query.Get(name)
	if text == "" {
		return absent, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 0
}

// categories answers the names of all categories, sorted.
func (s *Server) categories() answer {
	names := []string{}
	for _, m := range s.cfg.models {
		names = append(names, m.Categories...)
	}
	slices.Sort(names)
	return jsonAnswer(http.StatusOK, map[string]any{"categories": slices.Compact(names)})
}
