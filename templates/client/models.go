package client

import (
	"bytes"
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
		seen, going := map[string]bool{}, true
		for offset, before := 0, -1; err == nil && going && len(seen) > before; {
			var a answer
			job := &Job{core: core, secrets: core.newRedactor(nil)}
			a, err = job.call(ctx, opModels, "?"+filter.query(offset), false)
			list := &lenient{text: a.fields["models"], ctx: ctx}
			first := list.next()
			// A page with nothing new means the end, or a server to which the
			// offset means nothing. A total may count something else.
			before = len(seen)
			switch {
			case err != nil:
			case first == '[': // one entry at a time: all of them may be large
				list.array(func() bool {
					offset++
					if m := readModel(list); m.ID != "" && !seen[m.ID] {
						seen[m.ID] = true
						going = yield(m, nil)
					}
					return going
				})
			case offset == 0 || string(list.text) != "null":
				err = &APIError{Op: opModels, StatusCode: a.status, Message: "the answer has no list of models"}
			}
		}
		if err != nil && going {
			yield(ModelInfo{}, err)
		}
	}
}

// readModel reads one entry of a catalog. What does not fit is left out.
func readModel(l *lenient) (m ModelInfo) {
	if l.next() != '{' {
		return m
	}
	l.object(func(name []byte) {
		raw := json.RawMessage(l.value())
		switch unquote(name) {
		case "model_id":
			m.ID = textOf(raw)
		case "display_name":
			m.DisplayName = textOf(raw)
		case "categories":
			_ = json.Unmarshal(raw, &m.Categories)
		case "kind":
			m.Kind = textOf(raw)
		case "base_price_usd":
			m.BasePrice = numberOf(raw)
		case "price_unit":
			m.PriceUnit = textOf(raw)
		case "pricing_note":
			m.PricingNote = textOf(raw)
		case "input_schema":
			if json.Valid(raw) {
				m.InputSchema = bytes.Clone(raw) // which lets go of the answer
			}
		}
	})
	return m
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
