package emit

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/genclient/genclient/internal/ir"
)

// TestBreakout parses what was printed for every golden, the hostile ones among
// them, and compares it with the plan: the declarations are the planned ones,
// the only identifiers are planned or the generator's own, each tag holds the
// one key, a string literal is a text of the plan, and no comment is anything
// but a line of text.
func TestBreakout(t *testing.T) {
	pkg := planned(t, everything(t))
	for i := range pkg.Models {
		m := &pkg.Models[i]
		src := rendered(t, pkg, i).Content
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, m.File, src, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatalf("%s: %v", m.ID, err)
		}
		for _, problem := range slices.Concat(commentProblems(file), literalProblems(file, m), identifierProblems(file, m), tagProblems(file, m)) {
			t.Errorf("%s: %s", m.ID, problem)
		}
		if d := cmp.Diff(plannedNames(m), declaredNames(file)); d != "" {
			t.Errorf("%s: declarations -want +got\n%s", m.ID, d)
		}
	}
}

// commentProblems finds comments that are no line of text: blocks, directives,
// build constraints.
func commentProblems(file *ast.File) (problems []string) {
	for _, group := range file.Comments {
		for _, c := range group.List {
			text, ok := strings.CutPrefix(c.Text, "//")
			trimmed := strings.TrimSpace(text)
			if !ok || text != "" && !strings.HasPrefix(text, " ") || strings.HasPrefix(trimmed, "+build") || strings.HasPrefix(trimmed, "#") {
				problems = append(problems, fmt.Sprintf("the comment %q", c.Text))
			}
		}
	}
	return problems
}

// declaredNames lists the declarations of a file; methods with their receivers.
func declaredNames(file *ast.File) []string {
	var names []string
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			name := decl.Name.Name
			if decl.Recv != nil {
				typ := decl.Recv.List[0].Type
				if star, ok := typ.(*ast.StarExpr); ok {
					typ = star.X
				}
				name = typ.(*ast.Ident).Name + "." + name
			}
			names = append(names, name)
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					names = append(names, spec.Name.Name)
				case *ast.ValueSpec:
					names = append(names, spec.Names[0].Name)
				}
			}
		}
	}
	slices.Sort(names)
	return names
}

// plannedNames lists what the file of a model declares.
func plannedNames(m *ir.Model) []string {
	in := m.Input.Name
	names := []string{"_", in, in + ".ModelID", in + ".outputKind", in + ".Validate", in + ".MediaRules", "Client." + m.Name}
	for _, s := range m.Structs {
		names = append(names, s.Name)
	}
	for _, s := range checkedStructs(m) {
		names = append(names, s.Name+".check")
	}
	for _, e := range m.Enums {
		names = append(names, e.Name)
		for _, member := range e.Members {
			names = append(names, member.Name)
		}
		if e.Base == ir.EnumMixed {
			names = append(names, e.Name+".MarshalJSON", e.Name+".UnmarshalJSON")
		}
	}
	eachStruct(m, func(s *ir.Struct) {
		if slices.ContainsFunc(s.Fields, func(f ir.Field) bool { return integral(f.Type) }) {
			names = append(names, s.Name+".UnmarshalJSON")
		}
	})
	for i := range m.Patterns {
		names = append(names, patternName(m.Name, i+1))
	}
	if slices.ContainsFunc(m.MediaTable(), func(r ir.PathRule) bool { return !r.Likely }) {
		names = append(names, "mediaRules"+m.Name)
	}
	if m.Output != nil {
		names = append(names, m.Output.Name, "Decode"+m.Output.Name)
	}
	slices.Sort(names)
	return names
}

