package genclient_test

import (
	"os"
	"os/exec"
	"path"
	"regexp"
	"strings"
	"testing"
)

// words are expressions that texts, comments and names do without, each with what is
// written instead.
var words = []struct {
	pattern *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`\b[mM]end(s|ed|ing|[A-Z]\w*)?\b|[a-z]Mend`), "fix, update"},
	{regexp.MustCompile(`(?i)oddit(y|ies)`), "problem, irregularity"},
	{regexp.MustCompile(`(?i)\bstands? twice\b`), "appears twice"},
	{regexp.MustCompile(`(?i)\bstands? behind\b|\btext behind\b`), "follows, after"},
	{regexp.MustCompile(`(?i)\bis no (\w+ )?(property|model|schema|object|list)\b`), "is not a"},
	{regexp.MustCompile(`(?i)\b(has|have) not the\b`), "does not have the"},
}

// unrevised are folders whose texts have not been revised, with how many of the
// expressions each may have.
var unrevised = map[string]int{"templates/client": 1, "internal/scrape": 3}

// wrapped is the end of a line of a comment or a paragraph.
var wrapped = regexp.MustCompile(`\n\s*(//|#)? ?`)

// avoided returns the expressions of a text that are not to be in it. "There is no
// model" says what does not exist, and is none.
func avoided(text string) (found []string) {
	text = wrapped.ReplaceAllString(text, " ")
	text = regexp.MustCompile(`(?i)\bthere is no\b`).ReplaceAllString(text, "")
	for _, w := range words {
		for _, bad := range w.pattern.FindAllString(text, -1) {
			found = append(found, bad+": write "+w.instead)
		}
	}
	return found
}

// TestWords holds identifiers, comments and texts to the standard terms.
func TestWords(t *testing.T) {
	out, err := exec.Command("git", "ls-files", "*.go", "*.md", "*.txtar", "*.golden", "*.yml").Output()
	if err != nil {
		t.Skip("not a git checkout: ", err)
	}
	count := map[string]int{}
	files := strings.Fields(string(out))
	for _, name := range files {
		text, err := os.ReadFile(name)
		if os.IsNotExist(err) || name == "words_test.go" {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range avoided(string(text)) {
			if _, exempt := unrevised[path.Dir(name)]; exempt {
				count[path.Dir(name)]++
			} else {
				t.Errorf("%s: %s", name, bad)
			}
		}
	}
	for dir, most := range unrevised {
		if count[dir] > most {
			t.Errorf("%s has %d avoided expressions, more than %d", dir, count[dir], most)
		}
	}
	if len(files) < 100 {
		t.Errorf("only %d files", len(files))
	}
}

// TestWordsAreFound: what TestWords must not miss, and what it must leave.
func TestWordsAreFound(t *testing.T) {
	for text, want := range map[string]int{
		"run it to mend them": 1, "func mendDrift()": 1, "func tellMend()": 1, "we recommend and amend it": 0,
		"two oddities": 1, "it stands twice": 1, "what stands behind": 1, "there is text behind the value": 1,
		"what is no\n\t// property": 1, "is no JSON object": 1, "there is no model": 0, "is not a model": 0,
		"it has not the type": 1, "it does not have the type": 0,
	} {
		if got := avoided(text); len(got) != want {
			t.Errorf("%q: %q, want %d", text, got, want)
		}
	}
}
