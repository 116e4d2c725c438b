package diag

// A Rule is one kind of problem that diagnostics report.
type Rule struct {
	Name     string // stable, in kebab case
	Severity Severity
	Hint     string // what genclient does about it, or what the reader can do
}

// RuleNamed returns the rule of a name; the rules are the ones of this package,
// so that a name without a rule is a defect.
func RuleNamed(name string) Rule {
	for _, r := range Rules {
		if r.Name == name {
			return r
		}
	}
	panic("no rule is named " + name)
}

// Rules are sorted by name; docs/lint.md lists them with examples.
var Rules = []Rule{
	{"additional-properties", Warning, "the struct has the named properties only; SubmitRaw sends others"},
	{"array-without-items", Note, "media become []string by their other signs, anything else raw JSON"},
	{"boolean-schema", Note, "true becomes raw JSON; false leaves the property out"},
	{"composition", Note, "a property whose type is told by the alternatives alone becomes raw JSON; the alternatives are left to the server"},
	{"const-conflict", Warning, "the property becomes raw JSON: no value fits"},
	{"control-characters", Note, "they never reach Go source outside of an escaped literal"},
	{"default-bare-file", Note, "the default is left out: no server can fetch it"},
	{"default-demo", Note, "a default of free text or media tells nothing of the server: it is left out and never sent"},
	{"default-invalid", Warning, "a default that is no valid value is left out; the server alone knows what it does"},
	{"deprecated", Note, "the field stays and is marked Deprecated"},
	{"enum-duplicate", Warning, "one constant is generated for both"},
	{"enum-empty", Warning, "the property becomes raw JSON"},
	{"enum-mixed-types", Note, "the enum's Go values are JSON texts"},
	{"enum-type-mismatch", Warning, "the member is left out: the type does not allow it"},
	{"enum-zero-member", Note, "an optional field becomes a pointer, so that the member can be told from unset"},
	{"example-incomplete", Note, "the page's example is not a valid request; it is not used for one"},
	{"example-mismatch", Warning, "the schema is followed, not the example"},
	{"example-unknown-property", Warning, "the struct has no such field; SubmitRaw sends it"},
	{"format-unknown", Note, "the format is documented and not checked"},
	{"free-form-object", Note, "the property becomes a map of raw JSON"},
	{"html-in-text", Note, "the text stands in the comment as it is"},
	{"integer-beyond-2-53", Note, "the number is exact in Go; JavaScript on the way would round it"},
	{"integer-beyond-int64", Warning, "a bound that every int64 keeps is dropped, any other is left to the server; a member makes the enum one of JSON texts"},
	{"items-without-type", Note, "raw JSON, unless other keywords tell the type"},
	{"keyword-misplaced", Note, "the keyword has no effect, as JSON Schema has it"},
	{"keyword-unchecked", Warning, "the keyword is named in the field's comment and left to the server"},
	{"keyword-unknown", Warning, "the keyword is named in the field's comment and left to the server"},
	{"leaked-i18n-key", Note, "the key never becomes a comment"},
	{"malformed-keyword", Warning, "the keyword is ignored"},
	{"malformed-validation", Warning, "the rule is ignored"},
	{"names-alike", Note, "the later field gets _2 at the end of its Go name when they would share it"},
	{"nullable", Note, "the field is a pointer; a required one is sent as null when nil"},
	{"output-differs", Note, "the model gets an output struct of its own when the schema names properties; the raw JSON is always there"},
	{"pattern-not-re2", Warning, "the pattern is named in the field's comment and left to the server"},
	{"property-name", Warning, "the property is left out of the struct: no struct tag carries its name; SubmitRaw sends it"},
	{"read-only", Note, "the field stays: the page asks for it in the input"},
	{"ref-external", Warning, "nothing is loaded; the property becomes raw JSON"},
	{"ref-recursive", Note, "the type refers to itself through a pointer, a list or a map"},
	{"ref-unresolvable", Warning, "the property becomes raw JSON"},
	{"required-repeated", Note, "it is required once"},
	{"required-unknown", Warning, "the name is ignored: no field can carry it"},
	{"root-without-properties", Warning, "the input struct has no fields; SubmitRaw sends a body"},
	{"schema-unusable", Error, "the input struct has no fields and nothing is judged"},
	{"type-nonstandard", Note, "float is read as number"},
	{"type-unknown", Warning, "the property becomes raw JSON"},
	{"unsatisfiable", Warning, "the checks are generated as they stand: a set value never passes"},
	{"untyped-property", Note, "the property becomes raw JSON unless its other keywords tell the type"},
	{"validation-unknown", Warning, "the rule stays visible in MediaRules or the comment and is not enforced"},
}
