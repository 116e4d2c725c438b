package dialect

import (
	"strings"
	"unicode"
)

// property translates \p{...} or \P{...}, whose letter is read (ECMA-262, section
// 22.2.1, CharacterClassEscape).
func (p *ecma) property(letter rune, inClass bool) {
	name, rest, ok := strings.Cut(p.rest, "}")
	if !ok || !strings.HasPrefix(name, "{") {
		p.fail(`\%c is not followed by a property in braces`, letter)
		return
	}
	p.rest = rest
	class := propertyClass(name[1:], letter == 'P')
	switch {
	case class == "":
		p.fail(`RE2 cannot say \%c{%.40s}`, letter, name[1:])
	case inClass:
		p.out.WriteString(class)
	default:
		p.out.WriteString("[" + class + "]")
	}
}

// propertyClass returns what stands in a class of RE2 for a property, or for what does
// not have it; "" where RE2 and ECMA-262 differ, or a name is not of ECMA-262.
func propertyClass(name string, not bool) string {
	p := `\p{`
	if not {
		p = `\P{`
	}
	key, value, hasValue := strings.Cut(name, "=")
	switch {
	case hasValue && (key == "Script" || key == "sc"):
		if unicode.Scripts[value] == nil {
			return ""
		}
		return p + value + "}"
	case hasValue && (key == "General_Category" || key == "gc"):
		name = value
	case hasValue:
		return ""
	case name == "ASCII" && not:
		return `\x{80}-\x{10ffff}`
	case name == "ASCII":
		return `\x00-\x7f`
	case name == "Any" && !not:
		return `\x00-\x{10ffff}`
	}
	for short, long := range categories {
		if name == short || name == long {
			return p + short + "}"
		}
	}
	return ""
}

// categories are the general categories that package unicode has of old, with their long
// names (Unicode, PropertyValueAliases.txt). C and Cn are not among them: only newer Go
// counts what is not assigned.
var categories = map[string]string{
	"L": "Letter", "Lu": "Uppercase_Letter", "Ll": "Lowercase_Letter", "Lt": "Titlecase_Letter",
	"Lm": "Modifier_Letter", "Lo": "Other_Letter",
	"M": "Mark", "Mn": "Nonspacing_Mark", "Mc": "Spacing_Mark", "Me": "Enclosing_Mark",
	"N": "Number", "Nd": "Decimal_Number", "Nl": "Letter_Number", "No": "Other_Number",
	"P": "Punctuation", "Pc": "Connector_Punctuation", "Pd": "Dash_Punctuation", "Ps": "Open_Punctuation",
	"Pe": "Close_Punctuation", "Pi": "Initial_Punctuation", "Pf": "Final_Punctuation", "Po": "Other_Punctuation",
	"S": "Symbol", "Sm": "Math_Symbol", "Sc": "Currency_Symbol", "Sk": "Modifier_Symbol", "So": "Other_Symbol",
	"Z": "Separator", "Zs": "Space_Separator", "Zl": "Line_Separator", "Zp": "Paragraph_Separator",
	"Cc": "Control", "Cf": "Format", "Co": "Private_Use",
}
