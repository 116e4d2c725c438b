package cli

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/genclient/genclient/templates/client"
)

var update = flag.Bool("update", false, "rewrite the expectations in testdata/cli")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"genclient":             func() { os.Exit(Main()) },
		"genclient-download":    download,
		"genclient-environment": func() { fmt.Println(strings.Join(os.Environ(), "\n")) },
		"genclient-call":        call,
		"genclient-touch":       touch,
		"genclient-linger":      linger,
	})
}

// touch makes the empty files of its arguments.
func touch() {
	for _, name := range os.Args[1:] {
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// call is a program that uses a generated client: it submits the body in its
// second argument to the model in its first.
func call() {
	c := client.New("", client.WithBaseURL(os.Getenv("RUNCOMFY_BASE_URL")))
	_, err := c.SubmitRaw(context.Background(), os.Args[1], json.RawMessage(os.Args[2]))
	if err != nil {
		var cost interface{ Charged() client.Charged }
		errors.As(err, &cost)
		fmt.Fprintf(os.Stderr, "%v, charged: %v\n", err, cost.Charged())
		os.Exit(1)
	}
	fmt.Println("accepted")
}

// download is a program that uses a generated client to run a model, in its first
// argument, and to download the outputs to the current folder, or not with a second
// argument.
func download() {
	ctx := context.Background()
	c := client.New("", client.WithBaseURL(os.Getenv("RUNCOMFY_BASE_URL")))
	fail := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	job, err := c.SubmitRaw(ctx, os.Args[1], json.RawMessage(`{"prompt":"a fox"}`))
	fail(err)
	res, err := job.Wait(ctx)
	fail(err)
	if len(os.Args) > 2 {
		return
	}
	files, err := c.Download(ctx, res, ".")
	fail(err)
	fmt.Println("downloaded", len(files))
}

// linger is a program that waits for an interrupt, which it then takes until its
// input ends to follow. A second interrupt kills it.
func linger() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	fmt.Println("ready")
	<-ctx.Done()
	stop()
	fmt.Println("interrupted")
	_, _ = io.Copy(io.Discard, os.Stdin)
	fmt.Println("ended well")
}

// TestScripts runs the specification of the command line in testdata/cli. To the
// script language it adds
//
//	exits CODE COMMAND [ARG...]   the command ends with this exit code
//	freeze FOLDER                 gives every file one old time
//	[!] frozen FILE...            the files have (do not have) that time still
func TestScripts(t *testing.T) {
	cache, err := exec.Command("go", "env", "GOCACHE").Output() // scripts have no home folder, where it would be
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("..", "..", "testdata", "cli"),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("GOCACHE", strings.TrimSpace(string(cache)))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "freeze": freeze, "frozen": frozen,
		},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

var frozenTime = time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)

func freeze(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: freeze FOLDER")
	}
	ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(p string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		return os.Chtimes(p, frozenTime, frozenTime)
	}))
}

func frozen(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: frozen FILE...")
	}
	for _, name := range args {
		info, err := os.Stat(ts.MkAbs(name))
		ts.Check(err)
		if info.ModTime().Equal(frozenTime) == neg {
			ts.Fatalf("%s has time %v", name, info.ModTime())
		}
	}
}