// ownIdentifiers are what generated files use beside the names of the plan.
var ownIdentifiers = strings.Fields(`_ client format1 context json Context RawMessage Client CallOption Result MediaRule OutputKind
	OutputKindOther OutputKindImage OutputKindVideo OutputKindAudio MediaKindImage MediaKindVideo MediaKindAudio
	Path Kind Metric Op Bound Message ModelID outputKind Validate MediaRules MarshalJSON UnmarshalJSON
	string bool int64 float64 byte error nil len in c ctx opts run v violations err add required int float length
	intRange floatRange within item entries check from i key x b res shorter longer finite multipleOf unique
	start marshalMixed unmarshalMixed lazyPattern source match nilInput decodeOutput
	fetchable perhapsFetchable media text validText validJSON unmarshalStruct`)

// identifierProblems finds identifiers that neither the plan nor the generator has.
func identifierProblems(file *ast.File, m *ir.Model) (problems []string) {
	known := map[string]bool{}
	for _, name := range slices.Concat(ownIdentifiers, plannedNames(m)) {
		known[name[strings.LastIndexByte(name, '.')+1:]] = true
	}
	eachStruct(m, func(s *ir.Struct) {
		for _, f := range s.Fields {
			known[f.Name] = true
		}
	})
	ast.Inspect(file, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && !known[id.Name] {
			problems = append(problems, "the identifier "+id.Name)
		}
		return true
	})
	return problems
}

func eachStruct(m *ir.Model, visit func(*ir.Struct)) {
	for _, s := range append([]*ir.Struct{m.Input, m.Output}, m.Structs...) {
		if s != nil {
			visit(s)
		}
	}
}

// tagProblems compares the tags of every struct with its fields.
func tagProblems(file *ast.File, m *ir.Model) (problems []string) {
	structs := map[string]*ir.Struct{}
	eachStruct(m, func(s *ir.Struct) { structs[s.Name] = s })
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		typ, ok := spec.Type.(*ast.StructType)
		if !ok {
			return true
		}
		fields := structs[spec.Name.Name].Fields
		for i, f := range typ.Fields.List[1:] { // behind the blank one
			tag, err := strconv.Unquote(f.Tag.Value)
			want := `json:` + strconv.Quote(jsonTag(&fields[i]))
			if value := reflect.StructTag(tag).Get("json"); err != nil || tag != want || value != jsonTag(&fields[i]) {
				problems = append(problems, fmt.Sprintf("the tag %s of %q", f.Tag.Value, fields[i].JSON))
			}
		}
		return true
	})
	return problems
}

// literalProblems finds string literals that are no text of the plan. What
// Validate says begins with "must".
func literalProblems(file *ast.File, m *ir.Model) (problems []string) {
	known := map[string]bool{"": true, "context": true, "encoding/json": true, m.ID: true}
	for _, rule := range strings.Fields(`required enum type minimum maximum exclusiveMinimum exclusiveMaximum multipleOf
		minLength maxLength pattern minItems maxItems uniqueItems`) {
		known[rule] = true
	}
	eachStruct(m, func(s *ir.Struct) {
		for i := range s.Fields {
			known[s.Fields[i].JSON] = true
		}
	})
	for _, e := range m.Enums {
		for _, member := range e.Members {
			known[member.Value.String] = true
		}
	}
	for _, source := range m.Patterns {
		known[source] = true
	}
	for _, r := range m.MediaTable() {
		known[r.Path], known[r.Metric], known[r.Op], known[r.Message] = true, true, true, true
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if _, ok := n.(*ast.StructType); ok {
			return false // tags are compared elsewhere
		}
		lit, ok := n.(*ast.BasicLit)
		if !ok || lit.Kind != token.STRING {
			return true
		}
		text, err := strconv.Unquote(lit.Value)
		if err != nil || !known[text] && !strings.HasPrefix(text, "must ") {
			problems = append(problems, "the literal "+lit.Value)
		}
		if strings.HasPrefix(text, "must ") && !known[text] && strings.ContainsFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }) {
			problems = append(problems, "what does not print in the message "+lit.Value)
		}
		return true
	})
	return problems
}
