package floor

// runtimeSource is the package that all models share.
const runtimeSource = `package rt

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
)

// Fault is one broken rule.
type Fault struct{ Path, Rule, Got string }

// Faults are all of an input.
type Faults []Fault

// Err returns the faults as an error, nil for none.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

func (f Faults) Error() string {
	var b strings.Builder
	for _, x := range f {
		b.WriteString(x.Path + ": " + x.Rule + " " + x.Got + "\n")
	}
	return b.String()
}

// Client posts inputs.
type Client struct{ Base, Token string }

// Submitted is the answer.
type Submitted struct {
	RequestID string ` + "`json:\"request_id\"`" + `
}

// Submit checks and posts an input.
func (c *Client) Submit(ctx context.Context, model string, in interface{ Validate() error }) (*Submitted, error) {
	if err := in.Validate(); err != nil {
		return nil, err
	}
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Base+"/v1/models/"+model, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.Token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	var out Submitted
	return &out, json.NewDecoder(res.Body).Decode(&out)
}
`
