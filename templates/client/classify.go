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
		if a.speaksOfDoubt() || !refused && (a.has("request_id") || jobNamed.Match(a.raw)) {
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
// from a refusal to doubt, so that it may find too much; but words that a complaint
// about the input uses as well (unexpected, internal, connect, already, duplicate,
// unavailable, busy, canceled) count only together with what makes the server, or
// another request, their subject.
var doubt = regexp.MustCompile(`(?im)` + strings.Join([]string{
	`time[sd]?[\W_]{0,3}out|deadline|(took|takes|taking)\W+too\W+long`,
	`conflict(s|ed)?([\W_]|$)|conflicting\W+(request|job|task|submi|operation|key|state)`,
	`duplicated?[\W_]{0,3}(request|job|task|submi|operation|idempot|key\W*$)`,
	`already[\W_]{0,3}((been|being)[\W_]{1,3})?(exist|submit|accept|process|receiv|running|queued|started|created)`,
	`already[\W_]{0,3}(been[\W_]{1,3})?(sent|complet|pending)`,
	`(key|id|nonce)[\W_]{1,3}((is|was|has|been)[\W_]{1,3})*already|in[\W_]{0,3}progress`,
	`(internal|server|upstream|gateway|backend)[\W_]{0,3}(server|error|fail|fault|problem|exception|crash)`,
	`upstream|bad[\W_]{0,3}gateway|overload|again[\W_]{0,3}later|too[\W_]{0,3}busy|unknown[\W_]{0,3}error(\W|$)`,
	`(service|server|system|backend|temporarily|currently)[\W_]{0,3}((is|are|was|currently|temporarily)[\W_]{1,3})*(unavailable|busy)`,
	`unexpected[\W_]{0,3}((internal|server|system|runtime)[\W_]{0,3})?(error|fail|exception|condition|problem)`,
	`(unhandled|uncaught|runtime|pointer)[\W_]{0,3}(exception|error)|exception\W+(occurr|was|has|while|in\W|thrown)`,
	`(context|request|operation|job|task|call|client)[\W_]{1,3}((is|was|has|been)[\W_]{1,3})*cancell?ed|aborted`,
	`connection[\W_]{1,3}((is|was|has|been)[\W_]{1,3})*(reset|refused|closed|lost|fail|error|terminated)`,
	`econn[a-z]+|broken\W+pipe`,
	`connect\w*\W+(to|with)\W+((the|our|a)\W+)?(database|db|redis|backend|server|service|worker|queue|gpu)(\W|$)`,
	`crashed|traceback|panic:|out\W+of\W+memory|segmentation\W+fault`,
	`^\W*(internal|unavailable|aborted|duplicate|cancell?ed)\W*$`,
	`(code|status)\W{1,8}(internal|unavailable|unknown)(\W*$|\W+desc)`,
	`(code|status|err_?no|http(/\d(\.\d)?)?)\W{0,8}((e|err|error|http)[\W_]?)?(408|409|5\d\d)`,
	`errors?\W{1,8}(408|409|50\d|51[01]|52\d|530|59[89])(\d{3})?(\W|$)`,
}, "|"))

// jobNamed finds a job in a 400, at whatever depth, or a link to one: perhaps it was taken.
var jobNamed = regexp.MustCompile(`"request_?[iI]d"\s*:\s*"[A-Za-z0-9_-]|/v1/requests/[A-Za-z0-9_-]`)

var tags = regexp.MustCompile(`<[^<>]*>`)

// speaksOfDoubt reports whether a refusal may stand for something else.
func (a answer) speaksOfDoubt() bool {
	switch code := a.errorCode(); {
	case len(a.raw) >= maxRefusal:
		return true
	case code >= 500 && code < 600, code >= 408000 && code < 410000, code >= 500000 && code < 600000,
		code == 408, code == 409:
		return true
	case !json.Valid(a.raw): // an object that is cut or damaged may have had a code
		return bytes.Contains(a.raw[:min(len(a.raw), 16)], []byte("{")) ||
			doubt.Match(tags.ReplaceAll(a.raw, []byte("\n")))
	}
	return doubt.Match(spoken(nil, &lenient{text: a.raw}, "", 0))
}

// spoken adds to text, in lines, the names and scalars of the value that begins here,
// without escapes. It leaves out what FastAPI's validation errors, the list detail,
// repeat of the request.
func spoken(text []byte, l *lenient, name string, depth int) []byte {
	switch c := l.next(); {
	case depth >= 2*maxDepth:
		text = append(text, l.value()...)
	case c == '"':
		text = append(append(text, unquote(l.str())...), '\n')
	case c == '[':
		l.array(func() bool { text = spoken(text, l, name, depth+1); return true })
	case c == '{':
		l.object(func(quoted []byte) {
			member := unquote(quoted)
			if name == "detail" && (member == "input" || member == "loc") {
				l.skip()
				return
			}
			text = append(append(text, member...), ":\n"...)
			text = spoken(text, l, member, depth+1)
		})
	default:
		text = append(append(text, l.value()...), '\n')
	}
	return text
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
