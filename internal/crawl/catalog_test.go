package crawl

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/fetch"
)

// catalogServer serves entries as the catalog endpoint does.
type catalogServer struct {
	*httptest.Server
	entries []json.RawMessage
	limit   int             // the most that an answer brings, whatever is asked for
	total   func(n int) any // what it names as the total; nil is left out
	window  func(entries []json.RawMessage, offset, limit, request int) []json.RawMessage
	refuse  int // limits above get 422; 0 refuses none
	token   string

	requests []*http.Request
}

func newCatalog(t *testing.T, entries []json.RawMessage) *catalogServer {
	c := &catalogServer{entries: entries, limit: 100, total: func(n int) any { return n }}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

func (c *catalogServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.requests = append(c.requests, r)
	if c.token != "" && r.Header.Get("Authorization") != "Bearer "+c.token {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
	if c.refuse > 0 && limit > c.refuse {
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	limit = min(limit, c.limit)
	if limit == 0 {
		limit = c.limit
	}
	var page []json.RawMessage
	if c.window != nil {
		page = c.window(c.entries, offset, limit, len(c.requests))
	} else {
		page = window(c.entries, offset, limit)
	}
	answer := map[string]any{"models": append([]json.RawMessage{}, page...)}
	if total := c.total(len(c.entries)); total != nil {
		answer["total"] = total
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(answer)
}

func window(entries []json.RawMessage, offset, limit int) []json.RawMessage {
	from := min(offset, len(entries))
	return entries[from:min(from+limit, len(entries))]
}

// someEntries are synthetic, or those of the catalog file that GENCLIENT_CORPUS
// names.
func someEntries(t *testing.T) (entries []json.RawMessage, ids []string) {
	t.Helper()
	if file := os.Getenv("GENCLIENT_CORPUS"); file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var catalog struct{ Models []json.RawMessage }
		if err := json.Unmarshal(text, &catalog); err != nil {
			t.Fatal(err)
		}
		entries = catalog.Models
	} else {
		for i := range 66 {
			entries = append(entries, json.RawMessage(fmt.Sprintf(`{"model_id": "acme/m-%02d", "kind": "model", "input_schema": %s}`, i, oneProperty)))
		}
	}
	for _, e := range entries {
		var id struct {
			ID string `json:"model_id"`
		}
		if err := json.Unmarshal(e, &id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id.ID)
	}
	slices.Sort(ids)
	return entries, ids
}

// TestCatalogIsReadToItsEnd, whatever the server makes of limits and totals.
func TestCatalogIsReadToItsEnd(t *testing.T) {
	entries, ids := someEntries(t)
	n := len(entries)
	for name, tt := range map[string]struct {
		set   func(*catalogServer)
		rules map[string]int
		whole bool
	}{
		"limit 7":            {func(c *catalogServer) { c.limit = 7 }, nil, true},
		"limit 50":           {func(c *catalogServer) { c.limit = 50 }, nil, true},
		"limit 100":          {func(c *catalogServer) { c.limit = 100 }, nil, true},
		"large ones refused": {func(c *catalogServer) { c.refuse = 30 }, nil, true},
		"every one refused":  {func(c *catalogServer) { c.refuse = 1; c.limit = 20 }, nil, true},
		"no total":           {func(c *catalogServer) { c.limit = 7; c.total = func(int) any { return nil } }, nil, true},
		"a total of words":   {func(c *catalogServer) { c.limit = 7; c.total = func(int) any { return "many" } }, nil, true},
		"total too low":      {func(c *catalogServer) { c.limit = 7; c.total = func(n int) any { return n - 9 } }, map[string]int{"warning catalog-total": 1}, true},
		"total too high":     {func(c *catalogServer) { c.limit = 7; c.total = func(n int) any { return n + 9 } }, map[string]int{"error catalog-incomplete": 1}, false},
		"short answers": {func(c *catalogServer) {
			c.window = func(e []json.RawMessage, offset, limit, request int) []json.RawMessage {
				return window(e, offset, 1+request%5)
			}
		}, nil, true},
		"overlapping answers": {func(c *catalogServer) {
			c.window = func(e []json.RawMessage, offset, limit, request int) []json.RawMessage {
				return window(e, max(0, offset-2), 9)
			}
		}, nil, true},
		"one repeated answer": {func(c *catalogServer) {
			c.window = func(e []json.RawMessage, offset, limit, request int) []json.RawMessage {
				if request == 2 {
					offset = 0
				}
				return window(e, offset, 10)
			}
		}, nil, true},
		"entries that move": {func(c *catalogServer) {
			c.window = func(e []json.RawMessage, offset, limit, request int) []json.RawMessage {
				moved := slices.Clone(e)
				k := request * 5 % n
				return window(append(moved[k:], moved[:k]...), offset, 20)
			}
		}, nil, true},
		"a changing total": {func(c *catalogServer) {
			c.limit = 10
			c.total = func(n int) any { return n - len(c.requests)%2 }
		}, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			server := newCatalog(t, entries)
			tt.set(server)
			got := crawl(t, Options{Sources: []string{server.URL + "/v1/models"}})
			if d := cmp.Diff(ids, slices.Sorted(maps.Keys(got.models))); d != "" {
				t.Error(d)
			}
			rules := got.rules()
			delete(rules, "warning catalog-total") // of a total that changes, by chance
			if tt.rules["warning catalog-total"] > 0 && len(rules) == len(got.rules()) {
				t.Error("no warning of the total")
			}
			delete(tt.rules, "warning catalog-total")
			if tt.rules == nil {
				tt.rules = map[string]int{}
			}
			if d := cmp.Diff(tt.rules, rules); d != "" {
				t.Error(d, got.diags)
			}
			if got.Coverage.CatalogListed != tt.whole || !got.Coverage.Catalog {
				t.Errorf("coverage %+v", got.Coverage)
			}
			if len(server.requests) > 4*(n+3) {
				t.Errorf("%d requests for %d entries", len(server.requests), n)
			}
		})
	}
}

// TestCatalogWithoutEnd repeats itself under new names.
func TestCatalogWithoutEnd(t *testing.T) {
	server := newCatalog(t, nil)
	server.window = func(_ []json.RawMessage, offset, limit, _ int) []json.RawMessage {
		var page []json.RawMessage
		for i := range limit {
			page = append(page, json.RawMessage(fmt.Sprintf(`{"model_id": "acme/m-%d"}`, offset+i)))
		}
		return page
	}
	server.limit = 100
	n := 0
	_, diags, err := Run(t.Context(), Options{Sources: []string{server.URL + "/v1/models"}, Fetch: fetch.Options{Rate: -1}},
		func(Model) error { n++; return nil })
	if err != nil || !strings.Contains(fmt.Sprint(diags), "the catalog does not end") || n > maxEntries+200 {
		t.Errorf("%d models, %v, %v", n, diags, err)
	}
}

// TestCatalogsThatAreNone are errors with what to do.
func TestCatalogsThatAreNone(t *testing.T) {
	entries, _ := someEntries(t)
	server := newCatalog(t, entries)
	server.token = "secret"
	got := crawl(t, Options{Sources: []string{server.URL + "/v1/models"}})
	if len(got.models) > 0 || !strings.Contains(fmt.Sprint(got.diags), "401 Unauthorized: set RUNCOMFY_API_TOKEN") || got.Coverage.CatalogListed {
		t.Errorf("%d models, %v", len(got.models), got.diags)
	}
	if got := crawl(t, Options{Sources: []string{server.URL + "/v1/models"}, Token: "secret"}); len(got.models) != len(entries) {
		t.Errorf("with the token: %v", got.diags)
	}
	for _, d := range got.diags {
		if strings.Contains(d.Message, "secret") {
			t.Errorf("the token is printed: %s", d.Message)
		}
	}
	if got := crawl(t, Options{Sources: []string{newCatalog(t, nil).URL + "/v1/models"}}); got.rules()["error no-models"] != 1 {
		t.Errorf("empty: %v", got.diags)
	}
	if got := crawl(t, Options{Sources: []string{server.URL + "/v1/models?search=x"}, Token: "secret"}); got.Coverage.Catalog {
		t.Error("a search covers the whole catalog")
	}
}

// TestTokenGoesToTheAPI and to what the user configured, and nowhere else.
func TestTokenGoesToTheAPI(t *testing.T) {
	r := &run{opts: Options{Token: "secret", TokenOrigin: "https://proxy.example:8443"}}
	for address, want := range map[string]string{
		"https://model-api.runcomfy.net/v1/models":      "secret",
		"https://proxy.example:8443/v1/models":          "secret",
		"http://127.0.0.1:8080/v1/models":               "secret",
		"http://model-api.runcomfy.net/v1/models":       "",
		"https://model-api.runcomfy.net:444/v1/models":  "",
		"https://evil.example/v1/models":                "",
		"https://model-api.runcomfy.net.evil.example/x": "",
		"https://proxy.example/v1/models":               "",
	} {
		if got := r.token(fetched(t, address)); got != want {
			t.Errorf("%s gets %q", address, got)
		}
	}
}
