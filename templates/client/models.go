package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/url"
	"strconv"
)

// A ModelFilter selects from the API's catalog. Its zero value selects all.
type ModelFilter struct {
	Search         string // matched by the API against names and ids
	Category, Kind string // of the API's categories and kinds
	WithSchema     bool   // asks for the input schemas too
}

// A ModelInfo is one entry of the API's catalog.
type ModelInfo struct {
	ID          string
	DisplayName string
	Categories  []string
	Kind        string
	BasePrice   *float64 // US dollars per PriceUnit, nil when the API does not say
	PriceUnit   string
	PricingNote string
	InputSchema json.RawMessage // a JSON schema, nil unless ModelFilter asked for it
}

// Models lists the models of the API's catalog, page by page as the loop goes
// on. An error, of the *APIError family or a *ConfigError, ends it.
func (c *Client) Models(ctx context.Context, filter ModelFilter) iter.Seq2[ModelInfo, error] {
	return func(yield func(ModelInfo, error) bool) {
		core, err := c.ready()
		seen, more := map[string]bool{}, true
		for offset := 0; err == nil && more; {
			var a answer
			a, err = (&Job{core: core, secrets: core.newRedactor(nil)}).repeat(ctx, "models", "/v1/models?"+filter.query(offset), false)
			var page []map[string]json.RawMessage
			if err == nil && json.Unmarshal(a.fields["models"], &page) != nil {
				err = &APIError{Op: "models", StatusCode: a.status, Message: "the answer has no list of models"}
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
			total, known := numberOf(a.fields["total"])
			more = len(seen) > before && (!known || float64(offset) < total)
		}
		if err != nil {
			yield(ModelInfo{}, err)
		}
	}
}

func (f ModelFilter) query(offset int) string {
	q := url.Values{"limit": {"100"}, "offset": {strconv.Itoa(offset)}}
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
		PriceUnit: a.text("price_unit"), PricingNote: a.text("pricing_note"), BasePrice: newCost(a.fields["base_price_usd"]),
	}
	_ = json.Unmarshal(a.fields["categories"], &m.Categories) // of another form: none
	if a.has("input_schema") {
		m.InputSchema = a.fields["input_schema"]
	}
	return m
}
