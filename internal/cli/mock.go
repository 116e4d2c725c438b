package cli

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/genclient/genclient/mock"
)

// mockFlags are the flags of mock.
type mockFlags struct {
	addr, scenario, schemas, token, cert string
	speed                                float64
	seed                                 uint64
	tls                                  bool
}

const mockLong = `mock serves an emulator of RunComfy's model API for the models of the schemas:
submits are validated and counted as charges, jobs queue, run and end, and their
outputs can be fetched. Nothing leaves the machine and nothing costs money.

It prints two lines for the environment of a client,
  RUNCOMFY_BASE_URL=http://127.0.0.1:PORT
  RUNCOMFY_API_TOKEN=TOKEN
and serves until it is interrupted. With a COMMAND it starts that with the two
variables set instead of printing them, and ends with it: exit code 0 if the
command's is, else 1. At the end it reports how many submits were charged. When
genclient is interrupted or terminated, so is the COMMAND, which then has ten
seconds to cancel its job or write its journal.

A generated client reads RUNCOMFY_API_TOKEN by itself, but not RUNCOMFY_BASE_URL:
the program has to give it to WithBaseURL, or it calls the paid API. TOKEN is one
that no account has, so that a program which forgets that is refused there; a
COMMAND finds it in RUNCOMFY_TOKEN too, in place of its value.

With --tls the URL is https, over HTTP/2 and HTTP/1.1, with a certificate made at
the start. A third line or variable, SSL_CERT_FILE=FILE, names it as a PEM file,
which Go programs trust by themselves, except on macOS and Windows; others need an
option for it, for example curl --cacert.

Outputs are on the same origin, from which a generated client downloads them
without an option, over http too as long as that is an address of this machine: for
programs on others, --addr needs --tls beside it. The end reports the media URLs
that were handed out in a result and never fetched.

Scenarios:
`

func (a *app) mock() *cobra.Command {
	var f mockFlags
	cmd := &cobra.Command{
		Use:   "mock [flags] [-- COMMAND [ARG...]]",
		Short: "Serve an emulator of the API",
		Long:  mockLong + scenarioList(),
		Example: `  genclient mock -- go test ./...
  genclient mock --scenario busy --speed 100 -- go run ./cmd/render
  genclient mock --schemas schemas --tls -- go test ./...`,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveDefault
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if at := cmd.ArgsLenAtDash(); len(args) > 0 && at != 0 {
				return usagef(cmd, "mock takes a command after --, got %q without it", args[0])
			}
			if len(args) > 0 {
				if err := checkCommand(cmd, args[0]); err != nil {
					return err
				}
			}
			return a.runMock(cmd, f, args)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.addr, "addr", "127.0.0.1:0", "`ADDRESS` to listen on; port 0 takes a free one")
	flags.StringVar(&f.scenario, "scenario", "normal", "`NAME` of what goes wrong, of those above")
	flags.Uint64Var(&f.seed, "seed", 1, "`NUMBER` that faults, durations and ids are drawn from; the same one repeats a run")
	flags.StringVar(&f.schemas, "schemas", "", "`DIR` of schema documents (default: the embedded ones)")
	flags.StringVar(&f.token, "token", "", "the only `TOKEN` accepted, never a real one (default: a fixed one)")
	flags.Float64Var(&f.speed, "speed", 0, "`FACTOR` by which jobs run faster than real ones (default: the scenario's)")
	flags.BoolVar(&f.tls, "tls", false, "serve https")
	flags.StringVar(&f.cert, "tls-cert", "", "serve https and write the certificate to `FILE` (default: a temporary one)")
	completeFlags(cmd, map[string]completions{"scenario": completeScenario})
	return cmd
}

// checkCommand refuses a command that cannot be started, before anything is served.
func checkCommand(cmd *cobra.Command, name string) error {
	_, err := exec.LookPath(name)
	if err == nil {
		return nil
	}
	hint := "is it installed, and its folder in PATH?"
	if info, here := os.Stat(name); here == nil && !info.IsDir() && filepath.Base(name) == name {
		hint = "a program in the current folder is ./" + name
	}
	return usagef(cmd, "the command after -- cannot be started: %v; %s", err, hint)
}

func scenarioList() string {
	var b strings.Builder
	for _, s := range mock.Scenarios() {
		fmt.Fprintf(&b, "  %-14s %s\n", s.Name, s.Doc)
	}
	return b.String()
}

// options are what the flags ask of the emulator.
func (f mockFlags) options(cmd *cobra.Command) ([]mock.Option, error) {
	opts := []mock.Option{mock.WithScenario(f.scenario), mock.WithAddr(f.addr), mock.WithSeed(f.seed)}
	if f.token != "" {
		opts = append(opts, mock.WithToken(f.token))
	}
	if cmd.Flags().Changed("speed") {
		opts = append(opts, mock.WithSpeed(f.speed))
	}
	if f.tls || f.cert != "" {
		opts = append(opts, mock.WithHTTP2())
	}
	if f.schemas == "" {
		return opts, nil
	}
	models, err := mock.SchemaModels(os.DirFS(f.schemas))
	if err != nil {
		return nil, fmt.Errorf("--schemas %s: %w", f.schemas, err)
	}
	if len(models) == 0 {
		return nil, fmt.Errorf("--schemas %s: there is no schema document; genclient scrape writes some", f.schemas)
	}
	return append(opts, mock.WithModels(models...)), nil
}

