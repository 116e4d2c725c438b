package dialect

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// class translates a class of characters; its "[" is read.
func (p *ecma) class() {
	negated := p.take("^")
	if strings.HasPrefix(p.rest, ":") && strings.Contains(p.rest, ":]") {
		p.fail("[[:name:]] is not a class of ECMA-262")
	}
	if p.take("]") {
		p.out.WriteString(map[bool]string{false: ecmaNothing, true: ecmaAny}[negated])
		return
	}
	p.out.WriteByte('[')
	if negated {
		p.out.WriteByte('^')
	}
	for !p.take("]") {
		if p.rest == "" {
			p.fail("missing ]")
			return
		}
		p.classItem()
	}
	p.out.WriteByte(']')
}

// classItem translates a character, a range or an escape for several characters.
func (p *ecma) classItem() {
	if strings.HasPrefix(p.rest, "[:") && strings.Contains(p.rest, ":]") {
		p.fail("[:name:] is not a class of ECMA-262")
	}
	from, one := p.classAtom()
	if !one || p.problem != "" {
		return
	}
	p.out.WriteString(classRune(from))
	if len(p.rest) < 2 || p.rest[0] != '-' || p.rest[1] == ']' {
		return
	}
	before := p.rest
	p.take("-")
	mark := p.out.Len()
	to, one := p.classAtom()
	switch {
	case p.problem != "":
	case !one:
		// Not a range: what ECMA-262 has for browsers takes the dash as itself.
		text := p.out.String()
		p.out.Reset()
		p.out.WriteString(text[:mark] + `\-` + text[mark:])
	case to < from:
		p.fail("the range %s is out of order", strconv.Quote(string(from)+before[:1]+string(to)))
	default:
		p.out.WriteString("-" + classRune(to))
	}
}

// classAtom reads one character, or translates an escape for several.
func (p *ecma) classAtom() (r rune, one bool) {
	if !p.take(`\`) {
		return p.next(), true
	}
	return p.escape(true)
}

// classRune writes a character so that it means itself in a class of RE2.
func classRune(r rune) string {
	switch {
	case strings.ContainsRune(`\[]^-`, r):
		return `\` + string(r)
	case unicode.IsPrint(r):
		return string(r)
	}
	return fmt.Sprintf(`\x{%x}`, r)
}
