package crawl

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/genclient/genclient/internal/diag"
	"github.com/genclient/genclient/internal/fetch"
	"github.com/genclient/genclient/internal/scrape"
)

// The limits of a catalog.
const (
	pageLimit   = 100 // entries asked for at a time, the most that is known to be taken
	maxPasses   = 4   // over a catalog whose entries move while it is read
	maxRequests = 2000
	maxEntries  = 50_000
	maxIdle     = 2 // answers in a row without a new entry, after which a pass ends
)

// catalog is the state of reading one catalog.
type catalog struct {
	*run
	it       *item
	limit    int // 0: the server's own
	requests int
	seen     map[string]bool
	total    int  // the last one named, -1 without
	single   bool // it is one entry, not a list
}

// readCatalog pages through a catalog. Servers cap the limit, repeat entries,
// and name totals that are wrong, so the offset moves by what came, and an
// answer without a new entry ends a pass, not a count. Entries that change
// places between two answers show as repeated ones or as missing from the
// total; then there is another pass.
func (r *run) readCatalog(ctx context.Context, it *item) (Outcome, error) {
	c := catalog{run: r, it: it, limit: pageLimit, seen: map[string]bool{}, total: -1}
	it.source.catalog = c.isWhole() // and not read, should it fail
	if n, err := strconv.Atoi(it.url.Query().Get("limit")); err == nil && n > 0 {
		c.limit = n
	}
	for pass := 1; ; pass++ {
		before := len(c.seen)
		moved, err := c.pass(ctx)
		var broken *catalogError
		if errors.As(err, &broken) {
			r.brokenList(it)
			return r.failure(it, broken.err), nil
		}
		if err != nil {
			return Failed, err
		}
		whole := len(c.seen) == c.total || len(c.seen) > c.total && !moved
		if whole || c.single || pass > 1 && len(c.seen) == before || pass == maxPasses {
			break
		}
	}
	return c.finish(), nil
}

// finish compares what came with what was named.
func (c *catalog) finish() Outcome {
	c.it.source.catalog = c.isWhole()
	switch n := len(c.seen); {
	case n < c.total:
		c.note(c.it.source, diag.New("catalog-incomplete", c.it.position(), "",
			fmt.Sprintf("the catalog names %d entries and brought %d", c.total, n)))
		c.brokenList(c.it)
	case c.total >= 0 && n > c.total:
		c.note(c.it.source, diag.New("catalog-total", c.it.position(), "",
			fmt.Sprintf("the catalog names %d entries and brought %d", c.total, n)))
	}
	return Read
}

// isWhole reports whether what was read is all models: a list that is not
// filtered, at the API's place or with as many entries as it names.
func (c *catalog) isWhole() bool {
	for _, filter := range []string{"search", "category", "kind", "offset"} {
		if c.it.url.Query().Get(filter) != "" {
			return false
		}
	}
	return !c.single && (strings.HasSuffix(strings.TrimSuffix(c.it.url.Path, "/"), "/v1/models") || c.total >= 0)
}

// catalogError is an answer for which the catalog's URL is to blame.
type catalogError struct{ err error }

func (e *catalogError) Error() string { return e.err.Error() }

// pass reads the catalog from its start to its end. moved says that entries
// came twice or that the total changed.
func (c *catalog) pass(ctx context.Context) (moved bool, err error) {
	own := map[string]bool{}
	offset, idle, first := 0, 0, true
	for {
		content, err := c.answer(ctx, offset)
		if err != nil {
			return false, err
		}
		moved = moved || !first && content.Total != c.total
		c.total, first = content.Total, false
		fresh := 0
		for _, id := range content.IDs {
			if own[id] {
				moved = true
				continue
			}
			own[id] = true
			fresh++
		}
		if fresh == 0 {
			idle++
		} else {
			idle = 0
		}
		offset += content.Entries
		c.single = !content.IsList
		switch {
		case content.Entries == 0, idle == maxIdle, c.single:
			return moved, nil
		case len(c.seen) > maxEntries || c.requests >= maxRequests:
			return false, &catalogError{fmt.Errorf("the catalog does not end: %d entries in %d answers", len(c.seen), c.requests)}
		}
	}
}

var catalogTypes = []string{"application/json", "+json", "text/plain"}

// answer reads the entries from an offset on and hands over those that are new.
func (c *catalog) answer(ctx context.Context, offset int) (*scrape.Catalog, error) {
	c.requests++
	response, err := c.client.Get(ctx, fetch.Request{URL: c.address(offset), Types: catalogTypes,
		MaxBytes: scrape.MaxCatalog, Token: c.token(c.it.url)})
	var status *fetch.StatusError
	if errors.As(err, &status) && (status.Code == 400 || status.Code == 422) && offset == 0 && c.limit > 0 {
		c.limit = smaller(c.limit)
		return c.answer(ctx, offset)
	}
	if errors.As(err, &status) && (status.Code == 401 || status.Code == 403) && c.token(c.it.url) == "" {
		return nil, &catalogError{fmt.Errorf("%w: set RUNCOMFY_API_TOKEN to a token of the API", err)}
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		return nil, &catalogError{err}
	}
	source := scrape.Source{File: c.it.name(), MediaType: "application/json", Text: response.Body}
	content, diags := scrape.Read(source)
	if content.Catalog == nil {
		return nil, &catalogError{errors.New("the answer is not a catalog")}
	}
	fresh := map[string]bool{}
	for _, id := range content.Catalog.IDs {
		fresh[id] = !c.seen[id]
		c.seen[id] = true
	}
	for _, d := range diags {
		if d.Subject == "" || fresh[d.Subject] {
			c.note(c.it.source, d)
		}
	}
	for _, s := range content.Models {
		if fresh[s.ID] {
			if err := c.emit(c.it, s.ID, scrape.Pack(s, nil)); err != nil {
				return nil, err
			}
		}
	}
	return content.Catalog, nil
}

// smaller is the limit to try after one that the server does not take.
func smaller(limit int) int {
	if limit > 10 {
		return limit / 2
	}
	return 0
}

// address is the catalog's URL for the entries from an offset on.
func (c *catalog) address(offset int) *url.URL {
	u := *c.it.url
	q := u.Query()
	if q.Get("include_schema") == "" {
		q.Set("include_schema", "true")
	}
	if c.limit > 0 {
		q.Set("limit", strconv.Itoa(c.limit))
	} else {
		q.Del("limit")
	}
	start, _ := strconv.Atoi(q.Get("offset"))
	q.Set("offset", strconv.Itoa(max(start, 0)+offset))
	u.RawQuery = q.Encode()
	return &u
}

// api is where the API lives.
const api = "https://model-api.runcomfy.net"

// token returns the token for a catalog: for the API's own origin, the one that
// the user configured, and a loopback address, and for no other.
func (r *run) token(u *url.URL) string {
	for _, origin := range []string{api, r.opts.TokenOrigin} {
		if o, err := url.Parse(origin); err == nil && origin != "" && o.Scheme == u.Scheme && o.Host == u.Host {
			return r.opts.Token
		}
	}
	if fetch.IsLocal(u) {
		return r.opts.Token
	}
	return ""
}