func (a *app) runMock(cmd *cobra.Command, f mockFlags, command []string) error {
	if f.token != "" && (f.token == a.env("RUNCOMFY_API_TOKEN") || f.token == a.env("RUNCOMFY_TOKEN")) {
		return usagef(cmd, "--token is the one of your environment; a program that does not call the emulator would pay with it")
	}
	opts, err := f.options(cmd)
	if err != nil {
		return err
	}
	server, err := mock.NewServer(opts...)
	if err != nil {
		return err
	}
	defer server.Close()
	environment := []string{"RUNCOMFY_BASE_URL=" + server.URL(), "RUNCOMFY_API_TOKEN=" + server.Token()}
	if cert := server.Certificate(); cert != nil {
		file, remove, err := writeCertificate(f.cert, cert)
		if err != nil {
			return fmt.Errorf("writing the certificate: %w", err)
		}
		defer remove()
		environment = append(environment, "SSL_CERT_FILE="+file)
	}
	if len(command) == 0 {
		fmt.Fprintln(a.stdout, strings.Join(environment, "\n"))
		<-cmd.Context().Done()
	} else {
		// The other name of the token, which a client reads too, may hold a real one.
		err = a.runWith(cmd.Context(), append(environment, "RUNCOMFY_TOKEN="+server.Token()), command)
		if server.Count(mock.CallConnect) == 0 {
			fmt.Fprintf(a.stderr, "mock: %s called nothing here; does it pass RUNCOMFY_BASE_URL to WithBaseURL?\n", command[0])
		}
	}
	fmt.Fprintf(a.stderr, "mock: %s, %d charged\n", plural(server.Count(mock.CallSubmit), "submit"), len(server.Ledger()))
	a.reportUnfetched(server)
	return err
}

// reportUnfetched prints the media URLs that nobody fetched, a few of them by name.
func (a *app) reportUnfetched(server *mock.Server) {
	paths := server.Unfetched()
	if len(paths) == 0 {
		return
	}
	const most = 3
	names := strings.Join(paths[:min(len(paths), most)], ", ")
	if more := len(paths) - most; more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	was := "were"
	if len(paths) == 1 {
		was = "was"
	}
	hint := "Download of a generated client fetches them"
	if server.Certificate() == nil {
		hint += "; a program that takes https only, or runs on another machine, needs --tls"
	}
	fmt.Fprintf(a.stderr, "mock: %s %s handed out and never fetched: %s. %s.\n", plural(len(paths), "media URL"), was, names, hint)
}

// writeCertificate writes a certificate in PEM to a file, or for "" to a
// temporary one, which remove deletes. It returns the file's absolute path.
func writeCertificate(name string, cert *x509.Certificate) (file string, remove func(), err error) {
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
	if name != "" {
		if file, err = filepath.Abs(name); err == nil {
			err = os.WriteFile(file, text, 0o644)
		}
		return file, func() {}, err
	}
	dir, err := os.MkdirTemp("", "genclient-mock-")
	if err != nil {
		return "", nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) }
	file = filepath.Join(dir, "cert.pem")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		remove()
		return "", nil, err
	}
	return file, remove, nil
}

// An interrupted command has this long to end by itself, and this long until it
// is interrupted again.
const (
	interruptGrace = 10 * time.Second
	interruptAgain = 2 * time.Second
)

// runWith runs a command with more environment variables and the process's
// streams. A command that fails is a finding: it has printed why. When ctx ends the
// command is interrupted, so that it can cancel its job or write its journal.
func (a *app) runWith(ctx context.Context, environment, command []string) error {
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	c.Env = append(os.Environ(), environment...)
	c.Stdin, c.Stdout, c.Stderr = a.stdin, a.stdout.w, a.stderr // the files themselves: a terminal stays one
	c.Cancel = func() error { return interrupt(ctx, c.Process.Signal) }
	c.WaitDelay = interruptGrace
	err := c.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		fmt.Fprintf(a.stderr, "mock: %s: %v\n", command[0], exit)
		return errFindings
	case c.ProcessState != nil && errors.Is(err, context.Canceled):
		return nil // interrupted, and ended well
	}
	return err
}

// interrupt interrupts a command by its signal method. Ctrl-C at a terminal has
// reached it by itself, and a second interrupt would kill most programs at once:
// it only comes in case the first was sent to genclient only.
func interrupt(ctx context.Context, send func(os.Signal) error) error {
	var by interruption
	if errors.As(context.Cause(ctx), &by) && by.signal == os.Interrupt {
		time.AfterFunc(interruptAgain, func() { _ = send(os.Interrupt) }) // an error says that it has ended
		return nil
	}
	return send(os.Interrupt)
}
