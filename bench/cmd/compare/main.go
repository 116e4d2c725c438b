// Command compare measures genclient beside its peers and prints ratios. Both
// sides of a ratio are measured in turns within one run, so that what else the
// machine does falls on both.
//
// Run it in the folder bench:
//
//	go run ./cmd/compare [-n 1000] [-rounds 5] [-only compile,size]
//
// The input is that of package synth. Where the environment variable
// GENCLIENT_BENCH names a folder of outside tools, it is that of their synth, and
// the compiled package is also compared with their floor, the least Go for the
// same models.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
)

// A section measures one thing and prints its figures.
type section struct {
	name, title string
	run         func(*workspace) error
}

var sections = []section{
	{"generation", "Generation and jennifer's rendering of the same files", compareGeneration},
	{"compile", "Compiling the generated package", compareCompile},
	{"size", "A program using one of the models, linked with all and with that one", compareSize},
	{"validate", "Validate, hand-written checks and jsonschema/v5", compareValidate},
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func run() error {
	w := workspace{outside: os.Getenv("GENCLIENT_BENCH")}
	var only string
	flag.IntVar(&w.n, "n", 1000, "number of models")
	flag.IntVar(&w.rounds, "rounds", 5, "measurements of each side")
	flag.StringVar(&w.dir, "work", "", "folder to work in, emptied first and kept (default: a temporary one)")
	flag.StringVar(&only, "only", "", "comma-separated sections (default: all)")
	flag.Parse()
	chosen := strings.Split(only, ",")
	for _, name := range chosen {
		if only != "" && !slices.ContainsFunc(sections, func(s section) bool { return s.name == name }) {
			return fmt.Errorf("no section is named %q", name)
		}
	}
	if err := w.prepare(); err != nil {
		return err
	}
	defer w.remove()
	fmt.Printf("%d models of the %s; %s, %d cores, %d rounds\n", w.n, w.origin, runtime.Version(), runtime.NumCPU(), w.rounds)
	for _, s := range sections {
		if only != "" && !slices.Contains(chosen, s.name) {
			continue
		}
		fmt.Printf("\n%s (%s)\n", s.title, s.name)
		if err := s.run(&w); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}
