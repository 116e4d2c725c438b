package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/genclient/genclient/bench"
	"github.com/genclient/genclient/bench/synth"
	"github.com/genclient/genclient/internal/output"
)

// workspace is the folder of one run and what its sections share:
//
//	schemas/     the schema documents
//	client/      module example.com/client, with the generated package in gen/
//	floor/       module example.com/m, with the floor package in gen/, where
//	             outside tools make one
type workspace struct {
	n, rounds int
	outside   string // the folder of the outside tools, "" for none
	dir       string
	temporary bool
	origin    string // where the models come from
}

func (w *workspace) path(elem ...string) string {
	return filepath.Join(append([]string{w.dir}, elem...)...)
}

// prepare makes the schemas, the generated package and, with outside tools, the
// floor package.
func (w *workspace) prepare() (err error) {
	if w.dir == "" {
		w.temporary = true
		w.dir, err = os.MkdirTemp("", "genclient-bench-")
	} else if w.dir, err = filepath.Abs(w.dir); err == nil {
		err = emptyFolder(w.dir)
	}
	if err != nil {
		return err
	}
	if w.outside == "" {
		w.origin = "project's own generator"
		err = synth.Write(w.path("schemas"), synth.Documents(w.n))
	} else {
		err = w.prepareOutside()
	}
	if err != nil {
		return err
	}
	if _, err := bench.Generate(w.path("schemas"), w.path("client", "gen")); err != nil {
		return err
	}
	return w.module("client", "example.com/client")
}

// prepareOutside runs the outside programs: extract and synth of the folder
// tools make the input schemas and their table, that of the folder floor prints
// the least Go for them.
func (w *workspace) prepareOutside() error {
	w.origin = "outside tools"
	outside, err := filepath.Abs(w.outside)
	if err != nil {
		return err
	}
	tools, floor := filepath.Join(outside, "tools"), filepath.Join(outside, "floor")
	for _, c := range []struct {
		dir  string
		args []string
	}{
		{tools, []string{"extract", "../../seeds", w.path("five")}},
		{tools, []string{"synth", "-n", strconv.Itoa(w.n), w.path("five"), w.path("syn")}},
		{floor, []string{"-layout", "files", "-fmt", w.path("syn"), w.path("floor", "gen")}},
	} {
		if _, err := goTool(c.dir, append([]string{"run", "."}, c.args...)...); err != nil {
			return err
		}
	}
	docs, err := synth.ReadTable(w.path("syn"))
	if err != nil {
		return err
	}
	return errors.Join(synth.Write(w.path("schemas"), docs), w.module("floor", "example.com/m"))
}

// module makes a folder a module without requirements.
func (w *workspace) module(folder, path string) error {
	return os.WriteFile(w.path(folder, "go.mod"), []byte("module "+path+"\n\ngo 1.24\n"), 0o644)
}

func (w *workspace) remove() {
	if w.temporary {
		os.RemoveAll(w.dir)
	}
}

// emptyFolder refuses a folder that looks as if it were somebody's work.
func emptyFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	known := map[string]bool{"schemas": true, "client": true, "floor": true, "one": true, "five": true, "syn": true, "bin": true, "out": true}
	for _, e := range entries {
		if !known[e.Name()] {
			return fmt.Errorf("%s holds %s, which is not of an earlier run: name another folder", dir, e.Name())
		}
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

func writeFiles(dir string, files []output.File) error {
	for _, f := range files {
		file := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, f.Content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// cost is the time that a command took: of the processors, its own and its
// children's, and by the clock.
type cost struct{ cpu, wall time.Duration }

// goTool runs the go command in a folder, without network.
func goTool(dir string, args ...string) (cost, error) {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "GOPROXY=off", "GOTOOLCHAIN=local")
	return execute(cmd)
}

// execute runs a command; what it printed stands in the error.
func execute(cmd *exec.Cmd) (cost, error) {
	start := time.Now()
	text, err := cmd.CombinedOutput()
	if err != nil {
		return cost{}, fmt.Errorf("%v: %w\n%s", cmd.Args, err, text)
	}
	return cost{cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), time.Since(start)}, nil
}
