package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/genclient/genclient/mock"
)

// mockFlags are the flags of mock.
type mockFlags struct {
	addr, scenario, schemas, token string
	speed                          float64
}

func (a *app) mock() *cobra.Command {
	var f mockFlags
	cmd := &cobra.Command{
		Use:   "mock [-- COMMAND [ARG...]]",
		Short: "Serve an emulator of the API",
		Long: `mock serves an emulator of RunComfy's model API for the models of the schemas:
submits are validated and counted as charges, jobs queue, run and end, and their
outputs can be fetched. Nothing leaves the machine and nothing costs money.

It prints two lines for the environment of a client,
  RUNCOMFY_BASE_URL=http://127.0.0.1:PORT
  RUNCOMFY_API_TOKEN=TOKEN
and serves until it is interrupted. With a COMMAND it starts that with the two
variables set instead of printing them, and ends with it: exit code 0 if the
command's is, else 1. At the end it tells how many submits were charged.

Scenarios:
` + scenarioList(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if at := cmd.ArgsLenAtDash(); len(args) > 0 && at != 0 {
				return usagef(cmd, "a command stands behind --, got %q", args[0])
			}
			return a.runMock(cmd, f, args)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.addr, "addr", "127.0.0.1:0", "`ADDRESS` to listen on; port 0 takes a free one")
	flags.StringVar(&f.scenario, "scenario", "normal", "`NAME` of what goes wrong")
	flags.StringVar(&f.schemas, "schemas", "", "`DIR` of schema documents (default: the embedded ones)")
	flags.StringVar(&f.token, "token", "", "the only `TOKEN` accepted (default: a fixed one)")
	flags.Float64Var(&f.speed, "speed", 0, "`FACTOR` by which jobs run faster than real ones (default: the scenario's)")
	return cmd
}

func scenarioList() string {
	var b strings.Builder
	for _, s := range mock.Scenarios() {
		fmt.Fprintf(&b, "  %-14s %s\n", s.Name, s.Doc)
	}
	return b.String()
}

func (a *app) runMock(cmd *cobra.Command, f mockFlags, command []string) error {
	opts := []mock.Option{mock.WithScenario(f.scenario), mock.WithAddr(f.addr)}
	if f.token != "" {
		opts = append(opts, mock.WithToken(f.token))
	}
	if f.speed != 0 {
		opts = append(opts, mock.WithSpeed(f.speed))
	}
	if f.schemas != "" {
		models, err := mock.SchemaModels(os.DirFS(f.schemas))
		if err != nil {
			return fmt.Errorf("reading %s: %w", f.schemas, err)
		}
		opts = append(opts, mock.WithModels(models...))
	}
	server, err := mock.NewServer(opts...)
	if err != nil {
		return err
	}
	defer server.Close()
	environment := []string{"RUNCOMFY_BASE_URL=" + server.URL(), "RUNCOMFY_API_TOKEN=" + server.Token()}
	if len(command) == 0 {
		fmt.Fprintln(a.stdout, strings.Join(environment, "\n"))
		<-cmd.Context().Done()
	} else {
		err = a.runWith(cmd.Context(), environment, command)
	}
	fmt.Fprintf(a.stderr, "mock: %d submits, %d charged\n", server.Count(mock.Submit), len(server.Ledger()))
	return err
}

// An interrupted command has this long to end by itself, and this long until it
// is interrupted again.
const (
	interruptGrace = 10 * time.Second
	interruptAgain = 2 * time.Second
)

// runWith runs a command with more environment variables and the process's
// streams. A command that fails is a finding: it has said why. When ctx ends the
// command is interrupted, so that it can cancel its job or write its journal.
func (a *app) runWith(ctx context.Context, environment, command []string) error {
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	c.Env = append(os.Environ(), environment...)
	c.Stdin, c.Stdout, c.Stderr = a.stdin, a.stdout.w, a.stderr // the files themselves: a terminal stays one
	c.Cancel = func() error { return interrupt(ctx, c.Process) }
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

// interrupt interrupts a command. Ctrl-C at a terminal has reached it by itself,
// and a second interrupt would kill most programs at once: it only comes in case
// the first was sent to genclient alone.
func interrupt(ctx context.Context, p *os.Process) error {
	var by interruption
	if errors.As(context.Cause(ctx), &by) && by.signal == os.Interrupt {
		time.AfterFunc(interruptAgain, func() { _ = p.Signal(os.Interrupt) }) // an error says that it has ended
		return nil
	}
	return p.Signal(os.Interrupt)
}
