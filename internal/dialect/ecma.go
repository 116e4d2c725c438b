package dialect

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ecma translates an expression of ECMA-262 (section 22.2.1) to RE2. What RE2 reads the
// same way stays as it is written.
type ecma struct {
	rest    string // not yet read
	out     strings.Builder
	names   map[string]bool // of groups
	problem string          // the first one; nothing is read after it
}

// maxGroups bounds how deep groups are nested: package regexp has 1000 as its bound.
const maxGroups = 1000

// What ECMA-262 and RE2 mean by the same letters differs for these: white space (section
// 22.2.2.9, WhiteSpace and LineTerminator), what is not, and what a dot matches.
const (
	ecmaSpace    = `\t-\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}`
	ecmaNotSpace = `\x00-\x08\x{e}-\x{1f}!-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}` +
		`\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff}`
	ecmaDot     = `[^\n\r\x{2028}\x{2029}]`
	ecmaAny     = `[\x00-\x{10ffff}]`
	ecmaNothing = `[^\x00-\x{10ffff}]`
)

func (p *ecma) fail(format string, args ...any) {
	if p.problem == "" {
		p.problem = fmt.Sprintf(format, args...)
	}
	p.rest = ""
}

// take reads a prefix, if it is next.
func (p *ecma) take(prefix string) bool {
	rest, ok := strings.CutPrefix(p.rest, prefix)
	p.rest = rest
	return ok
}

func (p *ecma) next() rune {
	r, size := utf8.DecodeRuneInString(p.rest)
	p.rest = p.rest[size:]
	return r
}

// disjunction translates alternatives up to the end of their group.
func (p *ecma) disjunction(depth int) {
	if depth > maxGroups {
		p.fail("groups are nested more than %d deep", maxGroups)
	}
	for p.rest != "" {
		switch {
		case p.rest[0] == ')' && depth > 0:
			return
		case p.rest[0] == ')':
			p.fail("unexpected )")
		case p.take("|"):
			p.out.WriteByte('|')
		default:
			if p.term(depth) {
				p.quantifier()
			} else if p.repeats() {
				p.fail("the quantifier %.1s has nothing to repeat", p.rest)
			}
		}
	}
}

// repeats reports whether a quantifier is next.
func (p *ecma) repeats() bool {
	return p.rest != "" && (strings.IndexByte("*+?", p.rest[0]) >= 0 || quantified.MatchString(p.rest))
}

var quantified = regexp.MustCompile(`^\{(\d+)(,(\d*))?\}`)

