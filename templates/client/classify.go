package client

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// refusals are the statuses that prove by themselves that the request was turned
// away, for its address, credential, form or pace (RFC 9110 sections 15.4 and 15.5,
// RFC 6585, RFC 8470). 302 and 303 are not among them, since they follow on a
// request that was carried out, nor 408 and 409; a 5xx may come from a proxy
// behind which the job was accepted.
var refusals = []int{301, 307, 308, 401, 402, 403, 404, 405, 410, 411, 413, 414, 415, 421, 422, 425, 429, 431}

// refusalCodes are all error codes that are known to refuse a submit, whatever the status.
var refusalCodes = []float64{400001, 400002, 400004, 403001, 404001, 422}

// maxRefusal is how much of an error is read: what is longer may go on to say something else.
const maxRefusal = 64 << 10

// classify classes an answered POST. readErr is what cut the answer short; untouched
// says that no byte of the body left this machine. Whatever does not prove that
// the job was taken, or that it was not, is ambiguous.
func classify(a answer, readErr error, untouched bool) submitClass {
	refused := slices.Contains(refusalCodes, a.errorCode())
	switch {
	case slices.Contains(refusals, a.status), untouched && a.status >= 400 && a.status <= 599:
		return classRejected
	case readErr != nil, a.torn, a.unclear != "", bytes.Count(a.raw, []byte(`"error_code"`)) > 1:
		return classAmbiguous
	case a.status == http.StatusBadRequest:
		if a.speaksOfDoubt() || a.has("request_id") && !refused {
			return classAmbiguous
		}
		return classRejected
	case !a.ok():
		return classAmbiguous
	case refused && !a.speaksOfDoubt():
		return classRejected
	case validRequestID(a.text("request_id")) && !a.has("error_code") && !a.has("error"):
		return classAccepted
	}
	return classAmbiguous
}

// errorCode returns the number in error_code, 0 if there is none.
func (a answer) errorCode() float64 {
	if code := numberOf(a.fields["error_code"]); code != nil {
		return *code
	}
	return 0
}

// doubt finds what an answer says of a timeout, a conflict or a server error: in
// words, or as a number that begins like such a status. It only ever moves an answer
// from a refusal to doubt, so that it may find too much.
var doubt = regexp.MustCompile(`(?i)time[sd]?[\W_]{0,3}out|deadline|too long to|conflict|duplicate|already|in progress|` +
	`internal|server[\W_]{0,3}(error|fail)|unavailable|upstream|gateway|overload|busy|again later|unexpected|unknown error|` +
	`abort|cancell?ed|connect|exception|(code|status|error|http)\W{0,8}(408|409|5\d\d)`)

// speaksOfDoubt reports whether a refusal may stand for something else.
func (a answer) speaksOfDoubt() bool {
	switch code := a.errorCode(); {
	case len(a.raw) >= maxRefusal, doubt.Match(a.raw):
		return true
	case code >= 500 && code < 600, code >= 408000 && code < 410000, code >= 500000 && code < 600000, code == 408, code == 409:
		return true
	case !json.Valid(a.raw): // an object that is cut or damaged may have had a code
		return bytes.Contains(a.raw[:min(len(a.raw), 16)], []byte("{"))
	}
	for d := json.NewDecoder(bytes.NewReader(a.raw)); ; {
		token, err := d.Token()
		if err != nil {
			return false
		}
		if s, ok := token.(string); ok && doubt.MatchString(s) { // without its escapes
			return true
		}
	}
}

// locatedID returns the id of a job to which the answer leads by its Location, ""
// if it leads nowhere, or to another origin.
func (c *core) locatedID(a *flight) string {
	base, err := url.Parse(c.origin + a.path)
	if err != nil {
		return ""
	}
	to, err := base.Parse(a.header.Get("Location"))
	if err != nil || to.Scheme != base.Scheme || !strings.EqualFold(hostPort(to), hostPort(base)) {
		return ""
	}
	path, _ := strings.CutSuffix(base.EscapedPath(), a.path) // the prefix of the base URL
	rest, below := strings.CutPrefix(to.EscapedPath(), path+"/v1/requests/")
	id, action, _ := strings.Cut(strings.TrimSuffix(rest, "/"), "/")
	if !below || !validRequestID(id) || !slices.Contains([]string{"", opStatus, opResult, opCancel}, action) {
		return ""
	}
	return id
}

// hostPort returns the host of a URL with its port, written or not.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Hostname() + ":" + port
}
