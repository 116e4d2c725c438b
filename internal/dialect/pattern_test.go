package dialect

import (
	"strings"
	"testing"
)

// TestPattern: what patterns match by ECMA-262, from its text (sections 12.2, 12.3 and
// 22.2) and not from an engine. A nil list of matches is a pattern that is not checked.
func TestPattern(t *testing.T) {
	// WhiteSpace (table 33, with Zs of Unicode) and LineTerminator (table 34).
	spaces := strings.Split("\t|\v|\f| |\u00a0|\ufeff|\u1680|\u2000|\u2005|\u200a|\u202f|\u205f|\u3000|\n|\r|\u2028|\u2029", "|")
	notSpaces := []string{"a", "0", "_", "", "\u0085", "\u180e", "\u200b", "\u2060", "\x1f", "\x00", "é", "😀"}
	one := func(s string) []string { return []string{s} }
	for _, tt := range []struct {
		pattern string
		yes, no []string
	}{
		{`^\s$`, spaces, notSpaces},
		{`^[\s]$`, spaces, notSpaces},
		{`^[^\S]$`, spaces, notSpaces},
		{`^\S$`, []string{"a", "\u0085", "\u180e", "\u200b", "\u2060", "\x1f", "\x00", "😀", "\u30ff", "\ufefe", "\uff00"}, spaces},
		{`^[\S]$`, []string{"a", "\u0085", "\u180e", "\u200b", "\u2060", "\x1f", "\x00", "!", "😀", "\u30ff", "\ufefe", "\uff00"}, spaces},
		{`^[^\s]$`, []string{"a", "\u0085", "\u200b", "😀"}, spaces},
		{`^[\s\S]$`, []string{"\n", "a", "\u2028", "😀"}, []string{"", "ab"}},
		{`\S`, []string{" a"}, append(spaces, "", "\u00a0\u3000")},
		{`^.$`, []string{"a", "\t", "\u0085", "\v", "\u00a0", "😀"}, []string{"\n", "\r", "\u2028", "\u2029", ""}},
		{`^.*$`, []string{"", "one line"}, []string{"a\nb", "a\r", "\u2028"}},
		{`^[.]$`, one("."), one("a")},
		{`^\d$`, []string{"0", "9"}, []string{"٣", "९", "a"}},
		{`^\D$`, []string{"٣", "a", "\n"}, []string{"0", "9"}},
		{`^[^\d]$`, []string{"٣", "a"}, one("5")},
		{`^\w$`, []string{"a", "Z", "_", "5"}, []string{"é", "-", "ſ", "\u212a"}},
		{`^\W$`, []string{"é", "-", "ſ"}, []string{"a", "_"}},
		{`\bcat\b`, []string{"a cat", "écat"}, []string{"scat", "cat_"}},
		{`^\B$`, one(""), one("a")},
		{`^[\b]$`, one("\b"), one("b")},
		{`a$`, []string{"a", "ba"}, []string{"a\n", "a\nb"}},
		{`^b`, one("b"), one("a\nb")},
		{`^\cA\cz$`, one("\x01\x1a"), one("cAcz")},
		{`^[\cJ]$`, one("\n"), one("J")},
		{`^\t\n\v\f\r\0$`, one("\t\n\v\f\r\x00"), nil},
		{`^\x41\u0042\u{43}\u{1F600}$`, one("ABC😀"), one("ABC")},
		{`^\uD83D\uDE00$`, one("😀"), nil},
		{`^[\u{1F600}-\u{1F64F}]$`, []string{"😀", "🙏"}, []string{"🚀", "a"}},
		{`^[\uD83D\uDE00-\uD83D\uDE4F]+$`, one("😀🙏"), one("🚀")},
		{`^[😀]$`, one("😀"), one("a")},
		{`^\p{L}+$`, one("añЖ漢"), []string{"1", "_", ""}},
		{`^\p{Letter}\p{Lu}\p{gc=Nd}\p{General_Category=Uppercase_Letter}$`, one("aB٣C"), one("aa1C")},
		{`^\P{L}$`, []string{"1", "\u0378"}, one("a")},
		{`^[\p{L}\d_-]+$`, one("ж1_-"), one("ж 1")},
		{`^[^\p{L}\P{Lu}]$`, nil, []string{"a", "A", "1"}},
		{`^\p{Script=Greek}+$`, one("αβ"), one("ab")},
		{`^\p{sc=Han}$`, one("漢"), one("あ")},
		{`^\p{ASCII}\P{ASCII}\p{Any}$`, one("aé\n"), one("aaa")},
		{`^[]$`, nil, []string{"", "]", "a"}},
		{`^[^]$`, []string{"a", "\n", "]", "😀"}, one("")},
		{`^[]a]$`, nil, []string{"]", "a", "a]"}},
		{`^[\w-.]+$`, one("a-.b"), one("a+")},
		{`^[a-\d]+$`, one("a-5"), one("b")},
		{`^[\w-]+$`, one("a-b"), one("a.b")},
		{`^[a-c-e]+$`, one("a-ce"), one("d")},
		{`^[-+*/^$.|()[{}\]\\]+$`, one(`-+*/^$.|()[{}]\`), one("a")},
		{`^[+--]$`, []string{"+", ",", "-"}, []string{".", "*"}},
		{`^a\/b\-c\_d\.$`, one("a/b-c_d."), one("a/b-c_dx")},
		{`^{a}]$`, one("{a}]"), one("a")},
		{`^a{2,3}?b{1}c{0,}$`, []string{"aab", "aaabcc"}, []string{"ab", "aaaab"}},
		{`^(?:a|b|)(?<name>c)(?<$x>d)$`, []string{"acd", "cd"}, one("ad")},
		{`^(a*)*$`, one("aa"), one("b")},
		{``, []string{"", "a"}, nil},
		{`^\u0000[\0]$`, one("\x00\x00"), one("00")},

		{`\Ax`, nil, nil}, {`x\Z`, nil, nil}, {`x\z`, nil, nil}, {`\a`, nil, nil}, {`\Qa.b\E`, nil, nil}, {`\h`, nil, nil},
		{`\C`, nil, nil}, {`\pL`, nil, nil}, {`\p{Greek}`, nil, nil}, {`\p{^L}`, nil, nil}, {`\p{C}`, nil, nil}, {`\p{Cn}`, nil, nil},
		{`\p{letter}`, nil, nil}, {`\p{Alphabetic}`, nil, nil}, {`\P{Any}`, nil, nil}, {`\p{Script=Nope}`, nil, nil}, {`\p{L`, nil, nil},
		{`(?=a)`, nil, nil}, {`(?!a)`, nil, nil}, {`(?<=a)`, nil, nil}, {`(?<!a)b`, nil, nil},
		{`(a)\1`, nil, nil}, {`(?<a>b)\k<a>`, nil, nil}, {`\01`, nil, nil}, {`[\1]`, nil, nil},
		{`a*+`, nil, nil}, {`a++`, nil, nil}, {`a?+`, nil, nil}, {`a{2}+`, nil, nil}, {`a{2}{3}`, nil, nil}, {`a**`, nil, nil}, {`a*??`, nil, nil},
		{`(?i)a`, nil, nil}, {`(?i:a)`, nil, nil}, {`(?s).`, nil, nil}, {`(?-i:a)`, nil, nil}, {`(?U)a*`, nil, nil}, {`(?>a)`, nil, nil},
		{`(?P<n>a)`, nil, nil}, {`(?'n'a)`, nil, nil}, {`(?#c)`, nil, nil}, {`(?<1>a)`, nil, nil}, {`(?<a>b)(?<a>c)`, nil, nil},
		{`[[:alpha:]]`, nil, nil}, {`[^[:space:]]`, nil, nil}, {`[:alpha:]`, nil, nil}, {`[a`, nil, nil}, {`(a`, nil, nil}, {`a)`, nil, nil},
		{`*a`, nil, nil}, {`^*`, nil, nil}, {`a|*`, nil, nil}, {`(+)`, nil, nil}, {`\b+`, nil, nil}, {`a{,3}`, nil, nil}, {`{2}`, nil, nil}, {`a{3,2}`, nil, nil},
		{`[z-a]`, nil, nil}, {`[\B]`, nil, nil}, {`\c`, nil, nil}, {`\c1`, nil, nil}, {`\xZ1`, nil, nil}, {`\u12`, nil, nil}, {`\u{110000}`, nil, nil},
		{`\uD83D`, nil, nil}, {`[\uD800-\uDFFF]`, nil, nil}, {`\`, nil, nil}, {`[\`, nil, nil}, {`a{1001}`, nil, nil}, {`\u{}`, nil, nil},
		{strings.Repeat("(", 2000) + strings.Repeat(")", 2000), nil, nil},
	} {
		re, problem := Pattern(tt.pattern, 7)
		if checked := tt.yes != nil || tt.no != nil; checked != (problem == nil) {
			t.Errorf("%.60q: checked %t, want %t: %v", tt.pattern, problem == nil, checked, problem)
			continue
		}
		if problem != nil {
			if re != nil || problem.Rule != "pattern-not-re2" || problem.Offset != 7 || problem.Message == "" {
				t.Errorf("%.60q: %+v", tt.pattern, problem)
			}
			continue
		}
		for _, s := range tt.yes {
			if !re.MatchString(s) {
				t.Errorf("%q (%s) does not match %q", tt.pattern, re, s)
			}
		}
		for _, s := range tt.no {
			if re.MatchString(s) {
				t.Errorf("%q (%s) matches %q", tt.pattern, re, s)
			}
		}
	}
}