// term translates one assertion or atom. It reports whether a quantifier may follow.
func (p *ecma) term(depth int) bool {
	switch {
	case p.repeats():
		p.fail("the quantifier %.1s has nothing to repeat", p.rest)
	case p.take("^"):
		p.out.WriteByte('^')
		return false
	case p.take("$"):
		p.out.WriteByte('$')
		return false
	case p.take(`\b`):
		p.out.WriteString(`\b`)
		return false
	case p.take(`\B`):
		p.out.WriteString(`\B`)
		return false
	case p.take("."):
		p.out.WriteString(ecmaDot)
	case p.take("("):
		p.group(depth)
	case p.take("["):
		p.class()
	case p.take(`\`):
		p.escape(false)
	case strings.HasPrefix(p.rest, "{,"):
		p.fail("{, is not a quantifier of ECMA-262")
	default:
		p.out.WriteString(regexp.QuoteMeta(string(p.next())))
	}
	return true
}

// quantifier translates what may follow an atom.
func (p *ecma) quantifier() {
	if !p.repeats() {
		return
	}
	if bounds := quantified.FindString(p.rest); bounds != "" {
		p.take(bounds)
		p.out.WriteString(bounds)
	} else {
		p.out.WriteRune(p.next())
	}
	if p.take("?") {
		p.out.WriteByte('?')
	}
	if p.repeats() {
		p.fail("a quantifier follows a quantifier, which ECMA-262 does not know")
	}
}

// group translates a group; its "(" is read.
func (p *ecma) group(depth int) {
	open := "("
	if p.take("?") {
		switch {
		case p.take(":"):
			open = "(?:"
		case strings.HasPrefix(p.rest, "="), strings.HasPrefix(p.rest, "!"),
			strings.HasPrefix(p.rest, "<="), strings.HasPrefix(p.rest, "<!"):
			p.fail("RE2 does not look ahead or behind, as (?%.1s does", p.rest)
		case p.take("<"):
			p.groupName()
		default:
			p.fail("(?%.1s is not a group of ECMA-262 that RE2 knows", p.rest)
		}
	}
	p.out.WriteString(open)
	p.disjunction(depth + 1)
	if !p.take(")") {
		p.fail("missing )")
	}
	p.out.WriteByte(')')
}

// groupName reads the name of a group and its ">". Nothing refers to it: RE2 has no
// references back.
func (p *ecma) groupName() {
	name, rest, ok := strings.Cut(p.rest, ">")
	for i, r := range name {
		ok = ok && (r == '$' || r == '_' || unicode.IsLetter(r) || i > 0 && unicode.IsDigit(r))
	}
	if !ok || name == "" {
		p.fail("a group has a name that ECMA-262 does not know")
		return
	}
	if p.names[name] {
		p.fail("two groups have one name")
		return
	}
	if p.names == nil {
		p.names = map[string]bool{}
	}
	p.names[name], p.rest = true, rest
}

// escape translates an escape whose backslash is read: into a class, where a single
// character is returned, or else as an atom.
func (p *ecma) escape(inClass bool) (r rune, one bool) {
	if p.rest == "" {
		p.fail(`a \ ends the pattern`)
		return 0, false
	}
	c := p.next()
	if many := several(c, inClass); many != "" {
		p.out.WriteString(many)
		return 0, false
	}
	if c == 'p' || c == 'P' {
		p.property(c, inClass)
		return 0, false
	}
	if r = p.character(c, inClass); p.problem == "" && !inClass {
		p.out.WriteString(atomRune(r))
	}
	return r, true
}

func atomRune(r rune) string {
	if unicode.IsPrint(r) {
		return regexp.QuoteMeta(string(r))
	}
	return fmt.Sprintf(`\x{%x}`, r)
}

// several returns the translation of an escape for a set of characters, or "".
func several(c rune, inClass bool) string {
	switch c {
	case 'd', 'D', 'w', 'W':
		return `\` + string(c)
	case 's':
		if inClass {
			return ecmaSpace
		}
		return "[" + ecmaSpace + "]"
	case 'S':
		if inClass {
			return ecmaNotSpace
		}
		return "[^" + ecmaSpace + "]"
	}
	return ""
}

// controls are the escapes for one control character.
var controls = map[rune]rune{'t': '\t', 'n': '\n', 'v': '\v', 'f': '\f', 'r': '\r'}

// character reads the rest of an escape for one character, which begins with c.
func (p *ecma) character(c rune, inClass bool) rune {
	if r, ok := controls[c]; ok {
		return r
	}
	switch {
	case c == 'b' && inClass:
		return '\b'
	case c == '0' && (p.rest == "" || p.rest[0] < '0' || p.rest[0] > '9'):
		return 0
	case c == 'c' && p.rest != "" && p.rest[0] < utf8.RuneSelf && unicode.IsLetter(rune(p.rest[0])):
		return p.next() % 32
	case c == 'x':
		return p.hex(2)
	case c == 'u':
		return p.unicode()
	case c >= '1' && c <= '9' || c == 'k':
		p.fail(`RE2 does not refer back to groups, as \%c does`, c)
	case c < utf8.RuneSelf && (unicode.IsLetter(c) || unicode.IsDigit(c)):
		p.fail(`\%c is not an escape of ECMA-262`, c)
	}
	return c // means itself
}

// hex reads so many digits.
func (p *ecma) hex(digits int) rune {
	if len(p.rest) >= digits {
		if n, err := strconv.ParseUint(p.rest[:digits], 16, 32); err == nil {
			p.rest = p.rest[digits:]
			return rune(n)
		}
	}
	p.fail("an escape lacks its %d hexadecimal digits", digits)
	return 0
}

// unicode reads the rest of \uXXXX, of a pair of them, or of \u{X...}.
func (p *ecma) unicode() rune {
	if p.take("{") {
		digits, rest, ok := strings.Cut(p.rest, "}")
		n, err := strconv.ParseUint(digits, 16, 32)
		if !ok || err != nil || n > unicode.MaxRune {
			p.fail(`\u{%.8s is not a code point`, digits)
			return 0
		}
		p.rest = rest
		return p.scalar(rune(n))
	}
	r := p.hex(4)
	if r >= 0xd800 && r < 0xdc00 && p.take(`\u`) {
		low := p.hex(4)
		if low >= 0xdc00 && low < 0xe000 {
			return (r-0xd800)<<10 + (low - 0xdc00) + 0x10000
		}
	}
	return p.scalar(r)
}

// scalar refuses half of a surrogate pair: without the flag "u" it would match halves of
// characters, which no Go string has.
func (p *ecma) scalar(r rune) rune {
	if r >= 0xd800 && r < 0xe000 {
		p.fail(`\u%04x is half of a character`, r)
	}
	return r
}
