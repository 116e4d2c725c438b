package scrape

import (
	"bytes"
	"regexp"
	"slices"
)

var urlOption = regexp.MustCompile(`--url[\s=\\^` + "`" + `]*["']?$`)

// isURLOption reports whether a text ends in curl's option --url.
func isURLOption(before []byte) bool { return urlOption.Match(before[max(0, len(before)-40):]) }

// maxCommand is how long a curl command may be before its URL.
const maxCommand = 4 << 10

// command is the name of a program that sends requests, at a command's start.
var command = regexp.MustCompile("(?:^|[\\s$\"'(>;|&`])" +
	`(?:curl(?:\.exe)?|wget|xhs?|Invoke-RestMethod|Invoke-WebRequest|irm|iwr|https?\s+(?:-\S+\s+)*(?:GET|POST))\s`)

// isOperand reports whether the text before a URL is a command's: curl's option
// --url, or a command without anything that ends it.
func isOperand(before []byte) bool {
	if isURLOption(before) {
		return true
	}
	before = before[max(0, len(before)-maxCommand):]
	all := command.FindAllIndex(before, -1)
	return len(all) > 0 && !endsCommand(before[all[len(all)-1][1]-1:])
}

// endsCommand reports whether a command has ended in a text: a line without a
// continuation, a pipe, or a list.
func endsCommand(text []byte) bool {
	inBody := 0
	for line := range bytes.Lines(text) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			return false
		}
		inBody += bytes.Count(line, []byte("{")) - bytes.Count(line, []byte("}"))
		line = bytes.TrimRight(line, " \t\r\n")
		if inBody <= 0 && !bytes.HasSuffix(line, []byte("\\")) && !bytes.HasSuffix(line, []byte("^")) &&
			!bytes.HasSuffix(line, []byte("`")) {
			return true
		}
	}
	return false
}

// callOf returns the endpoint that the command with a body calls: the one
// before the body, unless another command starts between them, else the one
// after it, unless the command has another URL already.
func callOf(t *text, before, after *mention, body span) *mention {
	from := max(0, body.from-maxCommand)
	if before != nil {
		from = before.end
	}
	if body.from-from > maxCommand {
		return nil
	}
	between := t.data[from:body.from]
	starts := command.FindAllIndex(between, -1)
	switch {
	case len(starts) == 0:
		return before
	case after == nil || bytes.Contains(between[starts[len(starts)-1][1]-1:], []byte("://")),
		command.Match(t.data[body.to:after.start]):
		return nil
	}
	return after
}

// bodyOptions are the options of curl and other commands that take a request
// body.
var bodyOptions = []string{"--data", "--data-raw", "--data-binary", "--data-ascii", "--json", "--raw",
	"--body-data", "--post-data", "-Body", " -d", "\n-d"}

// isCommandBody reports whether the text before a value ends in a command's
// option that takes a request body. The body ends with its JSON value, not with
// the next apostrophe: prompts hold raw ones.
func isCommandBody(before []byte) bool {
	const blanks = " \t\r\n\\^`"
	before = bytes.TrimRight(before, blanks)
	before = bytes.TrimSuffix(bytes.TrimRight(before, `'"`), []byte("$"))
	before = bytes.TrimRight(before, blanks+"=")
	return slices.ContainsFunc(bodyOptions, func(option string) bool { return bytes.HasSuffix(before, []byte(option)) })
}
