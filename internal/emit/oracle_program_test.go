package emit_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/genclient/genclient/internal/emit"
	"github.com/genclient/genclient/internal/ir"
)

// oracleRequest is one line of the program's input.
type oracleRequest struct {
	Model    string                 `json:"model"`
	Instance json.RawMessage        `json:"instance"`
	Media    map[string]oracleMedia `json:"media,omitempty"`
}

// oracleMedia is a MediaInfo of the generated package.
type oracleMedia struct {
	Width, Height int
	Bytes         int64
}

// oracleAnswer is one line of the program's output.
type oracleAnswer struct {
	// Err says why the instance is no value of the Go type; for a number that
	// the type cannot take, Number is the text and Type the Go type.
	Err    string
	Number string
	Type   string
	// Body is the JSON that would be sent.
	Body json.RawMessage
	// Decoded is what the input of DecodeInput would send, null when it refuses the
	// instance; Lost are the paths at which it does.
	Decoded    *json.RawMessage
	Lost       []oracleViolation
	Violations []oracleViolation // of Validate
	Media      []oracleViolation // of EvaluateMedia
}

type oracleViolation struct{ Path, Rule string }

// oracleMain is the program that runs the generated code.
const oracleMain = `package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"oracle/gen"
)

type request struct {
	Model    string
	Instance json.RawMessage
	Media    map[string]gen.MediaInfo
}

type violation struct{ Path, Rule string }

type answer struct {
	Err, Number, Type string
	Body, Decoded           json.RawMessage
	Lost, Violations, Media []violation
}

func main() {
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	defer out.Flush()
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		text, err := json.Marshal(run(line))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		out.Write(append(text, '\n'))
	}
}

func run(line []byte) (a answer) {
	var r request
	if err := json.Unmarshal(line, &r); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	in, err := gen.DecodeInput(r.Model, r.Instance)
	if err == nil {
		if a.Decoded, err = json.Marshal(in); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	a.Lost = violations(err)
	in = gen.NewInput(r.Model)
	if err := json.Unmarshal(r.Instance, in); err != nil {
		a.Err = err.Error()
		var typ *json.UnmarshalTypeError
		if errors.As(err, &typ) && strings.HasPrefix(typ.Value, "number ") {
			a.Number, a.Type = strings.TrimPrefix(typ.Value, "number "), typ.Type.Kind().String()
		}
		return a
	}
	body, err := json.Marshal(in)
	if err != nil {
		a.Err = err.Error()
		return a
	}
	a.Body = body
	a.Violations = violations(in.Validate())
	if r.Media != nil {
		a.Media = violations(gen.EvaluateMedia(in, r.Media))
	}
	return a
}

func violations(err error) (out []violation) {
	var invalid *gen.ValidationError
	if errors.As(err, &invalid) {
		for _, v := range invalid.Violations {
			out = append(out, violation{v.Path, v.Rule})
		}
	} else if err != nil {
		out = append(out, violation{"", err.Error()})
	}
	return out
}
`

// oracleProgram is the path of the built program.
type oracleProgram string

// buildOracle writes the package into a module at the oldest Go version that
// generated code supports, with the program beside it, and builds both.
func buildOracle(t *testing.T, pkg *ir.Package) oracleProgram {
	t.Helper()
	dir := writeModule(t, pkg)
	var registry strings.Builder
	registry.WriteString("package gen\n\nfunc NewInput(model string) Input { return inputs[model]() }\n\nvar inputs = map[string]func() Input{\n")
	for _, m := range pkg.Models {
		fmt.Fprintf(&registry, "\t%q: func() Input { return new(%s) },\n", m.ID, m.Input.Name)
	}
	registry.WriteString("}\n")
	writeFile(t, filepath.Join(dir, "gen", "registry.go"), registry.String())
	writeFile(t, filepath.Join(dir, "main.go"), oracleMain)
	goTool(t, dir, "vet", "./...")
	goTool(t, dir, "build", "-o", "oracle", ".")
	return oracleProgram(filepath.Join(dir, "oracle"))
}

// writeModule generates the package into the folder gen of a new module without
// requirements and returns the module's folder.
func writeModule(t *testing.T, pkg *ir.Package) string {
	t.Helper()
	files, err := emit.Files(pkg)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "go.mod"), "module oracle\n\ngo 1.24\n")
	if err := os.Mkdir(filepath.Join(dir, "gen"), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		writeFile(t, filepath.Join(dir, "gen", f.Path), string(f.Content))
	}
	return dir
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

// goTool runs the go command without any network.
func goTool(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-buildvcs=false", "GOWORK=off", "GOTOOLCHAIN=local")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// ask runs the program over the requests and returns an answer for each.
func (p oracleProgram) ask(t *testing.T, requests []oracleRequest) []oracleAnswer {
	t.Helper()
	var in, out, stderr bytes.Buffer
	encoder := json.NewEncoder(&in)
	encoder.SetEscapeHTML(false)
	for _, r := range requests {
		if err := encoder.Encode(r); err != nil {
			t.Fatalf("%v in %s", err, r.Instance)
		}
	}
	cmd := exec.Command(string(p))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &out, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	answers := make([]oracleAnswer, len(requests))
	decoder := json.NewDecoder(&out)
	for i := range answers {
		if err := decoder.Decode(&answers[i]); err != nil {
			t.Fatal(err)
		}
	}
	return answers
}
