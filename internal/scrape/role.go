package scrape

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/genclient/genclient/internal/jsontree"
)

// role is what a schema describes, as far as the words around it go.
type role uint8

const (
	noRole    role = iota
	forInput       // the request
	forOutput      // the result of a job
	forAnswer      // any other answer, or a webhook
)

// roleWords are the words of member names and headings that say what a schema
// is for, in the languages of the site. Most pages have none of them.
var roleWords = []struct {
	role  role
	words []string
}{
	{forInput, []string{"input", "request", "argument", "ingresso", "richiesta", "entrada", "solicitud", "entrée",
		"requête", "eingabe", "anfrage", "ввод", "вход", "запрос",
		"入力", "リクエスト", "입력", "요청", "输入", "輸入", "请求", "請求"}},
	{forOutput, []string{"output", "result", "uscita", "risultat", "salida", "resultado", "saída", "sortie", "résultat",
		"ausgabe", "ergebnis", "выход", "вывод", "результат",
		"出力", "結果", "출력", "결과", "输出", "輸出", "结果"}},
	{forAnswer, []string{"response", "answer", "reply", "webhook", "callback", "event", "error", "returns",
		"risposta", "respuesta", "resposta", "réponse", "antwort", "ответ", "レスポンス", "응답", "响应", "響應", "回應"}},
}

// camelCase is where a name in camel case goes on with a new word.
var camelCase = regexp.MustCompile(`([\p{Ll}\p{N}])(\p{Lu})`)

// rolesIn returns the roles that a text's words name, in the order of the
// words.
func rolesIn(text string) (roles []role) {
	text = strings.ToLower(camelCase.ReplaceAllString(text, "$1 $2"))
	words := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) })
	for _, word := range words {
		for _, group := range roleWords {
			if slices.ContainsFunc(group.words, func(w string) bool { return isRoleWord(word, w) }) {
				roles = append(roles, group.role)
			}
		}
	}
	return slices.Compact(roles)
}

// isRoleWord reports whether a word is a role word, in the plural or with an
// ending. Scripts without blanks between words have it anywhere.
func isRoleWord(word, w string) bool {
	if !strings.ContainsFunc(w, unicode.IsLower) {
		return strings.Contains(word, w)
	}
	return word == w || word == w+"s" || len(w) > 6 && strings.HasPrefix(word, w)
}

// roleOf returns the role that a name or a heading gives, and noRole when it
// gives several, as the heading over a whole reference does. A "response to a
// request" is a response.
func roleOf(text string) role {
	roles := rolesIn(text)
	switch {
	case len(roles) == 0:
		return noRole
	case len(roles) == 1:
		return roles[0]
	case isList.MatchString(text):
		return noRole
	case roles[0] == forAnswer, !slices.Contains(roles, forInput), webhook.MatchString(text):
		return forAnswer
	}
	return noRole
}

var (
	isList  = regexp.MustCompile(`(?i)[&/,+]|\b(?:and|und|et|e|y|и)\b`)
	webhook = regexp.MustCompile(`(?i)webhook|callback`)
)

// named returns the role that the names around a value give it, the nearest
// first, up to the object that names the model.
func (c *holder) named(name string) (role, string) {
	for distance := range maxDistance {
		if r := roleOf(name); r != noRole && !(distance > 1 && wrapsAnything(name)) {
			return r, name
		}
		if c == nil || len(c.claims) > 0 {
			return noRole, ""
		}
		if c.label != "" {
			return roleOf(c.label), c.label
		}
		name, c = c.name, c.up
	}
	return noRole, ""
}

// maxDistance is how far above a value a name still describes it.
const maxDistance = 8

// wrapsAnything reports whether a member of this name wraps the data of any
// request that a page has made, and not only a model's answer.
func wrapsAnything(name string) bool {
	switch plainName(name) {
	case "result", "results", "response":
		return true
	}
	return false
}

// isTool reports whether a value is in the definition of a tool.
func (c *holder) isTool() bool {
	for ; c != nil; c = c.up {
		if c.tool {
			return true
		}
		if len(c.claims) > 0 {
			return false
		}
	}
	return false
}

// definesTool reports whether an object defines a tool for a language model:
// its parameters are a schema, but not that of a model's input. What pages keep
// of a model in their scripts looks the same; code that is shown does not.
func definesTool(v *jsontree.Value, o origin) bool {
	schemas := []string{"parameters"}
	if o == shown && v.Get("description") != nil {
		schemas = append(schemas, "inputSchema", "input_schema")
	}
	return v.Get("type").Str() == "function" || v.Get("name").Is(jsontree.String) &&
		slices.ContainsFunc(schemas, func(name string) bool { return v.Get(name).Is(jsontree.Object) })
}

// holdsTools reports whether a member of this name lists tools.
func holdsTools(name string) bool {
	switch plainName(name) {
	case "tools", "functions", "toolcalls", "toolchoice":
		return true
	}
	return false
}

// Members of the answers to a submit and to the reads of a request
// (RUNCOMFY.md, API), those first that nothing else has.
var (
	answerMembers = []string{"request_id", "status_url", "result_url", "cancel_url", "queue_position", "instance_id",
		"created_at", "finished_at", "webhook_url"}
	sharedMembers = []string{"status", "outcome", "output", "outputs", "error", "cost", "model_id", "code", "message",
		"detail", "image", "video", "audio", "images", "videos", "audios", "logs", "metrics", "id", "url", "file",
		"files"}
)

