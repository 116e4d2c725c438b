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
	ID          string          `json:"model_id"`
	DisplayName string          `json:"display_name"`
	Categories  []string        `json:"categories"`
	Kind        string          `json:"kind"`
	BasePrice   *float64        `json:"base_price_usd"` // US dollars per PriceUnit, nil when the API does not say
	PriceUnit   string          `json:"price_unit"`
	PricingNote string          `json:"pricing_note"`
	InputSchema json.RawMessage `json:"input_schema"` // a JSON schema; nil or null unless ModelFilter asked for it
}

// Models lists the models of the API's catalog, page by page as the loop goes
// on. An error, of the *APIError family or a *ConfigError, ends it.
func (c *Client) Models(ctx context.Context, filter ModelFilter) iter.Seq2[ModelInfo, error] {
	return func(yield func(ModelInfo, error) bool) {
		core, err := c.ready()
		seen, more := map[string]bool{}, true
		for offset := 0; err == nil && more; {
			var a answer
			a, err = (&Job{core: core, secrets: core.newRedactor(nil)}).call(ctx, opModels, "?"+filter.query(offset), false)
			var page []struct {
				ModelInfo
				Price json.RawMessage `json:"base_price_usd"`
			}
			_ = json.Unmarshal(a.fields["models"], &page) // leaves out what does not fit
			if err == nil && page == nil && (offset == 0 || string(a.fields["models"]) != "null") {
				err = &APIError{Op: opModels, StatusCode: a.status, Message: "the answer has no list of models"}
			}
			before := len(seen)
			for _, m := range page {
				if m.ID == "" || seen[m.ID] {
					continue
				}
				seen[m.ID] = true
				m.BasePrice = numberOf(m.Price)
				if !yield(m.ModelInfo, nil) {
					return
				}
			}
			offset += len(page)
			// A page with nothing new means the end, or a server to which the
			// offset means nothing. A total may count something else.
			more = len(seen) > before
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
