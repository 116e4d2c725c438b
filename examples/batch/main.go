// Command batch makes a video of each prompt in a CSV file, as jobs of River in a
// database: SQLite when nothing is installed, Postgres for several machines.
//
//	go generate ./... && go run . --dsn file:jobs.db
//	go run . --dsn postgres://user:password@host/database --max-cost 25
//	go run . --dsn file:jobs.db --status
//
// It can be stopped or killed at any time; the same command goes on where it was and
// pays for nothing twice. Several processes may share one Postgres database.
package main

import (
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"example.com/batch/runcomfy"
	"example.com/batch/runcomfy/runcomfyriver"
)

// options are what the flags say.
type options struct {
	dsn, prompts, out, baseURL string
	inFlight                   int
	maxCost                    float64
	status                     bool
}

func main() {
	var o options
	flag.StringVar(&o.dsn, "dsn", "file:jobs.db", "`database`: file:PATH or postgres://USER:PASSWORD@HOST/DATABASE")
	flag.StringVar(&o.prompts, "prompts", "prompts.csv", "CSV `file` with an id and a prompt in each line")
	flag.StringVar(&o.out, "out", "", "`folder` to download the videos to (default: none are downloaded)")
	flag.StringVar(&o.baseURL, "base-url", os.Getenv("RUNCOMFY_BASE_URL"), "`server` of the API, if not RunComfy's")
	flag.IntVar(&o.inFlight, "in-flight", 8, "`number` of requests at the API at once, over all processes")
	flag.Float64Var(&o.maxCost, "max-cost", 0, "`dollars` that may be spent (default: no bound)")
	flag.BoolVar(&o.status, "status", false, "print where the requests stand, and do nothing")
	flag.Parse()

	// Ctrl-C waits for the answers of submits that are under way, half a minute at most.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "batch:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	cfg := runcomfyriver.Config{
		InFlight: o.inFlight,
		MaxCost:  o.maxCost,
		Logger:   slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	}
	if o.baseURL != "" {
		cfg.ClientOptions = append(cfg.ClientOptions, runcomfy.WithBaseURL(o.baseURL))
	}
	var engine *runcomfyriver.Engine
	if o.out != "" {
		cfg.Done = func(ctx context.Context, _ runcomfyriver.Request, res *runcomfy.Result) error {
			_, err := engine.Client().Download(ctx, res, o.out)
			return err
		}
	}
	if engine, err = runcomfyriver.Open(ctx, o.dsn, cfg); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	if !o.status {
		if err := work(ctx, engine, o.prompts); err != nil {
			return err
		}
	}
	return printStatus(context.WithoutCancel(ctx), os.Stdout, engine)
}

// work inserts the prompts and works until every request has ended, or nothing may be
// submitted any more.
func work(ctx context.Context, engine *runcomfyriver.Engine, prompts string) error {
	file, err := os.Open(prompts)
	if err != nil {
		return err
	}
	defer file.Close()
	var bad error
	added, err := engine.InsertMany(ctx, inputs(file, &bad))
	if err = errors.Join(err, bad); err != nil {
		return fmt.Errorf("reading %s: %w", prompts, err)
	}
	fmt.Fprintf(os.Stderr, "%d new requests\n", added)

	working, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		defer stop()
		progress(working, engine)
	}()
	return engine.Run(working)
}

// inputs are the requests of a CSV file: the id is the key, under which a request is
// paid for once.
func inputs(r io.Reader, bad *error) iter.Seq2[string, runcomfy.Input] {
	return func(yield func(string, runcomfy.Input) bool) {
		lines := csv.NewReader(r)
		lines.FieldsPerRecord = 2
		for {
			line, err := lines.Read()
			if err != nil {
				if err != io.EOF {
					*bad = err
				}
				return
			}
			if !yield(line[0], &runcomfy.Kling2_6ProTextToVideoInput{Prompt: line[1]}) {
				return
			}
		}
	}
}

// progress shows how far the requests are, and returns when no more will happen.
func progress(ctx context.Context, engine *runcomfyriver.Engine) {
	bar := progressbar.NewOptions(-1, progressbar.OptionSetVisibility(term.IsTerminal(int(os.Stderr.Fd()))),
		progressbar.OptionSetWriter(os.Stderr), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
	defer bar.Finish()
	for ctx.Err() == nil {
		c, err := engine.Counts(ctx)
		if err == nil {
			ended := c.Done + c.Failed + c.Ambiguous
			bar.ChangeMax(ended + c.Open())
			bar.Describe(fmt.Sprintf("%d queued, %d running, %d failed, %d in doubt, $%.2f", c.Queued,
				c.Submitting+c.Running, c.Failed, c.Ambiguous, c.Cost))
			_ = bar.Set(ended)
			if c.Open() == 0 || c.Held != "" && c.Submitting+c.Running == 0 {
				return
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// printStatus prints where the requests stand, and those that a person has to look at.
func printStatus(ctx context.Context, w io.Writer, engine *runcomfyriver.Engine) error {
	c, err := engine.Counts(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "queued\t%d\n", c.Queued)
	fmt.Fprintf(table, "running\t%d\n", c.Submitting+c.Running)
	fmt.Fprintf(table, "done\t%d\n", c.Done)
	fmt.Fprintf(table, "failed\t%d\n", c.Failed)
	fmt.Fprintf(table, "ambiguous\t%d\n", c.Ambiguous)
	fmt.Fprintf(table, "spent\t$%.2f, and %d of unknown cost\n", c.Cost, c.Unknown)
	if c.Held != "" {
		fmt.Fprintf(table, "held\t%s\n", c.Held)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for r, err := range engine.Requests(ctx, runcomfyriver.StateFailed, runcomfyriver.StateAmbiguous) {
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s %s: %s\n", r.State, r.Key, r.Error)
	}
	return nil
}