// looksLikeAnswer reports whether every property of a schema is one of an
// answer. sure means that no input has such properties.
func looksLikeAnswer(v *jsontree.Value) (looks, sure bool) {
	members := v.Get("properties").Members
	for _, m := range members {
		if slices.Contains(answerMembers, m.Name) {
			sure = true
		} else if !slices.Contains(sharedMembers, m.Name) {
			return false, false
		}
	}
	return len(members) > 0, sure
}

// hasAnswerMembers reports whether a schema describes the answer to a submit or
// a read, and not only a job's output.
func hasAnswerMembers(v *jsontree.Value) bool {
	_, sure := looksLikeAnswer(v)
	return sure
}

// looksLikeInput reports whether a schema has what outputs never have: a title
// that says so, required properties or defaults.
func looksLikeInput(v *jsontree.Value) bool {
	if roleOf(v.Get("title").Str()) == forInput || len(v.Get("required").Items()) > 0 {
		return true
	}
	return slices.ContainsFunc(v.Get("properties").Members, func(m jsontree.Member) bool {
		return m.Value.Get("default") != nil
	})
}

// A heading is short; a sentence that introduces what follows ends in a colon.
const (
	maxLabelRunes = 60
	maxLabelWords = 8
	maxLabelLines = 3 // how far above its code a label is
)

// label returns the heading of what is at an offset of a text: the line or the
// heading before it, no further back than from.
func (t *text) label(from, at int) string {
	lines := strings.Split(string(t.data[from:at]), "\n")
	var labels []string
	for i := len(lines) - 1; i >= 0 && len(labels) < maxLabelLines; i-- {
		line := strings.TrimSpace(strings.Trim(lines[i], " \t#*_`'•:.-)}]0123456789"))
		if line != "" {
			labels = append(labels, line)
		}
	}
	for i, line := range labels {
		isIntro := strings.HasSuffix(strings.TrimSpace(lineOf(lines, line)), ":")
		if isButton(line) || !isLabel(line) && !isIntro {
			continue
		}
		if i+1 < len(labels) && isRowOfTabs(labels[i+1], line) {
			return ""
		}
		if roleOf(line) != noRole || modelIn(line) != "" {
			return line
		}
		break
	}
	return t.heading(at)
}

// writtenID is a model id of three segments or more in a heading.
var writtenID = regexp.MustCompile(
	"(?:^|[\\s\"'`(“‘«])(?:/?v1/models/)?" +
		`([\p{L}\p{N}][\p{L}\p{N}._-]*(?:/[\p{L}\p{N}._-]+){2,})` + "(?:[\\s:,;\"'`)”’»]|$)")

// modelIn returns the model id in a heading, or "". A heading that is an id and
// nothing else may have two segments; the first, the vendor, has no blank.
func modelIn(label string) string {
	if m := writtenID.FindStringSubmatch(label); m != nil {
		return m[1]
	}
	vendor, _, _ := strings.Cut(label, "/")
	if strings.Contains(vendor, " ") || mediaType.MatchString(label) || !modelName.MatchString(label) {
		return ""
	}
	return label
}

// isRowOfTabs reports whether two lines that follow each other name different
// roles: the code after them is either's.
func isRowOfTabs(before, line string) bool {
	first, second := roleOf(before), roleOf(line)
	return isLabel(before) && isLabel(line) && first != noRole && second != noRole && first != second
}

// isButton reports whether a line is the label of a code block's button, or
// names the language of the code.
func isButton(line string) bool {
	switch strings.ToLower(line) {
	case "copy", "copied", "copy code", "json", "json schema", "bash", "shell", "curl", "python", "javascript", "code",
		"expand", "show more", "show less", "collapse", "raw", "preview", "download":
		return true
	}
	return false
}

// lineOf returns the line that holds a label.
func lineOf(lines []string, label string) string {
	for _, l := range slices.Backward(lines) {
		if strings.Contains(l, label) {
			return l
		}
	}
	return ""
}

// isLabel reports whether a line can be a heading and is no sentence or code.
func isLabel(line string) bool {
	return utf8.RuneCountInString(line) <= maxLabelRunes && len(strings.Fields(line)) <= maxLabelWords &&
		!strings.ContainsAny(line, "\"{}\\=<>$|") && !strings.Contains(line, "--") && !strings.Contains(line, ". ")
}

// heading returns the last heading of the mark-up before an offset, and "" when
// two that say different things follow each other directly.
func (t *text) heading(at int) string {
	heads := t.marks.heads
	i, _ := slices.BinarySearchFunc(heads, at, func(h head, at int) int { return h.to - at - 1 })
	if i == 0 {
		return ""
	}
	last := heads[i-1]
	if i > 1 {
		before := heads[i-2]
		between := t.data[min(before.to, last.from):last.from]
		if len(bytes.TrimSpace(between)) == 0 && isRowOfTabs(before.label, last.label) {
			return ""
		}
	}
	return last.label
}

// markdownHeading is a heading of Markdown (CommonMark, section 4.2).
var markdownHeading = regexp.MustCompile(`(?m)^ {0,3}#{1,6} +(.*)$`)

func markdownHeads(text []byte) []head {
	var heads []head
	for _, m := range markdownHeading.FindAllSubmatchIndex(text, -1) {
		heads = append(heads, head{span{m[0], m[1]}, string(text[m[2]:m[3]])})
	}
	return heads
}
