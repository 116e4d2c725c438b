package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strconv"
)

// A ModelFilter selects from the API's catalog. Its zero value selects all.
type ModelFilter struct {
	// Search is matched by the API against names and ids.
	Search string
	// Category and Kind are one of the API's categories and kinds.
	Category, Kind string
	// WithSchema asks for the input schemas too.
	WithSchema bool
}

// A ModelInfo is one entry of the API's catalog.
type ModelInfo struct {
	ID          string
	DisplayName string
	Categories  []string
	Kind        string
	// BasePrice is in US dollars per PriceUnit, nil when the API does not say.
	BasePrice   *float64
	PriceUnit   string
	PricingNote string
	// InputSchema is a JSON schema, nil unless ModelFilter asked for it.
	InputSchema json.RawMessage
}

// modelsPage is how many entries are asked for at once.
const modelsPage = 100

// Models lists the models of the API's catalog, page by page as the loop goes
// on. An error, of the *APIError family or a *ConfigError, ends it.
func (c *Client) Models(ctx context.Context, filter ModelFilter) iter.Seq2[ModelInfo, error] {
	return func(yield func(ModelInfo, error) bool) {
		core, err := c.ready()
		if err != nil {
			yield(ModelInfo{}, err)
			return
		}
		seen := map[string]bool{}
		for offset := 0; ; {
			a, err := core.call(ctx, call{op: "models", method: http.MethodGet, path: "/v1/models?" + filter.query(offset), secrets: core.newRedactor(nil)})
			if err != nil {
				yield(ModelInfo{}, err)
				return
			}
			var page []map[string]json.RawMessage
			if json.Unmarshal(a.fields["models"], &page) != nil {
				yield(ModelInfo{}, &APIError{Op: "models", StatusCode: http.StatusOK, Message: "the answer has no list of models"})
				return
			}
			before := len(seen)
			for _, fields := range page {
				m := newModelInfo(answer{fields: fields})
				if m.ID == "" || seen[m.ID] {
					continue
				}
				seen[m.ID] = true
				if !yield(m, nil) {
					return
				}
			}
			offset += len(page)
			// A page with nothing new means the end, or a server to which the
			// offset means nothing.
			if total, ok := a.number("total"); len(seen) == before || ok && float64(offset) >= total {
				return
			}
		}
	}
}

func (f ModelFilter) query(offset int) string {
	q := url.Values{"limit": {strconv.Itoa(modelsPage)}, "offset": {strconv.Itoa(offset)}}
	for name, value := range map[string]string{"search": f.Search, "category": f.Category, "kind": f.Kind} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if f.WithSchema {
		q.Set("include_schema", "true")
	}
	return q.Encode()
}

func newModelInfo(a answer) ModelInfo {
	m := ModelInfo{
		ID: a.text("model_id"), DisplayName: a.text("display_name"), Kind: a.text("kind"),
		PriceUnit: a.text("price_unit"), PricingNote: a.text("pricing_note"),
	}
	_ = json.Unmarshal(a.fields["categories"], &m.Categories) // of another form: none
	if price, ok := a.number("base_price_usd"); ok {
		m.BasePrice = &price
	}
	if a.has("input_schema") {
		m.InputSchema = a.fields["input_schema"]
	}
	return m
}
