package scrape

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestEndpointURLs compares with a regular expression that says the same.
func TestEndpointURLs(t *testing.T) {
	same := regexp.MustCompile(`(?i)(?:https?://)?\bmodel-api\.runcomfy\.net/v1/models/`)
	parts := []string{"https://", "http://", "HTTPS://", "s://", "model-api.runcomfy.net/v1/models/", "Model-API.RunComfy.net/v1/Models/",
		"model-api.runcomfy.net", "/v1/models/", "a", "_", "-", ".", "é", " ", "\"", "x/y"}
	found := 0
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(15, seed))
		var b strings.Builder
		for range r.IntN(12) {
			b.WriteString(parts[r.IntN(len(parts))])
		}
		var want []span
		for _, m := range same.FindAllStringIndex(b.String(), -1) {
			want = append(want, span{m[0], m[1]})
		}
		if d := cmp.Diff(want, endpointURLs([]byte(b.String())), cmp.AllowUnexported(span{})); d != "" {
			t.Fatalf("%q: %s", b.String(), d)
		}
		found += len(want)
	}
	if found < 500 {
		t.Errorf("only %d in all", found)
	}
}
