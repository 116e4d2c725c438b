package mock_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/genclient/genclient/mock"
	"github.com/google/go-cmp/cmp"
)

// TestRefusals: what the emulator refuses by itself has the API's shape and
// charges nothing.
func TestRefusals(t *testing.T) {
	s := newServer(t)
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		want               string
	}{
		"no prompt":     {"POST", "/v1/models/" + imageModel, `{}`, 422, `{"detail":[{"loc":["body","prompt"],"msg":"Field required","type":"required"}]}`},
		"no object":     {"POST", "/v1/models/" + imageModel, `[1]`, 422, `{"detail":[{"loc":["body"],"msg":"Input should be a JSON object","type":"model_attributes_type"}]}`},
		"unknown model": {"POST", "/v1/models/no/such", `{}`, 404, `{"error_code":404001,"error_message":"Model not found"}`},
		"unknown id":    {"GET", "/v1/requests/abc/status", "", 404, `{"error_code":404001,"error_message":"Request not found or expired"}`},
		"bad id":        {"GET", "/v1/requests/a.b/result", "", 400, `{"error_code":400001,"error_message":"Invalid request id"}`},
		"no such path":  {"GET", "/v2", "", 404, `{"error_code":404001,"error_message":"Not found"}`},
	} {
		t.Run(name, func(t *testing.T) {
			r := mustSend(t, s, c.method, c.path, c.body)
			if r.status != c.status || string(r.body) != c.want {
				t.Errorf("%d %s, want %d %s", r.status, r.body, c.status, c.want)
			}
		})
	}
	s.Revoke()
	if r := mustSend(t, s, "POST", "/v1/models/"+imageModel, `{"prompt":"a fox"}`); r.status != 401 {
		t.Errorf("revoked token: %d", r.status)
	}
	if n := len(s.Ledger()); n != 0 {
		t.Errorf("%d charges for refused submits", n)
	}
}

// TestCatalog: paging, filters and the model with a blank in its id.
func TestCatalog(t *testing.T) {
	s := newServer(t, mock.WithModels(
		mock.Model{ID: "a/x", DisplayName: "First", Categories: []string{"image-to-video"}, InputSchema: json.RawMessage(`{"type":"object"}`)},
		mock.Model{ID: "a/Hailuo Video 01", Categories: []string{"text-to-video", "image-to-video"}},
		mock.Model{ID: "b/y", Categories: []string{"text-to-image"}},
	))
	ids := func(query string) (got []string, total int) {
		var a struct {
			Models []struct {
				ModelID string `json:"model_id"`
			}
			Total int
		}
		r := mustSend(t, s, "GET", "/v1/models"+query, "")
		if err := json.Unmarshal(r.body, &a); err != nil {
			t.Fatalf("%s: %v", r.body, err)
		}
		for _, m := range a.Models {
			got = append(got, m.ModelID)
		}
		return got, a.Total
	}
	for query, want := range map[string]struct {
		ids   []string
		total int
	}{
		"":                            {[]string{"a/x", "a/Hailuo Video 01", "b/y"}, 3},
		"?limit=1&offset=1":           {[]string{"a/Hailuo Video 01"}, 3},
		"?offset=9":                   {nil, 3},
		"?search=HAILUO":              {[]string{"a/Hailuo Video 01"}, 1},
		"?search=first":               {[]string{"a/x"}, 1},
		"?category=image-to-video":    {[]string{"a/x", "a/Hailuo Video 01"}, 2},
		"?kind=workflow":              {nil, 0},
		"?kind=model&search=b%2Fy":    {[]string{"b/y"}, 1},
		"?limit=2&category=text-to-3": {nil, 0},
	} {
		got, total := ids(query)
		if diff := cmp.Diff(want.ids, got); diff != "" || total != want.total {
			t.Errorf("%s: total %d, want %d (-want +got):\n%s", query, total, want.total, diff)
		}
	}
	const refused = `{"detail":[{"loc":["query","limit"],"msg":"Input should be a valid integer that is not negative","type":"int_parsing"}]}`
	if r := mustSend(t, s, "GET", "/v1/models?limit=-1&offset=0", ""); r.status != 422 || string(r.body) != refused {
		t.Errorf("negative limit: %d %s", r.status, r.body)
	}
	if r := mustSend(t, s, "GET", "/v1/models/categories", ""); string(r.body) != `{"categories":["image-to-video","text-to-image","text-to-video"]}` {
		t.Errorf("categories: %s", r.body)
	}
	if r := mustSend(t, s, "GET", "/v1/models/a/Hailuo%20Video%2001", ""); r.text(t, "model_id") != "a/Hailuo Video 01" {
		t.Errorf("one model: %s", r.body)
	}
	for query, want := range map[string]bool{"?search=a/x": false, "?search=a/x&include_schema=true": true} {
		if r := mustSend(t, s, "GET", "/v1/models"+query, ""); bytes.Contains(r.body, []byte("input_schema")) != want {
			t.Errorf("%s: %s", query, r.body)
		}
	}
}

// TestHandler: the emulator works behind a server of the caller's own, where
// every broken connection is one that closes.
func TestHandler(t *testing.T) {
	s := newServer(t, mock.WithFault(mock.CallSubmit, 1, mock.ResetAnswer()), mock.WithFault(mock.CallSubmit, 2, mock.CutHeader()))
	front := httptest.NewServer(s.Handler())
	defer front.Close()
	post := func(prompt string) (*http.Response, error) {
		req, err := http.NewRequest("POST", front.URL+"/v1/models/"+imageModel, strings.NewReader(`{"prompt":"`+prompt+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+s.Token())
		return front.Client().Do(req)
	}
	for _, prompt := range []string{"reset", "cut"} {
		if resp, err := post(prompt); err == nil {
			resp.Body.Close()
			t.Errorf("%s: answered %s", prompt, resp.Status)
		}
	}
	resp, err := post("served")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != 200 || len(s.Ledger()) != 3 {
		t.Errorf("%s, %d charges", resp.Status, len(s.Ledger()))
	}
}
