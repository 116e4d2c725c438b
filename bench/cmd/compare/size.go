package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/genclient/genclient/bench"
	"github.com/genclient/genclient/internal/emit"
	"github.com/genclient/genclient/internal/ir"
)

// programs are what is linked. METHOD and INPUT stand for the model's method
// and input type.
var programs = []struct{ name, source string }{
	{"plain", `package main

import (
	"context"
	"fmt"
	"os"

	"example.com/client/gen"
)

func main() {
	client := gen.New("")
	res, err := client.METHOD(context.Background(), &gen.INPUT{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(res.Output.Video)
}
`},
	{"template", `package main

import (
	"context"
	"os"
	"text/template"

	"example.com/client/gen"
)

func main() {
	client := gen.New("")
	res, err := client.METHOD(context.Background(), &gen.INPUT{})
	page := template.Must(template.New("page").Parse("{{.Result.RequestID}} {{.Err.Error}}\n"))
	if err := page.Execute(os.Stdout, map[string]any{"Result": res, "Err": err}); err != nil {
		os.Exit(1)
	}
}
`},
	{"template, a log of a wait error", logging("")},
	{"template, logs of a wait error and the client", logging(`	slog.Info("starting", "client", client)
	fmt.Printf("%v\n", client)
`)},
}

// logging returns the program that links text/template too and logs a wait
// error, after the given statements.
func logging(first string) string {
	return strings.ReplaceAll(`package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"text/template"

	"example.com/client/gen"
)

func main() {
	client := gen.New("")
FIRST	res, err := client.METHOD(context.Background(), &gen.INPUT{})
	var wait *gen.WaitError
	if errors.As(err, &wait) {
		slog.Error(fmt.Sprint("gave up: ", wait), "err", wait)
	}
	page := template.Must(template.New("page").Parse("{{.Result.RequestID}} {{.Err.Error}}\n"))
	if err := page.Execute(os.Stdout, map[string]any{"Result": res, "Err": err}); err != nil {
		os.Exit(1)
	}
}
`, "FIRST", first)
}

// compareSize links every program with the package of all models and with that
// of the one model it uses.
func compareSize(w *workspace) error {
	all, err := bench.Load(w.path("schemas"), nil)
	if err != nil {
		return err
	}
	used := all.Models[len(all.Models)/2]
	files, err := emit.Files(&ir.Package{Name: bench.Package, Models: []ir.Model{used}})
	if err != nil {
		return err
	}
	if err := writeFiles(w.path("one", "gen"), files); err != nil {
		return err
	}
	if err := w.module("one", "example.com/client"); err != nil {
		return err
	}
	t := newTable("program", "", "all models", "one model", "more", "all / one")
	for i, p := range programs {
		source := strings.NewReplacer("METHOD", used.Name, "INPUT", used.Input.Name).Replace(p.source)
		for _, ldflags := range []string{"", "-s -w"} {
			var sizes []int64
			for _, side := range []string{"client", "one"} {
				folder := fmt.Sprintf("program%d", i)
				if err := os.MkdirAll(w.path(side, folder), 0o755); err != nil {
					return err
				}
				if err := os.WriteFile(w.path(side, folder, "main.go"), []byte(source), 0o644); err != nil {
					return err
				}
				binary := w.path("bin", side)
				if _, err := goTool(w.path(side), "build", "-trimpath", "-ldflags", ldflags, "-o", binary, "./"+folder); err != nil {
					return err
				}
				info, err := os.Stat(binary)
				if err != nil {
					return err
				}
				sizes = append(sizes, info.Size())
			}
			how := "with symbols"
			if ldflags != "" {
				how = "stripped"
			}
			t.row(p.name, how, kilobytes(sizes[0]), kilobytes(sizes[1]), kilobytes(sizes[0]-sizes[1]), ratio(sizes[0], sizes[1]))
		}
	}
	return t.print()
}

func kilobytes(n int64) string { return fmt.Sprintf("%d kB", n/1000) }
